"""`rest: auto` and `sleep: auto`: the rest state that takes the least energy in the gap between two uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from powerplan.components.base import NS_PER_S, Request, Step
from powerplan.components.mcu import Mcu
from powerplan.components.spec import Part, PartError
from powerplan.errors import PowerplanError
from powerplan.lowering.segments import arguments_of
from powerplan.model.scenario import Do, Scenario
from powerplan.units import format_quantity

AUTO = "auto"
RATED_AT_V = 3.3
"""Currents count at this voltage beside powers; a choice hardly depends on it."""
AnyPart = Part[Any, Any]


def settled(scenario: Scenario, parts: Mapping[str, AnyPart]) -> dict[str, AnyPart]:
    """The parts with every `auto` replaced by a rest state. Raises PartError."""
    return {name: _settled(part, scenario) if is_auto(part) else part for name, part in parts.items()}


def is_auto(part: AnyPart) -> bool:
    """Whether the scenario leaves the rest state to powerplan."""
    return getattr(part.options, _option(part), None) == AUTO


def _option(part: AnyPart) -> str:
    return "sleep" if isinstance(part, Mcu) else "rest"


def _settled(part: AnyPart, scenario: Scenario) -> AnyPart:
    option = _option(part)
    gap_s, requests = _uses(part, scenario)
    trials = {state: _with_rest(part, option, state) for state in _candidates(part)}
    energies = {state: energy for state, trial in trials.items()
                if (energy := _energy_j(trial, requests, gap_s)) is not None}
    if not energies:
        raise PartError(part.name, (option,), "no rest state has all its figures", "name one yourself")
    best = min(energies, key=lambda state: energies[state])
    listed = ", ".join(f"{state} {format_quantity(energy, 'energy')}" for state, energy in
                       sorted(energies.items(), key=lambda item: item[1]))
    gap = format_quantity(gap_s, "duration")
    return replace(trials[best], chosen=f"{option}: {best} takes the least energy in {gap} with one use ({listed})")


def _with_rest(part: AnyPart, option: str, state: str) -> AnyPart:
    return replace(part, options=part.options.model_copy(update={option: state}))


def _candidates(part: AnyPart) -> Sequence[str]:
    """Rest states that may be chosen; a processor must be able to wake by its clock."""
    if isinstance(part, Mcu):
        return [name for name, state in part.spec.sleep.items() if state.rtc is not False]
    return ["off", "standby", *(["on"] if part.spec.kind == "camera" else getattr(part.spec, "modes", ()))]


def _uses(part: AnyPart, scenario: Scenario) -> tuple[float, list[Request]]:
    """Shortest period of a task that uses the part, and what that task asks of it. [s]"""
    found = []
    for task in scenario.tasks.values():
        if task.when.every is None:
            continue
        asked = [Request(step.verb, arguments_of(step)) for step in _steps(task.do)
                 if step.verb in ("capture", "sample") and getattr(step, step.verb) == part.name]
        if asked or isinstance(part, Mcu):
            found.append((task.when.every.typ, asked))
    if not found:
        raise PartError(part.name, (_option(part),), "auto needs a task with `every:` that uses the part",
                        "the gap between uses decides; name a rest state yourself")
    gap_s, asked = min(found, key=lambda use: use[0])
    return gap_s, [Request("wake")] if isinstance(part, Mcu) else asked


def _steps(steps: Sequence[Do]) -> Iterator[Do]:
    for step in steps:
        if step.parallel is not None:
            yield from _steps(step.parallel)
        elif step.wait is None:
            yield step


def _energy_j(part: AnyPart, requests: Sequence[Request], gap_s: float) -> float | None:
    """Energy of one period: the steps of the uses, and the rest state for the rest; None where a figure lacks. [J]"""
    use = part.use_typical
    try:
        lowered = part.lower(use)
        steps: list[Step] = [step for request in requests for step in part.steps(request, use)]
    except PowerplanError:
        return None
    drawn_w = {state.name: state.current_a * RATED_AT_V + state.power_w for state in lowered.states}
    busy_ns = sum(step.duration_ns for step in steps)
    used_j = sum(drawn_w[step.state] * step.duration_ns for step in steps) / NS_PER_S
    rest_s = max(0.0, gap_s - busy_ns / NS_PER_S)
    return used_j + drawn_w[lowered.states[0].name] * rest_s
