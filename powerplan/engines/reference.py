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

from powerplan.engines.idle import idle_activations
from powerplan.engines.ledger import Ledger, state_time
from powerplan.engines.pairing import check_pair
from powerplan.engines.record import Record, Rows, event_outcomes
from powerplan.engines.releases import NEVER, Job, Releases
from powerplan.plan.codes import Guard, Mark, Outcome, Stage, rejected_by
from powerplan.plan.plan import END, IntArray, Plan
from powerplan.plan.world import World

FIRST_PRIORITY = 2
"""SimPy itself uses 0 and 1."""
Progress = Callable[[float], None]


class Clock(simpy.Environment):
    """SimPy's environment on integer nanoseconds."""

    _now: int

    @property
    def now(self) -> int:
        """Nanoseconds since the start."""
        return self._now


class Dispatcher:
    """Grants parts at the end of the instant, to all who can have everything they ask for, in the Plan's order."""

    def __init__(self, env: Clock, parts: int, priority: int) -> None:
        self._env, self._priority = env, priority
        self._free = (1 << parts) - 1
        self._all = self._free
        self._waiting: list[tuple[int, int, int, int, simpy.Event]] = []
        self._armed = False

    @property
    def waiting(self) -> bool:
        """Somebody waits for parts."""
        return bool(self._waiting)

    @property
    def taken(self) -> int:
        """Bit set of the parts that somebody holds."""
        return self._all & ~self._free

    def take(self, mask: int, rank: int, task: int) -> simpy.Event:
        """Event that fires when all parts of the mask belong to the asker."""
        granted = simpy.Event(self._env)
        self._waiting.append((rank, self._env.now, task, mask, granted))
        self._arm()
        return granted

    def give_back(self, mask: int) -> None:
        """Parts are free from now on."""
        self._free |= mask
        if self._waiting:
            self._arm()

    def _arm(self) -> None:
        if not self._armed:
            self._armed = True
            due(self._env, 0, self._priority).callbacks.append(self._grant)

    def _grant(self, _: simpy.Event) -> None:
        self._armed = False
        self._waiting.sort(key=lambda asked: asked[:3])
        still = []
        for asked in self._waiting:
            mask, granted = asked[3], asked[4]
            if mask & ~self._free:
                still.append(asked)
            else:
                self._free &= ~mask
                granted.succeed()
        self._waiting = still


