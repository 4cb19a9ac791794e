"""The Plan: what the device does, as flat arrays that every engine walks.

Parts have power states. A task is a program of phases; an activation of the task walks them. A phase holds parts,
puts them into states, lasts a time, and then chooses between two followers. A part that is given back returns to
its rest state. Nothing here is random: what chance decides stands in the World.

Order of simultaneous events, obeyed by every engine: phase ends before releases before grants; among ends and
among releases the smaller task rank first, then the smaller task number; waiting activations are granted at the
end of the instant, by rank, then by the time they asked, then by task number; an activation takes all it needs at
once or waits.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from powerplan.errors import PowerplanError
from powerplan.plan.codes import Guard

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

END = -1
"""As a follower: the activation is over."""


class PlanError(PowerplanError):
    """A Plan breaks one of its invariants; no engine runs it."""


@dataclass(frozen=True)
class Plan:
    """Behaviour as tables. Indices are positions in the arrays; -1 means none."""

    part_names: tuple[str, ...]
    part_rail: IntArray
    """Rail of each part (parts,)."""
    part_rest_state: IntArray
    """State a part has when nobody holds it (parts,)."""
    rail_names: tuple[str, ...]

    state_names: tuple[str, ...]
    state_part: IntArray
    state_current_a: FloatArray
    state_power_w: FloatArray

    task_names: tuple[str, ...]
    task_entry: IntArray
    """First phase of each task (tasks,)."""
    task_rank: IntArray
    """Smaller goes first among simultaneous events and waiting activations (tasks,)."""
    task_queue_count: IntArray
    """Releases that may wait while an activation runs; further ones are dropped (tasks,)."""
    task_cascade: IntArray
    """Cascade whose samples the task takes, or -1 (tasks,)."""
    task_records: NDArray[np.bool_]
    """Every activation leaves a row; otherwise only those with an event and detections do (tasks,)."""
    task_parent: IntArray
    """Task whose detections release this one (an action), or -1 (tasks,)."""
    task_deadline_ns: IntArray
    """Longest time from release to decision that still counts, or -1 (tasks,)."""

    phase_task: IntArray
    phase_duration_ns: IntArray
    phase_drawn_duration: NDArray[np.bool_]
    """The duration is the World's, per activation (phases,)."""
    phase_stage: IntArray
    phase_holds: IntArray
    """Bit set of parts held during the phase (phases,)."""
    phase_guard: IntArray
    phase_level: IntArray
    """Level (row of the level arrays) a LEVEL guard asks, or -1 (phases,)."""
    phase_on_pass: IntArray
    phase_on_fail: IntArray
    phase_marks: IntArray
    phase_spawn: IntArray
    """Task released when the guard passes, or -1 (phases,)."""
    phase_set_first: IntArray
    """Start of the phase's slice of `set_state` (phases + 1,)."""
    set_state: IntArray
    """States entered at the start of a phase."""

    cascade_names: tuple[str, ...]
    cascade_refractory_ns: IntArray
    cascade_confirm_count: IntArray
    cascade_confirm_of: IntArray
    cascade_confirm_final: NDArray[np.bool_]
    """The confirmation counts final decisions instead of level-1 passes (cascades,)."""
    cascade_sleeps_refractory: NDArray[np.bool_]
    """Windows inside the refractory time are not even computed (cascades,)."""

    level_cascade: IntArray
    level_number: IntArray
    """0 for level 1; -1 for a row that only ACCEPT guards ask (levels,)."""
    level_column: IntArray
    """Which of the sample's scores the level reads (levels,)."""
    level_low_score: FloatArray
    level_high_score: FloatArray
    """A sample passes when low <= score <= high (levels,)."""

    def __post_init__(self) -> None:
        check(self)

    @cached_property
    def part_first_state(self) -> IntArray:
        """Number of the first state of each part; states of one part are neighbours (parts,)."""
        return np.searchsorted(self.state_part, np.arange(len(self.part_names))).astype(np.int64)

    @cached_property
    def state_weight(self) -> IntArray:
        """What each state adds to the joint code of all parts (states,).

        The code is a mixed-radix number with one digit per part, so that one integer names the joint state.
        """
        counts = np.bincount(self.state_part, minlength=len(self.part_names))
        weights = np.ones(len(counts), dtype=object)
        for part in range(1, len(counts)):
            weights[part] = weights[part - 1] * int(counts[part - 1])
        local = np.arange(len(self.state_part)) - self.part_first_state[self.state_part]
        return np.array([int(weights[p]) * int(d) for p, d in zip(self.state_part, local, strict=True)], np.int64)

    @cached_property
    def rest_code(self) -> int:
        """Joint code with every part at rest."""
        return int(self.state_weight[self.part_rest_state].sum())

    def states_of_code(self, code: int) -> IntArray:
        """State of every part in a joint code (parts,)."""
        counts = np.bincount(self.state_part, minlength=len(self.part_names))
        states = np.empty(len(counts), np.int64)
        for part, count in enumerate(counts):
            code, digit = divmod(code, int(count))
            states[part] = self.part_first_state[part] + digit
        return states

    def phases_of(self, task: int) -> IntArray:
        """Numbers of the phases of a task."""
        return np.flatnonzero(self.phase_task == task)


