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
    """Windows with an event: their ordinals, increasing, the events, and the scores."""

    ordinal: IntArray
    event: IntArray
    score: FloatArray


def event_windows(cascade: CascadeWorld, labels: list[str], playing: Playing, pieces: Pieces, window_ns: int,
                  lead_ns: int, generator: np.random.Generator) -> Seen:
    """Windows that touch an event, with its clip's rows; the target wins where two events meet."""
    ordinals, events, rows, wins = [], [], [], []
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
        which, turn, row = _rows(cascade.within_event, clips, playing.clip_share[own], first, last, short, generator)
        place = run[which]
        here = (turn >= pieces.first[place]) & (turn < pieces.end[place])
        which, turn, row, place = which[here], turn[here], row[here], place[here]
        ordinals.append(first_here[place] + turn - pieces.first[place])
        events.append(playing.number[own][which])
        rows.append(clips.score[row])
        wins.append(np.full(len(which), label == cascade.target))
    if not ordinals:
        empty = np.empty(0, np.int64)
        return Seen(empty, empty, np.empty((0, cascade.level_count)))
    return _one_each(*(np.concatenate(part) for part in (ordinals, events, rows, wins)))


def _one_each(ordinal: IntArray, event: IntArray, score: FloatArray, wins: NDArray[np.bool_]) -> Seen:
    """One event for each window: the last that wins, else the first."""
    order = np.lexsort((np.where(wins, event, -1 - event), wins, ordinal))
    sorted_ordinal = ordinal[order]
    last = order[np.append(sorted_ordinal[1:] != sorted_ordinal[:-1], True)] if len(order) else order
    return Seen(ordinal[last], event[last], score[last])


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


def _rows(within_event: str, clips: Clips, clip_share: FloatArray, first: IntArray, last: IntArray,
          short: NDArray[np.bool_], generator: np.random.Generator) -> tuple[IntArray, IntArray, IntArray]:
    """(event, turn, row of the clips) of every window with an event.

    A short event (shorter than the window) meets its clip's rows once, in the middle of the windows that touch it; a
    long one plays them in time, over and over from a drawn offset.
    """
    count = last - first
    clip = (clip_share[:, 0] * clips.count).astype(np.int64)
    begin = clips.first_row[clip]
    size = clips.first_row[clip + 1] - begin
    offset = (clip_share[:, 1] * size).astype(np.int64)
    lead = np.zeros_like(first)
    shown = count
    if within_event == "sequence":
        once = short & (size < count)
        lead = np.where(once, (count - size) // 2, 0)
        shown = np.where(once, size, count)
        offset = np.where(~once & (count > size), offset, 0)
    which = np.repeat(np.arange(len(first)), shown)
    step = np.arange(len(which)) - np.repeat(np.cumsum(shown) - shown, shown)
    turn = (first + lead)[which] + step
    if within_event == "independent":
        return which, turn, generator.integers(0, len(clips.score), len(which))
    if within_event == "same":
        return which, turn, (begin + offset)[which]
    return which, turn, begin[which] + (offset[which] + step) % size[which]
