"""From a Keras model to .tflite in one number format; TensorFlow is imported when it is needed."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

FORMATS = ("float32", "dynamic", "int8", "int16x8")


def convert(model: Any, kind: str, representative: npt.NDArray[np.float32]) -> bytes:
    """The model in a number format: int8 takes and gives int8, the others float32."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind in ("int8", "int16x8"):
        converter.representative_dataset = lambda: ([row[None]] for row in representative)
    if kind == "int8":
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        # Microcontroller kernels of older releases know one scale per dense layer only.
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    elif kind == "int16x8":
        name = "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8"
        converter.target_spec.supported_ops = [getattr(tf.lite.OpsSet, name)]
    # Keras tells what it saved on standard output, which belongs to the command's own document.
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bytes(converter.convert())
