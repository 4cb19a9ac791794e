"""Where the numbers of a quantized model lie in their ranges on evaluation data: cut off, zero, or too coarse."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cascade.interpreter import Interpreter, model_inputs
from cascade.worker import WorkerLimits

ROW_COUNT = 64
"""Rows are thinned to about this many: the share of a range's end is not a rare event where it matters."""
SUSPICIOUS_FRACTION = 0.01
NAME_COUNT = 60
"""Last letters of a tensor's name that are kept, as in the child process."""
STEP_COUNT = 256
FACTORS = tuple(float(2**power) for power in np.arange(-4, 4.25, 0.25))
"""Ranges that a curve is drawn for, as parts and multiples of the model's own."""
PARTS = 9
"""Places within a step that a stored number stands for."""


@dataclass(frozen=True)
class TensorRange:
    """Where the stored numbers of one activation lie."""

    name: str
    dtype: str
    low_fraction: float
    """Share at the lower end of the type; for an activation behind a ReLU that is its zero."""
    high_fraction: float
    """Share at the upper end: values that may have been cut off."""
    zero_fraction: float
    """Share that stands for the real number 0. Information only: dense kernels multiply zeros as well."""
    smallest: int
    largest: int
    zero_step: int
    """Step of the histogram that stands for 0."""
    counts: tuple[int, ...] = ()
    """Histogram over the 256 steps of the type's range."""

    @property
    def signal_to_noise_db(self) -> float | None:
        """Of the range as it is, for values within a step spread evenly; nothing where all are 0. [dB]"""
        return self.curve_db((1.0,))[0]

    def curve_db(self, factors: tuple[float, ...] = FACTORS) -> tuple[float | None, ...]:
        """Signal to noise of ranges so many times as wide, with as many steps. [dB]"""
        parts = (np.arange(PARTS) + 0.5) / PARTS - 0.5
        steps = np.arange(STEP_COUNT) - self.zero_step
        values = (steps[:, None] + parts).ravel()
        weight = np.repeat(np.asarray(self.counts, float) / PARTS, PARTS)
        edges = (float(steps[0]), float(steps[-1]))
        return tuple(signal_to_noise_db(values, factor, (factor * edges[0], factor * edges[1]), weight)
                     for factor in factors)


def signal_to_noise_db(values: npt.NDArray[np.float64], step: float, ends: tuple[float, float],
                       weight: npt.NDArray[np.float64] | None = None) -> float | None:
    """Power of values over the power of what rounding to steps and clipping to ends takes away. [dB]

    Too narrow a range clips, too wide a one is coarse; nothing where there is no signal or no error.
    """
    stored = np.clip(np.rint(values / step) * step, ends[0], ends[1])
    signal = float(np.average(values**2, weights=weight)) if weight is None or weight.any() else 0.0
    noise = float(np.average((values - stored) ** 2, weights=weight)) if signal else 0.0
    return 10.0 * float(np.log10(signal / noise)) if signal and noise else None


def saturation(path: str | os.PathLike[str], inputs: npt.NDArray[np.generic], limits: WorkerLimits | None = None
               ) -> tuple[TensorRange, ...]:
    """Ranges of every integer activation of a model over data, in the order of the file."""
    step = max(1, len(inputs) // ROW_COUNT)
    with Interpreter(path, limits=limits) as model:
        rows, counts = model.ranges(model_inputs(inputs[::step], model.facts))
    return tuple(_range(row, steps) for row, steps in zip(rows, counts, strict=True))


def _range(row: dict[str, object], counts: npt.NDArray[np.int64]) -> TensorRange:
    total = max(1, int(counts.sum()))
    dtype = str(row["dtype"])
    ends = np.iinfo(dtype)
    share = {name: int(str(row[name])) / total for name in ("low", "high", "zero")}
    width = ends.bits - 8
    return TensorRange(str(row["name"]), dtype, share["low"], share["high"], share["zero"], int(str(row["smallest"])),
                       int(str(row["largest"])), (int(str(row["zero_point"])) - int(ends.min)) >> width,
                       tuple(counts.tolist()))


def suspicious(ranges: tuple[TensorRange, ...]) -> tuple[TensorRange, ...]:
    """Activations of which more than 1 % lie at the upper end."""
    return tuple(one for one in ranges if one.high_fraction > SUSPICIOUS_FRACTION)


def worst_first(ranges: tuple[TensorRange, ...]) -> tuple[TensorRange, ...]:
    """The same ranges, those cut off most first."""
    order = np.argsort([-one.high_fraction for one in ranges], kind="stable")
    return tuple(ranges[index] for index in order)
