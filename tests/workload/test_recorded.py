"""Recorded score streams are replayed with their autocorrelation: whole clips one after the other, in their order."""

from __future__ import annotations

import numpy as np

from powerplan.workload.scores import background
from powerplan.workload.spec import CascadeWorld, Clips, clips_from
from powerplan.workload.streams import Streams

CLIP_COUNT, ROWS, COUNT = 40, 500, 200_000
LAGS = (1, 5, 20)


def recorded(seed: int = 4) -> Clips:
    """Clips of scores that follow each other slowly: an autoregressive walk carried to 0..1."""
    generator = np.random.default_rng(seed)
    clips = []
    for _ in range(CLIP_COUNT):
        noise, level, row = generator.standard_normal(ROWS), 0.0, []
        for step in noise:
            level = 0.95 * level + 0.3122 * step
            row.append(level)
        first = 1.0 / (1.0 + np.exp(-np.array(row)))
        clips.append(np.stack([first, first**2], axis=1))
    return clips_from(clips, 2)


def played(clips: Clips, low_score: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """(ordinals, scores) of the candidates among windows of background."""
    cascade = CascadeWorld("word", 2, None, {"room": clips}, None, {"room": None}, "sequence", 0, low_score, np.inf)
    found = background(cascade, "room", COUNT, Streams(seed), "listen")
    return found.ordinal, cascade.table[found.row]


def autocorrelation(values: np.ndarray, lag: int) -> float:
    centred = values - values.mean()
    return float((centred[lag:] * centred[:-lag]).mean() / centred.var())


def test_the_autocorrelation_of_the_clips_is_kept() -> None:
    """Only the joints between clips, one in 500 windows, break it."""
    clips = recorded()
    ordinal, score = played(clips, -np.inf)
    assert np.array_equal(ordinal, np.arange(COUNT))
    parts = [clips.score[first:end, 0] for first, end in zip(clips.first_row[:-1], clips.first_row[1:], strict=True)]
    mean, var = clips.score[:, 0].mean(), clips.score[:, 0].var()
    for lag in LAGS:
        of_clips = np.mean([((part[lag:] - mean) * (part[:-lag] - mean)).mean() for part in parts]) / var
        assert abs(autocorrelation(score[:, 0], lag) - of_clips) < 0.03
    shuffled = np.random.default_rng(1).permutation(score[:, 0])
    assert autocorrelation(shuffled, 1) < 0.02 < 0.9 < autocorrelation(score[:, 0], 1)


def test_scores_of_both_levels_stay_together() -> None:
    _, score = played(recorded(), -np.inf)
    assert np.array_equal(score[:, 1], score[:, 0] ** 2)


def test_candidates_come_in_runs_as_in_the_recording() -> None:
    """Above a high floor candidates are rare but clustered, which independent draws would not be."""
    clips = recorded()
    floor = float(np.quantile(clips.score[:, 0], 0.95))
    ordinal, score = played(clips, floor)
    assert (score[:, 0] >= floor).all()
    share = len(ordinal) / COUNT
    assert abs(share - 0.05) < 0.01
    together = float((np.diff(ordinal) == 1).mean())
    above = clips.score[:, 0] >= floor
    in_clips = float((above[1:] & above[:-1]).sum() / above.sum())
    assert abs(together - in_clips) < 0.06
    assert together > 5 * share


def test_another_floor_takes_from_the_same_stream() -> None:
    clips = recorded()
    every_ordinal, every = played(clips, -np.inf)
    ordinal, score = played(clips, 0.7)
    assert np.array_equal(every[ordinal], score)
    assert np.array_equal(every_ordinal[every[:, 0] >= 0.7], ordinal)


def test_every_clip_is_drawn_about_as_often() -> None:
    """Whole clips with replacement: counts within four standard deviations of the mean."""
    marked = clips_from([np.full((50, 1), float(number)) for number in range(CLIP_COUNT)], 1)
    cascade = CascadeWorld("word", 1, None, {"room": marked}, None, {"room": None}, "sequence", 0, -1.0, np.inf)
    found = background(cascade, "room", COUNT, Streams(2), "listen")
    drawn = np.bincount(cascade.table[found.row, 0].astype(int), minlength=CLIP_COUNT) / 50
    mean = COUNT / 50 / CLIP_COUNT
    assert (np.abs(drawn - mean) < 4 * np.sqrt(mean)).all()
