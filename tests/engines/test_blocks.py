"""A run in blocks of time is the run of the whole, wherever the borders lie."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from powerplan.engines import bench_devices, fast
from powerplan.engines.blocks import BlockRun, blocks_of, run_blocks
from powerplan.engines.record import Record, Rows
from powerplan.plan.plan import Plan
from powerplan.plan.world import World
from tests.engines.random_pairs import random_pair


def in_blocks(plan: Plan, world: World, length_ns: int) -> Record:
    parts, record = [], None
    for rows, found in run_blocks(plan, blocks_of(world, length_ns)):
        parts.append(rows)
        record = found
    assert record is not None
    columns = {spec.name: np.concatenate([getattr(part, spec.name) for part in parts]) for spec in fields(Rows)}
    order = np.lexsort((columns["ordinal"], columns["task"]))
    return replace(record, rows=Rows(**{name: column[order] for name, column in columns.items()}))


@pytest.mark.parametrize("first", [0, 100, 200])
def test_blocks_of_random_pairs(first: int) -> None:
    for seed in range(first, first + 100):
        plan, world = random_pair(seed)
        whole = fast.run(plan, world)
        for parts in (2, 7):
            found = in_blocks(plan, world, max(1, world.horizon_ns // parts))
            assert whole.differences(found) == [], (seed, parts)


def test_a_month_in_odd_blocks() -> None:
    plan, world = bench_devices.wake_word_plan(), bench_devices.wake_word_world(30)
    assert fast.run(plan, world).differences(in_blocks(plan, world, 1_234_567_890_123)) == []


def test_drawn_month_by_month_time_is_conserved() -> None:
    total = None
    for _, record in run_blocks(bench_devices.wake_word_plan(), bench_devices.wake_word_blocks(3, 2.0)):
        total = record
    assert total is not None
    assert total.joint_ns.sum() == total.horizon_ns == 6 * 86_400 * 10**9
    assert total.task_finished[1] == 6 * 86_400 * 50


@pytest.mark.parametrize("first", [0, 100])
def test_closed_within_a_block_it_is_the_run_of_that_horizon(first: int) -> None:
    for seed in range(first, first + 60):
        plan, world = random_pair(seed)
        length_ns = max(1, world.horizon_ns // 4)
        going, parts = BlockRun(plan), []
        for number, block in enumerate(blocks_of(world, length_ns)):
            rows = going.play(block)
            if number < 2:
                parts.append(rows)
                continue
            at_ns = 2 * length_ns + length_ns // 3
            record = going.closed(at_ns)
            break
        else:
            continue
        expected = fast.run(plan, replace(world, horizon_ns=at_ns))
        assert going.closed().differences(going.closed()) == []
        assert replace(expected, rows=record.rows).differences(record) == [], seed
        columns = {spec.name: np.concatenate([getattr(part, spec.name) for part in (*parts, record.rows)])
                   for spec in fields(Rows)}
        order = np.lexsort((columns["ordinal"], columns["task"]))
        assert np.array_equal(columns["ended_ns"][order], expected.rows.ended_ns), seed
