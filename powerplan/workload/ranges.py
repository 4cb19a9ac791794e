"""Releases as runs of equal spacing, what of them lies in a stretch of time, and sets of them as ranges of ordinals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from powerplan.plan.plan import IntArray
from powerplan.workload.arrivals import Spans, Stretch, laid_out


@dataclass(frozen=True)
class Runs:
    """Releases of a task as runs of equal spacing."""

    start_ns: IntArray
    period_ns: IntArray
    count: IntArray

    @cached_property
    def first_ordinal(self) -> IntArray:
        """Ordinal of the first release of each run, and the total at the end (runs + 1,)."""
        return np.concatenate([[0], np.cumsum(self.count)]).astype(np.int64)


@dataclass(frozen=True)
class Pieces:
    """Whole runs, and which of their releases lie in a stretch of time."""

    whole: Runs
    """With starts and counts of the whole runs, whatever the stretch."""
    first: IntArray
    """Number of the first release of each run in the stretch."""
    end: IntArray

    @property
    def continues(self) -> bool:
        """Whether the first run began before the stretch."""
        return bool(len(self.first) and self.first[0] > 0)

    @cached_property
    def runs(self) -> Runs:
        """The releases in the stretch as runs of their own."""
        return Runs(self.whole.start_ns + self.first * self.whole.period_ns, self.whole.period_ns,
                    self.end - self.first)


def pieces(whole: Runs, stretch: Stretch) -> Pieces:
    """The runs that have releases in the stretch."""
    start, period, count = whole.start_ns, whole.period_ns, whole.count
    first = np.clip(-(-(stretch.start_ns - start) // period), 0, count)
    end = np.clip(-(-(stretch.end_ns - start) // period), 0, count)
    used = end > first
    return Pieces(Runs(start[used], period[used], count[used]), first[used], end[used])


@dataclass(frozen=True)
class Ranges:
    """A set of ordinals as half-open ranges, sorted and apart."""

    first: IntArray
    end: IntArray

    @property
    def count(self) -> int:
        """How many ordinals there are."""
        return int((self.end - self.first).sum())

    def number(self, position: IntArray) -> IntArray:
        """The n-th ordinals of the set, for positions that increase."""
        return laid_out(self.first, self.end, position)

    def split(self, other: Ranges) -> tuple[Ranges, Ranges]:
        """Ordinals that the other set has too, and those that it does not have."""
        edges = np.concatenate([self.first, self.end, other.first, other.end]).astype(np.int64, copy=False)
        edges.sort(kind="stable")
        first, end = edges[:-1], edges[1:]
        own = self._holds(first) & (end > first)
        both = own & other._holds(first)
        alone = own & ~both
        return Ranges(first[both], end[both]), Ranges(first[alone], end[alone])

    def _holds(self, ordinal: IntArray) -> NDArray[np.bool_]:
        """Which of increasing ordinals belong to the set."""
        return np.asarray(np.searchsorted(self.first, ordinal, "right") > np.searchsorted(self.end, ordinal, "right"))


def windows_inside(runs: Runs, spans: Spans, lead_ns: int) -> Ranges:
    """Ordinals of the windows that end inside one of the spans; a window ends `lead_ns` after its release."""
    first, end = (_ended_before(runs, edge_ns, lead_ns) for edge_ns in (spans.start_ns, spans.end_ns))
    kept = end > first
    return Ranges(first[kept], end[kept])


def _ended_before(runs: Runs, time_ns: IntArray, lead_ns: int) -> IntArray:
    """How many windows end before each moment."""
    if not len(runs.start_ns):
        return np.zeros(len(time_ns), np.int64)
    run = np.maximum(np.searchsorted(runs.start_ns + lead_ns, time_ns, side="right") - 1, 0)
    within = -(-(time_ns - runs.start_ns[run] - lead_ns) // runs.period_ns[run])
    return np.asarray(runs.first_ordinal[run] + np.clip(within, 0, runs.count[run]), np.int64)
