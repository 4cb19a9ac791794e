"""Every pair of thresholds of one cascade: accuracy, latency and battery life of the whole device.

The world is drawn once, with a floor low enough for every pair; the sweep engine counts all pairs. Times by joint
state give the mean demand of each pair, and the battery is walked for it. Values are typical ones; the pair that is
recommended is run again in full, with uncertainty, and judged as `verify` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from cascade.statistics import poisson_interval, wilson_interval
from cascade.sweep import candidate_thresholds
from powerplan.batteries.demand import Demand
from powerplan.engines import choose
from powerplan.engines.closed_form import closed_form
from powerplan.engines.record import Record
from powerplan.engines.sweep import SweepResult
from powerplan.errors import PowerplanError
from powerplan.files.scenario import Loaded
from powerplan.lowering.lower import Lowering
from powerplan.lowering.parts import FigureLog
from powerplan.plan.codes import NS_PER_DAY, NS_PER_S, Outcome
from powerplan.plan.plan import FloatArray
from powerplan.results.tables import Table, Tabular
from powerplan.study.counters import level_shares
from powerplan.study.metrics import resolvable_false_alarms_per_day, times_needed
from powerplan.study.run import default_days, prepare
from powerplan.study.statistics import CONFIDENCE_FRACTION
from powerplan.study.supply import battery_life, demand_of, loads_of, supply_chain
from powerplan.study.sweep_edges import (
    Edge,
    at_pair,
    changed_level,
    counted_pairs,
    edge_of,
    latency_notes,
    latency_start,
    own_pair,
    world_of,
)
from powerplan.study.threshold_pair import SECONDS_PER_DAY, PairRow, answers, judged, recommended

THRESHOLD_COUNT = 12
SWEPT_DAYS_LIMIT = 7.0
LIFE_STEPS_FRACTION = 1e-3
"""Pairs whose mean demand differs by less share one walk of the battery."""
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Comparison:
    """What multiplying the levels' own shares would claim, beside the paired scores. By rows of the table."""

    recall: float | None
    recall_if_independent: float | None
    false_accepts: float | None
    false_accepts_if_independent: float | None


@dataclass(frozen=True, repr=False)
class ScenarioSweep(Tabular):
    """All pairs of one cascade of a scenario."""

    scenario: str
    cascade: str
    rows: tuple[PairRow, ...]
    chosen: PairRow
    """The recommended pair, or the nearest where none meets the requirements."""
    own: PairRow
    """The pair that stands in the scenario."""
    level_2_alone: PairRow | None
    """Everything goes to level 2: the pair of threshold 1 = 0 with the chosen threshold 2."""
    judged: tuple[str, ...]
    not_judged: tuple[str, ...]
    comparison: Comparison
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    seed: int
    days: float
    method: str

    @property
    def feasible(self) -> bool:
        """Whether some pair meets every requirement that was judged."""
        return self.chosen.meets

    @property
    def text(self) -> str:
        """The recommendation in one line."""
        pair = f"threshold 1 {shown(self.chosen.threshold_1)}, threshold 2 {shown(self.chosen.threshold_2)}"
        if self.feasible and self.chosen.unsure:
            unsure = "; ".join(self.chosen.unsure)
            return f"recommended: {pair}; met as counted, though the interval reaches beyond the limit: {unsure}"
        if self.feasible:
            return f"recommended: {pair}"
        return f"infeasible, nearest is {pair}, misses {'; '.join(self.chosen.misses)}"

    def document(self) -> dict[str, Any]:
        """The sweep as one JSON document."""
        from powerplan.study.sweep_document import document

        return document(self)

    def table(self) -> Table:
        """One row per pair of thresholds."""
        from powerplan.study.sweep_document import sweep_table

        return sweep_table(self)

    def _repr_html_(self) -> str:
        """The recommendation and the Pareto front in a notebook."""
        from powerplan.study.grids import html_lines
        from powerplan.study.sweep_document import lines

        return html_lines(lines(self.document()))


