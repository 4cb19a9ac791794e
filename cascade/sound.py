"""The sound features of models of one's own: by name, or from a file, fitted to what the models take."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.errors import DataError
from cascade.features.logmel import LogMel
from cascade.features.mfcc import Mfcc
from cascade.features.micro_frontend import MicroFrontend, to_int8
from cascade.front_end import Frames, FrontEnd, Make
from cascade.tflite import ModelFacts

MICRO_STEP = np.float32(10 / 256)
"""Real value of one step of the micro front end, as its models are trained."""
STREAMING_HOP = 160
"""Samples between frames of microWakeWord; micro_speech takes 320."""
HOPS_PER_WINDOW = 4
Sound = LogMel | Mfcc | MicroFrontend
KINDS: dict[str, type[Sound]] = {"log_mel": LogMel, "mfcc": Mfcc, "micro": MicroFrontend}


def sound(texts: tuple[str, str], facts: tuple[ModelFacts, ModelFacts], window: int | None = None,
          hop: int | None = None) -> FrontEnd:
    """The front end of two models of one's own; `texts` name the features of each: micro, mfcc, log_mel, a .json file.

    The window holds the rows that the models take; the hop is that of the new rows of a streaming model, and a quarter
    of the window where nothing else is said.
    """
    settings = tuple(_settings(text, one) for text, one in zip(texts, facts, strict=True))
    rates = {one.sample_rate_hz for one in settings}
    if len(rates) > 1:
        raise DataError(f"the two levels' features take different rates: {', '.join(f'{one} Hz' for one in rates)}")
    rate, rows = rates.pop(), tuple(_rows(one, model) for one, model in zip(settings, facts, strict=True))
    needed = max(one.frame_length + (count - 1) * one.frame_hop for one, count in zip(settings, rows, strict=True))
    if window is None:
        # One second where that holds the same frames: the clips that such models are trained on.
        whole = all(one.frame_count(rate) == count for one, count in zip(settings, rows, strict=True))
        window = rate if whole else needed
    if window < needed:
        raise DataError(f"--window {window}: the models take {needed} samples")
    hop = hop or _hop(settings, rows, facts, window)
    frames: list[Frames | None] = []
    makes = []
    for one, count, model in zip(settings, rows, facts, strict=True):
        if isinstance(one, MicroFrontend):
            if hop % one.frame_hop:
                raise DataError(f"--hop {hop}: no multiple of the {one.frame_hop} samples between frames")
            frames.append(Frames(one.features, one.frame_length, one.frame_hop, count))
        else:
            frames.append(None)
        makes.append(_make(one, count, model))
    constants = {f"level{number}_features": {"kind": _kind(one), **asdict(one)}
                 for number, one in enumerate(settings, 1)}
    return FrontEnd("audio", rate, window, hop, makes[0], makes[1], (frames[0], frames[1]),
                    {"window": {"length": window, "hop": hop, "rate_hz": rate}, **constants})


def _settings(text: str, facts: ModelFacts) -> Sound:
    """Features by name or from a file."""
    given: dict[str, Any] = {"kind": text}
    if text.endswith(".json"):
        try:
            given = json.loads(Path(text).read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise DataError(f"{text}: cannot be read as JSON: {problem}") from None
        if not isinstance(given, dict):
            raise DataError(f'{text}: features are one map, such as {{"kind": "mfcc", "frame_length": 640}}')
    kind = str(given.pop("kind", "")).replace("-", "_")
    if kind not in KINDS:
        raise DataError(f"features are micro, mfcc, log_mel, none, or a .json file with one of them as `kind`; got "
                        f"{kind or text!r}")
    if kind == "micro" and facts.has_state:
        given = {"frame_hop": STREAMING_HOP, **given}
    known = {one.name for one in fields(KINDS[kind])}
    unknown = sorted(set(given) - known)
    if unknown:
        raise DataError(f"{text}: {kind} has no {unknown[0]}; it has {', '.join(sorted(known))}")
    try:
        return KINDS[kind](**given)
    except TypeError as problem:
        raise DataError(f"{text}: {problem}") from None


def _kind(settings: Sound) -> str:
    return next(name for name, one in KINDS.items() if isinstance(settings, one))


def _columns(settings: Sound) -> int:
    if isinstance(settings, Mfcc):
        return settings.coefficient_count
    return settings.channel_count if isinstance(settings, MicroFrontend) else settings.mel_count


def _rows(settings: Sound, facts: ModelFacts) -> int:
    """Rows of features that a model takes at once. [rows]"""
    columns, count = _columns(settings), facts.input.element_count
    if count % columns or (columns not in facts.input.shape and len(facts.input.shape) > 2):
        raise DataError(f"{facts.file} takes {list(facts.input.shape)}; {_kind(settings)} gives rows of {columns}")
    return count // columns


def _hop(settings: tuple[Sound, ...], rows: tuple[int, ...], facts: tuple[ModelFacts, ...], window: int) -> int:
    streaming = [one.frame_hop * count for one, count, model in zip(settings, rows, facts, strict=True)
                 if model.has_state]
    if streaming:
        return min(streaming)
    step = max(one.frame_hop for one in settings)
    return max(step, window // HOPS_PER_WINDOW // step * step)


def _make(settings: Sound, rows: int, facts: ModelFacts) -> Make:
    """From windows of samples, or of rows, to the model's input; real values are quantized by the model's own scale."""
    shape = facts.input.shape[1:]
    if isinstance(settings, MicroFrontend):
        def shaped(windows: npt.NDArray[Any]) -> npt.NDArray[Any]:
            found = to_int8(windows) if facts.input.dtype == "int8" else windows.astype(np.float32) * MICRO_STEP
            return found.reshape(len(windows), *shape)

        return shaped
    needed = settings.frame_length + (rows - 1) * settings.frame_hop
    own = settings.sample_rate_hz if settings.frame_count(settings.sample_rate_hz) == rows else needed

    def made(windows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if windows.dtype != np.int16:
            raise DataError(f"sound is 16-bit numbers (int16), got {windows.dtype}")
        last = windows[:, max(0, windows.shape[1] - own) :]
        return np.stack([settings.features(one)[-rows:] for one in last]).reshape(len(windows), *shape)

    return made
