"""Metrics of demand and life: what the battery is asked for, how long it lasts, and what fits into that time."""

from __future__ import annotations

from powerplan.batteries.demand import Demand
from powerplan.batteries.life import Life
from powerplan.engines.record import Record
from powerplan.lowering.lower import Lowering
from powerplan.results.metric import Metric
from powerplan.study.cells import first_and_last, net_charge_c_per_day, voltages
from powerplan.study.metrics import days_of
from powerplan.study.supply import Loads, SupplyChain

SECONDS_PER_DAY = 86_400.0
EMPTY = ("charge", "voltage")
"""Ends at which an alarm should have rung before; where it did not, nothing happens after it."""


def exactly(value: float, unit: str, method: str) -> Metric:
    """A value without an interval of its own."""
    return Metric(value, unit, value, value, method)


def demand_metrics(record: Record, chain: SupplyChain, loads: Loads) -> dict[str, Metric]:
    """Mean current, charge and energy a day at the battery."""
    share = record.joint_ns.sum(axis=0) / record.horizon_ns
    current_a = float(share @ loads.battery_current_a) + chain.standing_a
    power_w = float(share @ loads.battery_power_w)
    mean_a = current_a + power_w / chain.battery_v
    method = f"simulated times x currents at {chain.battery_v:.3g} V"
    return {"average_current": exactly(mean_a, "A", method),
            "charge_per_day": exactly(mean_a * SECONDS_PER_DAY, "C", method),
            "energy_per_day": exactly((current_a * chain.battery_v + power_w) * SECONDS_PER_DAY, "J", method)}


def life_metrics(lowering: Lowering, record: Record, chain: SupplyChain, demand: Demand, life: Life, required_s: float
                 ) -> dict[str, Metric]:
    """Voltages, activations within the life and after the alarm, and what a harvest leaves."""
    found = voltages(chain, life, required_s) | first_and_last(chain, demand, life, required_s)
    days = life.life_s / SECONDS_PER_DAY
    simulated = days_of(record)
    alarmed = chain.limits.alarm_at is not None and (life.after_alarm_s is not None or life.reason in EMPTY)
    left_d = (life.after_alarm_s or 0.0) / SECONDS_PER_DAY
    for number, name in enumerate(lowering.plan.task_names):
        per_day = float(record.task_finished[number]) / simulated
        found[f"cycles.{name}"] = exactly(per_day * days, "1", "activations a day x battery life")
        if alarmed:
            found[f"after_alarm.{name}"] = exactly(per_day * left_d, "1", "activations a day x time after the alarm")
    if alarmed:
        method = ("the low-battery alarm never rings before the end" if life.after_alarm_s is None
                  else "from the low-battery alarm to the end of the life")
        found["time_after_alarm"] = exactly(left_d, "d", method)
    if chain.harvest_w is not None:
        found["net_energy"] = exactly(float(life.net_energy_j.min()), "J", "harvest less demand of the worst month")
        found["net_charge_per_day"] = exactly(net_charge_c_per_day(chain, life), "C",
                                              "harvest less demand and self-discharge of the worst month")
        from powerplan.batteries.life import autonomy_s

        alone = autonomy_s(chain.pack, demand, chain.coldest_c, chain.limits, chain.capacitor) / SECONDS_PER_DAY
        found["autonomy"] = exactly(alone, "d", "full battery, no harvest, coldest temperature")
    return found
