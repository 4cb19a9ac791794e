"""`powerplan battery show` and `fit`, and an Otii file beside a scenario, from the command line to the life."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from powerplan.batteries.otii import read_otii
from powerplan.batteries.profile import BatteryProfile
from powerplan.cli.app import main
from powerplan.errors import ExitCode
from powerplan.files.library import check_profile, list_profiles, read_profile
from powerplan.study.battery import battery_profile, shown
from powerplan.study.run import run
from tests.battery.test_bring_your_own import synthetic_log
from tests.shared import shared_path
from tests.supply.scenarios import steady

FOLDER = ("facts", "traces", "otii-battery-profiles")


def log_file(folder: Path) -> Path:
    log, _ = synthetic_log(noise_v=0.002)
    path = folder / "log.csv"
    table = np.column_stack([log.time_s, log.current_a, log.voltage_v])
    np.savetxt(path, table, delimiter=",", header="time_s,current_a,voltage_v", comments="", fmt="%.6f")
    return path


@pytest.mark.parametrize("like", [pytest.param([], id="alone"), pytest.param(["--like", "lipo"], id="like a LiPo")])
def test_fit_writes_a_profile_the_library_loads(like: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
                                                ) -> None:
    out = tmp_path / "profiles" / "my_cell.yaml"
    arguments = ["battery", "fit", str(log_file(tmp_path)), "--name", "my_cell", "--out", str(out), "--no-wells"]
    assert main([*arguments, *like]) == ExitCode.OK
    printed = capsys.readouterr().out
    assert "mV rms" in printed
    assert not [problem for problem in check_profile(out, out.parent) if problem.severity == "error"]
    spec = read_profile(out, out.parent).spec
    assert isinstance(spec, BatteryProfile)
    assert spec.capacity.typ / 3.6 == pytest.approx(500.0, rel=0.02)
    assert (spec.self_discharge is not None) == bool(like)
    path = steady(tmp_path, "battery: {profile: my_cell}")
    found = run(path)
    # 0.1 mA out of 500 mAh are 208 days, less what self-discharge takes.
    assert found.metrics["battery_life"].value < 211
    if not like:
        assert found.metrics["battery_life"].value == pytest.approx(208.3, rel=0.02)


@pytest.mark.parametrize("name", [pytest.param(listed.name, id=listed.name) for listed in list_profiles("battery")])
def test_every_shipped_cell_can_be_shown(name: str) -> None:
    document = shown(name, (20.0,))
    volts = [row["open_circuit_v"] for row in document["curves"]]
    assert volts[0] > volts[-1]
    assert document["sources"]
    assert all(0.0 <= row["share"] <= 1.001 for row in document["capacity"])


def test_show_tells_more_in_the_warm_and_at_small_loads() -> None:
    rows = shown("cr2032", (-20.0, 20.0))["capacity"]
    by_place = {(row["temperature_c"], round(row["current_a"] * 1e6)): row["share"] for row in rows}
    assert by_place[-20.0, 2200] < by_place[20.0, 2200] < by_place[20.0, 220]


@pytest.mark.parametrize("ending", [pytest.param(".png", id="png"), pytest.param(".svg", id="svg")])
def test_show_draws(ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"cell{ending}"
    asked = ["--temperature", "20 degC", "--picture", str(path)]
    assert main(["battery", "show", "lipo_icp632136", *asked]) == ExitCode.OK
    assert path.stat().st_size > 5_000
    assert "source otii20" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "mah"), [
    pytest.param("CR2032-Varta-40mA.json", 217.69, id="coin cell"),
    pytest.param("LiPo-ICP632136HPST-Renata-WiFi-20.json", 525.22, id="pouch"),
    pytest.param("Grapefruit-2_cells-100uA.json", 12.73, id="grapefruit"),
])
def test_an_otii_file_beside_the_scenario_is_its_battery(name: str, mah: float, tmp_path: Path) -> None:
    shutil.copy(shared_path(*FOLDER, name), tmp_path / "my_cell.json")
    found = run(steady(tmp_path, "battery: {profile: my_cell.json}"))
    assert found.chain.pack.capacity_c / 3.6 == pytest.approx(mah, rel=1e-3)
    # The mean of 0.1 mA takes what the cell gives in mah / 2.4 days, unless a pulse ends it before.
    assert found.metrics["battery_life"].value <= mah / 2.4 * 1.001
    if found.life.reason == "charge":
        assert found.metrics["battery_life"].value == pytest.approx(mah / 2.4, rel=0.02)


def test_an_otii_file_becomes_a_profile(tmp_path: Path) -> None:
    given = shared_path(*FOLDER, "CR2032-Varta-40mA.json")
    out = tmp_path / "coin.yaml"
    assert main(["battery", "fit", str(given), "--name", "coin", "--out", str(out), "--like", "cr2032"]) == ExitCode.OK
    spec = battery_profile(str(out)).spec
    assert isinstance(spec, BatteryProfile)
    assert spec.capacity.typ == pytest.approx(read_otii(given).capacity_c, rel=1e-4)
    assert spec.self_discharge is not None


@pytest.mark.parametrize(("arguments", "code", "fragment"), [
    pytest.param(["show", "cr2033"], ExitCode.DATA, "did you mean", id="misspelt"),
    pytest.param(["show", "cr2032", "--temperature", "20"], ExitCode.DATA, "--temperature", id="no unit"),
    pytest.param(["show", "cr2032", "--picture", "cell.bmp"], ExitCode.DATA, ".png", id="another picture"),
    pytest.param(["fit", "absent.csv", "--name", "a", "--out", "a.yaml"], ExitCode.DATA, "absent.csv", id="no log"),
    pytest.param(["fit", "absent.csv", "--name", "a/b", "--out", "a.yaml"], ExitCode.DATA, "--name", id="bad name"),
    pytest.param(["fit", "absent.csv", "--name", "a", "--out", "a.txt"], ExitCode.DATA, ".yaml", id="bad file"),
])
def test_what_cannot_be_done_is_said(arguments: list[str], code: ExitCode, fragment: str, tmp_path: Path,
                                     monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["battery", *arguments]) == code
    assert fragment in capsys.readouterr().err


@pytest.mark.parametrize(("content", "fragment"), [
    pytest.param(None, "does not exist", id="absent"),
    pytest.param("{}", "no `battery` map", id="not of Otii"),
])
def test_a_wrong_otii_file_is_an_error_at_its_place(content: str | None, fragment: str, tmp_path: Path,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    if content is not None:
        (tmp_path / "my_cell.json").write_text(content, encoding="utf-8")
    path = steady(tmp_path, "battery: {profile: my_cell.json}")
    assert main(["run", str(path)]) == ExitCode.DATA
    said = capsys.readouterr().err
    assert fragment in said
    assert "steady.yaml:4" in said


def test_show_is_also_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["battery", "show", "d_lisocl2", "--temperature", "-20 degC", "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["profile"] == "d_lisocl2"
