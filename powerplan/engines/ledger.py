"""Keeps the books: how long every part, and all parts together, were in which state."""

from __future__ import annotations

import numpy as np

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


def state_time(plan: Plan, codes: IntArray, joint_ns: IntArray) -> IntArray:
    """Time in each state of each part [ns], from the time in joint states. (states,)"""
    total = np.zeros(len(plan.state_names), np.int64)
    for code, spent_ns in zip(codes.tolist(), joint_ns.sum(axis=0).tolist(), strict=True):
        total[plan.states_of_code(code)] += spent_ns
    return total
