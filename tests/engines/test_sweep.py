"""The sweep by clusters equals one run per pair of thresholds."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from powerplan.engines import bench_devices, fast
from powerplan.engines.sweep import SweepResult, sweep
from powerplan.errors import EngineLimit
from powerplan.plan.codes import NS_PER_S
from tests.engines.random_pairs import random_pair

EDGES_NS = np.array([1, 2, 5, 10, 50, 10**9, 10**10, 10**11, 10**12], np.int64)
GRID_1, GRID_2 = np.array([0.1, 0.3, 0.5, 0.6, 0.8, 1.1]), np.array([0.0, 0.5, 0.75, 0.9])


def differing(one: SweepResult, two: SweepResult) -> list[str]:
    return [spec.name for spec in fields(one)
            if spec.name != "method" and not np.array_equal(getattr(one, spec.name), getattr(two, spec.name))]


@pytest.mark.parametrize("first", [0, 60, 120])
def test_clusters_equal_runs_on_random_pairs(first: int) -> None:
    compared = 0
    for seed in range(first, first + 60):
        plan, world = random_pair(seed)
        for cascade in range(len(plan.cascade_names)):
            two_levels = ((plan.level_cascade == cascade) & (plan.level_number == 1)).any()
            grids = (GRID_1, GRID_2 if two_levels else GRID_2[:1], EDGES_NS)
            try:
                found = sweep(plan, world, cascade, *grids, method="clusters")
            except EngineLimit:
                continue
            assert differing(found, sweep(plan, world, cascade, *grids, method="runs")) == [], (seed, cascade)
            compared += 1
    assert compared > 20


@pytest.mark.parametrize(("plan", "world"), [
    pytest.param(bench_devices.wake_word_plan(), bench_devices.wake_word_world(20), id="wake word"),
    pytest.param(bench_devices.doorbell_plan(), bench_devices.doorbell_world(60), id="doorbell"),
])
def test_a_sweep_of_a_device_equals_single_runs(plan: object, world: object) -> None:
    grid = np.linspace(0.5, 0.98, 9)
    found = sweep(plan, world, 0, grid, grid)  # type: ignore[arg-type]
    assert found.method == "clusters"
    assert differing(found, sweep(plan, world, 0, grid, grid, method="runs")) == []  # type: ignore[arg-type]
    assert (np.diff(found.level_passed[0], axis=0) <= 0).all()
    assert found.joint_ns.sum(axis=0) == pytest.approx(found.horizon_ns, abs=0)


def test_one_setting_equals_a_run_and_percentiles_are_bin_edges() -> None:
    plan, world = bench_devices.doorbell_plan(0.5, 0.6), bench_devices.doorbell_world(60)
    record = fast.run(plan, world)
    found = sweep(plan, world, 0, np.array([0.5]), np.array([0.6]))
    assert found.detections[0, 0, 0] == record.detections[0]
    assert found.false_alarms[0, 0, 0] == record.false_alarms[0]
    assert found.reasons[:, 0, 0].sum() == len(world.events)
    median_ns = found.latency_percentile_ns(50)[0, 0]
    assert 2 * NS_PER_S < median_ns < 3 * NS_PER_S
    assert found.latencies[:, 0, 0].sum() == record.hits[0]


@pytest.mark.parametrize("thresholds", [
    pytest.param(np.array([]), id="none"),
    pytest.param(np.array([0.5, 0.4]), id="descending"),
    pytest.param(np.array([0.5, np.nan]), id="not a number"),
])
def test_thresholds_must_ascend(thresholds: np.ndarray) -> None:
    plan, world = bench_devices.doorbell_plan(), bench_devices.doorbell_world(1)
    with pytest.raises(ValueError, match="threshold_1 must ascend"):
        sweep(plan, world, 0, thresholds, np.array([0.5]))
