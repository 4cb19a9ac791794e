"""Intervals against published values and their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cascade.statistics import (
    bootstrap_ratio,
    poisson_cdf,
    poisson_interval,
    rate_interval,
    rule_of_three,
    wilson_interval,
)


@pytest.mark.parametrize(("successes", "trials", "low", "high"), [
    # Newcombe, Statistics in Medicine 17 (1998), p. 857, table I, method 3.
    pytest.param(81, 263, 0.2553, 0.3662, id="81 of 263"),
    pytest.param(15, 148, 0.0624, 0.1605, id="15 of 148"),
    pytest.param(0, 20, 0.0, 0.1611, id="0 of 20"),
    pytest.param(1, 29, 0.0061, 0.1718, id="1 of 29"),
    pytest.param(20, 20, 0.8389, 1.0, id="all"),
])
def test_wilson(successes, trials, low, high):
    interval = wilson_interval(successes, trials)
    assert (interval.low, interval.high) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


@pytest.mark.parametrize(("count", "low", "high"), [
    # Garwood's limits as tabulated by Ulm, American Journal of Epidemiology 131 (1990), p. 373.
    pytest.param(1, 0.0253, 5.5716, id="1"),
    pytest.param(5, 1.6235, 11.6683, id="5"),
    pytest.param(10, 4.7954, 18.3904, id="10"),
    pytest.param(100, 81.3640, 121.6270, id="100"),
])
def test_exact_poisson(count, low, high):
    interval = poisson_interval(count)
    assert (interval.low, interval.high) == (pytest.approx(low, rel=1e-3), pytest.approx(high, rel=1e-5))


@pytest.mark.parametrize("count", [1, 2, 17, 300, 20_000])
def test_poisson_ends_leave_their_tails(count):
    interval = poisson_interval(count)
    assert 1 - poisson_cdf(count - 1, interval.low) == pytest.approx(0.025, rel=1e-6)
    assert poisson_cdf(count, interval.high) == pytest.approx(0.025, rel=1e-6)


def test_no_event_proves_three_over_the_time():
    assert rule_of_three(10.0) == pytest.approx(0.3, rel=2e-3)
    assert rate_interval(0, 10.0).high == pytest.approx(rule_of_three(10.0), rel=1e-12)
    assert rate_interval(0, 10.0).low == 0.0


@pytest.mark.parametrize(("count", "mean", "expected"), [
    pytest.param(0, 2.0, math.exp(-2), id="none"),
    pytest.param(2, 2.0, 5 * math.exp(-2), id="up to two"),
    pytest.param(3, 0.0, 1.0, id="mean 0"),
    pytest.param(-1, 1.0, 0.0, id="less than none"),
])
def test_poisson_cdf(count, mean, expected):
    assert poisson_cdf(count, mean) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("call", [
    pytest.param(lambda: wilson_interval(1, 0), id="no trials"),
    pytest.param(lambda: wilson_interval(3, 2), id="more than all"),
    pytest.param(lambda: poisson_interval(-1), id="negative count"),
    pytest.param(lambda: rate_interval(1, 0.0), id="no exposure"),
    pytest.param(lambda: rule_of_three(0.0), id="no time"),
    pytest.param(lambda: bootstrap_ratio(np.ones(3), np.ones(3), np.zeros(3)), id="one clip"),
])
def test_what_has_no_interval(call):
    with pytest.raises(ValueError, match=r"share|count|exposure|clips"):
        call()


def test_windows_of_a_clip_are_drawn_together():
    # 40 clips of 25 equal windows: 1,000 rows carry no more than 40 independent answers.
    clip = np.repeat(np.arange(40), 25)
    hits = np.repeat(np.arange(40) % 2, 25).astype(float)
    by_clip = bootstrap_ratio(hits, np.ones(1000), clip)
    by_row = wilson_interval(int(hits.sum()), 1000)
    honest = wilson_interval(20, 40)
    assert by_clip.high - by_clip.low == pytest.approx(honest.high - honest.low, rel=0.15)
    assert by_clip.high - by_clip.low > 4 * (by_row.high - by_row.low)
    assert bootstrap_ratio(hits, np.ones(1000), clip) == by_clip
