"""Keeps the books: how long every part, and all parts together, were in which state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from powerplan.engines.templates import Leaf
from powerplan.plan.codes import NS_PER_HOUR
from powerplan.plan.plan import IntArray, Plan


class Ledger:
    """Charges time at state changes, never by sampling; the past interval is closed before a state changes."""

    def __init__(self, plan: Plan, bin_count: int, trace_window: tuple[int, int] | None = None) -> None:
        self._part = plan.state_part.tolist()
        self._weight = plan.state_weight.tolist()
        self._state = plan.part_rest_state.tolist()
        self._rest = plan.part_rest_state.tolist()
        self._code = plan.rest_code
        self._since_ns, self._hour_end_ns = 0, NS_PER_HOUR
        self._here: dict[int, int] = {}
        """Time of the present hour, by joint code."""
        self._time: list[dict[int, int]] = [self._here, *({} for _ in range(bin_count - 1))]
        self._stays: dict[int, list[int]] = {}
        """Number of stays and the longest one, by joint code."""
        self._state_entries = [0] * len(plan.state_names)
        self._resting: dict[int, tuple[int, ...]] = {}
        self._window = trace_window
        self.trace: list[tuple[int, int]] = []
        """(time in ns, state entered) inside the trace window, with the state of every part at its start."""

    def enter(self, states: Iterable[int], at_ns: int) -> None:
        """Parts enter states, one after the other. Entering the state a part is in changes nothing."""
        for state in states:
            part = self._part[state]
            before = self._state[part]
            if before == state:
                continue
            if at_ns > self._since_ns:
                self.close(at_ns)
            self._code += self._weight[state] - self._weight[before]
            self._state[part] = state
            self._state_entries[state] += 1
            if self._window:
                self._trace(state, part, before, at_ns)

    def _trace(self, state: int, part: int, before: int, at_ns: int) -> None:
        if self._window and self._window[0] <= at_ns < self._window[1]:
            if not self.trace:
                self.trace.extend((self._window[0], s if p != part else before)
                                  for p, s in enumerate(self._state))
            self.trace.append((at_ns, state))

    def rest(self, mask: int, at_ns: int) -> None:
        """Parts are given back and return to their rest states."""
        states = self._resting.get(mask)
        if states is None:
            states = self._resting[mask] = tuple(rest for part, rest in enumerate(self._rest) if mask >> part & 1)
        self.enter(states, at_ns)

    def close(self, at_ns: int) -> None:
        """Charge the time since the last change to the joint state, hour by hour."""
        code, lasts_ns = self._code, at_ns - self._since_ns
        if lasts_ns <= 0:
            return
        stays = self._stays.get(code)
        if stays is None:
            stays = self._stays[code] = [0, 0]
        stays[0] += 1
        if lasts_ns > stays[1]:
            stays[1] = lasts_ns
        if at_ns < self._hour_end_ns:
            self._here[code] = self._here.get(code, 0) + lasts_ns
            self._since_ns = at_ns
            return
        while self._since_ns < at_ns:
            until_ns = min(at_ns, self._hour_end_ns)
            self._here[code] = self._here.get(code, 0) + until_ns - self._since_ns
            self._begin(until_ns)

    def _begin(self, at_ns: int) -> None:
        """The open stay starts here."""
        hour = at_ns // NS_PER_HOUR
        self._since_ns, self._hour_end_ns = at_ns, (hour + 1) * NS_PER_HOUR
        self._here = self._time[hour % len(self._time)]

    def rests(self, mask: int) -> bool:
        """Whether all parts of a bit set are in their rest state."""
        return all(self._state[part] == self._rest[part] for part in range(mask.bit_length()) if mask >> part & 1)

    def repeat(self, idle: Leaf, first_ns: int, period_ns: int, count: int) -> None:
        """Charge `count` idle activations, the first released at `first_ns`, as if each had been played."""
        if idle.first_change_ns < 0:
            return
        self.close(first_ns + idle.first_change_ns)
        for stay in idle.stays:
            self._add(self._code + stay.code_step, first_ns + stay.offset_ns, stay.duration_ns, period_ns, count)
        between_ns = period_ns + idle.first_change_ns - idle.last_change_ns
        self._add(self._code, first_ns + idle.last_change_ns, between_ns, period_ns, count - 1)
        for state in idle.entered:
            self._state_entries[state] += count
        self._begin(first_ns + (count - 1) * period_ns + idle.last_change_ns)

    def _add(self, code: int, start_ns: int, duration_ns: int, period_ns: int, count: int) -> None:
        """Charge equal stays that follow each other by a period."""
        if count <= 0 or duration_ns <= 0:
            return
        stays = self._stays.setdefault(code, [0, 0])
        stays[0], stays[1] = stays[0] + count, max(stays[1], duration_ns)
        for hour, spent_ns in by_hour(start_ns, duration_ns, period_ns, count):
            here = self._time[hour % len(self._time)]
            here[code] = here.get(code, 0) + spent_ns

    def joint_tables(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """Codes (joints,), time (bins, joints), entries (joints,) and longest stay (joints,)."""
        codes = sorted(self._stays)
        time_ns = np.array([[here.get(code, 0) for code in codes] for here in self._time], np.int64)
        stays = np.array([self._stays[code] for code in codes], np.int64).reshape(len(codes), 2)
        return np.array(codes, np.int64), time_ns.reshape(-1, len(codes)), stays[:, 0], stays[:, 1]

    @property
    def state_entries(self) -> IntArray:
        """Entries into each state (states,)."""
        return np.array(self._state_entries, np.int64)


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
