"""Battery-aware policies: by hand on an ideal cell, on the same world, with hysteresis, and refused where wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powerplan.cli.app import main
from powerplan.errors import ExitCode
from powerplan.files.library import data_root
from powerplan.files.scenario import load_scenario
from powerplan.study.policy import level_lowerings, simulate_levels
from powerplan.study.run import run
from powerplan.workload.draw import draw_world
from tests.supply.scenarios import steady

CELL = "battery: {capacity: 240 mAh, ideal: true, voltage: 3 V}\nalarm_at: 20 %"


@pytest.mark.parametrize(("policies", "days"), [
    pytest.param("", 100.0, id="none"),
    pytest.param("policies: [{below: 50 %, every: {blink: 200 s}}]", 50.0 + 100.0, id="half as often for half"),
    pytest.param("policies: [{below: 50 %, every: {blink: 200 s}}, {below: 25 %, every: {blink: 400 s}}]",
                 50.0 + 50.0 + 100.0, id="two levels"),
    pytest.param("policies: [{below: 100 %, back_above: 100 %, every: {blink: 200 s}}]", 200.0, id="at once"),
])
def test_life_by_hand(policies: str, days: float, tmp_path: Path) -> None:
    """240 mAh at 2.4 mAh a day are 100 d; a level of half the rate makes its part of the charge last twice as long."""
    found = run(steady(tmp_path, CELL, more=policies))
    assert found.metrics["battery_life"].value == pytest.approx(days, rel=2e-3)
    assert any("policy below" in note for note in found.supply_notes) == bool(policies)


def test_the_alarm_says_what_is_left(tmp_path: Path) -> None:
    """20 % of 240 mAh are 48 mAh: at 2.4 mAh a day 20 d, at 1.2 mAh a day 40 d."""
    plain = run(steady(tmp_path, CELL))
    assert plain.metrics["time_after_alarm"].value == pytest.approx(20.0, rel=2e-3)
    assert any("rings after 80 d" in note and "48 mAh" in note for note in plain.supply_notes)
    saving = run(steady(tmp_path, CELL, more="policies: [{below: 20 %, every: {blink: 200 s}}]"))
    assert saving.metrics["time_after_alarm"].value == pytest.approx(40.0, rel=5e-3)


COLD = "battery: {profile: cr2032}\nbrown_out: 2.2 V\nalarm_at: "


@pytest.mark.parametrize(("alarm", "rings", "said"), [
    pytest.param("10 %", False, "alarm_at: {usable: 10 %}", id="stated charge: the brown-out comes first"),
    pytest.param("{charge: 10 %}", False, "at 10% charge never rings", id="the same, written out"),
    pytest.param("{usable: 10 %}", True, "10% of the usable charge rings", id="usable charge"),
    pytest.param("{voltage: 2.25 V, load: 10 mA}", True, "2.25 V under 10 mA rings", id="voltage under the load"),
    pytest.param("{voltage: 2.0 V}", False, "2 V at rest never rings", id="voltage at rest, below what it sinks to"),
])
def test_the_alarm_in_the_cold(alarm: str, rings: bool, said: str, tmp_path: Path) -> None:
    """At -20 degC the worst pulse ends a coin cell half full: a gauge that counts stated charge does not see it."""
    found = run(steady(tmp_path, COLD + alarm, environment="environment: {temperature: -20 degC}"))
    assert found.life.reason == "voltage"
    assert found.life.charge_left_c > 0.2 * 220 * 3.6
    assert (found.life.alarm_s is not None) == rings
    assert any(said in note for note in found.supply_notes), found.supply_notes
    left_d = found.metrics["time_after_alarm"].value
    assert (left_d > 0.0) == rings
    if "usable" in alarm:
        assert left_d == pytest.approx(0.1 * found.metrics["battery_life"].value, rel=0.1)
    if not rings:
        assert found.metrics["time_after_alarm"].method == "the low-battery alarm never rings before the end"


@pytest.mark.parametrize(("below", "fragment"), [
    pytest.param("{usable: 60 %}", "below 60% of the usable charge", id="usable charge"),
    pytest.param("{voltage: 2.35 V, load: 10 mA}", "below 2.35 V under 10 mA", id="voltage"),
])
def test_a_policy_by_what_the_device_measures(below: str, fragment: str, tmp_path: Path) -> None:
    cold = "environment: {temperature: -20 degC}"
    without = run(steady(tmp_path, COLD + "5 %", environment=cold))
    found = run(steady(tmp_path, COLD + "5 %", environment=cold,
                       more=f"policies: [{{below: {below}, every: {{blink: 10 min}}}}]"))
    assert any(fragment in note for note in found.supply_notes), found.supply_notes
    assert found.life.level_fraction.min() > 0.05
    assert found.life.life_s > 1.3 * without.life.life_s


@pytest.mark.parametrize(("supply", "fragment"), [
    pytest.param("alarm_at: {usable: 10 %, voltage: 2 V}", "exactly one of", id="two measures"),
    pytest.param("alarm_at: {load: 5 mA}", "exactly one of", id="no measure"),
    pytest.param("alarm_at: {usable: 10 %, load: 5 mA}", "goes with", id="a load without a voltage"),
    pytest.param("alarm_at: {voltage: 10 %}", "voltage", id="a share of a voltage"),
])
def test_a_wrong_level_is_said(supply: str, fragment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = steady(tmp_path, f"battery: {{profile: cr2032}}\n{supply}")
    assert main(["check", str(path)]) == ExitCode.DATA
    assert fragment in capsys.readouterr().err


def test_a_real_cell_lasts_longer_with_a_policy_and_its_interval_holds_it(tmp_path: Path) -> None:
    battery = "battery: {profile: cr2032}"
    without = run(steady(tmp_path, battery)).metrics["battery_life"]
    path = steady(tmp_path, battery, more="policies: [{below: 40 %, every: {blink: 10 min}}]")
    path.write_text(path.read_text(encoding="utf-8").replace("workload: {variance: none}", ""), encoding="utf-8")
    found = run(path).metrics["battery_life"]
    assert found.value > 1.2 * without.value
    assert found.low < found.value <= found.high


GLACIER = data_root() / "scenarios" / "glacier_watch.supercap.yaml"


def test_levels_meet_the_same_events_and_do_less() -> None:
    loaded = load_scenario(GLACIER)
    levels = level_lowerings(loaded)
    horizon_ns = 60 * 86_400 * 10**9
    worlds = [draw_world(level.world, horizon_ns, 3) for level in levels]
    assert np.array_equal(worlds[0].events.onset_ns, worlds[1].events.onset_ns)
    records = [level.record for level in simulate_levels(loaded, 3, horizon_ns, "auto")]
    looks = levels[0].plan.task_names.index("look")
    assert records[0].task_finished[looks] == pytest.approx(60 * 12, abs=2)
    assert records[1].task_finished[looks] == pytest.approx(60 * 6, abs=2)
    assert list(levels[1].plan.task_names) == list(levels[0].plan.task_names)


@pytest.mark.parametrize(("policies", "fragment"), [
    pytest.param("[{below: 50 %, every: {blnk: 200 s}}]", "no task 'blnk'", id="no such task"),
    pytest.param("[{below: 50 %, thresholds: {face: {level1: 0.7}}}]", "no cascade 'face'", id="no such cascade"),
    pytest.param("[{below: 50 %}]", "changes something", id="changes nothing"),
    pytest.param("[{below: 50 %, back_above: 40 %, every: {blink: 200 s}}]", "back_above", id="left below"),
    pytest.param("[{below: {voltage: 2.7 V}, back_above: 40 %, every: {blink: 200 s}}]", "measured as `below`",
                 id="left by another measure"),
    pytest.param("[{below: 50 %, every: {blink: 200 s}}, {below: {usable: 20 %}, every: {blink: 400 s}}]",
                 "measured alike", id="levels of two measures"),
    pytest.param("[{below: 20 %, every: {blink: 200 s}}, {below: 30 %, every: {blink: 300 s}}]", "falling", id="order"),
    pytest.param("[{below: 20, every: {blink: 200 s}}]", "policies", id="no fraction"),
])
def test_what_is_wrong_is_said_at_its_place(policies: str, fragment: str, tmp_path: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    path = steady(tmp_path, CELL, more=f"policies: {policies}")
    assert main(["check", str(path)]) == ExitCode.DATA
    said = capsys.readouterr().err
    assert fragment in said
    assert "steady.yaml:" in said
