"""Shipped comparisons: pairs of scenarios that differ in one thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascade.cost.rules import float_rule
from powerplan.files.library import data_root
from powerplan.study.cost import model_cost
from powerplan.study.run import RunResult, run
from tests.shared import shared_path

PAIR = ("float_stm32l475", "float_stm32l152")


@pytest.fixture(scope="module")
def results() -> tuple[RunResult, RunResult]:
    with_fpu, without = (run(data_root() / "scenarios" / "comparisons" / f"{name}.yaml", days=1.0) for name in PAIR)
    return with_fpu, without


def test_the_pair_differs_in_its_processor_only(results: tuple[RunResult, RunResult]) -> None:
    first, second = (result.loaded.scenario.model_dump() for result in results)
    assert {key for key in first if first[key] != second[key]} == {"product", "parts"}


def test_float_without_a_unit_for_it_is_much_slower(results: tuple[RunResult, RunResult]) -> None:
    fast, slow = (result.lowering.costs[1] for result in results)
    assert fast.macs == slow.macs == 2_656_768
    per_mac = [cost.latency_ns * 1e-9 * clock_hz / 2_656_768 for cost, clock_hz in ((fast, 80e6), (slow, 32e6))]
    assert per_mac[1] / per_mac[0] > 10.0
    assert slow.low_s > fast.high_s, "the ranges do not touch"
    assert results[0].metrics["battery_life"].value > 3.0 * results[1].metrics["battery_life"].value


def test_both_numbers_are_printed_with_their_basis(results: tuple[RunResult, RunResult]) -> None:
    for result, fragment in zip(results, ("generated float32 code took 5.8 to 9.5 cycles", "no FPU and no published "
                                                                                         "measurement"), strict=True):
        row = next(one for one in result.figures if (one.part, one.figure) == ("cascade.gesture.level2", "latency"))
        assert fragment in row.where
        assert row.low is not None
        assert row.high is not None
        assert row.low < row.value < row.high


def test_the_same_answer_from_a_float_file() -> None:
    rows = model_cost(Path(shared_path("facts", "models", "kws_ref_model_float32.tflite")), ["stm32l152", "stm32l475"])
    found = {row["device"]: row["latency_ms"] for row in rows}
    assert found["stm32l152"]["low"] > found["stm32l475"]["high"]
    assert found["stm32l152"]["typical"] / found["stm32l475"]["typical"] > 10.0


def test_the_rule_holds_for_the_core_whatever_the_profile_says() -> None:
    assert float_rule("cortex-m3", fpu=True) == float_rule("cortex-m3", fpu=False)
    assert float_rule("cortex-m3", fpu=False).typical > 10.0 * float_rule("cortex-m4f", fpu=True).typical
