"""What an inference costs, counted from the file: multiply-accumulates, weight and activation bytes, lifetimes."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import accumulate

from cascade.tflite_schema import SAME_BYTES_OPERATORS, RawGraph, RawOperator, RawTensor, words

UNCOUNTED_OPERATORS = frozenset(words(
    "CUSTOM RNN UNIDIRECTIONAL_SEQUENCE_RNN BIDIRECTIONAL_SEQUENCE_RNN BIDIRECTIONAL_SEQUENCE_LSTM CONV_3D"
    " CONV_3D_TRANSPOSE RFFT2D"
))
"""Operators whose multiply-accumulates are not counted; a model with one carries a note."""


def operator_macs(graph: RawGraph, operator: RawOperator) -> int:
    """Multiply-accumulates of one run of an operator with weights, 0 for the others. [count]

    A convolution takes kernel height x kernel width x input channels per output value, a depthwise one kernel height
    x kernel width, a fully connected layer the number of its inputs. Bias, activation and requantization are not
    counted, as in the MLPerf Tiny figures.
    """
    if operator.kind not in _MAC_RULES:
        return 0
    return _MAC_RULES[operator.kind](graph, operator)


def _tensor(graph: RawGraph, index: int) -> RawTensor:
    return graph.tensors[index]


def _convolution_macs(graph: RawGraph, operator: RawOperator) -> int:
    _, height, width, depth = _tensor(graph, operator.inputs[1]).shape
    return _tensor(graph, operator.outputs[0]).element_count * height * width * depth


def _depthwise_macs(graph: RawGraph, operator: RawOperator) -> int:
    _, height, width, _ = _tensor(graph, operator.inputs[1]).shape
    return _tensor(graph, operator.outputs[0]).element_count * height * width


def _fully_connected_macs(graph: RawGraph, operator: RawOperator) -> int:
    return _tensor(graph, operator.outputs[0]).element_count * _tensor(graph, operator.inputs[1]).shape[1]


def _transpose_convolution_macs(graph: RawGraph, operator: RawOperator) -> int:
    channels, height, width, _ = _tensor(graph, operator.inputs[1]).shape
    return _tensor(graph, operator.inputs[2]).element_count * height * width * channels


def _matmul_macs(graph: RawGraph, operator: RawOperator) -> int:
    first, out = _tensor(graph, operator.inputs[0]), _tensor(graph, operator.outputs[0])
    if len(first.shape) < 2 or len(out.shape) < 2:
        return 0
    depth_squared_times = first.element_count * _tensor(graph, operator.inputs[1]).element_count
    batch = out.element_count // (out.shape[-1] * out.shape[-2])
    inner_squared = depth_squared_times // max(1, batch * out.element_count)
    return out.element_count * math.isqrt(inner_squared)


def _svdf_macs(graph: RawGraph, operator: RawOperator) -> int:
    features, times = _tensor(graph, operator.inputs[1]), _tensor(graph, operator.inputs[2])
    return _tensor(graph, operator.inputs[0]).shape[0] * (features.element_count + times.element_count)


def _lstm_macs(graph: RawGraph, operator: RawOperator) -> int:
    """Input and recurrent weights, once per time step."""
    weights = [_tensor(graph, index) for index in operator.inputs[1:9] if index >= 0]
    given = _tensor(graph, operator.inputs[0])
    steps = given.element_count // given.shape[-1] if given.shape else 1
    return steps * sum(tensor.element_count for tensor in weights if tensor.is_constant)


_MAC_RULES: dict[str, Callable[[RawGraph, RawOperator], int]] = {
    "CONV_2D": _convolution_macs,
    "DEPTHWISE_CONV_2D": _depthwise_macs,
    "FULLY_CONNECTED": _fully_connected_macs,
    "TRANSPOSE_CONV": _transpose_convolution_macs,
    "BATCH_MATMUL": _matmul_macs,
    "SVDF": _svdf_macs,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm_macs,
    "LSTM": _lstm_macs,
}


def constant_bytes(graph: RawGraph, operator: RawOperator) -> int:
    """Bytes of the constants that an operator reads. [bytes]"""
    tensors = (graph.tensors[index] for index in operator.inputs if index >= 0)
    return sum(tensor.size_bytes for tensor in tensors if tensor.is_constant)


def activation_bytes(graph: RawGraph, operator: RawOperator) -> int:
    """Bytes of the non-constant tensors that an operator reads and writes. [bytes]"""
    indices = {index for index in (*operator.inputs, *operator.outputs) if index >= 0}
    return sum(graph.tensors[index].size_bytes for index in indices if not graph.tensors[index].is_constant)


def total_constant_bytes(graph: RawGraph) -> int:
    """Bytes of all constants that operators read, a shared buffer counted once. [bytes]"""
    used = {index for operator in graph.operators for index in operator.inputs if index >= 0}
    sizes: dict[int, int] = {}
    for index in used:
        tensor = graph.tensors[index]
        if tensor.is_constant:
            sizes[tensor.data_start] = max(sizes.get(tensor.data_start, 0), tensor.size_bytes)
    return sum(sizes.values())


def peak_live_bytes(graph: RawGraph) -> int:
    """Largest sum of tensors that are alive during one operator, plus variables: a lower bound of any arena. [bytes]"""
    return max(live_bytes(graph), default=0) + state_bytes(graph)


def live_bytes(graph: RawGraph) -> list[int]:
    """Sum of the tensors that are alive during each operator, without variables. [bytes], by operator

    Inputs live from the start, outputs to the end, an intermediate result from the operator that writes it to the
    last one that reads it. A reshape shares the memory of its input.
    """
    root = list(range(len(graph.tensors)))
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for index in graph.inputs:
        first[index] = last[index] = 0
    for position, operator in enumerate(graph.operators):
        if operator.kind in SAME_BYTES_OPERATORS:
            root[operator.outputs[0]] = root[operator.inputs[0]]
        for index in (*operator.inputs, *operator.outputs):
            if index >= 0 and not graph.tensors[index].is_constant and not graph.tensors[index].is_variable:
                first.setdefault(root[index], position)
                last[root[index]] = position
    for index in graph.outputs:
        last[root[index]] = len(graph.operators) - 1
    change = [0] * (len(graph.operators) + 1)
    for index in first:
        if graph.tensors[index].dtype == "resource":
            continue
        size = graph.tensors[index].size_bytes
        change[first[index]] += size
        change[last[index] + 1] -= size
    return list(accumulate(change[:-1]))


def state_bytes(graph: RawGraph) -> int:
    """Bytes that are kept between inferences: variable tensors and the values assigned to resources. [bytes]"""
    variables = sum(tensor.size_bytes for tensor in graph.tensors if tensor.is_variable)
    assigned = sum(
        graph.tensors[operator.inputs[1]].size_bytes
        for operator in graph.operators
        if operator.kind == "ASSIGN_VARIABLE"
    )
    return variables + assigned
