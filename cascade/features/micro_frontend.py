"""The audio front end of TensorFlow Lite Micro in its own integer arithmetic, bit for bit.

micro_speech, microWakeWord and ESPHome feed their models with it: a 16-bit window, a fixed-point Fourier transform,
40 mel bands, noise reduction that remembers, automatic gain (PCAN), a logarithm by table. Ported by its rules from
tensorflow/lite/experimental/microfrontend/lib (Apache-2.0); every step is the integer arithmetic of a device.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from cascade.features.fixed_fft import real_fft

Ints = npt.NDArray[np.int64]
_F = np.float32

WINDOW_BITS, FILTER_BITS, NOISE_BITS = 12, 12, 14
SNR_BITS, OUTPUT_BITS, GAIN_INTERVALS = 12, 6, 32
LOG_BITS, SEGMENT_BITS, LOG_COEFFICIENT = 16, 7, 45_426
"""The last is ln 2 in 16 bits."""
WORD = 0xFFFF_FFFF
BLOCK_FRAMES = 1024
MODEL_SCALE = 256
MODEL_DIVISOR = 666
"""25.6 times 26, rounded, as in micro_speech and in ESPHome: features of 0 to 670 become int8."""


@dataclass(frozen=True)
class MicroFrontend:
    """Its constants; the defaults are those of micro_speech and, with a hop of 160, of microWakeWord."""

    sample_rate_hz: int = 16_000
    frame_length: int = 480
    frame_hop: int = 320
    channel_count: int = 40
    low_hz: float = 125.0
    high_hz: float = 7_500.0
    even_smoothing: float = 0.025
    odd_smoothing: float = 0.06
    least_remaining: float = 0.05
    """Part of the signal that noise reduction leaves."""
    smoothing_bits: int = 10
    gain: bool = True
    """Whether PCAN evens out the loudness."""
    gain_strength: float = 0.95
    gain_offset: float = 80.0
    gain_bits: int = 21
    log_shift: int = 6

    @property
    def fft_length(self) -> int:
        """Power of two that holds a frame. [samples]"""
        return 1 << (self.frame_length - 1).bit_length()

    @property
    def correction_bits(self) -> int:
        """Shift before the logarithm, for the gain of the transform. [bits]"""
        return self.fft_length.bit_length() - 1 - FILTER_BITS // 2

    def frame_count(self, sample_count: int) -> int:
        """Whole frames in a recording. [frames]"""
        return max(0, 1 + (sample_count - self.frame_length) // self.frame_hop)

    def features(self, pcm: npt.NDArray[np.int16]) -> npt.NDArray[np.uint16]:
        """Features of a recording from its first sample on, as the noise estimate remembers. (frames, channels)"""
        count = self.frame_count(len(pcm))
        if not count:
            return np.empty((0, self.channel_count), np.uint16)
        bands = [self._bands(pcm[starts[:, None] + np.arange(self.frame_length)].astype(np.int64))
                 for starts in np.split(np.arange(count) * self.frame_hop, range(BLOCK_FRAMES, count, BLOCK_FRAMES))]
        signal, estimate = self._noise_reduced(np.concatenate(bands))
        if self.gain:
            signal = self._gained(signal, estimate)
        raised = signal << max(0, self.correction_bits) >> max(0, -self.correction_bits)
        return _logarithm(raised & WORD, self.log_shift)

    def _bands(self, frames: Ints) -> Ints:
        """Square root of the energy in every mel band. (frames, channels)"""
        windowed = _int16((frames * _window(self.frame_length)) >> WINDOW_BITS)
        loudest = np.where(windowed < 0, _int16(-windowed), windowed).max(axis=1).clip(0)
        shift = 15 - _bit_length(loudest)
        padded = np.zeros((len(frames), self.fft_length), np.int64)
        padded[:, : self.frame_length] = _int16(windowed << shift[:, None])
        real, imaginary = real_fft(padded)
        energy = np.square(real, dtype=np.float64) + np.square(imaginary, dtype=np.float64)
        # Whole numbers below 2**53: exact, and far faster than products of integers.
        return _rounded_root((energy @ _filters(self).T).astype(np.int64)) >> shift[:, None]

    def _noise_reduced(self, bands: Ints) -> tuple[Ints, Ints]:
        """(signal less the noise, the running estimate of the noise), frame by frame."""
        smoothing = np.where(np.arange(self.channel_count) % 2 == 0, _share(self.even_smoothing),
                             _share(self.odd_smoothing))
        raised = (bands << self.smoothing_bits) & WORD
        estimates = np.empty_like(bands)
        running = np.zeros(self.channel_count, np.int64)
        for number, one in enumerate(raised):
            running = ((one * smoothing + running * ((1 << NOISE_BITS) - smoothing)) >> NOISE_BITS) & WORD
            estimates[number] = running
        left = (raised - np.minimum(estimates, raised)) >> self.smoothing_bits
        return np.maximum(left, (bands * _share(self.least_remaining)) >> NOISE_BITS), estimates

    def _gained(self, signal: Ints, estimate: Ints) -> Ints:
        """Signal over the loudness of its band, compressed (Wang et al., per-channel energy normalization, 2017)."""
        snr = (signal * _wide_function(estimate, _gain_table(self))) >> (
            self.gain_bits - self.correction_bits - SNR_BITS)
        snr &= WORD
        small = (snr * snr & WORD) >> (2 + 2 * SNR_BITS - OUTPUT_BITS)
        large = ((snr >> (SNR_BITS - OUTPUT_BITS)) - (1 << OUTPUT_BITS)) & WORD
        return np.where(snr < (2 << SNR_BITS), small, large)


def to_int8(features: npt.NDArray[np.uint16]) -> npt.NDArray[np.int8]:
    """Features as the firmware of micro_speech and ESPHome gives them to a model. Same shape"""
    stored = (features.astype(np.int64) * MODEL_SCALE + MODEL_DIVISOR // 2) // MODEL_DIVISOR - 128
    return np.clip(stored, -128, 127).astype(np.int8)


def _share(value: float) -> int:
    return int(np.float32(value) * np.float32(1 << NOISE_BITS))


def _int16(values: Ints) -> Ints:
    """What an int16 keeps of them."""
    return values.astype(np.int16).astype(np.int64)


def _bit_length(values: Ints) -> Ints:
    """Place of the highest bit, from 1; 0 for 0. Same shape"""
    return np.frexp(values.astype(np.float64))[1].astype(np.int64)


@lru_cache(maxsize=8)
def _window(length: int) -> Ints:
    """Hann window in 12 bits, computed in single precision as the device does."""
    place = (_F(np.pi * 2.0 / length) * (np.arange(length, dtype=_F) + _F(0.5))).astype(_F)
    value = _F(0.5) - _F(0.5) * np.cos(place.astype(np.float64)).astype(_F)
    stored: Ints = np.floor(value * _F(1 << WINDOW_BITS) + _F(0.5)).astype(np.int64)
    return stored


def _mel(frequency_hz: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Mel of frequencies in single precision. [mel]"""
    ratio = (frequency_hz / _F(700.0)).astype(np.float64)
    return np.asarray(_F(1127.0) * np.log1p(ratio).astype(_F), _F)


