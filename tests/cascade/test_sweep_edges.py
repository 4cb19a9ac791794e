"""`powerplan sweep` of cascades that send on what lies below a threshold or inside a band; latencies from the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powerplan.cli.app import main
from powerplan.errors import EngineLimit
from powerplan.files.scenario import load_scenario
from powerplan.study.run import run_loaded
from powerplan.study.sweep import sweep_scenario, with_pair
from powerplan.study.sweep_edges import Edge
from tests.whole.test_run import SMALL, write_small

DAYS = 3.0


def changed(folder: Path, escalate: str, latency_from: str = "onset", level_2: str = "above") -> Path:
    text = SMALL.replace("threshold: 0.4}", f"threshold: 0.4, escalate: {escalate}}}")
    text = text.replace("threshold: 0.6}", f"threshold: 0.6, escalate: {level_2}}}")
    return write_small(folder, text.replace("    when: {interrupt: pir}\n", "    when: {interrupt: pir}\n"
                                            f"    latency_from: {latency_from}\n"))


@pytest.mark.slow
@pytest.mark.parametrize(("escalate", "latency_from"), [
    pytest.param("below", "onset", id="below"),
    pytest.param("{band: [0.3, 0.7]}", "onset", id="band"),
    pytest.param("above", "end", id="from the end"),
    pytest.param("below", "end", id="below, from the end"),
])
def test_every_pair_counts_as_a_run_of_it(tmp_path: Path, escalate: str, latency_from: str) -> None:
    loaded = load_scenario(changed(tmp_path, escalate, latency_from))
    found = sweep_scenario(loaded, thresholds=8, days=DAYS)
    some = [row for row in found.rows if row.detections_per_day > 0][5:6]
    assert len({row.escalation for row in found.rows}) > 3
    for row in (found.own, found.chosen, *some):
        full = run_loaded(with_pair(loaded, "person", row), days=DAYS)
        assert row.recall == full.metrics["recall.person"].value
        assert row.escalation == pytest.approx(full.metrics["escalation.person"].value, rel=1e-9)
        assert row.average_current_a == pytest.approx(full.metrics["average_current"].value, rel=1e-6)
        latency = full.metrics["latency.watch.p95"].value
        if row.latency_p95_s is not None and latency is not None:
            # The upper edge of a bin; before the end of an event there is none to wait for.
            assert max(latency, 1e-3) <= row.latency_p95_s * 1.01 <= max(latency, 1e-3) * 1.2 + 1e-3


def test_more_goes_on_the_higher_an_upper_edge_is(tmp_path: Path) -> None:
    found = sweep_scenario(load_scenario(changed(tmp_path, "below")), thresholds=6, days=DAYS)
    first = sorted({row.threshold_1 for row in found.rows})
    shares = [next(row.escalation for row in found.rows if row.threshold_1 == one) for one in first]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert found.level_2_alone is not None
    assert found.level_2_alone.threshold_1 == np.inf
    assert any("below threshold 1" in note for note in found.notes)


def test_a_band_keeps_its_upper_edge(tmp_path: Path) -> None:
    loaded = load_scenario(changed(tmp_path, "{band: [0.3, 0.7]}"))
    found = sweep_scenario(loaded, thresholds=6, days=DAYS)
    assert max(row.threshold_1 for row in found.rows) <= 0.7
    assert found.own.threshold_1 == 0.3
    assert found.level_2_alone is None
    assert with_pair(loaded, "person", found.chosen).scenario.cascade["person"].level1.escalate.band[1] == 0.7


def test_a_latency_line_is_judged_from_its_own_start(tmp_path: Path) -> None:
    found = sweep_scenario(load_scenario(changed(tmp_path, "above", "end")), thresholds=4, days=1.0)
    assert any("latency.watch" in text for text in found.judged)


def test_later_levels_keep_their_lower_edge(tmp_path: Path) -> None:
    with pytest.raises(EngineLimit, match="the levels after the first are swept with `escalate: above` only"):
        sweep_scenario(load_scenario(changed(tmp_path, "above", level_2="below")), thresholds=4, days=1.0)


def test_scores_that_level_1_decides_alone() -> None:
    edge = Edge("person", 0, "above", accept=0.9)
    score = np.array([0.2, 0.5, 0.89, 0.9, 1.0])
    assert edge.goes_on(score, 0.5).tolist() == [False, True, True, False, False]
    assert edge.decides(score).tolist() == [False, False, False, True, True]
    assert edge.grid(np.array([0.0, 0.5, 0.9, np.inf])).tolist() == [0.0, 0.5]
    assert edge.everything is None
    assert not Edge("person", 0, "above").decides(score).any()


def accepting(folder: Path, accept: str = "0.8") -> Path:
    return write_small(folder, SMALL.replace("threshold: 0.4}", f"threshold: 0.4, accept: {accept}}}"))


def test_pairs_of_a_level_that_accepts_early_count_as_runs(tmp_path: Path) -> None:
    loaded = load_scenario(accepting(tmp_path))
    found = sweep_scenario(loaded, thresholds=5, days=DAYS)
    assert max(row.threshold_1 for row in found.rows) < 0.8
    assert found.level_2_alone is None
    full = run_loaded(with_pair(loaded, "person", found.own), days=DAYS)
    assert found.own.recall == full.metrics["recall.person"].value
    assert found.own.average_current_a == pytest.approx(full.metrics["average_current"].value, rel=1e-6)


def test_the_edge_from_which_level_1_decides_is_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_small(tmp_path)
    arguments = ["sweep", str(path), "--thresholds", "4", "--days", "1", "--no-check", "--accept"]
    assert main([*arguments, "sweep"]) in (0, 4)
    out = capsys.readouterr().out
    assert "level 2 always asked: " in out
    assert out.count("accepted from ") == 4
    assert out.count(", taken") == 1
    assert main([*arguments, "0.2"]) == 65
    assert "lies above the threshold of level 1, 0.4" in capsys.readouterr().err
    assert main([*arguments, "often"]) == 65
    assert "a score from 0 to 1, `never`, or `sweep`" in capsys.readouterr().err