def due(env: Clock, delay_ns: int, priority: int) -> simpy.Event:
    """An event after a delay, ordered within its instant by priority."""
    event = simpy.Event(env)
    event._ok, event._value = True, None
    env.schedule(event, priority=priority, delay=delay_ns)  # type: ignore[arg-type]
    return event


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
        self._place = {int(task): place for place, task in enumerate(order)}
        self.parts = Dispatcher(self.env, len(plan.part_names), FIRST_PRIORITY + 2 * tasks)
        self._set = [plan.set_state[a:b].tolist() for a, b in
                     zip(plan.phase_set_first[:-1], plan.phase_set_first[1:], strict=True)]
        self._phase = [tuple(int(column[p]) for column in (
            plan.phase_duration_ns, plan.phase_drawn_duration, plan.phase_stage, plan.phase_holds,
            plan.phase_guard, plan.phase_on_pass, plan.phase_on_fail, plan.phase_marks, plan.phase_spawn))
            for p in range(len(plan.phase_task))]
        self.released, self.dropped, self.finished = ([0] * tasks for _ in range(3))
        levels, cascades = len(plan.level_cascade), len(plan.cascade_names)
        self.level_seen, self.level_passed = [0] * levels, [0] * levels
        self.counts = {name: [0] * cascades for name in
                       ("detections", "hits", "repeats", "false_alarms", "suppressed")}
        self.refractory_until = [0] * cascades
        self.history = [(0, -1)] * tasks
        self.lost_ordinal, self.slept_ordinal = [-1] * tasks, [-1] * tasks
        self.event_code = np.full((len(world.events), cascades), NEVER, np.int64)
        self.rows: list[tuple[int, Job, int]] = []
        self.releases = [Releases(drawn) for drawn in world.activations]
        self.pending: list[deque[Job]] = [deque() for _ in range(tasks)]
        self.arriving: list[deque[Job]] = [deque() for _ in range(tasks)]
        self.wake: list[simpy.Event | None] = [None] * tasks
        self.running: list[Job | None] = [None] * tasks
        self.next_event_ns = [0] * tasks
        """Until then a task does nothing and waits for no part; kept for skipping."""
        self.idle = idle_activations(plan, world) if skipping else [None] * tasks
        self.trace_window = trace_window

    def run(self, progress: Progress | None = None) -> Record:
        """Play the whole horizon."""
        for task in range(len(self.plan.task_names)):
            spawned = self.plan.task_parent[task] >= 0
            self.env.process(self.run_spawned(task) if spawned else self.run_task(task))
        horizon_ns, steps = self.world.horizon_ns, 100
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
                self.note(task, left, Outcome.CUT)

    # --- processes ---------------------------------------------------------------------------------------------

    def run_task(self, task: int) -> Generator[simpy.Event, None, None]:
        """Serve the World's releases of one task, one activation at a time."""
        releases, pending = self.releases[task], self.pending[task]
        while releases.upcoming_ns < NEVER or pending:
            if not pending:
                self.skip(task)
                if releases.upcoming_ns == NEVER:
                    break
                self.next_event_ns[task] = releases.upcoming_ns
                yield due(self.env, releases.upcoming_ns - self.env.now, self.release_priority(task))
                self.accept(task, releases.take())
            yield from self.activation(task, pending.popleft())
            self.admit(task, self.env.now)
        self.next_event_ns[task] = NEVER

    def admit(self, task: int, before_ns: int) -> None:
        """Releases that came while an activation ran: they wait, or are lost where too many wait already."""
        releases, pending = self.releases[task], self.pending[task]
        limit = int(self.plan.task_queue_count[task])
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
        if count <= 0 or self.parts.taken & idle.touches or not self.ledger.rests(idle.parts):
            return
        self.ledger.repeat(idle, first_ns, releases.period_ns, count)
        releases.skip(count)
        self.released[task] += count
        self.finished[task] += count
        for level in idle.levels:
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
        cascade = int(self.plan.task_cascade[task])
        if cascade >= 0 and self.plan.cascade_sleeps_refractory[cascade] \
                and job.released_ns < self.refractory_until[cascade]:
            self.slept_ordinal[task] = job.ordinal
            self.note(task, job, Outcome.REFRACTORY)
            return
        self.running[task] = job
        job.unbroken_from = max(job.unbroken_from, self.slept_ordinal[task] + 1)
        held, phase = 0, int(self.plan.task_entry[task])
        rank, place = int(self.plan.task_rank[task]), FIRST_PRIORITY + self._place[task]
        while phase != END:
            duration, drawn, stage, holds, guard, on_pass, on_fail, marks, spawn = self._phase[phase]
            self.give_back(held & ~holds)
            missing, asked_ns = holds & ~held, self.env.now
            self.next_event_ns[task] = asked_ns
            if missing:
                yield self.parts.take(missing, rank, task)
                job.stage_ns[Stage.QUEUE] += self.env.now - asked_ns
            held = holds
            self.begin(job, phase, marks)
            if drawn:
                duration = self.drawn_duration(task, job)
            self.next_event_ns[task] = self.env.now + duration
            yield due(self.env, duration, place)
            job.stage_ns[stage] += duration
            passed = self.decide(task, job, phase, guard)
            if passed and spawn >= 0:
                self.spawn(spawn, job)
            phase = on_pass if passed else on_fail
        self.give_back(held)
        self.running[task] = None
        self.finished[task] += 1
        self.note(task, job, Outcome(job.outcome))

    # --- what a phase does -------------------------------------------------------------------------------------

    def begin(self, job: Job, phase: int, marks: int) -> None:
        now = self.env.now
        if job.started_ns < 0:
            job.started_ns = now
            job.stage_ns[Stage.QUEUE] = now - job.released_ns
        if marks & Mark.SAMPLE and job.event >= 0:
            job.late = now >= int(self.world.events.end_ns[job.event])
        if marks & Mark.ACTION and job.action_ns < 0:
            job.action_ns = now
        for state in self._set[phase]:
            self.ledger.enter(state, now)

    def decide(self, task: int, job: Job, phase: int, guard: int) -> bool:
        if guard == Guard.LEVEL:
            return self.level_passes(task, job, int(self.plan.phase_level[phase]))
        if guard == Guard.DECIDE:
            return self.detected(task, job)
        if guard == Guard.ATTEMPT:
            job.attempt += 1
            return job.attempt >= self.attempts(task, job)
        return True

    def level_passes(self, task: int, job: Job, level: int) -> bool:
        plan = self.plan
        self.level_seen[level] += 1
        number, cascade = int(plan.level_number[level]), int(plan.level_cascade[level])
        passed = False
        if job.candidate >= 0:
            chosen = self.world.activations[task]
            score = (chosen.late_score if job.late else chosen.score)[job.candidate, number]
            passed = bool(plan.level_low_score[level] <= score <= plan.level_high_score[level])
        if not passed:
            job.outcome, job.decided_ns = rejected_by(number), self.env.now
        elif number == 0 and not plan.cascade_confirm_final[cascade] and not self.confirmed(task, job):
            passed = False
            job.outcome, job.decided_ns = Outcome.NOT_CONFIRMED, self.env.now
        self.level_passed[level] += passed
        return passed

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
        job.outcome = Outcome.DETECTED
        self.counts["detections"][cascade] += 1
        if job.event < 0 or job.late or not self.world.events.target[job.event, cascade]:
            kind = "false_alarms"
        elif self.event_code[job.event, cascade] == Outcome.DETECTED:
            kind = "repeats"
        else:
            kind = "hits"
            self.event_code[job.event, cascade] = Outcome.DETECTED
        self.counts[kind][cascade] += 1

    def spawn(self, task: int, parent: Job) -> None:
        """A detection releases an action; like every release it comes after all ends of the instant."""
        job = Job(self.released[task], self.env.now, event=parent.event, parent_ordinal=parent.ordinal)
        self.released[task] += 1
        self.arriving[task].append(job)
        self.next_event_ns[task] = self.env.now
        due(self.env, 0, self.release_priority(task)).callbacks.append(lambda _: self.arrive(task))

    def arrive(self, task: int) -> None:
        """The action starts, waits for the one before it, or is lost."""
        job, pending, wake = self.arriving[task].popleft(), self.pending[task], self.wake[task]
        if wake is not None and not wake.triggered:
            pending.append(job)
            wake.succeed()
        elif len(pending) < int(self.plan.task_queue_count[task]):
            pending.append(job)
        else:
            self.drop(task, job)

    def give_back(self, mask: int) -> None:
        if not mask:
            return
        for part in range(mask.bit_length()):
            if mask >> part & 1:
                self.ledger.rest(part, self.env.now)
        self.parts.give_back(mask)

    def drawn_duration(self, task: int, job: Job) -> int:
        return int(self.world.activations[task].duration_ns[job.candidate]) if job.candidate >= 0 else 0

    def attempts(self, task: int, job: Job) -> int:
        if job.candidate >= 0:
            return int(self.world.activations[task].attempts[job.candidate])
        drawn = self.world.spawn_attempts[task]
        return int(drawn[job.ordinal % len(drawn)]) if len(drawn) else 1

    def release_priority(self, task: int) -> int:
        return FIRST_PRIORITY + len(self.plan.task_names) + self._place[task]

    # --- notes -------------------------------------------------------------------------------------------------

    def drop(self, task: int, job: Job) -> None:
        """The task is busy and its queue is full."""
        self.dropped[task] += 1
        self.lost_ordinal[task] = max(self.lost_ordinal[task], job.ordinal)
        self.note(task, job, Outcome.BUSY)

    def note(self, task: int, job: Job, outcome: Outcome) -> None:
        """Write the row of an activation and what it means for its event."""
        cascade = int(self.plan.task_cascade[task])
        if cascade >= 0 and job.event >= 0 and outcome != Outcome.DONE:
            code = Outcome.NOT_SAMPLED if job.late and outcome not in (Outcome.BUSY, Outcome.CUT) else outcome
            if code < self.event_code[job.event, cascade]:
                self.event_code[job.event, cascade] = code
        if job.event >= 0 or outcome == Outcome.DETECTED or self.plan.task_records[task]:
            self.rows.append((task, job, outcome))

    def record(self) -> Record:
        codes, joint_ns, entries, longest_ns = self.ledger.joint_tables()
        events = self.world.events
        return Record(
            horizon_ns=self.world.horizon_ns, state_ns=state_time(self.plan, codes, joint_ns),
            state_entries=self.ledger.state_entries, joint_code=codes, joint_ns=joint_ns, joint_entries=entries,
            joint_longest_ns=longest_ns, task_released=_array(self.released), task_dropped=_array(self.dropped),
            task_finished=_array(self.finished), level_seen=_array(self.level_seen),
            level_passed=_array(self.level_passed),
            **{name: _array(values) for name, values in self.counts.items()},
            event_outcome=event_outcomes(self.event_code, events.target, events.missed,
                                         events.end_ns > self.world.horizon_ns),
            rows=self.table(),
        )

    def table(self) -> Rows:
        rows = sorted(self.rows, key=lambda row: (row[0], row[1].ordinal))
        return Rows(
            task=_array(task for task, _, _ in rows),
            **{name: _array(getattr(job, name) for _, job, _ in rows) for name in (
                "ordinal", "event", "parent_ordinal", "released_ns", "started_ns", "decided_ns", "action_ns")},
            ended_ns=_array(end for end in self._ends(rows)),
            outcome=_array(outcome for _, _, outcome in rows),
            stage_ns=np.array([job.stage_ns for _, job, _ in rows], np.int64).reshape(len(rows), len(Stage)),
        )

    @staticmethod
    def _ends(rows: list[tuple[int, Job, int]]) -> list[int]:
        cut = (Outcome.CUT, Outcome.BUSY)
        return [-1 if outcome in cut or job.started_ns < 0 else job.released_ns + sum(job.stage_ns)
                for _, job, outcome in rows]


def _array(values: Iterable[int]) -> IntArray:
    return np.array(list(values), np.int64)


def stop_at(env: Clock, until_ns: int) -> simpy.Event:
    """An event before everything else at an instant, so that nothing at the horizon itself happens any more."""
    return due(env, until_ns - env.now, 0)


def run(plan: Plan, world: World, progress: Progress | None = None,
        trace_window: tuple[int, int] | None = None, skipping: bool = False
        ) -> tuple[Record, list[tuple[int, int]]]:
    """Record of a (Plan, World) pair, and the trace inside the window as (time in ns, state entered)."""
    engine = Reference(plan, world, trace_window, skipping)
    record = engine.run(progress)
    return record, engine.ledger.trace
