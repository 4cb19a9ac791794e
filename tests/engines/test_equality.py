"""Every engine gives the same integers as the plain SimPy reference, on random pairs of Plan and World."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powerplan.engines import fast, reference
from powerplan.engines.pairing import check_pair
from powerplan.plan.plan import Plan, PlanError
from powerplan.plan.world import World
from tests.engines.conftest import ENGINES
from tests.engines.random_pairs import random_pair

PAIRS, BATCH = 1200, 100


@pytest.mark.parametrize("first", range(0, PAIRS, BATCH))
def test_engines_agree_on_random_pairs(first: int) -> None:
    for seed in range(first, first + BATCH):
        plan, world = random_pair(seed)
        plain, _ = reference.run(plan, world)
        assert plain.differences(fast.run(plan, world)) == [], f"fast, seed {seed}"
        if seed % 3 == 0:
            skipping, _ = reference.run(plan, world, skipping=True)
            assert plain.differences(skipping) == [], f"skipping, seed {seed}"


def test_time_is_conserved_and_random_pairs_are_not_trivial() -> None:
    finished = dropped = detections = waited = 0
    for seed in range(200):
        plan, world = random_pair(seed)
        record = fast.run(plan, world)
        assert record.joint_ns.sum() == world.horizon_ns
        by_part = np.bincount(plan.state_part, record.state_ns)
        assert (by_part == world.horizon_ns).all()
        finished += int(record.task_finished.sum())
        dropped += int(record.task_dropped.sum())
        detections += int(record.detections.sum())
        waited += int((record.rows.stage_ns[:, 1] > 0).sum())
    assert finished > 2_000
    assert dropped > 100
    assert detections > 100
    assert waited > 100


def planted(plan: Plan, world: World) -> tuple[Plan, World] | None:
    """The same pair with one phase a tick longer, if anything in the record depends on it."""
    used = reference.run(plan, world)[0].state_entries.sum()
    longer = plan.phase_duration_ns.copy()
    chosen = np.flatnonzero((longer > 0) & ~plan.phase_drawn_duration)
    if not used or not len(chosen):
        return None
    longer[chosen[0]] += 1
    return replace(plan, phase_duration_ns=longer), world


def test_an_error_of_one_tick_is_seen() -> None:
    seen = tried = 0
    for seed in range(60):
        plan, world = random_pair(seed)
        wrong = planted(plan, world)
        if wrong is None:
            continue
        tried += 1
        seen += bool(reference.run(plan, world)[0].differences(fast.run(*wrong)))
    assert tried > 30
    assert seen > 0.5 * tried


def _late_release(plan: Plan, world: World) -> tuple[Plan, World]:
    drawn = world.activations[0]
    backwards = replace(drawn, run_start_ns=np.array([10, 5]), run_period_ns=np.array([1, 1]),
                        run_count=np.array([3, 1]), candidate=np.empty(0, np.int64), event=np.empty(0, np.int64),
                        score=drawn.score[:0], late_score=drawn.score[:0], duration_ns=np.empty(0, np.int64),
                        attempts=np.empty(0, np.int64))
    return plan, replace(world, activations=(backwards, *world.activations[1:]))


def _fewer_tasks(plan: Plan, world: World) -> tuple[Plan, World]:
    return plan, replace(world, activations=world.activations[1:])


def _no_bins(plan: Plan, world: World) -> tuple[Plan, World]:
    return plan, replace(world, bin_count=0)


def _negative_queue(plan: Plan, world: World) -> tuple[Plan, World]:
    return replace(plan, task_queue_count=plan.task_queue_count * 0 - 1), world


@pytest.mark.parametrize("spoil", [
    pytest.param(_late_release, id="releases out of order"),
    pytest.param(_fewer_tasks, id="releases of another plan"),
    pytest.param(_no_bins, id="no hour bins"),
    pytest.param(_negative_queue, id="negative queue"),
])
def test_invalid_pairs_are_refused_equally(spoil: object) -> None:
    plan, world = spoil(*random_pair(1))  # type: ignore[operator]
    with pytest.raises(PlanError) as checked:
        check_pair(plan, world)
    for name, run in ENGINES.items():
        with pytest.raises(PlanError) as refused:
            run(plan, world)
        assert str(refused.value) == str(checked.value), name
