"""`rest: auto`: off where the gap is long enough to pay for the start, on where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from powerplan.errors import InputError
from powerplan.files.scenario import load_scenario
from powerplan.study.run import run

SCENARIO = """
powerplan: 1
product: {name: gaps}
supply: {battery: {profile: ncr18650b}}
parts:
  mcu: {profile: stm32l475, clock: 80 MHz, sleep: SLEEP}
  camera: {profile: CAMERA, rest: REST}
tasks:
  look: {when: {WHEN}, do: [{capture: camera, frames: 1}]}
workload: {variance: none}
"""


def written(folder: Path, every: str = "every: 10 min", rest: str = "auto", camera: str = "ov2640",
            sleep: str = "auto") -> Path:
    path = folder / "gaps.yaml"
    text = SCENARIO.replace("SLEEP", sleep).replace("CAMERA", camera).replace("REST", rest).replace("WHEN", every)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("every", "rest"), [
    pytest.param("200 ms", "on", id="a gap shorter than the settling frames"),
    pytest.param("10 s", "standby", id="a gap that does not pay for a cold start"),
    pytest.param("1 min", "off", id="a gap that does"),
])
def test_a_camera_is_switched_off_where_the_gap_pays_for_its_start(tmp_path: Path, every: str, rest: str) -> None:
    found = load_scenario(written(tmp_path, f"every: {every}")).parts["camera"]
    assert found.options.rest == rest
    assert f"rest: {rest} takes the least energy" in found.chosen


@pytest.mark.parametrize("every", ["every: 10 s", "every: 10 min"])
def test_the_choice_is_never_worse_than_any_other(tmp_path: Path, every: str) -> None:
    drawn = {rest: run(written(tmp_path, every, rest), days=0.05).metrics["average_current"].value
             for rest in ("auto", "off", "standby", "on")}
    assert drawn["auto"] <= min(drawn.values()) * (1 + 1e-9)


def test_a_processor_takes_a_state_that_its_clock_can_end(tmp_path: Path) -> None:
    chosen = load_scenario(written(tmp_path)).parts["mcu"]
    assert chosen.options.sleep == "stop2_rtc", "shutdown needs a boot time that nobody stated, stop2 has no clock"


def test_the_choice_is_printed(tmp_path: Path) -> None:
    from powerplan.study.session import plan

    notes = plan(written(tmp_path), days=0.05).notes()
    assert any(note.startswith("parts.camera: rest: off takes the least energy in 10 min") for note in notes)


def test_without_a_period_nothing_can_be_chosen(tmp_path: Path) -> None:
    text = written(tmp_path).read_text(encoding="utf-8")
    text = text.replace("every: 10 min", "interrupt: pir").replace("  camera:", "  pir: {profile: pir_ekmb}\n  camera:")
    path = tmp_path / "gaps.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="auto needs a task with `every:`"):
        load_scenario(path)
