"""Scratch memory that fast kernels ask for, by hand, and the arena of a 32-bit device."""

from __future__ import annotations

import pytest

from cascade.arena import Arena, tensor_arena
from cascade.device_arena import (
    Window,
    cmsis_nn_bytes,
    cmsis_nn_mve_bytes,
    cmsis_nn_plain_bytes,
    device_arenas,
    esp_nn_bytes,
    library_of,
)
from cascade.tflite import read_model
from tests.shared import shared_path

POINTWISE = Window(25, 5, 64, 25, 5, 64, 1, 1, 1, 1)
NARROW = Window(2, 2, 30, 2, 2, 60, 1, 1, 1, 1)
COLUMN = Window(5, 1, 40, 1, 1, 64, 5, 1, 1, 1)
SAME = Window(49, 10, 1, 25, 5, 64, 10, 4, 2, 2)
DEEP = Window(25, 5, 64, 25, 5, 64, 3, 3, 1, 1)
TALL = Window(9, 1, 32, 1, 1, 32, 9, 1, 1, 1)
EIGHT = Window(6, 6, 8, 6, 6, 8, 3, 3, 1, 1)
STRIDED = Window(8, 8, 16, 4, 4, 32, 1, 1, 2, 2)
ROW = Window(1, 20, 8, 1, 16, 24, 1, 5, 1, 1)
ROW_PADDED = Window(1, 20, 8, 1, 20, 24, 1, 5, 1, 1)
ROW_ODD = Window(1, 20, 6, 1, 16, 24, 1, 5, 1, 1)
ROW_SHORT = Window(1, 2, 8, 1, 2, 24, 1, 5, 1, 1)
EITHER = Window(6, 6, 8, 6, 6, 16, 3, 3, 1, 1)


@pytest.mark.parametrize(("kind", "window", "plain", "mve"), [
    pytest.param("CONV_2D", POINTWISE, 0, 0, id="1 by 1"),
    pytest.param("CONV_2D", STRIDED, 0, 0, id="1 by 1 with stride"),
    pytest.param("CONV_2D", COLUMN, 4 * 200, 4 * 208, id="5 by 1: whole vectors of 16"),
    pytest.param("CONV_2D", SAME, 4 * 40, 4 * 48, id="padded"),
    pytest.param("CONV_2D", ROW, 4 * 40, 5 * 8, id="along a row: one window"),
    pytest.param("CONV_2D", ROW_PADDED, 4 * 40, 5 * 8 + 2 * 8, id="along a row, two padded on the left"),
    pytest.param("CONV_2D", ROW_ODD, 4 * 32, 4 * 32, id="along a row of 6 channels, stride 1: the general way"),
    pytest.param("CONV_2D", ROW_SHORT, 4 * 40, 4 * 48, id="along a row, more padding than outputs"),
    pytest.param("DEPTHWISE_CONV_2D", DEEP, 0, 4 * 124 * 9, id="depthwise 3 by 3: a block of 124 channels"),
    pytest.param("DEPTHWISE_CONV_2D", TALL, 0, 4 * 124 * 9, id="depthwise 9 by 1"),
    pytest.param("DEPTHWISE_CONV_2D", EITHER, 0, 0, id="depthwise, channels multiplied"),
])
def test_scratch_memory_without_and_with_vectors(kind, window, plain, mve):
    assert cmsis_nn_plain_bytes(kind, window) == plain
    assert cmsis_nn_mve_bytes(kind, window) == mve


@pytest.mark.parametrize(("core", "runtime", "library"), [
    pytest.param("cortex-m4f", None, "cmsis_nn", id="M4"),
    pytest.param("cortex-m33", "cmsis-nn", "cmsis_nn", id="M33"),
    pytest.param("cortex-m55", None, "cmsis_nn_mve", id="M55"),
    pytest.param("cortex-m85", "tflm", "cmsis_nn_mve", id="M85"),
    pytest.param("cortex-m0+", None, "reference", id="M0+ as TFLM alone"),
    pytest.param("cortex-m3", "cmsis_nn", "cmsis_nn_plain", id="M3 with CMSIS-NN"),
    pytest.param("xtensa-lx7", None, "esp_nn", id="ESP32-S3"),
    pytest.param("xtensa-lx6", "esp_nn", None, id="ESP32: no rule read"),
    pytest.param("cortex-m4f", "tflm_reference", "reference", id="reference kernels"),
    pytest.param("cortex-m4f", "x_cube_ai", None, id="generated code: no rule"),
    pytest.param("risc-v", None, "reference", id="RISC-V as TFLM alone"),
    pytest.param("risc-v", "cmsis_nn", None, id="CMSIS-NN elsewhere"),
])
def test_library_of_a_core(core, runtime, library):
    assert library_of(core, runtime) == library


@pytest.mark.parametrize(("kind", "window", "cmsis", "esp"), [
    pytest.param("CONV_2D", POINTWISE, 0, 64 * 64 + 16 * 64 + 32, id="1 by 1"),
    # Channels padded to 32, inputs copied; 4 pixels are too few to be turned.
    pytest.param("CONV_2D", NARROW, 0, 4 * 32 + 32 * 60 + 32, id="1 by 1, channels not a multiple of 8"),
    pytest.param("CONV_2D", COLUMN, 4 * 200, 5 * 48 * 64 + 32 + 4 * 64, id="5 by 1, as in okay_nabu"),
    pytest.param("CONV_2D", SAME, 4 * 40, 12 * 57 + 10 * 4 * 16 * 64 + 32 + 256, id="padded"),
    pytest.param("DEPTHWISE_CONV_2D", DEEP, 0, 9 * 64 + 27 * 7 * 64 + 16, id="depthwise 3 by 3"),
    pytest.param("DEPTHWISE_CONV_2D", TALL, 2 * 9 * 32, 32, id="depthwise 9 by 1"),
    pytest.param("DEPTHWISE_CONV_2D", EIGHT, 0, 2 * (72 + 288) + 16, id="depthwise 3 by 3 of 8 channels"),
])
def test_scratch_memory_by_the_rules_of_the_libraries(kind, window, cmsis, esp):
    assert cmsis_nn_bytes(kind, window) == cmsis
    assert esp_nn_bytes(kind, window) == esp


def test_the_keyword_model_needs_more_with_esp_nn():
    path = shared_path("facts", "models", "kws_ref_model.tflite")
    arena = tensor_arena(path)
    found = {one.kernels: one for one in device_arenas(read_model(path), arena)}
    # Tables of pointers are half as wide: 836 bytes less than on this host.
    assert found["reference"].arena_bytes == arena.arena_bytes - 836
    assert found["cmsis_nn"].arena_bytes == found["reference"].arena_bytes
    assert found["cmsis_nn_mve"].scratch_bytes == 4 * 124 * 9
    assert (found["esp_nn"].scratch_bytes, found["esp_nn"].head_bytes) == (41_932, 50_432)
    assert all(one.arena_bytes == one.head_bytes + one.tail_bytes for one in found.values())


def test_a_lower_bound_says_nothing_of_a_device():
    facts = read_model(shared_path("facts", "models", "kws_ref_model.tflite"))
    assert device_arenas(facts, Arena(16_000, "lower bound", 16_000, 0, "")) == ()
