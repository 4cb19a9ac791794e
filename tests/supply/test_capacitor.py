"""Which capacitor: the command, the hand formula, and pulses that come before it has recovered."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from powerplan.batteries.demand import Capacitor
from powerplan.cli.app import main
from powerplan.errors import ExitCode
from powerplan.files.library import data_root
from powerplan.study.capacitor import size
from powerplan.study.event_window import Played, busiest
from powerplan.study.run import run
from powerplan.study.supply_notes import window_voltage
from tests.supply.scenarios import steady

COIN = "battery: {profile: cr2032}\nbrown_out: 2.2 V"


def burst(folder: Path, supply: str = COIN, current: str = "60 mA", every: str = "1 h") -> Path:
    """A coin cell with a pulse of 20 ms."""
    path = steady(folder, supply, every=every)
    text = path.read_text(encoding="utf-8").replace("current: 10 mA", f"current: {current}").replace("1 s}", "20 ms}")
    path.write_text(text, encoding="utf-8")
    return path


def test_the_smallest_is_that_of_the_formula(tmp_path: Path) -> None:
    """At the allowed voltage the impedance may be (E - V)/I; Z(d) = R (1 - R/(R + r) e^(-d/((R + r)C))) gives C."""
    found = size(burst(tmp_path), "electrolytic", None, "1 mA")
    pack = run(burst(tmp_path)).chain.pack
    open_v, inner_ohm = pack.open_circuit(0.05, 21.0)  # type: ignore[union-attr]
    allowed_ohm, loop_ohm = (open_v - 2.2) / 0.060, inner_ohm + 0.2
    farad = 0.020 / (loop_ohm * -math.log((1 - allowed_ohm / inner_ohm) * loop_ohm / inner_ohm))
    assert found["smallest_f"] == pytest.approx(farad, rel=0.02)
    holding = [row for row in found["choices"] if row["holds"]]
    assert holding[0]["capacitance_f"] >= farad
    assert found["choices"][0]["capacitance_f"] == 0.0
    assert not found["choices"][0]["holds"]
    assert found["choices"][0]["ends_by"] == "voltage"
    assert holding[0]["life_days"] > found["choices"][0]["life_days"]
    costs = [row["leakage_cost_days"] for row in holding]
    assert costs == sorted(costs)
    assert costs[-1] > costs[0] > 0.0


def test_the_command_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(burst(tmp_path))
    assert main(["battery", "size-capacitor", path, "--kind", "ceramic"]) == ExitCode.OK
    assert "smallest that holds" in capsys.readouterr().out
    assert main(["battery", "size-capacitor", path, "--esr", "100 mohm", "--leakage-per-farad", "1 mA", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["leakage_per_farad_a"] == pytest.approx(1e-3)


def test_none_can_hold_what_its_own_resistance_takes(tmp_path: Path) -> None:
    found = size(burst(tmp_path, current="2 A"), "electrolytic", "1 ohm")
    assert found["smallest_f"] is None
    assert any("no capacitor" in note for note in found["notes"])
    assert found["choices"][0]["capacitance_f"] == 0.0


@pytest.mark.parametrize(("supply", "more", "fragment"), [
    pytest.param("battery: {capacity: 240 mAh, ideal: true}", [], "ideal cell", id="ideal cell"),
    pytest.param(COIN, ["--kind", "paper"], "--kind", id="no such kind"),
    pytest.param(COIN, ["--esr", "50"], "--esr", id="no unit"),
    pytest.param(COIN, ["--at-charge", "500 %"], "--at-charge", id="charge beyond full"),
])
def test_what_cannot_be_asked_is_said(supply: str, more: list[str], fragment: str, tmp_path: Path,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["battery", "size-capacitor", str(burst(tmp_path, supply)), *more]) == ExitCode.DATA
    assert fragment in capsys.readouterr().err


@pytest.mark.parametrize(("every", "coarse"), [
    pytest.param("1 h", False, id="recovers within the hour"),
    pytest.param("2 s", True, id="comes again too soon"),
])
def test_pulses_that_come_too_soon_are_walked_event_by_event(every: str, coarse: bool, tmp_path: Path) -> None:
    supply = COIN + "\ncapacitor: {capacitance: 0.1 F, esr: 200 mohm, leakage: 1 uA}"
    notes = run(burst(tmp_path, supply, every=every)).supply_notes
    assert any("Event by event" in note for note in notes) == coarse


def test_the_train_of_pulses_settles_where_the_cell_gives_its_mean(tmp_path: Path) -> None:
    """0.1 F before 24 ohm recovers in 11 s, so pulses each 2 s leave it at E - R I_mean, and dip from there."""
    from powerplan.study.supply_notes import train_voltage

    supply = COIN + "\ncapacitor: {capacitance: 0.1 F, esr: 200 mohm, leakage: 0 A}"
    found = run(burst(tmp_path, supply, every="2 s"))
    pack, chain = found.chain.pack, found.chain
    open_v, inner_ohm = pack.open_circuit(0.1, 21.0)  # type: ignore[union-attr]
    mean_a = 0.060 * 0.020 / 2.0
    lowest_v, _ = train_voltage(pack, found.demand, chain)  # type: ignore[arg-type]
    settled_v = open_v - inner_ohm * mean_a
    dip_v = 0.060 * 0.2 + 0.060 * 0.020 / 0.1
    assert lowest_v == pytest.approx(settled_v - dip_v, abs=0.012)


def test_the_busiest_window_is_what_the_engine_played(tmp_path: Path) -> None:
    """A pulse of 20 ms each 2 s for an hour: states in turn, whose charge is the simulated mean."""
    supply = COIN + "\ncapacitor: {capacitance: 0.1 F, esr: 200 mohm, leakage: 0 A}"
    found = run(burst(tmp_path, supply, every="2 s"))
    played = Played(found.lowering.plan, found.world, found.record, found.loads)
    window = busiest(played, 3_600.0)
    assert window is not None
    assert window.duration_s.sum() == pytest.approx(3_600.0, rel=1e-3)
    assert sorted(set(window.duration_s[2:-2].round(6))) == pytest.approx([0.020, 1.980])
    charge_c = float(window.duration_s @ window.current_a)
    assert charge_c == pytest.approx(0.060 * 0.020 / 2.0 * 3_600, rel=2e-3)
    pack, chain = found.chain.pack, found.chain
    open_v, inner_ohm = pack.open_circuit(0.1, 21.0)  # type: ignore[union-attr]
    settled_v = open_v - inner_ohm * 0.060 * 0.020 / 2.0 - 0.060 * 0.2 - 0.060 * 0.020 / 0.1
    assert window_voltage(pack, window, chain) == pytest.approx(settled_v, abs=0.012)  # type: ignore[arg-type]
    assert any("as simulated" in note and "states in turn" in note for note in found.supply_notes)


def test_the_shipped_variant_holds_its_modem() -> None:
    result = run(data_root() / "scenarios" / "glacier_watch.supercap.yaml", days=30)
    assert isinstance(result.chain.capacitor, Capacitor)
    assert result.life.minimum_v >= result.chain.limits.brown_out_v
    assert result.life.reason == "charge"
    assert len(result.life.level_fraction) == 3
    assert np.all(result.life.level_fraction > 0.01)
    assert any("it holds the brown-out" in note for note in result.supply_notes)
