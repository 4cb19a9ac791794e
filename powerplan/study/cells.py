"""Metrics of the supply over a life: voltages under pulses, and what a harvest leaves."""

from __future__ import annotations

import numpy as np

from powerplan.batteries.demand import Demand
from powerplan.batteries.life import Life, pulse_voltages
from powerplan.batteries.pack import HOURS_PER_YEAR, IdealCell
from powerplan.kernels.battery import source_current
from powerplan.results.metric import Metric
from powerplan.study.supply import MONTH_DAYS, SupplyChain

WEEK_HOURS = 168


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


def first_and_last(chain: SupplyChain, demand: Demand, life: Life, required_s: float) -> dict[str, Metric]:
    """Worst pulse of the new and of the aged battery at one temperature, the first after storage, the coldest week."""
    pack = chain.pack
    if isinstance(pack, IdealCell) or not demand.pulses:
        return {}
    until_s = min(required_s, life.life_s)
    aged = float(np.interp(until_s, life.table.time_s, life.table.state_of_charge_fraction))
    fade = life.fade_fraction * until_s / life.life_s if life.life_s else 0.0

    def worst_v(charge: float, fade_fraction: float = 0.0, film_ohm: float = 0.0) -> float:
        return min(pulse_voltages(pack, demand, chain.coldest_c, charge, chain.capacitor, fade_fraction,
                                  film_ohm).values())

    at = f"worst pulse of the rested battery at {chain.coldest_c:g} °C"
    new_v, aged_v = worst_v(1.0), worst_v(aged, fade)
    found = {"pulse_voltage_new": Metric(new_v, "V", new_v, new_v, f"{at}, new"),
             "pulse_voltage_aged": Metric(aged_v, "V", aged_v, aged_v,
                                          f"{at}, {aged:.0%} charge: at the required life or the end")}
    if pack.passivation_ohm is not None:
        typical_v, high_v, low_v = (worst_v(1.0, film_ohm=film) for film in pack.passivation_ohm)
        found["first_pulse_voltage"] = Metric(typical_v, "V", low_v, high_v,
                                              f"{at}, new, before its passivation film breaks")
    return found | coldest_week(chain, demand, life, until_s)


def coldest_week(chain: SupplyChain, demand: Demand, life: Life, until_s: float) -> dict[str, Metric]:
    """Mean current and lowest voltage of the coldest week of the last winter within a time; none where it sees none."""
    pack = chain.pack
    if isinstance(pack, IdealCell):
        return {}
    temperature_c = np.atleast_1d(np.asarray(chain.temperature_c, float))
    sums = np.cumsum(np.concatenate([[0.0], temperature_c, temperature_c[:WEEK_HOURS]]))
    weeks_c = (sums[WEEK_HOURS:] - sums[:-WEEK_HOURS]) / WEEK_HOURS if temperature_c.size > 1 else temperature_c
    hour = int(np.argmin(weeks_c[:temperature_c.size]))
    years = int((until_s / 3_600.0 - hour - WEEK_HOURS) // HOURS_PER_YEAR)
    if years < 0:
        return {}
    begun_s = 3_600.0 * (years * HOURS_PER_YEAR + hour)
    table = life.table
    charge = float(np.interp(begun_s, table.time_s, table.state_of_charge_fraction))
    open_v, inner_ohm = pack.open_circuit(charge, float(weeks_c[hour]))
    mean_a, mean_w = float(demand.current_a.mean()) + chain.standing_a, float(demand.power_w.mean())
    current_a = source_current(open_v, inner_ohm, mean_a, mean_w)
    # A row holds the lowest since the row before, so the first one after the week belongs to it.
    first, last = np.searchsorted(table.time_s, [begun_s, begun_s + 3_600.0 * WEEK_HOURS], side="right")
    rows = table.worst_pulse_v[first:last + 1]
    method = f"coldest week of year {years + 1}, from day {hour // 24}: {float(weeks_c[hour]):.3g} °C in the mean"
    found = {"coldest_week_current": Metric(current_a, "A", current_a, current_a, f"mean of the {method}")}
    if rows.size:
        lowest_v = float(rows.min())
        found["coldest_week_voltage"] = Metric(lowest_v, "V", lowest_v, lowest_v, f"worst pulse in the {method}")
    return found


def net_charge_c_per_day(chain: SupplyChain, life: Life) -> float:
    """Harvest less demand and self-discharge in the worst month, a day. [C]"""
    per_day_j = life.net_energy_j / np.array(MONTH_DAYS)
    return float(per_day_j.min() / chain.pack.nominal_v - self_discharge_c_per_day(chain))


def self_discharge_c_per_day(chain: SupplyChain) -> float:
    """What a full battery loses by itself. [C/day]"""
    return float(chain.pack.capacity_c * chain.pack.self_discharge_per_year / 365.0)
