"""Log-mel spectra, frame by frame, in the order in which a device computes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class LogMel:
    """The constants of the audio front end; every user of the features takes them from one such value."""

    sample_rate_hz: int = 16_000
    frame_length: int = 512
    """Samples in a frame, a power of two: it is also the length of the Fourier transform."""
    frame_hop: int = 400
    mel_count: int = 32
    low_hz: float = 80.0
    high_hz: float = 7_600.0
    floor_db: float = -90.0
    """Band level that becomes feature 0; a full-scale sine is 0 dB."""
    ceiling_db: float = 0.0
    """Band level that becomes feature 1."""

    def frame_count(self, sample_count: int) -> int:
        """Whole frames in a recording. [frames]"""
        return max(0, 1 + (sample_count - self.frame_length) // self.frame_hop)

    def sample_count(self, frame_count: int) -> int:
        """Samples that a number of frames spans. [samples]"""
        return self.frame_length + (frame_count - 1) * self.frame_hop

    def features(self, pcm: npt.NDArray[np.int16], block_frames: int = 4096) -> npt.NDArray[np.float32]:
        """Log-mel features of a recording, 0 to 1. Shape (frames, mel_count)

        Each frame depends on its own samples only, so a stream computes a frame once and every
        window that holds the frame reuses it.
        """
        frame_count = self.frame_count(len(pcm))
        result = np.empty((frame_count, self.mel_count), dtype=np.float32)
        bank = mel_filterbank(self)
        hann = hann_window(self.frame_length)
        offsets = np.arange(self.frame_length)
        for first in range(0, frame_count, block_frames):
            starts = np.arange(first, min(first + block_frames, frame_count)) * self.frame_hop
            frames = pcm[starts[:, None] + offsets[None, :]].astype(np.float32) / np.float32(32_768)
            result[first : first + len(starts)] = self.scale(power_spectrum(frames * hann) @ bank)
        return result

    def scale(self, band_power: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Band power as a feature: decibels between floor and ceiling, 0 to 1. Same shape"""
        level_db: npt.NDArray[np.float64] = 10 * np.log10(np.maximum(band_power, np.float32(1e-12)))
        feature = (level_db - self.floor_db) / (self.ceiling_db - self.floor_db)
        clipped: npt.NDArray[np.float32] = np.clip(feature, 0, 1).astype(np.float32)
        return clipped


def hann_window(length: int) -> npt.NDArray[np.float32]:
    """Periodic Hann window. Shape (length,)"""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)


def power_spectrum(frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Power of each frequency of windowed frames; a full-scale sine on a bin is 1. (frames, length/2 + 1)

    The factor is that of the Hann window, whose mean is one half: amplitude = |X| * 4 / length.
    """
    spectrum = np.fft.rfft(frames, axis=-1)
    power = (spectrum.real**2 + spectrum.imag**2) * (4.0 / frames.shape[-1]) ** 2
    single: npt.NDArray[np.float32] = power.astype(np.float32)
    return single


def hz_to_mel(frequency_hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Frequency on the mel scale of O'Shaughnessy, 2595 log10(1 + f/700). [mel]"""
    return 2595.0 * np.log10(1.0 + np.asarray(frequency_hz, dtype=np.float64) / 700.0)


def mel_to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Frequency of a point on the mel scale. [Hz]"""
    return 700.0 * (10.0 ** (np.asarray(mel, dtype=np.float64) / 2595.0) - 1.0)


def mel_filterbank(settings: LogMel) -> npt.NDArray[np.float32]:
    """Triangular filters of height 1, evenly spaced on the mel scale. (frame_length/2 + 1, mel_count)"""
    bin_hz = np.arange(settings.frame_length // 2 + 1) * (settings.sample_rate_hz / settings.frame_length)
    limits = hz_to_mel(np.array([settings.low_hz, settings.high_hz]))
    edges_hz = mel_to_hz(np.linspace(limits[0], limits[1], settings.mel_count + 2))
    low_hz, centre_hz, high_hz = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    rising = (bin_hz[:, None] - low_hz) / (centre_hz - low_hz)
    falling = (high_hz - bin_hz[:, None]) / (high_hz - centre_hz)
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
