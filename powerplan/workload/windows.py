"""Windows of a stream that touch events: which ones, and which rows of the events' clips they see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powerplan.plan.plan import FloatArray, IntArray
from powerplan.workload.ranges import Pieces
from powerplan.workload.spec import CascadeWorld, Clips


@dataclass(frozen=True)
class Playing:
    """Events that may be seen, in the order of their onset, with the clip each draws for a cascade."""

    number: IntArray
    """Number of each event since the start (events,)."""
    onset_ns: IntArray
    end_ns: IntArray
    label: IntArray
    """Which label of the cascade it has, -1 where none (events,)."""
    clip_share: FloatArray
    """Which clip of its label it plays, and from where in it (events, 2)."""


@dataclass(frozen=True)
class Seen:
    """Windows with an event: their ordinals, increasing, the events, and their rows of the cascade's table."""

    ordinal: IntArray
    event: IntArray
    row: IntArray


def event_windows(cascade: CascadeWorld, labels: list[str], playing: Playing, pieces: Pieces, window_ns: int,
                  lead_ns: int, generator: np.random.Generator) -> Seen:
    """Windows that touch an event, with its clip's rows; the target wins where two events meet."""
    found: list[tuple[IntArray, IntArray, IntArray]] = []
    first_here = pieces.runs.first_ordinal
    for number, label in enumerate(labels):
        clips = cascade.clips[label]
        own = np.flatnonzero(playing.label == number)
        if not len(own) or not clips.count:
            continue
        end_ns = playing.end_ns[own] + cascade.grace_ns
        run, first, last = touched(pieces, playing.onset_ns[own], end_ns, window_ns, lead_ns)
        own, run, first, last = (column[last > first] for column in (own, run, first, last))
        short = playing.end_ns[own] - playing.onset_ns[own] < window_ns
        shown = _shown(cascade.within_event, clips, playing.clip_share[own], first, last, short)
        turn = np.maximum(shown.turn, pieces.first[run])
        count = np.maximum(np.minimum(shown.turn + shown.count, pieces.end[run]) - turn, 0)
        step = _steps(count)
        row = _rows(cascade.within_event, clips, shown, turn - shown.turn, count, step, generator)
        event = playing.number[own]
        found.append((np.repeat(first_here[run] - pieces.first[run] + turn, count) + step,
                      np.repeat(event if label == cascade.target else -1 - event, count),
                      row + cascade.first_row[label]))
    if not found:
        empty = np.empty(0, np.int64)
        return Seen(empty, empty, empty)
    return _one_each(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _one_each(ordinal: IntArray, rank: IntArray, row: IntArray) -> Seen:
    """One event for each window: the last that wins, else the first; one that does not win ranks at -1 - event."""
    order = np.argsort(ordinal, kind="stable")
    again = np.diff(ordinal.take(order)) == 0
    if again.any():
        shared = np.append(again, False) | np.append(False, again)
        some = order[shared]
        order[shared] = some[np.lexsort((rank[some], ordinal[some]))]
        order = order[np.append(~again, True)]
    rank = rank.take(order)
    return Seen(ordinal.take(order), np.where(rank < 0, -1 - rank, rank), row.take(order))


def touched(pieces: Pieces, onset_ns: IntArray, end_ns: IntArray, window_ns: int, lead_ns: int
            ) -> tuple[IntArray, IntArray, IntArray]:
    """(run, first, last): windows [first, last) of one whole run that overlap [onset, end), for each event.

    That is the run that is on at the onset, or the next one.
    """
    whole = pieces.whole
    if not len(whole.start_ns):
        nothing = np.zeros(len(onset_ns), np.int64)
        return nothing, nothing, nothing
    on = np.searchsorted(whole.start_ns, onset_ns - lead_ns, side="right") - 1
    found = _overlap(pieces, on, onset_ns, end_ns, window_ns, lead_ns)
    after = _overlap(pieces, on + 1, onset_ns, end_ns, window_ns, lead_ns)
    misses = found[2] <= found[1]
    run, first, last = (np.where(misses, two, one) for one, two in zip(found, after, strict=True))
    return run, first, last


def _overlap(pieces: Pieces, run: IntArray, onset_ns: IntArray, end_ns: IntArray, window_ns: int, lead_ns: int
             ) -> tuple[IntArray, IntArray, IntArray]:
    whole = pieces.whole
    exists = (run >= 0) & (run < len(whole.start_ns))
    run = np.where(exists, run, 0)
    start, period = whole.start_ns[run] + lead_ns, whole.period_ns[run]
    first = (onset_ns - start) // period + 1 if window_ns else -(-(onset_ns - start) // period)
    last = np.minimum(whole.count[run], -(-(end_ns + window_ns - start) // period))
    return run, np.maximum(first, 0), np.where(exists, last, -1)


@dataclass(frozen=True)
class Shown:
    """The windows in which each event shows its clip, one after the other (events,)."""

    turn: IntArray
    """Number of the first one in its whole run."""
    count: IntArray
    begin: IntArray
    """First row of the clip."""
    size: IntArray
    """Rows of the clip."""
    offset: IntArray
    """Row of the clip that is met first, counted from its first one."""


def _shown(within_event: str, clips: Clips, clip_share: FloatArray, first: IntArray, last: IntArray,
           short: NDArray[np.bool_]) -> Shown:
    """Where every event shows its clip.

    A short event (shorter than the window) meets its clip's rows once, in the middle of the windows that touch it; a
    long one plays them in time, over and over from a drawn offset.
    """
    count = last - first
    clip = (clip_share[:, 0] * clips.count).astype(np.int64)
    begin = clips.first_row[clip]
    size = clips.first_row[clip + 1] - begin
    offset = (clip_share[:, 1] * size).astype(np.int64)
    if within_event != "sequence":
        return Shown(first, count, begin, size, offset)
    once = short & (size < count)
    lead = np.where(once, (count - size) // 2, 0)
    offset = np.where(~once & (count > size), offset, 0)
    return Shown(first + lead, np.where(once, size, count), begin, size, offset)


def _rows(within_event: str, clips: Clips, shown: Shown, skipped: IntArray, count: IntArray, step: IntArray,
          generator: np.random.Generator) -> IntArray:
    """Rows of the clips in `count` windows of each event, after some that were `skipped`."""
    if within_event == "independent":
        drawn = generator.integers(0, len(clips.score), int(shown.count.sum()))
        return drawn.take(np.repeat(np.cumsum(shown.count) - shown.count + skipped, count) + step)
    if within_event == "same":
        return np.repeat(shown.begin + shown.offset, count)
    played = np.repeat(shown.offset + skipped, count)
    played += step
    played %= np.repeat(shown.size, count)
    played += np.repeat(shown.begin, count)
    return played


def _steps(count: IntArray) -> IntArray:
    """0, 1, 2 ... for each of the counts, one after the other."""
    return np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
