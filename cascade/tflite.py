"""What a .tflite file says about its model, read and checked without an interpreter."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from cascade.errors import ModelRejected
from cascade.tflite_check import check_model
from cascade.tflite_cost import (
    UNCOUNTED_OPERATORS,
    activation_bytes,
    constant_bytes,
    live_bytes,
    operator_macs,
    peak_live_bytes,
    state_bytes,
    total_constant_bytes,
)
from cascade.tflite_parse import FILE_BYTES_LIMIT, parse_model, refuse_foreign
from cascade.tflite_schema import VARIABLE_OPERATORS, RawGraph, RawModel, RawOperator, RawTensor

__all__ = ["ModelFacts", "OperatorFacts", "TensorFacts", "model_facts", "read_model", "read_model_bytes"]


@dataclass(frozen=True)
class TensorFacts:
    """An input or output of the model."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    quantized_dimension: int

    @property
    def scale(self) -> float:
        """Real step of one stored number; 1 for a float tensor. [1]"""
        return self.scales[0] if self.scales else 1.0

    @property
    def zero_point(self) -> int:
        """Stored number that stands for 0."""
        return self.zero_points[0] if self.zero_points else 0

    @property
    def element_count(self) -> int:
        """Values in the tensor. [count]"""
        count = 1
        for size in self.shape:
            count *= size
        return count


@dataclass(frozen=True)
class OperatorFacts:
    """One operator of the model, in execution order."""

    index: int
    kind: str
    macs: int
    input_shapes: tuple[tuple[int, ...], ...]
    """Of the inputs that are not constants."""
    output_shapes: tuple[tuple[int, ...], ...]
    weight_bytes: int
    activation_bytes: int
    live_bytes: int
    """Of all tensors that are alive while it runs, state not counted."""
    kernel: tuple[int, int] | None
    """Height and width of a convolution or pooling window."""
    stride: tuple[int, int] | None
    dtype: str
    """Of the weights where it has any, of the first input otherwise."""
    activation_dtype: str
    per_channel: bool


@dataclass(frozen=True)
class ModelFacts:
    """A model as its file describes it; every number is counted, none is read from a name."""

    file: str
    sha256: str
    file_bytes: int
    operators: tuple[OperatorFacts, ...]
    macs: int
    weight_bytes: int
    arena_lower_bound_bytes: int
    """Peak of live activations and state; an arena also holds bookkeeping and scratch memory."""
    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]
    quantization: str
    """float32, int8, int16x8, dynamic range, or mixed."""
    per_channel: bool
    has_state: bool
    """Whether it keeps values from one inference to the next."""
    state_bytes: int
    """What it keeps. [bytes]"""
    notes: tuple[str, ...]

    @property
    def input(self) -> TensorFacts:
        """The first input."""
        return self.inputs[0]

    @property
    def output(self) -> TensorFacts:
        """The first output."""
        return self.outputs[0]

    @property
    def operator_counts(self) -> dict[str, int]:
        """Operators of each kind, the most frequent first."""
        return dict(Counter(operator.kind for operator in self.operators).most_common())


