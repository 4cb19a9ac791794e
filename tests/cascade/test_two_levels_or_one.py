"""What a cascade buys and what it costs, against the second level alone: mean energy falls, the longest wait grows."""

from __future__ import annotations

from pathlib import Path

import pytest

from powerplan.study.run import RunResult, run
from tests.whole.test_run import SMALL, write_small

ALONE = SMALL.replace("    level1: {latency: 40 ms, threshold: 0.4}\n    level2: {latency: 200 ms, threshold: 0.6}\n",
                      "    level1: {latency: 200 ms, threshold: 0.6}\n")
CHEAP = SMALL.replace("threshold: 0.4", "threshold: 0.6")


def second_scores_only(folder: Path) -> None:
    """The table of level 2 alone: its scores are the only ones."""
    rows = [line.split(",") for line in (folder / "scores.csv").read_text().splitlines()[1:]]
    kept = ["sample_id,clip_id,time,label,score_1", *(",".join([*row[:4], row[5]]) for row in rows)]
    (folder / "scores.csv").write_text("\n".join(kept))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunResult, RunResult]:
    cascade = run(write_small(tmp_path_factory.mktemp("cascade"), CHEAP), days=7)
    folder = tmp_path_factory.mktemp("alone")
    path = write_small(folder, ALONE)
    second_scores_only(folder)
    return cascade, run(path, days=7)


def test_the_mean_falls_and_the_longest_grows(both: tuple[RunResult, RunResult]) -> None:
    cascade, alone = both
    # Same trigger, fixed times, so the 99th percentile is the longest; level 1 adds its 40 ms to what goes on.
    assert cascade.metrics["latency.watch.p99"].value == pytest.approx(
        alone.metrics["latency.watch.p99"].value + 0.040, abs=2e-3)
    busy = [result.metrics["energy_per_day"].value for result in both]
    assert busy[0] < busy[1]


def test_recall_is_capped_by_level_1(both: tuple[RunResult, RunResult]) -> None:
    cascade, alone = both
    assert cascade.metrics["recall.person"].value <= alone.metrics["recall.person"].value
