"""What a cascade decides from scores. Plain functions, no state: the same rule for every engine and every sweep.

Pass means score >= threshold: a threshold of 0 passes every score, `NEVER` passes none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cascade.errors import DataError

NEVER = math.inf
"""A threshold above every score."""

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


def parse_threshold(text: str | float) -> float:
    """A threshold from 0 to 1, or `never`."""
    if isinstance(text, str) and text.strip().lower() == "never":
        return NEVER
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if value == NEVER or 0.0 <= value <= 1.0:
        return value
    raise DataError(f"a threshold is a number from 0 to 1 or `never`, got {text!r}")


def passes(score: npt.NDArray[Any], threshold: float) -> BoolArray:
    """Whether each score reaches the threshold. Same shape"""
    result: BoolArray = np.asarray(score) >= threshold
    return result


@dataclass(frozen=True)
class EscalationRule:
    """Which scores of a level go on to the next one: score bands to reject, to escalate, and to accept early.

    above: those that pass `low`; below: those that do not (the first level was not sure); band: those from `low` to
    `high`, both included. What does not go on is rejected. A score that passes `accept` is a detection without the next
    level; with `accept_early` so is what lies above the band (or passes, for below).
    """

    kind: Literal["above", "below", "band"]
    low: float
    high: float = NEVER
    accept_early: bool = False
    accept: float = NEVER

    def __post_init__(self) -> None:
        if self.kind == "band" and self.low > self.high:
            raise DataError(f"a band goes from low to high, got {self.low:g} to {self.high:g}")
        if self.accept != NEVER and (self.kind != "above" or self.accept < self.low):
            raise DataError(f"an edge to accept belongs to `above` and lies at or above the threshold {self.low:g}, "
                            f"got {self.accept:g} for `{self.kind}`")

    def escalates(self, score: npt.NDArray[Any]) -> BoolArray:
        """Whether each score goes on to the next level. Same shape"""
        if self.kind == "below":
            return ~passes(score, self.low)
        inside: BoolArray = passes(score, self.low)
        return inside & (np.asarray(score) <= self.high if self.kind == "band" else ~passes(score, self.accept))

    def accepts_early(self, score: npt.NDArray[Any]) -> BoolArray:
        """Whether each score is a detection without the next level. Same shape"""
        if self.kind == "above":
            return passes(score, self.accept)
        if not self.accept_early:
            return np.zeros(np.shape(score), np.bool_)
        above: BoolArray = passes(score, self.low) if self.kind == "below" else np.asarray(score) > self.high
        return above

    @property
    def can_accept(self) -> bool:
        """Whether any score at all is a detection without the next level."""
        return self.accept_early or self.accept < NEVER


def detections(score_1: npt.NDArray[Any], score_2: npt.NDArray[Any], rule: EscalationRule,
               threshold_2: float) -> BoolArray:
    """Whether each row is a detection of the whole cascade. Shape (rows,)"""
    return rule.accepts_early(score_1) | (rule.escalates(score_1) & passes(score_2, threshold_2))


def decided_class(class_1: npt.NDArray[Any], class_2: npt.NDArray[Any], escalated: BoolArray) -> npt.NDArray[Any]:
    """Class that the cascade names: the second level's where it was asked. Shape (rows,)"""
    return np.where(escalated, class_2, class_1)


def confirmed(passed: BoolArray, windows: int, of: int, clip_id: npt.NDArray[Any] | None = None) -> BoolArray:
    """Whether, at each window, at least `windows` of the last `of` passed and this one did. Shape (rows,)

    The history is empty at the start of each clip.
    """
    if not 1 <= windows <= of:
        raise DataError(f"confirmation needs 1 <= windows <= of, got {windows} of {of}")
    count = len(passed)
    total = np.concatenate([[0], np.cumsum(passed)])
    start = np.zeros(count, np.int64)
    if clip_id is not None and count:
        first = np.concatenate([[True], clip_id[1:] != clip_id[:-1]])
        start = np.maximum.accumulate(np.where(first, np.arange(count), 0))
    begin = np.maximum(np.arange(count) - of + 1, start)
    result: BoolArray = passed & (total[1:] - total[begin] >= windows)
    return result


def after_refractory(detected: BoolArray, time_s: FloatArray, refractory_s: float,
                     clip_id: npt.NDArray[Any] | None = None) -> BoolArray:
    """Detections that remain where each one silences those less than `refractory_s` after it. Shape (rows,)

    The silence starts at the detection that is kept and ends with its clip.
    """
    kept = np.zeros(len(detected), np.bool_)
    last_s, last_clip = -math.inf, None
    for index in np.flatnonzero(detected):
        clip = None if clip_id is None else clip_id[index]
        if clip != last_clip or time_s[index] - last_s >= refractory_s:
            kept[index] = True
            last_s, last_clip = float(time_s[index]), clip
    return kept
