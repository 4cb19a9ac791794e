"""Harvest by table, by day, by charge and by place; charger, dark days and what they do to the battery."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from powerplan.cli.app import main
from powerplan.errors import ExitCode
from powerplan.study.run import RunResult, run
from tests.supply.scenarios import steady

CELL = "battery: {capacity: 240 mAh, ideal: true, voltage: 3 V}"

DAY_ROW = "[" + ", ".join(["0 W"] * 11 + ["10 mW"] * 2 + ["0 W"] * 11) + "]"
TABLE = "[" + ", ".join([DAY_ROW] * 12) + "]"


def with_harvest(folder: Path, harvest: str) -> RunResult:
    return run(steady(folder, f"{CELL}\nharvest: {{{harvest}}}"))


@pytest.mark.parametrize(("harvest", "joules_per_day"), [
    pytest.param("charge_per_day: 1 mAh", 3.6 * 3, id="charge at 3 V"),
    pytest.param(f"table: {TABLE}, charger: {{efficiency: 80 %}}", 2 * 3600 * 0.010 * 0.8, id="two hours of 10 mW"),
    pytest.param(f"table: {TABLE}, charger: {{efficiency: 80 %, power_max: 5 mW}}", 2 * 3600 * 0.005, id="limited"),
    pytest.param(f"table: {TABLE}, charger: {{efficiency: 80 %, cold_start: 11 mW}}", 0.0, id="never starts"),
    pytest.param(f"energy_per_day: [{', '.join(['20 J'] * 12)}], charger: {{efficiency: 50 %}}", 10.0, id="by day"),
    pytest.param(f"energy_per_day: [{', '.join(['20 J'] * 12)}], profile: bq25570_panel_1w", 16.0, id="of a profile"),
])
def test_energy_of_a_day_by_hand(harvest: str, joules_per_day: float, tmp_path: Path) -> None:
    power_w = with_harvest(tmp_path, harvest).chain.harvest_w
    assert power_w is not None
    assert float(power_w[:24].sum()) * 3600 == pytest.approx(joules_per_day, rel=1e-3)
    assert float(power_w.sum()) * 3600 == pytest.approx(365 * joules_per_day, rel=1e-3)


def test_the_charger_draws_day_and_night(tmp_path: Path) -> None:
    found = with_harvest(tmp_path, f"table: {TABLE}, profile: bq25570_panel_1w, charger: {{quiescent: 1 uA}}")
    assert found.chain.leakage_a == pytest.approx(1e-6)
    from_profile = with_harvest(tmp_path, f"table: {TABLE}, profile: bq25570_panel_1w")
    assert from_profile.chain.leakage_a == pytest.approx(488e-9)


def test_life_with_half_the_demand_harvested(tmp_path: Path) -> None:
    """2.4 mAh a day out, 1.2 mAh a day in: 240 mAh last 200 d instead of 100 d, and 100 d without any sun."""
    found = with_harvest(tmp_path, "charge_per_day: 1.2 mAh")
    assert found.metrics["battery_life"].value == pytest.approx(200.0, rel=2e-3)
    assert found.metrics["autonomy"].value == pytest.approx(100.0, rel=2e-3)
    assert found.metrics["net_charge_per_day"].value == pytest.approx(-1.2 * 3.6, rel=1e-3)


def test_dark_days_empty_a_small_battery(tmp_path: Path) -> None:
    """The sun gives what is needed; 90 dark days take 216 of 240 mAh, 101 dark days take all of it."""
    lives = {days: with_harvest(tmp_path, f"charge_per_day: 4 mAh, dark_days: {days}, dark_from: 60")
             for days in (0, 90, 101)}
    assert lives[0].life.reason == "horizon"
    assert lives[90].life.reason == "horizon"
    assert lives[101].life.reason == "charge"
    assert lives[101].metrics["battery_life"].value == pytest.approx(59 + 100, abs=1.5)
    dark = lives[90].chain.harvest_w
    assert dark is not None
    assert np.flatnonzero(dark == 0.0)[[0, -1]].tolist() == [59 * 24, 149 * 24 - 1]


PLACE = "place: {latitude: 52.5, longitude: 13.4}, peak_power: 10 mW, charger: {efficiency: 80 %}"


def test_the_sun_of_a_place_or_the_name_of_the_extra(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = steady(tmp_path, f"{CELL}\nharvest: {{{PLACE}}}")
    if importlib.util.find_spec("pvlib") is None:
        assert main(["run", str(path)]) == ExitCode.DATA
        assert "powerplan[sun]" in capsys.readouterr().err
        return
    power_w = run(path).chain.harvest_w
    assert power_w is not None
    days = power_w.reshape(365, 24).sum(axis=1)
    assert days[172] > 2.0 * days[355] > 0.0
    assert power_w.max() < 0.8 * 0.012


@pytest.mark.parametrize(("harvest", "fragment"), [
    pytest.param("dark_days: 3", "exactly one of", id="no source"),
    pytest.param(f"charge_per_day: 1 mAh, table: {TABLE}", "exactly one of", id="two sources"),
    pytest.param(f"table: {TABLE}", "charger", id="no charger"),
    pytest.param("place: {latitude: 52.5, longitude: 13.4}, charger: {efficiency: 80 %}", "panel", id="no panel"),
    pytest.param("place: {latitude: 99, longitude: 13.4}, peak_power: 1 W", "latitude", id="beyond the pole"),
    pytest.param("energy_per_day: [20 J], charger: {efficiency: 80 %}", "energy_per_day", id="one month"),
    pytest.param("charge_per_day: 1 mAh, profile: cr2032", "harvester", id="a battery as panel"),
])
def test_what_is_wrong_is_said(harvest: str, fragment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(steady(tmp_path, f"{CELL}\nharvest: {{{harvest}}}"))]) == ExitCode.DATA
    assert fragment in capsys.readouterr().err
