"""How long batteries last: hand cases, step size, conservation, direction of every influence, the end's reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powerplan.batteries import spread, tables
from powerplan.batteries.life import (
    Capacitor,
    Demand,
    IdealCell,
    Limits,
    Policy,
    Pulse,
    constant_demand,
    life,
    needs_events,
    pulse_voltages,
)
from powerplan.batteries.pack import Ageing, Curve, Pack

DAY_S = 86_400.0
YEAR_S = 365 * DAY_S
MAH = 3.6

DEPTH = np.array([0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 1.0])
COIN = Pack(
    "coin cell",
    225 * MAH,
    (
        Curve(
            20.0,
            DEPTH,
            np.array([3.20, 2.98, 2.95, 2.92, 2.88, 2.76, 2.70, 2.60]),
            np.array([14.0, 14.2, 15.0, 15.9, 17.5, 23.7, 29.8, 50.0]),
        ),
    ),
    well_share_fraction=0.7,
    rate_per_s=1e-5,
    rate_activation_j_per_mol=40e3,
    resistance_activation_j_per_mol=25e3,
    self_discharge_per_year=0.01,
    self_discharge_doubling_k=10.0,
)
HOURS = np.arange(8760)
OUTDOORS_C = 10.0 - 15.0 * np.cos(2 * np.pi * HOURS / 8760) - 5.0 * np.cos(2 * np.pi * (HOURS % 24 - 3) / 24)
BUSY = np.where((np.arange(24) >= 7) & (np.arange(24) < 10), 3.0, 5.0 / 7.0)
RADIO = Pulse("radio", power_w=0.03, duration_s=0.003, per_day=1_000.0)


def mixed(mean_w: float, *pulses: Pulse) -> Demand:
    return Demand(np.full(24, 0.5e-6), mean_w * BUSY, pulses or (RADIO,))


@pytest.mark.parametrize(
    ("capacity_mah", "load_ma", "per_year", "days"),
    [
        pytest.param(2000.0, 4.596 / 24, 0.02, 425.0, id="smart lock, variant A"),
        pytest.param(1000.0, 7.853 / 24, 0.01, 126.9, id="wake-word remote, variant A"),
        pytest.param(95.0, 2.926 / 24, 0.36, 31.46, id="fall band, variant A"),
        pytest.param(225.0, 0.007, 0.0, 1339.3, id="A29: CR2032 at 7 uA"),
        pytest.param(250.0, 15.0, 0.0, 250 / 15 / 24, id="A29: 250 mAh at 15 mA"),
        pytest.param(1350 * 0.8, 0.8, 0.0, 56.25, id="A05: 1350 mAh at 0.8 mA"),
    ],
)
def test_ideal_cell_is_the_hand_formula(capacity_mah, load_ma, per_year, days):
    cell = IdealCell("hand", capacity_mah * MAH, 3.0, per_year)
    found = life(cell, constant_demand(load_ma * 1e-3), 20.0, Limits(0.0, horizon_s=50 * YEAR_S))
    exact = capacity_mah / (load_ma * 24 + capacity_mah * per_year / 365)
    assert found.life_s / DAY_S == pytest.approx(exact, rel=1e-12)
    assert found.life_s / DAY_S == pytest.approx(days, rel=1e-3)
    assert found.reason == "charge"


def test_ideal_cell_ends_inside_the_right_hour():
    demand = Demand(np.where(np.arange(24) == 12, 24e-3, 0.0), np.zeros(24))
    found = life(IdealCell("hand", 100 * MAH, 3.0), demand, 20.0, Limits(0.0))
    # four whole days take 96 mAh; the last 4 mAh go in the tenth minute of the thirteenth hour
    assert found.life_s == pytest.approx(4 * DAY_S + 12 * 3600 + 600, rel=1e-12)


def test_ideal_cell_and_the_walk_agree():
    cell = IdealCell("hand", 225 * MAH, 3.0, 0.01)
    demand = Demand(20e-6 * BUSY, 30e-6 * BUSY)
    exact = life(cell, demand, 20.0, Limits(0.0)).life_s
    walked = life(cell.as_pack(), demand, 20.0, Limits(0.0)).life_s
    assert walked == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("engine", ["plain", "compiled"])
@pytest.mark.parametrize(
    ("demand", "temperature_c", "brown_out_v"),
    [
        pytest.param(mixed(200e-6), 20.0, 2.0, id="indoors, empties in a month"),
        pytest.param(mixed(30e-6), OUTDOORS_C, 2.0, id="outdoors, brown-out in a cold night"),
        pytest.param(mixed(30e-6), OUTDOORS_C, 2.6, id="outdoors, high brown-out"),
        pytest.param(mixed(1500e-6), -10.0, 1.8, id="cold, days"),
        pytest.param(constant_demand(15e-6), OUTDOORS_C, 0.0, id="constant current, by charge"),
    ],
)
def test_life_does_not_depend_on_the_step(demand, temperature_c, brown_out_v, engine):
    limits = Limits(brown_out_v, horizon_s=YEAR_S)
    by_hour = life(COIN, demand, temperature_c, limits, engine=engine)
    finer = life(COIN, demand, temperature_c, limits, step="10min", engine=engine)
    by_day = life(COIN, demand, temperature_c, limits, step="day_hour", engine=engine)
    assert by_hour.reason == finer.reason == by_day.reason
    assert by_hour.life_s == pytest.approx(finer.life_s, rel=1e-4)
    assert by_day.life_s == pytest.approx(by_hour.life_s, abs=48 * 3600)


@pytest.mark.parametrize("step", ["hour", "10min", "day_hour"])
def test_compiled_and_plain_walk_give_the_same_numbers(step):
    runs = [
        life(COIN, mixed(60e-6), OUTDOORS_C, Limits(2.0, None, 0.2, YEAR_S), Capacitor(1e-4, 0.05, 1e-8), None, step, e)
        for e in ("plain", "compiled")
    ]
    plain, compiled = runs
    assert plain.engine == "plain"
    assert compiled.engine == "compiled"
    assert compiled.reason == plain.reason
    for name in ("life_s", "minimum_v", "charge_used_c", "energy_drawn_j", "heat_j", "alarm_s", "after_alarm_c"):
        assert getattr(compiled, name) == pytest.approx(getattr(plain, name), rel=1e-12)
    assert compiled.table.time_s.size == plain.table.time_s.size <= 2_000


@pytest.mark.parametrize("engine", ["plain", "compiled"])
@pytest.mark.parametrize(
    ("pack", "demand", "temperature_c", "capacitor"),
    [
        pytest.param(COIN, mixed(40e-6), OUTDOORS_C, None, id="outdoors"),
        pytest.param(COIN, mixed(60e-6), 20.0, Capacitor(1e-4, 0.05, 1e-8), id="with a capacitor"),
        pytest.param(replace(COIN, derating_c=np.array([-20.0, 20.0]), derating_fraction=np.array([0.7, 1.0])),
                     mixed(40e-6), OUTDOORS_C, None, id="less usable in the cold"),
    ],
)
def test_a_stretch_is_its_steps_one_by_one(pack, demand, temperature_c, capacitor, engine, monkeypatch):
    """Far from the end a day of hours is taken at once; the sums are those of the hours one by one."""
    limits = Limits(2.0, None, 0.95, YEAR_S)
    together = life(pack, demand, temperature_c, limits, capacitor, engine=engine)
    monkeypatch.setattr(tables, "HOURS_PER_STRETCH", 1)
    alone = life(pack, demand, temperature_c, limits, capacitor, engine=engine)
    assert together.reason == alone.reason
    for name in ("life_s", "charge_used_c", "energy_drawn_j", "alarm_s", "self_discharge_c"):
        assert getattr(together, name) == pytest.approx(getattr(alone, name), rel=1e-5), name
    assert together.minimum_v == pytest.approx(alone.minimum_v, rel=1e-5)
    assert together.heat_j == pytest.approx(alone.heat_j, rel=1e-4)
    assert together.table.time_s.size == alone.table.time_s.size
    assert together.table.worst_pulse_v == pytest.approx(alone.table.worst_pulse_v, rel=1e-5)


@pytest.mark.parametrize(
    ("demand", "temperature_c", "brown_out_v", "most_h"),
    [
        pytest.param(mixed(60e-6), OUTDOORS_C, 2.0, 48.0, id="ends in a cold night, that or the next"),
        pytest.param(mixed(200e-6), 20.0, 2.0, 6.0, id="indoors"),
    ],
)
def test_many_lives_in_coarse_steps_are_hourly_lives(demand, temperature_c, brown_out_v, most_h):
    draw = np.random.default_rng(3)
    size, ohms, load = (draw.normal(1.0, wide, 16) for wide in (0.05, 0.1, 0.1))
    limits = Limits(brown_out_v)
    found = spread.lives(COIN, demand, temperature_c, limits, size, ohms, load, engine="compiled").life_s
    hourly = []
    for one_size, one_ohm, by in zip(size, ohms, load, strict=True):
        scaled = replace(demand, current_a=demand.current_a * by, power_w=demand.power_w * by)
        hourly.append(life(COIN.varied(one_size, one_ohm), scaled, temperature_c, limits, engine="compiled").life_s)
    assert np.abs(found - np.array(hourly)).max() <= most_h * 3600.0


def sunny(power_w: float) -> np.ndarray:
    return np.where((HOURS % 24 >= 9) & (HOURS % 24 < 16), power_w, 0.0)


RECHARGEABLE = replace(COIN, rechargeable=True, charge_efficiency_fraction=0.95, ageing=Ageing(0.04, 10.0, 4e-4, 2.0))


@pytest.mark.parametrize(
    ("pack", "harvest_w", "step"),
    [
        pytest.param(COIN, None, "hour", id="by hours"),
        pytest.param(COIN, None, "day_hour", id="by days"),
        pytest.param(RECHARGEABLE, sunny(300e-6), "hour", id="harvest, charging losses and ageing"),
        pytest.param(RECHARGEABLE, sunny(5e-3), "hour", id="harvest that finds the cell full"),
    ],
)
def test_charge_and_energy_are_conserved(pack, harvest_w, step):
    found = life(pack, mixed(60e-6), OUTDOORS_C, Limits(2.0, horizon_s=2 * YEAR_S), None, harvest_w, step)
    gone_c = found.charge_used_c + found.self_discharge_c - found.charged_c
    assert gone_c + found.charge_left_c == pytest.approx(pack.capacity_c, rel=1e-9)
    used_j = mixed(60e-6).power_w.mean() * found.life_s
    assert found.energy_drawn_j >= used_j * 0.999
    assert found.heat_j >= 0.0
    assert found.self_discharge_j > 0.0
    if harvest_w is None:
        assert np.all(np.diff(found.table.state_of_charge_fraction) <= 0.0)


def lives(change, values):
    return [change(value) for value in values]


@pytest.mark.parametrize(
    ("change", "values", "rises"),
    [
        pytest.param(
            lambda f: life(replace(COIN, capacity_c=COIN.capacity_c * f), mixed(60e-6), OUTDOORS_C, Limits(2.2)).life_s,
            [0.8, 0.9, 1.0, 1.1, 1.3],
            True,
            id="more capacity lasts longer",
        ),
        pytest.param(
            lambda w: life(COIN, mixed(w), OUTDOORS_C, Limits(2.2)).life_s,
            [20e-6, 40e-6, 60e-6, 100e-6, 300e-6],
            False,
            id="more load lasts shorter",
        ),
        pytest.param(
            lambda c: life(replace(COIN, self_discharge_per_year=0.0), mixed(60e-6), c, Limits(2.2)).life_s,
            [-20.0, -10.0, 0.0, 10.0, 20.0, 40.0],
            True,
            id="warmer lasts longer where nothing leaks",
        ),
        pytest.param(
            lambda v: life(COIN, mixed(60e-6), OUTDOORS_C, Limits(v)).life_s,
            [1.8, 2.0, 2.2, 2.4, 2.6],
            False,
            id="higher brown-out lasts shorter",
        ),
        pytest.param(
            lambda w: (
                life(COIN, mixed(60e-6, Pulse("burst", power_w=w, duration_s=0.01)), OUTDOORS_C, Limits(2.2)).life_s
            ),
            [0.005, 0.01, 0.02, 0.04, 0.06],
            False,
            id="stronger pulse lasts shorter",
        ),
        pytest.param(
            lambda f: life(COIN, mixed(60e-6), OUTDOORS_C, Limits(2.2), Capacitor(f, 0.05)).life_s,
            [1e-6, 1e-5, 1e-4, 1e-3],
            True,
            id="larger capacitor lasts longer",
        ),
    ],
)
def test_every_influence_has_its_direction(change, values, rises):
    found = [change(value) for value in values]
    ordered = sorted(found, reverse=not rises)
    assert found == ordered
    assert found[0] != found[-1]


@pytest.mark.parametrize(
    ("demand", "limits", "reason"),
    [
        pytest.param(constant_demand(1e-3), Limits(0.0), "charge", id="drained"),
        pytest.param(mixed(60e-6), Limits(2.3), "voltage", id="brown-out under a pulse"),
        pytest.param(constant_demand(1e-6), Limits(2.0, shelf_life_s=5 * YEAR_S), "shelf", id="shelf life first"),
        pytest.param(constant_demand(1e-6), Limits(2.0, horizon_s=YEAR_S), "horizon", id="outlives the horizon"),
        pytest.param(mixed(60e-6, Pulse("motor", 0.3)), Limits(2.0), "voltage", id="dead on arrival"),
        pytest.param(constant_demand(power_w=1.0), Limits(0.0), "charge", id="cannot deliver the power"),
    ],
)
def test_the_reason_of_the_end(demand, limits, reason):
    found = life(COIN, demand, 20.0, limits)
    assert found.reason == reason
    assert 0.0 <= found.life_s <= limits.horizon_s
    assert np.isfinite(found.charge_used_c)


def test_pulse_voltage_by_hand():
    """S03 of the claims: 4 × AA with 0.8 ohm and 600 mA dip by 0.48 V."""
    flat = Curve(20.0, np.array([0.0, 1.0]), np.array([6.0, 6.0]), np.array([0.8, 0.8]))
    pack = Pack("4 × AA", 2000 * MAH, (flat,))
    demand = constant_demand(1e-5, pulses=(Pulse("inrush", current_a=0.6), Pulse("buck", power_w=3.0)))
    found = pulse_voltages(pack, demand, 20.0)
    assert found["inrush"] == pytest.approx(6.0 - 0.48, rel=1e-12)
    voltage = found["buck"]
    assert voltage * (6.0 - voltage) / 0.8 == pytest.approx(3.0, rel=1e-12)


def test_alarm_and_what_is_left_after_it():
    found = life(COIN, constant_demand(100e-6), 20.0, Limits(0.0, alarm_at=0.25))
    leak_a = COIN.capacity_c * 0.01 / YEAR_S
    assert found.alarm_s == pytest.approx(0.75 * COIN.capacity_c / (100e-6 + leak_a), rel=1e-9)
    assert found.after_alarm_s == pytest.approx(found.life_s - found.alarm_s, rel=1e-12)
    assert found.after_alarm_c == pytest.approx(100e-6 * found.after_alarm_s, rel=1e-9)


def test_policy_steps_down_with_hysteresis_and_lasts_longer():
    busy, quiet = constant_demand(300e-6), constant_demand(50e-6)
    saved = life(COIN, Policy((busy, quiet), (0.5,), (0.6,)), 20.0, Limits(0.0))
    plain = life(COIN, busy, 20.0, Limits(0.0))
    assert saved.life_s > plain.life_s
    half_s = 0.5 * COIN.capacity_c / (300e-6 + COIN.capacity_c * 0.01 / YEAR_S)
    assert saved.level_fraction[0] * saved.life_s == pytest.approx(half_s, abs=3600.0)
    with_sun = life(RECHARGEABLE, Policy((busy, quiet), (0.5,), (0.6,)), 20.0, Limits(0.0, horizon_s=YEAR_S),
                    None, sunny(1.1e-3))  # fmt: skip
    assert with_sun.reason == "horizon"
    assert 0.0 < with_sun.level_fraction[0] < 1.0


def test_harvest_fills_and_net_energy_has_its_sign():
    winter = np.where((HOURS // 24 < 60) | (HOURS // 24 > 300), 0.2, 1.0)
    found = life(RECHARGEABLE, constant_demand(100e-6), 20.0, Limits(0.0, horizon_s=2 * YEAR_S),
                 None, sunny(1.5e-3) * winter)  # fmt: skip
    assert found.net_energy_j.shape == (12,)
    assert found.net_energy_j[0] < 0.0 < found.net_energy_j[6]
    assert found.spilled_j > 0.0
    assert found.first_empty_s is None or found.first_empty_s == found.life_s


@pytest.mark.parametrize(
    ("pulse", "capacitor", "expected"),
    [
        pytest.param(RADIO, None, None, id="no capacitor"),
        pytest.param(RADIO, Capacitor(1e-4, 0.05), None, id="small one recovers"),
        pytest.param(RADIO, Capacitor(1.0, 0.05), "radio comes every", id="supercapacitor, radio every 86 s"),
    ],
)
def test_hourly_steps_say_when_they_are_too_coarse(pulse, capacitor, expected):
    found = needs_events(COIN, mixed(60e-6, pulse), 20.0, capacitor)
    assert (found is None) == (expected is None)
    if expected:
        assert found.startswith(expected)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        pytest.param(lambda: Demand(np.zeros(23), np.zeros(23)), "whole days", id="23 hours"),
        pytest.param(lambda: Demand(np.full(24, np.nan), np.zeros(24)), "finite", id="not a number"),
        pytest.param(lambda: replace(COIN, capacity_c=0.0), "above zero", id="no capacity"),
        pytest.param(lambda: Policy((mixed(1e-6),) * 2, (0.6,), (0.5,)), "left at or above", id="no hysteresis"),
        pytest.param(lambda: life(COIN, mixed(1e-6), np.zeros(100), Limits(2.0)), "8760", id="100 temperatures"),
    ],
)
def test_what_makes_no_sense_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
