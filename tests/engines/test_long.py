"""The fast engine against plain SimPy on more than two million activations."""

from __future__ import annotations

import pytest

from powerplan.engines import bench_devices, fast, reference


@pytest.mark.slow
def test_two_million_activations() -> None:
    plan, world = bench_devices.wake_word_plan(), bench_devices.wake_word_world(0.5, seed=3, passes_per_hour=600.0)
    record, _ = reference.run(plan, world)
    assert record.task_finished.sum() > 2_000_000
    assert record.level_seen[1] > 5_000
    assert record.differences(fast.run(plan, world)) == []
    skipping, _ = reference.run(plan, world, skipping=True)
    assert record.differences(skipping) == []
