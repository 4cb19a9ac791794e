"""Scratch memory that fast kernels ask for, by hand, and the arena of a 32-bit device."""

from __future__ import annotations

import pytest

from cascade.arena import Arena, tensor_arena
from cascade.device_arena import Window, cmsis_nn_bytes, device_arenas, esp_nn_bytes
from cascade.tflite import read_model
from tests.shared import shared_path

POINTWISE = Window(25, 5, 64, 25, 5, 64, 1, 1, 1, 1)
NARROW = Window(2, 2, 30, 2, 2, 60, 1, 1, 1, 1)
COLUMN = Window(5, 1, 40, 1, 1, 64, 5, 1, 1, 1)
SAME = Window(49, 10, 1, 25, 5, 64, 10, 4, 2, 2)
DEEP = Window(25, 5, 64, 25, 5, 64, 3, 3, 1, 1)
TALL = Window(9, 1, 32, 1, 1, 32, 9, 1, 1, 1)
EIGHT = Window(6, 6, 8, 6, 6, 8, 3, 3, 1, 1)


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
    assert (found["esp_nn"].scratch_bytes, found["esp_nn"].head_bytes) == (41_932, 50_432)
    assert all(one.arena_bytes == one.head_bytes + one.tail_bytes for one in found.values())


def test_a_lower_bound_says_nothing_of_a_device():
    facts = read_model(shared_path("facts", "models", "kws_ref_model.tflite"))
    assert device_arenas(facts, Arena(16_000, "lower bound", 16_000, 0, "")) == ()
