"""The ideal cell: charge divided by current, exact also inside the hour in which it ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def ideal_life_s(capacity_c: float, current_a: FloatArray) -> float:
    """Time until a charge is drained by a current that repeats hour by hour. [s], inf without a current

    Whole repetitions are taken out first, so the answer is exact to rounding after any number of years.
    """
    per_hour_c = np.asarray(current_a, float) * 3_600.0
    turn_c = float(per_hour_c.sum())
    if turn_c <= 0.0:
        return float("inf")
    turns = int(capacity_c / turn_c)
    left_c = capacity_c - turns * turn_c
    if left_c < 0.0:
        turns, left_c = turns - 1, left_c + turn_c
    drained_c = np.concatenate([[0.0], np.cumsum(per_hour_c)])
    hour = int(np.clip(np.searchsorted(drained_c, left_c, side="left") - 1, 0, per_hour_c.size - 1))
    part = (left_c - drained_c[hour]) / per_hour_c[hour] if per_hour_c[hour] > 0.0 else 0.0
    return 3_600.0 * (turns * per_hour_c.size + hour + float(part))
