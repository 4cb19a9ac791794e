"""Metrics of the supply over a life: voltages under pulses, and what a harvest leaves."""

from __future__ import annotations

import numpy as np

from powerplan.batteries.life import Life
from powerplan.batteries.pack import IdealCell
from powerplan.results.metric import Metric
from powerplan.study.supply import MONTH_DAYS, SupplyChain


def voltages(chain: SupplyChain, life: Life, required_s: float) -> dict[str, Metric]:
    """Lowest voltage and deepest dip under the worst pulse, from new to the required life."""
    minimum = life.minimum_until(required_s) if life.life_s > required_s else life.minimum_v
    method = "lowest under the worst pulse, from new to the required life or the end"
    found = {"supply_voltage": Metric(minimum, "V", minimum, minimum, method)}
    if isinstance(chain.pack, IdealCell):
        return found
    rows = life.table.time_s <= required_s
    dip = float((life.table.open_circuit_v - life.table.worst_pulse_v)[rows].max())
    found["supply_dip"] = Metric(dip, "V", dip, dip, "deepest fall below the resting voltage in the same span")
    return found


def net_charge_c_per_day(chain: SupplyChain, life: Life) -> float:
    """Harvest less demand and self-discharge in the worst month, a day. [C]"""
    per_day_j = life.net_energy_j / np.array(MONTH_DAYS)
    lost_c = chain.pack.capacity_c * chain.pack.self_discharge_per_year / 365.0
    return float(per_day_j.min() / chain.pack.nominal_v - lost_c)