def check(plan: Plan) -> None:
    """Refuse a Plan that an engine could not run, naming the first broken rule. Raises PlanError."""
    _check_shapes(plan)
    phases, parts = len(plan.phase_task), len(plan.part_names)
    if parts > 62:
        raise PlanError(f"{parts} parts and exclusion groups; the engines hold at most 62")
    if (np.diff(plan.state_part) < 0).any():
        raise PlanError("the states of one part must be neighbours, in the order of the parts")
    if (plan.phase_duration_ns < 0).any():
        raise PlanError("a phase lasts a negative time")
    for follower in (plan.phase_on_pass, plan.phase_on_fail):
        inside = (follower >= END) & (follower < phases)
        if not inside.all():
            raise PlanError("a phase is followed by one that does not exist")
        real = follower >= 0
        if (plan.phase_task[follower[real]] != plan.phase_task[real]).any():
            raise PlanError("a phase is followed by one of another task")
    held = [int(p) for p in plan.phase_holds]
    if any(bits >> parts for bits in held):
        raise PlanError("a phase holds a part that does not exist")
    asks = (plan.phase_guard == Guard.LEVEL) | (plan.phase_guard == Guard.ACCEPT)
    if (plan.phase_level[asks] < 0).any():
        raise PlanError("a level guard names no level")
    _check_joint_states(plan)
    _check_progress(plan)
    _check_lock_order(plan)


def _check_shapes(plan: Plan) -> None:
    groups = {"part": len(plan.part_names), "state": len(plan.state_names), "task": len(plan.task_names),
              "phase": len(plan.phase_task), "cascade": len(plan.cascade_names), "level": len(plan.level_cascade)}
    for spec in fields(plan):
        value = getattr(plan, spec.name)
        prefix = spec.name.split("_")[0]
        if not isinstance(value, np.ndarray) or prefix not in groups:
            continue
        expected = groups[prefix] + (1 if spec.name == "phase_set_first" else 0)
        if value.shape != (expected,):
            raise PlanError(f"{spec.name} has shape {value.shape}, expected ({expected},)")


def _check_joint_states(plan: Plan) -> None:
    total = 1
    for count in np.bincount(plan.state_part, minlength=len(plan.part_names)):
        total *= int(count)
    if total >= 1 << 62:
        raise PlanError("the parts have more joint states than a 62-bit number can name")


def _check_progress(plan: Plan) -> None:
    """A loop of phases without duration would never end."""
    instant = (plan.phase_duration_ns == 0) & ~plan.phase_drawn_duration
    state = [0] * len(plan.phase_task)
    for start in range(len(state)):
        stack = [(start, False)]
        while stack:
            phase, leaving = stack.pop()
            if leaving:
                state[phase] = 2
                continue
            if state[phase] or not instant[phase]:
                continue
            state[phase] = 1
            stack.append((phase, True))
            for follower in (int(plan.phase_on_pass[phase]), int(plan.phase_on_fail[phase])):
                if follower < 0 or not instant[follower]:
                    continue
                if state[follower] == 1:
                    name = plan.task_names[plan.phase_task[phase]]
                    raise PlanError(f"task {name} has a loop of phases without duration")
                stack.append((follower, False))


def _check_lock_order(plan: Plan) -> None:
    """Taking parts while holding others must follow one order, or two tasks could wait for each other for ever."""
    after: dict[int, set[int]] = {}
    for phase in range(len(plan.phase_task)):
        for follower in {int(plan.phase_on_pass[phase]), int(plan.phase_on_fail[phase])}:
            if follower < 0:
                continue
            before_bits, next_bits = int(plan.phase_holds[phase]), int(plan.phase_holds[follower])
            kept, taken = before_bits & next_bits, next_bits & ~before_bits
            for first in _bits(kept):
                after.setdefault(first, set()).update(_bits(taken))
    order: dict[int, int] = {}

    def visit(part: int, path: tuple[int, ...]) -> None:
        if part in path:
            names = " -> ".join(plan.part_names[p] for p in (*path[path.index(part):], part))
            raise PlanError(f"tasks could wait for each other for ever: parts are taken in a circle: {names}")
        if part in order:
            return
        for later in sorted(after.get(part, ())):
            visit(later, (*path, part))
        order[part] = len(order)

    for part in sorted(after):
        visit(part, ())


def _bits(mask: int) -> list[int]:
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]
