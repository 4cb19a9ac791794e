"""Intervals for counted things: shares (Wilson), events per time (exact Poisson), and a bootstrap by clip."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

CONFIDENCE_FRACTION = 0.95
BISECTION_STEPS = 200
SECANT_STEPS = 12
BLOCK_DRAW_COUNT = 1_000_000


@dataclass(frozen=True)
class Interval:
    """A low and a high end, and how they were found."""

    low: float
    high: float
    method: str


def wilson_interval(successes: int, trials: int, confidence_fraction: float = CONFIDENCE_FRACTION) -> Interval:
    """Interval of a share from counted trials. [1]

    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), p. 209.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no share")
    z = NormalDist().inv_cdf(0.5 + confidence_fraction / 2)
    share = successes / trials
    scale = 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return Interval(low, high, "Wilson")


def poisson_interval(count: int, confidence_fraction: float = CONFIDENCE_FRACTION) -> Interval:
    """Exact interval of the mean of a counted number of events. [count]

    Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28 (1936), p. 437; the ends are found by
    bisection on the distribution function. For 0 events the upper end is one-sided, as in the rule of three.
    """
    if count < 0:
        raise ValueError(f"a count cannot be {count}")
    tail = (1 - confidence_fraction) / 2
    if count == 0:
        return Interval(0.0, -math.log(2 * tail), "Poisson, one-sided")
    top = count + 12 * math.sqrt(count + 1) + 60
    z = NormalDist().inv_cdf(1 - tail)
    low = _root(lambda mean: 1 - poisson_cdf(count - 1, mean) - tail, _near_quantile(count, -z), 0.0, float(count))
    high = _root(lambda mean: tail - poisson_cdf(count, mean), _near_quantile(count + 1, z), float(count), top)
    return Interval(low, high, "Poisson")


def _near_quantile(shape: int, z: float) -> float:
    """About the quantile of a gamma distribution of this shape. [1]

    Wilson and Hilferty, "The distribution of chi-square", PNAS 17 (1931), p. 684.
    """
    return shape * max(1 - 1 / (9 * shape) + z / (3 * math.sqrt(shape)), 0.0) ** 3


def _root(rising: Callable[[float], float], guess: float, low: float, high: float) -> float:
    """Where a rising function is 0, between two points, by secants from a close guess; else by bisection."""
    one = min(max(guess, low + 1e-9 * (high - low)), high)
    at_one = rising(one)
    two = one * (1 - 1e-4) if at_one > 0 else one * (1 + 1e-4)
    for _ in range(SECANT_STEPS):
        at_two = rising(two)
        if at_two == at_one or abs(two - one) <= 1e-13 * two:
            return two
        one, at_one, two = two, at_two, two - at_two * (two - one) / (at_two - at_one)
        if not low <= two <= high:
            break
    return _bisect(rising, low, high)


def rate_interval(count: int, exposure: float, confidence_fraction: float = CONFIDENCE_FRACTION) -> Interval:
    """Interval of events per unit of exposure (hours, days), from a count. [1/exposure]"""
    if exposure <= 0:
        raise ValueError(f"a rate needs an exposure above 0, got {exposure}")
    ends = poisson_interval(count, confidence_fraction)
    return Interval(ends.low / exposure, ends.high / exposure, ends.method)


def rule_of_three(exposure: float) -> float:
    """Highest rate that no event at all in this exposure still allows at 95 %. [1/exposure]

    -ln(0.05) / exposure, near 3 / exposure: Hanley and Lippman-Hand, JAMA 249 (1983), p. 1743.
    """
    if exposure <= 0:
        raise ValueError(f"a rate needs an exposure above 0, got {exposure}")
    return -math.log(1 - CONFIDENCE_FRACTION) / exposure


def poisson_cdf(count: int, mean: float) -> float:
    """Probability of at most `count` events. [1]"""
    if count < 0:
        return 0.0
    if mean <= 0:
        return 1.0
    # Terms near the mean, in logarithms, so that no mean overflows; what lies farther away is below 1e-300.
    reach = 40 * math.sqrt(mean) + 200
    first, last = max(0, int(min(count, mean) - reach)), min(count, int(mean + reach))
    if last < first:
        return 0.0
    start = first * math.log(mean) - mean - math.lgamma(first + 1)
    steps = math.log(mean) - np.log(np.arange(first + 1, last + 1))
    logs = start + np.concatenate([[0.0], np.cumsum(steps)])
    top = float(logs.max())
    return min(1.0, math.exp(top) * float(np.exp(logs - top).sum()))


def _bisect(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function is 0, between two points."""
    for _ in range(BISECTION_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def bootstrap_ratio(hits: npt.NDArray[Any], trials: npt.NDArray[Any], clip_id: npt.NDArray[Any], *,
                    seed: int = 1, resample_count: int = 2000,
                    confidence_fraction: float = CONFIDENCE_FRACTION) -> Interval:
    """Percentile interval of sum(hits) / sum(trials), drawing whole clips with replacement. [1]

    Windows of one clip resemble each other, so they are drawn together: Efron and Tibshirani, "An Introduction to
    the Bootstrap" (1993), section 8.
    """
    _, clip = np.unique(clip_id, return_inverse=True)
    clip_count = int(clip.max()) + 1 if len(clip) else 0
    if clip_count < 2:
        raise ValueError(f"a bootstrap by clip needs at least 2 clips, got {clip_count}")
    hits_per_clip = np.bincount(clip, weights=hits, minlength=clip_count)
    trials_per_clip = np.bincount(clip, weights=trials, minlength=clip_count)
    generator = np.random.Generator(np.random.PCG64(seed))
    ratios = np.empty(resample_count)
    block = max(1, BLOCK_DRAW_COUNT // clip_count)
    for begin in range(0, resample_count, block):
        drawn = generator.integers(0, clip_count, (min(block, resample_count - begin), clip_count))
        total = trials_per_clip[drawn].sum(axis=1)
        hit = hits_per_clip[drawn].sum(axis=1)
        ratios[begin : begin + len(drawn)] = np.where(total > 0, hit / np.maximum(total, 1), np.nan)
    tail = (1 - confidence_fraction) / 2
    low, high = np.nanquantile(ratios, [tail, 1 - tail])
    return Interval(float(low), float(high), "bootstrap by clip")
