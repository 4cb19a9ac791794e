"""Which capacitor brings the worst pulse above the brown-out, and what its leakage costs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from powerplan.batteries.demand import Capacitor, Demand, Limits
from powerplan.batteries.life import Life, life, needs_events, pulse_voltages
from powerplan.batteries.pack import Pack
from powerplan.kernels.supply import smallest_capacitance

FloatArray = NDArray[np.float64]

E6_SERIES = tuple(round(step * 10.0**decade, 12) for decade in range(-7, 1) for step in (1.0, 1.5, 2.2, 3.3, 4.7, 6.8))
"""Preferred values from 0.1 uF to 6.8 F."""


@dataclass(frozen=True)
class Leakage:
    """Leakage of a kind of capacitor, in proportion to its size."""

    per_farad_a: float
    """For electrolytic ones about 0.01·C·V: 0.03 A/F at 3 V; for ceramic ones 1,000 times less."""
    esr_ohm: float


@dataclass(frozen=True)
class CapacitorChoice:
    """One size and what it does to the life."""

    capacitance_f: float
    leakage_a: float
    worst_pulse_v: float
    """At the end of the charge and the coldest temperature asked for."""
    life: Life
    too_coarse: str | None
    """Why the pulses come before the capacitor has recovered, if they do."""


def smallest_for(
    pack: Pack, demand: Demand, temperature_c: float, brown_out_v: float, esr_ohm: float, charge_fraction: float
) -> float:
    """Smallest capacitance that keeps every pulse at or above the brown-out. [F], inf where none can"""
    open_v, inner_ohm = pack.open_circuit(charge_fraction, temperature_c)
    needed = [
        smallest_capacitance(open_v, inner_ohm, p.current_a, p.power_w, p.duration_s, esr_ohm, brown_out_v)
        for p in demand.pulses
    ]
    return max(needed, default=0.0)


def choices(
    pack: Pack,
    demand: Demand,
    temperature_c: FloatArray | float,
    limits: Limits,
    kind: Leakage,
    charge_fraction: float = 0.05,
    sizes_f: tuple[float, ...] = E6_SERIES,
    steps_above: int = 3,
) -> list[CapacitorChoice]:
    """No capacitor, the first preferred size that holds the worst pulse to almost the end, and a few larger ones.

    The lives show where more capacitance only adds leakage. Empty of sizes where none can hold the pulse.
    """
    coldest_c = float(np.min(np.asarray(temperature_c)))
    least_f = smallest_for(pack, demand, coldest_c, limits.brown_out_v, kind.esr_ohm, charge_fraction)
    holding = [size for size in sorted(sizes_f) if size >= least_f and math.isfinite(least_f)]
    below = [size for size in sorted(sizes_f) if size < least_f][-2:] if math.isfinite(least_f) else []
    found = []
    for size in (0.0, *below, *holding[: 1 + steps_above]):
        capacitor = Capacitor(size, kind.esr_ohm, kind.per_farad_a * size) if size else None
        volts = pulse_voltages(pack, demand, coldest_c, charge_fraction, capacitor)
        found.append(
            CapacitorChoice(
                size,
                kind.per_farad_a * size,
                min(volts.values(), default=math.inf),
                life(pack, demand, temperature_c, limits, capacitor, step="day_hour"),
                needs_events(pack, demand, coldest_c, capacitor),
            )
        )
    return found


def best(options: list[CapacitorChoice]) -> CapacitorChoice:
    """The choice that lasts longest; of equal lives the smallest."""
    return max(options, key=lambda one: (round(one.life.life_s / 3_600.0), -one.capacitance_f))


def leakage_cost_s(
    pack: Pack, demand: Demand, temperature_c: FloatArray | float, limits: Limits, capacitor: Capacitor
) -> float:
    """Life that the leakage of a capacitor takes, beside what the capacitor itself gives. [s]"""
    dry = replace(capacitor, leakage_a=0.0)
    lives = [life(pack, demand, temperature_c, limits, one, step="day_hour").life_s for one in (dry, capacitor)]
    return lives[0] - lives[1]
