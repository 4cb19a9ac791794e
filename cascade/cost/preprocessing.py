"""Cost of making a model's input: log-mel or MFCC features of sound, resizing of pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from cascade.cost.cores import find_core
from cascade.cost.estimate import Estimate
from cascade.cost.rules import CycleRange
from cascade.errors import DataError

_ASSUMED: Final = "counted operations times assumed cycles per operation"
FIXED_POINT: Final = {
    "cortex-m0+": CycleRange(3.0, 6.0, 14.0, _ASSUMED, "assumed"),
    "cortex-m3": CycleRange(2.0, 4.0, 9.0, _ASSUMED, "assumed"),
    "cortex-m4f": CycleRange(1.5, 3.0, 7.0, _ASSUMED, "assumed"),
    "cortex-m33": CycleRange(1.5, 3.0, 7.0, _ASSUMED, "assumed"),
    "cortex-m7": CycleRange(0.8, 1.7, 4.0, _ASSUMED, "assumed"),
    "cortex-m55": CycleRange(0.4, 1.2, 4.0, _ASSUMED, "assumed"),
    "cortex-m85": CycleRange(0.3, 1.0, 3.5, _ASSUMED, "assumed"),
}
FIXED_POINT_ELSEWHERE: Final = CycleRange(1.5, 4.0, 12.0, _ASSUMED, "assumed")
SOFT_FLOAT_FACTOR: Final = (10.0, 25.0, 60.0)
"""Of float operations in software, against an FPU or fixed point; an assumption."""


@dataclass(frozen=True)
class LogMel:
    """Windows of sound, each to the logarithms of its mel bands, optionally to MFCC."""

    sample_rate_hz: float
    window_s: float
    hop_s: float
    mel_count: int
    frame_count: int
    """Frames computed per inference; with a sliding window only the new ones."""
    mfcc_count: int = 0
    floating: bool = False


@dataclass(frozen=True)
class Resize:
    """A picture to another size and number of channels."""

    width: int
    height: int
    channels: int
    bilinear: bool = True


def log_mel_operations(features: LogMel) -> float:
    """Additions and multiplications of the features of one inference. [count]

    A real FFT of n points takes 2.5 n log2(n) operations; then window n, power spectrum 1.5 n, mel filters two
    per bin, 30 for each logarithm, and a DCT of mel_count x mfcc_count.
    """
    if min(features.sample_rate_hz, features.window_s, features.hop_s) <= 0.0 or features.frame_count < 1:
        raise DataError("features need a sample rate, a window and a hop above 0 and at least one frame")
    samples = features.sample_rate_hz * features.window_s
    points = 2.0 ** math.ceil(math.log2(max(2.0, samples)))
    per_frame = (
        2.5 * points * math.log2(points) + points + 1.5 * points + 2.0 * points / 2.0 + 30.0 * features.mel_count
        + 2.0 * features.mel_count * features.mfcc_count
    )
    return per_frame * features.frame_count


def resize_operations(resize: Resize) -> float:
    """Additions and multiplications of a resized picture: 11 per value bilinear, 3 nearest. [count]"""
    if min(resize.width, resize.height, resize.channels) < 1:
        raise DataError("a resized picture has at least one pixel and one channel")
    return resize.width * resize.height * resize.channels * (11.0 if resize.bilinear else 3.0)


def preprocessing_latency(step: LogMel | Resize, core: str, fpu: bool, clock_hz: float) -> Estimate:
    """Time of making the input of one inference. [s]"""
    if clock_hz <= 0.0:
        raise DataError(f"a clock is a positive number of hertz; given {clock_hz}")
    found = find_core(core)
    rule = FIXED_POINT.get(found.name, FIXED_POINT_ELSEWHERE)
    floating = isinstance(step, LogMel) and step.floating
    operations = log_mel_operations(step) if isinstance(step, LogMel) else resize_operations(step)
    low, typical, high = rule.low, rule.typical, rule.high
    if floating and not fpu:
        low, typical, high = (a * b for a, b in zip((low, typical, high), SOFT_FLOAT_FACTOR, strict=True))
    kind = "float in software" if floating and not fpu else "float" if floating else "fixed point"
    name = "log-mel features" if isinstance(step, LogMel) else "resizing"
    per_s = operations / clock_hz
    basis = (
        f"{name}, {operations:,.0f} operations in {kind} on {found.name} at {low:g} to {high:g} cycles: {rule.basis}"
    )
    return Estimate(per_s * low, per_s * typical, per_s * high, basis, rule.source)
