"""Runs longer than memory: the World comes in blocks of time, one after the other, and the device goes on.

What is carried over is everything a run consists of: activations under way and waiting with their draws, releases not
yet served, histories, refractory times, the open stay and all sums. So blocks give the record of the whole, to the
last nanosecond, wherever the borders lie. Events are few: each block lists them from the start of the run, those of
earlier blocks first; rows are handed out block by block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powerplan.engines import fast
from powerplan.engines.compiled import layout as at
from powerplan.engines.compiled import packing
from powerplan.engines.pairing import check_pair
from powerplan.engines.record import Record, Rows
from powerplan.plan.builder import UNBOUNDED
from powerplan.plan.plan import IntArray, Plan
from powerplan.plan.world import Activations, Block, World


def blocks_of(world: World, length_ns: int) -> Iterator[Block]:
    """A World cut into blocks."""
    for start_ns in range(0, max(world.horizon_ns, 1), length_ns):
        end_ns = min(start_ns + length_ns, world.horizon_ns)
        last = end_ns == world.horizon_ns
        cut = [_between(drawn, start_ns, end_ns, last) for drawn in world.activations]
        yield Block(replace(world, horizon_ns=end_ns, activations=tuple(part for part, _ in cut)),
                    tuple(goes_on for _, goes_on in cut))


def _between(drawn: Activations, start_ns: int, end_ns: int, last: bool) -> tuple[Activations, bool]:
    """Releases of [start, end), all later ones too in the last block."""
    start, period, count = drawn.run_start_ns, np.maximum(drawn.run_period_ns, 1), drawn.run_count
    first = np.clip(-(-(start_ns - start) // period), 0, count)
    until = count if last else np.clip(-(-(end_ns - start) // period), 0, count)
    together = drawn.run_period_ns == 0
    first = np.where(together, np.where(start < start_ns, count, 0), first)
    if not last:
        until = np.where(together, np.where(start < end_ns, count, 0), until)
    ordinals = np.concatenate([[0], np.cumsum(count)])
    used = until > first
    if not used.any():
        return _chosen(drawn, slice(0, 0), 0, start[:0], start[:0], start[:0]), False
    chosen = np.flatnonzero(used)
    begin = int(ordinals[chosen[0]] + first[chosen[0]])
    end = int(ordinals[chosen[-1]] + until[chosen[-1]])
    listed = slice(*np.searchsorted(drawn.candidate, [begin, end]).tolist())
    part = _chosen(drawn, listed, begin, start[used] + first[used] * drawn.run_period_ns[used],
                   drawn.run_period_ns[used], (until - first)[used])
    return part, bool(first[chosen[0]] > 0)


def _chosen(drawn: Activations, listed: slice, shift: int, start_ns: IntArray, period_ns: IntArray, count: IntArray
            ) -> Activations:
    return Activations(start_ns, period_ns, count, drawn.candidate[listed] - shift, drawn.event[listed],
                       drawn.score[listed], drawn.late_score[listed], drawn.duration_ns[listed],
                       drawn.attempts[listed])


class BlockRun:
    """A device that goes on from block to block, and whose record can be asked for at any time of the present one.

    Raises EngineLimit and PlanError as `fast.run` does.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._passed = np.zeros(len(plan.task_names), np.int64)
        self._begun = self._passed.copy()
        """Ordinal at which the present run of each task began, counted from the block's first release."""
        self._world: World | None = None
        self._before: at.Run | None = None
        self._after: at.Run | None = None

    def play(self, block: Block) -> Rows:
        """Go on through the next block. Rows that ended in it; what is still under way leaves its row later."""
        plan, world = self.plan, block.world
        check_pair(plan, world)
        packing.check_limits(plan, world)
        if self._after is None or self._world is None:
            found = fast.started(plan, world, UNBOUNDED)
        else:
            self._after.state[at.G_ROWS] = 0
            found, world, self._passed = _carried(plan, self._after, self._world, block, self._passed, self._begun)
        self._world = world
        self._begun[:] = packing.table(found, at.AT_JOB, len(self._begun), at.JOB_WIDTH)[:, at.R_FIRST]
        self._before = packing.copied(found)
        self._after = fast.play(found, world.horizon_ns)
        return _numbered(fast.rows_of(self._after), self._passed, plan)

    def closed(self, at_ns: int | None = None) -> Record:
        """The record of a run that ends at this moment of the present block, by default at its end.

        Its rows are those of the present block, with what is cut by the end.
        """
        if self._world is None or self._after is None or self._before is None:
            raise ValueError("no block has been played yet")
        world, found = self._world, packing.copied(self._after)
        if at_ns is not None and at_ns < world.horizon_ns:
            world = replace(world, horizon_ns=at_ns)
            found = fast.play(packing.copied(self._before), at_ns)
        record = fast.record(self.plan, world, fast.finished(found, world.horizon_ns))
        return replace(record, rows=_numbered(record.rows, self._passed, self.plan))


