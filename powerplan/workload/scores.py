"""Which rows of the score table the windows of a task meet: clips of the background, or outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from powerplan.plan.plan import IntArray
from powerplan.workload.arrivals import enough
from powerplan.workload.spec import DETECTED_ROW, PASSED_ROW, CascadeWorld, Clips, EvenOutcomes
from powerplan.workload.streams import Streams


@dataclass(frozen=True)
class Found:
    """Candidates among the windows of a task: their ordinals, increasing, and their rows of the cascade's table."""

    ordinal: IntArray
    row: IntArray


def nothing() -> Found:
    """No candidates."""
    return Found(np.empty(0, np.int64), np.empty(0, np.int64))


def not_among(ordinal: IntArray, taken: IntArray) -> NDArray[np.bool_]:
    """Which ordinals are not among others that increase."""
    if not len(taken) or not len(ordinal):
        return np.ones(len(ordinal), bool)
    place = np.minimum(np.searchsorted(taken, ordinal), len(taken) - 1)
    return np.asarray(taken[place] != ordinal, bool)


def even_outcomes(outcomes: EvenOutcomes, count: int, level_count: int) -> Found:
    """The stated shares of `count` decisions, spread evenly."""
    passing = _evenly(outcomes.escalate_fraction, count)
    row = np.full(len(passing), PASSED_ROW)
    if level_count > 1:
        row[_evenly(outcomes.detect_fraction, len(passing))] = DETECTED_ROW
    return Found(passing, row)


def _evenly(fraction: float, count: int) -> IntArray:
    """Every 1/fraction-th of `count` things, starting in the middle of the first gap."""
    if fraction <= 0.0 or count <= 0:
        return np.empty(0, np.int64)
    chosen = np.floor((np.arange(round(fraction * count)) + 0.5) / fraction).astype(np.int64)
    return np.asarray(chosen[chosen < count], np.int64)


def random_outcomes(outcomes: EvenOutcomes, count: int, level_count: int,
                    generator: np.random.Generator) -> Found:
    """The stated shares of `count` decisions, drawn independently."""
    passing = _thinned(outcomes.escalate_fraction, count, generator)
    row = np.full(len(passing), PASSED_ROW)
    if level_count > 1:
        row[generator.random(len(passing)) < outcomes.detect_fraction] = DETECTED_ROW
    return Found(passing, row)


def _thinned(fraction: float, count: int, generator: np.random.Generator) -> IntArray:
    """Ordinals below `count`, each chosen with this probability, by geometric gaps."""
    if fraction <= 0.0 or count <= 0:
        return np.empty(0, np.int64)
    if fraction >= 1.0:
        return np.arange(count, dtype=np.int64)
    parts: list[IntArray] = []
    reached, many = -1, enough(count * fraction)
    while reached < count:
        gaps = generator.geometric(fraction, many).astype(np.int64)
        points = reached + np.cumsum(gaps)
        parts.append(points)
        reached = int(points[-1])
    points = np.concatenate(parts)
    return points[points < count]


def background(cascade: CascadeWorld, label: str, count: int, streams: Streams, entity: str) -> Found:
    """Candidates among `count` windows of one background label. Clips follow each other in blocks."""
    clips = cascade.clips[label]
    if clips.count and (clips.size == 1).all():
        found = _single_rows(cascade, clips, count, streams, f"{entity}/{label}")
    else:
        found = _blocks(cascade, clips, count, streams.generator("background", f"{entity}/{label}"))
    return Found(found.ordinal, found.row + cascade.first_row[label])


@dataclass(frozen=True)
class Passing:
    """Which rows of clips may pass level 1; the same for every stretch of a World."""

    row: IntArray
    inside: NDArray[np.bool_]
    """For every row (rows,)."""
    per_clip: IntArray
    first: IntArray
    """Where the passing rows of each clip begin among all of them (clips,)."""
    strata: tuple[bool, ...]
    """Whether any row of each stratum may pass."""


@lru_cache(maxsize=256)
def passing(clips: Clips, low_score: float, high_score: float) -> Passing:
    """Rows of clips whose level-1 score may pass."""
    inside = (clips.score[:, 0] >= low_score) & (clips.score[:, 0] <= high_score)
    row = np.flatnonzero(inside)
    per_clip = np.bincount(np.searchsorted(clips.first_row, row, side="right") - 1, minlength=clips.count)
    first = np.concatenate([[0], np.cumsum(per_clip)])[:-1]
    return Passing(row, inside, per_clip, first, tuple(bool(inside[members].any()) for members in clips.strata))


def _blocks(cascade: CascadeWorld, clips: Clips, count: int, generator: np.random.Generator) -> Found:
    """Clips drawn one after the other until the windows are used up; their own order and pairing is kept."""
    if not clips.count or count <= 0:
        return nothing()
    sequence, start_offset = _sequence(clips.size, count, generator)
    able = passing(clips, cascade.low_score, cascade.high_score)
    size, repeats = clips.size.take(sequence), able.per_clip.take(sequence)
    begin = np.cumsum(size) - size - start_offset
    place = np.repeat(able.first.take(sequence) - np.cumsum(repeats) + repeats, repeats)
    place += np.arange(len(place))
    row = able.row.take(place)
    ordinal = np.repeat(begin - clips.first_row.take(sequence), repeats)
    ordinal += row
    inside = slice(*np.searchsorted(ordinal, [0, count]).tolist())
    return Found(ordinal[inside], row[inside])


def _sequence(size: IntArray, count: int, generator: np.random.Generator) -> tuple[IntArray, int]:
    """Clips that take up `count` windows, and how many windows of the first one are over before them."""
    start_offset = int(generator.integers(0, size.max()))
    wanted = count + start_offset
    many = enough(wanted / float(size.mean()))
    sequence = generator.integers(0, len(size), many)
    end = np.cumsum(size.take(sequence))
    while end[-1] < wanted:
        sequence = np.concatenate([sequence, generator.integers(0, len(size), many)])
        end = np.cumsum(size.take(sequence))
    return sequence[:int(np.searchsorted(end, wanted)) + 1], start_offset


def _single_rows(cascade: CascadeWorld, clips: Clips, count: int, streams: Streams, entity: str) -> Found:
    """Independent rows by geometric thinning, one stream per stratum of scores.

    A lower floor adds whole strata and moves none of the others. A window that two strata choose belongs to the
    one farther up, whose share the lower one's gaps leave out.
    """
    taken: IntArray = np.empty(0, np.int64)
    found: list[tuple[IntArray, IntArray]] = []
    above = 0.0
    able = passing(clips, cascade.low_score, cascade.high_score)
    for level, members in reversed(tuple(enumerate(clips.strata))):
        if not len(members):
            continue
        share = len(members) / len(clips.score)
        if able.strata[level]:
            generator = streams.generator("background", f"{entity}/{level}")
            chosen = _thinned(min(share / (1.0 - above), 1.0), count, generator)
            rows = members[streams.generator("row", f"{entity}/{level}").integers(0, len(members), len(chosen))]
            free = not_among(chosen, taken)
            taken = np.sort(np.concatenate([taken, chosen[free]]), kind="stable")
            found.append((chosen[free], rows[free]))
        above = min(above + share, 1.0 - 1e-12)
    if not found:
        return nothing()
    ordinal = np.concatenate([part[0] for part in found])
    row = np.concatenate([part[1] for part in found])
    keep = able.inside[row]
    order = np.argsort(ordinal[keep], kind="stable")
    return Found(ordinal[keep][order], row[keep][order])
