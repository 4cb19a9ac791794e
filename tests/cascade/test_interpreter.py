"""Models in their child processes: right numbers, kept state, and every way a child can end."""

from __future__ import annotations

import contextlib
import random
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cascade.errors import (
    EXIT_MODEL,
    DataError,
    ModelCrashed,
    ModelError,
    ModelOutOfMemory,
    ModelRejected,
    ModelTimeout,
)
from cascade.interpreter import Interpreter, dequantize, model_inputs, quantize, run_model, saturated_fraction
from cascade.tflite import TensorFacts, model_facts, read_model
from cascade.worker import Worker, WorkerLimits
from tests.cascade.flat import Field, fields
from tests.cascade.make_models import dense, outer_sums, running_sum
from tests.shared import shared_path

KEYWORDS = ("facts", "models", "kws_ref_model.tflite")


@pytest.fixture(scope="module")
def keyword_clips() -> tuple[np.ndarray, np.ndarray]:
    with np.load(shared_path("facts", "datasets", "kws01_mfcc_int8.npz")) as data:
        return data["x"], data["y"]


@pytest.mark.parametrize("kernels", ["builtin", "reference"])
def test_keyword_model_on_a_thousand_clips(keyword_clips, kernels):
    inputs, labels = keyword_clips
    outputs = run_model(shared_path(*KEYWORDS), inputs, kernels=kernels)
    assert outputs.shape == (1000, 12)
    assert outputs.dtype == np.int8
    assert (outputs.argmax(axis=1) == labels).mean() == pytest.approx(0.901, rel=1e-12)


@pytest.mark.parametrize(("clip_id", "expected"), [
    pytest.param(None, [[1, 2], [1, 2], [1, 2], [1, 2]], id="rows are independent"),
    pytest.param([0, 0, 0, 0], [[1, 2], [2, 4], [3, 6], [4, 8]], id="one clip"),
    pytest.param([7, 7, 3, 3], [[1, 2], [2, 4], [1, 2], [2, 4]], id="reset at each clip"),
])
@pytest.mark.parametrize("kernels", ["builtin", "micro"])
def test_state_is_kept_within_a_clip(tmp_path: Path, clip_id, expected, kernels):
    path = tmp_path / "sum.tflite"
    path.write_bytes(running_sum())
    assert read_model(path).has_state
    rows = np.tile(np.array([1, 2], np.int8), (4, 1))
    given = None if clip_id is None else np.array(clip_id)
    assert run_model(path, rows, clip_id=given, kernels=kernels).tolist() == expected


def test_state_is_kept_across_batches(tmp_path: Path):
    path = tmp_path / "sum.tflite"
    path.write_bytes(running_sum())
    outputs = run_model(path, np.ones((100, 2), np.int8), clip_id=np.zeros(100))
    assert outputs[:, 0].tolist() == list(range(1, 101))


@pytest.mark.parametrize(("model", "shape", "limits", "kind", "says"), [
    pytest.param(dense(2000, 1000, 1000), (16, 2000, 1000), WorkerLimits(cpu_s=1), ModelTimeout, "1 s of CPU",
                 id="too much CPU time"),
    pytest.param(dense(2, 10, 10), (1, 2, 10), WorkerLimits(wall_s=0.02), ModelTimeout, "no answer within 0.02 s",
                 id="too slow"),
    pytest.param(outer_sums(10_000, 10_000, 3), (1, 10_000, 1), WorkerLimits(), ModelOutOfMemory, "MB for its tensors",
                 id="tensors larger than its memory"),
    pytest.param(outer_sums(10_000, 10_000, 2), (1, 10_000, 1), WorkerLimits(), ModelOutOfMemory, "MB",
                 id="tensors nearly as large as its memory"),
])
def test_limits_of_the_child(tmp_path: Path, model, shape, limits, kind, says):
    path = tmp_path / "model.tflite"
    path.write_bytes(model)
    with pytest.raises(kind, match=says) as caught:
        run_model(path, np.zeros(shape, np.float32), limits=limits)
    assert caught.value.exit_code == EXIT_MODEL


@pytest.mark.parametrize(("code", "kind", "says"), [
    pytest.param("os.kill(os.getpid(), signal.SIGSEGV)", ModelCrashed, "SIGSEGV", id="segmentation fault"),
    pytest.param("os.abort()", ModelCrashed, "SIGABRT", id="abort"),
    pytest.param("os.kill(os.getpid(), signal.SIGFPE)", ModelCrashed, "SIGFPE", id="division by zero"),
    pytest.param("os._exit(3)", ModelCrashed, "status 3", id="exit"),
    pytest.param("sys.stderr.write('std::bad_alloc\\n'); sys.stderr.flush(); os.abort()", ModelOutOfMemory,
                 "1024 MB", id="allocation failed"),
    pytest.param("time.sleep(30)", ModelTimeout, "within 1 s", id="hangs"),
    pytest.param("os.write(1, b'x' * 100)", ModelCrashed, "makes no sense", id="garbage"),
    pytest.param("os.write(1, struct.pack('<4sIQ', b'CSC1', 1 << 31, 0))", ModelCrashed, "makes no sense",
                 id="endless header"),
    pytest.param("os.write(1, struct.pack('<4sIQ', b'CSC1', 2, 1 << 60) + b'{}')", ModelCrashed, "makes no sense",
                 id="endless answer"),
    pytest.param("os.write(1, struct.pack('<4sIQ', b'CSC1', 2, 0) + b'[]')", ModelCrashed, "makes no sense",
                 id="no code"),
    pytest.param("os.close(1); time.sleep(30)", ModelCrashed, "closed its pipe", id="closed pipe"),
])
def test_however_a_child_ends(tmp_path: Path, monkeypatch, code, kind, says):
    child = tmp_path / "child.py"
    child.write_text(f"import os, signal, struct, sys, time\nos.read(0, 10)\n{code}\n")
    monkeypatch.setattr("cascade.worker.CHILD", child)
    begin = time.monotonic()
    with pytest.raises(kind, match=says), Worker(WorkerLimits(wall_s=1.0), "m.tflite") as worker:
        worker.ask({"do": "load"}, b"model")
    assert time.monotonic() - begin < 10


