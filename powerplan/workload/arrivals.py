"""When things happen: arrival points, spans of time, and what is made of them. Pure functions of their draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powerplan.plan.codes import NS_PER_DAY, NS_PER_HOUR
from powerplan.plan.plan import FloatArray, IntArray
from powerplan.workload.spec import Length

GOLDEN_FRACTION = 0.6180339887498949
"""Offsets by multiples of it keep evenly spaced streams apart from each other."""
STRETCH_NS = 28 * NS_PER_DAY
"""Time that is drawn at once, with random streams of its own: four weeks, so that hours of the week repeat."""
FOREVER_NS = 1 << 61
POISSON_DRAWS = 256
"""Gaps between arrivals that are added up at once."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of time that is drawn at once."""

    number: int
    start_ns: int
    end_ns: int

    @property
    def length_ns(self) -> int:
        """How long it is. [ns]"""
        return self.end_ns - self.start_ns


@dataclass(frozen=True)
class Spans:
    """Intervals of time, sorted, not touching."""

    start_ns: IntArray
    end_ns: IntArray

    def __len__(self) -> int:
        return len(self.start_ns)

    def kept(self, chosen: NDArray[np.bool_] | slice) -> Spans:
        """Some of them."""
        return Spans(self.start_ns[chosen], self.end_ns[chosen])

    def then(self, later: Spans) -> Spans:
        """These, and later ones."""
        return Spans(np.concatenate([self.start_ns, later.start_ns]), np.concatenate([self.end_ns, later.end_ns]))

    def within(self, stretch: Stretch) -> Spans:
        """What of them lies in a stretch of time."""
        start, end = np.maximum(self.start_ns, stretch.start_ns), np.minimum(self.end_ns, stretch.end_ns)
        return Spans(start[start < end], end[start < end])


def no_spans() -> Spans:
    """Never."""
    return Spans(np.empty(0, np.int64), np.empty(0, np.int64))


def enough(expected: float) -> int:
    """How many random gaps to draw at once so that they seldom fall short of the expected number of them."""
    return int(expected + 3.0 * expected**0.5) + 16


