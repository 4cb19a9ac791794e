"""Flash and RAM of a model with its framework."""

import pytest

from cascade.cost.memory import MemoryPart, kernel_code, layer_rows, memory_fit, model_memory, weight_reuse
from cascade.tflite import read_model
from tests.shared import shared_path

HELLO_WORLD, MICRO_SPEECH = MemoryPart("model", 2_704, "file"), MemoryPart("model", 18_800, "file")


@pytest.mark.parametrize(("model", "arena", "kinds", "fits"), [
    pytest.param(HELLO_WORLD, 1_000, ["FULLY_CONNECTED"], True, id="hello_world fits 20 KB"),
    pytest.param(MICRO_SPEECH, 7_000, ["DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "SOFTMAX", "RESHAPE"], False,
                 id="micro_speech does not"),
])
def test_twenty_kilobytes_of_flash(model, arena, kinds, fits):
    """CLAIMS E03: 20 KB of flash and 4 KB of RAM hold hello_world, not micro_speech."""
    found = memory_fit(model, MemoryPart("arena", arena, "measured"), kinds, 20 * 1024, 64 * 1024)
    assert found.fits is fits
    assert any(part.size_bytes == 9_732 for part in found.flash)


def test_each_gate_fails_alone():
    arena = MemoryPart("arena", 50_000, "measured")
    assert memory_fit(MICRO_SPEECH, arena, ["CONV_2D"], 20_000, 256_000).reasons[0].startswith("flash: ")
    assert memory_fit(MICRO_SPEECH, arena, ["CONV_2D"], 256_000, 40_000).reasons[0].startswith("RAM: ")
    assert memory_fit(MICRO_SPEECH, arena, ["CONV_2D"], None, None).fits is None
    assert memory_fit(MICRO_SPEECH, arena, ["CONV_2D"], None, 40_000).fits is False


def test_a_fifth_of_the_ram_stays_for_the_stack():
    found = memory_fit(MICRO_SPEECH, MemoryPart("arena", 60_000, "measured"), [], 256_000, 64_000)
    assert found.ram_used_bytes == 60_000 + 1_200 + 2_048
    found = memory_fit(MICRO_SPEECH, MemoryPart("arena", 30_000, "measured"), [], 256_000, 64_000)
    assert found.ram[-1].size_bytes == round(0.2 * (64_000 - 31_200))


def test_kernels_count_once_and_all_of_them_much():
    assert kernel_code(["CONV_2D", "CONV_2D"]) == kernel_code(["CONV_2D"])
    assert kernel_code(["all"]).size_bytes > 10 * kernel_code(["CONV_2D", "SOFTMAX"]).size_bytes


def test_size_and_time_are_two_things():
    facts = read_model(shared_path("facts", "models", "vww_96_int8.tflite"))
    fit = model_memory(facts, None, 2**20, 256 * 1024)
    assert fit.fits
    assert facts.arena_lower_bound_bytes < fit.ram[0].size_bytes < 1.6 * 104_000
    assert model_memory(facts, 103_680, 2**20, 128 * 1024).ram[0].basis == "measured"
    assert weight_reuse(facts) == pytest.approx(7_489_664 / 219_072)
    rows = layer_rows(facts)
    assert sum(int(row["macs"]) for row in rows) == 7_489_664
