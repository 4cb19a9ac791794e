"""The sweep engine: every setting of both thresholds of a cascade, exactly, from about one run.

Candidates far enough apart do not influence each other; within a cluster of near ones the outcome is piecewise
constant in the two thresholds. Each piece is played once by the fast engine's own functions (see
`compiled.clusters`). Where clusters grow into one another, every distinct pair of thresholds is run instead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from powerplan.engines import fast
from powerplan.engines.compiled import clusters, packing
from powerplan.engines.compiled import layout as at
from powerplan.engines.pairing import check_pair
from powerplan.engines.record import Record
from powerplan.errors import EngineLimit
from powerplan.plan.codes import Outcome
from powerplan.plan.plan import FloatArray, IntArray, Plan
from powerplan.plan.world import World

RECTANGLES_PER_CLUSTER = 20_000
PLANES = 96
"""Joint states a sweep can tell apart."""
SLOTS = 512
REACH_NS = 1_000_000_000
"""A cluster is closed at the earliest this long after its last candidate's own work; the check decides."""


@dataclass(frozen=True)
class SweepResult:
    """Counts of one cascade for every pair of thresholds. Planes are (thresholds 1, thresholds 2)."""

    threshold_1: FloatArray
    threshold_2: FloatArray
    horizon_ns: int
    level_seen: IntArray
    """(levels of the Plan, ...)"""
    level_passed: IntArray
    task_finished: IntArray
    """(tasks, ...)"""
    detections: IntArray
    """(cascades, ...), like the next four"""
    hits: IntArray
    repeats: IntArray
    false_alarms: IntArray
    suppressed: IntArray
    joint_code: IntArray
    joint_ns: IntArray
    """Time in each joint state of all parts (codes, ...)."""
    reasons: IntArray
    """Target events by their outcome (outcomes, ...)."""
    latency_edge_ns: IntArray
    latencies: IntArray
    """Events detected, by latency from onset to action: bin k holds edge k-1 <= latency < edge k (edges + 1, ...)."""
    method: str
    """"clusters" or "runs"."""

    def latency_percentile_ns(self, percent: float) -> IntArray:
        """Upper edge of the bin that holds the percentile, -1 where nothing was detected. (thresholds 1, 2) [ns]"""
        total = self.latencies.sum(axis=0)
        reached = np.cumsum(self.latencies, axis=0) >= np.ceil(total * percent / 100.0)
        edges = np.append(self.latency_edge_ns, np.iinfo(np.int64).max)
        return np.where(total > 0, edges[np.argmax(reached, axis=0)], -1)


def default_edges_ns() -> IntArray:
    """Latency bins a factor of 1.1 apart, from 1 ms to 1,000 s."""
    return np.unique(np.round(1e6 * 1.1 ** np.arange(146))).astype(np.int64)


def sweep(plan: Plan, world: World, cascade: int, threshold_1: FloatArray, threshold_2: FloatArray,
          latency_edge_ns: IntArray | None = None, method: str = "auto") -> SweepResult:
    """All settings of the lower edges of levels 1 and 2 of a cascade. Thresholds ascend.

    A cascade of one level takes `threshold_2` of length 1, which is not used. `method` is auto, clusters or runs.
    """
    check_pair(plan, world)
    for name, values in (("threshold_1", threshold_1), ("threshold_2", threshold_2)):
        if not len(values) or np.isnan(values).any() or (np.diff(values) <= 0).any():
            raise ValueError(f"{name} must ascend")
    edges = default_edges_ns() if latency_edge_ns is None else np.asarray(latency_edge_ns, np.int64)
    if method != "runs":
        found = _by_clusters(plan, world, cascade, threshold_1, threshold_2, edges)
        if found is not None:
            return found
        if method == "clusters":
            raise EngineLimit("sweep engine: the clusters of this device grow into one another; runs of the fast "
                              "engine have it")
    return _by_runs(plan, world, cascade, threshold_1, threshold_2, edges)


def _levels(plan: Plan, cascade: int) -> tuple[int, int]:
    """Numbers of levels 1 and 2 of a cascade in the Plan; -1 where there is none."""
    own = [np.flatnonzero((plan.level_cascade == cascade) & (plan.level_number == number)) for number in (0, 1)]
    return int(own[0][0]), int(own[1][0]) if len(own[1]) else -1


# --- clusters ---------------------------------------------------------------------------------------------------


