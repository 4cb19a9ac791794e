"""Inside a model: what runtimes make of it, where its numbers lie, pictures, and whether it fits a device."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cascade.curves import curves
from cascade.errors import DataError
from cascade.evaluate import Setting, escalation_rule
from cascade.pictures import det_figure, layers_figure, roc_figure, write_picture
from cascade.runtimes import support
from cascade.saturation import saturation, signal_to_noise_db, suspicious
from cascade.scores import score_table
from cascade.tflite import read_model
from cascade.weights import layer_weights
from powerplan.cli.app import main
from tests.cascade.make_models import running_sum
from tests.shared import shared_path


def model(name):
    return shared_path("facts", "models", name)


@pytest.mark.parametrize(("name", "runs", "not_run"), [
    pytest.param("kws_ref_model.tflite", ["tflm", "cmsis_nn", "esp_nn", "ethos_u", "x_cube_ai"], [], id="int8"),
    pytest.param("kws_ref_model_float32.tflite", [], ["CONV_2D"], id="int8 weights with float activations"),
])
def test_what_runs_a_real_model(name, runs, not_run):
    found = support(read_model(model(name)))
    assert [one.runtime for one in found if one.runs] == runs
    assert {finding.kind for one in found for finding in one.unsupported} == set(not_run)


def test_float_runs_but_not_with_the_fast_kernels():
    found = {one.runtime: one for one in support(read_model(model("pretrainedResnet.tflite")))}
    assert not found["tflm"].slow
    assert {finding.kind for finding in found["cmsis_nn"].slow} == {"CONV_2D", "FULLY_CONNECTED"}
    assert found["cmsis_nn"].slow[0].reason == "no fast kernel for float32"


def test_state_is_not_known_everywhere(tmp_path):
    path = tmp_path / "sum.tflite"
    path.write_bytes(running_sum())
    found = {one.runtime: one for one in support(read_model(path))}
    assert found["tflm"].runs
    assert "VAR_HANDLE" in {finding.kind for finding in found["x_cube_ai"].unsupported}


def test_ranges_of_a_sum_by_hand(tmp_path):
    path = tmp_path / "sum.tflite"
    path.write_bytes(running_sum())
    rows = np.array([[127, 0], [-128, 1], [127, 2], [3, 4]], np.int8)
    given, _, total = saturation(path, rows)
    assert (given.smallest, given.largest, given.low_fraction, given.high_fraction) == (-128, 127, 1 / 8, 2 / 8)
    # 127, then 127 - 128, then -1 + 127, then 126 + 3 cut off at 127; beside it 0, 1, 3, 7.
    assert (total.largest, total.high_fraction) == (127, 2 / 8)
    assert [one.name for one in suspicious((given, total))] == ["given", "total"]


def test_ranges_of_the_keyword_model():
    with np.load(shared_path("facts", "datasets", "kws01_mfcc_int8.npz")) as file:
        ranges = saturation(model("kws_ref_model.tflite"), file["x"])
    assert len(ranges) == 14
    assert all(one.high_fraction < 1e-3 for one in ranges[:-1])


def table(rows):
    score = np.array([row[1:] for row in rows], float)
    return score_table(np.array([row[0] for row in rows]), score)


HAND = table([(1, .9, .9), (1, .6, .3), (1, .2, .8), (0, .7, .4), (0, .1, .9), (0, .3, .1), (0, .8, .8)])


def test_curves_by_hand():
    found = curves(HAND, Setting(escalation_rule("above", 0.5), 0.5, (1,)))
    assert found.point == (1 / 4, 1 / 3)
    assert found.cascade.threshold == (np.inf, .9, .8, .4, .3)
    assert found.cascade.recall == (0, 1 / 3, 1 / 3, 1 / 3, 2 / 3)
    assert found.cascade.false_accepts == (0, 0, 1 / 4, 2 / 4, 2 / 4)
    assert found.level_1.recall[-1] == found.level_1.false_accepts[-1] == 1.0


def test_curve_areas_of_the_keyword_pair():
    from cascade.scores import read_scores

    pair = read_scores(shared_path("facts", "scores", "kws_yes_no_micro_speech_ds_cnn.csv"))
    found = curves(pair, Setting(escalation_rule("above", 0.5), 0.5, (1,)))
    assert found.point == (pytest.approx(0.0085, abs=5e-5), pytest.approx(0.888, abs=5e-4))
    assert found.level_2.area > found.level_1.area > 0.9


def test_a_curve_needs_both_kinds():
    with pytest.raises(DataError, match="only one kind"):
        curves(table([(1, .1, .2), (1, .3, .4)]), Setting(escalation_rule("above", 0.5), 0.5, (1,)))


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_pictures_are_the_same_bytes_each_time(tmp_path, suffix):
    found = curves(HAND, Setting(escalation_rule("above", 0.5), 0.5, (1,)))
    for number, draw in enumerate((roc_figure, det_figure)):
        paths = [write_picture(draw(found), tmp_path / f"{number}{again}.{suffix}") for again in "ab"]
        assert paths[0].read_bytes() == paths[1].read_bytes()
        assert paths[0].stat().st_size > 3000


def test_a_picture_of_layers_names_the_largest(tmp_path):
    path = write_picture(layers_figure(read_model(model("kws_ref_model.tflite"))), tmp_path / "layers.svg")
    assert path.stat().st_size > 3000
    with pytest.raises(DataError, match="a picture ends in"):
        write_picture(layers_figure(read_model(model("kws_ref_model.tflite"))), tmp_path / "layers.pdf")


def test_profile_command_with_a_device(capsys):
    assert main(["model", "profile", str(model("kws_ref_model.tflite")), "--device", "nrf52840", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["macs"], document["file_bytes"], len(document["operators"])) == (2_656_768, 53_936, 13)
    assert document["weight_bytes"] > 22_000
    assert document["arena_bytes"] >= 16_000
    assert document["device"]["fits"]
    assert document["runtimes"]["ethos_u"]["runs"]


@pytest.mark.parametrize(("arguments", "code", "says"), [
    pytest.param(["vww_96_int8.tflite", "--device", "stm32l152"], 4, "does NOT fit", id="too large"),
    pytest.param(["kws_ref_model.tflite", "--device", "ov2640"], 65, "a camera has no flash", id="not a processor"),
    pytest.param(["absent.tflite"], 66, "cannot be read", id="no file"),
])
def test_profile_command_exit_codes(capsys, arguments, code, says):
    model("kws_ref_model.tflite")
    path = shared_path("facts", "models") / arguments[0]
    assert main(["model", "profile", str(path), *arguments[1:]]) == code
    captured = capsys.readouterr()
    assert says in captured.out + captured.err


def test_evaluate_the_keyword_model_on_a_thousand_clips(capsys):
    data = shared_path("facts", "datasets", "kws01_mfcc_int8.npz")
    arguments = [str(model("kws_ref_model.tflite")), "--data", str(data), "--kernels", "reference", "--json"]
    assert main(["model", "evaluate", *arguments]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["rows"], document["accuracy"]) == (1000, 0.901)
    assert document["low"] < 0.901 < document["high"]


def test_quantize_command_names_what_is_missing(tmp_path, capsys):
    path = str(model("pretrainedResnet.tflite"))
    assert main(["model", "quantize", path, "--out", str(tmp_path)]) == 65
    assert "a file needs --data" in capsys.readouterr().err


@pytest.mark.parametrize(("sigmas", "db"), [
    pytest.param(1, 8.2, id="1 sigma clips"), pytest.param(4, 40.7, id="4 sigma"),
    pytest.param(50, 18.9, id="50 sigma is coarse"), pytest.param(500, 0.7, id="500 sigma is hardly a signal"),
])
def test_signal_against_range_of_a_gaussian(sigmas, db):
    values = np.random.default_rng(1).normal(size=200_000)
    assert signal_to_noise_db(values, 2 * sigmas / 255, (-sigmas, sigmas)) == pytest.approx(db, abs=0.15)


def test_a_curve_falls_on_both_sides_and_zeros_are_counted():
    with np.load(shared_path("facts", "datasets", "kws01_mfcc_int8.npz")) as file:
        ranges = saturation(model("kws_ref_model.tflite"), file["x"])
    first = ranges[1]
    assert first.zero_fraction == pytest.approx(first.low_fraction)  # behind a ReLU
    narrow, own, wide = first.curve_db((0.25, 1.0, 4.0))
    assert narrow < own > wide
    assert sum(first.counts) == 67 * 25 * 5 * 64


def test_weights_by_hand():
    """A dense layer of the keyword model: counts, zeros and scales as NumPy reads them."""
    data = model("kws_ref_model.tflite").read_bytes()
    layers = layer_weights(data)
    assert [one.count for one in layers] == [2560, 576, 4096, 576, 4096, 576, 4096, 576, 4096, 768]
    assert all(sum(one.counts) == one.count for one in layers)
    assert layers[0].zero_fraction == pytest.approx(23 / 2560)
    assert max(one.largest for one in layers) < 3
    assert min(one.smallest for one in layers) > -3


def test_profile_prints_sizes_flops_and_draws_what_is_inside(tmp_path, capsys):
    data = shared_path("facts", "datasets", "kws01_mfcc_int8.npz")
    pictures = [tmp_path / "weights.png", tmp_path / "ranges.svg"]
    arguments = ["model", "profile", str(model("kws_ref_model.tflite")), "--data", str(data), "--weights",
                 str(pictures[0]), "--ranges", str(pictures[1])]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "2,656,768 MACs   5,313,536 FLOPs" in out
    assert "53,936 B in flash" in out
    assert "over the air deflated" in out
    assert "x_cube_ai  runs every operator   [assumed: " in out
    assert all(path.stat().st_size > 5000 for path in pictures)


def test_a_picture_of_ranges_needs_data(tmp_path, capsys):
    assert main(["model", "profile", str(model("kws_ref_model.tflite")), "--ranges", str(tmp_path / "r.png")]) == 65
    assert "give --data" in capsys.readouterr().err


def test_the_arena_of_an_esp32_counts_its_kernels(capsys):
    assert main(["model", "profile", str(model("kws_ref_model.tflite")), "--device", "esp32s3", "--json"]) == 0
    device = json.loads(capsys.readouterr().out)["device"]
    arena = next(part for part in device["ram"]["parts"] if part["name"] == "arena")
    assert arena["size_bytes"] > 50_000
    assert arena["basis"].startswith("esp_nn kernels")
