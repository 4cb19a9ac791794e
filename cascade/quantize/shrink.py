"""Smaller models from a Keras model: pruned, weight-clustered, narrower, distilled. Written without
tensorflow-model-optimization, which does not work with Keras 3."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.errors import DataError
from cascade.quantize.data import Material

BATCH = 64
CLUSTER_STEPS = 30
TEACHER_SHARE = 0.7
"""Share of the teacher's answer in what a student learns."""


def fit(model: Any, inputs: npt.NDArray[np.float32], targets: npt.NDArray[np.float32], epochs: int, seed: int,
        rate: float = 1e-3, after_batch: Any = None) -> None:
    """Train on soft or hard targets; after every batch `after_batch` may put weights back."""
    import keras

    keras.utils.set_random_seed(seed)
    loss = keras.losses.BinaryCrossentropy() if targets.shape[1] == 1 else keras.losses.CategoricalCrossentropy()
    model.compile(optimizer=keras.optimizers.Adam(rate), loss=loss)
    calls = []
    if after_batch is not None:
        after: Any = keras.callbacks.Callback()
        after.on_train_batch_end = lambda *_, **__: after_batch()
        calls.append(after)
    model.fit(inputs, targets, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=calls)


def targets_of(classes: npt.NDArray[np.int64], outputs: int) -> npt.NDArray[np.float32]:
    """Class numbers as what a model of this many outputs should give. Shape (rows, outputs)"""
    if outputs == 1:
        return classes.astype(np.float32)[:, None]
    return np.eye(outputs, dtype=np.float32)[classes]


def copy_of(model: Any) -> Any:
    """The same model with weights of its own."""
    import keras

    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    return twin


def _kernels(model: Any) -> list[Any]:
    return [layer for layer in model.layers if any(len(value.shape) > 1 for value in layer.trainable_weights)]


def pruned(model: Any, data: Material, fraction: float, epochs: int, seed: int) -> Any:
    """The smallest weights of every kernel set to zero and kept there through a short training.

    Zhu and Gupta, "To prune, or not to prune", arXiv:1710.01878, in one step.
    """
    twin = copy_of(model)
    masks = []
    for layer in _kernels(twin):
        for value in layer.trainable_weights:
            if len(value.shape) > 1:
                weights = np.asarray(value.numpy())
                limit = np.quantile(np.abs(weights), fraction)
                masks.append((value, (np.abs(weights) > limit).astype(np.float32)))

    def put_back() -> None:
        for value, mask in masks:
            value.assign(value.numpy() * mask)

    put_back()
    fit(twin, data.x, targets_of(data.y, int(twin.output_shape[-1])), epochs, seed, 3e-4, put_back)
    put_back()
    return twin


def clustered(model: Any, clusters: int) -> Any:
    """Every kernel's weights moved to a few shared values by k-means (Han, Mao, Dally, ICLR 2016)."""
    twin = copy_of(model)
    for layer in _kernels(twin):
        for value in layer.trainable_weights:
            if len(value.shape) > 1:
                value.assign(shared_values(np.asarray(value.numpy()), clusters))
    return twin


def shared_values(weights: npt.NDArray[np.float32], clusters: int) -> npt.NDArray[np.float32]:
    """The weights rounded to the centres of their clusters. Same shape"""
    flat = weights.ravel().astype(np.float64)
    centres = np.unique(np.linspace(flat.min(), flat.max(), clusters))
    for _ in range(CLUSTER_STEPS):
        nearest = np.abs(flat[:, None] - centres[None]).argmin(axis=1)
        count = np.bincount(nearest, minlength=len(centres))
        total = np.bincount(nearest, weights=flat, minlength=len(centres))
        centres = np.where(count > 0, total / np.maximum(count, 1), centres)
    nearest = np.abs(flat[:, None] - centres[None]).argmin(axis=1)
    return np.asarray(centres[nearest], np.float32).reshape(weights.shape)


def narrower(model: Any, width: float) -> Any:
    """An untrained model with the filters and units of every inner layer scaled."""
    import keras

    last = model.layers[-1].name

    def scaled(layer: Any) -> Any:
        config = layer.get_config()
        for key in ("filters", "units"):
            if key in config and layer.name != last:
                config[key] = max(1, round(config[key] * width))
        return layer.__class__.from_config(config)

    try:
        return keras.models.clone_model(model, clone_function=scaled)
    except ValueError as problem:
        raise DataError(f"this model cannot be made {width:g} times as wide: {problem}") from None


def student(model: Any, data: Material, width: float, epochs: int, seed: int) -> Any:
    """A narrower model that learns its teacher's answers beside the labels (Hinton et al., arXiv:1503.02531)."""
    import keras

    keras.utils.set_random_seed(seed)
    small = narrower(model, width)
    answers = np.asarray(model.predict(data.x, batch_size=256, verbose=0), np.float32)
    wanted = TEACHER_SHARE * answers + (1 - TEACHER_SHARE) * targets_of(data.y, answers.shape[1])
    fit(small, data.x, wanted.astype(np.float32), epochs, seed, 2e-3)
    return small
