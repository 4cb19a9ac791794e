"""One sample of an answer: a world played with drawn values, and a battery drained by what was drawn for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from powerplan.batteries.demand import Demand, Policy
from powerplan.batteries.life import Life, Step
from powerplan.batteries.pack import IdealCell
from powerplan.components.spec import Profile
from powerplan.engines.record import Record
from powerplan.files.scenario import Loaded
from powerplan.lowering.lower import Lowering, lower
from powerplan.lowering.parts import FigureLog, lower_parts
from powerplan.model.scenario import Scenario
from powerplan.plan.plan import Plan
from powerplan.plan.world import World
from powerplan.study.draws import CELL, SCENARIO, Key, with_amounts
from powerplan.study.engine import simulate
from powerplan.study.policy import LevelRun, changed, with_levels
from powerplan.study.supply import Loads, SupplyChain, battery_life, demand_of, loads_of, supply_chain
from powerplan.workload.draw import draw_world
from powerplan.workload.spec import Clips, WorldSpec
from powerplan.workload.streams import Streams

Drawn = Mapping[Key, float]


@dataclass(frozen=True)
class Origin:
    """What every sample starts from."""

    loaded: Loaded
    profiles: Mapping[str, Profile]
    seed: int
    horizon_ns: int
    engine: str = "auto"


@dataclass(frozen=True)
class Played:
    """One world played: the times that currents are multiplied with."""

    lowering: Lowering
    world: World
    record: Record
    levels: tuple[LevelRun, ...] = ()
    """The same world at every policy level below the first."""


@dataclass(frozen=True)
class Drained:
    """A battery under the demand of one sample."""

    chain: SupplyChain
    loads: Loads
    demand: Demand
    asked: Demand | Policy
    life: Life


def scenario_values(drawn: Drawn) -> dict[str, float]:
    """Drawn amounts of the scenario by key path."""
    return {path: value for (owner, path), value in drawn.items() if owner == SCENARIO}


def play(origin: Origin, drawn: Drawn, replica: int = 0, *, resampled: bool = False) -> Played:
    """Lower the scenario with drawn values and play a world of its own.

    `resampled` draws the clips of every score table anew, with replacement, so that the size of the table shows.
    """
    scenario = with_amounts(origin.loaded.scenario, scenario_values(drawn))
    runs = []
    for level in (None, *scenario.policies):
        scenario = scenario if level is None else changed(scenario, level)
        lowering = lower(scenario, origin.loaded.parts, origin.loaded.inputs, drawn)
        if resampled:
            lowering = replace(lowering, world=with_resampled(lowering.world, origin.seed, replica))
        world = draw_world(lowering.world, origin.horizon_ns, origin.seed, replica)
        record, _, _ = simulate(lowering.plan, world, origin.engine, None, None)
        runs.append(Played(lowering, world, record))
    below = tuple(LevelRun(run.lowering.plan, run.record) for run in runs[1:])
    return replace(runs[0], levels=below)


def with_resampled(spec: WorldSpec, seed: int, replica: int) -> WorldSpec:
    """The world with the clips of every label drawn with replacement: bootstrap by clip."""
    cascades = []
    for cascade in spec.cascades:
        generator = Streams(seed, replica).generator("bootstrap", cascade.name)
        clips = {label: _resampled(found, generator) for label, found in cascade.clips.items()}
        cascades.append(replace(cascade, clips=clips))
    return replace(spec, cascades=tuple(cascades))


def _resampled(clips: Clips, generator: np.random.Generator) -> Clips:
    if not clips.count:
        return clips
    chosen = generator.integers(0, clips.count, clips.count)
    size = clips.size[chosen]
    first = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    row = np.arange(first[-1]) + np.repeat(clips.first_row[chosen] - first[:-1], size)
    return Clips(first, clips.score[row])


def drain(origin: Origin, played: Played, drawn: Drawn, step: Step = "day_hour") -> Drained:
    """The battery of one sample: drawn currents, converters, cells and temperature on played times."""
    log = FigureLog(drawn)
    lowered = lower_parts(origin.loaded.parts, log, _refuse)
    plan = with_states(played.lowering.plan, lowered)
    scenario: Scenario = with_amounts(played.lowering.scenario, scenario_values(drawn))
    chain = with_cell(supply_chain(scenario, origin.profiles, lowered, log), drawn)
    below = tuple(replace(level, plan=with_states(level.plan, lowered)) for level in played.levels)
    loads, demand, asked = demanded(plan, replace(played, levels=below), chain)
    return Drained(chain, loads, demand, asked, battery_life(chain, asked, step))


def demanded(plan: Plan, played: Played, chain: SupplyChain) -> tuple[Loads, Demand, Demand | Policy]:
    """What the played times ask for with the currents of a Plan: by joint state, by hour, and at every policy level."""
    loads = loads_of(plan, played.record, chain)
    demand = demand_of(plan, played.record, chain, loads)
    return loads, demand, with_levels(demand, played.levels, chain, played.lowering.scenario.policies)


def _refuse(_name: str, error: Exception) -> None:
    raise error


def with_cell(chain: SupplyChain, drawn: Drawn) -> SupplyChain:
    """The chain with a drawn cell."""
    capacity, resistance = drawn.get((CELL, "capacity"), 1.0), drawn.get((CELL, "resistance"), 1.0)
    if capacity == resistance == 1.0:
        return chain
    if isinstance(chain.pack, IdealCell):
        return replace(chain, pack=replace(chain.pack, capacity_c=chain.pack.capacity_c * capacity))
    return replace(chain, pack=chain.pack.varied(capacity, resistance))


def with_states(plan: Plan, parts: Mapping[str, Any]) -> Plan:
    """The same Plan with the currents and powers of other lowered parts."""
    current, power = plan.state_current_a.copy(), plan.state_power_w.copy()
    position = {name: number for number, name in enumerate(plan.state_names)}
    for part in parts.values():
        for state in part.lowered.states:
            number = position[f"{part.name}.{state.name}"]
            current[number], power[number] = state.current_a, state.power_w
    return replace(plan, state_current_a=current, state_power_w=power)
