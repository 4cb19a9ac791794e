"""The Fourier transform of KISS FFT in 16-bit fixed point, as TensorFlow Lite Micro's front end builds it.

Every stage divides by its radix with rounding, so nothing overflows and the result is 1/length of the spectrum. After
kissfft (Mark Borgerding, BSD-3-Clause), FIXED_POINT=16: kiss_fft.c and tools/kiss_fftr.c.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
"""Numbers of 16 bits; their products, of which one factor lies on the unit circle, fit into 32."""
Pair = tuple[Ints, Ints]

FRACTION_BITS = 15
LARGEST = 32_767


def real_fft(samples: npt.NDArray[np.integer]) -> Pair:
    """(real, imaginary) of frames of int16 numbers, length a power of two. Shape (frames, length / 2 + 1)"""
    given: Ints = samples.astype(np.int32)
    half = given.shape[1] // 2
    real, imaginary = _fft((given[:, ::2], given[:, 1::2]), half, 1)
    out_real = np.zeros((len(samples), half + 1), np.int32)
    out_imaginary = np.zeros_like(out_real)
    first = _divided((real[:, 0], imaginary[:, 0]), 2)
    out_real[:, 0], out_real[:, half] = _cut(first[0] + first[1]), _cut(first[0] - first[1])
    places = np.arange(1, half // 2 + 1)
    mirrored = half - places
    one = _divided((real[:, places], imaginary[:, places]), 2)
    other = _divided((real[:, mirrored], _cut(-imaginary[:, mirrored])), 2)
    total = (_cut(one[0] + other[0]), _cut(one[1] + other[1]))
    turned = _product((_cut(one[0] - other[0]), _cut(one[1] - other[1])), _real_twiddles(half))
    out_real[:, places] = _cut((total[0] + turned[0]) >> 1)
    out_imaginary[:, places] = _cut((total[1] + turned[1]) >> 1)
    out_real[:, mirrored] = _cut((total[0] - turned[0]) >> 1)
    out_imaginary[:, mirrored] = _cut((turned[1] - total[1]) >> 1)
    return out_real, out_imaginary


def _fft(values: Pair, length: int, stride: int) -> Pair:
    """Complex transform, radix 4 as long as it goes, then 2."""
    if length == 1:
        return values
    radix = 4 if length % 4 == 0 else 2
    step = length // radix
    parts = [_divided(_fft((values[0][:, start::radix], values[1][:, start::radix]), step, stride * radix), radix)
             for start in range(radix)]
    places = np.arange(step) * stride
    turned = [parts[0], *(_product(part, _twiddles(length * stride, number * places))
                          for number, part in enumerate(parts[1:], 1))]
    joined = _radix_4(turned) if radix == 4 else [_added(*turned), _taken(*turned)]
    return np.concatenate([one[0] for one in joined], axis=1), np.concatenate([one[1] for one in joined], axis=1)


def _radix_4(parts: list[Pair]) -> list[Pair]:
    zero, one, two, three = parts
    difference, total = _taken(zero, two), _added(zero, two)
    outer, inner = _added(one, three), _taken(one, three)
    return [_added(total, outer), (_cut(difference[0] + inner[1]), _cut(difference[1] - inner[0])),
            _taken(total, outer), (_cut(difference[0] - inner[1]), _cut(difference[1] + inner[0]))]


def _twiddles(length: int, places: npt.NDArray[np.int64]) -> Pair:
    phase = -2 * np.pi * np.arange(length) / length
    return _fixed(np.cos(phase))[places], _fixed(np.sin(phase))[places]


@lru_cache(maxsize=8)
def _real_twiddles(half: int) -> Pair:
    phase = -np.pi * ((np.arange(half // 2) + 1) / half + 0.5)
    return _fixed(np.cos(phase)), _fixed(np.sin(phase))


def _fixed(values: npt.NDArray[np.float64]) -> Ints:
    return np.floor(0.5 + LARGEST * values).astype(np.int32)


def _rounded(values: Ints) -> Ints:
    return _cut((values + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS)


def _product(value: Pair, factor: Pair) -> Pair:
    return (_rounded(value[0] * factor[0] - value[1] * factor[1]),
            _rounded(value[0] * factor[1] + value[1] * factor[0]))


def _divided(value: Pair, by: int) -> Pair:
    return _rounded(value[0] * (LARGEST // by)), _rounded(value[1] * (LARGEST // by))


def _added(one: Pair, other: Pair) -> Pair:
    return _cut(one[0] + other[0]), _cut(one[1] + other[1])


def _taken(one: Pair, other: Pair) -> Pair:
    return _cut(one[0] - other[0]), _cut(one[1] - other[1])


def _cut(values: Ints) -> Ints:
    """What an int16 keeps."""
    return values.astype(np.int16).astype(np.int32)
