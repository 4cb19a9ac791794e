"""Scores of a quantized model over many samples, with kernels that agree with the microcontroller's."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.features.quantization import UNIT_RANGE, Quantization


def interpreter_of(model: bytes, batch: int, threads: int = 2) -> Any:
    """A LiteRT interpreter without its default delegate, which rounds differently from TFLite-Micro."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=model,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        num_threads=threads,
    )
    details = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(details["index"], [batch, *details["shape"][1:]])
    interpreter.allocate_tensors()
    return interpreter


def quantization_of(details: Any) -> Quantization:
    """Scale and zero point of an input or output tensor, read from the file."""
    scale, zero_point = details["quantization"]
    return Quantization(float(scale), int(zero_point))


def scores(model: bytes, inputs: npt.NDArray[np.int8], batch: int = 256, threads: int = 2) -> npt.NDArray[np.float64]:
    """Score of each sample, 0 to 1. Shape (n,)"""
    result = np.empty(len(inputs), dtype=np.float64)
    interpreter = interpreter_of(model, batch, threads)
    source = interpreter.get_input_details()[0]["index"]
    output = interpreter.get_output_details()[0]
    quantization = quantization_of(output)
    padded = np.zeros((batch, *inputs.shape[1:]), dtype=np.int8)
    for first in range(0, len(inputs), batch):
        part = inputs[first : first + batch]
        padded[: len(part)] = part
        interpreter.set_tensor(source, padded)
        interpreter.invoke()
        stored = interpreter.get_tensor(output["index"])[: len(part), 0]
        result[first : first + len(part)] = quantization.to_real(stored)
    return result


def input_is_unit_range(model: bytes) -> bool:
    """Whether the input takes int8 numbers that stand for 0 to 1 in steps of 1/255."""
    details = interpreter_of(model, 1).get_input_details()[0]
    found = quantization_of(details)
    near = abs(found.scale / UNIT_RANGE.scale - 1) < 1e-5
    return details["dtype"] is np.int8 and near and found.zero_point == UNIT_RANGE.zero_point
