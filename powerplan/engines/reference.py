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

from powerplan.engines.dispatcher import Clock, Dispatcher, Due
from powerplan.engines.ledger import Ledger, state_time
from powerplan.engines.pairing import check_pair
from powerplan.engines.record import Record, Rows, event_outcomes
from powerplan.engines.releases import NEVER, Job, Releases
from powerplan.engines.templates import idle_leaves
from powerplan.plan.codes import Guard, Mark, Outcome, Stage, rejected_by
from powerplan.plan.plan import END, IntArray, Plan
from powerplan.plan.world import World

FIRST_PRIORITY = 2
"""SimPy itself uses 0 and 1."""
LEVEL, DECIDE, ATTEMPT, ACCEPT = (int(guard) for guard in (Guard.LEVEL, Guard.DECIDE, Guard.ATTEMPT, Guard.ACCEPT))
QUEUE, SAMPLE, ACTION = int(Stage.QUEUE), int(Mark.SAMPLE), int(Mark.ACTION)
DETECTED, DONE, CUT, BUSY = int(Outcome.DETECTED), int(Outcome.DONE), int(Outcome.CUT), int(Outcome.BUSY)
REJECTED = tuple(int(rejected_by(number)) for number in range(4))
"""Plain numbers: looking up a member of an enumeration takes as long as a step of SimPy's."""
Progress = Callable[[float], None]


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
        self.parts = Dispatcher(self.env, len(plan.part_names), FIRST_PRIORITY + 2 * tasks)
        sets = (tuple(plan.set_state[a:b].tolist()) for a, b in
                zip(plan.phase_set_first[:-1], plan.phase_set_first[1:], strict=True))
        self._phase = list(zip(*(column.tolist() for column in (
            plan.phase_duration_ns, plan.phase_drawn_duration, plan.phase_stage, plan.phase_holds, plan.phase_guard,
            plan.phase_on_pass, plan.phase_on_fail, plan.phase_marks, plan.phase_spawn)), sets, strict=True))
        self._entry, self._cascade = plan.task_entry.tolist(), plan.task_cascade.tolist()
        self._records, self._queue = plan.task_records.tolist(), plan.task_queue_count.tolist()
        self._limits = list(zip(plan.level_low_score.tolist(), plan.level_high_score.tolist(),
                                plan.level_column.tolist(), strict=True))
        self._level = list(zip(plan.level_number.tolist(), plan.level_cascade.tolist(), strict=True))
        self._scores = [(drawn.score.tolist(), drawn.late_score.tolist()) for drawn in world.activations]
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
        self.rows: list[tuple[int, Job, int]] = []
        self.releases = [Releases(drawn) for drawn in world.activations]
        self.pending: list[deque[Job]] = [deque() for _ in range(tasks)]
        self.arriving: list[deque[Job]] = [deque() for _ in range(tasks)]
        self.wake: list[simpy.Event | None] = [None] * tasks
        self.running: list[Job | None] = [None] * tasks
        self.next_event_ns = [0] * tasks
        """Until then a task does nothing and waits for no part; kept for skipping."""
        self.idle = idle_leaves(plan, world) if skipping else [None] * tasks
        self.trace_window = trace_window

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
                yield Due(self.env, releases.upcoming_ns - self.env.now, self._release_priority[task])
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
        job.unbroken_from = max(job.unbroken_from, self.lost_ordinal[task] + 1)
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
        cascade = int(self.plan.task_cascade[task])
        asleep = cascade >= 0 and self.plan.cascade_sleeps_refractory[cascade] \
            and first_ns < self.refractory_until[cascade]
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
        env, parts, ledger, stage_ns = self.env, self.parts, self.ledger, job.stage_ns
        self.running[task] = job
        job.unbroken_from = max(job.unbroken_from, self.slept_ordinal[task] + 1)
        held, phase, place = 0, self._entry[task], self._end_priority[task]
        now = env.now
        while phase != END:
            duration, drawn, stage, holds, guard, on_pass, on_fail, marks, spawn, states = self._phase[phase]
            if held & ~holds:
                self.give_back(held & ~holds)
            missing = holds & ~held
            if missing and not parts.take_at_once(missing):
                self.next_event_ns[task] = now
                yield parts.take(missing, int(self.plan.task_rank[task]), task)
                stage_ns[QUEUE] += env.now - now
                now = env.now
            held = holds
            if marks or job.started_ns < 0:
                self.mark(job, marks)
            if states:
                ledger.enter(states, now)
            if drawn:
                duration = self.drawn_duration(task, job)
            now += duration
            self.next_event_ns[task] = now
            yield Due(env, duration, place)
            stage_ns[stage] += duration
            passed = not guard or self.decide(task, job, phase, guard)
            if passed and spawn >= 0:
                self.spawn(spawn, job)
            phase = on_pass if passed else on_fail
        if held:
            self.give_back(held)
        self.running[task] = None
        self.finished[task] += 1
        self.note(task, job, job.outcome)

    # --- what a phase does -------------------------------------------------------------------------------------

    def sleeps(self, task: int, job: Job) -> bool:
        """Whether the activation is slept through, within the refractory time."""
        cascade = self._cascade[task]
        if cascade < 0 or job.released_ns >= self.refractory_until[cascade] \
                or not self.plan.cascade_sleeps_refractory[cascade]:
            return False
        self.slept_ordinal[task] = job.ordinal
        self.note(task, job, Outcome.REFRACTORY)
        return True

    def mark(self, job: Job, marks: int) -> None:
        """What the start of a phase means."""
        now = self.env.now
        if job.started_ns < 0:
            job.started_ns = now
            job.stage_ns[QUEUE] = now - job.released_ns
        if marks & SAMPLE and job.event >= 0:
            job.late = now >= self._end_ns[job.event]
        if marks & ACTION and job.action_ns < 0:
            job.action_ns = now

    def decide(self, task: int, job: Job, phase: int, guard: int) -> bool:
        if guard == LEVEL:
            return self.level_passes(task, job, int(self.plan.phase_level[phase]))
        if guard == DECIDE:
            return self.detected(task, job)
        if guard == ACCEPT:
            level = int(self.plan.phase_level[phase])
            passed = self.inside(task, job, level)
            self.level_seen[level] += 1
            self.level_passed[level] += passed
            return passed
        if guard == ATTEMPT:
            job.attempt += 1
            return job.attempt >= self.attempts(task, job)
        return True

    def level_passes(self, task: int, job: Job, level: int) -> bool:
        plan = self.plan
        self.level_seen[level] += 1
        number, cascade = self._level[level]
        passed = self.inside(task, job, level)
        if not passed:
            job.outcome, job.decided_ns = REJECTED[number], self.env.now
        elif number == 0 and not plan.cascade_confirm_final[cascade] and not self.confirmed(task, job):
            passed = False
            job.outcome, job.decided_ns = Outcome.NOT_CONFIRMED, self.env.now
        self.level_passed[level] += passed
        return passed

    def inside(self, task: int, job: Job, level: int) -> bool:
        """Whether the sample's score lies inside the limits of a level."""
        low, high, column = self._limits[level]
        return job.candidate >= 0 and low <= self._scores[task][job.late][job.candidate][column] <= high

    def confirmed(self, task: int, job: Job) -> bool:
        """Note one more passing window; are enough of the last ones passing?"""
        cascade = int(self.plan.task_cascade[task])
        needed, of = int(self.plan.cascade_confirm_count[cascade]), int(self.plan.cascade_confirm_of[cascade])
        bits, last = self.history[task]
        since = job.ordinal - last
        bits = (bits << since if since < of else 0) | 1
        kept = min(of, job.ordinal - job.unbroken_from + 1)
        bits &= (1 << kept) - 1
        self.history[task] = (bits, job.ordinal)
        return bits.bit_count() >= needed

    def detected(self, task: int, job: Job) -> bool:
        plan, cascade, now = self.plan, int(self.plan.task_cascade[task]), self.env.now
        job.decided_ns = now
        deadline = int(plan.task_deadline_ns[task])
        if plan.cascade_confirm_final[cascade] and not self.confirmed(task, job):
            job.outcome = Outcome.NOT_CONFIRMED
        elif 0 <= deadline < now - job.released_ns:
            job.outcome = Outcome.DEADLINE
        elif now < self.refractory_until[cascade]:
            job.outcome = Outcome.REFRACTORY
            self.counts["suppressed"][cascade] += 1
        else:
            self.refractory_until[cascade] = now + int(plan.cascade_refractory_ns[cascade])
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
        Due(self.env, 0, self._release_priority[task]).callbacks.append(lambda _: self.arrive(task))

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

    def give_back(self, mask: int) -> None:
        """Parts return to rest and are free."""
        self.ledger.rest(mask, self.env.now)
        self.parts.give_back(mask)

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

    def note(self, task: int, job: Job, outcome: int) -> None:
        """Write the row of an activation and what it means for its event."""
        if job.event < 0 and outcome != DETECTED and not self._records[task]:
            return
        self.rows.append((task, job, outcome))
        cascade = self._cascade[task]
        if cascade >= 0 and job.event >= 0 and outcome != DONE:
            code = Outcome.NOT_SAMPLED if job.late and outcome not in (BUSY, CUT) else outcome
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
            rows=self.table(),
        )

    def table(self) -> Rows:
        rows = sorted(self.rows, key=lambda row: (row[0], row[1].ordinal))
        listed = np.array([
            (task, job.ordinal, job.event, job.parent_ordinal, job.released_ns, job.started_ns, job.decided_ns,
             job.action_ns, -1 if outcome in (CUT, BUSY) or job.started_ns < 0 else job.released_ns + sum(job.stage_ns),
             outcome, *job.stage_ns) for task, job, outcome in rows], np.int64).reshape(len(rows), 10 + len(Stage))
        names = ("task", "ordinal", "event", "parent_ordinal", "released_ns", "started_ns", "decided_ns", "action_ns",
                 "ended_ns", "outcome")
        return Rows(**dict(zip(names, listed.T, strict=False)), stage_ns=listed[:, len(names):])


def _array(values: Iterable[int]) -> IntArray:
    return np.array(list(values), np.int64)


def stop_at(env: Clock, until_ns: int) -> simpy.Event:
    """An event before everything else at an instant, so that nothing at the horizon itself happens any more."""
    return Due(env, until_ns - env.now, 0)


def run(plan: Plan, world: World, progress: Progress | None = None,
        trace_window: tuple[int, int] | None = None, skipping: bool = False
        ) -> tuple[Record, list[tuple[int, int]]]:
    """Record of a (Plan, World) pair, and the trace inside the window as (time in ns, state entered)."""
    engine = Reference(plan, world, trace_window, skipping)
    record = engine.run(progress)
    return record, engine.ledger.trace