def run_blocks(plan: Plan, blocks: Iterable[Block]) -> Iterator[tuple[Rows, Record | None]]:
    """The rows that ended in each block, and with the last block the record of the whole (with those rows only).

    Raises EngineLimit and PlanError as `fast.run` does.
    """
    going, following = BlockRun(plan), iter(blocks)
    block = next(following, None)
    while block is not None:
        rows = going.play(block)
        block = next(following, None)
        if block is not None:
            yield rows, None
        else:
            record = going.closed()
            yield record.rows, record


def _numbered(rows: Rows, passed: IntArray, plan: Plan) -> Rows:
    """Rows with ordinals counted from the start of the run."""
    parent = plan.task_parent[rows.task]
    shift = np.where(parent >= 0, passed[np.maximum(parent, 0)], 0)
    return replace(rows, ordinal=rows.ordinal + passed[rows.task],
                   parent_ordinal=rows.parent_ordinal + shift)


def _carried(plan: Plan, before: at.Run, old: World, block: Block, passed: IntArray, begun: IntArray
             ) -> tuple[at.Run, World, IntArray]:
    """The run before the block goes on in it."""
    tasks = len(plan.task_names)
    job = packing.table(before, at.AT_JOB, tasks, at.JOB_WIDTH).copy()
    queue = before.queue.copy()
    fixed = before.plan[before.plan[at.AT_TASK]:][:tasks * at.TASK_WIDTH].reshape(tasks, at.TASK_WIDTH)
    spawned, joined, kept = plan.task_parent >= 0, [], []
    for task in range(tasks):
        part, in_flight = _joined(old.activations[task], block.world.activations[task], job[task], fixed[task],
                                  queue[task], block.continues[task], int(begun[task]))
        joined.append(part)
        kept.append(in_flight)
    shift = np.where(spawned, 0, job[:, at.R_ORDINAL])
    attempts = tuple(np.roll(own, -int(gone)) for own, gone in
                     zip(block.world.spawn_attempts, passed + shift, strict=True))
    world = replace(block.world, activations=tuple(joined), spawn_attempts=attempts)
    run = packing.new_run(plan, world, UNBOUNDED)
    fresh = packing.table(run, at.AT_JOB, tasks, at.JOB_WIDTH).copy()
    places = max(run.queue.shape[1], queue.shape[1])
    grown = np.zeros((tasks, places, at.QUEUE_WIDTH), np.int64)
    for task in range(tasks):
        _shift(job[task], queue[task], int(shift[task]), kept[task], int(shift[plan.task_parent[task]])
               if spawned[task] else 0)
        waiting = np.roll(queue[task], -int(job[task, at.Q_HEAD]), axis=0)
        grown[task, :len(waiting)] = waiting
        job[task, at.Q_HEAD] = 0
        job[task, at.R_RUN], job[task, at.R_TURN], job[task, at.R_ORDINAL] = fresh[task, at.R_RUN], 0, 0
        job[task, at.R_CANDIDATE] = len(kept[task])
    run.state[:] = before.state
    packing.table(run, at.AT_JOB, tasks, at.JOB_WIDTH)[:] = job
    run.seen[:len(before.seen)] = before.seen
    run = run._replace(queue=grown, ledger=before.ledger)
    fast.settle(run)
    return run, world, passed + shift


