"""Plans and Worlds as the arrays of `layout`, and the same run with more room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powerplan.engines.compiled import layout as at
from powerplan.engines.compiled.layout import Floats, Ints, Run
from powerplan.engines.per_plan import once_per_plan
from powerplan.engines.templates import Leaf, Template, idle_leaf, templates
from powerplan.errors import EngineLimit
from powerplan.plan.builder import UNBOUNDED
from powerplan.plan.codes import Guard
from powerplan.plan.plan import Plan
from powerplan.plan.world import World, no_activations

CONFIRM_LIMIT = 60
"""Windows a confirmation may span: they are bits of one integer."""
QUEUE_LIMIT = 1_000_000
FIRST_SLOTS = 256
FIRST_ROWS = 1 << 18
FIRST_PLACES = 8


def check_limits(plan: Plan, world: World) -> None:
    """Raises EngineLimit for what the compiled engine does not cover."""
    if (plan.cascade_confirm_of > CONFIRM_LIMIT).any():
        raise EngineLimit(f"fast engine: a confirmation over more than {CONFIRM_LIMIT} windows; the reference "
                          "engine has it")
    for task, count in enumerate(plan.task_queue_count.tolist()):
        if QUEUE_LIMIT < count < min(world.activations[task].release_count, UNBOUNDED):
            raise EngineLimit(f"fast engine: a bounded queue of more than {QUEUE_LIMIT:,} places; the reference "
                              "engine has it")


def new_run(plan: Plan, world: World, keeps_all_from: int | None = None) -> Run:
    """A device at rest at time 0; its first releases are still to be settled.

    A queue that is at least `keeps_all_from` long loses nothing; by default one as long as the task has releases.
    """
    known, drawn = templates(plan), world.activations
    task = _tasks(plan, world, keeps_all_from)
    fixed = _Memory({at.AT_TASKS: len(task), at.AT_BINS: world.bin_count, at.AT_CASCADES: len(plan.cascade_names),
                     at.AT_STAYS: _codes_at_once(known)})
    tables: dict[int, Any] = _plan_tables(plan) | {
            at.AT_RUN_START: _joined([a.run_start_ns for a in drawn]),
            at.AT_RUN_PERIOD: _joined([a.run_period_ns for a in drawn]),
            at.AT_RUN_COUNT: _joined([a.run_count for a in drawn]), at.AT_EVENT_END: world.events.end_ns,
            at.AT_SPAWN_ATTEMPTS: _joined(list(world.spawn_attempts)), at.AT_TARGET: world.events.target}
    for place, values in tables.items():
        fixed.add(place, values)
    most = max(range(len(drawn)), key=lambda number: len(drawn[number].candidate), default=-1)
    largest = drawn[most] if drawn else no_activations()
    _add_draws(fixed, plan, world, task, most)
    fixed.add(at.AT_TASK, task)
    state = _state(fixed, plan, task, len(tables[at.AT_LEAF]), len(tables[at.AT_STAY]))
    ledger = np.zeros((FIRST_SLOTS, at.K_BINS + world.bin_count), np.int64)
    ledger[:, at.K_CODE] = -1
    score = _scores([a.score for a in drawn])
    rows = _first_rows(plan, world)
    same = all(a.late_score is a.score for a in drawn)
    return Run(
        plan=fixed.array(), state=state,
        queue=np.zeros((len(task), _places(world, task), at.QUEUE_WIDTH), np.int64),
        ledger=ledger, row=np.empty((rows, at.ROW_WIDTH), np.int64),
        walked=np.empty((rows, at.STAGES + at.MOMENTS), np.int64),
        seen=np.full((len(world.events), len(plan.cascade_names)), at.NEVER, np.int64),
        candidate=_ints(largest.candidate), event=_ints(largest.event), score=score,
        late=score if same else _scores([a.late_score for a in drawn]),
        limit=np.ascontiguousarray(np.stack([plan.level_low_score, plan.level_high_score], axis=1), np.float64))


class _Memory:
    """Tables one after the other, with a header that says where each starts."""

    def __init__(self, numbers: dict[int, int]) -> None:
        self.header = np.zeros(at.HEADER, np.int64)
        self.parts: list[Ints] = [self.header]
        self.end = at.HEADER
        for place, number in numbers.items():
            self.header[place] = number

    def add(self, place: int | None, table: Any) -> int:
        """Append a table; returns where it starts."""
        flat = _ints(table).reshape(-1)
        start = self.end
        if place is not None:
            self.header[place] = start
        self.parts.append(flat)
        self.end += len(flat)
        return start

    def array(self) -> Ints:
        """All of it."""
        return np.concatenate(self.parts)


@once_per_plan
def _plan_tables(plan: Plan) -> dict[int, Ints]:
    """Tables that are the same in every World."""
    known = templates(plan)
    leaves = [leaf for template in known for leaf in template.leaves]
    stays = [(stay.offset_ns, stay.duration_ns, stay.code_step) for leaf in leaves for stay in leaf.stays]
    return {
        at.AT_PHASE: _phases(plan), at.AT_SET_STATE: _ints(plan.set_state),
        at.AT_CASCADE: _columns([plan.cascade_refractory_ns, plan.cascade_confirm_count, plan.cascade_confirm_of,
                                 plan.cascade_confirm_final, plan.cascade_sleeps_refractory]),
        at.AT_LEVEL: _columns([plan.level_cascade, plan.level_number, plan.level_column]),
        at.AT_STATE: _columns([plan.state_part, plan.state_weight]), at.AT_REST: _ints(plan.part_rest_state),
        at.AT_ORDER: _ints(np.lexsort((np.arange(len(plan.task_names)), plan.task_rank))),
        at.AT_NODE: _nodes(plan, known), at.AT_LEAF: _leaves(leaves), at.AT_STAY: _ints(stays),
        at.AT_LEAF_STAGE: _ints([(0,) * at.STAGES, *(leaf.stage_ns for leaf in leaves)]),
        at.AT_ENTERED: _ints([state for leaf in leaves for state in leaf.entered]),
        at.AT_SEEN: _ints([level for leaf in leaves for level in leaf.seen]),
        at.AT_PASSED: _ints([level for leaf in leaves for level in leaf.passed])}


def _add_draws(fixed: _Memory, plan: Plan, world: World, task: Ints, most: int) -> None:
    """Draws of the candidates: durations and attempts of those tasks that ask for them, ordinals and events of all
    tasks but the one that has most."""
    draws = plan.phase_drawn_duration
    tries = plan.phase_guard == Guard.ATTEMPT
    for number, drawn in enumerate(world.activations):
        own, apart = plan.phase_task == number, number != most
        for column, asked, values in ((at.T_DURATION, draws[own].any(), drawn.duration_ns),
                                      (at.T_ATTEMPTS, tries[own].any(), drawn.attempts),
                                      (at.T_LISTED, apart, drawn.candidate), (at.T_MET, apart, drawn.event)):
            task[number, column] = fixed.add(None, values) if asked else -1


def _state(fixed: _Memory, plan: Plan, task: Ints, leaves: int, stays: int) -> Ints:
    """What changes, at its start; its places are noted in the header."""
    job = np.zeros((len(task), at.JOB_WIDTH), np.int64)
    job[:, at.R_RUN] = task[:, at.T_RUN_FIRST]
    job[:, [at.H_LAST, at.M_LOST, at.M_SLEPT, at.M_CODE]] = -1
    levels, cascades = len(plan.level_cascade), len(plan.cascade_names)
    scalar = np.zeros(at.SCALARS, np.int64)
    scalar[at.G_CODE], scalar[at.G_SLOT], scalar[at.G_HOUR_END] = plan.rest_code, -1, at.HOUR_NS
    scalar[at.G_FREE], scalar[at.G_CLOSING] = (1 << len(plan.part_names)) - 1, -1
    parts, end = [scalar], at.SCALARS
    for place, table in {
            at.AT_JOB: job, at.AT_PART_STATE: plan.part_rest_state, at.AT_REFRACTORY_UNTIL: np.zeros(cascades),
            at.AT_COUNT_TASK: np.zeros((len(task), 3)), at.AT_COUNT_LEVEL: np.zeros((levels, 2)),
            at.AT_COUNT_CASCADE: np.zeros((cascades, 5)), at.AT_ENTRIES: np.zeros(len(plan.state_names)),
            at.AT_LEAF_TOTAL: np.zeros(leaves),
            at.AT_LEAF_HOUR: np.zeros(leaves), at.AT_STAY_SLOT: np.zeros(stays)}.items():
        fixed.header[place] = end
        parts.append(_ints(table).reshape(-1))
        end += table.size
    return np.concatenate(parts)


def table(run: Run, place: int, rows: int, width: int) -> Ints:
    """A table of `state` as a view. (rows, width)"""
    first = int(run.plan[place])
    return run.state[first:first + rows * width].reshape(rows, width)


def _places(world: World, task: Ints) -> int:
    """Places in every queue: what bounded queues need, and a few for actions."""
    bounded = [min(int(task[number, at.T_QUEUE]), max(drawn.release_count, FIRST_PLACES)) for number, drawn in
               enumerate(world.activations) if not task[number, at.T_KEEPS_ALL]]
    return max(bounded, default=0) + FIRST_PLACES


def _first_rows(plan: Plan, world: World) -> int:
    """Rows that most runs need; more are made when they run out."""
    expected = sum(drawn.release_count if records else int(np.count_nonzero(drawn.event >= 0))
                   for drawn, records in zip(world.activations, plan.task_records.tolist(), strict=True))
    return min(max(expected + expected // 4 + 64, 1024), FIRST_ROWS)


def _ints(values: Any) -> Ints:
    return np.ascontiguousarray(values, np.int64)


def _columns(values: Sequence[NDArray[Any]]) -> Ints:
    return np.ascontiguousarray(np.stack(values, axis=1).astype(np.int64))


def _joined(parts: Sequence[NDArray[Any]]) -> Ints:
    """One array of all; no copy where only one task has any."""
    filled = [part for part in parts if len(part)]
    return _ints(filled[0] if len(filled) == 1 else np.concatenate([np.empty(0, np.int64), *filled]))


def _scores(parts: Sequence[NDArray[Any]]) -> Floats:
    filled = [np.ascontiguousarray(part, np.float64).reshape(-1) for part in parts if part.size]
    return filled[0] if len(filled) == 1 else np.concatenate([np.empty(0), *filled])


def _phases(plan: Plan) -> Ints:
    return _columns([
        plan.phase_duration_ns, plan.phase_drawn_duration, plan.phase_stage, plan.phase_holds, plan.phase_guard,
        plan.phase_on_pass, plan.phase_on_fail, plan.phase_marks, plan.phase_spawn, plan.phase_set_first[:-1],
        plan.phase_set_first[1:], plan.phase_level])


def _firsts(counts: Sequence[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(np.array(counts, np.int64))]).astype(np.int64)


def _tasks(plan: Plan, world: World, keeps_all_from: int | None) -> Ints:
    drawn, tasks = world.activations, len(plan.task_names)
    runs = _firsts([len(a.run_count) for a in drawn])
    scores = _firsts([a.score.size for a in drawn])
    attempts = _firsts([len(own) for own in world.spawn_attempts])
    keeps_all = [plan.task_parent[task] < 0
                 and plan.task_queue_count[task] >= (keeps_all_from or min(drawn[task].release_count, UNBOUNDED))
                 for task in range(tasks)]
    table = _plan_columns(plan).copy()
    columns: dict[int, Any] = {
            at.T_RUN_FIRST: runs[:-1], at.T_RUN_END: runs[1:],
            at.T_CANDIDATES: [len(a.candidate) for a in drawn], at.T_SCORE_FIRST: scores[:-1],
            at.T_SCORE_WIDTH: [a.score.shape[1] for a in drawn], at.T_ATTEMPT_FIRST: attempts[:-1],
            at.T_ATTEMPT_COUNT: np.diff(attempts), at.T_KEEPS_ALL: keeps_all,
            at.T_IDLE: [leaf + int(table[n, at.T_LEAF_FIRST]) if (leaf := idle_leaf(plan, world, n)) >= 0 else -1
                        for n in range(tasks)]}
    for column, values in columns.items():
        table[:, column] = values
    return table


@once_per_plan
def _plan_columns(plan: Plan) -> Ints:
    """The table of tasks with the columns that are the same in every World."""
    known = templates(plan)
    first_leaf, first_node = _firsts([len(one.leaves) for one in known]), _firsts([len(one.nodes) for one in known])
    table = np.zeros((len(known), at.TASK_WIDTH), np.int64)
    columns: dict[int, Any] = {
            at.T_ENTRY: plan.task_entry, at.T_QUEUE: plan.task_queue_count, at.T_CASCADE: plan.task_cascade,
            at.T_RECORDS: plan.task_records, at.T_PARENT: plan.task_parent, at.T_DEADLINE: plan.task_deadline_ns,
            at.T_RANK: plan.task_rank,
            at.T_ROOT: [_global(one.root, first_node[n], first_leaf[n]) for n, one in enumerate(known)],
            at.T_LEAF_FIRST: first_leaf[:-1], at.T_LEAF_END: first_leaf[1:],
            at.T_PLAIN: [one.plain for one in known], at.T_WHOLE: [one.whole for one in known],
            at.T_TRIES: [one.tries for one in known], at.T_TOUCHES: [one.touches for one in known],
            at.T_LONGEST: [max(leaf.duration_ns for leaf in one.leaves) for one in known],
            at.T_LAST: [max(leaf.last_change_ns for leaf in one.leaves) for one in known],
            at.T_QUICK: _quick(plan, known), at.T_ALIKE: [_alike(one) for one in known],
            at.T_ASKS: _asks(plan), at.T_HELD: [one.held for one in known]}
    for column, values in columns.items():
        table[:, column] = values
    return table


def _quick(plan: Plan, known: list[Template]) -> list[bool]:
    """Whether the candidates of each task that meet no event leave neither a row nor a confirmation to remember."""
    confirms = (plan.cascade_confirm_count > 1) & ~plan.cascade_confirm_final
    return [one.plain and not plan.task_records[task] and not (cascade >= 0 and confirms[cascade])
            for task, (one, cascade) in enumerate(zip(known, plan.task_cascade.tolist(), strict=True))]


def _asks(plan: Plan) -> list[int]:
    """Parts that the first phase of each task needs, as a bit set; none where a release may be slept through."""
    sleeping = plan.cascade_sleeps_refractory
    return [0 if cascade >= 0 and sleeping[cascade] else int(plan.phase_holds[entry])
            for entry, cascade in zip(plan.task_entry.tolist(), plan.task_cascade.tolist(), strict=True)]


def _alike(one: Template) -> bool:
    """Whether all ways through a task change its parts for the first time at the same offset."""
    return len({leaf.first_change_ns for leaf in one.leaves}) == 1


def _global(place: int, first_node: int, first_leaf: int) -> int:
    """A follower in one template as a follower in the table of all."""
    return place + first_node if place >= 0 else place - first_leaf


def _nodes(plan: Plan, known: list[Template]) -> Ints:
    rows: list[tuple[int, ...]] = []
    nodes = leaves = 0
    for template in known:
        rows.extend((node.guard, node.level, node.offset_ns, node.sample_ns, _global(node.passed, nodes, leaves),
                     _global(node.failed, nodes, leaves), node.attempt,
                     int(plan.level_column[node.level]) if node.level >= 0 else 0) for node in template.nodes)
        nodes, leaves = nodes + len(template.nodes), leaves + len(template.leaves)
    return np.array(rows, np.int64).reshape(len(rows), at.NODE_WIDTH)


def _leaves(leaves: list[Leaf]) -> Ints:
    stays, entered = _firsts([len(w.stays) for w in leaves]), _firsts([len(w.entered) for w in leaves])
    seen, passed = _firsts([len(w.seen) for w in leaves]), _firsts([len(w.passed) for w in leaves])
    rows = [
        (w.decided_ns, w.action_ns, w.duration_ns, w.touches, w.first_change_ns, w.last_change_ns, stays[n],
         stays[n + 1], entered[n], entered[n + 1], seen[n], seen[n + 1], passed[n], passed[n + 1], w.sample_ns, w.spawn)
        for n, w in enumerate(leaves)]
    return np.array(rows, np.int64).reshape(len(leaves), at.LEAF_WIDTH)


def _codes_at_once(known: list[Template]) -> int:
    """Joint codes that may become new while one activation is played."""
    return max((len({stay.code_step for leaf in one.leaves for stay in leaf.stays}) for one in known), default=0)


def copied(run: Run) -> Run:
    """The same run with arrays of its own for all that playing changes."""
    return _with_room(run, len(run.row))._replace(state=run.state.copy(), queue=run.queue.copy(),
                                                  ledger=run.ledger.copy(), seen=run.seen.copy())


def more_rows(run: Run) -> Run:
    """The same run with room for twice as many rows."""
    return _with_room(run, 2 * len(run.row))


def _with_room(run: Run, count: int) -> Run:
    rows = int(run.state[at.G_ROWS])
    noted = int(run.state[at.G_WALKED]) if rows else 0
    row, walked = (np.empty((count, old.shape[1]), np.int64) for old in (run.row, run.walked))
    row[:rows], walked[:noted] = run.row[:rows], run.walked[:noted]
    return run._replace(row=row, walked=walked)


def more_places(run: Run) -> Run:
    """The same run with queues twice as long."""
    tasks, places, width = run.queue.shape
    job = table(run, at.AT_JOB, tasks, at.JOB_WIDTH)
    queue = np.zeros((tasks, 2 * places, width), np.int64)
    for task in range(tasks):
        queue[task, :places] = np.roll(run.queue[task], -int(job[task, at.Q_HEAD]), axis=0)
    job[:, at.Q_HEAD] = 0
    run.state[at.G_CROWDED] = 0
    return run._replace(queue=queue)


def more_codes(run: Run) -> Run:
    """The same run with a joint-state table twice as large."""
    from powerplan.engines.compiled.compiling import compiled

    ledger = np.zeros((2 * len(run.ledger), run.ledger.shape[1]), np.int64)
    ledger[:, at.K_CODE] = -1
    grown = run._replace(ledger=ledger)
    run.state[at.G_CODES] = 0
    for old in np.flatnonzero(run.ledger[:, at.K_CODE] >= 0):
        ledger[compiled()["slot_of"](grown, int(run.ledger[old, at.K_CODE]))] = run.ledger[old]
    run.state[at.G_SLOT] = -1
    table(run, at.AT_JOB, int(run.plan[at.AT_TASKS]), at.JOB_WIDTH)[:, at.M_CODE] = -1
    return grown
