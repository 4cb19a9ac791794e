"""What is drawn at once equals what a plain loop gives, to the last bit: published Worlds do not move."""

from __future__ import annotations

import numpy as np
import pytest

from powerplan.workload import scores
from powerplan.workload.arrivals import laid_out, poisson_times
from powerplan.workload.columns import Column
from powerplan.workload.releases import _together
from powerplan.workload.spec import CascadeWorld, clips_from
from powerplan.workload.streams import Streams
from powerplan.workload.windows import Seen, _one_each


@pytest.mark.parametrize("expected", [0.0, 0.3, 250.0, 256.0, 4_000.0, 70_000.5])
def test_arrivals(expected: float) -> None:
    generator, points, reached = Streams(5).generator("arrivals", "plain"), [np.empty(0)], 0.0
    while reached < expected:
        points.append(reached + np.cumsum(generator.standard_exponential(256)))
        reached = float(points[-1][-1])
    every = np.concatenate(points)
    found = poisson_times(Streams(5).generator("arrivals", "plain"), expected)
    assert found.tobytes() == every[every < expected].tobytes()


@pytest.mark.parametrize("seed", range(5))
def test_positions_on_ranges(seed: int) -> None:
    generator = np.random.default_rng(seed)
    edges = np.cumsum(generator.integers(0, 9, 60))
    first, end = edges[::2], edges[1::2]
    every = np.concatenate([np.arange(*pair) for pair in zip(first, end, strict=True)])
    position = np.flatnonzero(generator.random(len(every)) < 0.5)
    assert laid_out(first, end, position).tolist() == every[position].tolist()


@pytest.mark.parametrize("count", [1, 7, 900, 60_000])
def test_clips_one_after_the_other(count: int) -> None:
    generator = np.random.default_rng(count)
    clips = clips_from([generator.random((size, 2)) for size in generator.integers(1, 12, 30)], 2)
    cascade = CascadeWorld("word", 2, None, {"other": clips_from([np.zeros((5, 2))], 2), "room": clips}, None,
                           {"room": None}, "sequence", 0, 0.6, np.inf)
    drawn = Streams(3).generator("background", "listen/room")
    skipped = int(drawn.integers(0, clips.size.max()))
    row: list[int] = []
    while len(row) < count + skipped:
        for clip in drawn.integers(0, clips.count, 256).tolist():
            row += range(clips.first_row[clip], clips.first_row[clip + 1])
    expected = [(number, *clips.score[played].tolist()) for number, played in enumerate(row[skipped:skipped + count])
                if clips.score[played, 0] >= 0.6]
    found = scores.background(cascade, "room", count, Streams(3), "listen")
    score = cascade.table[found.row]
    assert list(zip(found.ordinal.tolist(), *score.T.tolist(), strict=True)) == expected


@pytest.mark.parametrize("seed", range(5))
def test_one_event_for_each_window(seed: int) -> None:
    """The last event that wins, else the first."""
    generator = np.random.default_rng(seed)
    event = np.repeat(np.arange(40), 6)
    wins = np.repeat(generator.random(40) < 0.3, 6)
    ordinal = generator.integers(0, 60, 40)[event] + np.tile(np.arange(6), 40)
    found = _one_each(ordinal, np.where(wins, event, -1 - event), np.arange(len(event)))
    assert found.ordinal.tolist() == sorted(set(ordinal.tolist()))
    for window, chosen, row in zip(found.ordinal.tolist(), found.event.tolist(), found.row.tolist(), strict=True):
        here = ordinal == window
        winning = event[here & wins]
        assert chosen == (winning.max() if len(winning) else event[here].min())
        assert (event[row], ordinal[row]) == (chosen, window)


@pytest.mark.parametrize(("seen", "quiet"), [
    pytest.param([2, 5, 9], [0, 2, 3, 9, 11, 4, 5, 7], id="some meet, two labels"),
    pytest.param([], [1, 4], id="nothing seen"),
    pytest.param([1, 4], [], id="nothing else"),
    pytest.param([], [], id="nothing"),
    pytest.param([1, 2, 3], [1, 2, 3], id="all meet"),
])
def test_events_take_their_windows(seen: list[int], quiet: list[int]) -> None:
    own, other = np.array(seen, np.int64), np.array(quiet, np.int64)
    found = _together(Seen(own, own + 100, own + 200), scores.Found(other, other + 300))
    expected = sorted({**{o: (o, -1, o + 300) for o in quiet}, **{o: (o, o + 100, o + 200) for o in seen}}.values())
    assert list(zip(*(column.tolist() for column in found), strict=True)) == expected


@pytest.mark.parametrize("ahead", [0.5, 1.0, 2.0, 40.0])
def test_columns_grow_and_keep_what_they_handed_out(ahead: float) -> None:
    column, given = Column(np.float64, 2), []
    parts = [np.full((size, 2), float(size)) for size in (0, 3, 1, 0, 50, 2, 400, 7)]
    for number, part in enumerate(parts):
        column.add(part, ahead)
        given.append((column.values, np.concatenate(parts[:number + 1])))
    assert all(np.array_equal(found, expected) for found, expected in given)
    assert column.values.flags.c_contiguous
