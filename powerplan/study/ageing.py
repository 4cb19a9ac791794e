"""The first day against the aged product: how long the cell would last if it stayed as it is when new."""

from __future__ import annotations

from dataclasses import replace

from powerplan.batteries.demand import Demand, Policy
from powerplan.batteries.life import REASONS
from powerplan.batteries.pack import Ageing, IdealCell, Pack
from powerplan.results.schema import LIFE, WORST_PULSE
from powerplan.results.tables import Table
from powerplan.study.run import SECONDS_PER_DAY, RunResult
from powerplan.study.sampling import Played, demanded
from powerplan.study.supply import battery_life
from powerplan.study.tables import table

FIRST_DAY = "as on the first day"
SELF_DISCHARGE, AGEING, BOTH = "with self-discharge", "with ageing", "with self-discharge and ageing"
MATTERS_FRACTION = 0.005
"""Of the life: less than this and the first day tells the same as the whole life."""
VOLTAGES = (("pulse_voltage_new", "new, rested"), ("first_pulse_voltage", "first pulse after storage"),
            ("coldest_week_voltage", "coldest week of the last winter"),
            ("pulse_voltage_aged", "at the required life or the end"))


def ageing_table(result: RunResult) -> Table | None:
    """Lives with and without what wears the cell, and its worst pulses; None where the cell hardly changes."""
    pack = result.chain.pack
    if isinstance(pack, IdealCell):
        return None
    asked = _asked(result)
    rows = []
    for case, changed in _cases(pack):
        life = battery_life(replace(result.chain, pack=changed), asked)
        days = life.life_s / SECONDS_PER_DAY
        rows.append((LIFE, case, days, days, days, "d", REASONS[life.reason]))
    first, last = rows[0][2], rows[-1][2]
    if not last or abs(first - last) < MATTERS_FRACTION * last:
        return None
    for name, case in VOLTAGES:
        found = result.metrics.get(name)
        if found is not None:
            rows.append((WORST_PULSE, case, found.value, found.low, found.high, found.unit, found.method))
    return table("ageing", rows)


def _cases(pack: Pack) -> list[tuple[str, Pack]]:
    """The pack that stays new, and what is added to it, step by step."""
    fresh = replace(pack, self_discharge_per_year=0.0, ageing=Ageing())
    leaks, ages = pack.self_discharge_per_year > 0.0, pack.ageing != Ageing()
    found = [(FIRST_DAY, fresh)]
    if leaks:
        found.append((SELF_DISCHARGE, replace(pack, ageing=Ageing())))
    if ages:
        found.append((BOTH if leaks else AGEING, pack))
    return found


def _asked(result: RunResult) -> Demand | Policy:
    """What the battery was asked for, by policy level where there are several."""
    if not result.levels:
        return result.demand
    played = Played(result.lowering, result.world, result.record, result.levels)
    return demanded(result.lowering.plan, played, result.chain)[2]