@lru_cache(maxsize=8)
def _filters(settings: MicroFrontend) -> npt.NDArray[np.float64]:
    """Weight of every bin of the spectrum in every band: falling in one band and rising in the next. (bands, bins)"""
    bins = settings.fft_length // 2 + 1
    hz_per_bin = np.float32(0.5 * settings.sample_rate_hz / np.float32(bins - 1))
    low, high = _mel(np.array([settings.low_hz, settings.high_hz], _F))
    spacing = np.float32((high - low) / np.float32(settings.channel_count + 1))
    centres = (low + spacing * np.arange(1, settings.channel_count + 2, dtype=np.float32)).astype(np.float32)
    first = int(1.5 + settings.low_hz / float(hz_per_bin))
    mel = _mel(np.arange(bins, dtype=np.float32) * hz_per_bin)
    found = np.zeros((settings.channel_count + 2, bins), np.int64)
    band = np.searchsorted(centres, mel, side="left")
    for place in range(first, bins):
        number = int(band[place])
        if number > settings.channel_count:
            break
        before = low if number == 0 else centres[number - 1]
        weight = np.float32((centres[number] - mel[place]) / (centres[number] - before))
        # A bin counts for its own band by what is left to the centre, for the next one by the rest.
        found[number, place] += int(np.floor(float(weight) * (1 << FILTER_BITS) + 0.5))
        found[number + 1, place] += int(np.floor((1.0 - float(weight)) * (1 << FILTER_BITS) + 0.5))
    return found[1 : settings.channel_count + 1].astype(np.float64)


