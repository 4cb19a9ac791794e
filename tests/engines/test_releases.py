"""Releases of the reference engine: which of them a short horizon needs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powerplan.engines import reference
from powerplan.engines.releases import NEVER, Releases, candidates_before
from powerplan.plan.world import Activations
from tests.engines.random_pairs import random_pair


def drawn(start: list[int], period: list[int], count: list[int]) -> Activations:
    """Every release is a candidate."""
    total = sum(count)
    each, none = np.arange(total), np.empty((total, 0))
    return Activations(np.array(start), np.array(period), np.array(count), each, each * 0 - 1, none, none, each * 0,
                       each * 0 + 1)


@pytest.mark.parametrize(("start", "period", "count", "horizon_ns", "before"), [
    pytest.param([5], [10], [3], 5, 0, id="the horizon itself is outside"),
    pytest.param([5], [10], [3], 6, 1, id="a tick after the first"),
    pytest.param([5], [10], [3], 15, 1, id="at the second"),
    pytest.param([5], [10], [3], 1000, 3, id="all"),
    pytest.param([5], [0], [3], 6, 3, id="all at one instant"),
    pytest.param([5, 7], [0, 2], [3, 4], 10, 5, id="two runs"),
    pytest.param([5, 40], [1, 1], [2, 2], 20, 2, id="second run later"),
    pytest.param([], [], [], 20, 0, id="none"),
])
def test_candidates_before_a_horizon(start: list[int], period: list[int], count: list[int], horizon_ns: int,
                                     before: int) -> None:
    made = drawn(start, period, count)
    assert candidates_before(made, horizon_ns) == before
    releases, taken = Releases(made, len(made.candidate)), 0
    while releases.upcoming_ns < min(horizon_ns, NEVER):
        releases.take()
        taken += 1
    assert taken == before


def test_a_shorter_horizon_plays_the_same_beginning() -> None:
    for seed in range(80):
        plan, world = random_pair(seed)
        half = replace(world, horizon_ns=world.horizon_ns // 2)
        _, whole = reference.run(plan, world, trace_window=(0, half.horizon_ns))
        _, begun = reference.run(plan, half, trace_window=(0, half.horizon_ns))
        assert begun == whole, seed
