"""Runs a model over rows of data, in a child process; numbers in and out are those the model stores."""

from __future__ import annotations

import os
import time
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from cascade.errors import DataError, ModelCrashed, ModelOutOfMemory, ModelRejected
from cascade.tflite import ModelFacts, TensorFacts, model_facts, read_model_bytes
from cascade.tflite_parse import parse_model
from cascade.tflite_schema import INTEGER_RANGES, NUMPY_DTYPES
from cascade.worker import Worker, WorkerLimits

Kernels = Literal["builtin", "reference", "micro"]
"""LiteRT's optimized kernels without delegates, LiteRT's reference kernels, or TensorFlow Lite Micro's."""
FIRST_BATCH_ROWS = 16
BATCH_BYTES = 16 << 20
BATCH_AIM_S = 2.0
MICRO_ARENA_BYTES = 16 << 20
ACTIVATION_COUNT_LIMIT = 256
"""Activations whose ranges are read; their account must fit into one answer."""


class Interpreter:
    """A model file, read once, checked, and held by a child process of its own.

    `with Interpreter(path) as model: model.run(rows)`
    """

    def __init__(self, path: str | os.PathLike[str], *, kernels: Kernels = "builtin",
                 limits: WorkerLimits | None = None) -> None:
        self.file = str(path)
        data = read_model_bytes(path)
        self.facts = model_facts(data, self.file)
        self.host_ns = 0
        """Time the inferences took on this host so far; says nothing about a device. [ns]"""
        self.row_count = 0
        """Inferences run so far. [count]"""
        for tensor in (self.facts.input, self.facts.output):
            if tensor.dtype not in NUMPY_DTYPES:
                raise ModelRejected(f"its input or output has type {tensor.dtype}, which is not supported", self.file)
        self._data = data
        self._limits = limits or WorkerLimits()
        self._row_ns = 0.0
        self._worker = Worker(self._limits, self.file)
        try:
            self._load(data, kernels)
        except BaseException:
            self._worker.close()
            raise

    def _load(self, data: bytes, kernels: Kernels) -> None:
        needed_bytes = self.facts.arena_lower_bound_bytes + len(data)
        if needed_bytes > self._limits.address_bytes:
            raise self._too_large(needed_bytes)
        question = {
            "do": "load",
            "backend": "micro" if kernels == "micro" else "litert",
            "reference_kernels": kernels == "reference",
            "arena_bytes": MICRO_ARENA_BYTES,
        }
        try:
            answer, _ = self._worker.ask(question, data)
        except ModelRejected as problem:
            # LiteRT refuses an arena that cannot be had with an error that has no text.
            if problem.reason.endswith("Error: ") and 4 * needed_bytes > self._limits.address_bytes:
                raise self._too_large(needed_bytes) from None
            raise
        given = (answer.get("input_dtype"), answer.get("output_dtype"))
        shapes = (tuple(answer.get("input_shape", ())), tuple(answer.get("output_shape", ())))
        stated = (self.facts.input.dtype, self.facts.output.dtype)
        if given != stated or shapes != (self.facts.input.shape, self.facts.output.shape):
            raise ModelRejected("the interpreter reads other types or shapes than the file states", self.file)

    def _too_large(self, needed_bytes: int) -> ModelOutOfMemory:
        limit = self._limits.address_bytes // 2**20
        return ModelOutOfMemory(
            f"needs {needed_bytes / 2**20:.0f} MB for its tensors alone; its process may have {limit} MB", self.file
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the child process."""
        self._worker.close()

    def messages(self) -> str:
        """What the interpreter printed."""
        return self._worker.messages()

    def run(self, inputs: npt.NDArray[Any], clip_id: npt.NDArray[Any] | None = None) -> npt.NDArray[Any]:
        """Outputs of every row, one inference each. Shape (rows, outputs), in the model's stored numbers.

        A model with state starts afresh at every row; with `clip_id` it keeps its state along the rows of a clip.
        """
        rows = self._rows(inputs)
        resets = self._resets(len(rows), clip_id)
        shape = (len(rows), self.facts.output.element_count)
        outputs: npt.NDArray[Any] = np.empty(shape, NUMPY_DTYPES[self.facts.output.dtype])
        begin = 0
        while begin < len(rows):
            end = min(len(rows), begin + self._batch_rows(rows.shape[1] * rows.itemsize))
            outputs[begin:end] = self._batch(rows[begin:end], None if resets is None else resets[begin:end])
            begin = end
        return outputs

    @property
    def process_id(self) -> int:
        """Of the process that holds the model."""
        return self._worker.process_id

    def ranges(self, inputs: npt.NDArray[Any]) -> tuple[list[dict[str, Any]], npt.NDArray[np.int64]]:
        """(where the integers of every activation lie over these rows, their histograms of 256 steps)."""
        rows = self._rows(inputs)
        graph = parse_model(self._data).main
        made = {index for operator in graph.operators for index in operator.outputs}
        activations = sorted(made | set(graph.inputs))[:ACTIVATION_COUNT_LIMIT]
        question = {"do": "ranges", "rows": len(rows), "dtype": rows.dtype.str, "activations": activations}
        answer, payload = self._worker.ask(question, rows.reshape(-1).view(np.uint8))
        found = answer.get("ranges")
        if not isinstance(found, list) or len(payload) != len(found) * 256 * 8:
            raise ModelCrashed("its process gave an answer that makes no sense", self.file)
        return found, np.frombuffer(payload, np.int64).reshape(len(found), 256)

    def _rows(self, inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The inputs as contiguous rows, or what does not fit."""
        wanted = self.facts.input
        if inputs.ndim < 1 or inputs.dtype != NUMPY_DTYPES[wanted.dtype]:
            raise DataError(
                f"{self.file} takes {wanted.dtype} numbers, the data are {inputs.dtype}; quantize them with the "
                "model's scale and zero point first"
            )
        elements = int(np.prod(inputs.shape[1:], dtype=np.int64))
        if elements != wanted.element_count:
            raise DataError(
                f"{self.file} takes {wanted.element_count} values per row {list(wanted.shape)}, the data have "
                f"{elements} {list(inputs.shape[1:])}"
            )
        return np.ascontiguousarray(inputs).reshape(len(inputs), elements)

    def _resets(self, count: int, clip_id: npt.NDArray[Any] | None) -> npt.NDArray[np.uint8] | None:
        """1 where the state starts afresh; nothing for a model without state."""
        if not self.facts.has_state:
            return None
        resets = np.ones(count, np.uint8)
        if clip_id is not None:
            if len(clip_id) != count:
                raise DataError(f"{len(clip_id)} clip ids for {count} rows")
            resets[1:] = clip_id[1:] != clip_id[:-1]
        return resets

    def _batch_rows(self, row_bytes: int) -> int:
        """Rows of the next question: about two seconds of work, at most 16 MB. [count]"""
        if not self._row_ns:
            return FIRST_BATCH_ROWS
        by_time = int(BATCH_AIM_S * 1e9 / self._row_ns)
        return max(1, min(by_time, BATCH_BYTES // row_bytes))

    def _batch(self, rows: npt.NDArray[Any], resets: npt.NDArray[np.uint8] | None) -> npt.NDArray[Any]:
        question = {"do": "run", "rows": len(rows), "dtype": rows.dtype.str, "resets": resets is not None}
        parts = [rows.reshape(-1).view(np.uint8)]
        if resets is not None:
            parts.insert(0, resets)
        begin_ns = time.perf_counter_ns()
        answer, payload = self._worker.ask(question, *parts)
        self._row_ns = max(1.0, (time.perf_counter_ns() - begin_ns) / len(rows))
        dtype = np.dtype(NUMPY_DTYPES[self.facts.output.dtype])
        expected_bytes = len(rows) * self.facts.output.element_count * dtype.itemsize
        if len(payload) != expected_bytes or answer.get("dtype") != dtype.name:
            raise ModelCrashed(f"its output has {len(payload)} bytes, the file states {expected_bytes}", self.file)
        self.host_ns += int(answer.get("host_ns", 0))
        self.row_count += len(rows)
        values: npt.NDArray[Any] = np.frombuffer(payload, dtype)
        return values.reshape(len(rows), self.facts.output.element_count)


def run_model(path: str | os.PathLike[str], inputs: npt.NDArray[Any], *, clip_id: npt.NDArray[Any] | None = None,
              kernels: Kernels = "builtin", limits: WorkerLimits | None = None) -> npt.NDArray[Any]:
    """Outputs of a model for every row of inputs. Shape (rows, outputs), in the model's stored numbers."""
    with Interpreter(path, kernels=kernels, limits=limits) as model:
        return model.run(inputs, clip_id)


def quantize(values: npt.NDArray[Any], tensor: TensorFacts) -> npt.NDArray[Any]:
    """Real values as the numbers a tensor stores: nearest, ties to even, saturated. Same shape.

    Jacob et al., CVPR 2018, equation 1: real = scale * (stored - zero point).
    """
    dtype = NUMPY_DTYPES[tensor.dtype]
    if tensor.dtype not in INTEGER_RANGES or not tensor.scales:
        return values.astype(dtype)
    low, high = INTEGER_RANGES[tensor.dtype]
    stored: npt.NDArray[Any] = np.rint(values.astype(np.float32) / np.float32(tensor.scale)) + tensor.zero_point
    limited: npt.NDArray[Any] = np.clip(stored, low, high).astype(dtype)
    return limited


def dequantize(stored: npt.NDArray[Any], tensor: TensorFacts) -> npt.NDArray[np.float64]:
    """Real values of the numbers a tensor stores. Same shape"""
    if not tensor.scales:
        return stored.astype(np.float64)
    real: npt.NDArray[np.float64] = tensor.scale * (stored.astype(np.float64) - tensor.zero_point)
    return real


def saturated_fraction(stored: npt.NDArray[Any], tensor: TensorFacts) -> float:
    """Share of stored numbers at either end of their type's range. [1]"""
    if tensor.dtype not in INTEGER_RANGES or not stored.size:
        return 0.0
    low, high = INTEGER_RANGES[tensor.dtype]
    return float(np.mean((stored == low) | (stored == high)))


def model_inputs(values: npt.NDArray[Any], facts: ModelFacts) -> npt.NDArray[Any]:
    """Data as the model takes them: stored numbers stay, real ones are quantized. Same shape"""
    if values.dtype == NUMPY_DTYPES.get(facts.input.dtype):
        return values
    if not np.issubdtype(values.dtype, np.floating):
        raise DataError(
            f"{facts.file} takes {facts.input.dtype} numbers, the data are {values.dtype}; give {facts.input.dtype} "
            "or floating-point values"
        )
    return quantize(values, facts.input)
