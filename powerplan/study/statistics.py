"""Intervals of percentiles; those of shares and counts are the cascade package's."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from powerplan.plan.plan import FloatArray

CONFIDENCE_FRACTION = 0.90
"""Of every interval that is printed."""


def percentile(values: FloatArray, percent: float, confidence_fraction: float = CONFIDENCE_FRACTION
               ) -> tuple[float, float, float]:
    """(percentile, low, high): the order statistic, and the ranks a binomial count leaves possible."""
    ordered = np.sort(values)
    count, share = len(ordered), percent / 100
    z = NormalDist().inv_cdf(0.5 + confidence_fraction / 2)
    spread = z * math.sqrt(count * share * (1 - share))
    at = int(np.clip(math.ceil(share * count) - 1, 0, count - 1))
    low = int(np.clip(math.floor(share * count - spread), 0, count - 1))
    high = int(np.clip(math.ceil(share * count + spread), 0, count - 1))
    return float(ordered[at]), float(ordered[min(low, at)]), float(ordered[max(high, at)])
