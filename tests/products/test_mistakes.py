"""What a newcomer writes wrong: every message names the place, what was given and what is allowed; none is a bug."""

from __future__ import annotations

from pathlib import Path

import pytest

from powerplan.cli.app import main
from powerplan.errors import ExitCode

LAMP = """\
powerplan: 1
product: {name: Lamp}
supply:
  battery: {profile: aaa_alkaline, series: 2}
parts:
  mcu: {profile: nrf52840, clock: 64 MHz}
  camera: {profile: ov2640, mode: qvga}
  radio: {profile: nrf52840_ble}
cascade:
  face:
    input: camera
    level1: {threshold: 0.5, model: face, macs: 1000000, flash: 100 kB, ram: 50 kB}
    outcomes: {escalate: 10 %}
tasks:
  look:
    when: {every: 1 min}
    do: [{capture: camera, frames: 1}, {cascade: face}]
    on_detect: [{send: radio, bytes: 20}]
requirements:
  REQ-1: battery_life >= 30 days @ 90 %
"""


@pytest.mark.parametrize(("right", "wrong", "line", "says"), [
    pytest.param("64 MHz", "64 mA", 6, "'64 mA' is a current, a frequency is due", id="wrong unit"),
    pytest.param("every: 1 min", "every: 60", 16, "60 has no unit", id="no unit"),
    pytest.param("every: 1 min", "every: -1 min", 16, "out of range for a duration", id="negative time"),
    pytest.param("frames: 1", "frames: -1", 17, "allowed: at least 1", id="negative count"),
    pytest.param("frames: 1", "frame: 1", 17, 'did you mean "frames"', id="misspelt key"),
    pytest.param("requirements:", "requirments:", 19, 'did you mean "requirements"', id="misspelt section"),
    pytest.param("capture: camera", "capture: camra", 17, "the parts are mcu, camera, radio", id="missing part"),
    pytest.param("{cascade: face}", "{cascade: faces}", 17, "there is: face", id="missing cascade"),
    pytest.param("mode: qvga", "mode: 720p", 7, 'parts.camera.mode: unknown mode "720p"; allowed: uxga_jpeg',
                 id="mode that does not exist"),
    pytest.param("frames: 1", "frames: 1, mode: 720p", 17,
                 'tasks.look.do[0].mode: unknown mode "720p" of camera; allowed: uxga_jpeg',
                 id="mode of a step that does not exist"),
    pytest.param("  mcu: {profile: nrf52840, clock: 64 MHz}\n", "", 10, "the scenario has no part of kind mcu or "
                 "board; add one under `parts:`, as in mcu: {profile: nrf52840}", id="no processor"),
    pytest.param("{send: radio", "{transmit: radio", 18, "run, sample, send, stage, wait", id="all keys of a step"),
    pytest.param("{profile: aaa_alkaline, series: 2}", "[aaa_alkaline, aaa_alkaline]", 4,
                 "write a map, as in battery: {profile: cr2032}, and with series: 2", id="a list of batteries"),
    pytest.param("{cascade: face}", "cascade", 17, "as in {sample: sensor} or {cascade: person}",
                 id="a step without its part"),
    pytest.param("{profile: nrf52840, ", "{profile: nrf52480, ", 6, 'did you mean "nrf52840"', id="misspelt profile"),
    pytest.param("{profile: nrf52840_ble}", "{profile: nrf52840_ble, tx_power: 3 dBm}", 8, "allowed: 0 dBm, 8 dBm",
                 id="power between two figures"),
    pytest.param("  radio:", "  spare: {profile: cr2032}\n  radio:", 8, "it stands as `supply: {battery:",
                 id="a battery among the parts"),
    pytest.param("parts:", "supply: {battery: {profile: cr2032}}\nparts:", 5, "stands in line 3 already",
                 id="two batteries"),
    pytest.param("model: face, macs: 1000000, flash: 100 kB, ram: 50 kB", "model: models/face.tflite", 12,
                 "does not exist", id="wrong path of a model"),
    pytest.param("  mcu:", "\tmcu:", 6, "indent with spaces", id="tab"),
    pytest.param("escalate: 10 %", "escalate: 10", 13, "10.0 is no share between 0 and 1; write it as 27 %",
                 id="percent without its sign"),
    pytest.param("escalate: 10 %", "escalate: 8/0", 13, "no share between 0 and 1", id="a share of nothing"),
    pytest.param("@ 90 %", "@ 90", 20, "example: @ 90 %", id="confidence without its sign"),
    pytest.param(">= 30 days", "=> 30 days", 20, "operators: <=, >=", id="operator"),
    pytest.param("battery_life >=", "batery_life >=", 20, 'did you mean "battery_life"', id="misspelt metric"),
    pytest.param(">= 30 days", ">= 30 mA", 20, "a duration is due", id="limit of another kind"),
    pytest.param("powerplan: 1", "powerplan: 2", 1, "allowed: 1", id="version"),
])
def test_a_mistake_is_explained(tmp_path: Path, right: str, wrong: str, line: int, says: str,
                                capsys: pytest.CaptureFixture[str]) -> None:
    assert LAMP.count(right) == 1
    path = tmp_path / "lamp.yaml"
    path.write_text(LAMP.replace(right, wrong), encoding="utf-8")
    code, said = main(["check", str(path)]), capsys.readouterr().err
    assert code == ExitCode.DATA, said
    assert f"lamp.yaml:{line}:" in said
    assert says in " ".join(said.split())
    assert said.count(": error ") == 1


@pytest.mark.parametrize(("command", "says"), [
    pytest.param(["battery", "show", "cr2023"], 'error PP301 unknown battery profile "cr2023"', id="battery"),
    pytest.param(["profiles", "show", "nrf52"], 'known: nrf52840, nrf52833, ', id="the nearest of many first"),
    pytest.param(["profiles", "list", "--kind", "cell"], "there is no kind of profile", id="kind of profile"),
])
def test_a_message_without_a_file_names_the_program(command: list[str], says: str,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command) == ExitCode.DATA
    said = capsys.readouterr().err
    assert said.startswith("powerplan: error ")
    assert says in said


def test_shares_are_read_as_written(tmp_path: Path) -> None:
    """Nothing of this is a mistake."""
    for share in ("0.1", "8/30", "2.5/30", "10%", "0 %"):
        path = tmp_path / "lamp.yaml"
        path.write_text(LAMP.replace("10 %", share), encoding="utf-8")
        assert main(["check", str(path)]) == ExitCode.OK, share