def _by_clusters(plan: Plan, world: World, cascade: int, threshold_1: FloatArray, threshold_2: FloatArray,
                 edges: IntArray) -> SweepResult | None:
    """None where clusters percolate, or where actions draw attempts by their number, which couples everything."""
    from powerplan.engines.compiled.compiling import sweeping

    packing.check_limits(plan, world)
    tasks = np.flatnonzero(plan.task_cascade == cascade)
    if any(len(world.spawn_attempts[task]) and (world.spawn_attempts[task] != 1).any() for task in
           np.flatnonzero(np.isin(plan.task_parent, tasks))):
        return None
    if any(parent >= 0 and plan.task_parent[parent] >= 0 for parent in plan.task_parent):
        return None
    level_1, level_2 = _levels(plan, cascade)
    single = replace(world, bin_count=1)
    base = _roomy(fast.started(plan, single))
    base.limit[level_1] = np.inf, -np.inf
    other = packing.copied(base)._replace(ledger=base.ledger, limit=_limits(plan))
    work = _work(plan, world, cascade, level_1, level_2, threshold_1, threshold_2, edges, tasks, base)
    if sweeping()["sweep_all"](base, other, work, base.state.copy()) != at.DONE:
        return None
    return _result(plan, world, cascade, threshold_1, threshold_2, edges, base, work)


def _limits(plan: Plan) -> FloatArray:
    return np.ascontiguousarray(np.stack([plan.level_low_score, plan.level_high_score], axis=1), np.float64)


def _roomy(run: at.Run) -> at.Run:
    while len(run.ledger) < SLOTS:
        run = packing.more_codes(run)
    return run


