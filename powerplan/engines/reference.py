"""The reference engine: SimPy processes that run every activation. It is the one that is right.

One process per task: wait for the release, take the parts, do the phase, note it, give back. It draws no random
numbers. Order within an instant is the Plan's (see `powerplan.plan.plan`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import numpy as np
import simpy

from powerplan.engines.ledger import Ledger, state_time
from powerplan.engines.record import Record, Rows, event_outcomes
from powerplan.plan.codes import Guard, Mark, Outcome, Stage, rejected_by
from powerplan.plan.plan import END, Plan
from powerplan.plan.world import Activations, World

FIRST_PRIORITY = 2
"""SimPy itself uses 0 and 1."""
NEVER = int(np.iinfo(np.int64).max)
Progress = Callable[[float], None]


@dataclass
class Job:
    """One activation under way."""

    ordinal: int
    released_ns: int
    candidate: int = -1
    event: int = -1
    parent_ordinal: int = -1
    unbroken_from: int = 0
    """First ordinal since which no release of the task was lost: confirmation reaches back no further."""
    late: bool = False
    started_ns: int = -1
    decided_ns: int = -1
    action_ns: int = -1
    attempt: int = 0
    outcome: int = Outcome.DONE
    stage_ns: list[int] = field(default_factory=lambda: [0] * len(Stage))


class Dispatcher:
    """Grants parts at the end of the instant, to all who can have everything they ask for, in the Plan's order."""

    def __init__(self, env: simpy.Environment, parts: int, priority: int) -> None:
        self._env, self._priority = env, priority
        self._free = (1 << parts) - 1
        self._waiting: list[tuple[int, int, int, int, simpy.Event]] = []
        self._armed = False

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


def due(env: simpy.Environment, delay_ns: int, priority: int) -> simpy.Event:
    """An event after a delay, ordered within its instant by priority."""
    event = simpy.Event(env)
    event._ok, event._value = True, None
    env.schedule(event, priority=priority, delay=delay_ns)
    return event


