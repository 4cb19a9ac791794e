"""Training with fixed seeds, and conversion to full-integer int8."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.errors import CascadeError
from cascade.features.quantization import UNIT_RANGE
from cascade.train.networks import build
from cascade.train.recipe import Network

REPRESENTATIVE_COUNT = 400
"""Training samples that calibrate the ranges of the activations."""


class ConversionError(CascadeError):
    """The converter gave a model that is not what the recipe asks for."""


def prepare(seed: int, threads: int = 2) -> None:
    """Same seed, same bytes: seeds of all generators, deterministic kernels, a fixed number of threads."""
    import keras
    import tensorflow as tf

    keras.backend.clear_session()  # layer names, which are in the file, start from the same number again
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    if tf.config.threading.get_intra_op_parallelism_threads() != threads:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError as error:
            raise RuntimeError("TensorFlow has already started with another number of threads") from error


def train(network: Network, inputs: npt.NDArray[np.int8], positive: npt.NDArray[np.bool_], seed: int) -> Any:
    """A trained Keras model; inputs are the int8 numbers that the quantized model will see."""
    import keras

    keras.utils.set_random_seed(seed)
    model = build(network, tuple(inputs.shape[1:]))
    steps = network.epochs * max(1, -(-len(inputs) // network.batch))
    schedule = keras.optimizers.schedules.CosineDecay(network.learning_rate, steps)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=keras.losses.BinaryCrossentropy(label_smoothing=network.label_smoothing),
    )
    share = float(positive.mean())
    weight = network.positive_weight or (1 - share) / max(share, 1e-9)
    sample_weight = np.where(positive, np.float32(weight), np.float32(1.0))
    generator = np.random.default_rng(seed)
    for _ in range(network.epochs):
        seen = inputs if network.vary is None else network.vary(inputs, generator)
        model.fit(
            UNIT_RANGE.to_real(seen),
            positive.astype(np.float32)[:, None],
            sample_weight=sample_weight,
            batch_size=network.batch,
            verbose=0,
        )
    return model


def convert(model: Any, inputs: npt.NDArray[np.int8], seed: int) -> bytes:
    """The model as full-integer int8 TensorFlow Lite: int8 weights, activations, input and output."""
    import tensorflow as tf

    rows = np.random.default_rng(seed).permutation(len(inputs))[:REPRESENTATIVE_COUNT]
    chosen = np.sort(rows)

    def representative() -> Any:
        for value in (-128, 127):  # pins the input range to 0..1, so that the host and the device agree
            yield [UNIT_RANGE.to_real(np.full((1, *inputs.shape[1:]), value, dtype=np.int8))]
        for row in chosen:
            yield [UNIT_RANGE.to_real(inputs[row : row + 1])]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    # Microcontroller kernels of older releases know one scale per dense layer only.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    return bytes(converter.convert())