def shown(threshold: float) -> str:
    """A threshold as people read it."""
    return "never" if threshold == np.inf else f"{threshold:.4g}"


def sweep_scenario(loaded: Loaded, cascade: str | None = None, *, thresholds: int = THRESHOLD_COUNT,
                   seed: int | None = None, days: float | None = None, progress: Progress | None = None
                   ) -> ScenarioSweep:
    """Every pair of about `thresholds` thresholds per level. Raises InputError, EngineLimit, PowerplanError."""
    tell = progress or (lambda _stage, _share: None)
    name = cascade_name(loaded, cascade)
    lowering, profiles = prepare(loaded)
    number = lowering.plan.cascade_names.index(name)
    edge = edge_of(lowering, name)
    grid_1, grid_2 = _grids(lowering, edge, thresholds)
    seed = loaded.scenario.run.seed if seed is None else seed
    closed = closed_form(lowering.plan, lowering.world)
    days = days or min(loaded.scenario.run.days or default_days(closed), SWEPT_DAYS_LIMIT)
    tell("drawing", 0.0)
    world = world_of(lowering, edge, grid_1, days, seed)
    tell("counting pairs", 0.1)
    start = latency_start(lowering, name)
    counted = counted_pairs(lowering, world, edge, grid_1, grid_2, from_end=start == "end")
    tell("battery", 0.6)
    chain = supply_chain(loaded.scenario, profiles, lowering.parts, FigureLog())
    widest, _ = choose.run(at_pair(lowering, edge, edge.widest(grid_1), float(grid_2[0])).plan, world)
    lives = _lives(lowering, counted, widest, chain)
    level = int(np.flatnonzero((lowering.plan.level_cascade == number) & (lowering.plan.level_number == 0))[0])
    tasks, levels = _timed_tasks(lowering, number, start), len(loaded.scenario.cascade[name].levels)
    rows: list[PairRow] = []
    able: set[str] = set()
    for one, two in product(range(len(grid_1)), range(len(grid_2))):
        row = _row(counted, number, lives, (one, two), level)
        found = answers(row, name, tasks, level_shares(counted.reasons[:, one, two], levels, name))
        rows.append(judged(row, loaded.requirements, found))
        able |= found.keys()
    chosen = recommended(rows)
    played, _ = choose.run(at_pair(lowering, edge, chosen.threshold_1, chosen.threshold_2).plan, world)
    own = _nearest_pair(rows, *own_pair(lowering.scenario.cascade[name]))
    alone = next((row for row in rows if row.threshold_1 == edge.everything
                  and row.threshold_2 == chosen.threshold_2), None)
    return ScenarioSweep(
        loaded.path.name, name, tuple(rows), chosen, own, alone,
        tuple(line.text for line in loaded.requirements if line.metric in able),
        tuple(line.text for line in loaded.requirements if line.metric not in able),
        _comparison(lowering, edge, chosen), _warnings(loaded, lowering, played, name),
        (*_notes(counted, days, edge), *latency_notes(lowering, name, start)), seed, days, counted.method)


def cascade_name(loaded: Loaded, wanted: str | None) -> str:
    """The cascade to sweep: the one asked for, or the only one with scores."""
    cascades = loaded.scenario.cascade
    able = [name for name, one in cascades.items() if loaded.inputs[name].table is not None and not one.outcomes]
    if wanted is not None and wanted not in cascades:
        raise PowerplanError(f"--cascade {wanted}: there is no such cascade; there is: {', '.join(cascades) or 'none'}")
    if wanted is not None and wanted not in able:
        raise PowerplanError(f"--cascade {wanted}: it has assumed outcomes and no score table, so thresholds change "
                             "nothing; give it `scores:`")
    if wanted is None and len(able) != 1:
        hint = f"name one with --cascade: {', '.join(able)}" if able else "give a cascade `scores:`"
        raise PowerplanError(f"{len(able)} cascades of this scenario have a score table; {hint}")
    return wanted or able[0]


