"""A model that keeps state from window to window, on a processor whose sleep loses its RAM: not feasible."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cascade.tflite import read_model
from powerplan.cli.app import main
from powerplan.errors import ExitCode
from tests.cascade.make_models import outer_sums, running_sum
from tests.whole.test_run import SMALL, write_small


def scenario(folder: Path, model: bytes, kept: str) -> Path:
    """The small device with a model of its own in level 1 and a sleep state that keeps so much RAM."""
    (folder / "level1.tflite").write_bytes(model)
    text = SMALL.replace("level1: {latency", "level1: {model: level1.tflite, latency")
    return write_small(folder, text.replace("sleep_current: 2 uA", f"sleep_current: 2 uA, sleep_ram_kept: {kept}"))


def test_what_a_model_keeps_is_counted(tmp_path: Path):
    path = tmp_path / "sum.tflite"
    path.write_bytes(running_sum())
    assert read_model(path).state_bytes == 2
    path.write_bytes(outer_sums(25, 40, 1))
    assert read_model(path).state_bytes == 0


@pytest.mark.parametrize(("model", "kept", "code"), [
    pytest.param(running_sum(), "0 KiB", ExitCode.NOT_FEASIBLE, id="state and a sleep without RAM"),
    pytest.param(running_sum(), "1 B", ExitCode.NOT_FEASIBLE, id="a byte short"),
    pytest.param(running_sum(), "32 KiB", ExitCode.OK, id="state and a sleep with RAM"),
    pytest.param(outer_sums(2, 3, 1), "0 KiB", ExitCode.OK, id="no state"),
])
def test_state_needs_a_sleep_that_keeps_it(tmp_path: Path, capsys, model, kept, code):
    path = scenario(tmp_path, model, kept)
    assert main(["run", str(path), "--days", "1", "--json", "--out", str(tmp_path / "out")]) == code
    gates = {one["name"]: one for one in json.loads(capsys.readouterr().out)["gates"]}
    assert ("state.mcu" in gates) == (model == running_sum())
    if code == ExitCode.NOT_FEASIBLE:
        gate = gates["state.mcu"]
        assert not gate["passes"]
        assert gate["detail"].startswith("person.level1 keeps 2 B between windows; mcu rests in sleep, which keeps")


def test_a_sleep_that_says_nothing_of_its_ram_is_not_judged(tmp_path: Path, capsys):
    (tmp_path / "level1.tflite").write_bytes(running_sum())
    path = write_small(tmp_path, SMALL.replace("level1: {latency", "level1: {model: level1.tflite, latency"))
    assert main(["run", str(path), "--days", "1", "--json", "--out", str(tmp_path / "out")]) == ExitCode.OK
    assert "state.mcu" not in {one["name"] for one in json.loads(capsys.readouterr().out)["gates"]}
