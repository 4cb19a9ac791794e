"""Lowers a scenario: parts, cascades and tasks to one Plan, the workload to one world to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from powerplan.components.spec import Part, PartError
from powerplan.errors import PowerplanError
from powerplan.lowering.cascades import CascadeBlock, add_accepts, add_levels, cascade_spec, processor_of
from powerplan.lowering.models import LevelCost, level_cost
from powerplan.lowering.parts import Drawn, FigureLog, FigureUse, LoweredPart, lower_parts
from powerplan.lowering.segments import Kit
from powerplan.lowering.tasks import TaskLowering, TaskTrouble
from powerplan.lowering.world import CascadeInput, world_spec
from powerplan.model.scenario import Scenario
from powerplan.plan.builder import PlanBuilder
from powerplan.plan.plan import Plan, PlanError
from powerplan.workload.spec import WorldSpec

PROCESSOR_KINDS = ("mcu", "board")


@dataclass(frozen=True)
class Trouble:
    """Something in the scenario that cannot be lowered, with its key path."""

    path: tuple[str | int, ...]
    message: str


class LoweringError(PowerplanError):
    """A scenario that reads well but cannot be planned; holds every trouble found."""

    def __init__(self, troubles: tuple[Trouble, ...]) -> None:
        super().__init__(troubles)
        self.troubles = troubles

    def __str__(self) -> str:
        return "\n".join(f"{'.'.join(map(str, trouble.path))}: {trouble.message}" for trouble in self.troubles)


@dataclass(frozen=True)
class Lowering:
    """A scenario as engines and studies use it."""

    scenario: Scenario
    plan: Plan
    world: WorldSpec
    parts: dict[str, LoweredPart]
    costs: tuple[LevelCost, ...]
    figures: tuple[FigureUse, ...]
    """Every figure used, with its source."""


def lower(scenario: Scenario, parts: Mapping[str, Part[Any, Any]], inputs: Mapping[str, CascadeInput],
          drawn: Drawn | None = None) -> Lowering:
    """The Plan and the world to draw. Raises LoweringError with everything that is wrong."""
    log = FigureLog(drawn or {})
    troubles: list[Trouble] = []
    lowered = lower_parts(parts, log, lambda name, error: troubles.append(_of_part(name, error)))
    _check_workload(scenario, lowered, troubles)
    processors = [name for name, part in lowered.items() if part.part.spec.kind in PROCESSOR_KINDS]
    kit = Kit(lowered, processors[0] if processors else None,
              lambda message: TaskTrouble(("cascade",), message))
    plan = PlanBuilder()
    for part in lowered.values():
        plan.part(part.name, part.rail, part.lowered.states)
    exclusive = [frozenset(group) for group in scenario.exclusive]
    for number, group in enumerate(exclusive):
        plan.exclusion(f"exclusive_{number}")
        troubles.extend(Trouble(("exclusive", number), f"there is no part {name!r}") for name in group - set(parts))
    blocks = _blocks(scenario, inputs, kit, plan, log, troubles)
    tasks = TaskLowering(scenario, kit, blocks, plan, exclusive)
    for name, task in scenario.tasks.items():
        try:
            tasks.add(name, task)
        except TaskTrouble as error:
            troubles.append(Trouble(error.path, error.message))
        except PartError as error:
            of_part = Trouble(("parts", error.part, *error.path), str(error))
            troubles.extend({of_part} - set(troubles))
        except PowerplanError as error:
            troubles.append(Trouble(("tasks", name), str(error)))
    if troubles:
        raise LoweringError(tuple(troubles))
    try:
        built = plan.build()
    except PlanError as error:
        raise LoweringError((Trouble(("tasks",), str(error)),)) from None
    world = world_spec(scenario, tuple(tasks.world), lowered, inputs)
    costs = tuple(cost for block in blocks.values() for cost in block.costs)
    return Lowering(scenario, built, world, lowered, costs, tuple(log.used.values()))


def _of_part(name: str, error: Exception) -> Trouble:
    path = getattr(error, "path", ())
    return Trouble(("parts", name, *path), str(error).partition(": ")[2] or str(error))


def _blocks(scenario: Scenario, inputs: Mapping[str, CascadeInput], kit: Kit, plan: PlanBuilder, log: FigureLog,
            troubles: list[Trouble]) -> dict[str, CascadeBlock]:
    blocks = {}
    for name, cascade in scenario.cascade.items():
        plan.cascades.append(cascade_spec(name, cascade))
        try:
            facts = inputs[name].facts
            costs = tuple(
                level_cost(name, f"level{number + 1}", level, facts[number], kit.parts[processor_of(level, kit)], log,
                           inputs[name].measured[number] if inputs[name].measured else None,
                           inputs[name].arenas[number] if inputs[name].arenas else None)
                for number, level in enumerate(cascade.levels))
        except TaskTrouble as error:
            troubles.append(Trouble(("cascade", name), error.message))
            continue
        except PowerplanError as error:
            troubles.append(Trouble(("cascade", name, getattr(error, "level", "level1")),
                                    getattr(error, "message", str(error))))
            continue
        blocks[name] = CascadeBlock(cascade, add_levels(plan, name, cascade), add_accepts(plan, name, cascade), costs)
    return blocks


def _check_workload(scenario: Scenario, parts: Mapping[str, LoweredPart], troubles: list[Trouble]) -> None:
    """References of the workload: sensors, labels, states of the world."""
    able = [name for name, part in parts.items() if part.interrupt() is not None]
    _check_usage(scenario, troubles)
    used = {task.when.interrupt or (task.when.gate.by if task.when.gate else None)
            for task in scenario.tasks.values()} - {None}
    for name, event in scenario.workload.events.items():
        for position, sensor in enumerate(event.seen_by or []):
            if sensor not in able:
                troubles.append(Trouble(("workload", "events", name, "seen_by", position),
                                        f"{sensor!r} cannot notice events; parts that can: "
                                        f"{', '.join(able) or 'none'}"))
        if event.seen_by is None and len(used) > 1:
            troubles.append(Trouble(("workload", "events", name), "several parts wait for interrupts "
                                    f"({', '.join(sorted(map(str, used)))}): say which notice this event, as in "
                                    f"seen_by: [{min(map(str, used))}]"))
        if event.during is not None and event.during not in scenario.workload.states:
            troubles.append(Trouble(("workload", "events", name, "during"), f"no state {event.during!r}; there is: "
                                    f"{', '.join(scenario.workload.states) or 'none'}"))
        labels = event.label if isinstance(event.label, dict) else {}
        troubles.extend(Trouble(("workload", "events", name, "label", cascade), f"there is no cascade {cascade!r}")
                        for cascade in labels if cascade not in scenario.cascade)


def _check_usage(scenario: Scenario, troubles: list[Trouble]) -> None:
    """Profiles of use: the chosen one exists, and each names events that exist."""
    workload = scenario.workload
    if workload.use is not None and workload.use not in workload.usage:
        troubles.append(Trouble(("workload", "use"), f"no profile of use {workload.use!r}; there is: "
                                f"{', '.join(workload.usage) or 'none'}"))
    for profile, rates in workload.usage.items():
        troubles.extend(Trouble(("workload", "usage", profile, event), f"there is no event {event!r}; there is: "
                                f"{', '.join(workload.events) or 'none'}")
                        for event in rates if event not in workload.events)
