"""Results of other tools in a scenario: they come before the estimate, after the user's own latency."""

from __future__ import annotations

from pathlib import Path

import pytest

from powerplan.errors import InputError
from powerplan.files.scenario import load_scenario
from powerplan.lowering.lower import Lowering, LoweringError, lower
from tests.whole.test_run import SMALL, write_small

VELA = """network,accelerator_configuration,system_config,core_clock,inference_time
net,Ethos_U55_128,Ethos_U55_High_End_Embedded,64000000.0,0.0125
"""
PROFILER = "[00:00:01.000] CONV_2D took 640000 ticks (10 ms).\n[00:00:01.010] SOFTMAX took 64000 ticks (1 ms).\n"


def lowered(folder: Path, result: str, level: str) -> Lowering:
    (folder / "result.txt").write_text(result, encoding="utf-8")
    text = SMALL.replace("{kind: mcu, run_current: {min: 3 mA, typ: 4 mA, max: 5 mA}, sleep_current: 2 uA, "
                         "wake_time: 1 ms}", "{profile: nrf52840, clock: 64 MHz}")
    assert "nrf52840" in text
    loaded = load_scenario(write_small(folder, text.replace("{latency: 200 ms, threshold: 0.6}", level)))
    return lower(loaded.scenario, loaded.parts, loaded.inputs)


@pytest.mark.parametrize(("result", "latency_ms", "basis"), [
    pytest.param(VELA, 12.5, "Vela's estimate for Ethos_U55_128", id="Vela"),
    pytest.param("op,time_s\nconv_2d,0.03\nsoftmax,0.002\n", 32.0, "measured per layer by Silicon Labs MLTK",
                 id="MLTK"),
    pytest.param("ST Edge AI Core v2.0\n duration : 18.5 ms (average)\n CPU cycles : 1184000\n", 18.5,
                 "measured on the target by ST Edge AI", id="ST Edge AI"),
    pytest.param(PROFILER, 11.0, "measured by TFLM's profiler, 2 operators", id="profiler log of Zephyr"),
])
def test_a_result_comes_before_the_estimate(result: str, latency_ms: float, basis: str, tmp_path: Path) -> None:
    found = lowered(tmp_path, result, "{measured: result.txt, macs: 7158000, threshold: 0.6}")
    cost = found.costs[1]
    assert cost.latency_ns == pytest.approx(latency_ms * 1e6, rel=1e-6)
    assert cost.low_s < latency_ms * 1e-3 < cost.high_s
    figure = next(one for one in found.figures if one.part == "cascade.person.level2")
    assert basis in figure.where
    assert (figure.basis, figure.source) == ("derived" if result == VELA else "measured", "result.txt")


def test_the_users_own_latency_comes_first(tmp_path: Path) -> None:
    found = lowered(tmp_path, VELA, "{latency: 70 ms, measured: result.txt, threshold: 0.6}")
    assert found.costs[1].latency_ns == 70_000_000


def test_a_result_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(LoweringError, match=r"measured: .*not a Vela summary"):
        lowered(tmp_path, "hello", "{measured: result.txt, macs: 7158000, threshold: 0.6}")
    with pytest.raises(InputError, match=r"'gone.txt' does not exist"):
        lowered(tmp_path, VELA, "{measured: gone.txt, macs: 7158000, threshold: 0.6}")