def _work(plan: Plan, world: World, cascade: int, level_1: int, level_2: int, threshold_1: FloatArray,
          threshold_2: FloatArray, edges: IntArray, tasks: IntArray, base: at.Run) -> clusters.Sweep:
    members = _members(plan, world, tasks, level_1, level_2, threshold_1, threshold_2)
    events = world.events
    last_member = np.full(len(events), -1, np.int64)
    met = members[:, clusters.M_EVENT] >= 0
    last_member[members[met, clusters.M_EVENT]] = np.flatnonzero(met)
    children = [np.flatnonzero(plan.task_parent == task) for task in range(len(plan.task_names))]
    counts = int(base.plan[at.AT_ENTRIES] - base.plan[at.AT_COUNT_TASK])
    shape = (len(threshold_1) + 1, len(threshold_2) + 1)
    longest = max((int(plan.phase_duration_ns[plan.phase_task == task].sum()) for task in range(
        len(plan.task_names))), default=0)
    reach_ns = 2 * longest + int(plan.cascade_refractory_ns[cascade]) + REACH_NS // 1000
    return clusters.Sweep(
        member=members, last_member=last_member, grid_1=np.ascontiguousarray(threshold_1, np.float64),
        grid_2=np.ascontiguousarray(threshold_2, np.float64),
        number=np.array([cascade, level_1, level_2, reach_ns, RECTANGLES_PER_CLUSTER, world.horizon_ns,
                         1, 0], np.int64),
        child=np.array([own[0] if len(own) else -1 for own in children], np.int64),
        event=np.ascontiguousarray(np.stack([events.onset_ns, events.end_ns, events.target[:, cascade],
                                             events.missed[:, cascade]], axis=1), np.int64),
        latency_edge=edges, counts=np.zeros((counts, *shape), np.int64), times=np.zeros((PLANES, *shape), np.int64),
        codes=np.full(PLANES, -1, np.int64), reasons=np.zeros((len(Outcome), *shape), np.int64),
        latencies=np.zeros((len(edges) + 1, *shape), np.int64), edges_1=np.zeros(shape[0] + 2, np.int64),
        edges_2=np.zeros(shape[1] + 2, np.int64), slots=np.zeros((3, SLOTS // 2), np.int64))


def _members(plan: Plan, world: World, tasks: IntArray, level_1: int, level_2: int, threshold_1: FloatArray,
             threshold_2: FloatArray) -> IntArray:
    """Candidates of the cascade by release, with the settings from which on they fail."""
    parts = [np.empty((0, 6), np.int64)]
    for task in tasks.tolist():
        drawn = world.activations[task]
        first = np.concatenate([[0], np.cumsum(drawn.run_count)])
        run = np.searchsorted(first, drawn.candidate, side="right") - 1
        release_ns = drawn.run_start_ns[run] + (drawn.candidate - first[run]) * drawn.run_period_ns[run]
        columns = [release_ns, drawn.event]
        for level, grid in ((level_1, threshold_1), (level_2, threshold_2)):
            for score in (drawn.score, drawn.late_score):
                columns.append(_failing_from(plan, level, grid, score))
        parts.append(np.stack(columns, axis=1).astype(np.int64))
    listed = np.concatenate(parts)
    listed = listed[(listed[:, clusters.M_FIRST] > 0) | (listed[:, clusters.M_FIRST_LATE] > 0)
                    | (listed[:, clusters.M_EVENT] >= 0)]
    return np.ascontiguousarray(listed[np.argsort(listed[:, clusters.M_RELEASE], kind="stable")])


def _failing_from(plan: Plan, level: int, grid: FloatArray, score: FloatArray) -> IntArray:
    if level < 0:
        return np.full(len(score), len(grid), np.int64)
    values = score[:, int(plan.level_column[level])]
    count = np.searchsorted(grid, values, side="right")
    return np.where((values <= plan.level_high_score[level]) & ~np.isnan(values), count, 0).astype(np.int64)


def _summed(planes: IntArray) -> IntArray:
    return np.cumsum(np.cumsum(planes, axis=1), axis=2)[:, :-1, :-1]


def _result(plan: Plan, world: World, cascade: int, threshold_1: FloatArray, threshold_2: FloatArray,
            edges: IntArray, base: at.Run, work: clusters.Sweep) -> SweepResult:
    begin, end = int(base.plan[at.AT_COUNT_TASK]), int(base.plan[at.AT_ENTRIES])
    counts = _summed(work.counts) + base.state[begin:end, None, None]
    tasks, levels = len(plan.task_names), len(plan.level_cascade)
    by_task = counts[:3 * tasks].reshape(tasks, 3, *counts.shape[1:])
    by_level = counts[3 * tasks:3 * tasks + 2 * levels].reshape(levels, 2, *counts.shape[1:])
    by_cascade = counts[3 * tasks + 2 * levels:].reshape(len(plan.cascade_names), 5, *counts.shape[1:])
    codes, joint_ns = _times(base, work)
    base.state[at.G_ROWS] = 0
    record = fast.record(plan, replace(world, bin_count=1), base)
    reasons = _summed(work.reasons) + _outcome_counts(record, world, cascade)[:, None, None]
    return SweepResult(
        threshold_1, threshold_2, world.horizon_ns, by_level[:, 0], by_level[:, 1], by_task[:, at.N_FINISHED],
        by_cascade[:, at.N_DETECTIONS], by_cascade[:, at.N_HITS], by_cascade[:, at.N_REPEATS],
        by_cascade[:, at.N_FALSE], by_cascade[:, at.N_SUPPRESSED], codes, joint_ns, reasons, edges,
        _summed(work.latencies), "clusters")


def _times(base: at.Run, work: clusters.Sweep) -> tuple[IntArray, IntArray]:
    first = {int(row[at.K_CODE]): int(row[at.K_BINS]) for row in base.ledger[base.ledger[:, at.K_CODE] >= 0]}
    planes = dict(zip(work.codes.tolist(), _summed(work.times), strict=True))
    nothing = np.zeros((len(work.grid_1), len(work.grid_2)), np.int64)
    found = {code: planes.get(code, nothing) + spent_ns for code, spent_ns in first.items()}
    codes = sorted(code for code, plane in found.items() if plane.any())
    return np.array(codes, np.int64), np.array([found[code] for code in codes], np.int64).reshape(
        len(codes), *nothing.shape)


def _outcome_counts(record: Record, world: World, cascade: int) -> IntArray:
    target = world.events.target[:, cascade]
    return np.bincount(record.event_outcome[target, cascade], minlength=len(Outcome)).astype(np.int64)


# --- runs -------------------------------------------------------------------------------------------------------


def _by_runs(plan: Plan, world: World, cascade: int, threshold_1: FloatArray, threshold_2: FloatArray,
             edges: IntArray) -> SweepResult:
    """One fast run per pair of thresholds that some score tells apart."""
    level_1, level_2 = _levels(plan, cascade)
    rows, columns = (_distinct(plan, world, cascade, level, grid) for level, grid in (
        (level_1, threshold_1), (level_2, threshold_2)))
    first = {(one, two): _one(plan, world, cascade, (level_1, level_2), (threshold_1[one], threshold_2[two]), edges)
             for one in np.unique(rows).tolist() for two in np.unique(columns).tolist()}
    grid = [[first[one, two] for two in columns.tolist()] for one in rows.tolist()]
    codes = sorted({code for cell in first.values() for code in cell.times})

    def plane(pick: str) -> IntArray:
        return np.moveaxis(np.array([[getattr(cell, pick) for cell in row] for row in grid], np.int64), 2, 0)

    joint = np.array([[[cell.times.get(code, 0) for cell in row] for row in grid] for code in codes], np.int64)
    names = ("level_seen", "level_passed", "task_finished", "detections", "hits", "repeats", "false_alarms",
             "suppressed")
    return SweepResult(
        threshold_1=threshold_1, threshold_2=threshold_2, horizon_ns=world.horizon_ns,
        **{name: plane(name) for name in names}, joint_code=np.array(codes, np.int64), joint_ns=joint,
        reasons=plane("reasons"), latency_edge_ns=edges, latencies=plane("latencies"), method="runs")


def _distinct(plan: Plan, world: World, cascade: int, level: int, grid: FloatArray) -> IntArray:
    """For each threshold the first one that no score tells apart from it."""
    if level < 0:
        return np.zeros(len(grid), np.int64)
    column = int(plan.level_column[level])
    scores = [score[:, column] for task in np.flatnonzero(plan.task_cascade == cascade)
              for score in (world.activations[task].score, world.activations[task].late_score)]
    ranked = np.sort(np.concatenate([np.empty(0), *scores]))
    below = np.searchsorted(ranked, grid, side="left")
    return np.searchsorted(below, below, side="left").astype(np.int64)


@dataclass(frozen=True)
class _Cell:
    level_seen: IntArray
    level_passed: IntArray
    task_finished: IntArray
    detections: IntArray
    hits: IntArray
    repeats: IntArray
    false_alarms: IntArray
    suppressed: IntArray
    reasons: IntArray
    latencies: IntArray
    times: dict[int, int]


def _one(plan: Plan, world: World, cascade: int, levels: tuple[int, int], low: tuple[float, float],
         edges: IntArray) -> _Cell:
    lowest = plan.level_low_score.copy()
    for level, value in zip(levels, low, strict=True):
        if level >= 0:
            lowest[level] = value
    record = fast.run(replace(plan, level_low_score=lowest), world)
    times = dict(zip(record.joint_code.tolist(), record.joint_ns.sum(axis=0).tolist(), strict=True))
    return _Cell(record.level_seen, record.level_passed, record.task_finished, record.detections, record.hits,
                 record.repeats, record.false_alarms, record.suppressed, _outcome_counts(record, world, cascade),
                 latency_counts(plan, world, record, cascade, edges), times)


def latency_counts(plan: Plan, world: World, record: Record, cascade: int, edges: IntArray) -> IntArray:
    """Events detected, by the bin of their latency from onset to the start of the action. (edges + 1,)"""
    rows, found = record.rows, np.zeros(len(edges) + 1, np.int64)
    children = {int(parent): task for task, parent in reversed(list(enumerate(plan.task_parent))) if parent >= 0}
    action = {(int(t), int(parent)): (int(a), int(end)) for t, parent, a, end in zip(
        rows.task, rows.parent_ordinal, rows.action_ns, rows.ended_ns, strict=True) if parent >= 0}
    seen: set[tuple[int, int]] = set()
    chosen = (rows.outcome == Outcome.DETECTED) & (rows.event >= 0) & (rows.ended_ns >= 0)
    for row in np.flatnonzero(chosen & (plan.task_cascade[rows.task] == cascade)).tolist():
        task, event = int(rows.task[row]), int(rows.event[row])
        if not world.events.target[event, cascade] or (task, event) in seen:
            continue
        seen.add((task, event))
        end_ns = int(rows.decided_ns[row])
        if task in children:
            end_ns, over_ns = action.get((children[task], int(rows.ordinal[row])), (-1, -1))
            end_ns = end_ns if over_ns >= 0 else -1
        if end_ns >= 0:
            found[np.searchsorted(edges, end_ns - int(world.events.onset_ns[event]), side="right")] += 1
    return found
