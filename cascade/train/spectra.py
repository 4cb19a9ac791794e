"""Other voices and rooms from the same log-mel spectra: shifted bands, another loudness, another tilt."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

BAND_SHIFT: Final = 2.0
"""Largest shift along the mel axis, in bands: a longer or shorter vocal tract."""
LOUDNESS_STEPS: Final = 12.0
"""Largest change of every band, in int8 steps."""
TILT_STEPS: Final = 14.0
"""Largest change of the lowest and, with the other sign, the highest band, in int8 steps."""
BLOCK: Final = 4096


def other_voices(inputs: npt.NDArray[np.int8], generator: np.random.Generator) -> npt.NDArray[np.int8]:
    """Each spectrum with a shift, a loudness and a tilt of its own. Same shape (n, frames, bands, 1)

    The shift is vocal tract length perturbation (Jaitly and Hinton, "Vocal Tract Length Perturbation (VTLP)
    improves speech recognition", ICML workshop 2013), linear on the mel axis.
    """
    result = np.empty_like(inputs)
    for first in range(0, len(inputs), BLOCK):
        part = slice(first, first + BLOCK)
        result[part] = _varied(inputs[part, :, :, 0].astype(np.float32), generator)[..., None]
    return result


def _varied(spectra: npt.NDArray[np.float32], generator: np.random.Generator) -> npt.NDArray[np.int8]:
    count, _, bands = spectra.shape
    sizes = (BAND_SHIFT, LOUDNESS_STEPS, TILT_STEPS)
    shift, loudness, tilt = [generator.uniform(-size, size, (count, 1)) for size in sizes]
    place = np.clip(np.arange(bands) + shift, 0, bands - 1)
    low = np.minimum(place.astype(np.int64), bands - 2)
    part = (place - low).astype(np.float32)[:, None, :]
    below = np.take_along_axis(spectra, low[:, None, :], axis=2)
    above = np.take_along_axis(spectra, low[:, None, :] + 1, axis=2)
    change = loudness + tilt * np.linspace(-1, 1, bands)
    varied = below + part * (above - below) + change.astype(np.float32)[:, None, :]
    whole: npt.NDArray[np.int8] = np.clip(np.rint(varied), -128, 127).astype(np.int8)
    return whole
