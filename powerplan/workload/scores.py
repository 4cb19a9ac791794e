"""Which score rows the windows of a task meet: clips of events, clips of the background, or even outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from powerplan.plan.plan import FloatArray, IntArray
from powerplan.workload.spec import CascadeWorld, Clips, EvenOutcomes
from powerplan.workload.streams import Streams


@dataclass(frozen=True)
class Found:
    """Candidates among the windows of a task: their ordinals, increasing, and their paired scores."""

    ordinal: IntArray
    score: FloatArray


def nothing(level_count: int) -> Found:
    """No candidates."""
    return Found(np.empty(0, np.int64), np.empty((0, level_count)))


def not_among(ordinal: IntArray, taken: IntArray) -> NDArray[np.bool_]:
    """Which ordinals are not among others that increase."""
    if not len(taken) or not len(ordinal):
        return np.ones(len(ordinal), bool)
    place = np.minimum(np.searchsorted(taken, ordinal), len(taken) - 1)
    return np.asarray(taken[place] != ordinal, bool)


def even_outcomes(outcomes: EvenOutcomes, count: int, level_count: int) -> Found:
    """The stated shares of `count` decisions, spread evenly; a pass scores 1, all else 0."""
    passing = _evenly(outcomes.escalate_fraction, count)
    score = np.zeros((len(passing), level_count))
    score[:, : max(level_count - 1, 1)] = 1.0
    if level_count > 1:
        score[_evenly(outcomes.detect_fraction, len(passing)), level_count - 1] = 1.0
    return Found(passing, score)


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
    score = np.zeros((len(passing), level_count))
    score[:, : max(level_count - 1, 1)] = 1.0
    if level_count > 1:
        score[:, level_count - 1] = generator.random(len(passing)) < outcomes.detect_fraction
    return Found(passing, score)


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
        return _single_rows(cascade, clips, count, streams, f"{entity}/{label}")
    return _blocks(cascade, clips, count, streams.generator("background", f"{entity}/{label}"))


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
        return nothing(cascade.level_count)
    sizes = clips.size
    chosen: list[IntArray] = []
    reached, start_offset = 0, int(generator.integers(0, sizes.max()))
    while reached < count + start_offset:
        drawn = generator.integers(0, clips.count, 4096)
        chosen.append(drawn)
        reached += int(sizes[drawn].sum())
    sequence = np.concatenate(chosen)
    block_start = np.concatenate([[0], np.cumsum(sizes[sequence])[:-1]]) - start_offset
    able = passing(clips, cascade.low_score, cascade.high_score)
    repeats = able.per_clip[sequence]
    block = np.repeat(np.arange(len(sequence)), repeats)
    within = np.arange(len(block)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    row = able.row[able.first[sequence[block]] + within]
    ordinal = block_start[block] + row - clips.first_row[sequence[block]]
    keep = (ordinal >= 0) & (ordinal < count)
    return Found(ordinal[keep].astype(np.int64), clips.score[row[keep]])


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
        return nothing(cascade.level_count)
    ordinal = np.concatenate([part[0] for part in found])
    row = np.concatenate([part[1] for part in found])
    keep = able.inside[row]
    order = np.argsort(ordinal[keep], kind="stable")
    return Found(ordinal[keep][order], clips.score[row[keep][order]])
