"""The tensor arena on a 32-bit device, by kernel library: fast kernels ask for scratch memory, the pointers are narrow.

Scratch memory is asked for by the libraries' own rules, as they stand in their sources; it lies in the head of the
arena beside the tensors that are alive while the operator runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cascade.arena import Arena
from cascade.tflite import ModelFacts, OperatorFacts

ALIGNMENT_BYTES: Final = 16
MVE_BLOCK_CHANNELS: Final = 124
"""Channels of a depthwise convolution that Helium's kernel takes at once (CH_IN_BLOCK_MVE)."""


@dataclass(frozen=True)
class DeviceArena:
    """Arena of one model with one kernel library."""

    kernels: str
    arena_bytes: int
    head_bytes: int
    tail_bytes: int
    scratch_bytes: int
    """Largest scratch memory of one operator."""
    basis: str


@dataclass(frozen=True)
class Window:
    """A convolution as its kernel sees it."""

    in_height: int
    in_width: int
    in_channels: int
    out_height: int
    out_width: int
    out_channels: int
    height: int
    width: int
    stride_height: int
    stride_width: int

    @property
    def pad_height(self) -> int:
        """Rows added above. [rows]"""
        return max(0, (self.out_height - 1) * self.stride_height + self.height - self.in_height) // 2

    @property
    def pad_width(self) -> int:
        """Columns added on the left. [columns]"""
        return max(0, (self.out_width - 1) * self.stride_width + self.width - self.in_width) // 2

    @property
    def taps(self) -> int:
        """Inputs of one output of a convolution. [count]"""
        return self.height * self.width * self.in_channels

    @property
    def is_pointwise(self) -> bool:
        """Whether it is a 1 by 1 convolution without stride."""
        return (self.height, self.width, self.stride_height, self.stride_width) == (1, 1, 1, 1)


def cmsis_nn_bytes(kind: str, window: Window) -> int:
    """Scratch memory that CMSIS-NN asks for on a core with DSP extension, such as Cortex-M4, M7, M33. [bytes]

    arm_convolve_wrapper_s8_get_buffer_size_dsp and arm_depthwise_conv_wrapper_s8_get_buffer_size_dsp,
    ARM-software/CMSIS-NN.
    """
    if kind == "CONV_2D":
        return 0 if _single_tap(window) else 4 * _up(window.taps, 4)
    small = (window.height, window.width) == (3, 3) and window.pad_height <= 1 and window.pad_width <= 1
    return 0 if small or window.in_channels != window.out_channels else 2 * window.taps


def cmsis_nn_plain_bytes(kind: str, window: Window) -> int:
    """Scratch memory that CMSIS-NN asks for on a core without DSP extension, such as Cortex-M0+ and M3. [bytes]

    As with the extension for a convolution, nothing for a depthwise one: arm_depthwise_conv_s8_opt_get_buffer_size.
    """
    return cmsis_nn_bytes(kind, window) if kind == "CONV_2D" else 0


def cmsis_nn_mve_bytes(kind: str, window: Window) -> int:
    """Scratch memory that CMSIS-NN asks for on a core with Helium, such as Cortex-M55 and M85. [bytes]

    arm_convolve_wrapper_s8_get_buffer_size_mve and arm_depthwise_conv_wrapper_s8_get_buffer_size_mve,
    ARM-software/CMSIS-NN: four columns of inputs in whole vectors of 16, or of a depthwise block of channels.
    """
    if kind != "CONV_2D":
        multiplied = window.in_channels != window.out_channels
        return 0 if multiplied else 4 * MVE_BLOCK_CHANNELS * window.height * window.width
    if _single_tap(window):
        return 0
    flat = window.in_height == window.height == 1 and window.stride_width * window.in_channels % 4 == 0
    row = _mve_row(window) if flat else None
    return 4 * _up(window.taps, 16) if row is None else row


