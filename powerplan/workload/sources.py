"""What happens, one stretch of time after the other. Whatever goes on at the end of a stretch goes on in the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from powerplan.components.base import Interrupt
from powerplan.plan.codes import NS_PER_S
from powerplan.plan.plan import FloatArray, IntArray
from powerplan.workload.arrivals import (
    FOREVER_NS,
    GOLDEN_FRACTION,
    Interrupts,
    Lock,
    Spans,
    Stretch,
    by_hour,
    enough,
    inside,
    lengths,
    locked_spans,
    merged,
    no_spans,
    not_blind,
    open_gate,
    poisson_times,
)
from powerplan.workload.spec import EventKind, LockOutRule, StateKind
from powerplan.workload.streams import Streams


class Bouts:
    """Bouts of a lasting state: evenly spaced, or exponential bouts and gaps with the same means."""

    def __init__(self, kind: StateKind, even: bool) -> None:
        self.kind, self.even = kind, even
        self.spans = no_spans()
        """Bouts that touch the present stretch; with an end of their own, perhaps in a later one."""
        self.begun = no_spans()
        """Those of them that begin in it."""
        self._ahead = no_spans()
        self._reached_ns = 0

    def advance(self, stretch: Stretch, streams: Streams) -> Spans:
        """The bouts that touch the next stretch."""
        self.begun = self._begin(stretch, streams)
        self.spans = self.spans.kept(self.spans.end_ns > stretch.start_ns).then(self.begun)
        return self.spans

    def _begin(self, stretch: Stretch, streams: Streams) -> Spans:
        kind = self.kind
        if kind.active_fraction >= 1.0:
            return Spans(np.array([0]), np.array([FOREVER_NS])) if stretch.start_ns == 0 else no_spans()
        if kind.active_fraction <= 0.0:
            return no_spans()
        if self.even:
            return even_bouts(kind, stretch.end_ns) if stretch.start_ns == 0 else no_spans()
        found = self._ahead
        if self._reached_ns < stretch.end_ns:
            found = found.then(self._drawn(stretch, streams))
        here, later = _split(found.start_ns, stretch)
        self._ahead = found.kept(later)
        return found.kept(here)

    def _drawn(self, stretch: Stretch, streams: Streams) -> Spans:
        """Bouts up to the first that ends after the stretch."""
        kind, length_ns = self.kind, stretch.end_ns - self._reached_ns
        generator = streams.generator("state", kind.name)
        mean_gap_ns = kind.bout_ns * (1 - kind.active_fraction) / kind.active_fraction
        many = enough(length_ns / (kind.bout_ns + mean_gap_ns))
        gap, bout = generator.standard_exponential((many, 2)).T
        cycle = np.cumsum(gap * mean_gap_ns + bout * kind.bout_ns)
        while cycle[-1] < length_ns:
            more = generator.standard_exponential((many, 2)).T
            gap, bout = np.append(gap, more[0]), np.append(bout, more[1])
            cycle = np.cumsum(gap * mean_gap_ns + bout * kind.bout_ns)
        cycle = cycle[:int(np.searchsorted(cycle, length_ns)) + 1]
        end = self._reached_ns + cycle.astype(np.int64)
        start = self._reached_ns + (cycle - bout[:len(cycle)] * kind.bout_ns).astype(np.int64)
        self._reached_ns = int(end[-1])
        return merged(start[start < end], end[start < end])


def even_bouts(kind: StateKind, horizon_ns: int) -> Spans:
    """Bouts of equal length, evenly spaced."""
    count = round(kind.active_fraction * horizon_ns / kind.bout_ns)
    spacing_ns = horizon_ns / max(count, 1)
    start = ((np.arange(count) + 0.5) * spacing_ns - kind.bout_ns / 2).astype(np.int64)
    return Spans(start, start + kind.bout_ns)


def _split(time_ns: IntArray, stretch: Stretch) -> tuple[slice, slice]:
    """Which of increasing times lie in the stretch, and which in later ones."""
    here = int(np.searchsorted(time_ns, stretch.end_ns))
    return slice(here), slice(here, None)


class Arrivals:
    """Events of one kind."""

    def __init__(self, kind: EventKind, number: int, even: bool) -> None:
        self.kind, self.number, self.even = kind, number, even
        self._ahead = np.empty((0, 2), np.int64)

    def advance(self, stretch: Stretch, streams: Streams, states: dict[str, Bouts]) -> IntArray:
        """Onset and end of the events of the next stretch. (events, 2) [ns]"""
        onset = self._members(self._groups(stretch, streams, states))
        lasts = lengths(self.kind.lasts, len(onset), streams.generator("lasts", self.kind.name), self.even)
        found = np.concatenate([self._ahead, np.stack([onset, onset + lasts], axis=1)])
        if len(self._ahead):
            found = found[np.argsort(found[:, 0], kind="stable")]
        here, later = _split(found[:, 0], stretch)
        self._ahead = found[later]
        return found[here]

    def _members(self, first_ns: IntArray) -> IntArray:
        """Onsets of all events of the groups."""
        kind = self.kind
        if kind.burst_count == 1:
            return first_ns
        gap_ns = kind.burst_ns // kind.burst_count
        return np.sort((first_ns[:, None] + np.arange(kind.burst_count) * gap_ns).ravel())

    def _groups(self, stretch: Stretch, streams: Streams, states: dict[str, Bouts]) -> IntArray:
        """Onset of the first event of every group. (groups,) [ns]"""
        kind = self.kind
        active = states[kind.during].spans.within(stretch) if kind.during else None
        available_ns = int((active.end_ns - active.start_ns).sum()) if active else stretch.length_ns
        expected = kind.rate_per_s / kind.burst_count * stretch.length_ns / NS_PER_S
        if expected <= 0 or available_ns <= 0:
            return np.empty(0, np.int64)
        share = self._shares(expected, streams)
        if active is not None:
            return inside(active, (share * available_ns).astype(np.int64))
        return by_hour(share, kind.hour_weights, stretch)

    def _shares(self, expected: float, streams: Streams) -> FloatArray:
        """Points of [0, 1)."""
        if self.even:
            count = int(np.floor(expected + 1e-9))
            offset = (0.5 + GOLDEN_FRACTION * self.number) % 1.0
            share = np.asarray((np.arange(count) + offset) / expected, np.float64)
        else:
            generator = streams.generator("arrivals", self.kind.name)
            share = np.asarray(poisson_times(generator, expected) / expected, np.float64)
        return share[share < 1.0]


class Sensor:
    """Interrupts of one sensor: noticed causes after its delay, spurious ones, none while it is blind."""

    def __init__(self, name: str, given: Interrupt, even: bool) -> None:
        self.name, self.given, self.even = name, given, even
        none = np.empty(0, np.int64)
        self.ahead = Interrupts(none, none, none)
        """Interrupts of later stretches whose cause is known."""
        self._free_ns = -1

    def advance(self, causes: Interrupts, stretch: Stretch, streams: Streams) -> Interrupts:
        """Interrupts of the next stretch, from the causes that begin in it."""
        given = self.given
        uniform = streams.generator("noticed", self.name).random(len(causes.event))
        noticed = np.ones(len(uniform), bool) if self.even else uniform < given.detection_fraction
        found = causes if noticed.all() else causes.kept(noticed)
        found = self.ahead.then(Interrupts(found.time_ns + given.delay_ns, found.event, found.end_ns))
        if given.spurious_per_s > 0 and not self.even:
            found = found.then(self._spurious(stretch, streams))
        found = found.kept(np.argsort(found.time_ns, kind="stable"))
        here, later = _split(found.time_ns, stretch)
        self.ahead, found = found.kept(later), found.kept(here)
        awake = not_blind(found.time_ns, given.blind_ns, self._free_ns)
        found = found if awake.all() else found.kept(awake)
        if len(found.time_ns):
            self._free_ns = int(found.time_ns[-1]) + given.blind_ns
        return found

    def _spurious(self, stretch: Stretch, streams: Streams) -> Interrupts:
        expected = self.given.spurious_per_s * stretch.length_ns / NS_PER_S
        share = poisson_times(streams.generator("spurious", self.name), expected) / expected
        time_ns = stretch.start_ns + (share * stretch.length_ns).astype(np.int64)
        return Interrupts(time_ns, np.full(len(time_ns), -1), time_ns)


class Opening:
    """Spans in which a stream is open; without a gate always.

    Once a stretch is over, the spans that began in it stand: an interrupt that would keep one open longer opens a new
    one at its end.
    """

    def __init__(self, gate: str | None, hold_ns: int, horizon_ns: int) -> None:
        self.gate, self.hold_ns, self.horizon_ns = gate, hold_ns, horizon_ns
        self.spans = self.begun = no_spans()
        self._until_ns = 0

    def advance(self, stretch: Stretch, interrupts: dict[str, Interrupts]) -> None:
        """Spans that touch the next stretch, and those of them that begin in it."""
        if self.gate is not None:
            self.begun = open_gate(interrupts[self.gate], self.hold_ns, self.horizon_ns, self._until_ns)
        elif stretch.start_ns == 0:
            self.begun = Spans(np.array([0]), np.array([self.horizon_ns]))
        else:
            self.begun = no_spans()
        self.spans = self.spans.kept(self.spans.end_ns > stretch.start_ns).then(self.begun)
        if len(self.begun):
            self._until_ns = int(self.begun.end_ns[-1])


@dataclass
class LockOut:
    """Spans in which a task is locked out."""

    rule: LockOutRule
    lock: Lock
    spans: Spans

    def advance(self, onset_ns: IntArray, stretch: Stretch) -> Spans:
        """Spans that touch the next stretch, from the counting events in it."""
        rule = self.rule
        begun = locked_spans(onset_ns, rule.after, rule.within_ns, rule.lasts_ns, self.lock)
        self.spans = self.spans.kept(self.spans.end_ns >= stretch.start_ns).then(begun)
        return self.spans
