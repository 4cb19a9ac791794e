"""Finding and comparing profiles."""

import json
import warnings
from pathlib import Path

import pytest

from powerplan.cli.app import main
from powerplan.components.compare import SearchError, comparison, matches
from powerplan.components.essentials import essentials
from powerplan.errors import ExitCode
from powerplan.study.library import compared_at_a_glance, compared_picture
from tests.components.parts import shipped


def test_processors_side_by_side() -> None:
    chips = [shipped(name) for name in ("stm32u585", "nrf52840", "max78000")]
    rows = {row["property"]: row for row in comparison(chips)}
    assert rows["core"] == {
        "property": "core",
        "stm32u585": "cortex-m33",
        "nrf52840": "cortex-m4f",
        "max78000": "cortex-m4f",
    }
    assert rows["running"]["stm32u585"] == "23.3 mW"
    assert rows["running"]["max78000"] == "not published"
    assert rows["sleep with RAM"]["nrf52840"] == "5.58 uW"
    assert rows["least energy, visual wake words"]["stm32u585"] == "4.03 mJ"


def test_cameras_side_by_side() -> None:
    rows = {row["property"]: row for row in comparison([shipped("ov2640"), shipped("hm01b0")])}
    assert rows["qvga"] == {"property": "qvga", "ov2640": "183 mW", "hm01b0": "2 mW"}
    assert rows["standby"]["hm01b0"] == "not published"


@pytest.mark.parametrize(
    ("search", "found"),
    [
        pytest.param("cortex-m33", {"stm32u585", "nrf54l15"}, id="a core"),
        pytest.param("cortex-m33, < 3 uA with RAM", {"nrf54l15"}, id="a core that sleeps with its RAM"),
        pytest.param("< 1 uA", {"stm32u585", "nrf54l15", "nrf52840", "stm32l475"}, id="some sleep state"),
        pytest.param(">= 512 KiB RAM", {"stm32u585", "esp32s3"}, id="memory"),
        pytest.param("espressif, >= 240 MHz", {"esp32s3"}, id="vendor and clock"),
        pytest.param("", {"stm32u585", "nrf54l15", "nrf52840", "stm32l475", "esp32s3"}, id="nothing asked"),
    ],
)
def test_search_by_property(search: str, found: set[str]) -> None:
    names = ("stm32u585", "nrf54l15", "nrf52840", "stm32l475", "esp32s3")
    assert {name for name in names if matches(shipped(name), search)} == found


def test_a_search_that_cannot_be_read_says_how() -> None:
    with pytest.raises(SearchError, match="256 KiB RAM"):
        matches(shipped("stm32u585"), "< 2 parsecs")


@pytest.mark.parametrize(("name", "sleep_w", "run_w", "wake_s"), [
    pytest.param("nrf52840", 5.58e-6, 9.9e-3, 3e-6, id="a processor asleep with its RAM"),
    pytest.param("arduino_nano_33_ble_sense", 5.58e-6 + 2.7e-3, 9.9e-3 + 2.7e-3, 3e-6, id="a board and what it adds"),
    pytest.param("b_l475e_iot01a", None, None, 4.5e-6, id="a board whose own draw nobody published"),
    pytest.param("max78000", None, None, None, id="nothing published"),
    pytest.param("ov2640", 1.8e-3, 0.183, 0.31, id="a camera, its start added up"),
    pytest.param("sx1262", 1.8e-6, 0.354, 340e-6, id="a radio at its strongest"),
    pytest.param("adxl362", 30e-9, 5.4e-6, 40e-3, id="a sensor in standby"),
])
def test_a_part_at_a_glance(name: str, sleep_w: float | None, run_w: float | None, wake_s: float | None) -> None:
    found = essentials(shipped(name))
    for given, wanted in ((found.sleep_w, sleep_w), (found.run_w, run_w), (found.wake_s, wake_s)):
        assert given == (None if wanted is None else pytest.approx(wanted, rel=0.01))


def test_energy_of_an_inference_is_a_range_with_its_basis() -> None:
    rows = {row["name"]: row for row in compared_at_a_glance(["stm32u585", "nrf52840", "max78000", "ov2640"])}
    for name in ("stm32u585", "nrf52840"):
        energy = rows[name]["inference_j"]
        assert 0.0 < energy["low"] < energy["typical"] < energy["high"]
        assert energy["basis"]
    assert rows["max78000"]["inference_j"] is None
    assert rows["ov2640"]["inference_j"] is None


CHINESE = """kind: mcu
extends: nrf52840
name: 我的微控制器（树林监听器）
"""


def test_the_picture_shows_chinese_names_without_missing_glyphs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                                capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.yaml").write_text(CHINESE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        code = main(["profiles", "compare", "stm32u585", "mine", "max78000", "--picture", "glance.png", "--json"])
    assert code == ExitCode.OK
    assert {row["property"] for row in json.loads(capsys.readouterr().out)["rows"]} >= {"running", "unit cost"}
    assert (tmp_path / "glance.png").read_bytes().startswith(b"\x89PNG")
    assert "我的微控制器（树林监听器）" in (tmp_path / "glance.csv").read_text(encoding="utf-8")
    again = compared_picture(["stm32u585", "mine", "max78000"], tmp_path / "again.svg")
    assert "<svg" in again.read_text(encoding="utf-8")


def test_nothing_to_draw_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profiles", "compare", "cr2032", "lipo", "--plot", str(tmp_path / "no.png")]) == ExitCode.DATA
    assert "nothing to draw" in capsys.readouterr().err


def test_cost_weight_and_volume_are_compared_where_they_are_known() -> None:
    rows = {row["property"]: row for row in comparison([shipped("cr2032"), shipped("aa_lithium_l91")])}
    assert rows["mass"] == {"property": "mass", "cr2032": "2.9 g", "aa_lithium_l91": "15 g"}
    assert rows["volume"]["cr2032"] == "1.01 mL"


VALVE = """kind: load
name: 电磁阀
sources: {ds: 厂家数据手册}
current: {value: 180 mA, source: ds, basis: datasheet, note: 实测}
run_time: {value: 80 ms, source: ds, basis: datasheet}
notes: [每小时一次]
"""
CHINESE_SCENARIO = """powerplan: 1
product: {name: 灌溉阀, where: 温室}
supply: {battery: {profile: cr123a}}
parts:
  mcu: {profile: stm32l475}
  valve: {profile: 灌溉电磁阀, note: 每小时一次}
tasks: {water: {when: {every: 1 h}, do: [{run: valve}]}}
requirements: {REQ-1: battery_life >= 1 days}
"""


def test_a_profile_named_in_chinese_is_found_shown_and_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                          capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "灌溉电磁阀.yaml").write_text(VALVE, encoding="utf-8")
    (tmp_path / "灌溉.yaml").write_text(CHINESE_SCENARIO, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["profiles", "show", "灌溉电磁阀"]) == ExitCode.OK
    assert "厂家数据手册" in capsys.readouterr().out
    assert main(["profiles", "validate", "灌溉电磁阀"]) == ExitCode.OK
    assert main(["check", "灌溉.yaml"]) == ExitCode.OK
    assert main(["run", "灌溉.yaml", "--days", "1", "--out", "结果"]) == ExitCode.OK
    assert "灌溉阀" in capsys.readouterr().out
    assert main(["profiles", "show", "../灌溉"]) == ExitCode.DATA
