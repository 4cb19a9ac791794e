"""When things happen: events, lasting states, interrupts and open gates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powerplan.plan.codes import NS_PER_HOUR, NS_PER_S
from powerplan.plan.plan import FloatArray, IntArray
from powerplan.workload.spec import EventKind, Length, StateKind, WorldSpec
from powerplan.workload.streams import Streams

GOLDEN_FRACTION = 0.6180339887498949
"""Offsets by multiples of it keep evenly spaced streams apart from each other."""


@dataclass(frozen=True)
class Spans:
    """Intervals of time, sorted, not touching."""

    start_ns: IntArray
    end_ns: IntArray

    def __len__(self) -> int:
        return len(self.start_ns)


def poisson_times(generator: np.random.Generator, expected: float) -> FloatArray:
    """Arrival points of a unit-rate Poisson process on [0, expected)."""
    parts: list[FloatArray] = []
    reached = 0.0
    while reached < expected:
        gaps = generator.standard_exponential(256)
        points = reached + np.cumsum(gaps)
        parts.append(points)
        reached = float(points[-1])
    points = np.concatenate(parts) if parts else np.empty(0)
    return points[points < expected]


def event_onsets(kind: EventKind, number: int, spec: WorldSpec, streams: Streams, horizon_ns: int,
                 states: dict[str, Spans]) -> IntArray:
    """Onsets of one kind of event within the horizon. (events,) [ns]"""
    first_ns = _group_onsets(kind, number, spec, streams, horizon_ns, states)
    if kind.burst_count == 1:
        return first_ns
    gap_ns = kind.burst_ns // kind.burst_count
    onset_ns = np.sort((first_ns[:, None] + np.arange(kind.burst_count) * gap_ns).ravel())
    return np.asarray(onset_ns[onset_ns < horizon_ns], np.int64)


def _group_onsets(kind: EventKind, number: int, spec: WorldSpec, streams: Streams, horizon_ns: int,
                  states: dict[str, Spans]) -> IntArray:
    """Onset of the first event of every group. (groups,) [ns]"""
    active = states[kind.during] if kind.during else None
    available_ns = int((active.end_ns - active.start_ns).sum()) if active else horizon_ns
    expected = kind.rate_per_s / kind.burst_count * horizon_ns / NS_PER_S
    if expected <= 0 or available_ns <= 0:
        return np.empty(0, np.int64)
    if spec.even:
        count = int(np.floor(expected + 1e-9))
        offset = (0.5 + GOLDEN_FRACTION * number) % 1.0
        share = np.asarray((np.arange(count) + offset) / expected, np.float64)
    else:
        share = np.asarray(poisson_times(streams.generator("arrivals", kind.name), expected) / expected, np.float64)
    share = share[share < 1.0]
    if active is not None:
        return _inside(active, (share * available_ns).astype(np.int64))
    return _by_hour(share, kind.hour_weights, horizon_ns)


def _by_hour(share: FloatArray, weights: tuple[float, ...], horizon_ns: int) -> IntArray:
    """Points of [0, 1) carried to times, denser in the heavier hours."""
    if len(set(weights)) == 1:
        return (share * horizon_ns).astype(np.int64)
    hours = -(-horizon_ns // NS_PER_HOUR)
    edges_ns = np.minimum(np.arange(hours + 1) * NS_PER_HOUR, horizon_ns)
    mass = np.diff(edges_ns) * np.array([weights[hour % 24] for hour in range(hours)])
    if mass.sum() <= 0.0:
        return np.empty(0, np.int64)
    cumulative = np.concatenate([[0.0], np.cumsum(mass)]) / mass.sum()
    return np.interp(share, cumulative, edges_ns.astype(np.float64)).astype(np.int64)


def _inside(spans: Spans, position_ns: IntArray) -> IntArray:
    """Positions on the joined-up active time, carried to calendar time."""
    lengths = spans.end_ns - spans.start_ns
    before = np.concatenate([[0], np.cumsum(lengths)])
    index = np.searchsorted(before, position_ns, side="right") - 1
    return np.asarray(spans.start_ns[index] + position_ns - before[index], np.int64)


def lengths(length: Length, count: int, generator: np.random.Generator, even: bool) -> IntArray:
    """How long each of `count` events lasts. [ns]"""
    if even or length.low_ns is None or length.high_ns is None:
        return np.full(count, length.typical_ns, np.int64)
    return (length.low_ns + generator.random(count) * (length.high_ns - length.low_ns)).astype(np.int64)


def state_spans(kind: StateKind, spec: WorldSpec, streams: Streams, horizon_ns: int) -> Spans:
    """Bouts of a lasting state: evenly spaced, or exponential bouts and gaps with the same means."""
    if kind.active_fraction >= 1.0:
        return Spans(np.array([0]), np.array([horizon_ns]))
    if kind.active_fraction <= 0.0:
        return Spans(np.empty(0, np.int64), np.empty(0, np.int64))
    if spec.even:
        count = round(kind.active_fraction * horizon_ns / kind.bout_ns)
        spacing_ns = horizon_ns / max(count, 1)
        start = ((np.arange(count) + 0.5) * spacing_ns - kind.bout_ns / 2).astype(np.int64)
        return Spans(start, start + kind.bout_ns)
    generator = streams.generator("state", kind.name)
    mean_gap_ns = kind.bout_ns * (1 - kind.active_fraction) / kind.active_fraction
    count = int(2 * horizon_ns / (kind.bout_ns + mean_gap_ns)) + 64
    draws = generator.standard_exponential((count, 2))
    cycle = np.cumsum(draws[:, 0] * mean_gap_ns + draws[:, 1] * kind.bout_ns)
    while cycle[-1] < horizon_ns:
        more = generator.standard_exponential((count, 2))
        draws = np.concatenate([draws, more])
        cycle = np.cumsum(draws[:, 0] * mean_gap_ns + draws[:, 1] * kind.bout_ns)
    end = np.minimum(cycle, horizon_ns).astype(np.int64)
    start = np.minimum(cycle - draws[:, 1] * kind.bout_ns, horizon_ns).astype(np.int64)
    return _merged(start[start < end], end[start < end])


def _merged(start_ns: IntArray, end_ns: IntArray) -> Spans:
    """Union of intervals sorted by start."""
    if not len(start_ns):
        return Spans(start_ns, end_ns)
    reach = np.maximum.accumulate(end_ns)
    fresh = np.concatenate([[True], start_ns[1:] > reach[:-1]])
    last = np.concatenate([np.flatnonzero(fresh)[1:] - 1, [len(start_ns) - 1]])
    return Spans(start_ns[fresh], reach[last])


@dataclass(frozen=True)
class Causes:
    """What can set off a sensor: an event (its number) or a lasting state (-1), from start to end."""

    start_ns: IntArray
    end_ns: IntArray
    event: IntArray


@dataclass(frozen=True)
class Interrupts:
    """Interrupts of one sensor in order, each with its event (-1: none) and the end of its cause."""

    time_ns: IntArray
    event: IntArray
    end_ns: IntArray


def interrupts(name: str, spec: WorldSpec, causes: Causes, streams: Streams, horizon_ns: int) -> Interrupts:
    """Interrupts of a sensor: noticed causes after its delay, spurious ones, none while it is blind."""
    sensor = spec.sensors[name]
    uniform = streams.generator("noticed", name).random(len(causes.event))
    noticed = np.ones(len(uniform), bool) if spec.even else uniform < sensor.detection_fraction
    time = causes.start_ns[noticed] + sensor.delay_ns
    event, end = causes.event[noticed], causes.end_ns[noticed]
    if sensor.spurious_per_s > 0 and not spec.even:
        expected = sensor.spurious_per_s * horizon_ns / NS_PER_S
        extra = poisson_times(streams.generator("spurious", name), expected) / expected * horizon_ns
        extra_ns = extra.astype(np.int64)
        time = np.concatenate([time, extra_ns])
        event = np.concatenate([event, np.full(len(extra_ns), -1)])
        end = np.concatenate([end, extra_ns])
    order = np.argsort(time, kind="stable")
    time, event, end = time[order], event[order], end[order]
    keep = _not_blind(time, sensor.blind_ns) & (time < horizon_ns)
    return Interrupts(time[keep], event[keep], end[keep])


def _not_blind(time_ns: IntArray, blind_ns: int) -> NDArray[np.bool_]:
    """Which interrupts come when the sensor is not blind from the last one that came."""
    keep = np.ones(len(time_ns), bool)
    if blind_ns <= 0 or not len(time_ns) or (np.diff(time_ns) >= blind_ns).all():
        return keep
    free_ns = -1
    for number, at_ns in enumerate(time_ns.tolist()):
        keep[number] = at_ns >= free_ns
        if keep[number]:
            free_ns = at_ns + blind_ns
    return keep


def open_gate(found: Interrupts, hold_ns: int, horizon_ns: int) -> Spans:
    """Spans in which a stream runs: from each interrupt until its cause is over and the hold time has passed."""
    end = np.minimum(np.maximum(found.end_ns, found.time_ns) + hold_ns, horizon_ns)
    useful = end > found.time_ns
    return _merged(found.time_ns[useful], end[useful])




def locked_spans(onset_ns: IntArray, after: int, within_ns: int, lasts_ns: int) -> Spans:
    """Spans in which a lock-out holds: from the last of `after` events within a time, `lasts_ns` long.

    Events inside a span do not count; counting starts anew after it.
    """
    start: list[int] = []
    recent: list[int] = []
    free_ns = -1
    for at_ns in onset_ns.tolist():
        if at_ns <= free_ns:
            continue
        recent = [*recent[-(after - 1):], at_ns] if after > 1 else [at_ns]
        if len(recent) == after and at_ns - recent[0] <= within_ns:
            start.append(at_ns)
            free_ns, recent = at_ns + lasts_ns, []
    begun = np.array(start, np.int64)
    return Spans(begun, begun + lasts_ns)