class Reference:
    """Runs one (Plan, World) pair."""

    def __init__(self, plan: Plan, world: World, trace_window: tuple[int, int] | None = None) -> None:
        self.plan, self.world = plan, world
        self.env = simpy.Environment(initial_time=0)
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
        self.lost_ordinal = [-1] * tasks
        self.event_code = np.full((len(world.events), cascades), NEVER, np.int64)
        self.rows: list[tuple[int, Job, int]] = []
        self.pending: list[deque[Job]] = [deque() for _ in range(tasks)]
        self.wake: list[simpy.Event | None] = [None] * tasks
        self.busy = [False] * tasks
        self.running: list[Job | None] = [None] * tasks

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
        for task, job in enumerate(self.running):
            if job is not None:
                self.note(task, job, Outcome.CUT)
        return self.record()

    # --- processes ---------------------------------------------------------------------------------------------

    def run_task(self, task: int) -> Generator[simpy.Event, None, None]:
        """Serve the World's releases of one task, one activation at a time."""
        releases = iterate(self.world.activations[task])
        upcoming = next(releases, None)
        pending = self.pending[task]
        limit = int(self.plan.task_queue_count[task])
        while upcoming is not None or pending:
            if not pending and upcoming is not None:
                yield due(self.env, upcoming.released_ns - self.env.now, self.release_priority(task))
                self.accept(task, upcoming)
                upcoming = next(releases, None)
            yield from self.activation(task, pending.popleft())
            while upcoming is not None and upcoming.released_ns < self.env.now:
                if len(pending) < limit:
                    self.accept(task, upcoming)
                else:
                    self.released[task] += 1
                    self.drop(task, upcoming)
                upcoming = next(releases, None)

    def accept(self, task: int, job: Job) -> None:
        """A release joins the queue of its task."""
        self.released[task] += 1
        job.unbroken_from = max(job.unbroken_from, self.lost_ordinal[task] + 1)
        self.pending[task].append(job)

    def run_spawned(self, task: int) -> Generator[simpy.Event, None, None]:
        """Serve the releases that detections of another task ask for."""
        while True:
            if not self.pending[task]:
                self.wake[task] = simpy.Event(self.env)
                yield self.wake[task]
                self.wake[task] = None
            job = self.pending[task].popleft()
            self.busy[task] = True
            yield from self.activation(task, job)
            self.busy[task] = False

    def activation(self, task: int, job: Job) -> Generator[simpy.Event, None, None]:
        """Walk the phases of one activation."""
        cascade = int(self.plan.task_cascade[task])
        if cascade >= 0 and self.plan.cascade_sleeps_refractory[cascade] \
                and job.released_ns < self.refractory_until[cascade]:
            self.lost_ordinal[task] = job.ordinal
            self.note(task, job, Outcome.REFRACTORY)
            return
        self.running[task] = job
        held, phase = 0, int(self.plan.task_entry[task])
        rank, place = int(self.plan.task_rank[task]), FIRST_PRIORITY + self._place[task]
        while phase != END:
            duration, drawn, stage, holds, guard, on_pass, on_fail, marks, spawn = self._phase[phase]
            self.give_back(held & ~holds)
            missing, asked_ns = holds & ~held, self.env.now
            if missing:
                yield self.parts.take(missing, rank, task)
                job.stage_ns[Stage.QUEUE] += self.env.now - asked_ns
            held = holds
            self.begin(task, job, phase, marks)
            if drawn:
                duration = self.drawn_duration(task, job)
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

    def begin(self, task: int, job: Job, phase: int, marks: int) -> None:
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
        pending = self.pending[task]
        job = Job(self.released[task], self.env.now, event=parent.event, parent_ordinal=parent.ordinal)
        self.released[task] += 1
        if self.busy[task] and len(pending) >= int(self.plan.task_queue_count[task]):
            self.drop(task, job)
            return
        pending.append(job)
        wake = self.wake[task]
        if wake is not None and not wake.triggered:
            wake._ok, wake._value = True, None
            self.env.schedule(wake, priority=self.release_priority(task))

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
        if cascade >= 0 and job.event >= 0 and outcome not in (Outcome.CUT, Outcome.DONE):
            code = Outcome.NOT_SAMPLED if job.late and outcome != Outcome.BUSY else outcome
            if code < self.event_code[job.event, cascade]:
                self.event_code[job.event, cascade] = code
        if job.event >= 0 or outcome == Outcome.DETECTED or self.plan.task_records[task]:
            self.rows.append((task, job, outcome))

    def record(self) -> Record:
        codes, joint_ns, entries, longest_ns = self.ledger.joint_tables()
        events = self.world.events
        array = lambda values: np.array(values, np.int64)  # noqa: E731
        return Record(
            horizon_ns=self.world.horizon_ns, state_ns=state_time(self.plan, codes, joint_ns),
            state_entries=self.ledger.state_entries, joint_code=codes, joint_ns=joint_ns, joint_entries=entries,
            joint_longest_ns=longest_ns, task_released=array(self.released), task_dropped=array(self.dropped),
            task_finished=array(self.finished), level_seen=array(self.level_seen),
            level_passed=array(self.level_passed),
            **{name: array(values) for name, values in self.counts.items()},
            event_outcome=event_outcomes(self.event_code, events.target, events.missed,
                                         events.end_ns > self.world.horizon_ns),
            rows=self.table(),
        )

    def table(self) -> Rows:
        rows = sorted(self.rows, key=lambda row: (row[0], row[1].ordinal))
        column = lambda values: np.array(list(values), np.int64)  # noqa: E731
        return Rows(
            task=column(task for task, _, _ in rows),
            **{name: column(getattr(job, name) for _, job, _ in rows) for name in (
                "ordinal", "event", "parent_ordinal", "released_ns", "started_ns", "decided_ns", "action_ns")},
            ended_ns=column(end for end in self._ends(rows)),
            outcome=column(outcome for _, _, outcome in rows),
            stage_ns=np.array([job.stage_ns for _, job, _ in rows], np.int64).reshape(len(rows), len(Stage)),
        )

    @staticmethod
    def _ends(rows: list[tuple[int, Job, int]]) -> list[int]:
        cut = (Outcome.CUT, Outcome.BUSY)
        return [-1 if outcome in cut or job.started_ns < 0 else job.released_ns + sum(job.stage_ns)
                for _, job, outcome in rows]


def iterate(releases: Activations) -> Generator[Job, None, None]:
    """The releases of one task in order, each with its candidate where it is one."""
    candidates = releases.candidate.tolist()
    events = releases.event.tolist()
    number, upcoming, ordinal = 0, (candidates[0] if candidates else NEVER), 0
    for start_ns, period_ns, count in zip(releases.run_start_ns.tolist(), releases.run_period_ns.tolist(),
                                          releases.run_count.tolist(), strict=True):
        first = ordinal
        for turn in range(count):
            job = Job(ordinal, start_ns + turn * period_ns, unbroken_from=first)
            if ordinal == upcoming:
                job.candidate, job.event = number, events[number]
                number += 1
                upcoming = candidates[number] if number < len(candidates) else NEVER
            ordinal += 1
            yield job


def stop_at(env: simpy.Environment, until_ns: int) -> simpy.Event:
    """An event before everything else at an instant, so that nothing at the horizon itself happens any more."""
    return due(env, until_ns - env.now, 0)


def run(plan: Plan, world: World, progress: Progress | None = None,
        trace_window: tuple[int, int] | None = None) -> tuple[Record, list[tuple[int, int]]]:
    """Record of a (Plan, World) pair, and the trace inside the window as (time in ns, state entered)."""
    engine = Reference(plan, world, trace_window)
    record = engine.run(progress)
    return record, engine.ledger.trace
