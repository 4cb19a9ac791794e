"""Keeps the books: how long every part, and all parts together, were in which state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from powerplan.engines.idle import IdleActivation
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
        self._bins = bin_count
        self._since_ns = 0
        self._time: dict[tuple[int, int], int] = {}
        self._entries: dict[int, int] = {}
        self._longest: dict[int, int] = {}
        self._state_entries = [0] * len(plan.state_names)
        self._window = trace_window
        self.trace: list[tuple[int, int]] = []
        """(time in ns, state entered) inside the trace window, with the state of every part at its start."""

    def enter(self, state: int, at_ns: int) -> None:
        """A part enters a state. Entering the state it is in changes nothing."""
        part = self._part[state]
        before = self._state[part]
        if before == state:
            return
        self.close(at_ns)
        self._code += self._weight[state] - self._weight[before]
        self._state[part] = state
        self._state_entries[state] += 1
        if self._window and self._window[0] <= at_ns < self._window[1]:
            if not self.trace:
                self.trace.extend((self._window[0], s if p != part else before)
                                  for p, s in enumerate(self._state))
            self.trace.append((at_ns, state))

    def rest(self, part: int, at_ns: int) -> None:
        """A part is given back and returns to its rest state."""
        self.enter(self._rest[part], at_ns)

    def close(self, at_ns: int) -> None:
        """Charge the time since the last change to the joint state, hour by hour."""
        since, code = self._since_ns, self._code
        if at_ns <= since:
            return
        self._entries[code] = self._entries.get(code, 0) + 1
        if at_ns - since > self._longest.get(code, 0):
            self._longest[code] = at_ns - since
        while since < at_ns:
            hour = since // NS_PER_HOUR
            until = min(at_ns, (hour + 1) * NS_PER_HOUR)
            key = (hour % self._bins, code)
            self._time[key] = self._time.get(key, 0) + until - since
            since = until
        self._since_ns = at_ns

    def rests(self, parts: Iterable[int]) -> bool:
        """Whether all these parts are in their rest state."""
        return all(self._state[part] == self._rest[part] for part in parts)

    def repeat(self, idle: IdleActivation, first_ns: int, period_ns: int, count: int) -> None:
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
        self._since_ns = first_ns + (count - 1) * period_ns + idle.last_change_ns

    def _add(self, code: int, start_ns: int, duration_ns: int, period_ns: int, count: int) -> None:
        """Charge equal stays that follow each other by a period."""
        if count <= 0 or duration_ns <= 0:
            return
        self._entries[code] = self._entries.get(code, 0) + count
        self._longest[code] = max(self._longest.get(code, 0), duration_ns)
        for hour, spent_ns in by_hour(start_ns, duration_ns, period_ns, count):
            key = (hour % self._bins, code)
            self._time[key] = self._time.get(key, 0) + spent_ns

    def joint_tables(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """Codes (joints,), time (bins, joints), entries (joints,) and longest stay (joints,)."""
        codes = sorted(self._entries)
        column = {code: number for number, code in enumerate(codes)}
        time_ns = np.zeros((self._bins, len(codes)), np.int64)
        for (hour, code), spent_ns in self._time.items():
            time_ns[hour, column[code]] = spent_ns
        return (np.array(codes, np.int64), time_ns, np.array([self._entries[c] for c in codes], np.int64),
                np.array([self._longest[c] for c in codes], np.int64))

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
