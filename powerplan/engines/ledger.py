"""Keeps the books: how long every part, and all parts together, were in which state."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from powerplan.engines.templates import Leaf
from powerplan.plan.codes import NS_PER_HOUR
from powerplan.plan.plan import IntArray, Plan


class Joint:
    """A state of all parts together, how long and how often the device was in it, and where it went from there."""

    __slots__ = ("code", "longest_ns", "moves", "states", "stay_count", "time_ns")

    def __init__(self, code: int, states: tuple[int, ...], bins: int) -> None:
        self.code, self.states = code, states
        self.time_ns = [0] * bins
        self.stay_count, self.longest_ns = 0, 0
        self.moves: dict[tuple[int, ...], Move] = {}
        """By the states that parts enter, one after the other."""


class Move:
    """What entering some states does in a joint state; counted instead of done anew each time."""

    __slots__ = ("count", "entered", "to")

    def __init__(self, to: Joint, entered: tuple[int, ...]) -> None:
        self.to, self.entered, self.count = to, entered, 0


class Ledger:
    """Charges time at state changes, never by sampling; the past interval is closed before a state changes."""

    def __init__(self, plan: Plan, bin_count: int, trace_window: tuple[int, int] | None = None) -> None:
        self._plan, self._bins = plan, bin_count
        self._part = plan.state_part.tolist()
        self._weight = plan.state_weight.tolist()
        self._rest = plan.part_rest_state.tolist()
        self._joints: dict[int, Joint] = {}
        self._here = self._joint(plan.rest_code)
        self._since_ns, self._hour_end_ns, self._bin = 0, NS_PER_HOUR, 0
        self._skipped = [0] * len(plan.state_names)
        """Entries of the activations that were counted and not played, by state."""
        self._resting: dict[int, tuple[int, ...]] = {}
        self._window = trace_window
        self.trace: list[tuple[int, int]] = []
        """(time in ns, state entered) inside the trace window, with the state of every part at its start."""

    def _joint(self, code: int) -> Joint:
        """The joint state of a code."""
        found = self._joints.get(code)
        if found is None:
            found = self._joints[code] = Joint(code, tuple(self._plan.states_of_code(code).tolist()), self._bins)
        return found

    def _move(self, states: tuple[int, ...]) -> Move:
        """What entering some states does here. Entering the state a part is in changes nothing."""
        code, now, entered = self._here.code, list(self._here.states), []
        for state in states:
            part = self._part[state]
            if now[part] != state:
                code += self._weight[state] - self._weight[now[part]]
                now[part] = state
                entered.append(state)
        move = self._here.moves[states] = Move(self._joint(code), tuple(entered))
        return move

    def enter(self, states: tuple[int, ...], at_ns: int) -> None:
        """Parts enter states, one after the other."""
        move = self._here.moves.get(states) or self._move(states)
        if move.entered:
            if at_ns > self._since_ns:
                self.close(at_ns)
            if self._window:
                self._trace(move.entered, at_ns)
            move.count += 1
            self._here = move.to

    def _trace(self, entered: tuple[int, ...], at_ns: int) -> None:
        if self._window and self._window[0] <= at_ns < self._window[1]:
            if not self.trace:
                self.trace.extend((self._window[0], state) for state in self._here.states)
            self.trace.extend((at_ns, state) for state in entered)

    def rest(self, mask: int, at_ns: int) -> None:
        """Parts are given back and return to their rest states."""
        states = self._resting.get(mask)
        if states is None:
            states = self._resting[mask] = tuple(rest for part, rest in enumerate(self._rest) if mask >> part & 1)
        self.enter(states, at_ns)

    def close(self, at_ns: int) -> None:
        """Charge the time since the last change to the joint state, hour by hour."""
        here, lasts_ns = self._here, at_ns - self._since_ns
        if lasts_ns <= 0:
            return
        here.stay_count += 1
        if lasts_ns > here.longest_ns:
            here.longest_ns = lasts_ns
        if at_ns < self._hour_end_ns:
            here.time_ns[self._bin] += lasts_ns
            self._since_ns = at_ns
            return
        while self._since_ns < at_ns:
            until_ns = min(at_ns, self._hour_end_ns)
            here.time_ns[self._bin] += until_ns - self._since_ns
            self._begin(until_ns)

    def _begin(self, at_ns: int) -> None:
        """The open stay starts here."""
        hour = at_ns // NS_PER_HOUR
        self._since_ns, self._hour_end_ns = at_ns, (hour + 1) * NS_PER_HOUR
        self._bin = hour % self._bins

    def rests(self, mask: int) -> bool:
        """Whether all parts of a bit set are in their rest state."""
        now = self._here.states
        return all(now[part] == self._rest[part] for part in range(mask.bit_length()) if mask >> part & 1)

    def repeat(self, idle: Leaf, first_ns: int, period_ns: int, count: int) -> None:
        """Charge `count` idle activations, the first released at `first_ns`, as if each had been played."""
        if idle.first_change_ns < 0:
            return
        self.close(first_ns + idle.first_change_ns)
        for stay in idle.stays:
            self._add(self._here.code + stay.code_step, first_ns + stay.offset_ns, stay.duration_ns, period_ns, count)
        between_ns = period_ns + idle.first_change_ns - idle.last_change_ns
        self._add(self._here.code, first_ns + idle.last_change_ns, between_ns, period_ns, count - 1)
        for state in idle.entered:
            self._skipped[state] += count
        self._begin(first_ns + (count - 1) * period_ns + idle.last_change_ns)

    def _add(self, code: int, start_ns: int, duration_ns: int, period_ns: int, count: int) -> None:
        """Charge equal stays that follow each other by a period."""
        if count <= 0 or duration_ns <= 0:
            return
        joint = self._joint(code)
        joint.stay_count += count
        joint.longest_ns = max(joint.longest_ns, duration_ns)
        for hour, spent_ns in by_hour(start_ns, duration_ns, period_ns, count):
            joint.time_ns[hour % self._bins] += spent_ns

    def joint_tables(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """Codes (joints,), time (bins, joints), entries (joints,) and longest stay (joints,)."""
        visited = sorted((joint for joint in self._joints.values() if joint.stay_count), key=lambda joint: joint.code)
        listed = np.array([(joint.code, joint.stay_count, joint.longest_ns) for joint in visited], np.int64)
        codes, entries, longest_ns = listed.reshape(-1, 3).T.copy()
        time_ns = np.array([joint.time_ns for joint in visited], np.int64).reshape(-1, self._bins)
        return codes, np.ascontiguousarray(time_ns.T), entries, longest_ns

    @property
    def state_entries(self) -> IntArray:
        """Entries into each state (states,)."""
        entries = np.array(self._skipped, np.int64)
        for joint in self._joints.values():
            for move in joint.moves.values():
                for state in move.entered:
                    entries[state] += move.count
        return entries


def by_hour(start_ns: int, duration_ns: int, period_ns: int, count: int) -> Iterator[tuple[int, int]]:
    """Time that equal stays spend in each hour: (hour, ns). A stay is not longer than the period."""

    def before(at_ns: int) -> int:
        whole, rest_ns = divmod(at_ns - start_ns, period_ns) if count > 1 else (0, at_ns - start_ns)
        return whole * duration_ns + min(rest_ns, duration_ns) if whole < count else count * duration_ns

    at_ns, reached = start_ns, 0
    end_ns = start_ns + (count - 1) * period_ns + duration_ns
    while at_ns < end_ns:
        hour = at_ns // NS_PER_HOUR
        at_ns = min((hour + 1) * NS_PER_HOUR, end_ns)
        total = before(at_ns)
        if total > reached:
            yield hour, total - reached
        reached = total


def state_time(plan: Plan, codes: IntArray, joint_ns: IntArray) -> IntArray:
    """Time in each state of each part [ns], from the time in joint states. (states,)"""
    total = np.zeros(len(plan.state_names), np.int64)
    for code, spent_ns in zip(codes.tolist(), joint_ns.sum(axis=0).tolist(), strict=True):
        total[plan.states_of_code(code)] += spent_ns
    return total
