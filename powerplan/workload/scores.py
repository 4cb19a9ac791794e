"""Which score rows the windows of a task meet: clips of events, clips of the background, or even outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powerplan.plan.plan import FloatArray, IntArray
from powerplan.workload.arrivals import Spans
from powerplan.workload.spec import CascadeWorld, Clips, EvenOutcomes
from powerplan.workload.streams import Streams

STRATUM_SHARES = (0.5, 0.9, 0.99, 0.999, 0.9999)
"""Quantiles of level-1 scores between which background samples get a random stream of their own."""


@dataclass(frozen=True)
class Found:
    """Candidates among the windows of a task: their ordinals, increasing, and their paired scores."""

    ordinal: IntArray
    score: FloatArray


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
    reached = -1
    while reached < count:
        gaps = generator.geometric(fraction, 1024).astype(np.int64)
        points = reached + np.cumsum(gaps)
        parts.append(points)
        reached = int(points[-1])
    points = np.concatenate(parts)
    return points[points < count]


def background(cascade: CascadeWorld, label: str, count: int, streams: Streams, entity: str) -> Found:
    """Candidates among `count` windows of one background label. Clips follow each other in blocks."""
    clips = cascade.clips[label]
    sizes = np.diff(clips.first_row)
    if clips.count and (sizes == 1).all():
        return _single_rows(cascade, clips, count, streams, f"{entity}/{label}")
    return _blocks(cascade, clips, count, streams.generator("background", f"{entity}/{label}"))


def _may_pass(cascade: CascadeWorld, score: FloatArray) -> NDArray[np.bool_]:
    return (score[:, 0] >= cascade.low_score) & (score[:, 0] <= cascade.high_score)


def _blocks(cascade: CascadeWorld, clips: Clips, count: int, generator: np.random.Generator) -> Found:
    """Clips drawn one after the other until the windows are used up; their own order and pairing is kept."""
    if not clips.count or count <= 0:
        return Found(np.empty(0, np.int64), np.empty((0, cascade.level_count)))
    sizes = np.diff(clips.first_row)
    chosen: list[IntArray] = []
    reached, start_offset = 0, int(generator.integers(0, sizes.max()))
    while reached < count + start_offset:
        drawn = generator.integers(0, clips.count, 4096)
        chosen.append(drawn)
        reached += int(sizes[drawn].sum())
    sequence = np.concatenate(chosen)
    block_start = np.concatenate([[0], np.cumsum(sizes[sequence])[:-1]]) - start_offset
    passing_rows = np.flatnonzero(_may_pass(cascade, clips.score))
    clip_of_row = np.searchsorted(clips.first_row, passing_rows, side="right") - 1
    per_clip = np.bincount(clip_of_row, minlength=clips.count)
    first_passing = np.concatenate([[0], np.cumsum(per_clip)])
    repeats = per_clip[sequence]
    block = np.repeat(np.arange(len(sequence)), repeats)
    within = np.arange(len(block)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    row = passing_rows[first_passing[sequence[block]] + within]
    ordinal = block_start[block] + row - clips.first_row[sequence[block]]
    keep = (ordinal >= 0) & (ordinal < count)
    return Found(ordinal[keep].astype(np.int64), clips.score[row[keep]])


def _single_rows(cascade: CascadeWorld, clips: Clips, count: int, streams: Streams, entity: str) -> Found:
    """Independent rows by geometric thinning, one stream per stratum of scores.

    A lower floor adds whole strata and moves none of the others. A window that two strata choose belongs to the
    one farther up, whose share the lower one's gaps leave out.
    """
    score = clips.score[:, 0]
    edges = np.unique(np.quantile(score, STRATUM_SHARES))
    stratum = np.searchsorted(edges, score, side="right")
    taken: IntArray = np.empty(0, np.int64)
    found: list[tuple[IntArray, IntArray]] = []
    above = 0.0
    for level in range(len(edges), -1, -1):
        members = np.flatnonzero(stratum == level)
        if not len(members):
            continue
        share = len(members) / len(score)
        if _may_pass(cascade, clips.score[members]).any():
            generator = streams.generator("background", f"{entity}/{level}")
            chosen = _thinned(min(share / (1.0 - above), 1.0), count, generator)
            rows = members[streams.generator("row", f"{entity}/{level}").integers(0, len(members), len(chosen))]
            free = ~np.isin(chosen, taken)
            taken = np.union1d(taken, chosen)
            found.append((chosen[free], rows[free]))
        above = min(above + share, 1.0 - 1e-12)
    if not found:
        return Found(np.empty(0, np.int64), np.empty((0, cascade.level_count)))
    ordinal = np.concatenate([part[0] for part in found])
    row = np.concatenate([part[1] for part in found])
    keep = _may_pass(cascade, clips.score[row])
    order = np.argsort(ordinal[keep], kind="stable")
    return Found(ordinal[keep][order], clips.score[row[keep][order]])


def event_rows(clips: Clips, clip: int, offset: float, windows: int, within_event: str, short: bool,
               generator: np.random.Generator) -> tuple[int, FloatArray]:
    """(first window, rows) of one event's windows.

    A short event (shorter than the window) meets its clip's rows once, in the middle of the windows that touch it;
    a long one plays them in time, over and over from a drawn offset.
    """
    first, end = int(clips.first_row[clip]), int(clips.first_row[clip + 1])
    size = end - first
    if within_event == "independent":
        return 0, clips.score[generator.integers(0, len(clips.score), windows)]
    if within_event == "same":
        return 0, np.repeat(clips.score[first + int(offset * size)][None, :], windows, axis=0)
    if short and size < windows:
        return (windows - size) // 2, clips.score[first:end]
    begin = int(offset * size) if windows > size else 0
    return 0, clips.score[first + (begin + np.arange(windows)) % size]


def label_spans(cascade: CascadeWorld, states: dict[str, Spans], streams: Streams, even: bool,
                horizon_ns: int) -> list[tuple[str, Spans]]:
    """When the background is which label, for those that do not fill the rest."""
    from powerplan.workload.arrivals import state_spans
    from powerplan.workload.spec import StateKind, WorldSpec

    found = []
    for label, share in cascade.background.items():
        if share is None:
            continue
        if label in states:
            found.append((label, states[label]))
        else:
            kind = StateKind(f"{cascade.name}/{label}", share, 3_600_000_000_000)
            found.append((label, state_spans(kind, WorldSpec((), even=even), streams, horizon_ns)))
    return found
