"""Intervals of shares, counts and percentiles."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from powerplan.plan.plan import FloatArray

CONFIDENCE_FRACTION = 0.90
"""Of every interval that is printed."""


def wilson(hits: int, total: int, confidence_fraction: float = CONFIDENCE_FRACTION) -> tuple[float, float]:
    """Interval of a share, Wilson score (E. B. Wilson, 1927)."""
    if total == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence_fraction / 2)
    share = hits / total
    middle = share + z * z / (2 * total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def poisson(count: int, confidence_fraction: float = CONFIDENCE_FRACTION) -> tuple[float, float]:
    """Exact interval of the mean of a Poisson count (F. Garwood, 1936), by bisection."""
    tail = (1 - confidence_fraction) / 2
    high = _solve(lambda mean: _poisson_cdf(count, mean) - tail, count + 1.0)
    low = 0.0 if count == 0 else _solve(lambda mean: 1 - tail - _poisson_cdf(count - 1, mean), float(count), rising=True)
    return low, high


def _poisson_cdf(count: int, mean: float) -> float:
    if mean <= 0:
        return 1.0
    logs = [-mean + k * math.log(mean) - math.lgamma(k + 1) for k in range(count + 1)]
    top = max(logs)
    return math.exp(top) * sum(math.exp(value - top) for value in logs)


def _solve(function: object, start: float, rising: bool = False) -> float:
    """Zero of a falling function of a mean; of `1 - tail - cdf` from below where `rising`."""
    low, high = 0.0, start
    evaluate = function
    while not rising and evaluate(high) > 0:  # type: ignore[operator]
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        value = evaluate(middle)  # type: ignore[operator]
        if (value > 0) != rising:
            low = middle
        else:
            high = middle
    return (low + high) / 2


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
