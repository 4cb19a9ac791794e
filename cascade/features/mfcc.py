"""Mel-frequency cepstral coefficients as TensorFlow's signal library computes them: what MLPerf Tiny's DS-CNN hears.

MLPerf Tiny (mlcommons/tiny, keyword spotting): 30 ms windows every 20 ms, 40 mel bands from 20 to 4,000 Hz, the first
10 coefficients, after the samples of the window are divided by their largest value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from cascade.features.logmel import hann_window

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Mfcc:
    """The constants; the defaults are MLPerf Tiny's."""

    sample_rate_hz: int = 16_000
    frame_length: int = 480
    frame_hop: int = 320
    mel_count: int = 40
    coefficient_count: int = 10
    low_hz: float = 20.0
    high_hz: float = 4_000.0
    offset: float = 1e-6
    """Added before the logarithm."""
    peak: bool = True
    """Whether a window is divided by its largest sample first; else by 32,768."""

    def frame_count(self, sample_count: int) -> int:
        """Whole frames in a window. [frames]"""
        return max(0, 1 + (sample_count - self.frame_length) // self.frame_hop)

    def features(self, pcm: npt.NDArray[np.int16]) -> Floats:
        """Coefficients of a window. Shape (frames, coefficients)"""
        largest = float(pcm.max(initial=0)) if self.peak else 32_768.0
        samples = pcm.astype(np.float32) / np.float32(largest if largest > 0 else 1.0)
        starts = np.arange(self.frame_count(len(pcm))) * self.frame_hop
        frames = samples[starts[:, None] + np.arange(self.frame_length)] * hann_window(self.frame_length)
        length = 1 << (self.frame_length - 1).bit_length()
        spectrum = np.abs(np.fft.rfft(frames, length, axis=-1)).astype(np.float32)
        bands = np.log(spectrum @ _filters(self, length) + np.float32(self.offset))
        return np.asarray(bands @ _cosines(self.mel_count, self.coefficient_count), np.float32)


def _mel(frequency_hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Frequency on the mel scale of the HTK book, 1127 ln(1 + f/700). [mel]"""
    return np.asarray(1127.0 * np.log1p(frequency_hz / 700.0), np.float64)


@lru_cache(maxsize=8)
def _filters(settings: Mfcc, length: int) -> Floats:
    """Triangles on the mel scale, as tf.signal.linear_to_mel_weight_matrix; none takes the mean. (bins, mel_count)"""
    bins = _mel(np.linspace(0.0, settings.sample_rate_hz / 2, length // 2 + 1))[1:, None]
    ends = _mel(np.array([settings.low_hz, settings.high_hz]))
    edges = np.linspace(ends[0], ends[1], settings.mel_count + 2)
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    weights = np.maximum(0.0, np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)))
    return np.asarray(np.pad(weights, ((1, 0), (0, 0))), np.float32)


@lru_cache(maxsize=8)
def _cosines(bands: int, coefficients: int) -> Floats:
    """Discrete cosine transform II over the square root of twice the number of bands. (bands, coefficients)"""
    angle = np.pi / bands * (np.arange(bands)[:, None] + 0.5) * np.arange(coefficients)
    return np.asarray(2.0 * np.cos(angle) / np.sqrt(2.0 * bands), np.float32)
