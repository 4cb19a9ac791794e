"""A user's own cell: Otii profiles, fits to logs and to capacities."""

from __future__ import annotations

import json

import numpy as np
import pytest

from powerplan.batteries.fit import DischargeLog, FitError, fit_log, fit_wells, read_log
from powerplan.batteries.otii import OtiiError, profile_from_pack, read_otii, write_otii
from powerplan.batteries.pack import Curve, Pack
from powerplan.kernels import battery
from tests.shared import shared_path

PROFILES = ("facts", "traces", "otii-battery-profiles")


@pytest.mark.parametrize(
    ("name", "mah", "celsius", "rest_v"),
    [
        pytest.param("CR2032-Varta-40mA.json", 217.69, 20.0, 2.92, id="coin cell"),
        pytest.param("AAA-Varta_Longlife_Power-Alkaline-100mA.json", 1115.9, 20.0, 1.244, id="alkaline"),
        pytest.param("LiPo-ICP632136HPST-Renata_WiFi-5.json", 521.67, 5.0, 3.819, id="pouch at 5 degC"),
        pytest.param("LiPo-ICP632136HPST-Renata-WiFi-20.json", 525.22, 20.0, 3.833, id="pouch at 20 degC"),
        pytest.param("Baked_potato-2_cells-100uA.json", 4.89, 20.0, 1.21, id="baked potato"),
        pytest.param("Grapefruit-2_cells-100uA.json", 12.73, 20.0, 1.49, id="grapefruit"),
    ],
)
def test_measured_profiles_are_read_and_written(name, mah, celsius, rest_v, tmp_path):
    profile = read_otii(shared_path(*PROFILES, name))
    assert profile.capacity_c / 3.6 == pytest.approx(mah, rel=1e-3)
    assert profile.temperature_c == celsius
    assert profile.pack().open_circuit(0.5, celsius)[0] == pytest.approx(rest_v, rel=0.02)
    write_otii(profile, tmp_path / "again.json")
    again = read_otii(tmp_path / "again.json")
    assert again.capacity_c == pytest.approx(profile.capacity_c, rel=1e-9)
    assert again.curve.resistance_ohm == pytest.approx(profile.curve.resistance_ohm)
    assert again.curve.ocv_v == pytest.approx(profile.curve.ocv_v)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", "not JSON", id="broken"),
        pytest.param("[]", "no `battery` map", id="a list"),
        pytest.param('{"battery": {}}', "at least one table", id="no table"),
        pytest.param('{"battery": {"capacityunit": "mWh"}, "dischargetables": [{}]}', "capacityunit", id="energy"),
        pytest.param(
            json.dumps({"battery": {}, "dischargetables": [{"table": [{"capacity": 1}, {"capacity": 2}]}]}),
            "every row needs",
            id="rows without voltage",
        ),
        pytest.param(
            json.dumps({"battery": {}, "dischargetables": [{"table": [
                {"capacity": 1, "voltage": -3, "resistance": 1}, {"capacity": 2, "voltage": 3, "resistance": 1}]}]}),
            "above zero",
            id="negative voltage",
        ),
    ],
)  # fmt: skip
def test_what_is_no_profile_is_said(text, message, tmp_path):
    path = tmp_path / "cell.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OtiiError, match=message):
        read_otii(path)


def test_a_pack_becomes_a_profile(tmp_path):
    curve = Curve(20.0, np.array([0.0, 0.5, 1.0]), np.array([4.2, 3.8, 3.0]), np.array([0.1, 0.1, 0.3]))
    write_otii(profile_from_pack(Pack("mine", 3600.0, (curve,)), "mine", "me", 3.0), tmp_path / "mine.json")
    found = read_otii(tmp_path / "mine.json")
    assert (found.model, found.manufacturer, found.cutoff_v) == ("mine", "me", 3.0)
    assert found.capacity_c == pytest.approx(3600.0)