def poisson_times(generator: np.random.Generator, expected: float) -> FloatArray:
    """Arrival points of a unit-rate Poisson process on [0, expected)."""
    reached, many = 0.0, -(-enough(expected) // POISSON_DRAWS)
    parts: list[FloatArray] = []
    while reached < expected:
        points = np.cumsum(generator.standard_exponential((many, POISSON_DRAWS)), axis=1)
        before = np.cumsum(np.append(reached, points[:-1, -1]))
        points += before[:, None]
        parts.append(points.ravel())
        reached = float(points[-1, -1])
    points = np.concatenate(parts) if parts else np.empty(0)
    return points[:int(np.searchsorted(points, expected))]


def by_hour(share: FloatArray, weights: tuple[float, ...], stretch: Stretch) -> IntArray:
    """Points of [0, 1) carried to times of a stretch that begins at midnight, denser in the heavier hours."""
    if len(set(weights)) == 1:
        return stretch.start_ns + (share * stretch.length_ns).astype(np.int64)
    hours = -(-stretch.length_ns // NS_PER_HOUR)
    edges_ns = np.minimum(np.arange(hours + 1) * NS_PER_HOUR, stretch.length_ns)
    mass = np.diff(edges_ns) * np.resize(weights, hours)
    if mass.sum() <= 0.0:
        return np.empty(0, np.int64)
    cumulative = np.concatenate([[0.0], np.cumsum(mass)]) / mass.sum()
    return stretch.start_ns + np.interp(share, cumulative, edges_ns.astype(np.float64)).astype(np.int64)


def inside(spans: Spans, position_ns: IntArray) -> IntArray:
    """Positions on the joined-up active time, carried to calendar time."""
    return laid_out(spans.start_ns, spans.end_ns, position_ns)


def laid_out(first: IntArray, end: IntArray, position: IntArray) -> IntArray:
    """Positions on the joined-up length of ranges, increasing, carried to where the ranges lie."""
    length = end - first
    reach = np.cumsum(length)
    shift = first - reach + length
    if len(position) < len(first):
        return shift.take(np.searchsorted(reach, position, side="right")) + position
    per_range = np.diff(np.searchsorted(position, reach), prepend=0)
    found = np.repeat(shift, per_range)
    found += position
    return found


def lengths(length: Length, count: int, generator: np.random.Generator, even: bool) -> IntArray:
    """How long each of `count` events lasts. [ns]"""
    if even or length.low_ns is None or length.high_ns is None:
        return np.full(count, length.typical_ns, np.int64)
    return (length.low_ns + generator.random(count) * (length.high_ns - length.low_ns)).astype(np.int64)


def merged(start_ns: IntArray, end_ns: IntArray) -> Spans:
    """Union of intervals sorted by start."""
    if not len(start_ns):
        return Spans(start_ns, end_ns)
    reach = np.maximum.accumulate(end_ns)
    fresh = np.concatenate([[True], start_ns[1:] > reach[:-1]])
    last = np.concatenate([np.flatnonzero(fresh)[1:] - 1, [len(start_ns) - 1]])
    return Spans(start_ns[fresh], reach[last])


@dataclass(frozen=True)
class Interrupts:
    """Interrupts of one sensor in order, each with its event (-1: none) and the end of its cause."""

    time_ns: IntArray
    event: IntArray
    end_ns: IntArray

    def then(self, later: Interrupts) -> Interrupts:
        """These and others, one after the other in the list."""
        return Interrupts(*(np.concatenate(pair) for pair in (
            (self.time_ns, later.time_ns), (self.event, later.event), (self.end_ns, later.end_ns))))

    def kept(self, chosen: NDArray[np.bool_] | IntArray | slice) -> Interrupts:
        """Some of them, or another order."""
        return Interrupts(self.time_ns[chosen], self.event[chosen], self.end_ns[chosen])


def not_blind(time_ns: IntArray, blind_ns: int, free_ns: int = -1) -> NDArray[np.bool_]:
    """Which interrupts come when the sensor, blind until `free_ns`, is not blind from the last one that came."""
    keep = np.ones(len(time_ns), bool)
    if blind_ns <= 0 or not len(time_ns):
        return keep
    if time_ns[0] >= free_ns and (np.diff(time_ns) >= blind_ns).all():
        return keep
    for number, at_ns in enumerate(time_ns.tolist()):
        keep[number] = at_ns >= free_ns
        if keep[number]:
            free_ns = at_ns + blind_ns
    return keep


def open_gate(found: Interrupts, hold_ns: int, horizon_ns: int, from_ns: int = 0) -> Spans:
    """Spans after `from_ns` in which a stream runs: from each interrupt until its cause is over and the hold time has
    passed."""
    start = np.maximum(found.time_ns, from_ns)
    end = np.minimum(np.maximum(found.end_ns, found.time_ns) + hold_ns, horizon_ns)
    useful = end > start
    return merged(start[useful], end[useful])


@dataclass
class Lock:
    """What a lock-out remembers of the events so far."""

    recent_ns: tuple[int, ...] = ()
    free_ns: int = -1


def locked_spans(onset_ns: IntArray, after: int, within_ns: int, lasts_ns: int, lock: Lock | None = None) -> Spans:
    """Spans in which a lock-out holds: from the last of `after` events within a time, `lasts_ns` long.

    Events inside a span do not count; counting starts anew after it. `lock` carries what is remembered from one
    stretch of time to the next.
    """
    lock = lock or Lock()
    start: list[int] = []
    recent = list(lock.recent_ns)
    for at_ns in onset_ns.tolist():
        if at_ns <= lock.free_ns:
            continue
        recent = [*recent[-(after - 1):], at_ns] if after > 1 else [at_ns]
        if len(recent) == after and at_ns - recent[0] <= within_ns:
            start.append(at_ns)
            lock.free_ns, recent = at_ns + lasts_ns, []
    lock.recent_ns = tuple(recent)
    begun = np.array(start, np.int64)
    return Spans(begun, begun + lasts_ns)
