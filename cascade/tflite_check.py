"""The static check: a parsed model that passes gives an interpreter no index, size or stride to fall over.

The files that killed interpreters in practice were all readable by the schema: wrong tensor indices, shapes that
do not fit, zero strides (for example CVE-2022-21741, CVE-2022-23557, TFSA-2020-009).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from cascade.errors import ModelRejected
from cascade.tflite_schema import DTYPE_BITS, INTEGER_RANGES, RawGraph, RawModel, RawOperator, RawTensor
from cascade.tflite_shapes import SHAPE_RULES

OPTIONAL_INPUTS_FROM = {
    "FULLY_CONNECTED": 2, "CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "TRANSPOSE_CONV": 3, "SVDF": 3, "LSTM": 1,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 1,
}
"""First input that may be absent (-1), per operator kind."""
CONTROL_OPERATORS = frozenset({"IF", "WHILE", "CALL", "DELEGATE"})
NO_INPUT_OPERATORS = frozenset({"CALL_ONCE", "VAR_HANDLE", "HASHTABLE"})
NO_OUTPUT_OPERATORS = frozenset({"CALL_ONCE", "ASSIGN_VARIABLE", "HASHTABLE_IMPORT"})


def check_model(model: RawModel) -> None:
    """Raise `ModelRejected` with the first reason, or return."""
    initial = _initial_graphs(model)
    for index, graph in enumerate(model.graphs):
        if index and index not in initial:
            raise ModelRejected(
                f"the file holds {len(model.graphs)} graphs; a second one is allowed only to set up variables"
            )
        _check_graph(graph, is_main=index == 0)
    main = model.main
    if not main.inputs or not main.outputs or not main.operators:
        raise ModelRejected("the graph has no input, no output or no operator")


def _initial_graphs(model: RawModel) -> set[int]:
    """Graphs that CALL_ONCE of the main graph runs."""
    found = set()
    for position, graph in enumerate(model.graphs):
        for operator in graph.operators:
            if operator.kind != "CALL_ONCE":
                continue
            called = operator.options["subgraph"]
            if position or not 0 < called < len(model.graphs):
                raise ModelRejected(f"CALL_ONCE in graph {position} names graph {called}: a cycle, or none")
            found.add(called)
    return found


def _check_graph(graph: RawGraph, is_main: bool) -> None:
    for tensor in graph.tensors:
        _check_tensor(tensor)
    if len(set(graph.inputs)) != len(graph.inputs):
        raise ModelRejected("the graph names one tensor twice as its input")
    for index in graph.inputs:
        if graph.tensors[index].is_constant or graph.tensors[index].is_variable:
            raise ModelRejected(f"input tensor {index} is a constant or a variable")
    written = set(graph.inputs)
    for operator in graph.operators:
        _check_operator(graph, operator, written)
        written.update(operator.outputs)
    for index in graph.outputs:
        if is_main and index not in written:
            raise ModelRejected(f"output tensor {index} is written by no operator")


def _check_tensor(tensor: RawTensor) -> None:
    where = f"tensor {tensor.index} ({tensor.name})"
    if tensor.is_constant and tensor.buffer_bytes < tensor.size_bytes:
        raise ModelRejected(
            f"{where} of shape {list(tensor.shape)} and type {tensor.dtype} needs {tensor.size_bytes} bytes; its "
            f"buffer holds {tensor.buffer_bytes}"
        )
    if tensor.is_constant and tensor.dtype == "resource":
        raise ModelRejected(f"{where} is a resource with constant values")
    if tensor.is_constant and tensor.data_start % (min(DTYPE_BITS[tensor.dtype], 32) // 8 or 1):
        raise ModelRejected(f"{where} is not aligned to its type")
    if not tensor.scales and not tensor.zero_points:
        return
    if any(not math.isfinite(scale) or scale <= 0 for scale in tensor.scales):
        raise ModelRejected(f"{where} has a quantization scale that is not a positive number")
    if len(tensor.zero_points) not in (len(tensor.scales), 1):
        raise ModelRejected(f"{where} has {len(tensor.scales)} scales and {len(tensor.zero_points)} zero points")
    low, high = INTEGER_RANGES.get(tensor.dtype, (-(2**31), 2**31 - 1))
    if any(not low <= zero <= high for zero in tensor.zero_points):
        raise ModelRejected(f"{where} has a zero point outside the range of {tensor.dtype}")
    if len(tensor.scales) > 1:
        dimension = tensor.quantized_dimension
        if not 0 <= dimension < len(tensor.shape) or tensor.shape[dimension] != len(tensor.scales):
            raise ModelRejected(
                f"{where} of shape {list(tensor.shape)} has {len(tensor.scales)} scales along dimension {dimension}"
            )


def _check_operator(graph: RawGraph, operator: RawOperator, written: set[int]) -> None:
    where = f"operator {operator.index} ({operator.kind})"
    if operator.kind in CONTROL_OPERATORS:
        raise ModelRejected(f"{where} branches or loops, which is not supported")
    if (not operator.inputs and operator.kind not in NO_INPUT_OPERATORS) or (
        not operator.outputs and operator.kind not in NO_OUTPUT_OPERATORS
    ):
        raise ModelRejected(f"{where} has no input or no output")
    _check_flow(graph, operator, written, where)
    _check_options(operator, where)
    rule = SHAPE_RULES.get(operator.kind)
    if rule is not None:
        inputs = [graph.tensors[index] if index >= 0 else None for index in operator.inputs]
        outputs = [graph.tensors[index] for index in operator.outputs]
        _require(inputs, outputs, rule.input_count, rule.output_count, where)
        problem = rule.problem(operator, inputs, outputs)
        if problem:
            raise ModelRejected(f"{where}: {problem}")


def _check_flow(graph: RawGraph, operator: RawOperator, written: set[int], where: str) -> None:
    """Inputs come from constants, inputs, variables or earlier operators: no cycle, no unwritten memory."""
    optional_from = OPTIONAL_INPUTS_FROM.get(operator.kind, len(operator.inputs))
    for position, index in enumerate(operator.inputs):
        if index < 0:
            if position < optional_from:
                raise ModelRejected(f"{where}: input {position} is missing")
            continue
        tensor = graph.tensors[index]
        if not (tensor.is_constant or tensor.is_variable or index in written):
            raise ModelRejected(f"{where} reads tensor {index} before any operator wrote it (a cycle?)")
    for index in operator.outputs:
        if index < 0:
            raise ModelRejected(f"{where}: an output is missing")
        if graph.tensors[index].is_constant or graph.tensors[index].is_variable or index in written:
            raise ModelRejected(f"{where} writes tensor {index}, which is a constant or written already")
    if len(set(operator.outputs)) != len(operator.outputs):
        raise ModelRejected(f"{where} writes one tensor twice")


def _check_options(operator: RawOperator, where: str) -> None:
    for name, value in operator.options.items():
        if name.startswith(("stride", "dilation", "filter", "count", "block", "rank")) and value < 1:
            raise ModelRejected(f"{where}: {name} is {value}; it must be at least 1")
        if name.startswith(("stride", "dilation", "filter", "multiplier")) and value > 1 << 16:
            raise ModelRejected(f"{where}: {name} is {value}; it may be at most {1 << 16}")
        if name == "padding" and value not in (0, 1):
            raise ModelRejected(f"{where}: padding is {value}; it must be 0 (same) or 1 (valid)")


def _require(inputs: Sequence[RawTensor | None], outputs: Sequence[RawTensor], input_count: tuple[int, int],
             output_count: tuple[int, int], where: str) -> None:
    if not input_count[0] <= len(inputs) <= input_count[1]:
        raise ModelRejected(f"{where} has {len(inputs)} inputs; it takes {input_count[0]} to {input_count[1]}")
    if not output_count[0] <= len(outputs) <= output_count[1]:
        raise ModelRejected(f"{where} has {len(outputs)} outputs; it gives {output_count[0]} to {output_count[1]}")
    if any(tensor is None for tensor in inputs[: input_count[0]]):
        raise ModelRejected(f"{where}: an input that it needs is missing")
