"""Four real streaming wake-word models with state: Home Assistant's, from the package pymicro-wakeword."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
import pytest

from cascade.arena import tensor_arena
from cascade.decision import EscalationRule
from cascade.device_arena import device_arenas
from cascade.evaluate import Setting
from cascade.front_end import plain
from cascade.interpreter import Interpreter, run_model
from cascade.play import play
from cascade.runtimes import support
from cascade.tflite import read_model

NAMES = ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu")
ARENA_OFF = {"alexa": 0.056, "hey_jarvis": 0.047, "hey_mycroft": 0.053, "okay_nabu": -0.023}
"""Arena on a 32-bit device with ESP-NN's kernels over the manifest's, less 1; the manifests are for an ESP32-S3."""
HOST_OFF = {"alexa": -0.09, "hey_jarvis": -0.13, "hey_mycroft": -0.08, "okay_nabu": -0.30}
"""The arena that this host's reference kernels take: wide pointers, but no scratch memory. ESP-NN copies the weights
of okay_nabu's first convolution, 15,648 bytes, to aligned memory."""


@pytest.fixture(params=NAMES)
def path(request) -> Path:
    try:
        found = [one for one in files("pymicro-wakeword") or [] if one.name == f"{request.param}.tflite"]
    except PackageNotFoundError:
        pytest.skip("the package pymicro-wakeword is not installed")
    return Path(str(found[0].locate()))


def test_facts(path: Path):
    facts = read_model(path)
    assert facts.has_state
    assert facts.quantization == "int8"
    assert facts.input.shape == (1, 3, 40)
    assert facts.output.dtype == "uint8"
    assert {one.runtime: one.runs for one in support(facts)} == {
        "tflm": True, "cmsis_nn": True, "esp_nn": True, "ethos_u": True, "x_cube_ai": False}


def test_the_arena_against_the_manifest(path: Path):
    stated = json.loads(path.with_suffix(".json").read_text())["micro"]["tensor_arena_size"]
    arena = tensor_arena(path)
    if arena.basis != "measured":
        pytest.skip("the package tflite-micro is not installed")
    assert arena.arena_bytes / stated - 1 == pytest.approx(HOST_OFF[path.stem], abs=0.01)
    device = {one.kernels: one for one in device_arenas(read_model(path), arena)}["esp_nn"]
    assert device.arena_bytes / stated - 1 == pytest.approx(ARENA_OFF[path.stem], abs=0.01)
    assert abs(device.arena_bytes / stated - 1) <= 0.25


def frames() -> np.ndarray:
    """Two stretches of spectra that change slowly, as those of speech do; every model scores some of them above 0."""
    calm = np.random.default_rng(0)
    steps = calm.normal(0, 20, (80, 3, 40)).cumsum(axis=0) * 0.3
    wild = np.random.default_rng(7)
    stretches = (steps + calm.normal(0, 20, (80, 1, 40)) - 90,
                 wild.normal(0, 25, (60, 3, 40)).cumsum(axis=0) + wild.normal(0, 20, (60, 3, 40)) - 40)
    return np.concatenate([np.clip(part, -128, 127).astype(np.int8) for part in stretches])


def test_state_is_kept_within_a_clip_and_dropped_between_clips(path: Path):
    rows = frames()
    clip = np.repeat([0, 1, 2], [80, 30, 30])
    together = run_model(path, rows, clip_id=clip)
    apart = np.concatenate([run_model(path, part, clip_id=np.zeros(len(part))) for part in np.split(rows, [80, 110])])
    assert (together == apart).all()
    stateless = run_model(path, rows)
    assert (together != stateless).any(), "the state made no difference"


def test_litert_agrees_with_tensorflow_lite_micro(path: Path):
    rows, clip = frames(), np.zeros(140)
    ours, micro = run_model(path, rows, clip_id=clip), run_model(path, rows, clip_id=clip, kernels="micro")
    assert np.abs(ours.astype(int) - micro.astype(int)).max() <= 1


def test_played_over_a_stream_it_scores_as_over_rows(path: Path):
    stream = frames()
    with Interpreter(path) as model:
        wanted = model.run(stream, np.zeros(140))[:, 0] / 256
    front = plain(1, 1, 100.0)
    played = play((path, path), Setting(EscalationRule("above", 0.0), 0.0, (1,)), front, stream)
    assert [one.score_1 for one in played.heard] == pytest.approx(wanted.tolist(), abs=1 / 256)
