"""The networks of the shipped cascades as sources of variants: trained in float, deeper, shallower, coarser."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.errors import DataError
from cascade.quantize.data import REPRESENTATIVE_COUNT, Material, real
from cascade.train.recipe import Network, Recipe

NAMES = ("fashion_images", "keyword_audio", "motion_watch")


def trained(name: str, level: int, epochs: int, seed: int, folder: Path | None, quick: bool
            ) -> tuple[Any, Material, Recipe]:
    """(float Keras model, its data, its recipe) of one level of a shipped cascade."""
    if name not in NAMES or level not in (1, 2):
        raise DataError(f"sources are a .keras file, a float .tflite file, or NAME/1 and NAME/2 of {', '.join(NAMES)}")
    from cascade.train import fit

    fit.prepare(seed)
    recipe: Recipe = importlib.import_module(f"cascade.train.{name}").RECIPE
    splits = recipe.load(folder, seed, quick)
    parts = [(getattr(one, f"input_{level}"), one.label == recipe.positive) for one in (splits.train, splits.test)]
    (stored, positive), (held, held_positive) = parts
    model = fit.train(replace(_network(recipe, level), epochs=epochs), stored, positive, seed)
    rows = np.sort(np.random.default_rng(seed).permutation(len(stored))[:REPRESENTATIVE_COUNT])
    inputs = real(stored)
    data = Material(inputs, positive.astype(np.int64), real(held), held_positive.astype(np.int64), inputs[rows])
    return model, data, recipe


def _network(recipe: Recipe, level: int) -> Network:
    return recipe.level_1 if level == 1 else recipe.level_2


def swept(recipe: Recipe, level: int, data: Material, axis: str, value: float, epochs: int, seed: int
          ) -> tuple[Any, Material]:
    """(trained Keras model, the data as it sees them) of another depth or resolution."""
    from cascade.quantize import shrink
    from cascade.train.networks import build

    network = _network(recipe, level)
    seen = data
    if axis == "resolution":
        seen = coarser(data, value)
    else:
        network = replace(network, layers=deeper(network.layers, value))
    import keras

    keras.utils.set_random_seed(seed)
    model = build(network, tuple(seen.x.shape[1:]))
    shrink.fit(model, seen.x, shrink.targets_of(seen.y, 1), epochs, seed, network.learning_rate)
    return model, seen


def deeper(layers: tuple[tuple[Any, ...], ...], factor: float) -> tuple[tuple[Any, ...], ...]:
    """The convolutions repeated (without stride) or, below 1, the last of them left out."""
    convolutions = [layer for layer in layers if layer[0] == "conv"]
    wanted = max(1, round(len(convolutions) * factor))
    if wanted <= len(convolutions):
        kept = convolutions[:wanted]
    else:
        extra = wanted - len(convolutions)
        kept = []
        for number, layer in enumerate(convolutions):
            repeats = extra // len(convolutions) + (number < extra % len(convolutions))
            kept += [layer, *[("conv", layer[1], layer[2], (1, 1))] * repeats]
    return (*kept, *(layer for layer in layers if layer[0] != "conv"))


def coarser(data: Material, factor: float) -> Material:
    """The inputs averaged over blocks along time or both axes of a picture, by a whole factor below 1."""
    block = round(1 / factor) if factor > 0 else 0
    if block < 1 or abs(block * factor - 1) > 1e-6:
        raise DataError(f"a resolution is 1, 1/2, 1/3, 1/4 ..., got {factor:g}")

    def averaged(inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        for axis in (1, 2):
            size = inputs.shape[axis] // block * block
            if size >= block and inputs.shape[axis] > 1:
                cut = np.take(inputs, np.arange(size), axis=axis)
                shape = (*cut.shape[:axis], size // block, block, *cut.shape[axis + 1 :])
                inputs = cut.reshape(shape).mean(axis=axis + 1)
        return np.asarray(inputs, np.float32)

    return Material(averaged(data.x), data.y, averaged(data.x_held), data.y_held, averaged(data.representative))
