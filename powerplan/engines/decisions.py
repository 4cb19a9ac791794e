"""What the guards of the reference engine decide: levels of a cascade, confirmation, refractory time, radio attempts.

It keeps what decisions depend on (windows that passed, refractory times) and the counts of what was decided.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from powerplan.engines.dispatcher import Clock
from powerplan.engines.releases import NEVER, Job
from powerplan.plan.codes import Guard, Outcome, rejected_by
from powerplan.plan.plan import Plan
from powerplan.plan.world import World

DETECTED, DONE, CUT, BUSY = int(Outcome.DETECTED), int(Outcome.DONE), int(Outcome.CUT), int(Outcome.BUSY)
NOT_CONFIRMED, NOT_SAMPLED = int(Outcome.NOT_CONFIRMED), int(Outcome.NOT_SAMPLED)
REFRACTORY, DEADLINE = int(Outcome.REFRACTORY), int(Outcome.DEADLINE)
REJECTED = tuple(int(rejected_by(number)) for number in range(4))
"""Plain numbers: looking up a member of an enumeration takes as long as a step of SimPy's."""
Judge = Callable[[int, Job, int], bool]
"""Whether an activation (its task, itself) passes the guard of a phase (its level)."""


class Decisions:
    """Of one (Plan, World) pair; `candidates` says how many of each task can come before the horizon."""

    def __init__(self, plan: Plan, world: World, env: Clock, candidates: Sequence[int]) -> None:
        self.env, self.world = env, world
        self._cascade: list[int] = plan.task_cascade.tolist()
        self._deadline_ns = plan.task_deadline_ns.tolist()
        self._sleeps = plan.cascade_sleeps_refractory.tolist()
        self._refractory_ns = plan.cascade_refractory_ns.tolist()
        self._confirm_final = plan.cascade_confirm_final.tolist()
        self._confirm: list[tuple[int, int]] = list(zip(
            plan.cascade_confirm_count.tolist(), plan.cascade_confirm_of.tolist(), strict=True))
        self._limits: list[tuple[float, float, int]] = list(zip(
            plan.level_low_score.tolist(), plan.level_high_score.tolist(), plan.level_column.tolist(), strict=True))
        self._level = list(zip(plan.level_number.tolist(), plan.level_cascade.tolist(), strict=True))
        self._scores: list[tuple[list[list[float]], ...]] = [
            (drawn.score[:count].tolist(), drawn.late_score[:count].tolist())
            for drawn, count in zip(world.activations, candidates, strict=True)]
        self._target = world.events.target.tolist()
        levels, cascades = len(plan.level_cascade), len(plan.cascade_names)
        self.level_seen, self.level_passed = [0] * levels, [0] * levels
        self.counts = {name: [0] * cascades for name in
                       ("detections", "hits", "repeats", "false_alarms", "suppressed")}
        self.refractory_until = [0] * cascades
        self.history = [(0, -1)] * len(plan.task_names)
        self.event_code = [[NEVER] * cascades for _ in range(len(world.events))]
        """Smallest outcome of each event so far, by cascade."""
        self.by_guard: dict[int, Judge] = {Guard.LEVEL: self.level_passes, Guard.DECIDE: self.detected,
                                           Guard.ACCEPT: self.accepted, Guard.ATTEMPT: self.attempted}

    def asleep(self, task: int, at_ns: int) -> bool:
        """Whether a task does not even look, within the refractory time of its cascade."""
        cascade = self._cascade[task]
        return cascade >= 0 and at_ns < self.refractory_until[cascade] and bool(self._sleeps[cascade])

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

    def attempts(self, task: int, job: Job) -> int:
        if job.candidate >= 0:
            return int(self.world.activations[task].attempts[job.candidate])
        drawn = self.world.spawn_attempts[task]
        return int(drawn[job.ordinal % len(drawn)]) if len(drawn) else 1

    def note(self, task: int, job: Job, outcome: int) -> None:
        """What the outcome of an activation means for its event."""
        cascade = self._cascade[task]
        if cascade >= 0 and job.event >= 0 and outcome != DONE:
            code = NOT_SAMPLED if job.late and outcome not in (BUSY, CUT) else outcome
            if code < self.event_code[job.event][cascade]:
                self.event_code[job.event][cascade] = code