def read_model_bytes(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a model file; only a regular file within the size limit is read."""
    name = str(path)
    if "\0" in name or len(name) > 4096:
        raise ModelRejected("not a usable path")
    try:
        kind = os.stat(path)
        if not stat.S_ISREG(kind.st_mode):
            raise ModelRejected("not a regular file", name)
        if kind.st_size > FILE_BYTES_LIMIT:
            raise ModelRejected(f"larger than the limit of {FILE_BYTES_LIMIT // 2**20} MB", name)
        with open(path, "rb") as file:
            return file.read(FILE_BYTES_LIMIT + 1)
    except OSError as problem:
        raise ModelRejected(f"cannot be read: {problem.strerror}", name) from None


def read_model(path: str | os.PathLike[str]) -> ModelFacts:
    """Facts of a .tflite file, or `ModelRejected` with the first reason."""
    return model_facts(read_model_bytes(path), str(path))


def model_facts(data: bytes, file: str) -> ModelFacts:
    """Facts of the bytes of a .tflite file; `file` is its name in messages."""
    try:
        refuse_foreign(data, Path(file).suffix.lower())
        model = parse_model(data)
        check_model(model)
        return _facts(model, data, file)
    except ModelRejected as problem:
        raise ModelRejected(problem.reason, file) from None


def _facts(model: RawModel, data: bytes, file: str) -> ModelFacts:
    graph = model.main
    operators = tuple(_operator_facts(graph, operator, alive)
                      for operator, alive in zip(graph.operators, live_bytes(graph), strict=True))
    inputs = tuple(_tensor_facts(graph.tensors[index]) for index in graph.inputs)
    outputs = tuple(_tensor_facts(graph.tensors[index]) for index in graph.outputs)
    quantization = _quantization(operators)
    has_state = any(tensor.is_variable for tensor in graph.tensors) or any(
        operator.kind in VARIABLE_OPERATORS for operator in graph.operators
    )
    return ModelFacts(
        file=file,
        sha256=hashlib.sha256(data).hexdigest(),
        file_bytes=len(data),
        operators=operators,
        macs=sum(operator.macs for operator in operators),
        weight_bytes=total_constant_bytes(graph),
        arena_lower_bound_bytes=peak_live_bytes(graph),
        inputs=inputs,
        outputs=outputs,
        quantization=quantization,
        per_channel=any(operator.per_channel for operator in operators),
        has_state=has_state,
        state_bytes=state_bytes(graph),
        notes=_notes(Path(file).name, quantization, inputs + outputs, operators, graph),
    )


def _tensor_facts(tensor: RawTensor) -> TensorFacts:
    return TensorFacts(
        tensor.name, tensor.dtype, tensor.shape, tensor.scales, tensor.zero_points, tensor.quantized_dimension
    )


def _operator_facts(graph: RawGraph, operator: RawOperator, alive: int) -> OperatorFacts:
    inputs = [graph.tensors[index] for index in operator.inputs if index >= 0]
    outputs = [graph.tensors[index] for index in operator.outputs]
    given = [tensor for tensor in inputs if not tensor.is_constant]
    macs = operator_macs(graph, operator)
    weights = next((tensor for tensor in inputs if tensor.is_constant), None) if macs else None
    return OperatorFacts(
        index=operator.index,
        kind=operator.kind,
        macs=macs,
        input_shapes=tuple(tensor.shape for tensor in given),
        output_shapes=tuple(tensor.shape for tensor in outputs),
        weight_bytes=constant_bytes(graph, operator),
        activation_bytes=activation_bytes(graph, operator),
        live_bytes=alive,
        kernel=_kernel(operator, inputs),
        stride=_stride(operator),
        dtype=weights.dtype if weights else _first_dtype(given, outputs),
        activation_dtype=_first_dtype(given, outputs),
        per_channel=weights is not None and len(weights.scales) > 1,
    )


def _first_dtype(given: list[RawTensor], outputs: list[RawTensor]) -> str:
    return (given or outputs)[0].dtype if given or outputs else ""


def _kernel(operator: RawOperator, inputs: list[RawTensor]) -> tuple[int, int] | None:
    if operator.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"):
        return inputs[1].shape[1], inputs[1].shape[2]
    if "filter_h" in operator.options:
        return operator.options["filter_h"], operator.options["filter_w"]
    return None


def _stride(operator: RawOperator) -> tuple[int, int] | None:
    if "stride_h" not in operator.options:
        return None
    return operator.options["stride_h"], operator.options["stride_w"]


def _quantization(operators: tuple[OperatorFacts, ...]) -> str:
    """How the operators with weights are computed."""
    pairs = {(operator.activation_dtype, operator.dtype) for operator in operators if operator.macs}
    if not pairs:
        pairs = {(operator.activation_dtype, operator.activation_dtype) for operator in operators}
    names = {
        ("float32", "float32"): "float32",
        ("float32", "int8"): "dynamic range",
        ("float32", "float16"): "float16 weights",
        ("int16", "int8"): "int16x8",
    }
    found = {names.get(pair, pair[0] if pair[0] == pair[1] else "x".join(pair)) for pair in pairs}
    if found == {"float32", "dynamic range"}:
        return "dynamic range"
    return found.pop() if len(found) == 1 else "mixed"


def _notes(name: str, quantization: str, edges: tuple[TensorFacts, ...], operators: tuple[OperatorFacts, ...],
           graph: RawGraph) -> tuple[str, ...]:
    """What a reader of the file name or of the figures would otherwise take wrongly."""
    notes = []
    lowered = name.lower()
    edge_dtypes = {tensor.dtype for tensor in edges}
    if ("int8" in lowered or "quant" in lowered) and quantization != "int8":
        notes.append(f"the file name says int8, the model computes in {quantization}")
    if "float" in lowered and quantization != "float32":
        notes.append(f"the file name says float, the model computes in {quantization}")
    if quantization == "int8" and edge_dtypes != {"int8"}:
        notes.append(f"int8 inside, but its inputs and outputs are {', '.join(sorted(edge_dtypes))}")
    uncounted = sorted({operator.kind for operator in operators} & UNCOUNTED_OPERATORS)
    if uncounted:
        notes.append(f"multiply-accumulates of {', '.join(uncounted)} are not counted")
    if len(graph.inputs) > 1 or len(graph.outputs) > 1:
        notes.append(f"{len(graph.inputs)} inputs and {len(graph.outputs)} outputs; the first of each is played")
    return tuple(notes)
