"""Age, cycles, self-discharge and the limits of charging, by hand on a cell of one voltage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powerplan.batteries.life import Limits, constant_demand, life
from powerplan.batteries.pack import Ageing, Curve, Pack
from powerplan.engines import bench

HOUR_S, DAY_S = 3_600.0, 86_400.0
YEAR_S = 365 * DAY_S
CELL = Pack("flat cell", 1_000 * 3.6, (Curve(20.0, np.array([0.0, 1.0]), np.full(2, 3.0), np.zeros(2)),),
            rechargeable=True)  # fmt: skip
HOURS = np.arange(8_760)


@pytest.mark.parametrize("engine", ["plain", "compiled"])
@pytest.mark.parametrize(
    ("celsius", "per_year"),
    [
        pytest.param(20.0, 0.1, id="at the reference"),
        pytest.param(30.0, 0.2, id="ten kelvins warmer: twice"),
        pytest.param(10.0, 0.05, id="ten kelvins colder: half"),
    ],
)
def test_standing_takes_capacity(celsius, per_year, engine):
    """I t = C (1 - r t): the cell is empty after C / (I + r C)."""
    pack = replace(CELL, ageing=Ageing(calendar_fade_per_year=0.1))
    load_a = pack.capacity_c / (2 * YEAR_S)
    found = life(pack, constant_demand(load_a), celsius, Limits(0.0), engine=engine)
    assert found.reason == "charge"
    assert found.life_s == pytest.approx(YEAR_S / (0.5 + per_year), rel=2e-4)
    assert found.fade_fraction == pytest.approx(per_year * found.life_s / YEAR_S, rel=1e-3)


@pytest.mark.parametrize("engine", ["plain", "compiled"])
def test_cycles_take_capacity(engine):
    """One discharge that costs a tenth of a cell per full cycle ends at C / 1.1."""
    pack = replace(CELL, ageing=Ageing(cycle_fade_fraction=0.1))
    found = life(pack, constant_demand(pack.capacity_c / (100 * DAY_S)), 20.0, Limits(0.0), engine=engine)
    assert found.charge_used_c == pytest.approx(pack.capacity_c / 1.1, rel=5e-4)


def test_a_year_of_days_of_sun_is_so_many_cycles():
    """Nights take a fifth of the cell, days put it back: 73 full cycles a year."""
    night_a = 0.2 * CELL.capacity_c / (12 * HOUR_S)
    pack = replace(CELL, ageing=Ageing(0.02, 10.0, 1e-4))
    sun_w = np.where((HOURS % 24 >= 6) & (HOURS % 24 < 18), 3.0 * 3.0 * night_a, 0.0)
    found = life(pack, constant_demand(night_a), 20.0, Limits(0.0, horizon_s=YEAR_S), None, sun_w)
    assert found.reason == "horizon"
    cycles = found.charge_used_c / pack.capacity_c
    assert cycles == pytest.approx(73.0, rel=0.02)
    assert found.fade_fraction == pytest.approx(0.02 + 1e-4 * cycles, rel=1e-6)


@pytest.mark.parametrize(
    ("celsius", "lost"),
    [pytest.param(20.0, 0.01, id="1 % a year"), pytest.param(40.0, 0.04, id="four times at 20 kelvins more")],
)
def test_self_discharge_doubles_with_temperature(celsius, lost):
    pack = replace(CELL, self_discharge_per_year=0.01, self_discharge_doubling_k=10.0)
    found = life(pack, constant_demand(1e-12), celsius, Limits(0.0, horizon_s=YEAR_S))
    assert found.self_discharge_c / pack.capacity_c == pytest.approx(lost, rel=1e-6)


@pytest.mark.parametrize(
    ("change", "celsius", "charged_c"),
    [
        pytest.param({}, 20.0, 1_200.0, id="all that comes"),
        pytest.param({"charge_efficiency_fraction": 0.5}, 20.0, 600.0, id="half of it is kept"),
        pytest.param({"largest_charge_a": 0.01}, 20.0, 24 * 36.0, id="10 mA at most"),
        pytest.param({"charge_c": (0.0, 45.0)}, -5.0, 0.0, id="not below freezing"),
        pytest.param({"charge_c": (0.0, 45.0)}, 50.0, 0.0, id="not in the heat"),
    ],
)
def test_charging_has_its_limits(change, celsius, charged_c):
    """1200 C a day at 3 V into a cell that is a tenth full."""
    found = life(replace(CELL, **change), constant_demand(1e-12), celsius, Limits(0.0, horizon_s=DAY_S), None,
                 np.full(8_760, 3.0 * 1_200.0 / DAY_S), start_fraction=0.1)  # fmt: skip
    assert found.charged_c == pytest.approx(charged_c, rel=1e-6)


@pytest.mark.slow
def test_speed_and_error_of_long_lives():
    """Ten years by the hour and ten thousand lives, with room for a busy machine; `powerplan bench` prints them."""
    found = bench.battery_times()
    assert found["battery.ten_years_s"] < 0.03
    assert found["battery.lifetimes_10000_s"] < 2.0
    assert found["battery.lifetimes_error_h"] <= 48.0
