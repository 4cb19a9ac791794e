"""The changes of state of one activation that starts and ends with every part at rest."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from powerplan.plan.plan import Plan


@dataclass(frozen=True)
class Stay:
    """A stretch in one joint state, relative to the start and to the joint code around the activation."""

    offset_ns: int
    duration_ns: int
    code_step: int
    """What the activation adds to the joint code of the other parts."""


class Walk:
    """Notes changes of state at their offsets."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._state = plan.part_rest_state.tolist()
        self.touches = 0
        """Bit set of the parts held or changed."""
        self.entered: tuple[int, ...] = ()
        """States entered, in order, with repeats."""
        self._changes: tuple[tuple[int, int], ...] = ()
        """(offset, code step after it)"""
        self._step = 0

    def copy(self) -> Walk:
        """The same walk so far."""
        other = Walk(self._plan)
        other._state, other.touches, other.entered = list(self._state), self.touches, self.entered
        other._changes, other._step = self._changes, self._step
        return other

    def enter(self, state: int, at_ns: int) -> None:
        """A part enters a state. Entering the state it is in changes nothing."""
        part = int(self._plan.state_part[state])
        self.touches |= 1 << part
        before = self._state[part]
        if before == state:
            return
        self._step += int(self._plan.state_weight[state] - self._plan.state_weight[before])
        self._state[part] = state
        self.entered += (state,)
        self._changes += ((at_ns, self._step),)

    def give_back(self, mask: int, at_ns: int) -> None:
        """Parts return to rest."""
        for part in range(mask.bit_length()):
            if mask >> part & 1:
                self.enter(int(self._plan.part_rest_state[part]), at_ns)

    def rests(self) -> bool:
        """Every part is at rest."""
        return bool(self._state == self._plan.part_rest_state.tolist())

    def stays(self) -> tuple[tuple[Stay, ...], int, int]:
        """Stays between the changes, and the offsets of the first and of the last change, -1 where there is none."""
        changes = self._changes
        stays = tuple(Stay(at, after - at, step) for (at, step), (after, _) in
                      pairwise(changes) if after > at)
        return stays, *((changes[0][0], changes[-1][0]) if changes else (-1, -1))
