"""Plays two levels over a data set or a recorded stream, as a device would, and gives the paired score table.

Level 2 is computed for every row, also where level 1 would not have asked: a sweep needs both scores. Times are those
of this host and say nothing about a device.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.data import DataSet
from cascade.errors import DataError
from cascade.interpreter import Interpreter, Kernels, dequantize, model_inputs
from cascade.scores import ScoreTable, score_table
from cascade.tflite import ModelFacts
from cascade.worker import WorkerLimits

BLOCK_ROWS = 1024
Features = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]


@dataclass(frozen=True)
class Level:
    """One level of a cascade: its model, what it sees, and which of its outputs is the score."""

    model: str | os.PathLike[str]
    positive_outputs: tuple[int, ...] = ()
    """Outputs that count as a detection. Empty: the only output, the second of two, or the highest of several."""
    features: Features | None = None
    """From a window of the stream to the model's input; a step of its own with its own time."""
    kernels: Kernels = "builtin"
    limits: WorkerLimits | None = None


@dataclass(frozen=True)
class StageTime:
    """Time of one stage on this host."""

    stage: str
    row_count: int
    host_s: float
    """Never a device's time. [s]"""


@dataclass(frozen=True)
class Run:
    """The table of a run and how long its stages took on this host."""

    table: ScoreTable
    stages: tuple[StageTime, ...]


def score_data(level_1: Level, level_2: Level, data: DataSet) -> Run:
    """Paired scores of every row of a data set."""
    columns, stages, hashes = [], [], {}
    for number, (level, inputs) in enumerate(((level_1, data.input_1), (level_2, data.input_2)), 1):
        with Interpreter(level.model, kernels=level.kernels, limits=level.limits) as model:
            prepared, feature_s = _featured(level, inputs)
            outputs = model.run(model_inputs(prepared, model.facts), data.clip_id)
            columns.append(level_scores(outputs, model.facts, level.positive_outputs))
            if level.features is not None:
                stages.append(StageTime(f"features {number}", len(inputs), feature_s))
            stages.append(StageTime(f"level {number}", model.row_count, model.host_ns / 1e9))
            hashes[f"level{number}_sha256"] = model.facts.sha256
    table = score_table(
        data.label, np.stack([score for score, _ in columns], axis=1), sample_id=data.sample_id,
        clip_id=data.clip_id, time_s=data.time_s, decided_class=_classes([found for _, found in columns]),
        metadata={"origin": data.origin, "data_sha256": data.sha256, "kernels": level_1.kernels, **hashes},
        file=data.origin or "scores",
    )
    return Run(table, tuple(stages))


def _featured(level: Level, inputs: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], float]:
    """(inputs of the model, seconds on this host)"""
    if level.features is None:
        return inputs, 0.0
    begin_ns = time.perf_counter_ns()
    prepared = level.features(inputs)
    return prepared, (time.perf_counter_ns() - begin_ns) / 1e9


def _classes(found: list[npt.NDArray[Any] | None]) -> npt.NDArray[Any] | None:
    columns = [classes for classes in found if classes is not None]
    return np.stack(columns, axis=1) if len(columns) == len(found) else None


def level_scores(outputs: npt.NDArray[Any], facts: ModelFacts,
            positive: tuple[int, ...]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64] | None]:
    """(score of each row, class of each row where the highest output is the score)"""
    real = dequantize(outputs, facts.output)
    step = facts.output.scale if facts.output.scales else 1e-6
    if real.size and (real.min() < -step or real.max() > 1 + step):
        raise DataError(
            f"{facts.file}: outputs from {real.min():g} to {real.max():g} are no scores from 0 to 1; end the model "
            "in a sigmoid or a softmax"
        )
    real = np.clip(real, 0.0, 1.0)
    count = real.shape[1]
    if any(not 0 <= index < count for index in positive):
        raise DataError(f"{facts.file}: has outputs 0 to {count - 1}, not {max(positive)}")
    if not positive and count <= 2:
        positive = (count - 1,)
    if positive:
        return real[:, list(positive)].max(axis=1), None
    return real.max(axis=1), real.argmax(axis=1).astype(np.int64)


