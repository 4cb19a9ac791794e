"""The RAM gate of a plan: which figure of an arena it takes, and that it says so."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from cascade.arena import Arena, tensor_arena
from cascade.device_arena import device_arenas
from cascade.tflite import read_model
from powerplan.engines.closed_form import closed_form
from powerplan.files import arenas
from powerplan.files.references import zoo_folder
from powerplan.files.scenario import load_scenario
from powerplan.results.metric import Gate
from powerplan.study.gates import gates
from powerplan.study.run import prepare

MODEL = zoo_folder() / "keyword_audio" / "level2.tflite"
MEASURED = Arena(13_952, "measured", 9_728, 4_224, "", 3_704)
TEXT = """
powerplan: 1
product: {name: arena}
supply: {battery: {capacity: 1 Ah, ideal: true, voltage: 3 V}}
parts: {mcu: {profile: MCU}}
cascade:
  word: {level1: {model: level2.tflite, latency: 100 ms, LEVEL}, outcomes: {detect: 10 %}}
tasks: {look: {when: {every: 1 min}, do: [{cascade: word}]}}
"""


def ram_gate(folder: Path, level: str = "threshold: 0.5", mcu: str = "nrf52840") -> Gate:
    (folder / "level2.tflite").write_bytes(MODEL.read_bytes())
    path = folder / "arena.yaml"
    path.write_text(TEXT.replace("LEVEL", level).replace("MCU", mcu), encoding="utf-8")
    lowering, _ = prepare(load_scenario(path))
    return next(gate for gate in gates(lowering, closed_form(lowering.plan, lowering.world)) if gate.name == "ram.mcu")


@pytest.mark.parametrize(("arena", "level", "mcu", "arena_bytes", "said"), [
    pytest.param(MEASURED, "threshold: 0.5", "nrf52840", 14_008, "estimate, cmsis_nn kernels", id="kernels of an M4"),
    pytest.param(MEASURED, "runtime: tflm_reference", "nrf52840", 13_432, "measured, reference kernels",
                 id="reference kernels"),
    pytest.param(MEASURED, "threshold: 0.5", "esp32s3", 44_952, "estimate, esp_nn kernels", id="ESP32-S3"),
    pytest.param(MEASURED, "runtime: x_cube_ai", "nrf52840", 9_728, "lower bound: no rules for x_cube_ai kernels",
                 id="generated code"),
    pytest.param(None, "threshold: 0.5", "nrf52840", 9_728, "lower bound: not measured: extra `arena`",
                 id="interpreter not installed"),
    pytest.param(Arena(9_728, "lower bound", 9_728, 0, ""), "threshold: 0.5", "nrf52840", 9_728,
                 "lower bound: TFLite-Micro does not run it", id="interpreter refuses the model"),
    pytest.param(MEASURED, "ram: 20 KiB", "nrf52840", 20_480, "stated", id="stated in the scenario"),
])
def test_the_gate_says_which_arena_it_took(arena, level, mcu, arena_bytes, said, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("powerplan.files.scenario.kept_arena", lambda _model, _sha256: arena)
    gate = ram_gate(tmp_path, level, mcu)
    assert gate.needed == arena_bytes + 4_096
    assert f"({said})" in gate.detail


@pytest.mark.skipif(importlib.util.find_spec("tflite_micro") is None, reason="tflite-micro is not installed")
def test_an_arena_is_measured_once(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    facts = read_model(MODEL)
    found = arenas.kept_arena(MODEL, facts.sha256)
    assert found == tensor_arena(MODEL)
    assert {one.kernels: one.arena_bytes for one in device_arenas(facts, found)}["cmsis_nn"] == 14_008
    monkeypatch.setattr("cascade.arena.tensor_arena", None)
    assert arenas.kept_arena(MODEL, facts.sha256) == found, "read from the kept file"
    (kept,) = (tmp_path / "powerplan" / "arenas").iterdir()
    kept.write_text(json.dumps({"arena_bytes": 1}), encoding="utf-8")
    with pytest.raises(TypeError):
        arenas.kept_arena(MODEL, facts.sha256)