def _mve_row(window: Window) -> int | None:
    """Scratch memory of a convolution along one row, None where its padding takes the general way. [bytes]

    arm_convolve_1_x_n_s8_get_buffer_size_mve.
    """
    pad, stride, channels = window.pad_width, window.stride_width, window.in_channels
    odd = max(0, (window.out_width - 1) * stride + window.width - window.in_width) % 2
    left = max(1, -(-pad // stride)) if pad else 0
    right = max(1, -(-(pad + odd) // stride)) if pad + odd else 0
    if left + right > window.out_width:
        return None
    all_taps = window.width * channels
    return max(all_taps + pad * channels, all_taps - channels + (right if odd else pad) * channels)


def _single_tap(window: Window) -> bool:
    """Whether a convolution is 1 by 1 without padding, at any stride."""
    return (window.height, window.width, window.pad_height, window.pad_width) == (1, 1, 0, 0)


def esp_nn_bytes(kind: str, window: Window) -> int:
    """Scratch memory that ESP-NN asks for on an ESP32-S3. [bytes]

    esp_nn_get_conv_scratch_size_esp32s3 and esp_nn_get_depthwise_conv_scratch_size_esp32s3, espressif/esp-nn 1.0: an
    aligned copy of the weights, of a padded input, and room for offsets.
    """
    return _esp_convolution(window) if kind == "CONV_2D" else _esp_depthwise(window)


def _esp_convolution(window: Window) -> int:
    area = window.in_height * window.in_width
    if window.is_pointwise and not window.pad_height and not window.pad_width:
        channels = _up(window.in_channels, 8)
        copied = area * channels if window.in_channels % 8 else 0
        turned = 16 * channels if area >= 8 else 0
        return copied + channels * window.out_channels + turned + 32
    copied = 0
    if window.pad_height or window.pad_width:
        copied = ((window.in_width + 2 * window.pad_width) * (window.in_height + 2 * window.pad_height)
                  * window.in_channels)
    weights = window.height * window.width * _up(window.in_channels, 16) * window.out_channels
    return copied + weights + 32 + 4 * window.out_channels


def _esp_depthwise(window: Window) -> int:
    channels, multiplier = window.in_channels, window.out_channels // max(1, window.in_channels)
    weights = window.height * window.width * window.out_channels
    inputs = window.in_width * window.in_height * channels
    if multiplier == 1 and channels % 8 == 0 and (window.height, window.width) == (3, 3):
        if channels % 16:
            return 2 * (weights + inputs) + 16
        wider, higher = 2 * window.pad_width, 2 * window.pad_height
        if not wider and not higher:
            wider = window.out_width * window.stride_width + 2 - window.in_width
            higher = window.out_height * window.stride_height + 2 - window.in_height
        padded = (window.in_width + wider) * (window.in_height + higher) * channels if wider or higher else 0
        return weights + padded + 16
    return 2 * (weights + inputs) + 16 if multiplier % 4 == 0 else 32


LIBRARIES: Final[dict[str, Callable[[str, Window], int]]] = {
    "reference": lambda _kind, _window: 0, "cmsis_nn": cmsis_nn_bytes, "cmsis_nn_mve": cmsis_nn_mve_bytes,
    "cmsis_nn_plain": cmsis_nn_plain_bytes, "esp_nn": esp_nn_bytes,
}
"""Kernel library -> scratch memory of a convolution; reference kernels take none."""

_DSP_CORES: Final = ("cortex-m4", "cortex-m7", "cortex-m33")
_MVE_CORES: Final = ("cortex-m52", "cortex-m55", "cortex-m85")
_PLAIN_CORES: Final = ("cortex-m0", "cortex-m3", "cortex-m23")


def library_of(core: str, runtime: str | None = None) -> str | None:
    """The library whose rules hold for a core: of the runtime that is named, or the one its firmware would link.

    None for a runtime or core without published rules.
    """
    core, asked = core.lower(), (runtime or "tflm").lower().replace("-", "_")
    if asked in ("reference", "tflm_reference"):
        return "reference"
    if asked in ("tflm", "esp_nn") and "xtensa-lx7" in core:
        return "esp_nn"
    if asked not in ("tflm", "cmsis_nn"):
        return None
    # The longer names first: "cortex-m33" begins with "cortex-m3".
    for library, cores in (("cmsis_nn", _DSP_CORES), ("cmsis_nn_mve", _MVE_CORES)):
        if core.startswith(cores):
            return library
    if asked == "tflm":
        return "reference"
    return "cmsis_nn_plain" if core.startswith(_PLAIN_CORES) else None


def scratch_bytes(operator: OperatorFacts, kernels: str) -> int:
    """Scratch memory of one operator; 0 for what is no int8 convolution. [bytes]"""
    if operator.kind not in ("CONV_2D", "DEPTHWISE_CONV_2D") or operator.activation_dtype != "int8":
        return 0
    if operator.kernel is None or operator.stride is None:
        return 0
    shapes = (*operator.input_shapes[0][1:], *operator.output_shapes[0][1:], *operator.kernel, *operator.stride)
    return LIBRARIES[kernels](operator.kind, Window(*shapes))


def device_arenas(facts: ModelFacts, arena: Arena) -> tuple[DeviceArena, ...]:
    """Arena by kernel library, from a measured one; nothing from a lower bound."""
    if arena.basis != "measured":
        return ()
    return tuple(_of(facts, arena, kernels) for kernels in LIBRARIES)


def _of(facts: ModelFacts, arena: Arena, kernels: str) -> DeviceArena:
    asked = [scratch_bytes(operator, kernels) for operator in facts.operators]
    beside = max((operator.live_bytes + size for operator, size in zip(facts.operators, asked, strict=True) if size),
                 default=0)
    head = max(arena.head_bytes, _up(beside, ALIGNMENT_BYTES))
    basis = "measured head, tail with 32-bit pointers"
    if max(asked, default=0):
        basis = f"estimate: {basis}, scratch memory by the rules of {kernels}"
    return DeviceArena(kernels, head + arena.narrow_tail_bytes, head, arena.narrow_tail_bytes, max(asked, default=0),
                       basis)


def _up(size: int, step: int) -> int:
    return -(-size // step) * step