class RingBuffer:
    """The last `length` samples of a stream, as a device keeps them."""

    def __init__(self, length: int, sample_shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        self._samples: npt.NDArray[Any] = np.zeros((length, *sample_shape), dtype)
        self._next = 0
        self.sample_count = 0
        """Samples pushed so far."""

    def push(self, samples: npt.NDArray[Any]) -> None:
        """Append samples; the oldest are overwritten."""
        length = len(self._samples)
        self.sample_count += len(samples)
        kept = samples[-length:]
        begin = (self._next + len(samples) - len(kept)) % length
        first = min(len(kept), length - begin)
        self._samples[begin : begin + first] = kept[:first]
        self._samples[: len(kept) - first] = kept[first:]
        self._next = (begin + len(kept)) % length

    def window(self) -> npt.NDArray[Any]:
        """The samples, oldest first. Shape (length, ...)"""
        return np.concatenate([self._samples[self._next :], self._samples[: self._next]])


def stream_windows(stream: npt.NDArray[Any], window: int, hop: int) -> Iterator[npt.NDArray[Any]]:
    """Every whole window of a stream, through a ring buffer that is fed hop by hop. Shape (window, ...)"""
    if window < 1 or hop < 1:
        raise DataError(f"window and hop must be at least 1 sample, got {window} and {hop}")
    buffer = RingBuffer(window, stream.shape[1:], stream.dtype)
    if len(stream) < window:
        return
    buffer.push(stream[:window])
    yield buffer.window()
    for begin in range(window, len(stream) - hop + 1, hop):
        buffer.push(stream[begin : begin + hop])
        yield buffer.window()


@dataclass(frozen=True)
class Span:
    """A labelled part of a stream."""

    begin_s: float
    end_s: float
    label: str


def window_labels(count: int, window_s: float, hop_s: float, spans: Sequence[Span],
                  background: str) -> npt.NDArray[np.str_]:
    """Label of each window: of the span that covers most of it, if that is at least half of the window or span."""
    begin = np.arange(count) * hop_s
    covered = np.zeros(count)
    label: npt.NDArray[Any] = np.full(count, background, object)
    for span in spans:
        overlap = np.minimum(begin + window_s, span.end_s) - np.maximum(begin, span.begin_s)
        enough = overlap >= 0.5 * min(window_s, span.end_s - span.begin_s) - 1e-9
        better = enough & (overlap > covered)
        label[better], covered[better] = span.label, overlap[better]
    return label.astype(np.str_)


def score_stream(level_1: Level, level_2: Level, stream: npt.NDArray[Any], sample_rate_hz: float, window: int, hop: int,
                 spans: Sequence[Span] = (), background: str = "background", origin: str = "stream") -> Run:
    """Paired scores of every window of a recorded stream (samples, ...), as one clip."""
    count = 0 if len(stream) < window else (len(stream) - window) // hop + 1
    if not count:
        raise DataError(f"{origin}: {len(stream)} samples hold no window of {window}")
    label = window_labels(count, window / sample_rate_hz, hop / sample_rate_hz, spans, background)
    clip_id = np.zeros(count, np.int64)
    columns, stages, hashes = [], [], {}
    for number, level in enumerate((level_1, level_2), 1):
        with Interpreter(level.model, kernels=level.kernels, limits=level.limits) as model:
            outputs, feature_s = _play(level, model, stream, window, hop, count)
            columns.append(level_scores(outputs, model.facts, level.positive_outputs))
            stages += [StageTime(f"features {number}", count, feature_s),
                       StageTime(f"level {number}", model.row_count, model.host_ns / 1e9)]
            hashes[f"level{number}_sha256"] = model.facts.sha256
    table = score_table(
        label, np.stack([score for score, _ in columns], axis=1), clip_id=clip_id,
        time_s=np.arange(count) * hop / sample_rate_hz, decided_class=_classes([found for _, found in columns]),
        metadata={"origin": origin, "window": f"{window} samples, hop {hop}, {sample_rate_hz:g} Hz", **hashes},
        file=origin,
    )
    return Run(table, tuple(stages))


def _play(level: Level, model: Interpreter, stream: npt.NDArray[Any], window: int, hop: int,
          count: int) -> tuple[npt.NDArray[Any], float]:
    """(outputs of every window, seconds its features took). A model with state is fed in one go, to keep it."""
    outputs: list[npt.NDArray[Any]] = []
    waiting: list[npt.NDArray[Any]] = []
    feature_s = 0.0
    block = count if model.facts.has_state else BLOCK_ROWS
    for number, samples in enumerate(stream_windows(stream, window, hop), 1):
        waiting.append(samples)
        if len(waiting) == block or number == count:
            prepared, seconds = _featured(level, np.stack(waiting))
            feature_s += seconds
            rows = model_inputs(prepared, model.facts)
            outputs.append(model.run(rows, np.zeros(len(rows), np.int64)))
            waiting = []
    return np.concatenate(outputs), feature_s
