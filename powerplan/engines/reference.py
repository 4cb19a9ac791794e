"""The reference engine: SimPy processes that run every activation. It is the one that is right.

One process per task: wait for the release, take the parts, do the phase, note it, give back. It draws no random
numbers. Order within an instant is the Plan's (see `powerplan.plan.plan`). With `skipping`, idle activations that
nothing else can meet are counted instead of played; the record is the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable

import numpy as np
import simpy

from powerplan.engines.decisions import BUSY, CUT, DETECTED, REFRACTORY, Decisions, Judge
from powerplan.engines.dispatcher import Clock, Dispatcher, Due, stop_at
from powerplan.engines.ledger import Ledger, state_time
from powerplan.engines.pairing import check_pair
from powerplan.engines.record import Record, event_outcomes
from powerplan.engines.releases import NEVER, Job, Releases, candidates_before, table
from powerplan.engines.templates import idle_leaves
from powerplan.plan.codes import Mark, Stage
from powerplan.plan.plan import END, IntArray, Plan
from powerplan.plan.world import World

FIRST_PRIORITY = 2
"""SimPy itself uses 0 and 1."""
QUEUE, SAMPLE, ACTION = int(Stage.QUEUE), int(Mark.SAMPLE), int(Mark.ACTION)
Progress = Callable[[float], None]
Step = tuple[int, bool, int, int, int, int, int, int, int, tuple[int, ...], Judge | None]


class Reference:
    """Runs one (Plan, World) pair."""

    def __init__(self, plan: Plan, world: World, trace_window: tuple[int, int] | None = None,
                 skipping: bool = False) -> None:
        check_pair(plan, world)
        self.plan, self.world = plan, world
        self.env = Clock(initial_time=0)
        self.ledger = Ledger(plan, world.bin_count, trace_window)
        tasks = len(plan.task_names)
        order = np.lexsort((np.arange(tasks), plan.task_rank))
        self._end_priority = [FIRST_PRIORITY + int(place) for place in np.argsort(order)]
        self._release_priority = [tasks + priority for priority in self._end_priority]
        self._due = [Due(self.env) for _ in range(tasks)]
        self.parts = Dispatcher(self.env, len(plan.part_names), FIRST_PRIORITY + 2 * tasks)
        self._entry = plan.task_entry.tolist()
        self._records, self._queue = plan.task_records.tolist(), plan.task_queue_count.tolist()
        self._rank = plan.task_rank.tolist()
        listed = [candidates_before(drawn, world.horizon_ns) for drawn in world.activations]
        self.decide = Decisions(plan, world, self.env, listed)
        self._phase = self._phases(plan)
        self.released, self.dropped, self.finished = ([0] * tasks for _ in range(3))
        self.lost_ordinal, self.slept_ordinal = [-1] * tasks, [-1] * tasks
        self._end_ns = world.events.end_ns.tolist()
        self.rows = bytearray()
        self.releases = [Releases(*pair) for pair in zip(world.activations, listed, strict=True)]
        self.pending: list[deque[Job]] = [deque() for _ in range(tasks)]
        self.arriving: list[deque[Job]] = [deque() for _ in range(tasks)]
        self.wake: list[simpy.Event | None] = [None] * tasks
        self.running: list[Job | None] = [None] * tasks
        self.next_event_ns = [0] * tasks
        """Until then a task does nothing and waits for no part; kept for skipping."""
        self.idle = idle_leaves(plan, world) if skipping else [None] * tasks
        self.trace_window = trace_window

    def _phases(self, plan: Plan) -> list[Step]:
        """The phase table as plain tuples, each with the method that its guard asks."""
        sets = (tuple(plan.set_state[a:b].tolist()) for a, b in
                zip(plan.phase_set_first[:-1], plan.phase_set_first[1:], strict=True))
        judges = (self.decide.by_guard.get(guard) for guard in plan.phase_guard.tolist())
        return list(zip(*(column.tolist() for column in (
            plan.phase_duration_ns, plan.phase_drawn_duration, plan.phase_stage, plan.phase_holds, plan.phase_level,
            plan.phase_on_pass, plan.phase_on_fail, plan.phase_marks, plan.phase_spawn)), sets, judges, strict=True))

    def run(self, progress: Progress | None = None) -> Record:
        """Play the whole horizon."""
        for task in range(len(self.plan.task_names)):
            spawned = self.plan.task_parent[task] >= 0
            self.env.process(self.run_spawned(task) if spawned else self.run_task(task))
        horizon_ns, steps = self.world.horizon_ns, 100 if progress else 1
        for step in range(1, steps + 1):
            self.env.run(until=stop_at(self.env, horizon_ns * step // steps))
            if progress:
                progress(step / steps)
        self.ledger.close(horizon_ns)
        self.cut()
        return self.record()

    def cut(self) -> None:
        """At the horizon: what is under way or still waits is cut; what it kept from waiting is lost."""
        for task, job in enumerate(self.running):
            self.admit(task, self.world.horizon_ns)
            for left in (*([job] if job is not None else []), *self.pending[task]):
                self.note(task, left, CUT)

    # --- processes ---------------------------------------------------------------------------------------------

    def run_task(self, task: int) -> Generator[simpy.Event, None, None]:
        """Serve the World's releases of one task, one activation at a time."""
        releases, pending = self.releases[task], self.pending[task]
        while releases.upcoming_ns < NEVER or pending:
            if not pending:
                if self.idle[task] is not None:
                    self.skip(task)
                if releases.upcoming_ns == NEVER:
                    break
                self.next_event_ns[task] = releases.upcoming_ns
                yield self._due[task].after(releases.upcoming_ns - self.env.now, self._release_priority[task])
                self.accept(task, releases.take())
            yield from self.activation(task, pending.popleft())
            self.admit(task, self.env.now)
        self.next_event_ns[task] = NEVER

    def admit(self, task: int, before_ns: int) -> None:
        """Releases that came while an activation ran: they wait, or are lost where too many wait already."""
        releases, pending = self.releases[task], self.pending[task]
        limit = self._queue[task]
        while releases.upcoming_ns < before_ns:
            job = releases.take()
            if len(pending) < limit:
                self.accept(task, job)
            else:
                self.released[task] += 1
                self.drop(task, job)

    def accept(self, task: int, job: Job) -> None:
        """A release joins the queue of its task."""
        self.released[task] += 1
        if self.lost_ordinal[task] >= job.unbroken_from:
            job.unbroken_from = self.lost_ordinal[task] + 1
        self.pending[task].append(job)

    def skip(self, task: int) -> None:
        """Count the idle activations that end before anything else can happen."""
        idle, releases = self.idle[task], self.releases[task]
        if idle is None or self.parts.waiting:
            return
        limit_ns = min((at for other, at in enumerate(self.next_event_ns) if other != task), default=NEVER)
        limit_ns = min(limit_ns, self.world.horizon_ns)
        first_ns = releases.upcoming_ns
        if self.trace_window and first_ns < self.trace_window[1]:
            limit_ns = min(limit_ns, self.trace_window[0])
        count = 0 if self.decide.asleep(task, first_ns) else releases.idle_before(limit_ns, idle.duration_ns)
        if count <= 0 or self.parts.taken & idle.touches or not self.ledger.rests(idle.touches):
            return
        self.ledger.repeat(idle, first_ns, releases.period_ns, count)
        releases.skip(count)
        self.released[task] += count
        self.finished[task] += count
        for level in idle.seen:
            self.decide.level_seen[level] += count

    def run_spawned(self, task: int) -> Generator[simpy.Event, None, None]:
        """Serve the releases that detections of another task ask for."""
        pending = self.pending[task]
        while True:
            if not pending:
                wake = self.wake[task] = simpy.Event(self.env)
                if not self.arriving[task]:
                    self.next_event_ns[task] = NEVER
                yield wake
                self.wake[task] = None
            yield from self.activation(task, pending.popleft())

    def activation(self, task: int, job: Job) -> Generator[simpy.Event, None, None]:
        """Walk the phases of one activation."""
        if self.sleeps(task, job):
            return
        env, parts, ledger, phases, stage_ns = self.env, self.parts, self.ledger, self._phase, job.stage_ns
        self.running[task] = job
        if self.slept_ordinal[task] >= job.unbroken_from:
            job.unbroken_from = self.slept_ordinal[task] + 1
        held, phase, due, place = 0, self._entry[task], self._due[task], self._end_priority[task]
        now = env.now
        while phase != END:
            duration, drawn, stage, holds, level, on_pass, on_fail, marks, spawn, states, judge = phases[phase]
            if holds != held:
                given_back, missing = held & ~holds, holds & ~held
                if given_back:
                    ledger.rest(given_back, now)
                    parts.give_back(given_back)
                if missing and not parts.take_at_once(missing):
                    self.next_event_ns[task] = now
                    yield parts.take(missing, self._rank[task], task)
                    stage_ns[QUEUE] += env.now - now
                    now = env.now
                held = holds
            if job.started_ns < 0:
                job.started_ns = now
                stage_ns[QUEUE] = now - job.released_ns
            if marks:
                self.mark(job, marks, now)
            if states:
                ledger.enter(states, now)
            if drawn:
                duration = self.drawn_duration(task, job)
            if duration or not env.alone():
                self.next_event_ns[task] = now = now + duration
                yield due.after(duration, place)
                stage_ns[stage] += duration
            passed = judge is None or judge(task, job, level)
            if passed and spawn >= 0:
                self.spawn(spawn, job)
            phase = on_pass if passed else on_fail
        if held:
            ledger.rest(held, now)
            parts.give_back(held)
        self.running[task] = None
        self.finished[task] += 1
        self.note(task, job, job.outcome, now)

    # --- what a phase does -------------------------------------------------------------------------------------

    def sleeps(self, task: int, job: Job) -> bool:
        """Whether the activation is slept through, within the refractory time."""
        if not self.decide.asleep(task, job.released_ns):
            return False
        self.slept_ordinal[task] = job.ordinal
        self.note(task, job, REFRACTORY)
        return True

    def mark(self, job: Job, marks: int, now: int) -> None:
        """What the start of a phase means."""
        if marks & SAMPLE and job.event >= 0:
            job.late = now >= self._end_ns[job.event]
        if marks & ACTION and job.action_ns < 0:
            job.action_ns = now

    def spawn(self, task: int, parent: Job) -> None:
        """A detection releases an action; like every release it comes after all ends of the instant."""
        job = Job(self.released[task], self.env.now)
        job.event, job.parent_ordinal = parent.event, parent.ordinal
        self.released[task] += 1
        self.arriving[task].append(job)
        self.next_event_ns[task] = self.env.now
        Due(self.env).after(0, self._release_priority[task]).callbacks.append(lambda _: self.arrive(task))

    def arrive(self, task: int) -> None:
        """The action starts, waits for the one before it, or is lost."""
        job, pending, wake = self.arriving[task].popleft(), self.pending[task], self.wake[task]
        if wake is not None and not wake.triggered:
            pending.append(job)
            wake.succeed()
        elif len(pending) < self._queue[task]:
            pending.append(job)
        else:
            self.drop(task, job)

    def drawn_duration(self, task: int, job: Job) -> int:
        return int(self.world.activations[task].duration_ns[job.candidate]) if job.candidate >= 0 else 0

    # --- notes -------------------------------------------------------------------------------------------------

    def drop(self, task: int, job: Job) -> None:
        """The task is busy and its queue is full."""
        self.dropped[task] += 1
        self.lost_ordinal[task] = max(self.lost_ordinal[task], job.ordinal)
        self.note(task, job, BUSY)

    def note(self, task: int, job: Job, outcome: int, ended_ns: int = -1) -> None:
        """Write the row of an activation and what it means for its event."""
        if job.event < 0 and outcome != DETECTED and not self._records[task]:
            return
        self.rows += job.row(task, outcome, ended_ns)
        self.decide.note(task, job, outcome)

    def record(self) -> Record:
        codes, joint_ns, entries, longest_ns = self.ledger.joint_tables()
        events = self.world.events
        codes_of = np.array(self.decide.event_code, np.int64).reshape(events.target.shape)
        return Record(
            horizon_ns=self.world.horizon_ns, state_ns=state_time(self.plan, codes, joint_ns),
            state_entries=self.ledger.state_entries, joint_code=codes, joint_ns=joint_ns, joint_entries=entries,
            joint_longest_ns=longest_ns, task_released=_array(self.released), task_dropped=_array(self.dropped),
            task_finished=_array(self.finished), level_seen=_array(self.decide.level_seen),
            level_passed=_array(self.decide.level_passed),
            **{name: _array(values) for name, values in self.decide.counts.items()},
            event_outcome=event_outcomes(codes_of, events.target, events.missed,
                                         events.end_ns > self.world.horizon_ns),
            rows=table(self.rows),
        )


def _array(values: Iterable[int]) -> IntArray:
    return np.array(list(values), np.int64)


def run(plan: Plan, world: World, progress: Progress | None = None,
        trace_window: tuple[int, int] | None = None, skipping: bool = False
        ) -> tuple[Record, list[tuple[int, int]]]:
    """Record of a (Plan, World) pair, and the trace inside the window as (time in ns, state entered)."""
    engine = Reference(plan, world, trace_window, skipping)
    record = engine.run(progress)
    return record, engine.ledger.trace
