"""Inputs and labels for making variants of a model: a part to fit and calibrate on, and a part held out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.data import read_data
from cascade.errors import DataError

HELD_OUT_FRACTION = 0.25
FEWEST_REPRESENTATIVE = 32
"""Fewer samples leave the ranges of the activations to chance."""
REPRESENTATIVE_COUNT = 200


@dataclass(frozen=True)
class Material:
    """Real-valued inputs with class numbers."""

    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.int64]
    x_held: npt.NDArray[np.float32]
    y_held: npt.NDArray[np.int64]
    representative: npt.NDArray[np.float32]

    @property
    def calibration(self) -> dict[str, Any]:
        """What full int8 was calibrated on: how many samples, and a hash of their numbers."""
        content = np.ascontiguousarray(self.representative, np.float32)
        return {"samples": len(content), "sha256": hashlib.sha256(content.tobytes()).hexdigest()}

    @property
    def class_count(self) -> int:
        """Classes. [count]"""
        return int(max(self.y.max(), self.y_held.max())) + 1


def real(inputs: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Inputs as real numbers: pixels and the int8 numbers of the shipped cascades stand for 0 to 1. Same shape"""
    if inputs.dtype == np.uint8:
        return inputs.astype(np.float32) / np.float32(255)
    if inputs.dtype == np.int8:
        return (inputs.astype(np.float32) + 128) / np.float32(255)
    if inputs.dtype.kind != "f":
        raise DataError(f"inputs must be floating point, uint8 or int8, got {inputs.dtype}")
    return inputs.astype(np.float32)


def material(path: Path, seed: int, representative: int = REPRESENTATIVE_COUNT, allow_few: bool = False,
             level: int = 1, positive: str | None = None) -> Material:
    """Three quarters of the clips to fit on, the rest held out; whole clips, so that no clip is in both."""
    data = read_data(path)
    inputs = real(data.input_1 if level == 1 else data.input_2)
    if positive is not None:
        classes = (data.label.astype(str) == positive).astype(np.int64)
    elif data.label.dtype.kind in "iu":
        classes = data.label.astype(np.int64)
    else:
        classes = np.unique(data.label, return_inverse=True)[1].astype(np.int64)
    if classes.min() < 0 or len(np.unique(classes)) < 2:
        raise DataError(f"{path}: labels must name at least two classes, from 0")
    clips = np.arange(len(classes)) if data.clip_id is None else np.unique(data.clip_id, return_inverse=True)[1]
    order = np.random.default_rng(seed).permutation(int(clips.max()) + 1)
    held = np.isin(clips, order[: max(1, round(HELD_OUT_FRACTION * len(order)))])
    return _checked(inputs[~held], classes[~held], inputs[held], classes[held], seed, representative, allow_few)


def _checked(x: npt.NDArray[np.float32], y: npt.NDArray[np.int64], x_held: npt.NDArray[np.float32],
             y_held: npt.NDArray[np.int64], seed: int, representative: int, allow_few: bool) -> Material:
    if not len(x) or not len(x_held):
        raise DataError("there are too few clips to hold some out")
    rows = np.sort(np.random.default_rng(seed).permutation(len(x))[:representative])
    if len(rows) < FEWEST_REPRESENTATIVE and not allow_few:
        raise DataError(f"{len(rows)} representative samples; full int8 needs at least {FEWEST_REPRESENTATIVE}, or "
                        "--allow-few where you know better")
    return Material(x, y, x_held, y_held, x[rows])