def _rounded_root(values: Ints) -> Ints:
    """Square root, rounded to the nearest. Same shape"""
    root = np.sqrt(values.astype(np.float64)).astype(np.int64)
    root -= root * root > values
    root += (root + 1) * (root + 1) <= values
    top = np.where(values >> 32 == 0, 0xFFFF, WORD)
    return np.asarray(root + ((values - root * root > root) & (root != top)), np.int64)


@lru_cache(maxsize=8)
def _gain_table(settings: MicroFrontend) -> tuple[int, ...]:
    """Gain over the noise estimate: two values, then by power of two a value and two coefficients of a parabola."""
    input_bits = settings.smoothing_bits - settings.correction_bits

    def gain(at: int) -> int:
        level = np.float32(at) / np.float32(1 << input_bits) + np.float32(settings.gain_offset)
        value = np.float32(1 << settings.gain_bits) * np.power(level, -np.float32(settings.gain_strength))
        return 0x7FFF if value > 0x7FFF else int(np.float32(value + np.float32(0.5)))

    table = [gain(0), gain(1)]
    for interval in range(2, GAIN_INTERVALS + 1):
        start = 1 << (interval - 1)
        end = start + start - 1 if interval == GAIN_INTERVALS else 2 * start
        first, middle, last = gain(start), gain(start + (start >> 1)), gain(end)
        slope = 4 * (middle - first) - (last - first)
        table += [first, int(np.int16(slope)), int(np.int16(last - first - slope)), 0]
    return tuple(table)


def _wide_function(values: Ints, table: tuple[int, ...]) -> Ints:
    """A function of 32-bit numbers by its table of parabolas. Same shape"""
    listed = np.array(table, np.int64)
    interval = _bit_length(values)
    place = np.clip(4 * interval - 6, 0, len(listed) - 4)
    part = np.where(interval < 11, values << np.clip(11 - interval, 0, 11), values >> np.clip(interval - 11, 0, 32))
    part &= 0x3FF
    result = ((listed[place + 2] * part) >> 5) + (listed[place + 1] << 5)
    curved = ((result * part + (1 << 14)) >> 15) + listed[place]
    return np.where(values <= 2, listed[np.clip(values, 0, 2)], _int16(curved))


@lru_cache(maxsize=1)
def _log_table() -> Ints:
    """log2(1 + x) - x at 129 points, in 16 bits."""
    part = np.arange((1 << SEGMENT_BITS) + 1) / (1 << SEGMENT_BITS)
    return np.rint((np.log2(1 + part) - part) * (1 << LOG_BITS)).astype(np.int64)


def _logarithm(values: Ints, shift: int) -> npt.NDArray[np.uint16]:
    """Natural logarithm times two to the shift, by table. Same shape"""
    whole = _bit_length(np.maximum(values, 1)) - 1
    part = values - (1 << whole)
    part = np.where(whole < LOG_BITS, part << np.clip(LOG_BITS - whole, 0, LOG_BITS),
                    part >> np.clip(whole - LOG_BITS, 0, 32))
    segment = np.clip(part >> (LOG_BITS - SEGMENT_BITS), 0, (1 << SEGMENT_BITS) - 1)
    start = _log_table()[segment]
    base = segment << (LOG_BITS - SEGMENT_BITS)
    bent = part + start + (((_log_table()[segment + 1] - start) * (part - base)) >> LOG_BITS)
    natural = (LOG_COEFFICIENT * ((whole << LOG_BITS) + bent) + (1 << (LOG_BITS - 1))) >> LOG_BITS
    scaled = ((natural << shift) + (1 << (LOG_BITS - 1))) >> LOG_BITS
    return np.where(values > 1, np.minimum(scaled, 0xFFFF), 0).astype(np.uint16)
