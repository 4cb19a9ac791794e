"""How often the numbers of a quantized model hit the ends of their range on evaluation data."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.interpreter import Interpreter, model_inputs
from cascade.worker import WorkerLimits

ROW_COUNT = 64
"""Rows are thinned to about this many: the share of a range's end is not a rare event where it matters."""
SUSPICIOUS_FRACTION = 0.01
NAME_COUNT = 60
"""Last letters of a tensor's name that are kept, as in the child process."""


@dataclass(frozen=True)
class TensorRange:
    """Where the stored numbers of one activation lie."""

    name: str
    dtype: str
    low_fraction: float
    """Share at the lower end of the type; for an activation behind a ReLU that is its zero."""
    high_fraction: float
    """Share at the upper end: values that may have been cut off."""
    smallest: int
    largest: int


def saturation(path: str | os.PathLike[str], inputs: npt.NDArray[Any], limits: WorkerLimits | None = None
               ) -> tuple[TensorRange, ...]:
    """Ranges of every integer activation of a model over data, in the order of the file."""
    step = max(1, len(inputs) // ROW_COUNT)
    with Interpreter(path, limits=limits) as model:
        return tuple(TensorRange(**row) for row in model.ranges(model_inputs(inputs[::step], model.facts)))


def suspicious(ranges: tuple[TensorRange, ...]) -> tuple[TensorRange, ...]:
    """Activations of which more than 1 % lie at the upper end."""
    return tuple(one for one in ranges if one.high_fraction > SUSPICIOUS_FRACTION)


def worst_first(ranges: tuple[TensorRange, ...]) -> tuple[TensorRange, ...]:
    """The same ranges, those cut off most first."""
    order = np.argsort([-one.high_fraction for one in ranges], kind="stable")
    return tuple(ranges[index] for index in order)
