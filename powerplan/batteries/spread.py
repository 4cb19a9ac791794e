"""Many lives at once: cells of one type differ, and so do loads."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from powerplan.batteries.demand import Capacitor, Demand, Limits, Meter, Policy
from powerplan.batteries.many import FROM_BLOCKS
from powerplan.batteries.pack import HOURS_PER_YEAR, Pack
from powerplan.batteries.run import Engine, walk_lives
from powerplan.batteries.tables import first_state, levels

FloatArray = NDArray[np.float64]

PLAIN_LIVES = 50
"""So many lives are walked in plain Python sooner than the compiler is loaded."""


@dataclass(frozen=True)
class Lives:
    """Lives of many packs and what ended each."""

    life_s: FloatArray
    reason_code: NDArray[np.int64]
    """1 charge, 2 voltage, 3 shelf life or horizon."""


def lives(
    pack: Pack,
    demand: Demand,
    temperature_c: FloatArray | float,
    limits: Limits,
    capacity_factor: FloatArray,
    resistance_factor: FloatArray | None = None,
    load_factor: FloatArray | None = None,
    self_discharge_factor: FloatArray | None = None,
    capacitor: Capacitor | None = None,
    engine: Engine = "auto",
) -> Lives:
    """Lives of packs that differ from the nominal one by factors, each of shape (lives,).

    Steps of five days far from the end, of one day near it, of one hour in a day whose coldest hour comes near the
    brown-out: within a few hours of the hourly walk. The factors come from the caller's own named streams.
    """
    count = capacity_factor.size
    same = np.ones(count)
    factors = [
        np.ascontiguousarray(same if factor is None else factor, dtype=float)
        for factor in (capacity_factor, resistance_factor, load_factor, self_discharge_factor)
    ]
    if any(factor.shape != (count,) or not (factor > 0.0).all() for factor in factors):
        raise ValueError("each factor needs one value above zero for every life")
    temperatures = np.atleast_1d(np.asarray(temperature_c, float))
    if temperatures.shape not in ((1,), (HOURS_PER_YEAR,)):
        raise ValueError(f"temperature_c must be one value or {HOURS_PER_YEAR} by hour")
    end_s = limits.end_s
    plain = replace(limits, alarm_at=None, alarm_meter=Meter())
    tables = levels(pack, Policy((demand,), (), ()), temperatures, None, plain, end_s, capacitor, "day_hour", True)
    chosen = "compiled" if engine == "compiled" or (engine == "auto" and count > PLAIN_LIVES) else "plain"
    walked = walk_lives(chosen, tables, FROM_BLOCKS, first_state(pack, 1.0, 0.0), np.stack(factors), 0)
    return Lives(walked.life_s, walked.reason_code)
