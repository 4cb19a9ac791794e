"""Which rows of the score table the windows of a task meet: clips of the background, or outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from powerplan.plan.plan import IntArray
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
    reached, expected = -1, count * fraction
    many = int(expected + 3.0 * expected**0.5) + 16
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
    sizes = clips.size
    chosen: list[IntArray] = []
    reached, start_offset = 0, int(generator.integers(0, sizes.max()))
    while reached < count + start_offset:
        drawn = generator.integers(0, clips.count, 4096)
        chosen.append(drawn)
        reached += int(sizes[drawn].sum())
    sequence = np.concatenate(chosen)
    end = np.cumsum(sizes[sequence])
    sequence = sequence[:int(np.searchsorted(end, count + start_offset)) + 1]
    return _played(sequence, clips, passing(clips, cascade.low_score, cascade.high_score), start_offset, count)


def _played(sequence: IntArray, clips: Clips, able: Passing, start_offset: int, count: int) -> Found:
    """Rows that may pass of clips one after the other, from the middle of the first one on."""
    begin = np.cumsum(clips.size[sequence]) - clips.size[sequence] - start_offset
    repeats = able.per_clip[sequence]
    place = np.repeat(able.first[sequence] - (np.cumsum(repeats) - repeats), repeats)
    place += np.arange(len(place))
    row = able.row.take(place)
    ordinal = np.repeat(begin - clips.first_row[sequence], repeats)
    ordinal += row
    inside = slice(*np.searchsorted(ordinal, [0, count]).tolist())
    return Found(ordinal[inside], row[inside])


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
