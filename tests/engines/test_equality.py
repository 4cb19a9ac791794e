"""Every engine gives the same integers as the plain SimPy reference, on random pairs of Plan and World."""

from __future__ import annotations

import pytest

from powerplan.engines import reference
from tests.engines.random_pairs import random_pair

BATCH = 50


@pytest.mark.parametrize("first", range(0, 400, BATCH))
def test_skipping_changes_nothing(first: int) -> None:
    for seed in range(first, first + BATCH):
        plan, world = random_pair(seed)
        plain, _ = reference.run(plan, world)
        skipping, _ = reference.run(plan, world, skipping=True)
        assert plain.differences(skipping) == [], f"seed {seed}"
