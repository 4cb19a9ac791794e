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

from powerplan.engines.dispatcher import Clock, Dispatcher, Due, stop_at
from powerplan.engines.ledger import Ledger, state_time
from powerplan.engines.pairing import check_pair
from powerplan.engines.record import Record, event_outcomes
from powerplan.engines.releases import NEVER, Job, Releases, candidates_before, table
from powerplan.engines.templates import idle_leaves
from powerplan.plan.codes import Guard, Mark, Outcome, Stage, rejected_by
from powerplan.plan.plan import END, IntArray, Plan
from powerplan.plan.world import World

FIRST_PRIORITY = 2
"""SimPy itself uses 0 and 1."""
QUEUE, SAMPLE, ACTION = int(Stage.QUEUE), int(Mark.SAMPLE), int(Mark.ACTION)
DETECTED, DONE, CUT, BUSY = int(Outcome.DETECTED), int(Outcome.DONE), int(Outcome.CUT), int(Outcome.BUSY)
NOT_CONFIRMED, NOT_SAMPLED = int(Outcome.NOT_CONFIRMED), int(Outcome.NOT_SAMPLED)
REFRACTORY, DEADLINE = int(Outcome.REFRACTORY), int(Outcome.DEADLINE)
REJECTED = tuple(int(rejected_by(number)) for number in range(4))
"""Plain numbers: looking up a member of an enumeration takes as long as a step of SimPy's."""
Progress = Callable[[float], None]
Judge = Callable[[int, Job, int], bool]
"""Whether an activation (its task, itself) passes the guard of a phase (its level)."""
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
        self._phase = self._phases(plan)
        self._entry = plan.task_entry.tolist()
        self._cascade: list[int] = plan.task_cascade.tolist()
        self._records, self._queue = plan.task_records.tolist(), plan.task_queue_count.tolist()
        self._rank, self._deadline_ns = plan.task_rank.tolist(), plan.task_deadline_ns.tolist()
        self._sleeps = plan.cascade_sleeps_refractory.tolist()
        self._refractory_ns = plan.cascade_refractory_ns.tolist()
        self._confirm_final = plan.cascade_confirm_final.tolist()
        self._confirm: list[tuple[int, int]] = list(zip(
            plan.cascade_confirm_count.tolist(), plan.cascade_confirm_of.tolist(), strict=True))
        self._limits: list[tuple[float, float, int]] = list(zip(
            plan.level_low_score.tolist(), plan.level_high_score.tolist(), plan.level_column.tolist(), strict=True))
        self._level = list(zip(plan.level_number.tolist(), plan.level_cascade.tolist(), strict=True))
        listed = [candidates_before(drawn, world.horizon_ns) for drawn in world.activations]
        self._scores: list[tuple[list[list[float]], ...]] = [
            (drawn.score[:count].tolist(), drawn.late_score[:count].tolist())
            for drawn, count in zip(world.activations, listed, strict=True)]
        self.released, self.dropped, self.finished = ([0] * tasks for _ in range(3))
        levels, cascades = len(plan.level_cascade), len(plan.cascade_names)
        self.level_seen, self.level_passed = [0] * levels, [0] * levels
        self.counts = {name: [0] * cascades for name in
                       ("detections", "hits", "repeats", "false_alarms", "suppressed")}
        self.refractory_until = [0] * cascades
        self.history = [(0, -1)] * tasks
        self.lost_ordinal, self.slept_ordinal = [-1] * tasks, [-1] * tasks
        self.event_code = [[NEVER] * cascades for _ in range(len(world.events))]
        self._end_ns, self._target = world.events.end_ns.tolist(), world.events.target.tolist()
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
        asks: dict[int, Judge] = {Guard.LEVEL: self.level_passes, Guard.DECIDE: self.detected,
                                  Guard.ACCEPT: self.accepted, Guard.ATTEMPT: self.attempted}
        sets = (tuple(plan.set_state[a:b].tolist()) for a, b in
                zip(plan.phase_set_first[:-1], plan.phase_set_first[1:], strict=True))
        judges = (asks.get(guard) for guard in plan.phase_guard.tolist())
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
        cascade = self._cascade[task]
        asleep = cascade >= 0 and self._sleeps[cascade] and first_ns < self.refractory_until[cascade]
        count = 0 if asleep else releases.idle_before(limit_ns, idle.duration_ns)
        if count <= 0 or self.parts.taken & idle.touches or not self.ledger.rests(idle.touches):
            return
        self.ledger.repeat(idle, first_ns, releases.period_ns, count)
        releases.skip(count)
        self.released[task] += count
        self.finished[task] += count
        for level in idle.seen:
            self.level_seen[level] += count

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
        cascade = self._cascade[task]
        if cascade < 0 or job.released_ns >= self.refractory_until[cascade] or not self._sleeps[cascade]:
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

    def level_passes(self, task: int, job: Job, level: int) -> bool:
        """A level of the cascade decides whether the next one looks."""
        self.level_seen[level] += 1
        number, cascade = self._level[level]
        passed = self.inside(task, job, level)
        if not passed:
            job.outcome, job.decided_ns = REJECTED[number], self.env.now
        elif number == 0 and not self._confirm_final[cascade] and not self.confirmed(task, job):
            passed = False
            job.outcome, job.decided_ns = NOT_CONFIRMED, self.env.now
        self.level_passed[level] += passed
        return passed

    def accepted(self, task: int, job: Job, level: int) -> bool:
        """A level may decide alone."""
        passed = self.inside(task, job, level)
        self.level_seen[level] += 1
        self.level_passed[level] += passed
        return passed

    def attempted(self, task: int, job: Job, _level: int) -> bool:
        """The radio has made all attempts that this activation takes."""
        job.attempt += 1
        return job.attempt >= self.attempts(task, job)

    def inside(self, task: int, job: Job, level: int) -> bool:
        """Whether the sample's score lies inside the limits of a level."""
        low, high, column = self._limits[level]
        return job.candidate >= 0 and low <= self._scores[task][job.late][job.candidate][column] <= high

    def confirmed(self, task: int, job: Job) -> bool:
        """Note one more passing window; are enough of the last ones passing?"""
        needed, of = self._confirm[self._cascade[task]]
        if needed <= 1:
            return True
        bits, last = self.history[task]
        since = job.ordinal - last
        bits = (bits << since if since < of else 0) | 1
        kept = min(of, job.ordinal - job.unbroken_from + 1)
        bits &= (1 << kept) - 1
        self.history[task] = (bits, job.ordinal)
        return bits.bit_count() >= needed

    def detected(self, task: int, job: Job, _level: int) -> bool:
        """The final decision, and whether it leads to an action."""
        cascade, deadline, now = self._cascade[task], self._deadline_ns[task], self.env.now
        job.decided_ns = now
        if self._confirm_final[cascade] and not self.confirmed(task, job):
            job.outcome = NOT_CONFIRMED
        elif 0 <= deadline < now - job.released_ns:
            job.outcome = DEADLINE
        elif now < self.refractory_until[cascade]:
            job.outcome = REFRACTORY
            self.counts["suppressed"][cascade] += 1
        else:
            self.refractory_until[cascade] = now + self._refractory_ns[cascade]
            self.count_detection(cascade, job)
            return True
        return False

    def count_detection(self, cascade: int, job: Job) -> None:
        job.outcome = DETECTED
        self.counts["detections"][cascade] += 1
        if job.event < 0 or job.late or not self._target[job.event][cascade]:
            kind = "false_alarms"
        elif self.event_code[job.event][cascade] == DETECTED:
            kind = "repeats"
        else:
            kind = "hits"
            self.event_code[job.event][cascade] = DETECTED
        self.counts[kind][cascade] += 1

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

    def attempts(self, task: int, job: Job) -> int:
        if job.candidate >= 0:
            return int(self.world.activations[task].attempts[job.candidate])
        drawn = self.world.spawn_attempts[task]
        return int(drawn[job.ordinal % len(drawn)]) if len(drawn) else 1

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
        cascade = self._cascade[task]
        if cascade >= 0 and job.event >= 0 and outcome != DONE:
            code = NOT_SAMPLED if job.late and outcome not in (BUSY, CUT) else outcome
            if code < self.event_code[job.event][cascade]:
                self.event_code[job.event][cascade] = code

    def record(self) -> Record:
        codes, joint_ns, entries, longest_ns = self.ledger.joint_tables()
        events = self.world.events
        codes_of = np.array(self.event_code, np.int64).reshape(events.target.shape)
        return Record(
            horizon_ns=self.world.horizon_ns, state_ns=state_time(self.plan, codes, joint_ns),
            state_entries=self.ledger.state_entries, joint_code=codes, joint_ns=joint_ns, joint_entries=entries,
            joint_longest_ns=longest_ns, task_released=_array(self.released), task_dropped=_array(self.dropped),
            task_finished=_array(self.finished), level_seen=_array(self.level_seen),
            level_passed=_array(self.level_passed),
            **{name: _array(values) for name, values in self.counts.items()},
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
