"""What a task meets in a stretch of time, kept small, and the Activations of one stretch or of many.

A candidate's scores are only named here, by their row of the cascade's table; they are looked up once, into the place
where they stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from powerplan.plan.plan import FloatArray, IntArray
from powerplan.plan.world import Activations
from powerplan.workload.columns import Column
from powerplan.workload.ranges import Runs

NO_SCORES = np.empty((1, 0))
"""Table of a task that scores nothing."""


@dataclass(frozen=True)
class Part:
    """The releases of one task in a stretch, and what its candidates meet."""

    runs: Runs
    candidate: IntArray
    """Ordinal of each candidate among the releases of the stretch, increasing (candidates,)."""
    event: IntArray
    """Event the sample belongs to, or -1 (candidates,)."""
    row: IntArray
    """Row of the table it scores while the event is there (candidates,)."""
    late_row: IntArray
    """Row of the table it scores after the event is over; `row` itself where nothing changes (candidates,)."""
    table: FloatArray = field(default_factory=lambda: NO_SCORES)
    """Paired scores (rows, levels)."""
    duration_ns: IntArray | None = None
    """Drawn durations; None: they have none (candidates,)."""
    attempts: IntArray | None = None
    """Attempts of the radio; None: the first gets through (candidates,)."""
    continues: bool = False
    """Whether the first run goes on with the last one of the stretch before."""


def no_part() -> Part:
    """A task that nothing releases in the stretch."""
    empty = np.empty(0, np.int64)
    return Part(Runs(empty, empty, empty), empty, empty, empty, empty)


class Gathered:
    """The releases of one task in stretches that follow each other."""

    def __init__(self, first: Part, ahead: float = 1.0) -> None:
        """From the first stretch on; there will be about `ahead` times as much in the end."""
        levels = first.table.shape[1]
        self._start_ns, self._period_ns, self._run_count = (Column(np.int64) for _ in range(3))
        self._candidate, self._event = Column(np.int64), Column(np.int64)
        self._score = Column(np.float64, levels)
        self._late_score = self._score if first.late_row is first.row else Column(np.float64, levels)
        self._duration_ns = None if first.duration_ns is None else Column(np.int64)
        self._attempts = None if first.attempts is None else Column(np.int64)
        self._gone = 0
        """Releases before the next stretch."""
        self.add(first, ahead)

    def add(self, part: Part, ahead: float) -> None:
        """What follows in the next stretch."""
        self._add_runs(part, ahead)
        count = len(part.candidate)
        np.add(part.candidate, self._gone, out=self._candidate.room(count, ahead))
        self._gone += int(part.runs.count.sum())
        self._event.add(part.event, ahead)
        # every row exists: "clip" only spares numpy a copy of what it looks up
        part.table.take(part.row, axis=0, out=self._score.room(count, ahead), mode="clip")
        if self._late_score is not self._score:
            part.table.take(part.late_row, axis=0, out=self._late_score.room(count, ahead), mode="clip")
        for column, drawn in ((self._duration_ns, part.duration_ns), (self._attempts, part.attempts)):
            if column is not None and drawn is not None:
                column.add(drawn, ahead)

    def _add_runs(self, part: Part, ahead: float) -> None:
        """Runs of the stretch; the first may go on with the last one before."""
        runs = part.runs
        known = int(part.continues and len(self._run_count.values) > 0)
        if known:
            self._run_count.values[-1] += runs.count[0]
        for column, new in ((self._start_ns, runs.start_ns), (self._period_ns, runs.period_ns),
                            (self._run_count, runs.count)):
            column.add(new[known:], ahead)

    def activations(self) -> Activations:
        """All releases so far."""
        count = len(self._candidate.values)
        score = self._score.values
        return Activations(
            self._start_ns.values, self._period_ns.values, self._run_count.values, self._candidate.values,
            self._event.values, score, score if self._late_score is self._score else self._late_score.values,
            np.zeros(count, np.int64) if self._duration_ns is None else self._duration_ns.values,
            np.ones(count, np.int64) if self._attempts is None else self._attempts.values)