def _grids(lowering: Lowering, edge: Edge, count: int) -> tuple[FloatArray, FloatArray]:
    """Ascending thresholds of both levels: spread over the scores, with 0, never and the scenario's own."""
    clips = lowering.world.cascade(edge.name).clips
    score = np.concatenate([one.score for one in clips.values() if one.count])
    own = own_pair(lowering.scenario.cascade[edge.name])
    grids = []
    for level in range(min(2, score.shape[1])):
        values = np.array(candidate_thresholds(score[:, level], count))
        grids.append(np.union1d(values, [own[level]]))
    return edge.grid(grids[0]), grids[1] if len(grids) > 1 else np.array([0.0])


@dataclass(frozen=True)
class _Lives:
    average_current_a: FloatArray
    battery_life_days: FloatArray


def _lives(lowering: Lowering, counted: SweepResult, widest: Record, chain: Any) -> _Lives:
    """Mean current and battery life of every pair, from its times by joint state."""
    record = replace(widest, joint_code=counted.joint_code)
    loads = loads_of(lowering.plan, record, chain)
    share = counted.joint_ns / counted.horizon_ns
    current_a = np.tensordot(loads.battery_current_a, share, 1)
    power_w = np.tensordot(loads.battery_power_w, share, 1)
    pulses = {pulse.name: pulse for pulse in
              demand_of(lowering.plan, widest, chain, loads_of(lowering.plan, widest, chain)).pulses}
    mean_a = current_a + chain.standing_a + power_w / chain.battery_v
    life = np.empty(mean_a.shape)
    walked: dict[tuple[int, tuple[str, ...]], float] = {}
    names = [_joint_name(lowering, int(code)) for code in counted.joint_code]
    for place in np.ndindex(mean_a.shape):
        there = tuple(name for joint, name in enumerate(names) if counted.joint_ns[(joint, *place)] > 0
                      and name in pulses)
        key = (round(np.log(max(mean_a[place], 1e-15)) / LIFE_STEPS_FRACTION), there)
        if key not in walked:
            demand = Demand(np.full(24, current_a[place]), np.full(24, power_w[place]),
                            tuple(pulses[name] for name in there), chain.leakage_a)
            walked[key] = battery_life(chain, demand, step="day_hour").life_s / SECONDS_PER_DAY
        life[place] = walked[key]
    return _Lives(mean_a, life)


def _joint_name(lowering: Lowering, code: int) -> str:
    from powerplan.study.supply import joint_name

    return joint_name(lowering.plan, code)


def _timed_tasks(lowering: Lowering, cascade: int, start: str) -> list[str]:
    """Tasks of a cascade whose latency counts from the moment the sweep counts from."""
    of_task = dict(zip(lowering.plan.task_names, lowering.plan.task_cascade.tolist(), strict=True))
    return [task for task, spec in lowering.scenario.tasks.items()
            if of_task[task] == cascade and spec.latency_from == start]


def _row(counted: SweepResult, cascade: int, lives: _Lives, at: tuple[int, int], level: int) -> PairRow:
    one, two = at
    days = counted.horizon_ns / NS_PER_DAY
    hits = int(counted.reasons[(int(Outcome.DETECTED), *at)])
    events = int(counted.reasons[(slice(None), *at)].sum() - counted.reasons[(int(Outcome.CUT), *at)])
    recall = wilson_interval(hits, events, CONFIDENCE_FRACTION) if events else None
    alarms = int(counted.false_alarms[(cascade, *at)])
    ends = poisson_interval(alarms, CONFIDENCE_FRACTION)
    seen, passed = (int(plane[(level, *at)]) for plane in (counted.level_seen, counted.level_passed))
    latency = [int(counted.latency_percentile_ns(percent)[at]) for percent in (50.0, 95.0, 99.0)]
    p50, p95, p99 = (value / NS_PER_S if value >= 0 else None for value in latency)
    return PairRow(
        float(counted.threshold_1[one]), float(counted.threshold_2[two]), hits / events if events else None,
        recall.low if recall else None, recall.high if recall else None, alarms / days, ends.low / days,
        ends.high / days, passed / seen if seen else None, int(counted.detections[(cascade, *at)]) / days,
        p50, p95, p99, float(lives.average_current_a[at]), float(lives.battery_life_days[at]))


