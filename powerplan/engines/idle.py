"""What an activation does that some level rejects, as changes of state at fixed offsets from its release.

Between candidates a device runs the same activation over and over. Where nothing else happens meanwhile, k of them
are k times the same stays, so engines count them instead of playing them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from powerplan.plan.codes import Guard
from powerplan.plan.plan import END, Plan
from powerplan.plan.world import World


@dataclass(frozen=True)
class Stay:
    """A stretch in one joint state, relative to the release and to the joint code around the activation."""

    offset_ns: int
    duration_ns: int
    code_step: int
    """What the activation adds to the joint code of the other parts."""


@dataclass(frozen=True)
class IdleActivation:
    """One undisturbed activation of a task that a level rejects."""

    duration_ns: int
    touches: int
    """Bit set of the parts it holds or changes; all of them rest before and after."""
    parts: tuple[int, ...]
    stays: tuple[Stay, ...]
    first_change_ns: int
    """Offset of the first change of state, -1 where it changes none."""
    last_change_ns: int
    entered: tuple[int, ...]
    """States entered, in order, with repeats."""
    levels: tuple[int, ...]
    """Levels asked; all but the last let the sample pass."""
    plain: bool
    """It neither repeats attempts nor draws a duration, so that candidates take the same time."""


def idle_activations(plan: Plan, world: World) -> list[IdleActivation | None]:
    """The idle activation of every task, None where it has none that could be counted."""
    return [idle_activation(plan, task, len(world.spawn_attempts[task]) > 0) for task in range(len(plan.task_names))]


def rejected_paths(plan: Plan, world: World, task: int) -> list[IdleActivation]:
    """Undisturbed activations by how many levels they pass before one rejects them: 0, 1, ..."""
    draws_attempts = len(world.spawn_attempts[task]) > 0
    idle = idle_activation(plan, task, draws_attempts)
    if idle is None:
        return []
    paths = [idle]
    while idle.plain:
        path = idle_activation(plan, task, draws_attempts, len(paths))
        if path is None or not path.plain or len(path.levels) != len(paths) + 1 \
                or (path.first_change_ns < 0) != (idle.first_change_ns < 0):
            break
        paths.append(path)
    return paths


def idle_activation(plan: Plan, task: int, draws_attempts: bool, passes: int = 0) -> IdleActivation | None:
    """The activation that passes so many levels: none where it leaves a row, decides, releases others or never ends."""
    if plan.task_parent[task] >= 0 or plan.task_records[task]:
        return None
    walk = _Walk(plan)
    levels: list[int] = []
    at_ns, held, phase, plain = 0, 0, int(plan.task_entry[task]), True
    for _ in range(len(plan.phase_task) + 1):
        if phase == END:
            break
        holds, guard = int(plan.phase_holds[phase]), int(plan.phase_guard[phase])
        walk.give_back(held & ~holds, at_ns)
        held = holds
        walk.touches |= holds
        for state in plan.set_state[plan.phase_set_first[phase]:plan.phase_set_first[phase + 1]].tolist():
            walk.enter(state, at_ns)
        at_ns += 0 if plan.phase_drawn_duration[phase] else int(plan.phase_duration_ns[phase])
        if guard == Guard.DECIDE or (guard == Guard.ATTEMPT and draws_attempts):
            return None
        plain &= not plan.phase_drawn_duration[phase] and guard != Guard.ATTEMPT
        passed = True
        if guard == Guard.LEVEL:
            passed = len(levels) < passes
            levels.append(int(plan.phase_level[phase]))
        if passed and plan.phase_spawn[phase] >= 0:
            return None
        phase = int(plan.phase_on_pass[phase] if passed else plan.phase_on_fail[phase])
    walk.give_back(held, at_ns)
    if phase != END or not walk.rests():
        return None
    return walk.activation(at_ns, tuple(levels), plain)


class _Walk:
    """Changes of state of one activation that starts with every part at rest."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._state = plan.part_rest_state.tolist()
        self.touches = 0
        self.changes: list[tuple[int, int]] = []
        """(offset, code step after it)"""
        self._entered: list[int] = []
        self._step = 0

    def enter(self, state: int, at_ns: int) -> None:
        part = int(self._plan.state_part[state])
        self.touches |= 1 << part
        before = self._state[part]
        if before == state:
            return
        self._step += int(self._plan.state_weight[state] - self._plan.state_weight[before])
        self._state[part] = state
        self._entered.append(state)
        self.changes.append((at_ns, self._step))

    def give_back(self, mask: int, at_ns: int) -> None:
        for part in range(mask.bit_length()):
            if mask >> part & 1:
                self.enter(int(self._plan.part_rest_state[part]), at_ns)

    def rests(self) -> bool:
        return bool(np.array_equal(self._state, self._plan.part_rest_state))

    def activation(self, duration_ns: int, levels: tuple[int, ...], plain: bool) -> IdleActivation:
        stays = tuple(Stay(at, after - at, step) for (at, step), (after, _) in
                      zip(self.changes, self.changes[1:], strict=False) if after > at)
        parts = tuple(part for part in range(self.touches.bit_length()) if self.touches >> part & 1)
        first = self.changes[0][0] if self.changes else -1
        last = self.changes[-1][0] if self.changes else -1
        return IdleActivation(duration_ns, self.touches, parts, stays, first, last, tuple(self._entered), levels,
                              plain)