def synthetic_log(share: float = 1.0, rate: float = 1e-3, noise_v: float = 0.0) -> tuple[DischargeLog, Curve]:
    """A cell of known curve under 0.1 A with pulses of 0.3 A; noise from a fixed stream."""
    depth = np.array([0.0, 0.1, 0.5, 0.9, 1.0])
    curve = Curve(20.0, depth, np.array([4.1, 4.0, 3.7, 3.4, 3.0]), np.array([0.3, 0.3, 0.35, 0.5, 0.9]))
    capacity_c = 1800.0
    times = np.arange(0.0, 15_000.0, 20.0)
    current = np.where((times // 20) % 6 == 0, 0.3, 0.1)
    left, lag, volts = capacity_c, 0.0, []
    for amps in current:
        head = left - (1 - share) * lag
        at = 1 - head / capacity_c
        if at >= 1.0:
            break
        volts.append(np.interp(at, depth, curve.ocv_v) - amps * np.interp(at, depth, curve.resistance_ohm))
        left, lag = battery.kibam_step(left, lag, amps, share, rate, 20.0)
    count = len(volts)
    shaken = np.array(volts) + noise_v * np.random.default_rng(7).normal(size=count)
    return DischargeLog(times[:count], current[:count], shaken), curve


def test_fit_finds_the_curve_it_was_made_from():
    log, curve = synthetic_log(noise_v=0.002)
    found = fit_log(log, kinetics=False)
    assert found.capacity_c == pytest.approx(1800.0, rel=0.02)
    assert found.rms_error_v < 0.004
    at = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    wanted_v, wanted_ohm = (np.interp(at, curve.depth_fraction, y) for y in (curve.ocv_v, curve.resistance_ohm))
    assert np.interp(at, found.curve.depth_fraction, found.curve.ocv_v) == pytest.approx(wanted_v, rel=0.005)
    assert np.interp(at, found.curve.depth_fraction, found.curve.resistance_ohm) == pytest.approx(wanted_ohm, rel=0.1)


def test_fit_with_wells_is_closer_where_there_are_wells():
    log, _ = synthetic_log(share=0.6, rate=2e-4)
    without, found = fit_log(log, kinetics=False), fit_log(log)
    assert found.rms_error_v <= without.rms_error_v
    assert found.rms_error_v < 0.005


def test_wells_come_back_from_their_capacities():
    currents = np.array([0.05, 0.2, 0.5, 1.0])
    made = battery.kibam_capacity(9000.0, currents, 0.4, 3e-4)
    found = fit_wells(currents, made)
    assert found.capacity_c == pytest.approx(9000.0, rel=1e-3)
    assert found.well_share_fraction == pytest.approx(0.4, rel=1e-2)
    assert found.rate_per_s == pytest.approx(3e-4, rel=1e-2)
    assert np.abs(found.relative_error).max() < 1e-4


@pytest.mark.parametrize(
    ("build", "message"),
    [
        pytest.param(lambda: fit_wells(np.ones(2), np.ones(2)), "three currents", id="two currents"),
        pytest.param(
            lambda: fit_log(DischargeLog(np.arange(20.0), np.full(20, 0.1), np.linspace(4, 3, 20))),
            "one current only",
            id="one load",
        ),
        pytest.param(lambda: DischargeLog(np.zeros(20), np.ones(20), np.ones(20)), "must rise", id="time stands"),
    ],
)
def test_what_cannot_be_fitted_is_refused(build, message):
    with pytest.raises(FitError, match=message):
        build()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("time_s,current_a\n0,1\n", "no column voltage_v", id="column missing"),
        pytest.param("time_s,current_a,voltage_v\n0,x,3\n", "log.csv:2: not a number", id="no number"),
        pytest.param("time_s,current_a,voltage_v\n", "no samples", id="empty"),
    ],
)
def test_a_log_that_cannot_be_read_names_the_line(text, message, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FitError, match=message):
        read_log(path)
