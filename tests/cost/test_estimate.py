"""Latency of an inference: the two famous claims, the cores, the kernels, the order of trust."""

import re
from pathlib import Path

import numpy as np
import pytest

from cascade.cost.cores import CORES, find_core, find_runtime
from cascade.cost.estimate import (
    Demand,
    Target,
    UnknownCore,
    UnknownRuntime,
    demand_of,
    demand_of_operators,
    estimate_demand,
    estimate_latency,
)
from cascade.cost.memory import MemoryPart, memory_fit
from cascade.cost.published import Measurement, published_measurements
from cascade.cost.reference_models import PlainOperator, largest_activation_bytes, mobilenet_v1, total_macs
from cascade.cost.work import GROUPS
from cascade.errors import DataError
from cascade.tflite import read_model
from tests.shared import shared_path

MOBILENET = mobilenet_v1(1.0, 192, 3, 1001)
L475 = {"core": "cortex-m4f", "fpu": True, "clock_hz": 80e6, "device": "stm32l475"}
PROFILES = Path(__file__).parents[2] / "device_profiles" / "mcu"


@pytest.mark.parametrize(("width", "size", "channels", "classes", "macs"), [
    pytest.param(1.0, 192, 3, 1001, 418_122_752, id="MobileNet v1 1.0/192, 418.12 M"),
    pytest.param(0.25, 96, 3, 2, 7_489_664, id="visual wake words"),
    pytest.param(0.25, 96, 1, 2, 7_157_888, id="person detection"),
])
def test_macs_by_formula(width, size, channels, classes, macs):
    assert total_macs(mobilenet_v1(width, size, channels, classes)) == macs


@pytest.mark.parametrize(("runtime", "low_s", "high_s"), [
    pytest.param(None, 7.0, 50.0, id="the default of the core"),
    pytest.param("tuned", 7.0, 50.0, id="tuned kernels of any library"),
    pytest.param("tflm+cmsis_nn", 7.0, 50.0, id="CMSIS-NN"),
    pytest.param("reference", 120.0, 960.0, id="reference kernels, 2 to 16 minutes"),
])
def test_mobilenet_on_an_stm32l475_is_a_range(runtime, low_s, high_s):
    found = estimate_demand(demand_of_operators(MOBILENET), Target(**L475, runtime=runtime))
    assert low_s <= found.low_s < found.typical_s < found.high_s <= high_s
    assert found.high_s / found.low_s > 2.0
    assert "cortex-m4f" in found.basis or runtime == "reference"


def test_mobilenet_does_not_fit_an_stm32l475():
    weights = sum(one.weight_bytes for one in MOBILENET)
    arena = largest_activation_bytes(MOBILENET)
    assert arena == 884_736
    fit = memory_fit(MemoryPart("model", weights, "weights"), MemoryPart("arena", arena, "lower bound"),
                     ["CONV_2D", "DEPTHWISE_CONV_2D"], 2**20, 128 * 1024)
    assert fit.fits is False
    assert len(fit.reasons) == 2
    assert "1,048,576 there" in fit.reasons[0]
    assert "131,072 there" in fit.reasons[1]


