"""Monte Carlo over figures, amounts, cells, worlds and score tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powerplan.plan.codes import NS_PER_DAY
from powerplan.study.run import RunResult, prepare, run
from powerplan.study.sampling import Origin, drain, play, with_resampled
from powerplan.study.session import plan
from powerplan.study.uncertainty import GROUP_COUNT, T_90, precision_fraction
from tests.decide.test_draws import RANGED
from tests.whole.test_run import write_small


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return run(write_small(tmp_path_factory.mktemp("ranged"), RANGED), days=2, samples=64)


def test_every_metric_has_its_interval(sampled: RunResult) -> None:
    assert sampled.sampled is not None
    for name in ("battery_life", "average_current", "recall.person", "latency.watch.p95", "releases.alive",
                 "cycles.watch", "supply_voltage", "cpu_utilisation"):
        ends = sampled.sampled.interval(name)
        assert ends is not None
        low, middle, high = ends
        assert low <= middle <= high
        assert (sampled.metrics[name].low, sampled.metrics[name].high) == (
            min(low, sampled.metrics[name].value), max(high, sampled.metrics[name].value))
    assert "64 samples in 8 worlds" in sampled.sampled.text()


def test_rates_and_tables_widen_what_currents_leave_alone(sampled: RunResult) -> None:
    assert sampled.sampled is not None
    assert np.std(sampled.sampled.samples["recall.person"]) > 0
    assert len(sampled.sampled.samples["recall.person"]) == sampled.sampled.world_count
    assert np.std(sampled.sampled.samples["detections.person"]) > 0


def test_the_same_seed_gives_the_same_samples(sampled: RunResult, tmp_path: Path) -> None:
    again = run(write_small(tmp_path, RANGED), days=2, samples=64)
    assert again.sampled is not None
    assert sampled.sampled is not None
    assert again.sampled.life_s.tolist() == sampled.sampled.life_s.tolist()


def test_a_sample_with_typical_values_is_the_run_itself(tmp_path: Path) -> None:
    found = run(write_small(tmp_path), days=2)
    _, profiles = prepare(found.loaded)
    origin = Origin(found.loaded, profiles, found.seed, 2 * NS_PER_DAY)
    played = play(origin, {})
    assert played.record.differences(found.record) == []
    assert drain(origin, played, {}, "hour").life.life_s == found.life.life_s
    half = drain(origin, played, {("cell", "capacity"): 0.5}, "hour")
    assert half.chain.pack.capacity_c == found.chain.pack.capacity_c / 2


def test_bootstrap_keeps_the_number_of_clips(tmp_path: Path) -> None:
    found = run(write_small(tmp_path), days=1)
    spec = with_resampled(found.lowering.world, 1, 0)
    before, after = found.lowering.world.cascades[0].clips["person"], spec.cascades[0].clips["person"]
    assert after.count == before.count
    assert set(after.score[:, 0]) < set(before.score[:, 0])
    assert with_resampled(found.lowering.world, 1, 0).cascades[0].clips["person"].score.tolist() == after.score.tolist()


def test_precision_is_that_of_independent_groups() -> None:
    life = np.array([100.0] * 40 + [110.0] * 40)
    world = np.repeat(np.arange(16), 5)
    groups = [np.percentile(life[world % GROUP_COUNT == group], [5, 95]) for group in range(GROUP_COUNT)]
    expected = T_90 * max(np.std(groups, axis=0, ddof=1)) / GROUP_COUNT**0.5 / np.median(life)
    assert precision_fraction(life, world) == pytest.approx(expected)


def test_sampling_stops_when_the_interval_is_stable(tmp_path: Path) -> None:
    text = RANGED.replace("{min: 3 mA, typ: 4 mA, max: 5 mA}", "4 mA").replace("profile: cr2032",
                                                                               "capacity: 220 mAh, ideal: true")
    text = text.replace("{typ: 40/day, distribution: lognormal, sigma: 0.3}", "40/day")
    found = run(write_small(tmp_path, text), days=2, samples=400).sampled
    assert found is not None
    assert found.stable
    assert len(found.life_s) < 400
    assert "so sampling stopped" in found.text()


def test_a_confidence_is_judged_by_samples(tmp_path: Path) -> None:
    text = RANGED.replace("recall.person >= 0.5", "recall.person >= 0.1 @ 90 %")
    session = plan(write_small(tmp_path, text), days=2, samples=32)
    verdict = next(verdict for verdict in session.verdicts if verdict.id == "REQ-2")
    assert (verdict.verdict, verdict.probability) == ("PASS", 1.0)
    assert session.command.endswith("--samples 32")
    rows = session.tables()["uncertainty"].rows()
    assert {"battery_life", "recall.person"} <= {row["metric"] for row in rows}
    assert all(row["p5"] <= row["p50"] <= row["p95"] for row in rows)


def test_a_wider_figure_gives_a_wider_life(tmp_path: Path) -> None:
    narrow = run(write_small(tmp_path, RANGED), days=2)
    wide = run(write_small(tmp_path, RANGED.replace("max: 5 mA", "max: 50 mA")), days=2)
    spans = [found.metrics["battery_life"].high - found.metrics["battery_life"].low for found in (narrow, wide)]
    assert spans[1] > spans[0]
