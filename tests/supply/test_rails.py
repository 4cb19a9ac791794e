"""Rails, converters, load switches, leakage and temperature of the scenario reach the battery."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powerplan.study.run import run
from tests.supply.scenarios import steady

CELL = "battery: {capacity: 240 mAh, ideal: true, voltage: 3.6 V}"
SWITCH = """kind: regulator
name: a load switch
topology: load_switch
quiescent_current: {value: 5 uA, source: me, basis: assumed}
sources: {me: "a test"}
"""
LDO = """kind: regulator
name: a linear regulator
topology: ldo
quiescent_current: {value: 20 uA, source: me, basis: assumed}
dropout: {value: 200 mV, source: me, basis: assumed}
sources: {me: "a test"}
"""
BUCK = """kind: regulator
name: a buck
topology: buck
quiescent_current: {value: 1 uA, source: me, basis: assumed}
efficiency:
  - {output: 1.8 V, input: 3.6 V, columns: [load_a, efficiency], rows: [[1.0e-6, 0.8], [0.1, 0.8]], source: me,
     basis: assumed}
sources: {me: "a test"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "profiles").mkdir()
    for name, text in (("my_switch", SWITCH), ("my_ldo", LDO), ("my_buck", BUCK)):
        (tmp_path / "profiles" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("supply", "rail", "mean_ua"), [
    pytest.param("", "", 100.0, id="on the battery"),
    pytest.param("leakage: 3 uA", "", 103.0, id="leakage"),
    pytest.param("regulator: {profile: my_ldo, output: 3.3 V}", "", 120.0, id="linear: load and quiescent"),
    pytest.param("rails: {cold: {regulator: my_switch, voltage: 3.6 V}}", "cold", 105.0, id="load switch leaks"),
    pytest.param("rails: {core: {regulator: {profile: my_buck, output: 1.8 V}}}", "core", 100 * 0.5 / 0.8 + 1.0,
                 id="buck: power over efficiency"),
    pytest.param("regulator: {profile: my_ldo, output: 3.3 V}\nrails: {core: {regulator: {profile: my_buck, "
                 "output: 1.8 V}}}", "core", 100 * 0.5 / 0.8 + 1.0, id="own rail besides the main one"),
])
def test_mean_current_at_the_battery_by_hand(supply: str, rail: str, mean_ua: float, folder: Path) -> None:
    on = f", rail: {rail}" if rail else ""
    found = run(steady(folder, f"{CELL}\n{supply}", rail=on))
    assert found.metrics["average_current"].value * 1e6 == pytest.approx(mean_ua, rel=0.012)
    assert found.metrics["battery_life"].value == pytest.approx(240e3 / 24 / mean_ua, rel=0.012)


def test_two_rails_add_up_and_each_needs_its_voltage(folder: Path) -> None:
    supply = (f"{CELL}\nregulator: {{profile: my_ldo, output: 3.3 V}}\n"
              "rails: {core: {regulator: {profile: my_buck, output: 1.8 V}}}")
    parts = "  led: {kind: load, current: 20 mA, rail: core}"
    path = steady(folder, supply, parts=parts)
    text = path.read_text(encoding="utf-8").replace("do: [{run: mcu, for: 1 s}]", "do: [{run: mcu, for: 1 s}, "
                                                                                 "{run: led, for: 1 s}]")
    path.write_text(text, encoding="utf-8")
    found = run(path)
    assert set(found.chain.rails) == {"main", "core"}
    assert {name: float(amps.max()) for name, amps in found.loads.rail_current_a.items()} == pytest.approx(
        {"main": 0.010, "core": 0.020})
    assert found.metrics["average_current"].value * 1e6 == pytest.approx(100 + 20 + 200 * 0.5 / 0.8 + 1, rel=0.02)
    # 3.3 V behind a regulator that needs up to 0.2 V more; the step-down rail would work lower.
    assert 3.3 <= found.chain.limits.brown_out_v <= 3.5


@pytest.mark.parametrize(("environment", "coldest_c", "january_c"), [
    pytest.param("environment: {temperature: -7 degC}", -7.0, -7.0, id="constant"),
    pytest.param("environment: {temperature: {monthly: [-10 degC, " + ", ".join(["20 degC"] * 11) + "]}}", -10.0,
                 -10.0, id="by month"),
    pytest.param("environment: {temperature: {hourly: [-3 degC, " + ", ".join(["9 degC"] * 23) + "]}}", -3.0, 8.5,
                 id="by hour"),
])
def test_temperature_by_month_and_hour(environment: str, coldest_c: float, january_c: float, folder: Path) -> None:
    chain = run(steady(folder, "battery: {profile: cr2032}", environment=environment)).chain
    assert chain.coldest_c == coldest_c
    year_c = np.broadcast_to(chain.temperature_c, (8760,))
    assert float(year_c[:31 * 24].mean()) == pytest.approx(january_c)


def test_the_cold_shortens_the_life_of_a_coin_cell(folder: Path) -> None:
    lives = [run(steady(folder, "battery: {profile: cr2032}\nbrown_out: 2.4 V",
                        environment=f"environment: {{temperature: {celsius} degC}}")).metrics["battery_life"].value
             for celsius in (-20, 0, 20)]
    assert lives == sorted(lives)
    assert lives[0] < 0.8 * lives[2]