def test_every_core_of_the_device_profiles_is_known():
    names = {
        match.group(1)
        for file in PROFILES.glob("*.yaml")
        for match in re.finditer(r"^core: \{value: ([^,}]+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(names) >= 9
    for name in names:
        found = estimate_latency(7_489_664, None, name, True, 100e6, None)
        assert 0.0 < found.low_s < found.typical_s < found.high_s
        assert found.basis
        assert found.source


@pytest.mark.parametrize("name", ["cortex-a53", "avr", "", "cortex-m99"])
def test_an_unknown_core_names_those_that_are_known(name):
    with pytest.raises(UnknownCore, match="known cores: cortex-m0") as raised:
        find_core(name)
    assert repr(name) in str(raised.value)


@pytest.mark.parametrize(("runtime", "text"), [
    pytest.param("armnn", "does not support Cortex-M", id="Arm NN"),
    pytest.param("ell", "Embedded Learning Library", id="ELL"),
    pytest.param("ethos-u", "Vela", id="Ethos-U"),
    pytest.param("esp-nn", "allowed: reference, cmsis-nn", id="library of another family"),
])
def test_an_unusable_runtime_is_explained(runtime, text):
    with pytest.raises(UnknownRuntime, match=text):
        estimate_latency(1_000_000, None, "cortex-m4f", True, 80e6, runtime)


@pytest.mark.parametrize(("text", "library", "version"), [
    pytest.param(None, "cmsis-nn", None, id="default"),
    pytest.param("TFLM + CMSIS-NN", "cmsis-nn", None, id="words"),
    pytest.param("X-CUBE-AI v9.0.0", "x-cube-ai", "9.0.0", id="version"),
    pytest.param("vendor", "x-cube-ai", None, id="vendor"),
    pytest.param("plumerai 2023", "plumerai", "2023", id="year"),
    pytest.param("TFLM reference C", "reference", None, id="reference"),
    pytest.param("TensorFlow Lite for Microcontrollers v2.3.1", "cmsis-nn", "tflm-2.3.1", id="MLPerf reference stack"),
    pytest.param("Bosch Hardware-Aware Lowering Engine (HALE) version 1.0.175", "hale", "1.0.175", id="HALE"),
    pytest.param("microTVM + CMSIS-NN", "cmsis-nn", "microtvm", id="microTVM"),
    pytest.param("not stated", "tuned", None, id="not stated"),
])
def test_names_of_runtimes(text, library, version):
    found = find_runtime(CORES["cortex-m4f"], text)
    assert (found.library, found.version) == (library, version)


@pytest.mark.parametrize(("runtime", "stack"), [
    pytest.param("X-CUBE-AI v7.3.0", "x-cube-ai 7.3", id="longer than the published version"),
    pytest.param("X-CUBE-AI 9", "x-cube-ai 9.0", id="shorter"),
    pytest.param("Plumerai Inference Engine 2023.05", "plumerai 2023", id="year and month"),
])
def test_a_version_is_found_by_its_first_parts(runtime, stack):
    facts = read_model(shared_path("facts", "models", "vww_96_int8.tflite"))
    found = estimate_demand(demand_of(facts), Target("cortex-m4f", True, 120e6, runtime, "stm32l4r5"))
    assert f"with {stack}" in found.basis


def test_float_needs_an_fpu():
    float_model = Demand(12_501_632, None, "float32")
    l475 = estimate_demand(float_model, Target(**L475))
    l152 = estimate_demand(float_model, Target("cortex-m3", False, 32e6))
    assert l152.low_s > l475.high_s
    assert "no FPU" in l152.basis
    without = estimate_demand(float_model, Target("cortex-m4f", False, 80e6))
    assert without.typical_s > 5.0 * l475.typical_s


def test_more_bits_and_slower_memory_cost_time():
    int8 = estimate_demand(demand_of_operators(MOBILENET), Target(**L475))
    wide = estimate_demand(demand_of_operators(MOBILENET, "int16x8"), Target(**L475))
    outside = estimate_demand(demand_of_operators(MOBILENET), Target(**L475, external_arena=True))
    assert wide.low_s > int8.low_s
    assert wide.typical_s > int8.typical_s
    assert outside.typical_s > 1.1 * int8.typical_s
    assert "external memory" in outside.basis
    with pytest.raises(DataError, match="int4"):
        estimate_demand(demand_of_operators(MOBILENET, "int4"), Target(**L475))


@pytest.mark.parametrize("runtime", [None, "reference"])
@pytest.mark.parametrize("quantization", ["int8", "float32"])
def test_operators_without_multiplications_take_time(runtime, quantization):
    softmax = PlainOperator("SOFTMAX", 0, ((1, 1000),), ((1, 1000),))
    found = estimate_demand(demand_of_operators([softmax], quantization), Target(**L475, runtime=runtime))
    assert 0.0 < found.low_s < found.typical_s < found.high_s
    with pytest.raises(DataError):
        estimate_demand(Demand(0, np.zeros(len(GROUPS)), quantization), Target(**L475))


@pytest.mark.parametrize(("macs", "clock_hz"), [(-1, 80e6), (0, 80e6), (10, 0.0), (10, float("nan"))])
def test_nonsense_is_refused(macs, clock_hz):
    with pytest.raises(DataError):
        estimate_latency(macs, None, "cortex-m4f", True, clock_hz, None)


def test_the_same_model_on_the_same_stack_is_its_measurement():
    facts = read_model(shared_path("facts", "models", "vww_96_int8.tflite"))
    target = Target("cortex-m4f", True, 120e6, "x-cube-ai 9", "stm32l4r5")
    found = estimate_demand(demand_of(facts), target)
    assert found.typical_s == pytest.approx(88.9284e-3, rel=1e-6)
    assert found.basis.startswith("published measurement of this model")
    assert estimate_demand(demand_of(facts), Target("cortex-m4f", True, 60e6, "x-cube-ai 9", "stm32l4r5")).typical_s \
        == pytest.approx(2.0 * found.typical_s)


def test_a_measurement_of_the_device_narrows_the_estimate():
    demand = demand_of_operators(mobilenet_v1(0.5, 96, 3, 10))
    target = Target("cortex-m4f", True, 64e6, "cmsis-nn", "my-board")
    before = estimate_demand(demand, target)
    row = Measurement("vww", "int8", "my-board", "my-board", "cortex-m4f", "cmsis-nn", "", 64e6, None, 0.9, None, None,
                      "me")
    after = estimate_demand(demand, target, (row,))
    assert after.high_s / after.low_s < 0.8 * before.high_s / before.low_s


def test_the_known_mix_is_narrower_than_the_usual_mixes():
    known = estimate_demand(demand_of_operators(MOBILENET), Target(**L475))
    unknown = estimate_demand(Demand(total_macs(MOBILENET), None, "int8"), Target(**L475))
    assert unknown.low_s < known.typical_s < unknown.high_s
    assert "usual mixes" in unknown.basis


def test_published_rows_have_sources():
    rows = published_measurements()
    assert len(rows) > 150
    for row in rows:
        assert row.source
        assert row.latency_s > 0.0
        assert (row.energy_j is None) or row.energy_j > 0.0
