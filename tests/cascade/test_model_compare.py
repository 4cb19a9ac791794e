"""Models and variants side by side: paired changes, accuracy only together with time, the frontier."""

from __future__ import annotations

import json

import pytest

from cascade.pictures import write_picture
from cascade.pictures_variants import frontier, variants_figure
from powerplan.cli.app import main
from tests.shared import shared_path


def model(name="kws_ref_model.tflite"):
    return str(shared_path("facts", "models", name))


def clips():
    return str(shared_path("facts", "datasets", "kws01_mfcc_int8.npz"))


def compared(capsys, *arguments):
    assert main(["model", "compare", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)["models"]


def test_sizes_beside_the_first(capsys):
    int8, other = compared(capsys, model(), model("kws_ref_model_float32.tflite"))
    assert (int8["macs"], int8["flops"], int8["file_bytes"]) == (2_656_768, 5_313_536, 53_936)
    assert int8["times_the_first"] == {"macs": 1.0, "file_bytes": 1.0, "arena_bytes": 1.0}
    assert other["times_the_first"]["file_bytes"] == pytest.approx(43_392 / 53_936)
    assert other["arena_basis"] == "lower bound"
    assert "accuracy" not in int8


def test_accuracy_and_speed_with_their_changes(capsys):
    int8, other = compared(capsys, model(), model("kws_ref_model_float32.tflite"), "--data", clips(), "--device",
                           "nrf52840")
    assert int8["accuracy"] == pytest.approx(0.901, abs=0.0015)
    assert int8["accuracy_change"]["value"] == 0.0
    change = other["accuracy_change"]
    assert change["value"] == pytest.approx(other["accuracy"] - int8["accuracy"])
    assert change["low"] < change["value"] < change["high"]
    # Pairs on the same clips differ by far less than two accuracies of their own do (about 1.9 % each).
    assert change["high"] - change["low"] < 0.025
    assert other["latency_ms"]["typical"] > int8["latency_ms"]["typical"]
    assert other["times_the_first"]["latency_ms"] > 1.0


@pytest.mark.parametrize(("given", "says"), [
    pytest.param(["--data"], "accuracy alone does not compare models", id="accuracy without time"),
    pytest.param(["--device", "nrf52840"], "time alone does not compare models", id="time without accuracy"),
    pytest.param(["--data", "--device", "nrf52840", "--kernels", "gpu"], "--kernels is one of", id="kernels"),
])
def test_one_without_the_other_is_refused(capsys, given, says):
    arguments = [part for one in given for part in ((one, clips()) if one == "--data" else (one,))]
    assert main(["model", "compare", model(), model(), *arguments]) == 65
    assert says in capsys.readouterr().err


def test_one_model_is_no_comparison(capsys):
    assert main(["model", "compare", model()]) == 65
    assert "2 to 12 model files are compared" in capsys.readouterr().err


def variant(name, macs, flash, accuracy):
    return {"name": name, "accuracy": accuracy, "accuracy_low": accuracy - 0.02, "accuracy_high": accuracy + 0.02,
            "held_out": 800, "sizes": {"macs": macs, "flash_bytes": flash}}


VARIANTS = [variant("int8", 120_000, 12_000, 0.925), variant("width_0.25", 12_000, 3_000, 0.85),
            variant("depth_0.5", 60_000, 8_000, 0.88), variant("student", 40_000, 6_000, 0.9),
            variant("resolution_0.5", 30_000, 11_900, 0.87), variant("width_2", 450_000, 40_000, 0.94)]


@pytest.mark.parametrize(("cost", "names"), [
    pytest.param("macs", ["width_0.25", "resolution_0.5", "student", "int8", "width_2"], id="operations"),
    pytest.param("flash_bytes", ["width_0.25", "student", "int8", "width_2"], id="flash"),
])
def test_the_frontier_holds_what_no_other_variant_beats(cost, names):
    assert [one["name"] for one in frontier(VARIANTS, cost)] == names


def test_a_picture_of_variants(tmp_path):
    path = write_picture(variants_figure({"variants": VARIANTS}), tmp_path / "variants.svg")
    assert path.stat().st_size > 5_000
