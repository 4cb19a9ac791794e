"""From features to the int8 numbers of a model's input, and from its int8 output to a score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Quantization:
    """real = scale * (stored - zero_point), the affine int8 quantization of TensorFlow Lite.

    Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
    Inference", CVPR 2018, equation 1.
    """

    scale: float
    zero_point: int

    def to_int8(self, values: npt.NDArray[np.floating]) -> npt.NDArray[np.int8]:
        """Nearest stored number (ties to even), saturated to -128..127. Same shape as values."""
        stored = np.rint(values.astype(np.float32) / np.float32(self.scale)) + self.zero_point
        whole: npt.NDArray[np.int8] = np.clip(stored, -128, 127).astype(np.int8)
        return whole

    def to_real(self, stored: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
        """What the stored numbers stand for. Same shape as stored."""
        real: npt.NDArray[np.float32] = np.float32(self.scale) * (
            stored.astype(np.float32) - np.float32(self.zero_point)
        )
        return real


UNIT_RANGE = Quantization(scale=1 / 255, zero_point=-128)
"""Inputs from 0 to 1: pixels / 255, log-mel features."""