def _nearest_pair(rows: Sequence[PairRow], threshold_1: float, threshold_2: float) -> PairRow:
    return next(row for row in rows if row.threshold_1 == threshold_1 and row.threshold_2 in (threshold_2, 0.0)
                and (row.threshold_2 == threshold_2 or len({one.threshold_2 for one in rows}) == 1))


def _comparison(lowering: Lowering, edge: Edge, chosen: PairRow) -> Comparison:
    """Shares of rows of the score table, paired and as a product."""
    world = lowering.world.cascade(edge.name)
    groups = {True: [np.empty((0, world.level_count))], False: [np.empty((0, world.level_count))]}
    for label, clips in world.clips.items():
        groups[label == world.target].append(clips.score)
    values: list[float | None] = []
    for positive in (True, False):
        score = np.concatenate(groups[positive])
        if not len(score) or score.shape[1] < 2:
            values += [None, None]
            continue
        one, two = edge.goes_on(score[:, 0], chosen.threshold_1), score[:, 1] >= chosen.threshold_2
        alone = edge.decides(score[:, 0])
        values += [float((alone | (one & two)).mean()), float(alone.mean() + one.mean() * two.mean())]
    return Comparison(*values)


def _warnings(loaded: Loaded, lowering: Lowering, record: Record, name: str) -> tuple[str, ...]:
    """Whether the negative data could prove the false-alarm line at all."""
    found = []
    smallest = resolvable_false_alarms_per_day(lowering, record, name)
    for line in loaded.requirements:
        limit_per_day = line.limit * SECONDS_PER_DAY
        if line.metric == f"false_alarms.{name}" and line.operator in ("<=", "<") and limit_per_day < smallest:
            found.append(f"{line.id}: the negative data are too short to prove {limit_per_day:.3g}/day; they show "
                         f"nothing below {smallest:.3g}/day; {times_needed(smallest, limit_per_day)}")
    return tuple(found)


def _notes(counted: SweepResult, days: float, edge: Edge) -> tuple[str, ...]:
    """What the map rests on."""
    moved = {"above": (), "below": ("level 1 sends on what lies below threshold 1",),
             "band": (f"threshold 1 is the lower edge of a band that ends at {edge.high:g}",)}[edge.kind]
    if edge.accept < np.inf:
        moved = (*moved, f"level 1 decides alone from {edge.accept:g} on, as the scenario says")
    way = "exactly, from one play of every cluster" if counted.method == "clusters" else "by one run per distinct pair"
    return (*moved, f"{days:g} days, every pair counted {way}; battery life at typical figures with the mean demand of "
            "all hours, pulse lengths those of the thresholds that let the most through")


def with_pair(loaded: Loaded, cascade: str, row: PairRow) -> Loaded:
    """The scenario with a pair of thresholds, to be run in full."""
    spec = loaded.scenario.cascade[cascade]
    changed = {"level1": changed_level(spec.level1, row.threshold_1)}
    if spec.level2 is not None:
        changed["level2"] = spec.level2.model_copy(update={"threshold": _written(row.threshold_2)})
    cascades = loaded.scenario.cascade | {cascade: spec.model_copy(update=changed)}
    return replace(loaded, scenario=loaded.scenario.model_copy(update={"cascade": cascades}))


def _written(threshold: float) -> float | str:
    return "never" if threshold == np.inf else threshold
