"""The fast engine: a compiled interpreter of the same tables, equal to the reference to the last nanosecond.

It releases the lock of the Python interpreter, so replicas run side by side in threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from powerplan.engines.compiled import layout as at
from powerplan.engines.compiled import packing
from powerplan.engines.compiled.layout import Run
from powerplan.engines.ledger import state_time
from powerplan.engines.pairing import check_pair
from powerplan.engines.record import Record, Rows, event_outcomes
from powerplan.plan.plan import Plan
from powerplan.plan.world import World

Progress = Callable[[float], None]


def run(plan: Plan, world: World, progress: Progress | None = None) -> Record:
    """Record of a (Plan, World) pair. Raises EngineLimit for what this engine does not cover."""
    check_pair(plan, world)
    packing.check_limits(plan, world)
    found = started(plan, world)
    steps = 100 if progress else 1
    for step in range(1, steps + 1):
        found = play(found, world.horizon_ns * step // steps)
        if progress:
            progress(step / steps)
    return record(plan, world, finished(found, world.horizon_ns))


def started(plan: Plan, world: World, keeps_all_from: int | None = None) -> Run:
    """A device at rest, its first releases ahead."""
    found = packing.new_run(plan, world, keeps_all_from)
    settle(found)
    return found


def settle(found: Run) -> None:
    """Note when the next release of each task is."""
    from powerplan.engines.compiled.compiling import compiled

    compiled()["settle_all"](found)


def play(found: Run, until_ns: int) -> Run:
    """Everything before a moment."""
    return _repeated("advance", found, until_ns)


def finished(found: Run, horizon_ns: int) -> Run:
    """The run closed at the horizon."""
    return _repeated("finish", found, horizon_ns)


def _repeated(name: str, found: Run, until_ns: int) -> Run:
    from powerplan.engines.compiled.compiling import compiled

    function = compiled()[name]
    while (status := function(found, until_ns)) != at.DONE:
        found = {at.ROWS_FULL: packing.more_rows, at.QUEUE_FULL: packing.more_places,
                 at.CODES_FULL: packing.more_codes}[status](found)
    return found


def record(plan: Plan, world: World, found: Run) -> Record:
    """What a closed run says."""
    used = np.flatnonzero(found.ledger[:, at.K_ENTRIES] > 0)
    joint = found.ledger[used[np.argsort(found.ledger[used, at.K_CODE], kind="stable")]]
    codes, joint_ns = joint[:, at.K_CODE].copy(), np.ascontiguousarray(joint[:, at.K_BINS:].T)
    events = world.events
    task = packing.table(found, at.AT_COUNT_TASK, len(plan.task_names), 3).T.copy()
    level = packing.table(found, at.AT_COUNT_LEVEL, len(plan.level_cascade), 2).T.copy()
    cascade = packing.table(found, at.AT_COUNT_CASCADE, len(plan.cascade_names), 5).T.copy()
    return Record(
        horizon_ns=world.horizon_ns, state_ns=state_time(plan, codes, joint_ns),
        state_entries=packing.table(found, at.AT_ENTRIES, 1, len(plan.state_names))[0].copy(), joint_code=codes,
        joint_ns=joint_ns, joint_entries=joint[:, at.K_ENTRIES].copy(),
        joint_longest_ns=joint[:, at.K_LONGEST].copy(), task_released=task[at.N_RELEASED],
        task_dropped=task[at.N_DROPPED], task_finished=task[at.N_FINISHED], level_seen=level[at.N_SEEN],
        level_passed=level[at.N_PASSED], detections=cascade[at.N_DETECTIONS], hits=cascade[at.N_HITS],
        repeats=cascade[at.N_REPEATS], false_alarms=cascade[at.N_FALSE], suppressed=cascade[at.N_SUPPRESSED],
        event_outcome=event_outcomes(found.seen, events.target, events.missed, events.end_ns > world.horizon_ns),
        rows=Rows.later(lambda: rows_of(found)))


def rows_of(found: Run) -> Rows:
    """The rows of a run so far, sorted by task and ordinal."""
    from powerplan.engines.compiled.compiling import compiled

    rows, tasks = int(found.state[at.G_ROWS]), int(found.plan[at.AT_TASKS])
    table, stages = np.empty((at.W_WAY + at.MOMENTS, rows), np.int64), np.zeros((at.STAGES, rows), np.int64)
    if not compiled()["list_rows"](found, table, stages, np.zeros(tasks + 1, np.int64)):
        order = np.lexsort((table[at.W_ORDINAL], table[at.W_TASK]))
        table, stages = table[:, order], stages[:, order]
    names = ("task", "ordinal", "event", "parent_ordinal", "released_ns", "started_ns", "outcome", "decided_ns",
             "action_ns", "ended_ns")
    columns: dict[str, Any] = {name: table[number] for number, name in enumerate(names)}
    return Rows(**columns, stage_ns=stages.T)
