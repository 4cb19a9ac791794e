"""What a device asked of its battery in every single hour, gathered block by block."""

from __future__ import annotations

import numpy as np

from powerplan.batteries.demand import Demand
from powerplan.engines.record import Record
from powerplan.plan.plan import FloatArray, IntArray, Plan
from powerplan.study.supply import Loads, SupplyChain, loads_of, pulses_of


class Hours:
    """Demand by the hour of everything that was played so far."""

    def __init__(self, plan: Plan, chain: SupplyChain) -> None:
        self.plan, self.chain = plan, chain
        self.loads = Loads({}, np.empty(0), np.empty(0))
        self._code: IntArray = np.empty(0, np.int64)
        self._joint_ns: IntArray = np.empty((0, 0), np.int64)
        self._current_a: list[FloatArray] = []
        self._power_w: list[FloatArray] = []
        self._record: Record | None = None

    def add(self, closed: Record) -> None:
        """The hours of the next block, from the record closed at its end; the ledger has one row for each of them."""
        if not np.array_equal(closed.joint_code, self._code):
            self.loads = loads_of(self.plan, closed, self.chain)
        lasted_ns = closed.joint_ns.copy()
        if len(self._code):
            lasted_ns[:, np.searchsorted(closed.joint_code, self._code)] -= self._joint_ns
        hour_ns = lasted_ns.sum(axis=1)
        share = lasted_ns / np.maximum(hour_ns, 1)[:, None]
        current_a, power_w = share @ self.loads.battery_current_a, share @ self.loads.battery_power_w
        played = hour_ns > 0
        if not played.all():
            current_a[~played], power_w[~played] = current_a[played].mean(), power_w[played].mean()
        self._current_a.append(current_a)
        self._power_w.append(power_w)
        self._code, self._joint_ns, self._record = closed.joint_code, closed.joint_ns, closed

    def demand(self) -> Demand:
        """The demand of these hours, one after the other and then from the first again, with the largest pulses."""
        if self._record is None:
            raise ValueError("no block has been played yet")
        return Demand(np.concatenate(self._current_a), np.concatenate(self._power_w),
                      pulses_of(self.plan, self._record, self.chain, self.loads), self.chain.leakage_a)
