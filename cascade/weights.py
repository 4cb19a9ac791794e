"""The weights of a model, layer by layer, read from the file: where they lie, how many are zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cascade.tflite_cost import operator_macs
from cascade.tflite_parse import parse_model
from cascade.tflite_schema import INTEGER_RANGES, NUMPY_DTYPES, RawTensor

BIN_COUNT = 64


@dataclass(frozen=True)
class LayerWeights:
    """Weights of one operator as real numbers: stored number minus zero point, times the scale of its channel."""

    index: int
    kind: str
    dtype: str
    count: int
    zero_fraction: float
    end_fraction: float
    """Share at either end of the type's range; 0 for float weights."""
    smallest: float
    largest: float
    deviation: float
    """Standard deviation."""
    counts: tuple[int, ...]
    """Histogram of 64 bins of equal width from minus to plus the largest magnitude."""


def layer_weights(data: bytes) -> tuple[LayerWeights, ...]:
    """Weights of every operator that multiplies, in the order of the file. `data` has passed `model_facts`."""
    graph = parse_model(data).main
    found = []
    for operator in graph.operators:
        tensors = [graph.tensors[index] for index in operator.inputs if index >= 0]
        tensor = next((one for one in tensors if one.is_constant), None)
        if tensor is not None and tensor.dtype in NUMPY_DTYPES and operator_macs(graph, operator):
            found.append(_layer(operator.index, operator.kind, tensor, data))
    return tuple(found)


def _layer(index: int, kind: str, tensor: RawTensor, data: bytes) -> LayerWeights:
    dtype = NUMPY_DTYPES[tensor.dtype]
    stored: npt.NDArray[np.generic] = np.frombuffer(data, dtype, tensor.element_count, tensor.data_start)
    real = _real(stored.reshape(tensor.shape), tensor).ravel()
    ends = INTEGER_RANGES.get(tensor.dtype)
    at_end = 0.0 if ends is None else float(((stored == ends[0]) | (stored == ends[1])).mean())
    largest = float(np.abs(real).max(initial=0.0)) or 1.0
    counts = np.histogram(real, BIN_COUNT, (-largest, largest))[0]
    return LayerWeights(index, kind, tensor.dtype, len(real), float((real == 0).mean()), at_end, float(real.min()),
                        float(real.max()), float(real.std()), tuple(counts.tolist()))


def _real(stored: npt.NDArray[np.generic], tensor: RawTensor) -> npt.NDArray[np.float64]:
    if not tensor.scales:
        return np.nan_to_num(stored.astype(np.float64))
    shape = [1] * stored.ndim
    if len(tensor.scales) > 1:
        shape[tensor.quantized_dimension] = -1
    zero = np.asarray(tensor.zero_points or (0,) * len(tensor.scales), np.float64).reshape(shape)
    return np.asarray((stored.astype(np.float64) - zero) * np.asarray(tensor.scales).reshape(shape))
