"""From a stream of a sensor's raw samples to the inputs of two models: the arithmetic that stands in a manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.errors import DataError
from cascade.features.image import halve
from cascade.features.logmel import LogMel
from cascade.features.motion import MotionRange
from cascade.features.quantization import UNIT_RANGE
from cascade.runtime import stream_windows
from cascade.tflite import ModelFacts

Make = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]


@dataclass(frozen=True)
class Frames:
    """Features that remember what came before, so that a stream has one row after the other and windows share them."""

    features: Make
    """From the whole stream to rows."""
    length: int
    """Samples of a frame."""
    hop: int
    rows: int
    """Rows of one window."""


@dataclass(frozen=True)
class FrontEnd:
    """What lies between a stream and the two models."""

    sensor: str
    """audio, motion, frames or samples."""
    sample_rate_hz: float
    """Samples (or pictures) per second."""
    window: int
    """Samples of one window."""
    hop: int
    level_1: Make
    """From windows (n, window, ...), or from rows of frames, to inputs of level 1."""
    level_2: Make
    frames: tuple[Frames | None, Frames | None] = (None, None)
    """Rows made of the stream before there are windows, by level."""
    constants: Mapping[str, Any] = field(default_factory=dict)
    """What the firmware needs to compute the same."""

    def count(self, sample_count: int) -> int:
        """Whole windows in a stream. [windows]"""
        return 0 if sample_count < self.window else (sample_count - self.window) // self.hop + 1

    def windows(self, level: int, stream: npt.NDArray[Any], chosen: npt.NDArray[np.int64] | None = None
                ) -> Iterator[npt.NDArray[Any]]:
        """Windows of a level: all of them through a ring buffer, or the chosen ones."""
        frames = self.frames[level - 1]
        if frames is None and chosen is None:
            yield from stream_windows(stream, self.window, self.hop)
            return
        rows = stream if frames is None else frames.features(stream)
        for index in range(self.count(len(stream))) if chosen is None else chosen.tolist():
            if frames is None:
                yield rows[index * self.hop : index * self.hop + self.window]
            else:
                end = (index * self.hop + self.window - frames.length) // frames.hop + 1
                yield rows[end - frames.rows : end]


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

    return FrontEnd("audio", settings.sample_rate_hz, window, hop, made, made, constants=features)


def _motion(features: Mapping[str, Any], facts: tuple[ModelFacts, ModelFacts]) -> FrontEnd:
    scale = MotionRange(**features["range"])
    window = features["window"]

    def made(axes: int) -> Make:
        return lambda windows: UNIT_RANGE.to_int8(scale.features(windows))[:, :, None, :axes]

    first, second = (one.input.shape[-1] for one in facts)
    return FrontEnd("motion", window["sample_rate_hz"], window["length"], window["hop"], made(first), made(second),
                    constants=features)


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
    return FrontEnd("samples", rate_hz, window, hop, lambda windows: windows, lambda windows: windows,
                    constants={"window": {"length": window, "hop": hop, "rate_hz": rate_hz}})
