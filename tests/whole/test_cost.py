"""`powerplan model cost` and `footprint`: ranges with a basis for every device, refusals that say why."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from powerplan.cli.app import main
from powerplan.errors import ExitCode
from powerplan.study.cost import device_names, model_cost
from tests.whole.test_run import ROOT

MODEL = ROOT / "cascade" / "zoo" / "keyword_audio" / "level2.tflite"


@pytest.mark.parametrize("device", [
    pytest.param("stm32u585", id="switching regulator, published network power"),
    pytest.param("nrf52840", id="headline current only"),
    pytest.param("stm32l475", id="no published network current"),
    pytest.param("esp32s3", id="another core"),
])
def test_every_answer_is_a_range_with_its_basis(device: str) -> None:
    [row] = model_cost(MODEL, [device])
    for found in (row["latency_ms"], row["energy_uj"]):
        assert 0 < found["low"] < found["typical"] < found["high"]
    assert row["basis"]
    assert row["fits"] in (True, None)


def test_all_devices_are_answered_or_say_why_not() -> None:
    rows = model_cost(MODEL, [])
    assert {row["device"] for row in rows} == set(device_names())
    assert all(row["basis"] for row in rows)
    energies = [row["energy_uj"]["typical"] for row in rows if row["energy_uj"]]
    assert energies == sorted(energies)
    assert len(energies) > 15


def test_clock_and_supply_replace_the_profiles(capsys: pytest.CaptureFixture[str]) -> None:
    def energy(*more: str) -> dict[str, float]:
        assert main(["model", "cost", str(MODEL), "--device", "stm32l4r5", "--json", *more]) == ExitCode.OK
        found: dict[str, float] = json.loads(capsys.readouterr().out)[0]["energy_uj"]
        return found

    low, high = (energy("--supply", f"{volts} V") for volts in (1.8, 3.6))
    # An LDO-fed core is a constant current; the network power published at 1.8 and at 3.0 V differs by stack.
    assert 1.4 < high["typical"] / low["typical"] < 2.1


@pytest.mark.parametrize(("arguments", "code", "fragment"), [
    pytest.param(["model", "cost", str(MODEL), "--device", "cr2032"], ExitCode.DATA, "runs no model", id="a battery"),
    pytest.param(["model", "cost", str(MODEL), "--device", "stm32u584"], ExitCode.DATA, "did you mean", id="misspelt"),
    pytest.param(["model", "cost", str(MODEL), "--device", "nrf52840", "--clock", "64"], ExitCode.DATA, "--clock",
                 id="clock without unit"),
    pytest.param(["model", "cost", str(MODEL), "--device", "nrf52840", "--clock", "400 MHz"], ExitCode.DATA,
                 "above its highest clock, 64 MHz", id="clock the chip does not have"),
    pytest.param(["model", "cost", str(MODEL), "--device", "nrf52840", "--runtime", "ethos-u55-128"], ExitCode.DATA,
                 "an accelerator it does not have", id="no Ethos-U there"),
    pytest.param(["model", "cost", str(ROOT / "README.md"), "--device", "nrf52840"], ExitCode.MODEL, "README.md",
                 id="not a model"),
    pytest.param(["model", "race", str(MODEL), "--device", "stm32l475", "--waiting", "loud"], ExitCode.DATA,
                 "or a current such as 60 mA", id="what waits without a unit"),
    pytest.param(["model", "race", str(MODEL), "--device", "max78000"], ExitCode.DATA, "no run current at any clock",
                 id="nothing to race"),
    pytest.param(["footprint", str(ROOT / "README.md")], ExitCode.DATA, "README.md", id="not an ELF file"),
    pytest.param(["footprint", "/bin/sh"], ExitCode.DATA, "not for a microcontroller", id="another machine"),
])
def test_refusals(arguments: list[str], code: ExitCode, fragment: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == code
    assert fragment in capsys.readouterr().err


VELA_SUMMARY = """network,accelerator_configuration,system_config,core_clock,inference_time,sram_memory_used
level2,Ethos_U55_256,Ethos_U55_High_End_Embedded,400000000.0,0.002,64
"""


def test_a_summary_of_vela_comes_before_the_estimate(tmp_path: Path) -> None:
    summary = tmp_path / "level2_summary.csv"
    summary.write_text(VELA_SUMMARY, encoding="utf-8")
    [row] = model_cost(MODEL, ["alif_e3"], clock="200 MHz", measured=summary)
    assert row["latency_ms"]["typical"] == pytest.approx(4.0)
    assert row["latency_ms"]["low"] < 4.0 < row["latency_ms"]["high"]
    assert "Vela's estimate for Ethos_U55_256" in row["basis"]


def test_vela_is_asked_where_it_is_installed() -> None:
    if find_spec("ethosu") is None:
        pytest.skip("Vela is not installed: pip install powerplan[vela]")
    rows = [row for row in model_cost(MODEL, [], "ethos-u55-256", clock="400 MHz") if row["latency_ms"]]
    assert {row["device"] for row in rows} >= {"alif_e3", "psoc_edge_e84"}
    assert all("Vela's estimate for Ethos_U55_256" in row["basis"] for row in rows)
    on_the_core = model_cost(MODEL, ["alif_e3"], clock="400 MHz")[0]
    assert 10 * rows[0]["latency_ms"]["typical"] < on_the_core["latency_ms"]["typical"]


def test_race_to_sleep_with_and_without_a_camera_waiting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """C13: alone the slow clock wins, with 60 mA waiting the fast one."""
    picture = tmp_path / "race.png"
    assert main(["model", "race", str(MODEL), "--device", "stm32l475", "--waiting", "60mA", "--picture", str(picture),
                 "--json"]) == ExitCode.OK
    document = json.loads(capsys.readouterr().out)
    assert (document["best_alone_mhz"], document["best_waiting_mhz"]) == (26.0, 80.0)
    slow, fast = document["clocks"]
    waited_uj = 60e-3 * 3.0 * slow["latency_ms"]["typical"] * 1e3
    assert slow["waiting_uj"]["typical"] - slow["energy_uj"]["typical"] == pytest.approx(waited_uj, rel=1e-6)
    assert fast["energy_uj"]["low"] < fast["energy_uj"]["typical"] < fast["energy_uj"]["high"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert main(["model", "race", str(MODEL), "--device", "stm32l475"]) == ExitCode.OK
    assert "least energy alone: 26 MHz" in capsys.readouterr().out


def test_the_picture_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "cost.png"
    assert main(["model", "cost", str(MODEL), "--device", "nrf52840", "--device", "stm32u585", "--picture",
                 str(picture)]) == ExitCode.OK
    assert picture.read_bytes().startswith(b"\x89PNG")
    capsys.readouterr()
