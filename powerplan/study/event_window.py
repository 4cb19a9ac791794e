"""The busiest stretch of the simulated time as the engine plays it, for a look at the supply event by event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from powerplan.engines import choose
from powerplan.engines.record import Record
from powerplan.plan.codes import NS_PER_DAY, NS_PER_S
from powerplan.plan.plan import FloatArray, IntArray, Plan
from powerplan.plan.world import Activations, World
from powerplan.study.supply import Loads

LONGEST_PLAYED_NS = 28 * NS_PER_DAY
"""The busiest stretch is looked for in so much of the simulated time: it is played up to there once more."""
MOST_STARTS_COUNT = 200_000
MOST_SEGMENTS_COUNT = 20_000
"""Stretches with more changes of state are not walked: their pulses run together into a mean."""


@dataclass(frozen=True)
class Played:
    """What was simulated: who did what when, and what each joint state asks of the battery."""

    plan: Plan
    world: World
    record: Record
    loads: Loads


@dataclass(frozen=True)
class Segments:
    """Stretches of constant demand at the battery's terminals, in turn."""

    begun_ns: int
    duration_s: FloatArray
    current_a: FloatArray
    power_w: FloatArray


def busiest(played: Played, length_s: float) -> Segments | None:
    """The stretch of a length with most activations that may do something; None where nothing ever does."""
    length_ns = round(length_s * NS_PER_S)
    until_ns = min(played.world.horizon_ns, LONGEST_PLAYED_NS)
    released = [_starts(drawn, until_ns) for drawn in played.world.activations]
    starts = np.sort(np.concatenate([*released, np.empty(0, np.int64)]))
    starts = starts[starts < until_ns]
    if not starts.size:
        return None
    inside = np.searchsorted(starts, starts + length_ns) - np.arange(starts.size)
    begun_ns = max(0, int(starts[int(np.argmax(inside))]) - NS_PER_S)
    ended_ns = min(begun_ns + length_ns, until_ns)
    trace = choose.trace(played.plan, played.world, (begun_ns, ended_ns))
    return _segments(played, trace, begun_ns, ended_ns) if trace else None


def _starts(drawn: Activations, until_ns: int) -> IntArray:
    """When the activations that may do something are released: the candidates, or all where nothing is drawn. [ns]"""
    runs = np.cumsum(drawn.run_count)
    ordinal = drawn.candidate
    if not ordinal.size and runs.size:
        kept = runs[min(int(np.searchsorted(drawn.run_start_ns, until_ns)), runs.size) - 1]
        ordinal = np.arange(min(int(kept), MOST_STARTS_COUNT))
    run = np.searchsorted(runs, ordinal, side="right")
    within = ordinal - (runs[run] - drawn.run_count[run]) if run.size else run
    return np.asarray(drawn.run_start_ns[run] + within * drawn.run_period_ns[run], np.int64)


def _segments(played: Played, trace: list[tuple[int, int]], begun_ns: int, ended_ns: int) -> Segments | None:
    """Demand between the changes of a trace; None where it holds a state whose demand is not known or too many."""
    plan, record, loads = played.plan, played.record, played.loads
    if len(trace) > MOST_SEGMENTS_COUNT:
        return None
    known = {int(code): number for number, code in enumerate(record.joint_code)}
    states = plan.part_rest_state.copy()
    rows: list[tuple[int, int]] = []
    code = int(plan.state_weight[states].sum())
    now_ns = begun_ns
    for at_ns, state in trace:
        if at_ns > now_ns:
            rows.append((at_ns - now_ns, code))
            now_ns = at_ns
        part = int(plan.state_part[state])
        code += int(plan.state_weight[state]) - int(plan.state_weight[states[part]])
        states[part] = state
    rows.append((max(0, ended_ns - now_ns), code))
    if not {code for _, code in rows} <= known.keys():
        return None
    joint = np.array([known[code] for _, code in rows])
    duration_s = np.array([span for span, _ in rows], float) / NS_PER_S
    return Segments(begun_ns, duration_s, loads.battery_current_a[joint], loads.battery_power_w[joint])