def test_a_child_imports_nothing_from_the_working_folder(tmp_path: Path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('executed')")
    path = tmp_path / "sum.tflite"
    path.write_bytes(running_sum())
    monkeypatch.chdir(tmp_path)
    assert run_model(path, np.ones((1, 2), np.int8)).tolist() == [[1, 1]]


@pytest.mark.parametrize(("inputs", "says"), [
    pytest.param(np.zeros((3, 49, 10)), "takes int8 numbers, the data are float64", id="type"),
    pytest.param(np.zeros((3, 48, 10), np.int8), "takes 490 values per row", id="shape"),
])
def test_data_that_do_not_fit(inputs, says):
    with Interpreter(shared_path(*KEYWORDS)) as model, pytest.raises(DataError, match=says):
        model.run(inputs)


def test_no_rows_give_no_outputs():
    assert run_model(shared_path(*KEYWORDS), np.zeros((0, 49, 10), np.int8)).shape == (0, 12)


@pytest.mark.parametrize(("value", "stored"), [
    pytest.param(0.0, 3, id="zero is the zero point"),
    pytest.param(0.25, 3, id="half a step goes to even"),
    pytest.param(0.75, 5, id="one and a half steps too"),
    pytest.param(-1e9, -128, id="saturates below"),
    pytest.param(1e9, 127, id="saturates above"),
])
def test_quantize(value, stored):
    tensor = TensorFacts("x", "int8", (1, 1), (0.5,), (3,), 0)
    # 0.25 / 0.5 = 0.5 rounds to 0, 0.75 / 0.5 = 1.5 rounds to 2.
    assert quantize(np.array([value]), tensor).tolist() == [stored]


def test_dequantize_takes_quantize_back():
    tensor = TensorFacts("x", "int8", (1, 1), (0.5,), (3,), 0)
    stored = np.arange(-128, 128, dtype=np.int8)
    assert quantize(dequantize(stored, tensor), tensor).tolist() == stored.tolist()
    assert saturated_fraction(stored, tensor) == pytest.approx(2 / 256, rel=1e-12)


def test_real_inputs_are_quantized_and_stored_ones_stay():
    facts = read_model(shared_path(*KEYWORDS))
    assert model_inputs(np.zeros((1, 490), np.float32), facts).tolist() == [[83] * 490]
    stored = np.zeros((1, 490), np.int8)
    assert model_inputs(stored, facts) is stored
    with pytest.raises(DataError, match="takes int8 numbers, the data are int64"):
        model_inputs(np.zeros((1, 490), np.int64), facts)


def _without_bias(data: bytes) -> bytes:
    """A bias that is left out keeps every rule of the schema and kills LiteRT 2.3's depthwise convolution."""
    by_name = {field.what: field for field in fields(data)}
    return by_name["operator 7 inputs"].write(data, 2)


def test_a_model_that_kills_the_interpreter_is_a_result(tmp_path: Path):
    path = tmp_path / "killer.tflite"
    path.write_bytes(_without_bias(shared_path(*KEYWORDS).read_bytes()))
    script = (
        "import sys, numpy as np\nfrom cascade.errors import ModelError\nfrom cascade.interpreter import run_model\n"
        "try:\n    run_model(sys.argv[1], np.zeros((1, 490), np.int8))\n"
        "except ModelError as problem:\n    sys.exit(f'{problem.code} {problem.exit_code}')\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", script, str(path)], cwd=root, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert done.stderr.strip() in ("CRASHED 66", "REJECTED 66")


def _mutant(data: bytes, places: list[Field], chance: random.Random) -> bytes:
    """One to three numbers changed to what has broken interpreters before."""
    for _ in range(chance.randint(1, 3)):
        place = chance.choice(places)
        old = place.read(data)
        values = [-2, -1, 0, 1, 2, 4, 64, 1000, 2**15, 2**31 - 1, old + 1, old - 1, old * 2]
        if place.form == "f":
            values = [0.0, -1.0, 1e30, 1e-30, float("inf"), float("nan")]
        try:
            data = place.write(data, chance.choice(values))
        except struct.error:
            continue
    return data


@pytest.mark.parametrize("name", ["kws_ref_model", "str_ww_ref_model", "pretrainedResnet_quant"])
def test_structured_mutants_never_harm_us(tmp_path: Path, name):
    data = shared_path("facts", "models", f"{name}.tflite").read_bytes()
    places = [place for place in fields(data) if "zero[" not in place.what and "scale[" not in place.what]
    chance = random.Random(20261)
    path = tmp_path / "mutant.tflite"
    refused_count, played_count = 0, 0
    for _ in range(400):
        mutant = _mutant(data, places, chance)
        try:
            facts = model_facts(mutant, "mutant.tflite")
        except ModelRejected:
            refused_count += 1
            continue
        if played_count == 8:
            continue
        path.write_bytes(mutant)
        played_count += 1
        with contextlib.suppress(ModelError):
            run_model(path, np.zeros((2, *facts.input.shape[1:]), facts.input.dtype), limits=WorkerLimits(wall_s=20))
    assert refused_count > 200
