"""Acceleration and angular rate as numbers from 0 to 1, as a device scales its raw registers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class MotionRange:
    """Full scale of the two sensors; what lies beyond is clipped, as the sensor clips it."""

    acceleration_g: float = 4.0
    rate_rad_s: float = 10.0

    def features(self, samples: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Axes ax, ay, az (and wx, wy, wz) from minus to plus full scale as 0 to 1. Same shape"""
        full_scale = np.array([self.acceleration_g] * 3 + [self.rate_rad_s] * 3, dtype=np.float32)
        scaled = samples.astype(np.float32) / (2 * full_scale[: samples.shape[-1]]) + np.float32(0.5)
        clipped: npt.NDArray[np.float32] = np.clip(scaled, 0, 1).astype(np.float32)
        return clipped
