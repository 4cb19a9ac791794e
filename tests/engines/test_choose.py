"""Which engine answers, and that it says so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from powerplan.engines import bench_devices, choose, fast
from powerplan.errors import EngineLimit
from powerplan.plan.plan import Plan


def wide_confirmation() -> Plan:
    plan = bench_devices.doorbell_plan()
    return replace(plan, cascade_confirm_of=np.array([100]), cascade_confirm_count=np.array([2]))


@pytest.mark.parametrize(("plan", "asked", "answered"), [
    pytest.param(bench_devices.doorbell_plan(), "auto", "fast", id="auto takes the fast engine"),
    pytest.param(bench_devices.doorbell_plan(), "reference", "reference", id="the reference on demand"),
    pytest.param(wide_confirmation(), "auto", "reference", id="auto falls back"),
])
def test_the_engine_that_answers_is_named(plan: Plan, asked: choose.Engine, answered: str) -> None:
    world = bench_devices.doorbell_world(3)
    record, name = choose.run(plan, world, asked)
    assert name == answered
    assert record.differences(choose.run(plan, world, "reference")[0]) == []


def test_the_limit_names_feature_and_engine() -> None:
    with pytest.raises(EngineLimit, match=r"fast engine: a confirmation over more than 60 windows; the reference"):
        choose.run(wide_confirmation(), bench_devices.doorbell_world(3), "fast")


def test_runs_in_threads_equal_runs_one_after_the_other() -> None:
    plan = bench_devices.doorbell_plan()
    worlds = [bench_devices.doorbell_world(10, seed) for seed in range(6)]
    with ThreadPoolExecutor(3) as pool:
        records = list(pool.map(lambda world: fast.run(plan, world), worlds))
    for world, record in zip(worlds, records, strict=True):
        assert record.differences(fast.run(plan, world)) == []


def test_a_trace_of_a_late_window_equals_that_of_a_run_without_skipping() -> None:
    from powerplan.engines import reference

    plan, world = bench_devices.wake_word_plan(), bench_devices.wake_word_world(0.01)
    window = (500 * 10**9, 501 * 10**9)
    assert choose.trace(plan, world, window) == reference.run(plan, world, None, window)[1]
