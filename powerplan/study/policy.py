"""Battery-aware policies: the scenario at every level, each simulated on the same world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from powerplan.batteries.demand import Demand, Policy
from powerplan.engines.record import Record
from powerplan.errors import InputError, Problem
from powerplan.files.scenario import Loaded
from powerplan.lowering.lower import Lowering, LoweringError, lower
from powerplan.model.policy import PolicyLevel, measured
from powerplan.model.scenario import Cascade, Scenario, Task
from powerplan.plan.plan import Plan
from powerplan.study.engine import simulate
from powerplan.study.meter import meter_of
from powerplan.study.supply import SupplyChain, demand_of, loads_of
from powerplan.workload.draw import draw_world


@dataclass(frozen=True)
class LevelRun:
    """What a device does at one level below the first."""

    plan: Plan
    record: Record


def level_lowerings(loaded: Loaded) -> list[Lowering]:
    """The scenario as it is at every policy level below the first. Raises InputError with places."""
    problems = [problem for number, level in enumerate(loaded.scenario.policies)
                for problem in _problems(loaded, number, level)]
    if problems:
        raise InputError(problems)
    found, scenario = [], loaded.scenario
    for number, level in enumerate(loaded.scenario.policies):
        scenario = changed(scenario, level)
        try:
            found.append(lower(scenario, loaded.parts, loaded.inputs))
        except LoweringError as error:
            raise InputError([loaded.layers_problem(("policies", number), t.message) for t in error.troubles]) from None
    return found


def _problems(loaded: Loaded, number: int, level: PolicyLevel) -> list[Problem]:
    """Names that do not exist, and levels out of order."""
    scenario, at, found = loaded.scenario, ("policies", number), []
    if number and measured(level.below) != measured(scenario.policies[0].below):
        found.append(loaded.layers_problem((*at, "below"), "all levels are measured alike: charge, usable charge, or "
                                           "voltage under one load"))
    elif number and level.below.typ >= scenario.policies[number - 1].below.typ:
        found.append(loaded.layers_problem((*at, "below"), "levels stand by falling `below`"))
    if number and level.leave_at > scenario.policies[number - 1].leave_at:
        found.append(loaded.layers_problem((*at, "back_above"), "is above that of the level before, which is left "
                                           "later"))
    for name in level.every:
        task = scenario.tasks.get(name)
        if task is None:
            known = ", ".join(scenario.tasks)
            found.append(loaded.layers_problem((*at, "every", name), f"no task {name!r}; tasks: {known}"))
        elif task.when.every is None:
            found.append(loaded.layers_problem((*at, "every", name), f"task {name} has no `every` that could change"))
    for name, thresholds in level.thresholds.items():
        cascade = scenario.cascade.get(name)
        if cascade is None:
            known = ", ".join(scenario.cascade) or "none"
            found.append(loaded.layers_problem((*at, "thresholds", name), f"no cascade {name!r}; cascades: {known}"))
            continue
        found += [loaded.layers_problem((*at, "thresholds", name, key), f"cascade {name} has no {key}")
                  for key in thresholds if getattr(cascade, key) is None]
    return found


def changed(scenario: Scenario, level: PolicyLevel) -> Scenario:
    """The scenario with what a policy level changes."""
    tasks: dict[str, Task] = {name: task.model_copy(update={"when": task.when.model_copy(
        update={"every": level.every[name]})}) if name in level.every else task
        for name, task in scenario.tasks.items()}
    cascades: dict[str, Cascade] = {}
    for name, cascade in scenario.cascade.items():
        thresholds = level.thresholds.get(name, {})
        cascades[name] = cascade.model_copy(update={
            key: getattr(cascade, key).model_copy(update={"threshold": threshold})
            for key, threshold in thresholds.items()})
    return scenario.model_copy(update={"tasks": tasks, "cascade": cascades})


def simulate_levels(loaded: Loaded, seed: int, horizon_ns: int, engine: str) -> tuple[LevelRun, ...]:
    """Every level below the first, played on the same events, interrupts and samples."""
    found = []
    for lowering in level_lowerings(loaded) if loaded.scenario.policies else []:
        world = draw_world(lowering.world, horizon_ns, seed)
        record, _, _ = simulate(lowering.plan, world, engine, _silent, None)
        found.append(LevelRun(lowering.plan, record))
    return tuple(found)


def _silent(_share: float) -> None:
    """No progress."""


def with_levels(first: Demand, levels: Sequence[LevelRun], chain: SupplyChain, policies: Sequence[PolicyLevel]
                ) -> Demand | Policy:
    """What the battery is asked for: the demand, or that of every level and when it is taken."""
    if not levels:
        return first
    demands = [demand_of(level.plan, level.record, chain, loads_of(level.plan, level.record, chain))
               for level in levels]
    return policy_of((first, *demands), policies)


def policy_of(demands: Sequence[Demand], policies: Sequence[PolicyLevel]) -> Policy:
    """Demands and when each is taken, by what the device measures of its battery."""
    kind, load_a = measured(policies[0].below)
    return Policy(tuple(demands), tuple(one.below.typ for one in policies), tuple(one.leave_at for one in policies),
                  meter_of(kind, load_a))
