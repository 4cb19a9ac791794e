"""Physics of cells and supplies against hand results."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerplan.kernels import battery, supply


@pytest.mark.parametrize(
    ("ocv_v", "ohm", "current_a", "power_w", "volts"),
    [
        pytest.param(3.0, 0.0, 0.1, 0.1, 3.0, id="no resistance"),
        pytest.param(3.0, 10.0, 0.02, 0.0, 2.8, id="constant current"),
        pytest.param(3.0, 10.0, 0.0, 0.2, 2.0, id="constant power, upper root"),
        pytest.param(3.0, 10.0, 0.0, 0.225, 1.5, id="the most it can deliver"),
        pytest.param(3.0, 10.0, 0.0, 0.226, 0.0, id="more than it can deliver"),
        pytest.param(3.0, 10.0, 0.4, 0.0, 0.0, id="current beyond short circuit"),
    ],
)
def test_loaded_voltage(ocv_v, ohm, current_a, power_w, volts):
    assert battery.loaded_voltage(ocv_v, ohm, current_a, power_w) == pytest.approx(volts, rel=1e-7)


@given(
    share=st.floats(0.05, 0.95), rate=st.floats(1e-7, 1e-2), current=st.floats(-0.1, 0.5),
    first=st.floats(0.1, 1e5), second=st.floats(0.1, 1e5),
)  # fmt: skip
def test_two_well_steps_add_up(share, rate, current, first, second):
    once = battery.kibam_step(7200.0, 100.0, current, share, rate, first + second)
    twice = battery.kibam_step(
        *battery.kibam_step(7200.0, 100.0, current, share, rate, first), current, share, rate, second
    )
    assert twice[0] == pytest.approx(once[0], rel=1e-12, abs=1e-9)
    assert twice[1] == pytest.approx(once[1], rel=1e-9, abs=1e-9)


def test_two_wells_are_the_differential_equation():
    """Euler steps of dy1 = -I + k (h2 - h1), dy2 = -k (h2 - h1) run into the closed form."""
    share, conductance, current = 0.625, 4.5e-5, 0.96
    rate = battery.kibam_rate(share, conductance)
    first, second = share * 7200.0, (1 - share) * 7200.0
    for _ in range(100_000):
        flow = conductance * (second / (1 - share) - first / share)
        first, second = first + 0.03 * (flow - current), second - 0.03 * flow
    left, lag = battery.kibam_step(7200.0, 0.0, current, share, rate, 3_000.0)
    assert battery.kibam_available(left, lag, share) == pytest.approx(first, rel=1e-5)


@pytest.mark.parametrize("current", [0.01, 0.1, 0.96, 10.0])
def test_time_to_empty_is_where_the_available_well_ends(current):
    time_s = battery.kibam_time_to_empty(7200.0, 500.0, current, 0.625, 1e-4)
    left, lag = battery.kibam_step(7200.0, 500.0, current, 0.625, 1e-4, time_s)
    assert battery.kibam_available(left, lag, 0.625) == pytest.approx(0.0, abs=1e-6)
    largest = battery.kibam_largest_current(7200.0, 500.0, 0.625, 1e-4, time_s)
    assert largest == pytest.approx(current, rel=1e-9)


def test_arrhenius_and_doubling_by_hand():
    factor = float(battery.arrhenius(5.0, 20.0, 36.4e3))
    assert factor == pytest.approx(math.exp(-36.4e3 / 8.314462618 * (1 / 278.15 - 1 / 293.15)), rel=1e-12)
    assert 1 / factor == pytest.approx(1.05 / 0.465, rel=0.01)
    assert float(battery.doubling(40.0, 20.0, 10.0)) == 4.0


def test_weakest_group_ends_the_string():
    capacity = np.array([[[1.0, 1.0], [0.9, 0.7]]])
    resistance = np.array([[[1.0, 1.0], [2.0, 2.0]]])
    found = battery.series_parallel(capacity, resistance)
    assert found[0] == pytest.approx([0.8])
    assert found[1] == pytest.approx([1.5])


LOADS, EFFICIENCY = np.array([1e-6, 1e-4, 1e-2]), np.array([0.8, 0.9, 0.95])


@pytest.mark.parametrize(
    ("load_a", "power_w"),
    [
        pytest.param(1e-2, 1.8e-2 / 0.95, id="at a point"),
        pytest.param(1e-3, 1.8e-3 / 0.925, id="between points, on the logarithm"),
        pytest.param(1.0, 1.8 / 0.95, id="beyond the last point"),
        pytest.param(0.0, 0.2e-6, id="idle draws its quiescent power"),
        pytest.param(0.5e-6, 0.9e-6 + 0.5 * (0.2e-6 + 1.8e-6 * 0.25), id="below the first point"),
    ],
)
def test_converter_input_power(load_a, power_w):
    found = supply.converter_input_power(load_a, 1.8, LOADS, EFFICIENCY, 0.2e-6)
    assert float(found) == pytest.approx(power_w, rel=1e-9)


def test_ldo_passes_current_and_adds_its_own():
    shares = (np.array([5e-6, 1e-3, 1e-1]), np.array([0.01, 0.0025, 0.0015]))
    assert float(supply.ldo_input_current(0.0, 25e-9, *shares)) == 25e-9
    assert float(supply.ldo_input_current(0.1, 25e-9, *shares)) == pytest.approx(0.10015, rel=1e-9)
    assert float(supply.ldo_input_current(0.1, 1.6e-6)) == pytest.approx(0.1000016, rel=1e-12)


@pytest.mark.parametrize(
    ("duration_s", "ohm"),
    [
        pytest.param(0.0, 10 * 0.1 / 10.1, id="at once: both in parallel"),
        pytest.param(1e9, 10.0, id="for ever: the cell alone"),
        pytest.param(10.1e-4, 10 * (1 - 10 / 10.1 * math.exp(-1.0)), id="one time constant"),
    ],
)
def test_pulse_impedance(duration_s, ohm):
    assert supply.pulse_impedance(10.0, 1e-4, 0.1, duration_s) == pytest.approx(ohm, rel=1e-9)


def test_smallest_capacitance_just_holds():
    farad = supply.smallest_capacitance(2.9, 20.0, 0.0, 0.1, 0.005, 0.05, 2.2)
    drop = supply.pulse_impedance(20.0, farad, 0.05, 0.005)
    assert battery.loaded_voltage(2.9, drop, 0.0, 0.1) == pytest.approx(2.2, rel=1e-9)
    assert supply.smallest_capacitance(2.9, 1.0, 0.01, 0.0, 1.0, 0.05, 2.2) == 0.0
    assert supply.smallest_capacitance(2.9, 20.0, 1.0, 0.0, 0.005, 5.0, 2.2) == math.inf


def test_trace_of_one_pulse_is_the_closed_form_and_a_second_one_finds_less():
    times = np.array([0.01, 0.001, 0.01])
    lowest, ends = supply.capacitor_trace(3.0, 20.0, 1e-3, 0.0, times, np.array([0.05, 0.0, 0.05]), np.zeros(3))
    assert lowest[0] == pytest.approx(3.0 - 0.05 * supply.pulse_impedance(20.0, 1e-3, 0.0, 0.01), rel=1e-9)
    assert lowest[2] < lowest[0]
    assert ends[1] > ends[0]
