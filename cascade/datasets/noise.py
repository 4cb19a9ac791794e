"""Synthesized sounds that are not speech, each of root mean square 1: noises, hum, knocks, music-like tones."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float32]
LOWEST_HZ: Final = 20.0
"""Below this frequency coloured noise stays flat; a microphone hears nothing there."""
RATE_FOR_LOWEST_HZ: Final = 16_000.0
SEMITONE: Final = 2 ** (1 / 12)
SCALE: Final = (0, 2, 4, 5, 7, 9, 11, 12)
"""Semitones of a major scale."""


def unit(sound: npt.NDArray[np.floating]) -> Sound:
    """The sound at root mean square 1; silence stays silent."""
    level = float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))) if len(sound) else 0.0
    return (sound / level if level > 0 else sound).astype(np.float32)


def coloured(generator: np.random.Generator, count: int, slope: float) -> Sound:
    """Noise whose power falls with frequency to the given power: 0 white, 1 pink, 2 brown. Shape (count,)"""
    white = generator.standard_normal(count, dtype=np.float32)
    if slope == 0:
        return unit(white)
    frequency = np.maximum(np.fft.rfftfreq(count), LOWEST_HZ / RATE_FOR_LOWEST_HZ).astype(np.float32)
    return unit(np.fft.irfft(np.fft.rfft(white) * frequency ** np.float32(-slope / 2), count))


def hum(generator: np.random.Generator, count: int, rate_hz: int) -> Sound:
    """Mains hum: 50 or 60 Hz and its harmonics. Shape (count,)"""
    base_hz = 50.0 if generator.random() < 0.5 else 60.0
    time_s = np.arange(count) / rate_hz
    total = np.zeros(count)
    for harmonic in range(1, 12):
        amplitude = generator.uniform(0.2, 1.0) / harmonic
        total += amplitude * np.sin(2 * np.pi * (base_hz * harmonic * time_s + generator.random()))
    return unit(total)


def knocks(generator: np.random.Generator, count: int, rate_hz: int) -> Sound:
    """Short decaying bursts at irregular moments, as of dishes and doors. Shape (count,)"""
    total = np.zeros(count)
    length = rate_hz // 5
    decay = np.exp(-np.arange(length) / (rate_hz * generator.uniform(0.005, 0.04)))
    for start in generator.integers(0, max(1, count - length), size=max(1, count // rate_hz)):
        tone_hz = generator.uniform(150, 5_000)
        ring = np.sin(2 * np.pi * tone_hz * np.arange(length) / rate_hz) + generator.standard_normal(length)
        total[start : start + length] += (ring * decay)[: count - start] * generator.uniform(0.3, 1.0)
    return unit(total)


def music(generator: np.random.Generator, count: int, rate_hz: int) -> Sound:
    """Chords and a melody of decaying harmonic tones. Shape (count,)"""
    total = np.zeros(count, dtype=np.float32)
    beat = int(rate_hz * generator.uniform(0.2, 0.5))
    root_hz = generator.uniform(110, 330)
    fullness = int(generator.integers(2, 6))
    time_s = (np.arange(3 * beat) / rate_hz).astype(np.float32)
    attack = np.minimum(np.float32(1.0), time_s * np.float32(100.0))
    for start in range(0, count, beat):
        length = min(3 * beat, count - start)
        envelope = attack * np.exp(time_s * np.float32(-generator.uniform(1.5, 6.0)))
        for _ in range(int(generator.integers(1, 4))):
            step = SCALE[int(generator.integers(len(SCALE)))] + 12 * int(generator.integers(0, 2))
            tone = harmonics(root_hz * SEMITONE**step, fullness, time_s, rate_hz)
            total[start : start + length] += (tone * envelope)[:length]
    return unit(total)


def harmonics(tone_hz: float, count: int, time_s: Sound, rate_hz: int) -> Sound:
    """A tone with its overtones below half the sample rate, each the weaker the higher it is. Same shape"""
    phase = time_s * np.float32(2 * np.pi * tone_hz)
    heard = min(count, int(rate_hz / 2 / tone_hz))
    total = np.zeros_like(phase)
    for number in range(1, heard + 1):
        total += np.sin(phase * np.float32(number)) / np.float32(number)
    return total


def swelling(generator: np.random.Generator, count: int, rate_hz: int) -> Sound:
    """A slowly changing loudness of mean about 1, to multiply a steady noise with. Shape (count,)"""
    knots = generator.uniform(-6, 6, size=count // rate_hz + 2)
    level_db = np.interp(np.arange(count) / rate_hz, np.arange(len(knots)), knots)
    return (10 ** (level_db / 20)).astype(np.float32)


def room(generator: np.random.Generator, sound: Sound, rate_hz: int) -> Sound:
    """The sound in a small room: itself and an exponentially decaying tail. Same shape"""
    decay_s = generator.uniform(0.03, 0.12)
    tail = generator.standard_normal(int(rate_hz * 3 * decay_s), dtype=np.float32)
    fading = np.exp(-np.arange(len(tail)) / (rate_hz * decay_s)) * generator.uniform(0.02, 0.12)
    tail *= fading.astype(np.float32)
    tail[0] = 1.0
    size = len(sound) + rate_hz  # long enough for the tail, and a length that the transform is quick at
    wet = np.fft.irfft(np.fft.rfft(sound.astype(np.float32), size) * np.fft.rfft(tail, size), size)[: len(sound)]
    return wet.astype(np.float32)
