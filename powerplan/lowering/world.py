"""The workload of a scenario as a world to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from powerplan.lowering.cascades import limits_of
from powerplan.lowering.parts import LoweredPart
from powerplan.model.scenario import Cascade, Outcomes, Scenario, share_value
from powerplan.model.workload import Event, hour_span
from powerplan.plan.plan import FloatArray
from powerplan.workload.spec import (
    CascadeWorld,
    Clips,
    EvenOutcomes,
    EventKind,
    Length,
    StateKind,
    TaskWorld,
    WorldSpec,
    clips_from,
)

if TYPE_CHECKING:
    from cascade.arena import Arena
    from cascade.scores import ScoreTable
    from cascade.tflite import ModelFacts

NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class CascadeInput:
    """What was read from outside for one cascade: its score table, and the facts of its models by level."""

    table: ScoreTable | None
    facts: tuple[ModelFacts | None, ...]
    measured: tuple[Path | None, ...] = ()
    """Results of other tools by level."""
    arenas: tuple[Arena | None, ...] = ()
    """Measured arenas of the models by level."""


def world_spec(scenario: Scenario, tasks: tuple[TaskWorld, ...], parts: Mapping[str, LoweredPart],
               inputs: Mapping[str, CascadeInput]) -> WorldSpec:
    """Everything the World is drawn from."""
    sensors = {name: interrupt for name, part in parts.items() if (interrupt := part.interrupt()) is not None}
    workload = scenario.workload
    events = tuple(_event_kind(name, event, scenario, tuple(sensors)) for name, event in workload.events.items())
    states = tuple(StateKind(name, state.active.typ, state.lasts.duration_ns, tuple(state.seen_by))
                   for name, state in workload.states.items())
    cascades = tuple(_cascade_world(name, cascade, inputs[name].table) for name, cascade in scenario.cascade.items())
    return WorldSpec(tasks, events, states, sensors, cascades, workload.variance == "none")


def _event_kind(name: str, event: Event, scenario: Scenario, sensors: tuple[str, ...]) -> EventKind:
    length = Length(0)
    if event.lasts is not None:
        varies = event.lasts.per == "activation"
        low_ns, high_ns = (round(value * NS_PER_S) for value in (event.lasts.low, event.lasts.high))
        length = Length(event.lasts.duration_ns, low_ns if varies else None, high_ns if varies else None)
    labels = event.label if isinstance(event.label, dict) else dict.fromkeys(scenario.cascade, event.label)
    workload = scenario.workload
    rate = workload.usage.get(workload.use or "", {}).get(name, event.rate).typ
    burst = event.burst
    named = {cascade: str(label) for cascade, label in labels.items() if label is not None}
    return EventKind(
        name, rate * (burst.count if burst else 1), length, named,
        _hour_weights(event.hours), tuple(event.seen_by) if event.seen_by is not None else sensors, event.during,
        burst.count if burst else 1, burst.within.duration_ns if burst else 0)


def _hour_weights(hours: dict[str, float] | None) -> tuple[float, ...]:
    """24 weights with mean 1; hours not named weigh 1 before scaling."""
    weights = np.ones(24)
    for span, weight in (hours or {}).items():
        first, end = hour_span(span)
        weights[first:end] = weight
    mean = float(weights.mean())
    return tuple(float(w) for w in (weights / mean if mean > 0 else weights))


def target_of(cascade: Cascade) -> str | None:
    """The scenario label a cascade is to detect: the stated one, else the first of its labels."""
    return cascade.target or next(iter(cascade.labels), None)


def _cascade_world(name: str, cascade: Cascade, table: ScoreTable | None) -> CascadeWorld:
    low, high = limits_of(cascade.level1)
    outcomes = _shares(cascade.outcomes) if cascade.outcomes else None
    background = {label: None if share == "rest" else share.typ for label, share in cascade.background.items()}
    wanted = [*cascade.labels, *(label for label in background if label not in cascade.labels)]
    columns = score_columns(cascade)
    count = len(columns)
    clips = {label: clips_of(table, str(cascade.labels.get(label, label)), columns) for label in wanted} \
        if table is not None else {}
    if outcomes is not None:
        low, high = 0.5, np.inf
    return CascadeWorld(name, count, target_of(cascade), clips, outcomes, background, cascade.within_event,
                        cascade.grace.duration_ns if cascade.grace else 0, low, high)


def score_columns(cascade: Cascade) -> list[int]:
    """Column of the score table that each level reads, from 0."""
    return [number if level.score_column is None else level.score_column - 1
            for number, level in enumerate(cascade.levels)]


_KNOWN: dict[tuple[int, str, tuple[int, ...]], tuple[ScoreTable, Clips]] = {}
"""Clips of tables that were asked for before, with the table, so that no other one can take its place in memory."""
KNOWN_COUNT = 256


def clips_of(table: ScoreTable, label: str, columns: list[int]) -> Clips:
    """Clips of one label of a score table: their rows in time, with the scores of all levels.

    Kept, because Monte Carlo samples lower the same scenario again and again.
    """
    key = (id(table), label, tuple(columns))
    known = _KNOWN.get(key)
    if known is None:
        if len(_KNOWN) >= KNOWN_COUNT:
            _KNOWN.clear()
        known = _KNOWN[key] = (table, _clips_of(table, label, columns))
    return known[1]


def _clips_of(table: ScoreTable, label: str, columns: list[int]) -> Clips:
    chosen = np.flatnonzero(np.asarray(table.label).astype(str) == label)
    score: FloatArray = np.asarray(table.score[chosen][:, columns], np.float64)
    _, clip = np.unique(table.clip_id[chosen], return_inverse=True)
    time_s = table.time_s[chosen] if table.time_s is not None else np.arange(len(chosen))
    order = np.lexsort((time_s, clip))
    clip, score = clip[order], score[order]
    starts = np.flatnonzero(np.concatenate([[True], clip[1:] != clip[:-1]])) if len(clip) else np.empty(0, np.int64)
    return clips_from(np.split(score, starts[1:]) if len(clip) else [], len(columns))


def _shares(outcomes: Outcomes) -> EvenOutcomes:
    return EvenOutcomes(share_value(outcomes.escalate), share_value(outcomes.detect))
