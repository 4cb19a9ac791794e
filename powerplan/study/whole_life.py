"""Replicas of a product: each from new until its battery is empty, or each for a window that is carried on.

A whole life comes in blocks of four weeks, so that memory stays bounded: hours and counts of all of them are kept,
rows of single activations up to a limit. The battery is walked with the load of every single hour. A life that would
take more activations than the budget is simulated for the budget's months, which then repeat; the answer says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace

import numpy as np

from powerplan.batteries.demand import Demand, Policy
from powerplan.engines.blocks import BlockRun
from powerplan.engines.record import Record, Rows
from powerplan.errors import EngineLimit
from powerplan.lowering.lower import Lowering
from powerplan.plan.codes import NS_PER_DAY, NS_PER_S
from powerplan.plan.plan import Plan
from powerplan.plan.world import Block, World
from powerplan.results.metric import Metric
from powerplan.study.engine import simulate
from powerplan.study.hours import Hours
from powerplan.study.policy import LevelRun, level_lowerings, policy_of
from powerplan.study.sampling import Drained, Origin, Played, demanded
from powerplan.study.supply import SupplyChain, battery_life, loads_of
from powerplan.workload.arrivals import STRETCH_NS
from powerplan.workload.draw import draw_blocks, draw_world
from powerplan.workload.spec import Periodic, Stream

REPLICA_COUNT = 8
BLOCK_HOURS = STRETCH_NS // (3_600 * NS_PER_S)
DAYS_PER_BLOCK = STRETCH_NS / NS_PER_DAY
ACTIVATION_BUDGET = 320_000
"""Activations worked through in one replica, idle ones and what is counted with them left out."""
BLOCK_ACTIVATIONS = 2_500
"""What drawing and opening a block costs, in activations."""
ROWS_LIMIT = 100_000
"""Rows of single activations kept of one replica."""
HEAVY_COUNT = 4 * ACTIVATION_BUDGET
"""Of replicas that take more activations than this, there are fewer in proportion."""
WEEK_HOURS, DAY_HOURS = 168, 24
WHOLE, MONTHS, WINDOW = "whole life", "months", "window"
Progress = Callable[[float], None]
Measure = Callable[["Replica"], dict[str, Metric]]


@dataclass(frozen=True)
class Replica:
    """One product, played and drained."""

    played: Played
    drained: Drained
    days: float
    """Simulated days; nothing after them counts."""
    rows_days: float
    """Days whose single activations were kept."""
    extent: str
    """`whole life`, `months` (which repeat) or `window`."""
    engine: str
    worked_count: int
    """Activations worked through."""
    metrics: dict[str, Metric] = field(default_factory=dict)


@dataclass(frozen=True)
class Ask:
    """What is asked of every replica."""

    origin: Origin
    lowering: Lowering
    chain: SupplyChain
    days: float | None
    """Days of a window; None for the whole life."""


def replicas(ask: Ask, count: int, measure: Measure, progress: Progress) -> list[Replica]:
    """At most so many replicas in parallel threads, in their order: fewer where one takes too many activations.

    `measure` takes each one's metrics; single activations are kept of the first only. Raises EngineLimit.
    """
    play = _whole if ask.days is None else _window
    first = play(ask, 0)
    first = replace(first, metrics=measure(first))
    progress(1.0 / count)
    count = max(1, min(count, count * HEAVY_COUNT // max(first.worked_count, 1)))

    def one(number: int) -> Replica:
        found = play(ask, number)
        record = found.played.record
        brief = replace(record, rows=_no_rows(record.rows))
        progress(1.0 / count)
        return replace(found, metrics=measure(found), played=replace(found.played, record=brief))

    with ThreadPoolExecutor(min(max(count - 1, 1), os.cpu_count() or 1)) as pool:
        return [first, *pool.map(one, range(1, count))]


def _no_rows(rows: Rows) -> Rows:
    return Rows(**{spec.name: getattr(rows, spec.name)[:0] for spec in fields(Rows)})


def covered(ask: Ask) -> bool:
    """Whether the fast engine covers the Plan."""
    from powerplan.engines.compiled.packing import check_limits

    block = next(draw_blocks(ask.lowering.world, NS_PER_DAY, ask.origin.seed))
    try:
        check_limits(ask.lowering.plan, block.world)
    except EngineLimit:
        return False
    return True


def _window(ask: Ask, number: int) -> Replica:
    """A window whose load is carried on by hour of the week."""
    origin, lowering = ask.origin, ask.lowering
    world = draw_world(lowering.world, origin.horizon_ns, origin.seed, number)
    record, _, answered = simulate(lowering.plan, world, origin.engine, None, None)
    played = Played(lowering, world, record, window_levels(origin, number))
    loads, demand, asked = demanded(lowering.plan, played, ask.chain)
    life = battery_life(ask.chain, asked)
    days = origin.horizon_ns / NS_PER_DAY
    worked = len(record.rows) + sum(len(drawn.candidate) for drawn in world.activations)
    return Replica(played, Drained(ask.chain, loads, demand, asked, life), days, days, WINDOW, answered, worked)


def window_levels(origin: Origin, number: int) -> tuple[LevelRun, ...]:
    """Every policy level below the first, played on the same events, interrupts and samples."""
    found = []
    for lowering in level_lowerings(origin.loaded) if origin.loaded.scenario.policies else []:
        world = draw_world(lowering.world, origin.horizon_ns, origin.seed, number)
        record, _, _ = simulate(lowering.plan, world, origin.engine, None, None)
        found.append(LevelRun(lowering.plan, record))
    return tuple(found)


def _sparing(lowering: Lowering) -> Plan:
    """The Plan without rows of activations by the clock that meet no event and detect nothing: nothing asks for them.
    """
    plan = lowering.plan
    by_clock = np.array([isinstance(task.release, Periodic | Stream) for task in lowering.world.tasks], bool)
    return replace(plan, task_records=plan.task_records & ~(by_clock & (plan.task_cascade >= 0)))


class _Level:
    """One policy level of a device that lives: where it is, and what it asked of the battery so far."""

    def __init__(self, lowering: Lowering, chain: SupplyChain) -> None:
        self.lowering, self.run, self.hours = lowering, BlockRun(_sparing(lowering)), Hours(lowering.plan, chain)

    def play(self, block: Block) -> Rows:
        """Go on through the next block. Rows that ended in it."""
        rows = self.run.play(block)
        self.hours.add(self.run.closed())
        return rows


class _Kept:
    """Rows kept of a life, up to the limit."""

    def __init__(self) -> None:
        self.parts: list[Rows] = []
        self.count = 0
        self.until_ns: int | None = None
        """From when on rows are no longer kept."""

    def add(self, rows: Rows, start_ns: int) -> None:
        if self.until_ns is None and self.count + len(rows) > ROWS_LIMIT and self.parts:
            self.until_ns = start_ns
        if self.until_ns is None:
            self.parts.append(rows)
            self.count += len(rows)

    def all(self) -> Rows:
        columns = {spec.name: np.concatenate([getattr(part, spec.name) for part in self.parts])
                   for spec in fields(Rows)}
        order = np.lexsort((columns["ordinal"], columns["task"]))
        return Rows(**{name: column[order] for name, column in columns.items()})


def _whole(ask: Ask, number: int) -> Replica:
    """A life from new until the battery is empty, as far as the budget goes."""
    origin, chain = ask.origin, ask.chain
    cap_ns = round(chain.limits.end_s * NS_PER_S)
    below = level_lowerings(origin.loaded) if origin.loaded.scenario.policies else []
    levels = [_Level(lowering, chain) for lowering in (ask.lowering, *below)]
    streams = [draw_blocks(level.lowering.world, cap_ns, origin.seed, number, BLOCK_HOURS) for level in levels]
    kept, expected_ns, look_ns, worked, start_ns = _Kept(), 0, 0, 0, 0
    first: World | None = None
    for blocks in zip(*streams, strict=True):
        world = blocks[0].world
        first = first or world
        rows, *_ = [level.play(block) for level, block in zip(levels, blocks, strict=True)]
        worked += len(levels) * (BLOCK_ACTIVATIONS + len(rows)) + sum(
            len(drawn.candidate) for block in blocks for drawn in block.world.activations)
        spent = worked > ACTIVATION_BUDGET
        if world.horizon_ns >= min(look_ns, cap_ns) or spent:
            asked = _asked(levels, origin)
            life = battery_life(chain, asked)
            expected_ns = round(life.life_s * NS_PER_S)
            if expected_ns <= world.horizon_ns or world.horizon_ns >= cap_ns or spent:
                break
            look_ns = (world.horizon_ns + expected_ns) // 2
        kept.add(rows, start_ns)
        start_ns = world.horizon_ns
    end_ns = min(max(expected_ns, start_ns + 1), world.horizon_ns)
    extent = WHOLE if expected_ns <= world.horizon_ns or world.horizon_ns >= cap_ns else MONTHS
    closed = [_folded(level.run.closed(end_ns)) for level in levels]
    kept.add(closed[0].rows, start_ns)
    record = replace(closed[0], rows=kept.all())
    seen = replace(first or world, horizon_ns=end_ns, bin_count=record.joint_ns.shape[0], events=world.events)
    played = Played(ask.lowering, seen, record, tuple(
        LevelRun(level.lowering.plan, one) for level, one in zip(levels[1:], closed[1:], strict=True)))
    demand = asked.levels[0] if isinstance(asked, Policy) else asked
    drained = Drained(chain, loads_of(ask.lowering.plan, record, chain), demand, asked, life)
    rows_ns = end_ns if kept.until_ns is None else kept.until_ns
    return Replica(played, drained, end_ns / NS_PER_DAY, rows_ns / NS_PER_DAY, extent, "fast", worked)


def _asked(levels: Sequence[_Level], origin: Origin) -> Demand | Policy:
    """What the battery is asked for in every hour, at every policy level."""
    demands = [level.hours.demand() for level in levels]
    policies = origin.loaded.scenario.policies
    if len(demands) == 1:
        return demands[0]
    return policy_of(demands, policies)


def _folded(record: Record) -> Record:
    """The record with its hours by week, or by day where it is shorter than a week."""
    bins = WEEK_HOURS if record.horizon_ns >= 7 * NS_PER_DAY else DAY_HOURS
    joint_ns = record.joint_ns.reshape(-1, bins, record.joint_ns.shape[1]).sum(axis=0)
    return replace(record, joint_ns=joint_ns)


def extent_text(found: Sequence[Replica], seed: int) -> str:
    """How far was simulated, by which engine, and what the metrics cover."""
    one = found[0]
    days = sorted(replica.days for replica in found)
    many = f"{len(found)} replicas" if len(found) > 1 else "one replica"
    by = f"by the {one.engine} engine with seed {seed}"
    if one.extent == WINDOW:
        week = "week" if one.played.record.joint_ns.shape[0] == WEEK_HOURS else "day"
        return f"{one.days:g} days of {many} simulated {by}, carried on by hour of {week}"
    if all(replica.extent == WHOLE for replica in found):
        reach = f"{days[0]:.4g} to {days[-1]:.4g} days" if len(found) > 1 else f"{one.days:.4g} days"
        return (f"the whole life of {many} simulated {by}: {reach}, with the load of every hour; accuracy, latency and "
                "counts are those of this time, nothing after the end counts")
    return (f"{one.days:.4g} days of {many} simulated {by}; a whole life would take more than "
            f"{ACTIVATION_BUDGET:,} activations, so these days repeat until the end; accuracy, latency and counts are "
            "theirs")

