"""Builds a Plan piece by piece, by name; numbers are given out here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from powerplan.components.base import PowerState
from powerplan.plan.codes import Guard, Stage
from powerplan.plan.plan import END, Plan

UNBOUNDED = 1 << 30
"""Queue length of a task that loses nothing."""


@dataclass
class Phase:
    """One row of the phase table, with names instead of numbers."""

    duration_ns: int = 0
    stage: Stage = Stage.OTHER
    holds: frozenset[str] = frozenset()
    sets: tuple[tuple[str, str], ...] = ()
    """(part, state) pairs entered at the start."""
    guard: Guard = Guard.NONE
    level: int = -1
    on_pass: int | None = None
    """Position in the task's list; None is the next phase, END or one past the last the end."""
    on_fail: int = END
    marks: int = 0
    spawn: str | None = None
    drawn: bool = False


@dataclass
class TaskSpec:
    """A task and its phases, with names instead of numbers."""

    name: str
    phases: list[Phase]
    rank: int = 0
    queue_count: int = UNBOUNDED
    cascade: str | None = None
    records: bool = True
    parent: str | None = None
    deadline_ns: int = -1


@dataclass
class CascadeSpec:
    """The rules of one cascade."""

    name: str
    refractory_ns: int = 0
    confirm_count: int = 1
    confirm_of: int = 1
    confirm_final: bool = False
    sleeps_refractory: bool = False


@dataclass
class PlanBuilder:
    """Collects parts, cascades and tasks; `build` gives the frozen Plan. Raises PlanError there."""

    rails: list[str] = field(default_factory=list)
    parts: dict[str, tuple[str, list[PowerState]]] = field(default_factory=dict)
    cascades: list[CascadeSpec] = field(default_factory=list)
    levels: list[tuple[str, int, float, float, int]] = field(default_factory=list)
    tasks: list[TaskSpec] = field(default_factory=list)

    def part(self, name: str, rail: str, states: Sequence[PowerState]) -> None:
        """A part with its power states, the rest state first."""
        if rail not in self.rails:
            self.rails.append(rail)
        self.parts[name] = (rail, list(states))

    def exclusion(self, name: str) -> None:
        """A thing only one task may hold at a time, that draws nothing itself."""
        self.part(name, self.rails[0] if self.rails else "main", [PowerState("free")])

    def level(self, cascade: str, number: int, low_score: float, high_score: float, column: int | None = None) -> int:
        """Row of a new level: a sample passes when low <= score <= high, in this column of its scores or its own."""
        self.levels.append((cascade, number, low_score, high_score, number if column is None else column))
        return len(self.levels) - 1

    def build(self) -> Plan:
        """The frozen Plan. Raises PlanError when an invariant is broken."""
        part_number = {name: number for number, name in enumerate(self.parts)}
        states = [(part, state) for part, (_, listed) in self.parts.items() for state in listed]
        state_number = {(part, state.name): number for number, (part, state) in enumerate(states)}
        cascade_number = {spec.name: number for number, spec in enumerate(self.cascades)}
        task_number = {spec.name: number for number, spec in enumerate(self.tasks)}
        entries = np.cumsum([0, *(len(spec.phases) for spec in self.tasks)])
        rows = [(task, position, phase) for task, spec in enumerate(self.tasks)
                for position, phase in enumerate(spec.phases)]

        def follower(task: int, position: int, target: int | None) -> int:
            place = position + 1 if target is None else target
            return END if place == END or place >= len(self.tasks[task].phases) else int(entries[task]) + place

        sets = [[state_number[pair] for pair in phase.sets] for _, _, phase in rows]
        return Plan(
            part_names=tuple(self.parts),
            part_rail=_ints(self.rails.index(rail) for rail, _ in self.parts.values()),
            part_rest_state=_ints(state_number[name, listed[0].name] for name, (_, listed) in self.parts.items()),
            rail_names=tuple(self.rails),
            state_names=tuple(f"{part}.{state.name}" for part, state in states),
            state_part=_ints(part_number[part] for part, _ in states),
            state_current_a=np.array([state.current_a for _, state in states], np.float64),
            state_power_w=np.array([state.power_w for _, state in states], np.float64),
            task_names=tuple(task_number),
            task_entry=_ints(entries[:-1]),
            task_rank=_ints(spec.rank for spec in self.tasks),
            task_queue_count=_ints(spec.queue_count for spec in self.tasks),
            task_cascade=_ints(cascade_number[s.cascade] if s.cascade else -1 for s in self.tasks),
            task_records=np.array([spec.records for spec in self.tasks], bool),
            task_parent=_ints(task_number[s.parent] if s.parent else -1 for s in self.tasks),
            task_deadline_ns=_ints(spec.deadline_ns for spec in self.tasks),
            phase_task=_ints(task for task, _, _ in rows),
            phase_duration_ns=_ints(phase.duration_ns for _, _, phase in rows),
            phase_drawn_duration=np.array([phase.drawn for _, _, phase in rows], bool),
            phase_stage=_ints(phase.stage for _, _, phase in rows),
            phase_holds=_ints(sum(1 << part_number[name] for name in phase.holds) for _, _, phase in rows),
            phase_guard=_ints(phase.guard for _, _, phase in rows),
            phase_level=_ints(phase.level for _, _, phase in rows),
            phase_on_pass=_ints(follower(task, at, phase.on_pass) for task, at, phase in rows),
            phase_on_fail=_ints(follower(task, at, phase.on_fail) for task, at, phase in rows),
            phase_marks=_ints(phase.marks for _, _, phase in rows),
            phase_spawn=_ints(task_number[phase.spawn] if phase.spawn else -1 for _, _, phase in rows),
            phase_set_first=np.cumsum([0, *(len(listed) for listed in sets)]).astype(np.int64),
            set_state=_ints(state for listed in sets for state in listed),
            cascade_names=tuple(cascade_number),
            cascade_refractory_ns=_ints(spec.refractory_ns for spec in self.cascades),
            cascade_confirm_count=_ints(spec.confirm_count for spec in self.cascades),
            cascade_confirm_of=_ints(spec.confirm_of for spec in self.cascades),
            cascade_confirm_final=np.array([spec.confirm_final for spec in self.cascades], bool),
            cascade_sleeps_refractory=np.array([spec.sleeps_refractory for spec in self.cascades], bool),
            level_cascade=_ints(cascade_number[cascade] for cascade, *_ in self.levels),
            level_number=_ints(number for _, number, *_ in self.levels),
            level_column=_ints(column for *_, column in self.levels),
            level_low_score=np.array([low for _, _, low, *_ in self.levels], np.float64),
            level_high_score=np.array([high for _, _, _, high, _ in self.levels], np.float64),
        )


def _ints(values: object) -> np.ndarray:
    return np.array([int(value) for value in values], np.int64)  # type: ignore[attr-defined]
