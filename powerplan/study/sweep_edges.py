"""Which edge of the level-1 scores a sweep moves: the lower one of `above` and of a band, the upper one of `below`."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from powerplan.engines.sweep import SweepResult
from powerplan.engines.sweep import sweep as count_pairs
from powerplan.errors import EngineLimit
from powerplan.lowering.cascades import limits_of
from powerplan.lowering.lower import Lowering
from powerplan.model.scenario import Band, Cascade, Level
from powerplan.plan.codes import NS_PER_DAY
from powerplan.plan.plan import FloatArray, Plan
from powerplan.plan.world import World
from powerplan.workload.draw import draw_world

STARTS = {"onset": "onset of the event", "end": "end of the event", "window": "end of the window that is decided on",
          "trigger": "release of the task"}
"""`latency_from` in words."""


@dataclass(frozen=True)
class Edge:
    """The moved edge of level 1 of one cascade; level 2 keeps its lower edge."""

    name: str
    cascade: int
    kind: Literal["above", "below", "band"]
    high: float = np.inf
    """The held upper edge of a band."""
    accept: float = np.inf
    """Level-1 score from which on level 1 decides alone."""

    def limits(self, threshold: float) -> tuple[float, float]:
        """Lowest and highest level-1 score that goes on, as the Plan has them."""
        if self.kind == "below":
            return -np.inf, float(np.nextafter(threshold, -np.inf))
        return threshold, self.high

    def goes_on(self, score: FloatArray, threshold: float) -> NDArray[np.bool_]:
        """Whether each level-1 score reaches level 2."""
        low, high = self.limits(threshold)
        passed: NDArray[np.bool_] = (score >= low) & (score <= high) & (score < self.accept)
        return passed

    def decides(self, score: FloatArray) -> NDArray[np.bool_]:
        """Whether each level-1 score is a detection without level 2."""
        found: NDArray[np.bool_] = score >= self.accept
        return found

    def grid(self, values: FloatArray) -> FloatArray:
        """The thresholds that make sense, ascending."""
        sensible: FloatArray = values[(values <= self.high) & ((values < self.accept) | np.isinf(self.accept))]
        return sensible

    def widest(self, grid: FloatArray) -> float:
        """The threshold that sends the most on."""
        return float(grid[-1] if self.kind == "below" else grid[0])

    @property
    def everything(self) -> float | None:
        """The threshold that sends everything on; a band never does, nor a level that accepts alone."""
        if self.accept < np.inf:
            return None
        return {"above": 0.0, "below": np.inf, "band": None}[self.kind]


def edge_of(lowering: Lowering, name: str) -> Edge:
    """The edge that a sweep of a cascade moves. Raises EngineLimit."""
    cascade = lowering.scenario.cascade[name]
    for level in cascade.levels[1:]:
        if level.escalate != "above":
            raise EngineLimit(f"cascade {name}: the levels after the first are swept with `escalate: above` only")
    number, rule = lowering.plan.cascade_names.index(name), cascade.level1.escalate
    if isinstance(rule, Band):
        return Edge(name, number, "band", rule.band[1])
    accept = getattr(cascade.level1, "accept", None)
    return Edge(name, number, rule, accept=np.inf if accept is None else float(accept))


def own_pair(cascade: Cascade) -> tuple[float, float]:
    """The thresholds that stand in the scenario."""
    first = limits_of(cascade.level1)[0] if isinstance(cascade.level1.escalate, Band) else _threshold(cascade.level1)
    return first, _threshold(cascade.level2) if cascade.level2 is not None else 0.0


def _threshold(level: Level) -> float:
    return np.inf if level.threshold == "never" else float(level.threshold)


def changed_level(level: Level, threshold: float) -> Level:
    """Level 1 with another threshold, or another lower edge of its band."""
    if isinstance(level.escalate, Band):
        return level.model_copy(update={"escalate": Band(band=(threshold, level.escalate.band[1]))})
    return level.model_copy(update={"threshold": "never" if threshold == np.inf else threshold})


def latency_start(lowering: Lowering, name: str) -> str:
    """Where the latencies of the map start: at the end of an event where every task of the cascade says so."""
    return "end" if {start for _, start in _starts(lowering, name)} == {"end"} else "onset"


def latency_notes(lowering: Lowering, name: str, start: str) -> tuple[str, ...]:
    """What is said where the map's latencies start elsewhere than those of the scenario."""
    others = [f"`latency.{task}` starts at the {STARTS[own]}" for task, own in _starts(lowering, name) if own != start]
    return (f"latencies of the map start at the {STARTS[start]}; {', '.join(others)}: the full run judges it",
            ) if others else ()


