"""The releases of one task, one after the other, and the activation each one starts."""

from __future__ import annotations

from struct import Struct

import numpy as np

from powerplan.engines.record import Rows
from powerplan.plan.codes import Outcome, Stage
from powerplan.plan.world import Activations

NEVER = int(np.iinfo(np.int64).max)
STAGES = len(Stage)
COLUMNS = ("task", "ordinal", "event", "parent_ordinal", "released_ns", "started_ns", "decided_ns", "action_ns",
           "ended_ns", "outcome")
"""Of a row, before its times by stage."""
PACK = Struct(f"={len(COLUMNS) + STAGES}q").pack


class Job:
    """One activation under way."""

    candidate: int = -1
    event: int = -1
    parent_ordinal: int = -1
    late: bool = False
    started_ns: int = -1
    decided_ns: int = -1
    action_ns: int = -1
    attempt: int = 0
    outcome: int = int(Outcome.DONE)

    def __init__(self, ordinal: int, released_ns: int, unbroken_from: int = 0) -> None:
        self.ordinal, self.released_ns = ordinal, released_ns
        self.unbroken_from = unbroken_from
        """First ordinal since which no release of the task was lost: confirmation reaches back no further."""
        self.stage_ns = [0] * STAGES

    def row(self, task: int, outcome: int, ended_ns: int) -> bytes:
        """What is known of it, packed: the columns, then the times by stage."""
        return PACK(task, self.ordinal, self.event, self.parent_ordinal, self.released_ns, self.started_ns,
                    self.decided_ns, self.action_ns, ended_ns, outcome, *self.stage_ns)


def table(rows: bytes | bytearray) -> Rows:
    """Packed rows as columns, by task and ordinal."""
    listed = np.frombuffer(rows, np.int64).reshape(-1, len(COLUMNS) + STAGES)
    listed = listed[np.lexsort((listed[:, 1], listed[:, 0]))]
    return Rows(**dict(zip(COLUMNS, listed.T, strict=False)), stage_ns=listed[:, len(COLUMNS):])


def candidates_before(drawn: Activations, horizon_ns: int) -> int:
    """How many candidates are released before the horizon: a short window needs no lists of the whole World."""
    room_ns = np.maximum(horizon_ns - drawn.run_start_ns, 0)
    released = np.minimum(-(-room_ns // np.maximum(drawn.run_period_ns, 1)), drawn.run_count)
    at_once = (drawn.run_period_ns == 0) & (room_ns > 0)
    return int(np.searchsorted(drawn.candidate, np.where(at_once, drawn.run_count, released).sum()))


class Releases:
    """Walks the runs of one task; `upcoming_ns` is the next release, NEVER when there is none."""

    def __init__(self, drawn: Activations, candidates: int) -> None:
        self._start: list[int] = drawn.run_start_ns.tolist()
        self._period: list[int] = drawn.run_period_ns.tolist()
        self._count: list[int] = drawn.run_count.tolist()
        self._candidates: list[int] = drawn.candidate[:candidates].tolist()
        self._events: list[int] = drawn.event[:candidates].tolist()
        self._run, self._turn, self._first = 0, 0, 0
        self._number = 0
        self._ordinal = 0
        self._next_candidate = self._candidates[0] if self._candidates else NEVER
        self.period_ns = 0
        self.upcoming_ns = NEVER
        self._settle()

    def _settle(self) -> None:
        """Leave runs that are used up; note when the next release is."""
        run, runs = self._run, len(self._count)
        while run < runs and self._turn >= self._count[run]:
            run, self._turn, self._first = run + 1, 0, self._ordinal
        self._run = run
        if run < runs:
            self.period_ns = self._period[run]
            self.upcoming_ns = self._start[run] + self._turn * self.period_ns
        else:
            self.upcoming_ns = NEVER

    def take(self) -> Job:
        """The activation of the next release."""
        job = Job(self._ordinal, self.upcoming_ns, self._first)
        if self._ordinal == self._next_candidate:
            job.candidate, job.event = self._number, self._events[self._number]
            self._number += 1
            self._next_candidate = self._candidates[self._number] if self._number < len(self._candidates) else NEVER
        self._ordinal += 1
        self._turn += 1
        if self._turn < self._count[self._run]:
            self.upcoming_ns += self.period_ns
        else:
            self._settle()
        return job

    def idle_before(self, limit_ns: int, duration_ns: int) -> int:
        """How many releases from here on are idle and over before the limit, each before the next one comes."""
        if self.upcoming_ns == NEVER or self._next_candidate <= self._ordinal:
            return 0
        left = self._count[self._run] - self._turn
        room_ns = limit_ns - 1 - duration_ns - self.upcoming_ns
        if room_ns < 0 or (left > 1 and self.period_ns <= duration_ns):
            return 0
        count = min(left, self._next_candidate - self._ordinal)
        if self.period_ns > 0:
            count = min(count, room_ns // self.period_ns + 1)
        if count == left:
            last_ns = self.upcoming_ns + (left - 1) * self.period_ns
            count -= self._after_run_ns() <= last_ns + duration_ns
        return count

    def _after_run_ns(self) -> int:
        for run in range(self._run + 1, len(self._count)):
            if self._count[run]:
                return self._start[run]
        return NEVER

    def skip(self, count: int) -> None:
        """Pass over idle releases of the present run."""
        self._ordinal += count
        self._turn += count
        self._settle()
