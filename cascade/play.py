"""Plays a cascade over continuous audio, motion or pictures as the device would, one window after the other.

The stream goes hop by hop through a ring buffer; the features of a window are a step of their own; level 2 sees only
what level 1 passes on; confirmation and refractory time follow. Times are those of this host, never a device's.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.decision import BoolArray, after_refractory, confirmed, passes
from cascade.errors import DataError
from cascade.evaluate import Setting
from cascade.front_end import FrontEnd
from cascade.interpreter import Interpreter, Kernels, model_inputs
from cascade.runtime import StageTime, level_scores

BLOCK_WINDOWS = 256
WAV_BYTES_LIMIT = 2_000_000_000


@dataclass(frozen=True)
class Heard:
    """One window that level 1 passed on."""

    time_s: float
    """End of the window: when the device could know it. [s]"""
    score_1: float
    score_2: float | None
    """None where level 1 accepted it early."""
    detected: bool
    """Whether it is an alarm, after confirmation and refractory time."""


@dataclass(frozen=True)
class Played:
    """What a cascade made of a stream."""

    window_count: int
    duration_s: float
    """Of the stream. [s]"""
    heard: tuple[Heard, ...]
    stages: tuple[StageTime, ...]

    @property
    def alarms(self) -> tuple[Heard, ...]:
        """The windows that raised an alarm."""
        return tuple(one for one in self.heard if one.detected)


def play(models: tuple[Path, Path], setting: Setting, front: FrontEnd, stream: npt.NDArray[Any],
         positive_outputs: tuple[tuple[int, ...], tuple[int, ...]] = ((), ()), kernels: Kernels = "builtin") -> Played:
    """Play two levels over a stream (samples, ...). Models with state keep it from window to window."""
    count = front.count(len(stream))
    if not count:
        raise DataError(f"the stream has {len(stream)} samples; one window takes {front.window}")
    first = _Level(models[0], front, 1, positive_outputs[0], kernels)
    score_1 = first.scores(stream, count)
    escalated: BoolArray = setting.rule.escalates(score_1)
    if setting.confirm_of > 1 and not setting.confirm_at_final:
        escalated = confirmed(escalated, setting.confirm_windows, setting.confirm_of)
    early = setting.rule.accepts_early(score_1)
    second = _Level(models[1], front, 2, positive_outputs[1], kernels)
    asked = np.flatnonzero(escalated & ~early)
    score_2 = np.full(count, np.nan)
    score_2[asked] = second.scores(stream, count, asked)
    with np.errstate(invalid="ignore"):
        found = early | (escalated & passes(score_2, setting.threshold_2))
    if setting.confirm_of > 1 and setting.confirm_at_final:
        found = confirmed(found, setting.confirm_windows, setting.confirm_of)
    end_s = (np.arange(count) * front.hop + front.window) / front.sample_rate_hz
    if setting.refractory_s > 0:
        found = after_refractory(found, end_s, setting.refractory_s)
    heard = tuple(Heard(float(end_s[index]), float(score_1[index]),
                        None if np.isnan(score_2[index]) else float(score_2[index]), bool(found[index]))
                  for index in np.flatnonzero(escalated | early))
    stages = (*first.stages(1), *second.stages(2))
    return Played(count, len(stream) / front.sample_rate_hz, heard, stages)


class _Level:
    """One level being played: features, then the model, each with its time."""

    def __init__(self, model: Path, front: FrontEnd, number: int, positive: tuple[int, ...], kernels: Kernels
                 ) -> None:
        self.model, self.front, self.number, self.positive, self.kernels = model, front, number, positive, kernels
        self.features = front.level_1 if number == 1 else front.level_2
        self.count, self.feature_ns, self.model_ns = 0, 0, 0

    def scores(self, stream: npt.NDArray[Any], all_count: int, asked: npt.NDArray[np.int64] | None = None
               ) -> npt.NDArray[np.float64]:
        """Score of each window, or of those that are asked for."""
        self.count = all_count if asked is None else len(asked)
        if not self.count:
            return np.empty(0)
        parts = []
        with Interpreter(self.model, kernels=self.kernels) as model:
            if model.facts.has_state and self.count < all_count:
                raise DataError(f"{self.model}: keeps state, so as level 2 it has to see every window; let level 1 "
                                "pass everything (threshold 0) or use a model without state")
            windows = self.front.windows(self.number, stream, asked)
            # A model with state starts afresh at every call, so it gets the whole stream in one.
            inputs = []
            while block := self._block(windows):
                start_ns = perf_counter_ns()
                inputs.append(model_inputs(self.features(np.stack(block)), model.facts))
                self.feature_ns += perf_counter_ns() - start_ns
                if not model.facts.has_state or len(block) < BLOCK_WINDOWS:
                    parts.append(self._run(model, inputs))
                    inputs = []
            if inputs:
                parts.append(self._run(model, inputs))
            self.model_ns = model.host_ns
        return np.concatenate(parts)

    def _block(self, windows: Iterator[npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """The next windows; the first ones cost what the features of a whole stream cost."""
        start_ns = perf_counter_ns()
        block = list(islice(windows, BLOCK_WINDOWS))
        self.feature_ns += perf_counter_ns() - start_ns
        return block

    def _run(self, model: Interpreter, inputs: list[npt.NDArray[Any]]) -> npt.NDArray[np.float64]:
        rows = np.concatenate(inputs)
        outputs = model.run(rows, np.zeros(len(rows), np.int64))
        return level_scores(outputs, model.facts, self.positive)[0]

    def stages(self, number: int) -> tuple[StageTime, StageTime]:
        """Host times of both steps."""
        return (StageTime(f"features {number}", self.count, self.feature_ns / 1e9),
                StageTime(f"level {number}", self.count, self.model_ns / 1e9))


def read_stream(path: Path) -> tuple[npt.NDArray[Any], float | None]:
    """(samples, their rate where the file states one) of a .wav file of 16-bit mono, or an .npy array."""
    try:
        if path.stat().st_size > WAV_BYTES_LIMIT:
            raise DataError(f"{path}: larger than {WAV_BYTES_LIMIT // 10**9} GB")
        if path.suffix.lower() == ".npy":
            samples: npt.NDArray[Any] = np.load(path, allow_pickle=False)
            if samples.ndim < 1 or (samples.dtype.kind == "f" and not np.isfinite(samples).all()):
                raise DataError(f"{path}: holds no finite samples along its first axis")
            return samples, None
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2 or file.getnchannels() != 1:
                raise DataError(f"{path}: {file.getnchannels()} channels of {8 * file.getsampwidth()} bits; sound is "
                                "read as one channel of 16 bits")
            return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16), file.getframerate()
    except OSError as problem:
        raise DataError(f"{path}: cannot be read: {problem.strerror or problem}") from None
    except (wave.Error, ValueError, EOFError) as problem:
        raise DataError(f"{path}: neither a .wav nor an .npy file of samples: {problem}") from None
