"""What a record says: accuracy, latency and counts, each with its interval."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, inf, isfinite

import numpy as np
from numpy.typing import NDArray

from cascade.statistics import poisson_interval, wilson_interval
from powerplan.engines.record import Record
from powerplan.lowering.lower import Lowering
from powerplan.model.requirement import Requirement
from powerplan.plan.codes import NS_PER_DAY, NS_PER_S, STAGE_NAMES, Outcome
from powerplan.plan.plan import FloatArray, IntArray
from powerplan.plan.world import World
from powerplan.results.metric import Metric
from powerplan.study.statistics import CONFIDENCE_FRACTION, percentile
from powerplan.workload.spec import Stream

Flags = NDArray[np.bool_]
PERCENTILES = (50.0, 95.0, 99.0)
WILSON, POISSON = "counted events, Wilson 90 %", "counted alarms, exact Poisson 90 %"
ENDS = ("decision", "action", "delivered")
"""Where a latency may end, besides at the end of a stage."""
RANKS = "simulated activations, order statistics 90 %"


def share_ends(hits: int, total: int) -> tuple[float, float]:
    """Ends of the interval of a share."""
    found = wilson_interval(hits, total, CONFIDENCE_FRACTION)
    return found.low, found.high


def count_ends(count: int) -> tuple[float, float]:
    """Ends of the interval of a count."""
    found = poisson_interval(count, CONFIDENCE_FRACTION)
    return found.low, found.high


def days_of(record: Record) -> float:
    """Simulated days."""
    return record.horizon_ns / NS_PER_DAY


def accuracy(lowering: Lowering, record: Record) -> dict[str, Metric]:
    """Recall, precision, false alarms, detections and escalation of every cascade that has scores."""
    found: dict[str, Metric] = {}
    days = days_of(record)
    for number, name in enumerate(lowering.plan.cascade_names):
        cascade = lowering.scenario.cascade[name]
        first = int(np.flatnonzero((lowering.plan.level_cascade == number) & (lowering.plan.level_number == 0))[0])
        seen, passed = int(record.level_seen[first]), int(record.level_passed[first])
        if seen:
            found[f"escalation.{name}"] = Metric(passed / seen, "1", *share_ends(passed, seen), WILSON)
        detections = int(record.detections[number])
        low, high = count_ends(detections)
        found[f"detections.{name}"] = Metric(detections / days, "1/d", low / days, high / days, POISSON)
        if cascade.outcomes is not None:
            continue
        outcome = record.event_outcome[:, number]
        counted = int((outcome != Outcome.CUT).sum())
        hits = int((outcome == Outcome.DETECTED).sum())
        if counted:
            found[f"recall.{name}"] = Metric(hits / counted, "1", *share_ends(hits, counted), WILSON)
        alarms = int(record.false_alarms[number])
        low, high = count_ends(alarms)
        found[f"false_alarms.{name}"] = Metric(alarms / days, "1/d", low / days, high / days, POISSON)
        true = int(record.hits[number] + record.repeats[number])
        if true + alarms:
            found[f"precision.{name}"] = Metric(true / (true + alarms), "1", *share_ends(true, true + alarms), WILSON)
    return found


def latencies(lowering: Lowering, record: Record, world: World, task: str, end: str = "action") -> FloatArray:
    """Latency of every activation of a task that came to an end of this kind. [s]

    `end` is `decision`, `action` (start of the first action), `delivered` (its end) or the name of a stage.
    Tasks with a cascade count their true detections, or all detections where outcomes stand for scores.
    """
    plan, rows = lowering.plan, record.rows
    number = plan.task_names.index(task)
    own = (rows.task == number) & (rows.ended_ns >= 0)
    cascade = int(plan.task_cascade[number])
    if cascade >= 0:
        own &= rows.outcome == Outcome.DETECTED
        scored = lowering.scenario.cascade[plan.cascade_names[cascade]].outcomes is None
        if scored and len(world.events):
            event = np.maximum(rows.event, 0)
            own &= (rows.event >= 0) & world.events.target[event, cascade]
            own &= _first_of_event(rows.event, own)
    chosen = np.flatnonzero(own)
    origin = _origins(lowering, record, world, task, chosen)
    if end in STAGE_NAMES and end not in ENDS:
        return np.asarray(_stage(record, chosen, origin, end) / NS_PER_S, np.float64)
    done = _ends(lowering, record, number, chosen, end)
    reached = done >= 0
    return np.asarray((done - origin)[reached] / NS_PER_S, np.float64)


def _first_of_event(event: IntArray, own: Flags) -> Flags:
    """Only the first detection of each event. Rows are in time order within a task."""
    rows = np.flatnonzero(own)
    first = np.zeros(len(event), bool)
    first[rows[np.unique(event[rows], return_index=True)[1]]] = True
    return first


def _origins(lowering: Lowering, record: Record, world: World, task: str, chosen: IntArray) -> IntArray:
    """Where latency starts, per row. [ns]"""
    rows = record.rows
    start = lowering.scenario.tasks[task].latency_from if task in lowering.scenario.tasks else "trigger"
    released = rows.released_ns[chosen]
    if start == "window":
        release = lowering.world.tasks[lowering.plan.task_names.index(task)].release
        return _integers(released + (release.lead_ns if isinstance(release, Stream) else 0))
    if start == "trigger" or not len(world.events):
        return _integers(released)
    event = rows.event[chosen]
    moment = world.events.onset_ns if start == "onset" else world.events.end_ns
    return _integers(np.where(event >= 0, moment[np.maximum(event, 0)], released))


def _ends(lowering: Lowering, record: Record, number: int, chosen: IntArray, end: str) -> IntArray:
    """When each row came to the asked end, -1 where it did not. [ns]"""
    plan, rows = lowering.plan, record.rows
    children = np.flatnonzero(plan.task_parent == number)
    if end == "decision":
        return _integers(np.where(rows.decided_ns[chosen] >= 0, rows.decided_ns[chosen], rows.ended_ns[chosen]))
    if not len(children):
        if end == "delivered" or (rows.action_ns[chosen] < 0).all():
            return _integers(rows.ended_ns[chosen])
        return _integers(rows.action_ns[chosen])
    child_rows = np.flatnonzero(rows.task == children[0])
    by_parent = {int(rows.parent_ordinal[row]): row for row in child_rows[::-1]}
    done = np.full(len(chosen), -1, np.int64)
    for position, row in enumerate(chosen):
        child = by_parent.get(int(rows.ordinal[row]))
        if child is not None and rows.ended_ns[child] >= 0:
            action = rows.action_ns[child] if rows.action_ns[child] >= 0 else rows.started_ns[child]
            done[position] = rows.ended_ns[child] if end == "delivered" else action
    return done


def _stage(record: Record, chosen: IntArray, origin: IntArray, end: str) -> IntArray:
    if end == "wait":
        return _integers(np.maximum(record.rows.released_ns[chosen] - origin, 0))
    return _integers(record.rows.stage_ns[chosen, STAGE_NAMES.index(end)])


def latency_metrics(lowering: Lowering, record: Record, world: World, requirements: Iterable[Requirement]
                    ) -> dict[str, Metric]:
    """Percentiles of every task that reacts to something, and of all that requirements ask for."""
    found: dict[str, Metric] = {}
    for task, spec in lowering.scenario.tasks.items():
        reacts = spec.on_detect or spec.when.interrupt or spec.when.event
        wanted = any(req.metric.startswith(f"latency.{task}.") for req in requirements)
        if not (reacts or wanted):
            continue
        values = latencies(lowering, record, world, task)
        for percent in PERCENTILES:
            if len(values):
                found[f"latency.{task}.p{percent:g}"] = Metric(*_in_order(percentile(values, percent)), RANKS)
    for requirement in requirements:
        if requirement.metric.startswith("latency.") and requirement.metric not in found:
            _, task, *stage, percent_text = requirement.metric.split(".")
            values = latencies(lowering, record, world, task, stage[0] if stage else "action")
            if len(values):
                ranked = percentile(values, float(percent_text[1:]))
                found[requirement.metric] = Metric(*_in_order(ranked), RANKS)
    return found


def _in_order(ranked: tuple[float, float, float]) -> tuple[float, str, float, float]:
    value, low, high = ranked
    return value, "s", low, high


def counts(lowering: Lowering, record: Record) -> dict[str, Metric]:
    """Activations of every task per day."""
    days = days_of(record)
    found = {}
    for number, name in enumerate(lowering.plan.task_names):
        finished = int(record.task_finished[number])
        low, high = count_ends(finished) if finished < 10_000 else (finished * 0.99, finished * 1.01)
        found[f"releases.{name}"] = Metric(finished / days, "1/d", low / days, high / days, POISSON)
    return found


def resolvable_false_alarms_per_day(lowering: Lowering, record: Record, name: str) -> float:
    """Smallest false-alarm rate the negative data can show: 3 / negatives x decisions per day (rule of three)."""
    number = lowering.plan.cascade_names.index(name)
    world = lowering.world.cascade(name)
    negatives = [len(clips.score) for label, clips in world.clips.items() if label != world.target]
    total = sum(negatives)
    if not total:
        return inf
    first = int(np.flatnonzero((lowering.plan.level_cascade == number) & (lowering.plan.level_number == 0))[0])
    decisions = record.level_seen[first] / days_of(record)
    return float(3.0 / total * decisions)


def times_needed(smallest: float, limit: float) -> str:
    """How many times the data are needed to show a limit, never less than it takes: 1.003 times is said as 1.01."""
    if limit <= 0.0 or not isfinite(smallest):
        return "no data prove 0" if limit <= 0.0 else "there are none"
    return f"{ceil(smallest / limit * 100) / 100:.4g} times as many are needed"


def _integers(values: object) -> IntArray:
    return np.asarray(values, np.int64)
