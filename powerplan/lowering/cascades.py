"""A cascade as phases: capture or features, level by level, and the decision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

import numpy as np

from powerplan.lowering.models import LevelCost
from powerplan.lowering.parts import listening_steps
from powerplan.lowering.segments import NO_PROCESSOR, STAGES, Kit, Segment, phases_of, segments_of, with_waking
from powerplan.model.scenario import Band, Cascade, Level
from powerplan.plan.builder import CascadeSpec, Phase, PlanBuilder
from powerplan.plan.codes import Guard, Stage
from powerplan.plan.plan import END

NEVER_SCORE = inf
"""Threshold that no score reaches."""


def limits_of(level: Level) -> tuple[float, float]:
    """Lowest and highest score that passes a level."""
    if isinstance(level.escalate, Band):
        return level.escalate.band
    threshold = NEVER_SCORE if level.threshold == "never" else float(level.threshold)
    if level.escalate == "below":
        return -inf, float(np.nextafter(threshold, -inf))
    return threshold, inf


def cascade_spec(name: str, cascade: Cascade) -> CascadeSpec:
    """The rules of a cascade for the Plan."""
    confirm = cascade.confirm
    return CascadeSpec(
        name, cascade.refractory.duration_ns if cascade.refractory else 0,
        confirm.windows if confirm else 1, confirm.of if confirm else 1,
        confirm.at == "final" if confirm else False, cascade.sleep_while_refractory)


@dataclass(frozen=True)
class CascadeBlock:
    """What a task needs to append a cascade to its phases."""

    cascade: Cascade
    levels: tuple[int, ...]
    """Level rows in the Plan."""
    accepts: tuple[int, ...]
    """Rows in the Plan of the scores that decide at once, by level; -1 where there is none."""
    costs: tuple[LevelCost, ...]
    """Latency of each level on its processor."""


def add_levels(plan: PlanBuilder, name: str, cascade: Cascade) -> tuple[int, ...]:
    """Put the levels of a cascade into the Plan. Stated outcomes score 1 or 0, whatever the thresholds."""
    return tuple(plan.level(name, number, *((0.5, inf) if cascade.outcomes else limits_of(level)))
                 for number, level in enumerate(cascade.levels))


def add_accepts(plan: PlanBuilder, name: str, cascade: Cascade) -> tuple[int, ...]:
    """Put the scores that decide without the levels after them into the Plan; -1 for levels without one."""
    return tuple(-1 if level.accept is None or cascade.outcomes else
                 plan.level(name, -1, float(level.accept), inf, number)
                 for number, level in enumerate(cascade.levels))


def processor_of(level: Level, kit: Kit) -> str:
    """The processor a level runs on."""
    name = level.on or kit.processor
    if name is None:
        raise kit.refuse(f"its models need a processor, and {NO_PROCESSOR}")
    return kit.part(name).name


def cascade_phases(block: CascadeBlock, before: list[Segment], kept: dict[str, str], kit: Kit,
                   exclusive: list[frozenset[str]], spawn: str | None) -> list[Phase]:
    """Phases from the first segment of the task to the decision.

    `kept` are parts that stay in a state until the task is over (a camera that keeps its frames).
    """
    phases: list[Phase] = []
    line = [*before, *_features(block.cascade, kept, kit)]
    awake: frozenset[str] = frozenset()
    for number, (level, cost) in enumerate(zip(block.cascade.levels, block.costs, strict=True)):
        for step in level.do:
            line.extend(_keeping(segment, kept) for segment in segments_of(step, kit))
            kept = kept_after(step, kept, kit)
        line.append(_inference(level, number, cost, kept, kit))
        woken = with_waking(line, kit, asleep=not (awake & line[0].computes))
        added = phases_of(woken, exclusive, len(phases))
        added[-1].guard, added[-1].level = Guard.LEVEL, block.levels[number]
        phases.extend(_with_modes(added, level, kit, len(phases)))
        if block.accepts[number] >= 0:
            phases.append(Phase(stage=added[-1].stage, holds=added[-1].holds, guard=Guard.ACCEPT,
                                level=block.accepts[number], on_fail=len(phases) + 1))
        awake, line = woken[-1].computes, []
    for phase in phases:
        if phase.guard == Guard.ACCEPT:
            phase.on_pass = len(phases)
    phases.append(Phase(guard=Guard.DECIDE, spawn=spawn, on_pass=END, on_fail=END))
    return phases


def _features(cascade: Cascade, kept: dict[str, str], kit: Kit) -> list[Segment]:
    if cascade.features is None:
        return []
    name = cascade.features.on or kit.processor
    if name is None:
        raise kit.refuse("features are computed `on` a processor, and the scenario has none of kind mcu")
    return [Segment(cascade.features.time.duration_ns, Stage.FEATURES, {**kept, kit.part(name).name: "run"},
                    computes=frozenset({name}))]


def _inference(level: Level, number: int, cost: LevelCost, kept: dict[str, str], kit: Kit) -> Segment:
    name = processor_of(level, kit)
    stage = STAGES[f"level{number + 1}"]
    return Segment(cost.latency_ns, stage, {**kept, name: "run"}, computes=frozenset({name}))


def _with_modes(phases: list[Phase], level: Level, kit: Kit, offset: int) -> list[Phase]:
    """While the level runs, other parts are in other states; both ways out lead back to the states before."""
    if not level.modes:
        return phases
    during, after = [], []
    for name, state in level.modes.items():
        part = kit.part(name)
        wanted = state if part.has_state(state) else f"listen_{state}"
        if not part.has_state(wanted):
            known = ", ".join(s.name for s in part.lowered.states)
            raise kit.refuse(f"{name} has no state {state!r}; it has {known}")
        during.append((name, wanted))
        _, listening = listening_steps(part)
        after.append((name, listening[-1].state if listening else part.lowered.states[0].name))
    last = len(phases) - 1
    phases[0] = replace(phases[0], sets=tuple(sorted({*phases[0].sets, *during})))
    phases[last].on_pass, phases[last].on_fail = offset + last + 2, offset + last + 1
    back = Phase(sets=tuple(sorted(after)))
    return [*phases, replace(back, on_pass=END, on_fail=END), back]


def _keeping(segment: Segment, kept: dict[str, str]) -> Segment:
    return replace(segment, states={**kept, **segment.states})


def kept_after(step: object, kept: dict[str, str], kit: Kit) -> dict[str, str]:
    """Parts that stay in a state once a step is done."""
    name = getattr(step, "capture", None)
    if name is None or kit.part(name).lowered.keep is None:
        return kept
    return {**kept, name: str(kit.part(name).lowered.keep)}


def keeping(segments: list[Segment], kept: dict[str, str]) -> list[Segment]:
    """Segments with the kept parts held beside their own."""
    return [_keeping(segment, kept) for segment in segments]
