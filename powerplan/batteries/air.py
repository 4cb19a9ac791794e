"""What temperature and sun do to a pack by slot of the year, and coarser slots made of finer ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from powerplan.batteries import layout as at
from powerplan.batteries.layout import Slots

FloatArray = NDArray[np.float64]
DAYS_PER_YEAR = 365


class Air(NamedTuple):
    """Tables by slot of the year (hours, days, blocks of days, or one slot for the whole year)."""

    slot_count: int
    temperature_c: FloatArray
    curve: NDArray[np.int64]
    """Number of the measured curve at or below this temperature."""
    ocv_weight: FloatArray
    """Weight of the next curve in the open-circuit voltage."""
    low_weight: FloatArray
    high_weight: FloatArray
    """Weights of the two curves in the resistance."""
    per_usable: FloatArray
    """One over the usable share of the capacity."""
    rate_per_s: FloatArray
    self_discharge_a: FloatArray
    fade_per_s: FloatArray
    harvest_w: FloatArray

    def slots(self, well_share_fraction: float, step_s: float, at_least: int = 1, end_depth: FloatArray | None = None
              ) -> Slots:
        """As the walk reads it, for steps of a length; one slot for the year is repeated `at_least` times."""
        fallen = -np.expm1(-self.rate_per_s * step_s)
        columns = np.empty((at.SLOT_COLUMNS, self.slot_count))
        columns[at.CURVE] = self.curve
        columns[at.OCV_WEIGHT] = self.ocv_weight
        columns[at.LOW_WEIGHT], columns[at.HIGH_WEIGHT] = self.low_weight, self.high_weight
        columns[at.PER_USABLE] = self.per_usable
        columns[at.RATE] = self.rate_per_s
        columns[at.DECAY] = 1.0 - fallen
        columns[at.FED] = fallen / (well_share_fraction * self.rate_per_s)
        columns[at.SELF_DISCHARGE] = self.self_discharge_a
        columns[at.FADE_RATE] = self.fade_per_s
        columns[at.HARVEST] = self.harvest_w
        columns[at.END_DEPTH] = 1.0 if end_depth is None else end_depth
        if self.slot_count == 1 and at_least > 1:
            columns = np.repeat(columns, at_least, axis=1)
        return Slots(columns.shape[1], columns)

    def mean(self, days: int) -> Air:
        """Means over blocks of days; one that crosses a measured temperature takes the lowest pair of curves."""
        if self.slot_count == 1:
            return self
        curve = _blocks(self.curve, days).min(axis=1)
        # An hour above the pair of its block is counted at the upper curve of that pair.
        above = np.repeat(curve, 24 * days) != self.curve

        def mean(values: FloatArray) -> FloatArray:
            return np.asarray(_blocks(values, days).mean(axis=1))

        return Air(
            slot_count=curve.size,
            temperature_c=mean(self.temperature_c),
            curve=curve,
            ocv_weight=mean(np.where(above, 1.0, self.ocv_weight)),
            low_weight=mean(np.where(above, 0.0, self.low_weight)),
            high_weight=mean(np.where(above, self.low_weight + self.high_weight, self.high_weight)),
            per_usable=mean(self.per_usable),
            rate_per_s=mean(self.rate_per_s),
            self_discharge_a=mean(self.self_discharge_a),
            fade_per_s=mean(self.fade_per_s),
            harvest_w=mean(self.harvest_w),
        )

    def coldest(self, days: int) -> Air:
        """The coldest hour of each block of days: highest resistance, slowest wells, least usable charge."""
        if self.slot_count == 1:
            return self
        hour = _blocks(self.temperature_c, days).argmin(axis=1) + 24 * days * np.arange(DAYS_PER_YEAR // days)
        return Air(hour.size, *(column[hour] for column in self[1:]))


def _blocks(values: NDArray, days: int) -> NDArray:  # type: ignore[type-arg]
    return values.reshape(DAYS_PER_YEAR // days, 24 * days)
