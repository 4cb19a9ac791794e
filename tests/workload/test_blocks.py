"""A World drawn stretch by stretch is the World drawn at once: its releases, and what engines make of it."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from powerplan.components.base import Interrupt
from powerplan.engines import fast
from powerplan.engines.blocks import blocks_of, run_blocks
from powerplan.files.scenario import load_scenario
from powerplan.plan.codes import NS_PER_DAY, NS_PER_S
from powerplan.plan.world import Activations, Block, World
from powerplan.study.run import prepare
from powerplan.workload.arrivals import STRETCH_NS, Lock, locked_spans
from powerplan.workload.draw import Draw, draw_blocks, draw_world
from powerplan.workload.spec import EventKind, GateOpen, Length, StateKind, Stream, TaskWorld, WorldSpec
from tests.workload.test_draw import FLAT, spec

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
DAYS = 75.3


def differing(one: Block, two: Block) -> list[str]:
    """Names of what two blocks do not share; only what engines read, and events as far as both know them."""
    found = [name for name in ("horizon_ns", "bin_count") if getattr(one.world, name) != getattr(two.world, name)]
    for task, (left, right) in enumerate(zip(one.world.activations, two.world.activations, strict=True)):
        found += [f"{task}.{column.name}" for column in fields(Activations)
                  if not np.array_equal(getattr(left, column.name), getattr(right, column.name))]
    return found + (["continues"] if one.continues != two.continues else [])


@pytest.mark.parametrize("name", ["wake_word_remote", "wake_word_remote.b", "doorbell_camera", "smart_lock_camera_fp",
                                  "tortoise_tracker", "glacier_watch.d"])
def test_shipped_scenarios_drawn_in_stretches(name: str) -> None:
    lowering, _ = prepare(load_scenario(SCENARIOS / f"{name}.yaml"))
    horizon_ns = round(DAYS * NS_PER_DAY)
    whole = draw_world(lowering.world, horizon_ns, 3)
    drawn = list(draw_blocks(lowering.world, horizon_ns, 3))
    for one, two in zip(blocks_of(whole, STRETCH_NS), drawn, strict=True):
        assert differing(one, two) == []
    expected = fast.run(lowering.plan, whole)
    played = list(run_blocks(lowering.plan, iter(drawn)))
    rows, record = sum(len(found) for found, _ in played), played[-1][1]
    assert record is not None
    assert rows == len(expected.rows)
    assert replace(expected, rows=record.rows).differences(record) == []


def crossing() -> WorldSpec:
    """Events, states and gates that last for hours, so that something goes on at every midnight."""
    made = spec()
    hours = 3_600 * NS_PER_S
    events = (replace(made.events[0], lasts=Length(5 * hours), rate_per_s=8 / 86_400, burst_count=3,
                      burst_ns=20 * hours), made.events[1])
    gated = Stream(2 * NS_PER_S, NS_PER_S, NS_PER_S // 2, NS_PER_S // 5, "pir", 30 * NS_PER_S)
    tasks = (*made.tasks[:2], replace(made.tasks[2], release=Stream(4 * NS_PER_S, NS_PER_S, 0, 0)),
             TaskWorld("gated", gated, "person"), TaskWorld("gate", GateOpen("pir", 30 * NS_PER_S, 5)))
    states = (StateKind("wind", 0.3, 7 * hours, ("pir",)),)
    return replace(made, events=events, tasks=tasks, states=states,
                   sensors={"pir": Interrupt(0.9, 3 * hours, 20 * NS_PER_S, 5 / 86_400)})


def by_days(made: WorldSpec, days: int) -> tuple[list[Block], World]:
    blocks = list(Draw(made, days * NS_PER_DAY, 9, 0).blocks(NS_PER_DAY, 24))
    return blocks, Draw(made, days * NS_PER_DAY, 9, 0).world(NS_PER_DAY, 24)


def test_what_goes_on_at_midnight_goes_on_after_it() -> None:
    blocks, world = by_days(crossing(), 6)
    for one, two in zip(blocks_of(world, NS_PER_DAY), blocks, strict=True):
        assert differing(one, two) == []
    always, gated = world.activations[2], world.activations[3]
    assert len(always.run_start_ns) == 1
    assert always.release_count == 6 * 86_400 - 4
    assert (np.diff(gated.run_start_ns) > 0).all()
    start = np.repeat(gated.run_start_ns, gated.run_count)
    assert len(start) == gated.release_count


def test_every_window_of_a_long_event_has_it_on_both_sides_of_midnight() -> None:
    _, world = by_days(crossing(), 6)
    drawn, events, window_ns, hop_ns = world.activations[2], world.events, 4 * NS_PER_S, NS_PER_S
    with_event = drawn.candidate[drawn.event >= 0]
    end_ns = window_ns + hop_ns * np.arange(drawn.release_count)
    touched = np.zeros(drawn.release_count, bool)
    for onset, end, kind in zip(events.onset_ns, events.end_ns, events.kind, strict=True):
        if kind == 0:
            touched |= (end_ns > onset) & (end_ns - window_ns < end)
    assert np.array_equal(with_event, np.flatnonzero(touched))
    midnights = set(range(86_400, 6 * 86_400, 86_400))
    assert len(midnights & set(with_event.tolist())) >= 3


def test_clips_play_on_over_midnight() -> None:
    """Scores of one long event repeat with the length of its clip, at midnight too."""
    made = spec()
    event = EventKind("visitor", 1 / 86_400, Length(6 * 3_600 * NS_PER_S), {"person": "person"}, FLAT, ())
    made = replace(made, events=(event,), sensors={}, tasks=made.tasks[2:])
    _, world = by_days(made, 4)
    drawn = world.activations[0]
    alone = [number for number in range(len(world.events)) if (drawn.event == number).sum() > 100]
    assert alone
    for number in alone:
        own = drawn.event == number
        ordinal, score = drawn.candidate[own], drawn.score[own]
        unbroken = np.flatnonzero(np.diff(ordinal, n=1)[:-2] == 1)
        follows = unbroken[(ordinal[unbroken + 3] - ordinal[unbroken]) == 3]
        assert np.array_equal(score[follows], score[follows + 3])


def test_interrupts_after_midnight_know_their_event() -> None:
    _, world = by_days(replace(crossing(), tasks=crossing().tasks[:1]), 30)
    watch = world.activations[0]
    delay_ns = 3 * 3_600 * NS_PER_S
    known = watch.event >= 0
    assert known.sum() > 100
    assert np.array_equal(world.events.onset_ns[watch.event[known]] + delay_ns, watch.run_start_ns[known])
    visitors = world.events.kind[np.maximum(watch.event, 0)] == 0
    assert (watch.score[known & visitors] >= 0.5).all()


def test_a_lock_out_remembers_over_stretches() -> None:
    onset = np.arange(0, 200, 7, dtype=np.int64)
    whole = locked_spans(onset, 3, 20, 15)
    lock = Lock()
    parts = [locked_spans(part, 3, 20, 15, lock).start_ns for part in np.array_split(onset, 6)]
    assert np.concatenate(parts).tolist() == whole.start_ns.tolist()


def test_a_stretch_draws_the_same_however_far_the_world_goes() -> None:
    made = spec(tasks=spec().tasks[:2])
    short = list(draw_blocks(made, 2 * STRETCH_NS, 5, bin_count=168))
    long = draw_blocks(made, 40 * STRETCH_NS, 5, bin_count=168)
    for one, two in zip(short, long, strict=False):
        assert differing(one, two) == []