def _joined(old: Activations, new: Activations, job: IntArray, fixed: IntArray, queue: IntArray, continues: bool,
            begun: int) -> tuple[Activations, IntArray]:
    """Releases not yet served and those of the block, after the draws of activations under way."""
    run, turn = int(job[at.R_RUN] - fixed[at.T_RUN_FIRST]), int(job[at.R_TURN])
    start, period, count = (column[run:].copy() for column in (old.run_start_ns, old.run_period_ns, old.run_count))
    if len(start):
        start[0] += turn * period[0]
        count[0] -= turn
    left = len(start) > 0 and int(count.sum()) > 0
    add_start, add_count = new.run_start_ns, new.run_count.copy()
    if left and continues and len(add_start):
        count[-1] += add_count[0]
        begin = 1
    else:
        begin = 0
        if not left:
            goes_on = continues or not add_count.sum()
            job[at.R_FIRST] = _first_of_last_run(old, job, begun) if goes_on else job[at.R_ORDINAL]
    shift = int(count.sum()) - (int(add_count[0]) if begin else 0)
    waits = [int(queue[(job[at.Q_HEAD] + n) % len(queue), at.Q_CANDIDATE]) for n in range(int(job[at.Q_COUNT]))]
    under_way = [int(job[at.J_CANDIDATE])] if job[at.J_STATE] != at.IDLE else []
    held = np.array(sorted({n for n in (*under_way, *waits) if n >= 0}), np.int64)
    rest = np.arange(int(job[at.R_CANDIDATE]), len(old.candidate))
    taken = np.concatenate([held, rest])

    def column(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(old, name)[taken], getattr(new, name)])

    candidate = np.concatenate([old.candidate[taken] - int(job[at.R_ORDINAL]), new.candidate + shift])
    return Activations(
        np.concatenate([start, add_start[begin:]]), np.concatenate([period, new.run_period_ns[begin:]]),
        np.concatenate([count, add_count[begin:]]), candidate, column("event"), column("score"),
        column("late_score"), column("duration_ns"), column("attempts")), held


def _first_of_last_run(old: Activations, job: IntArray, begun: int) -> int:
    """Ordinal at which the last run of a block that is used up began, perhaps in an earlier block."""
    used = np.flatnonzero(old.run_count)
    if not len(used):
        return int(job[at.R_FIRST])
    return begun if len(used) == 1 else int(job[at.R_ORDINAL] - old.run_count[used[-1]])


def _shift(job: IntArray, queue: IntArray, shift: int, kept: IntArray, parent_shift: int) -> None:
    """Ordinals count from the block's first release, candidates from the block's first one."""
    place = {int(number): position for position, number in enumerate(kept)}
    job[[at.J_ORDINAL, at.J_UNBROKEN, at.R_FIRST, at.H_LAST, at.M_LOST, at.M_SLEPT]] -= shift
    job[at.J_CANDIDATE] = place.get(int(job[at.J_CANDIDATE]), -1)
    job[at.J_PARENT] -= parent_shift
    for number in range(int(job[at.Q_COUNT] + job[at.Q_ARRIVING])):
        waiting = queue[(job[at.Q_HEAD] + number) % len(queue)]
        waiting[[at.Q_ORDINAL, at.Q_UNBROKEN]] -= shift
        waiting[at.Q_CANDIDATE] = place.get(int(waiting[at.Q_CANDIDATE]), -1)
        waiting[at.Q_PARENT] -= parent_shift
