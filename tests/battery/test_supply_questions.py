"""Which capacitor, how much sun, how much cells differ."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from powerplan.batteries import harvest, sizing, spread
from powerplan.batteries.life import Limits, Pulse, autonomy_s, life
from tests.battery.test_life import COIN, HOURS, OUTDOORS_C, YEAR_S, mixed

BURST = Pulse("burst", power_w=0.06, duration_s=0.02, per_day=24)
ELECTROLYTIC = sizing.Leakage(per_farad_a=0.003, esr_ohm=0.2)


def test_which_capacitor_and_what_it_costs():
    limits = Limits(2.2, horizon_s=5 * YEAR_S)
    options = sizing.choices(COIN, mixed(30e-6, BURST), 0.0, limits, ELECTROLYTIC)
    bare, chosen = options[0], sizing.best(options)
    assert bare.capacitance_f == 0.0
    assert bare.worst_pulse_v < 2.2 <= chosen.worst_pulse_v
    assert chosen.life.life_s > bare.life.life_s
    assert options[-1].leakage_a > chosen.leakage_a
    assert options[-1].life.life_s < chosen.life.life_s
    with_it = sizing.Capacitor(chosen.capacitance_f, 0.2, chosen.leakage_a)
    assert sizing.leakage_cost_s(COIN, mixed(30e-6, BURST), 0.0, limits, with_it) > 0.0


def test_no_capacitor_helps_against_its_own_resistance():
    assert sizing.smallest_for(COIN, mixed(30e-6, Pulse("motor", current_a=1.0)), 20.0, 2.2, 5.0, 0.1) == float("inf")


def test_spread_is_the_hourly_walk_within_two_days():
    limits = Limits(2.0, horizon_s=4 * YEAR_S)
    capacity, resistance = np.array([0.85, 1.0, 1.1]), np.array([1.3, 1.0, 0.9])
    many = spread.lives(COIN, mixed(8e-6), OUTDOORS_C, limits, capacity, resistance, engine="plain")
    for number, (size, ohm) in enumerate(zip(capacity, resistance, strict=True)):
        one = life(COIN.varied(size, ohm), mixed(8e-6), OUTDOORS_C, limits)
        assert many.life_s[number] == pytest.approx(one.life_s, abs=48 * 3600)


def test_spread_compiled_is_spread_plain():
    factors = np.linspace(0.8, 1.2, 8)
    runs = [
        spread.lives(COIN, mixed(40e-6), OUTDOORS_C, Limits(2.2), factors, 1 / factors, factors[::-1].copy(), engine=e)
        for e in ("plain", "compiled")
    ]
    assert runs[1].life_s == pytest.approx(runs[0].life_s, rel=1e-12)
    assert np.array_equal(runs[0].reason_code, runs[1].reason_code)


def test_spread_refuses_a_factor_of_nothing():
    with pytest.raises(ValueError, match="above zero"):
        spread.lives(COIN, mixed(1e-5), 20.0, Limits(2.0), np.array([0.0]))


def test_monthly_energy_is_kept():
    energy = np.linspace(10.0, 120.0, 12)
    power = harvest.monthly_days(energy)
    assert power.shape == HOURS.shape
    assert power[:24].sum() * 3600 == pytest.approx(10.0)
    assert power.sum() * 3600 == pytest.approx(float(energy @ harvest.MONTH_DAYS))
    assert power.reshape(365, 24)[:, [0, 3, 22]].max() == 0.0


def test_charger_cuts_at_both_ends():
    charger = harvest.Charger(0.8, cold_start_w=1e-3, largest_w=0.5)
    assert harvest.delivered_w(np.array([0.5e-3, 0.1, 1.0]), charger) == pytest.approx([0.0, 0.08, 0.5])


def test_days_without_sun():
    power = harvest.without_sun(np.ones(8760), 364, 3)
    assert power[:48].sum() == 0.0
    assert power[-24:].sum() == 0.0
    assert power.sum() == 8760 - 72


def test_forest_listener_by_hand():
    """Product 8: 45.42 mAh/day with self-discharge from 9,000 mAh is 198 days without sun."""
    from powerplan.batteries.life import IdealCell, constant_demand

    pack = IdealCell("Li-ion", 9_000 * 3.6, 3.7, 0.36)
    found = autonomy_s(pack, constant_demand((45.42 - 8.88) / 24e3), 20.0, Limits(0.0))
    assert found / 86_400 == pytest.approx(198, rel=5e-3)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        pytest.param(lambda: harvest.month_hours(np.zeros((24, 12))), "12 rows of 24", id="turned"),
        pytest.param(lambda: harvest.month_hours(np.full((12, 24), -1.0)), "not below zero", id="negative"),
        pytest.param(lambda: harvest.monthly_days(np.zeros(11)), "12 months", id="eleven months"),
    ],
)
def test_tables_of_sun_are_checked(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_the_sun_at_a_place():
    """With pvlib: more in June than in December in the north, none at night; without it: the extra is named."""
    if importlib.util.find_spec("pvlib") is None:
        with pytest.raises(harvest.MissingExtra, match=r"powerplan\[sun\]"):
            harvest.clear_sky_panel_w(52.5, 13.4, 1.0, 30.0)
        return
    power = harvest.clear_sky_panel_w(52.5, 13.4, 1.0, 30.0).reshape(365, 24)
    assert power[:, [0, 1, 23]].max() == 0.0
    assert power[172].sum() > 2.0 * power[355].sum() > 0.0
    assert power.max() < 1.2
