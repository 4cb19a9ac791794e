"""The fast engine against plain SimPy of the same semantics, within one run; the counts must agree.

The floors are well below what a quiet machine reaches, so that a busy one does not fail them.
"""

from __future__ import annotations

import pytest

from powerplan.engines import bench
from powerplan.engines.bench_simpy import Count


@pytest.mark.parametrize("name", ["wake_word", "doorbell"])
def test_plain_simpy_counts_what_the_engines_count(name: str) -> None:
    plan, world, plain = bench.device(name, {"wake_word": 0.01, "doorbell": 40.0}[name])
    bench.check_counts(plan, world, plain())


def test_different_counts_are_refused() -> None:
    plan, world, plain = bench.device("doorbell", 20.0)
    wrong: Count = plain()
    wrong.detections += 1
    with pytest.raises(bench.CountsDiffer, match="plain SimPy counts"):
        bench.check_counts(plan, world, wrong)


@pytest.mark.parametrize(("name", "times", "sweep_s"), [
    pytest.param("wake_word", 300_000.0, 3.0, id="wake word"),
    pytest.param("doorbell", 60.0, 1.0, id="doorbell"),
])
def test_speed_over_plain_simpy(name: str, times: float, sweep_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(bench.SIMPY_DAYS, name, {"wake_word": 0.01, "doorbell": 60.0}[name])
    monkeypatch.setitem(bench.YEARS, name, 1.0)
    monkeypatch.setattr(bench, "ROUNDS", 2)
    found = bench.engine_times(name)
    assert found[f"{name}.fast_over_simpy"] > times
    assert found[f"{name}.sweep_10000_s"] < sweep_s
    assert found[f"{name}.reference_time_over_simpy"] < 4.0


def test_the_event_loop_alone() -> None:
    found = bench.event_loop_times(0.001)
    assert found["event_loop.fast_over_simpy"] > 30.0
