"""Energy: regulators, workloads, waiting loads, race to sleep."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.cost.energy import (
    ClockPoint,
    RunPower,
    cheapest,
    inference_energy,
    published_power,
    race_to_sleep,
    run_current_warning,
    supply_power_w,
)
from cascade.cost.estimate import Estimate
from cascade.errors import DataError

LATENCY = Estimate(0.5, 1.0, 2.0, "test", "test")
SLOW, FAST = ClockPoint(26e6, 26 * 100e-6), ClockPoint(80e6, 80 * 112e-6)
CYCLES = 600.6006e-3 * 120e6  # visual wake words on an STM32L4R5, MLPerf Tiny v0.5


@pytest.mark.parametrize(("run", "supply_v", "clock_hz", "power_w"), [
    pytest.param(RunPower(22.6e-3, None, 1.8, "ldo"), 1.8, 120e6, 40.68e-3, id="LDO at its own supply"),
    pytest.param(RunPower(22.6e-3, None, 1.8, "ldo"), 3.0, 120e6, 67.8e-3, id="LDO: same current at any supply"),
    pytest.param(RunPower(None, 40.68e-3, 1.8, "ldo"), 3.0, 120e6, 67.8e-3, id="LDO from a power"),
    pytest.param(RunPower(None, 24e-3, 1.8, "smps"), 3.0, 160e6, 24e-3, id="SMPS: same power at any supply"),
    pytest.param(RunPower(8e-3, None, 3.0, "smps"), 1.8, 160e6, 24e-3, id="SMPS from a current"),
    pytest.param(RunPower(10e-3, None, 3.0, "ldo", at_clock_hz=80e6), 3.0, 40e6, 15e-3, id="half the clock"),
])
def test_supply_power(run, supply_v, clock_hz, power_w):
    assert supply_power_w(run, supply_v, clock_hz) == pytest.approx(power_w)


@pytest.mark.parametrize(("run", "supply_v"), [
    pytest.param(RunPower(None, 40e-3, 0.0, "ldo"), 1.8, id="power without its supply"),
    pytest.param(RunPower(None, None, 1.8, "smps"), 1.8, id="no figure"),
    pytest.param(RunPower(1e-3, None, 1.8), 0.0, id="no supply"),
])
def test_missing_figures_are_refused(run, supply_v):
    with pytest.raises(DataError):
        supply_power_w(run, supply_v, 80e6)


def test_a_headline_current_is_not_believed():
    headline = inference_energy(LATENCY, RunPower(13.2e-3, None, 1.8, "ldo", "headline"), 1.8, 120e6)
    measured = inference_energy(LATENCY, RunPower(22.6e-3, None, 1.8, "ldo", "neural_network"), 1.8, 120e6)
    assert headline.typical_j == pytest.approx(measured.typical_j, rel=0.01)
    assert headline.high_j / headline.low_j > measured.high_j / measured.low_j
    assert "headline" in headline.basis


def test_what_waits_is_counted():
    run = RunPower(10e-3, None, 3.0, "ldo", "neural_network")
    alone = inference_energy(LATENCY, run, 3.0, 80e6)
    waiting = inference_energy(LATENCY, run, 3.0, 80e6, waiting_power_w=0.18)
    assert waiting.typical_j - alone.typical_j == pytest.approx(0.18)
    assert "180 mW that waits" in waiting.basis


def test_race_to_sleep_numbers():
    """CLAIMS C13: slower saves 11 % alone; with a 60 mA camera waiting 173 mC slow against 62 mC fast."""
    slow, fast = race_to_sleep(CYCLES, (SLOW, FAST), 3.0)
    assert 1.0 - slow.compute_charge_c / fast.compute_charge_c == pytest.approx(0.107, abs=0.002)
    assert cheapest((slow, fast)) is slow
    slow, fast = race_to_sleep(CYCLES, (SLOW, FAST), 3.0, waiting_current_a=60e-3)
    assert slow.total_charge_c == pytest.approx(173e-3, rel=0.01)
    assert fast.total_charge_c == pytest.approx(62e-3, rel=0.01)
    assert cheapest((slow, fast)) is fast


@given(st.floats(1e3, 1e9), st.floats(0.0, 0.5), st.floats(0.0, 1e-3))
def test_charges_add_up(cycles, waiting_a, sleep_a):
    for point in race_to_sleep(cycles, (SLOW, FAST), 3.0, waiting_a, 60.0, sleep_a):
        sleep_c = max(0.0, 60.0 - point.time_s) * sleep_a
        assert point.total_charge_c == pytest.approx(point.compute_charge_c + point.waiting_charge_c + sleep_c)
        assert point.energy_j == pytest.approx(3.0 * point.total_charge_c)


@pytest.mark.parametrize(("current_a", "clock_hz", "warned"), [
    pytest.param(195e-9, 80e6, True, id="195 nA of useful work"),
    pytest.param(79e-6, 80e6, True, id="just below 1 uA/MHz"),
    pytest.param(80 * 112e-6, 80e6, False, id="an STM32L475 at 80 MHz"),
    pytest.param(3e-6, 32_768.0, False, id="a slow clock"),
])
def test_no_processor_computes_below_a_microampere_per_megahertz(current_a, clock_hz, warned):
    """CLAIMS C1: a state called run that draws 195 nA is a sleep state."""
    assert (run_current_warning(current_a, clock_hz) is not None) is warned


@pytest.mark.parametrize(("library", "clock_hz", "power_w"), [
    pytest.param("x-cube-ai", 120e6, 44e-3, id="of the library"),
    pytest.param("cmsis-nn", 120e6, 46e-3, id="of another library"),
    pytest.param("x-cube-ai", 80e6, None, id="another clock"),
])
def test_published_network_power(library, clock_hz, power_w):
    found = published_power("stm32l4r5", library, clock_hz, 1.8)
    assert (found.power_w if found else None) == (None if power_w is None else pytest.approx(power_w, rel=0.15))


def test_a_race_needs_clocks():
    with pytest.raises(DataError):
        race_to_sleep(CYCLES, (), 3.0)
    with pytest.raises(DataError):
        race_to_sleep(CYCLES, (ClockPoint(0.0, 1e-3),), 3.0)
