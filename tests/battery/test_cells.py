"""Every shipped cell, regulator and harvester: sources, sane figures, packs in series and parallel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from powerplan.batteries.life import Limits, Pulse, constant_demand, life, pulse_voltages
from powerplan.batteries.profile import BatteryProfile, carried, figure_of, outside_range, pack_from
from powerplan.components.regulator import RegulatorProfile, efficiency_at, lowest_battery_voltage, regulator_demand
from powerplan.files.library import list_profiles, load_profile

DAY_S, MAH = 86_400.0, 3.6
CELLS = [found.name for found in list_profiles("battery") if found.shipped]
REGULATORS = [found.name for found in list_profiles("regulator") if found.shipped]
COINS = {"cr2032", "cr2450", "cr2477"}
PRIMARY = {"aa_alkaline_e91", "aa_lithium_l91", "aaa_alkaline", "cr123a", "ls14500", "ls14250", "d_lisocl2"}
SECONDARY = {"lipo", "lipo_icp632136", "ncr18650b", "lifepo4_18650", "nimh_eneloop_aa"}


def cell(name: str) -> BatteryProfile:
    spec = load_profile(name, kind="battery").spec
    assert isinstance(spec, BatteryProfile)
    return spec


def test_the_cells_asked_for_are_there():
    assert set(CELLS) >= COINS | PRIMARY | SECONDARY


def sources_in(data: object) -> set[str]:
    if isinstance(data, dict):
        own = {data["source"]} if "source" in data and "basis" in data else set()
        return own.union(*(sources_in(value) for value in data.values()))
    if isinstance(data, list | tuple):
        return set().union(*(sources_in(value) for value in data))
    return set()


@pytest.mark.parametrize(
    ("name", "kind"), [*((name, "battery") for name in CELLS), *((name, "regulator") for name in REGULATORS)]
)
def test_every_source_is_listed(name, kind):
    profile = load_profile(name, kind=kind)
    used = sources_in(profile.data)
    assert used
    assert used <= set(profile.spec.sources)


@pytest.mark.parametrize("name", CELLS)
def test_cell_behaves(name):
    pack = pack_from(cell(name))
    full_v, full_ohm = pack.open_circuit(1.0, 20.0)
    empty_v, empty_ohm = pack.open_circuit(0.0, 20.0)
    assert empty_v < pack.nominal_v < full_v * 1.01
    assert empty_ohm > full_ohm > 0.0
    assert pack.open_circuit(0.5, -10.0)[1] >= pack.open_circuit(0.5, 20.0)[1]
    load_a = pack.capacity_c / (30 * DAY_S)
    found = life(
        replace(pack, self_discharge_per_year=0.0), constant_demand(load_a), 20.0, Limits(0.0), step="day_hour"
    )
    assert found.life_s / DAY_S == pytest.approx(30.0, rel=0.06)
    assert np.all(np.diff(pack.curves[-1].ocv_v) <= 0.02)


@pytest.mark.parametrize(("series", "parallel"), [(1, 1), (4, 1), (2, 3)])
def test_packs_scale(series, parallel):
    one, many = pack_from(cell("aa_alkaline_e91")), pack_from(cell("aa_alkaline_e91"), series, parallel)
    volts, ohms = one.open_circuit(0.5, 0.0)
    assert many.open_circuit(0.5, 0.0) == pytest.approx((volts * series, ohms * series / parallel), rel=1e-12)
    assert many.capacity_c == pytest.approx(one.capacity_c * parallel)
    alone = life(one, constant_demand(power_w=1e-3), 20.0, Limits(0.9))
    together = life(many, constant_demand(power_w=1e-3 * series * parallel), 20.0, Limits(0.9 * series))
    assert together.life_s == pytest.approx(alone.life_s, rel=1e-9)


def test_another_size_of_cell_keeps_ohm_ampere_hours():
    small = pack_from(cell("lipo"), capacity_c=95 * MAH)
    assert small.capacity_c == 95 * MAH
    assert small.open_circuit(0.5, 20.0)[1] == pytest.approx(0.1 / 0.095, rel=1e-3)


def test_use_is_asked_for_every_figure():
    spec, asked = cell("cr2032"), []

    def use(path: str) -> float:
        asked.append(path)
        return figure_of(spec, path).typ

    assert pack_from(spec, use=use).capacity_c == pack_from(spec).capacity_c
    assert {"capacity", "wells.share", "wells.rate", "self_discharge"} <= set(asked)


def test_pouch_between_and_beyond_its_two_temperatures():
    pack, spec = pack_from(cell("lipo_icp632136")), cell("lipo_icp632136")
    at = {celsius: pack.open_circuit(0.5, celsius)[1] for celsius in (-10.0, 5.0, 12.0, 20.0, 35.0)}
    assert at[5.0] == pytest.approx(1.051, rel=5e-3)  # its usable share is a little less
    assert at[20.0] == pytest.approx(0.465, rel=1e-6)
    assert list(at.values()) == sorted(at.values(), reverse=True)
    assert np.log(at[12.0] / at[20.0]) == pytest.approx(8 / 15 * np.log(at[5.0] / at[20.0]), rel=0.05)
    assert carried(spec, 10.0) is None
    assert "carried to -10 degC" in (carried(spec, -10.0) or "")
    assert outside_range(spec, -30.0) is not None


def test_supply_gate_of_the_smart_lock():
    """Four fresh AA at -10 degC under the 250 mA motor stay above 4.5 V."""
    pack = pack_from(cell("aa_alkaline_e91"), 4)
    demand = constant_demand(40e-6, pulses=(Pulse("motor", current_a=0.25, duration_s=1.0, per_day=20),))
    assert pulse_voltages(pack, demand, -10.0)["motor"] > 4.5


@pytest.mark.parametrize("name", REGULATORS)
def test_regulators_never_give_more_than_they_take(name):
    spec = load_profile(name, kind="regulator").spec
    assert isinstance(spec, RegulatorProfile)
    loads = np.geomspace(1e-8, 0.1, 50)
    current, power = regulator_demand(spec, 1.8, loads, 3.0, lambda path: figure_of(spec, path).typ)
    taken_w = current * 3.0 + power
    assert np.all(taken_w > 1.8 * loads)
    assert np.all(np.diff(taken_w) > 0.0)
    assert lowest_battery_voltage(spec, 1.8, 0.05, lambda path: figure_of(spec, path).typ) >= 1.8


def test_efficiency_curves_are_mixed_by_their_voltages():
    spec = load_profile("tps62840", kind="regulator").spec
    assert isinstance(spec, RegulatorProfile)
    loads, low = efficiency_at(spec, 1.8, 3.6)
    _, high = efficiency_at(spec, 3.3, 3.6)
    _, between = efficiency_at(spec, 2.55, 3.6)
    assert between == pytest.approx((low + high) / 2, rel=1e-9)
    assert np.interp(1e-3, loads, low) == pytest.approx(0.89)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"curves": []}, "at least 1 item", id="no curve"),
        pytest.param({"rechargeable": True}, "needs charging", id="rechargeable without limits"),
        pytest.param({"capacity": "220 mAh"}, "no source", id="figure without a source"),
    ],
)
def test_a_profile_that_lacks_something_is_refused(change, message):
    data = dict(load_profile("cr2032", kind="battery").data)
    with pytest.raises(ValidationError, match=message):
        BatteryProfile.model_validate({**data, **change})
