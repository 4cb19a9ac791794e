"""Event-resolved windows: they agree with the hourly walk where that holds, and see what it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from powerplan.batteries.events import walk_events
from powerplan.batteries.life import Capacitor, Limits, Pulse, constant_demand, life, needs_events
from powerplan.kernels import supply
from tests.battery.test_life import COIN, DAY_S

PULSE_W, PULSE_S, PER_DAY, BASE_A = 0.02, 0.5, 144, 20e-6


def day_of_pulses(days: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A pulse every ten minutes over a small base load."""
    count = PER_DAY * days
    duration = np.tile([PULSE_S, DAY_S / PER_DAY - PULSE_S], count)
    return duration, np.full(2 * count, BASE_A), np.tile([PULSE_W, 0.0], count)


PULSED = constant_demand(
    BASE_A, PULSE_W * PULSE_S * PER_DAY / DAY_S, (Pulse("radio", BASE_A, PULSE_W, PULSE_S, PER_DAY),)
)


@pytest.mark.parametrize("celsius", [20.0, 0.0])
def test_hourly_steps_are_event_steps(celsius):
    events = walk_events(COIN, *day_of_pulses(3), celsius, 1.8)
    hours = life(COIN, PULSED, celsius, Limits(1.8, horizon_s=3 * DAY_S))
    assert hours.charge_used_c == pytest.approx(events.used_c, rel=1e-4)
    assert hours.charge_left_c / COIN.capacity_c == pytest.approx(events.left_c / COIN.capacity_c, abs=3e-6)
    assert hours.minimum_v == pytest.approx(events.lowest_v.min(), rel=1e-3)


def test_charge_is_conserved_with_a_capacitor():
    capacitor = Capacitor(1e-2, 0.1, 1e-6)
    found = walk_events(COIN, *day_of_pulses(1), 20.0, 1.8, capacitor)
    assert found.left_c + found.used_c + found.self_discharge_c == pytest.approx(COIN.capacity_c, rel=1e-10)
    in_capacitor_c = 1e-2 * (3.2 - found.stored_v)
    assert found.used_c == pytest.approx(found.load_c - in_capacitor_c, rel=1e-4)


def test_bursts_before_recovery_find_a_weaker_supply():
    """Ten bursts in a row drain a supercapacitor; each alone would have been fine."""
    capacitor, burst_s, gap_s = Capacitor(0.5, 0.05), 2.0, 3.0
    burst = Pulse("burst", power_w=0.2, duration_s=burst_s, per_day=DAY_S / (burst_s + gap_s))
    said = needs_events(COIN, constant_demand(power_w=1e-3, pulses=(burst,)), 20.0, capacitor)
    assert "burst comes every 5 s" in (said or "")
    spans, power = np.tile([burst_s, gap_s], 10), np.tile([0.2, 0.0], 10)
    found = walk_events(COIN, spans, np.zeros(20), power, 20.0, 2.0, capacitor)
    assert found.lowest_v[0] == pytest.approx(
        3.2 - 0.2 / 3.0 * supply.pulse_impedance(14.0, 0.5, 0.05, burst_s), rel=0.02
    )
    assert np.all(np.diff(found.lowest_v[::2]) < 0.0)
    assert found.lowest_v[18] < 0.92 * found.lowest_v[0]


def test_brown_out_inside_a_window_is_timed():
    found = walk_events(COIN, np.array([10.0, 1.0]), np.array([0.0, 0.1]), np.zeros(2), 20.0, 2.0)
    assert found.brown_out_s == pytest.approx(10.0)
    assert walk_events(COIN, np.array([10.0]), np.array([0.0]), np.zeros(1), 20.0, 2.0).brown_out_s is None
