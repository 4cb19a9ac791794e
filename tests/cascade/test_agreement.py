"""LiteRT without delegates gives what TensorFlow Lite Micro gives; the arena and its lower bound."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from cascade.arena import tensor_arena
from cascade.interpreter import Interpreter, run_model
from cascade.tflite import read_model
from tests.cascade.make_models import outer_sums, running_sum
from tests.shared import shared_path

ZOO = sorted(path.parent for path in (Path(__file__).resolve().parents[2] / "cascade" / "zoo").glob("*/test_data.npz"))


@pytest.mark.parametrize(("name", "row_count", "most_lsb"), [
    # A logit that is off by one step moves a softmax by many where two classes are near; noise, unlike real data,
    # makes such rows. The class stays.
    pytest.param("kws_ref_model", 60, 40, id="keyword"),
    pytest.param("vww_96_int8", 4, 1, id="person"),
    pytest.param("pretrainedResnet_quant", 6, 40, id="images"),
    pytest.param("str_ww_ref_model", 60, 40, id="streaming wake word"),
    pytest.param("ad01_int8", 60, 1, id="anomaly"),
])
def test_litert_agrees_with_tensorflow_lite_micro_on_noise(name, row_count, most_lsb):
    path = shared_path("facts", "models", f"{name}.tflite")
    facts = read_model(path)
    # Neighbouring values hang together, as in pictures and spectrograms, so that more than one class wins.
    noise = np.random.default_rng(11).normal(0, 60, (row_count, facts.input.element_count))
    inputs = np.clip(np.cumsum(noise, axis=1) / 8, -128, 127).astype(np.int8).reshape(row_count, *facts.input.shape[1:])
    ours, micro = run_model(path, inputs), run_model(path, inputs, kernels="micro")
    assert np.abs(ours.astype(int) - micro.astype(int)).max() <= most_lsb
    if name != "ad01_int8":  # an autoencoder names no class
        assert (ours.argmax(axis=1) == micro.argmax(axis=1)).all()


def test_no_class_changes_on_real_keyword_clips():
    path = shared_path("facts", "models", "kws_ref_model.tflite")
    with np.load(shared_path("facts", "datasets", "kws01_mfcc_int8.npz")) as data:
        inputs = data["x"][::8]
    ours, micro = run_model(path, inputs), run_model(path, inputs, kernels="micro")
    assert np.abs(ours.astype(int) - micro.astype(int)).max() <= 1
    assert (ours.argmax(axis=1) == micro.argmax(axis=1)).all()


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("folder", ZOO, ids=[folder.name for folder in ZOO])
def test_no_decision_changes_on_the_shipped_test_data(folder, level):
    threshold = json.loads((folder / "manifest.json").read_text())["thresholds"][f"level_{level}"]
    path = folder / f"level{level}.tflite"
    with np.load(folder / "test_data.npz") as data:
        inputs = data["input_1" if level == 1 or "input_2" not in data.files else "input_2"]
    ours, micro = run_model(path, inputs).astype(int), run_model(path, inputs, kernels="micro").astype(int)
    # A logit one step off may move a score by a few steps; that is rare, and no decision changes.
    assert (np.abs(ours - micro) <= 1).mean() >= 0.99
    stored = threshold * 256 - 128
    assert ((ours >= stored) == (micro >= stored)).all()


@pytest.mark.parametrize(("name", "head_over_bound"), [
    pytest.param("kws_ref_model", 1.0, id="keyword"),
    # Micro's greedy planner leaves a gap here.
    pytest.param("vww_96_int8", 73_728 / 55_296, id="person"),
    pytest.param("pretrainedResnet_quant", 1.0, id="images"),
    pytest.param("pretrainedResnet", 1.0, id="images in float"),
    pytest.param("str_ww_ref_model", 1.0, id="streaming wake word"),
    pytest.param("ad01_int8", 1.0, id="anomaly"),
])
def test_the_lower_bound_and_the_measured_arena(name, head_over_bound):
    path = shared_path("facts", "models", f"{name}.tflite")
    arena, facts = tensor_arena(path), read_model(path)
    assert arena.basis == "measured"
    assert arena.head_bytes / facts.arena_lower_bound_bytes == pytest.approx(head_over_bound, rel=1e-12)
    assert arena.arena_bytes == arena.head_bytes + arena.tail_bytes


def test_the_arena_of_a_model_that_micro_does_not_run_is_a_lower_bound():
    arena = tensor_arena(shared_path("facts", "models", "kws_ref_model_float32.tflite"))
    assert (arena.basis, arena.arena_bytes) == ("lower bound", 64_000)
    assert "does not run it" in arena.note


def test_the_arena_without_the_package_is_a_lower_bound(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    arena = tensor_arena(shared_path("facts", "models", "kws_ref_model.tflite"))
    assert (arena.basis, arena.arena_bytes) == ("lower bound", 16_000)
    assert "extra: arena" in arena.note


@pytest.mark.parametrize(("model", "lower_bound"), [
    # Two tensors of 100 bytes and their sum of 4,000 live at once; the constant zeros are no activation.
    pytest.param(outer_sums(25, 40, 1), 25 * 4 + 25 * 40 * 4, id="one sum"),
    pytest.param(outer_sums(25, 40, 2), 3 * 25 * 40 * 4, id="two sums and their sum"),
    pytest.param(running_sum(), 3 * 2 + 2, id="state counts"),
])
def test_peak_of_live_tensors(tmp_path, model, lower_bound):
    path = tmp_path / "model.tflite"
    path.write_bytes(model)
    assert read_model(path).arena_lower_bound_bytes == lower_bound


def cpu_s(process: int) -> float:
    """Processor time of a process so far. [s]"""
    ticks = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return sum(int(one) for one in ticks) / os.sysconf("SC_CLK_TCK")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processor time of a child is read from /proc")
def test_throughput_is_at_least_nine_tenths_of_calling_the_interpreter():
    """In processor time of both processes, which other work on the machine does not change; rounds alternate."""
    from ai_edge_litert.interpreter import Interpreter as Direct
    from ai_edge_litert.interpreter import OpResolverType

    path = shared_path("facts", "models", "kws_ref_model.tflite")
    with np.load(shared_path("facts", "datasets", "kws01_mfcc_int8.npz")) as data:
        inputs = data["x"]
    direct = Direct(model_path=str(path), num_threads=1,
                    experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    direct.allocate_tensors()
    given, wanted = direct.get_input_details()[0]["index"], direct.get_output_details()[0]["index"]
    ours_s = direct_s = 0.0
    with Interpreter(path) as model:
        model.run(inputs[:100])
        for _ in range(6):
            child_s, begin = cpu_s(model.process_id), time.process_time()
            outputs = model.run(inputs)
            ours_s += cpu_s(model.process_id) - child_s + time.process_time() - begin
            begin, answers = time.process_time(), []
            for row in inputs.reshape(-1, 1, 49, 10, 1):
                direct.set_tensor(given, row)
                direct.invoke()
                answers.append(direct.get_tensor(wanted)[0])
            direct_s += time.process_time() - begin
    assert (np.array(answers) == outputs).all()
    assert direct_s / ours_s >= 0.9
