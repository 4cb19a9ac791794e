"""From a window of a sensor's raw samples to a model's input: the arithmetic that stands in a manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.errors import DataError
from cascade.features.image import halve
from cascade.features.logmel import LogMel
from cascade.features.motion import MotionRange
from cascade.features.quantization import UNIT_RANGE
from cascade.tflite import ModelFacts

Make = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]


@dataclass(frozen=True)
class FrontEnd:
    """What lies between a stream and the two models."""

    sensor: str
    """audio, motion or frames."""
    sample_rate_hz: float
    """Samples (or pictures) per second."""
    window: int
    """Samples of one window."""
    hop: int
    level_1: Make
    """From windows (n, window, ...) to inputs of level 1."""
    level_2: Make


def front_end(manifest: Mapping[str, Any], facts: tuple[ModelFacts, ModelFacts],
              picture_rate_hz: float | None = None) -> FrontEnd:
    """The front end of a shipped cascade. Pictures have no rate of their own."""
    features = manifest["features"]
    if "log_mel" in features:
        return _audio(features, facts)
    if "range" in features:
        return _motion(features, facts)
    return _frames(facts, picture_rate_hz)


def _audio(features: Mapping[str, Any], facts: tuple[ModelFacts, ModelFacts]) -> FrontEnd:
    settings = LogMel(**{one.name: features["log_mel"][one.name] for one in fields(LogMel)})
    window, hop = int(features["window"]["length"]), int(features["window"]["hop"])
    if settings.frame_count(window) != facts[0].input.shape[1] or hop % settings.frame_hop:
        raise DataError("the window of the manifest does not give the frames that level 1 takes")

    def made(windows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        spectra = np.stack([settings.features(one) for one in windows])
        return UNIT_RANGE.to_int8(spectra)[..., None]

    return FrontEnd("audio", settings.sample_rate_hz, window, hop, made, made)


def _motion(features: Mapping[str, Any], facts: tuple[ModelFacts, ModelFacts]) -> FrontEnd:
    scale = MotionRange(**features["range"])
    window = features["window"]

    def made(axes: int) -> Make:
        return lambda windows: UNIT_RANGE.to_int8(scale.features(windows))[:, :, None, :axes]

    first, second = (one.input.shape[-1] for one in facts)
    return FrontEnd("motion", window["sample_rate_hz"], window["length"], window["hop"], made(first), made(second))


def _frames(facts: tuple[ModelFacts, ModelFacts], rate_hz: float | None) -> FrontEnd:
    if rate_hz is None:
        raise DataError("pictures need their rate: give --rate, in pictures per second")

    def made(height: int) -> Make:
        def scaled(windows: npt.NDArray[Any]) -> npt.NDArray[Any]:
            pictures = windows[:, 0]
            if pictures.dtype != np.uint8 or pictures.ndim != 3:
                raise DataError(f"pictures are grey uint8 of shape (count, height, width), got {windows.shape[2:]}")
            smaller = halve(pictures) if pictures.shape[1] == 2 * height else pictures
            return (smaller.astype(np.int16) - 128).astype(np.int8)[..., None]

        return scaled

    first, second = (one.input.shape[1] for one in facts)
    return FrontEnd("frames", rate_hz, 1, 1, made(first), made(second))


def plain(window: int, hop: int, rate_hz: float) -> FrontEnd:
    """A front end that gives the models the raw windows."""
    return FrontEnd("samples", rate_hz, window, hop, lambda windows: windows, lambda windows: windows)
