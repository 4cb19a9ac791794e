"""New against aged, the first pulse after storage, the coldest week: by hand on cells of one voltage and resistance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powerplan.batteries.demand import Demand, Limits, Pulse
from powerplan.batteries.life import life
from powerplan.batteries.pack import Ageing, Curve, Pack
from powerplan.study.cells import coldest_week, first_and_last
from powerplan.study.run import run
from powerplan.study.supply import SupplyChain
from tests.supply.scenarios import steady

YEAR_S = 365 * 86_400.0
RISING = Curve(20.0, np.array([0.0, 1.0]), np.array([3.0, 3.0]), np.array([10.0, 30.0]))
"""10 ohm when full, 30 ohm when empty, 3 V throughout."""
PULSE = Pulse("send", current_a=0.02, duration_s=0.1)
DEMAND = Demand(np.full(24, 1e-4), np.zeros(24), (PULSE,))
HOURS = np.arange(8_760)
WINTER_C = 20.0 - 25.0 * ((HOURS >= 480) & (HOURS < 480 + 168))
"""20 degC, but -5 degC in one week from day 20 on."""


def chain_of(pack: Pack, temperature_c: float | np.ndarray, horizon_s: float = YEAR_S) -> SupplyChain:
    return SupplyChain(pack, {}, temperature_c, Limits(2.0, horizon_s=horizon_s), None, 0.0, None)


def test_new_and_aged_by_hand() -> None:
    """876 mAh of 1752 are gone after a year, so 10 ohm are 20 ohm: 20 mA pull 3 V down to 2.8 V, then to 2.6 V."""
    pack = Pack("cell", 1_752 * 3.6, (RISING,))
    chain = chain_of(pack, 20.0)
    found = first_and_last(chain, DEMAND, life(pack, DEMAND, 20.0, chain.limits), float("inf"))
    assert found["pulse_voltage_new"].value == pytest.approx(2.8, rel=1e-9)
    assert found["pulse_voltage_aged"].value == pytest.approx(2.6, rel=1e-3)
    assert "first_pulse_voltage" not in found
    half = first_and_last(chain, DEMAND, life(pack, DEMAND, 20.0, chain.limits), YEAR_S / 2)
    assert half["pulse_voltage_aged"].value == pytest.approx(2.7, rel=1e-3)


def test_age_raises_the_resistance() -> None:
    """A tenth of the capacity lost: half a charge is 0.5 / 0.9 deep, and the resistance is up by 2 x 10 %."""
    pack = Pack("cell", 1_752 * 3.6, (RISING,), ageing=Ageing(calendar_fade_per_year=0.1, resistance_growth=2.0))
    chain = chain_of(pack, 20.0)
    found = first_and_last(chain, DEMAND, life(pack, DEMAND, 20.0, chain.limits), float("inf"))
    ohm = (10.0 + 20.0 * 0.5 / 0.9) * 1.2
    assert found["pulse_voltage_aged"].value == pytest.approx(3.0 - 0.02 * ohm, rel=1e-3)


def test_the_first_pulse_meets_the_film_as_well() -> None:
    pack = Pack("cell", 1_752 * 3.6, (RISING,), passivation_ohm=(10.0, 0.0, 30.0))
    chain = chain_of(pack, 20.0)
    first = first_and_last(chain, DEMAND, life(pack, DEMAND, 20.0, chain.limits), float("inf"))["first_pulse_voltage"]
    assert (first.low, first.value, first.high) == pytest.approx((2.2, 2.6, 2.8), rel=1e-9)


def test_the_coldest_week_of_the_last_winter() -> None:
    """Current of a constant power at the voltage of the week; its lowest pulse, at twice the resistance or so."""
    pack = Pack("cell", 17_520 * 3.6, (RISING,), resistance_activation_j_per_mol=20e3)
    demand = Demand(np.zeros(24), np.full(24, 3e-4), (PULSE,))
    chain = chain_of(pack, WINTER_C, 2.5 * YEAR_S)
    lived = life(pack, demand, WINTER_C, chain.limits)
    found = coldest_week(chain, demand, lived, 2.5 * YEAR_S)
    assert "of year 3, from day 20: -5" in found["coldest_week_current"].method
    assert found["coldest_week_current"].value == pytest.approx(1e-4, rel=5e-3)
    assert found["coldest_week_voltage"].value == pytest.approx(lived.minimum_until(2.2 * YEAR_S), rel=1e-6)
    warm = pack.open_circuit(0.9, 20.0)[1]
    assert found["coldest_week_voltage"].value < 3.0 - 0.02 * 1.5 * warm
    assert coldest_week(chain, demand, lived, 10 * 86_400.0) == {}


@pytest.mark.parametrize("cell", ["ls14500", "ls14250", "d_lisocl2"])
def test_cells_with_a_film_say_so(cell: str, tmp_path: Path) -> None:
    """10 mA through a cell of lithium and thionyl chloride at -20 degC, new from the shelf and in use."""
    found = run(steady(tmp_path, f"battery: {{profile: {cell}}}\nbrown_out: 3.0 V",
                       environment="environment: {temperature: -20 degC}"))
    first, usual = found.metrics["first_pulse_voltage"], found.metrics["pulse_voltage_new"]
    assert first.low < first.value < first.high == pytest.approx(usual.value, rel=1e-9)
    assert any("passivation" in note for note in found.supply_notes) == (first.low < 3.0)
    assert found.metrics["coldest_week_current"].value == pytest.approx(1e-4, rel=0.02)
    assert found.metrics["pulse_voltage_aged"].value < usual.value
