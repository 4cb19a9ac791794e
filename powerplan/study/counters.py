"""What a product counts, sends and keeps: levels one by one, daily counts, messages, bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from powerplan.engines.record import Record
from powerplan.lowering.lower import Lowering
from powerplan.model.expression import bounds, evaluate, names_in
from powerplan.model.scenario import Do
from powerplan.plan.codes import NS_PER_DAY, Outcome, rejected_by
from powerplan.plan.plan import FloatArray, IntArray
from powerplan.plan.world import World
from powerplan.results.metric import Metric
from powerplan.study.metrics import count_ends, share_ends
from powerplan.workload.spec import Periodic

BEYOND_LEVELS = (Outcome.DETECTED, Outcome.REFRACTORY, Outcome.NOT_CONFIRMED, Outcome.DEADLINE)
"""Outcomes of events that every level let pass."""
NORMAL_90_QUANTILE = 1.645
FEWEST_DAYS = 2


def counters(lowering: Lowering, record: Record, world: World) -> dict[str, Metric]:
    """Metrics of single levels, daily counts, messages and bytes."""
    found: dict[str, Metric] = {}
    for number, name in enumerate(lowering.plan.cascade_names):
        if lowering.scenario.cascade[name].outcomes is None:
            found |= _levels(lowering, record, number, name)
            found |= _count_error(lowering, record, world, number, name)
    return found | _messages(lowering, record)


def _levels(lowering: Lowering, record: Record, number: int, name: str) -> dict[str, Metric]:
    """Share of target events that pass each level, and that each level refuses of those that reach it."""
    counts = np.bincount(record.event_outcome[:, number], minlength=len(Outcome))
    shares = level_shares(counts, len(lowering.scenario.cascade[name].levels), name)
    method = "counted events, Wilson 90 %; an event counts where its farthest decision stood"
    return {metric: Metric(part / whole, "1", *share_ends(part, whole), method)
            for metric, (part, whole) in shares.items() if whole}


def level_shares(counts: IntArray, levels: int, name: str) -> dict[str, tuple[int, int]]:
    """Metric of each level of a cascade -> (events, of how many), from the number of events by outcome (outcomes,)."""
    whole, through = int(counts.sum() - counts[Outcome.CUT]), int(counts[list(BEYOND_LEVELS)].sum())
    found = {}
    for level in range(levels - 1, -1, -1):
        refused = int(counts[rejected_by(level)])
        found[f"false_rejects.{name}.level{level + 1}"] = refused, through + refused
        found[f"recall.{name}.level{level + 1}"] = through, whole
        through += refused
    return found


def _count_error(lowering: Lowering, record: Record, world: World, number: int, name: str) -> dict[str, Metric]:
    """Mean over the days of |detections - events| as a share of the events of a mean day."""
    days = int(record.horizon_ns // NS_PER_DAY)
    if days < FEWEST_DAYS or not len(world.events):
        return {}
    tasks = np.flatnonzero(lowering.plan.task_cascade == number)
    rows = record.rows
    own = np.isin(rows.task, tasks) & (rows.outcome == Outcome.DETECTED) & (rows.decided_ns >= 0)
    counted = _by_day(rows.decided_ns[own], days)
    true = _by_day(world.events.onset_ns[record.event_outcome[:, number] != Outcome.CUT], days)
    if not true.sum():
        return {}
    error = np.abs(counted - true) / true.mean()
    value, spread = float(error.mean()), float(error.std(ddof=1) / np.sqrt(days)) * NORMAL_90_QUANTILE
    method = f"mean of {days} days, |detections - events| over the events of a mean day; 90 %"
    return {f"count_error.{name}": Metric(value, "1", max(0.0, value - spread), value + spread, method)}


def _by_day(time_ns: FloatArray, days: int) -> FloatArray:
    return np.asarray(np.bincount((time_ns // NS_PER_DAY).astype(np.int64), minlength=days)[:days], np.float64)


def steps_of(listed: list[Do]) -> Iterator[Do]:
    """Steps with those inside `parallel`."""
    for step in listed:
        yield step
        yield from steps_of(step.parallel or [])


def _messages(lowering: Lowering, record: Record) -> dict[str, Metric]:
    """Messages a day by radio and in all, bytes sent and bytes kept a day."""
    days = record.horizon_ns / NS_PER_DAY
    sends: dict[str, tuple[int, int]] = {}
    arriving: dict[str, tuple[float, int]] = {}
    sent_bytes = stored_bytes = 0.0
    for name, task in lowering.scenario.tasks.items():
        for suffix, listed in (("", task.do), (".detected", task.on_detect)):
            if not listed:
                continue
            number = lowering.plan.task_names.index(name + suffix)
            finished = int(record.task_finished[number])
            certain = lowering.world.even or isinstance(lowering.world.tasks[number].release, Periodic)
            for step in steps_of(listed):
                size = step.bytes.typ if step.bytes is not None else 0.0
                if step.send is not None:
                    by_clock, by_chance = sends.get(step.send, (0, 0))
                    sends[step.send] = (by_clock + certain * finished, by_chance + (not certain) * finished)
                    arrived, asked = arriving.get(step.send, (0.0, 0))
                    arriving[step.send] = (arrived + finished * _arriving_fraction(lowering, step.send),
                                           asked + finished + int(record.task_dropped[number]))
                    sent_bytes += finished * size
                elif step.run is not None:
                    stored_bytes += finished * size
    found = {f"messages.{radio}": _rate(*counts, days) for radio, counts in sends.items()}
    for radio, (arrived, asked) in arriving.items():
        if asked:
            share = arrived / asked
            found[f"delivered.{radio}"] = Metric(share, "1", share, share, "share of the messages that were asked for: "
                                                 "those not lost to a full store x the link's share within its tries")
    if sends:
        by_clock, by_chance = (sum(counts) for counts in zip(*sends.values(), strict=True))
        found["messages"] = _rate(by_clock, by_chance, days)
    for name, total in (("bytes_sent", sent_bytes), ("bytes_stored", stored_bytes)):
        per_day = total / days
        found[name] = Metric(per_day, "B", per_day, per_day, "bytes stated in the tasks x activations, a day")
    return found


def _arriving_fraction(lowering: Lowering, radio: str) -> float:
    """Share of a radio's messages that arrive within their tries. [1]"""
    part = lowering.parts[radio]
    if lowering.world.even or not hasattr(part.part, "link"):
        return 1.0
    return float(part.part.link(part.use).delivered_fraction())


def _rate(by_clock: int, by_chance: int, days: float) -> Metric:
    """Messages a day: those that follow the clock are certain, the others are counted."""
    low, high = count_ends(by_chance) if by_chance else (0.0, 0.0)
    total = by_clock + by_chance
    return Metric(total / days, "1/d", (by_clock + low) / days, (by_clock + high) / days,
                  "counted messages, exact Poisson 90 % for those that do not follow the clock")


def derived(expressions: Mapping[str, str], metrics: Mapping[str, Metric]) -> dict[str, Metric]:
    """The scenario's own metrics, of those whose parts are all known; they may use each other in their order."""
    known = dict(metrics)
    found: dict[str, Metric] = {}
    for name, text in expressions.items():
        used = names_in(text)
        if not all(part in known for part in used):
            continue
        value = evaluate(text, {part: known[part].value for part in used})
        low, high = bounds(text, {part: (known[part].low, known[part].high) for part in used})
        if value == value:
            found[name] = known[name] = Metric(value, "1", min(low, value), max(high, value),
                                               f"{text}; interval over the corners of its parts")
    return found
