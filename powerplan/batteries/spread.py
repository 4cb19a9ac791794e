"""Many lives at once: cells of one type differ, and so do loads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powerplan.batteries import walk as steps
from powerplan.batteries.demand import Capacitor, Demand, Limits, Policy
from powerplan.batteries.life import Engine, listed
from powerplan.batteries.pack import HOURS_PER_YEAR, Pack
from powerplan.batteries.tables import coarse_tables, first_state, load_tables

FloatArray = NDArray[np.float64]

BLOCK_DAYS = 5
"""Divides the year, so that its slots stay those of the calendar."""
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
    load = load_tables(
        Policy((demand,), (), ()), pack, capacitor, pack.open_circuit(1.0, float(temperatures.mean()))[1]
    )
    end_s = min(limits.horizon_s, limits.shelf_life_s or float("inf"))
    pace = steps.Pace(3_600.0, 1, end_s, max(limits.brown_out_v, pack.protection_v), -1.0, 0.0, False)
    hours = pack.air(temperatures)
    share = pack.well_share_fraction
    tables: tuple[Any, ...] = (
        pack.cell(), *coarse_tables(hours, load, pace, share, BLOCK_DAYS), BLOCK_DAYS,
        *coarse_tables(hours, load, pace, share), hours, load, pace,
    )  # fmt: skip
    fresh = first_state(pack, 1.0, 0.0)
    life_s, reasons = np.zeros(count), np.zeros(count, dtype=np.int64)
    if engine == "compiled" or (engine == "auto" and count > PLAIN_LIVES):
        from powerplan.batteries.fast import compiled

        compiled()["walk_many"](*factors, life_s, reasons, fresh, fresh.copy(), np.zeros(1), *tables)
        return Lives(life_s, reasons)
    found_s, found = life_s.tolist(), reasons.tolist()
    given = [factor.tolist() for factor in factors]
    start = fresh.tolist()
    walk_many: Any = steps.walk_many
    walk_many(*given, found_s, found, start, list(start), [0.0], *(listed(table) for table in tables))
    return Lives(np.array(found_s), np.array(found, dtype=np.int64))