def _starts(lowering: Lowering, name: str) -> list[tuple[str, str]]:
    """(task, where its latency starts) of every task with a cascade."""
    plan, number = lowering.plan, lowering.plan.cascade_names.index(name)
    return [(task, spec.latency_from) for task, spec in lowering.scenario.tasks.items()
            if int(plan.task_cascade[plan.task_names.index(task)]) == number]


def world_of(lowering: Lowering, edge: Edge, grid: FloatArray, days: float, seed: int) -> World:
    """The world with every window that some threshold of the grid lets through."""
    low, high = edge.limits(edge.widest(grid))
    cascades = tuple(replace(one, low_score=min(one.low_score, low), high_score=max(one.high_score, high))
                     if one.name == edge.name else one for one in lowering.world.cascades)
    return draw_world(replace(lowering.world, cascades=cascades), max(1, round(days * NS_PER_DAY)), seed)


def at_pair(lowering: Lowering, edge: Edge, threshold_1: float, threshold_2: float) -> Lowering:
    """The same device with other thresholds."""
    plan = lowering.plan
    low, high = plan.level_low_score.copy(), plan.level_high_score.copy()
    own = plan.level_cascade == edge.cascade
    low[own & (plan.level_number == 0)], high[own & (plan.level_number == 0)] = edge.limits(threshold_1)
    low[own & (plan.level_number == 1)] = threshold_2
    return replace(lowering, plan=replace(plan, level_low_score=low, level_high_score=high))


def counted_pairs(lowering: Lowering, world: World, edge: Edge, grid_1: FloatArray, grid_2: FloatArray,
                  from_end: bool = False) -> SweepResult:
    """Counts of every pair; latencies from the end of an event instead of its onset where asked."""
    if from_end:
        world = replace(world, events=replace(world.events, onset_ns=world.events.end_ns))
    if edge.kind != "below":
        return count_pairs(lowering.plan, world, edge.cascade, grid_1, grid_2)
    # Scores with their sign turned: what lay below an upper edge lies above a lower one.
    plan = _turned_plan(lowering.plan, edge)
    turned = np.nextafter(-grid_1[::-1], np.inf)
    found = count_pairs(plan, _turned_world(world, plan, edge), edge.cascade, turned, grid_2)
    planes: dict[str, Any] = {one.name: np.ascontiguousarray(getattr(found, one.name)[:, ::-1])
                              for one in fields(found) if getattr(getattr(found, one.name), "ndim", 0) == 3}
    return replace(found, threshold_1=grid_1, **planes)


def _turned_plan(plan: Plan, edge: Edge) -> Plan:
    low, high = plan.level_low_score.copy(), plan.level_high_score.copy()
    first = (plan.level_cascade == edge.cascade) & (plan.level_number == 0)
    low[first], high[first] = -high[first], np.inf
    return replace(plan, level_low_score=low, level_high_score=high)


def _turned_world(world: World, plan: Plan, edge: Edge) -> World:
    own = set(np.flatnonzero(plan.task_cascade == edge.cascade).tolist())
    return replace(world, activations=tuple(_turned(one) if task in own else one
                                            for task, one in enumerate(world.activations)))


def _turned(drawn: Any) -> Any:
    """Candidates with the sign of their level-1 scores turned."""
    columns = {}
    for name in ("score", "late_score"):
        score = getattr(drawn, name).copy()
        score[:, 0] = -score[:, 0]
        columns[name] = score
    return replace(drawn, **columns)
