"""Variants of one model: sizes, data held out, number formats with TensorFlow and without it."""

from __future__ import annotations

import importlib.util
import json
import zlib
from pathlib import Path

import numpy as np
import pytest

from cascade.errors import DataError, MissingExtra, ModelRejected
from cascade.quantize import edge
from cascade.quantize.command import parse_sweep, quantize
from cascade.quantize.compare import classes_of
from cascade.quantize.data import material, real
from cascade.quantize.recipes import coarser, deeper
from cascade.quantize.shrink import shared_values
from cascade.quantize.sizes import over_the_air, sizes
from cascade.tflite import model_facts
from tests.cascade.make_models import dense
from tests.shared import shared_path


@pytest.fixture
def tensorflow():
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed (extra: train)")


@pytest.fixture
def edge_quantizer():
    if importlib.util.find_spec("ai_edge_quantizer") is None:
        pytest.skip("ai-edge-quantizer is not installed (extra: quantize)")


def blobs(path: Path, count: int = 400, shape: tuple[int, ...] = (8, 8, 1)) -> Path:
    """Pictures bright on the left or on the right, four to a clip."""
    generator = np.random.default_rng(1)
    label = generator.integers(0, 2, count // 4).repeat(4)
    x = generator.uniform(0, 0.5, (count, *shape)).astype(np.float32)
    half = shape[1] // 2
    x[label == 0, :, :half] += 0.3
    x[label == 1, :, half:] += 0.3
    np.savez(path, x=x, y=label, clip_id=np.arange(count // 4).repeat(4))
    return path


def test_three_sizes_of_a_real_model():
    path = shared_path("facts", "models", "kws_ref_model.tflite")
    found, data = sizes(path), path.read_bytes()
    assert (found.flash_bytes, found.macs) == (53_936, 2_656_768)
    assert found.deflate_bytes < found.huffman_bytes < found.flash_bytes
    assert found.deflate_bytes == pytest.approx(len(zlib.compress(data, 9)), abs=16)


@pytest.mark.parametrize(("data", "smaller"), [
    pytest.param(bytes(10_000), True, id="zeros"),
    pytest.param(np.random.default_rng(1).bytes(10_000), False, id="noise does not shrink"),
    pytest.param(b"", False, id="nothing"),
])
def test_over_the_air(data, smaller):
    deflate, huffman = over_the_air(data)
    assert (deflate < len(data), huffman < len(data)) == (smaller, smaller)


def test_weights_move_to_a_few_values():
    weights = np.random.default_rng(2).normal(0, 1, (3, 3, 4, 8)).astype(np.float32)
    found = shared_values(weights, 16)
    assert len(np.unique(found)) <= 16
    assert np.abs(found - weights).mean() < 0.12
    assert (shared_values(np.ones((2, 2), np.float32), 4) == 1).all()


@pytest.mark.parametrize(("factor", "strides"), [
    pytest.param(1.0, [2, 3], id="as it is"),
    pytest.param(0.5, [2], id="half"),
    pytest.param(2.0, [2, 1, 3, 1], id="double"),
    pytest.param(1.5, [2, 1, 3], id="half as much again"),
])
def test_depth(factor, strides):
    layers = (("conv", 4, (3, 3), (2, 2)), ("conv", 8, (3, 3), (3, 3)), ("mean",))
    found = deeper(layers, factor)
    assert [layer[3][0] for layer in found if layer[0] == "conv"] == strides
    assert found[-1] == ("mean",)


def test_resolution(tmp_path):
    data = material(blobs(tmp_path / "d.npz"), 1)
    half = coarser(data, 0.5)
    assert half.x.shape[1:] == (4, 4, 1)
    assert half.x[0, 0, 0, 0] == pytest.approx(data.x[0, :2, :2, 0].mean(), rel=1e-6)
    with pytest.raises(DataError, match="a resolution is"):
        coarser(data, 0.4)


def test_whole_clips_are_held_out(tmp_path):
    path = blobs(tmp_path / "d.npz")
    data = material(path, 1)
    assert (len(data.x), len(data.x_held), len(data.representative)) == (300, 100, 200)
    fitted, held = ({row.tobytes() for row in part} for part in (data.x, data.x_held))
    assert not fitted & held
    again = material(path, 1)
    assert (again.x_held == data.x_held).all()
    assert (again.representative == data.representative).all()


def test_the_hash_of_what_calibrates_follows_the_data_and_the_seed(tmp_path):
    data = blobs(tmp_path / "d.npz")
    one, again, other = (material(data, seed, 40).calibration for seed in (1, 1, 2))
    assert one == again
    assert one["samples"] == other["samples"] == 40
    assert one["sha256"] != other["sha256"]


def test_few_representative_samples_are_refused(tmp_path):
    path = blobs(tmp_path / "d.npz")
    with pytest.raises(DataError, match="31 representative samples; full int8 needs at least 32"):
        material(path, 1, representative=31)
    assert len(material(path, 1, representative=31, allow_few=True).representative) == 31


@pytest.mark.parametrize(("stored", "values"), [
    pytest.param(np.array([0, 255], np.uint8), [0.0, 1.0], id="pixels"),
    pytest.param(np.array([-128, 127], np.int8), [0.0, 1.0], id="int8 of the shipped cascades"),
    pytest.param(np.array([-3.5, 2.0]), [-3.5, 2.0], id="real"),
])
def test_inputs_as_real_numbers(stored, values):
    assert real(stored).tolist() == values


@pytest.mark.parametrize(("outputs", "classes"), [
    pytest.param([[0.2], [0.5], [0.9]], [0, 1, 1], id="one output"),
    pytest.param([[0.2, 0.7, 0.1], [0.6, 0.2, 0.2]], [1, 0], id="three outputs"),
])
def test_classes(outputs, classes):
    assert classes_of(np.array(outputs)).tolist() == classes


@pytest.mark.parametrize("text", ["width", "width=", "width=a", "width=0", "colour=1", "depth=9"])
def test_sweeps_that_are_none(text):
    with pytest.raises(DataError, match="a sweep is written as"):
        parse_sweep([text])


def test_a_sweep():
    assert parse_sweep(["width=0.5,2", "depth=2"]) == {"width": (0.5, 2.0), "depth": (2.0,)}


def test_a_signature_is_added_once():
    data = dense(1, 4, 2)
    once = edge.signed(data)
    assert edge.signed(once) == once
    assert model_facts(once, "m.tflite").macs == model_facts(data, "m.tflite").macs == 8


def test_only_float_models_are_quantized():
    path = shared_path("facts", "models", "kws_ref_model.tflite")
    with pytest.raises(ModelRejected, match="already int8"):
        edge.convert(path, "int8", np.zeros((32, 49, 10, 1), np.float32))


@pytest.mark.parametrize(("source", "more", "says"), [
    pytest.param("m.tflite", {}, "a file needs --data", id="no data"),
    pytest.param("m.tflite", {"sweeps": ["width=2"]}, "cannot be trained again", id="sweep of a file"),
    pytest.param("m.tflite", {"data": True, "variants": "pruned"}, "no variant 'pruned' of this source", id="variant"),
])
def test_messages(tmp_path, source, more, says):
    (tmp_path / "m.tflite").write_bytes(dense(1, 64, 2))
    if "data" in more:
        more = more | {"data": blobs(tmp_path / "d.npz")}
    with pytest.raises(DataError, match=says):
        quantize(str(tmp_path / source), tmp_path, **more)


def test_the_missing_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    (tmp_path / "m.tflite").write_bytes(dense(1, 64, 2))
    with pytest.raises(MissingExtra, match=r"powerplan\[quantize\]"):
        edge.convert(tmp_path / "m.tflite", "int8", np.zeros((32, 64), np.float32))
    with pytest.raises(MissingExtra, match=r"powerplan\[train\]"):
        quantize("motion_watch/1", tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("edge_quantizer")
def test_without_tensorflow_the_same_bytes_each_time():
    path = shared_path("facts", "models", "pretrainedResnet.tflite")
    samples = np.random.default_rng(0).uniform(0, 255, (32, 32, 32, 3)).astype(np.float32)
    found = {kind: edge.convert(path, kind, samples) for kind in edge.FORMATS}
    assert {kind: model_facts(data, "m.tflite").quantization for kind, data in found.items()} == {
        "dynamic": "dynamic range", "int8": "int8", "int16x8": "int16x8"}
    assert max(map(len, found.values())) < 0.35 * path.stat().st_size
    assert edge.convert(path, "int8", samples) == found["int8"]


@pytest.mark.slow
@pytest.mark.usefixtures("tensorflow")
def test_variants_of_a_keras_model(tmp_path):
    import keras

    from cascade.train import fit

    fit.prepare(1)
    layers = keras.layers
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(16, 3, activation="relu"),
                              layers.Conv2D(24, 3, activation="relu"), layers.GlobalAveragePooling2D(),
                              layers.Flatten(), layers.Dense(1, activation="sigmoid")])
    data = blobs(tmp_path / "d.npz")
    given = material(data, 1)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
    model.fit(given.x, given.y, epochs=6, verbose=0)
    model.save(tmp_path / "m.keras")
    runs = [quantize(str(tmp_path / "m.keras"), tmp_path / name, data=data, epochs=2, sweeps=["width=0.5"])
            for name in ("a", "b")]
    first, second = ({one["name"]: one for one in run["variants"]} for run in runs)
    assert {name: one["sha256"] for name, one in first.items()} == {name: one["sha256"] for name, one in second.items()}
    assert runs[0]["calibration"] == runs[1]["calibration"] == given.calibration
    assert json.loads((tmp_path / "a" / "variants.json").read_text())["calibration"] == given.calibration
    assert first["int8"]["quantization"] == "int8"
    assert first["int16x8"]["quantization"] == "int16x8"
    assert first["int8"]["sizes"]["flash_bytes"] < first["float32"]["sizes"]["flash_bytes"]
    for name in ("pruned", "clustered"):
        assert first[name]["sizes"]["flash_bytes"] == first["int8"]["sizes"]["flash_bytes"]
        assert first[name]["sizes"]["macs"] == first["int8"]["sizes"]["macs"]
        assert first[name]["sizes"]["deflate_bytes"] < first["int8"]["sizes"]["deflate_bytes"]
    assert first["student"]["sizes"]["macs"] < first["int8"]["sizes"]["macs"]
    assert all(one["accuracy_low"] <= one["accuracy"] <= one["accuracy_high"] for one in first.values())
    assert "only the size over the air falls" in json.dumps(runs[0]["notes"])
