"""What a task meets in a stretch of time, kept small, and the Activations of one stretch or of many.

A candidate's scores are only named here, by their row of the cascade's table; they are looked up once, when it is known
how many candidates there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from powerplan.plan.plan import FloatArray, IntArray
from powerplan.plan.world import Activations
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


def activations(parts: Sequence[Part]) -> Activations:
    """The releases of one task in stretches that follow each other."""
    runs = _joined([part.runs for part in parts], [part.continues for part in parts])
    candidate, event = _numbered(parts), np.concatenate([part.event for part in parts])
    score = _looked_up(parts[0].table, [part.row for part in parts])
    same = all(part.late_row is part.row for part in parts)
    late = score if same else _looked_up(parts[0].table, [part.late_row for part in parts])
    duration = [part.duration_ns for part in parts if part.duration_ns is not None]
    attempts = [part.attempts for part in parts if part.attempts is not None]
    return Activations(
        runs.start_ns, runs.period_ns, runs.count, candidate, event, score, late,
        np.concatenate(duration) if duration else np.zeros(len(candidate), np.int64),
        np.concatenate(attempts) if attempts else np.ones(len(candidate), np.int64))


def _joined(parts: list[Runs], continues: list[bool]) -> Runs:
    """Runs of all stretches, those that go on as one."""
    fresh, more, place = [], [], 0
    for part, goes_on in zip(parts, continues, strict=True):
        known = int(goes_on and place > 0)
        if known:
            more.append((place - 1, int(part.count[0])))
        fresh.append(slice(known, None))
        place += len(part.count) - known
    start, period, count = (
        np.concatenate([getattr(part, name)[new] for part, new in zip(parts, fresh, strict=True)]).astype(
            np.int64, copy=False) for name in ("start_ns", "period_ns", "count"))
    for last, releases in more:
        count[last] += releases
    return Runs(start, period, count)


def _numbered(parts: Sequence[Part]) -> IntArray:
    """Ordinals of the candidates, counted from the first release of the first stretch."""
    candidate = np.concatenate([part.candidate for part in parts])
    place = gone = 0
    for part in parts:
        candidate[place:place + len(part.candidate)] += gone
        place, gone = place + len(part.candidate), gone + int(part.runs.count.sum())
    return candidate


def _looked_up(table: FloatArray, rows: list[IntArray]) -> FloatArray:
    """The scores of all rows. (candidates, levels)"""
    found = np.empty((sum(len(row) for row in rows), table.shape[1]))
    place = 0
    for row in rows:
        # every row exists: "clip" only spares numpy a copy of the output
        table.take(row, axis=0, out=found[place:place + len(row)], mode="clip")
        place += len(row)
    return found
