"""Energy of an inference: network power at a clock and a supply, what waits meanwhile, and the race to sleep."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from cascade.cost.estimate import Estimate
from cascade.cost.published import published_measurements
from cascade.errors import DataError

Regulator = Literal["ldo", "smps"]
Workload = Literal["neural_network", "typical", "headline"]

MEASURED_POWER_SPREAD: Final = 0.08
"""Half width of the range of a measured network power: on one board and stack four models differ by 3 to 8 %."""
SAME_FRACTION: Final = 0.02
"""Relative difference up to which two clocks or supplies count as the same."""
LEAST_RUN_CURRENT_A_PER_HZ: Final = 1e-6 / 1e6
WORKLOAD_FACTORS: Final = {
    "neural_network": (1.0 - MEASURED_POWER_SPREAD, 1.0, 1.0 + MEASURED_POWER_SPREAD),
    "typical": (0.9, 1.4, 2.3),
    "headline": (1.0, 1.7, 2.3),
}
"""Network power over the stated run power. Headline figures: STM32L4R5 13 mA against 22.6 to 24.7 mA measured (1.7 to
1.9 times), STM32U575 10 mW against 23 mW (2.3 times)."""


@dataclass(frozen=True)
class RunPower:
    """Supply power of a processor while it computes, as it is stated somewhere."""

    current_a: float | None = None
    power_w: float | None = None
    at_supply_v: float = 0.0
    """Supply at which the figure was taken."""
    regulator: Regulator = "ldo"
    workload: Workload = "headline"
    at_clock_hz: float = 0.0
    """Clock at which the figure was taken; 0 where it is the clock in question."""


@dataclass(frozen=True)
class EnergyEstimate:
    """Energy of one inference as a range."""

    low_j: float
    typical_j: float
    high_j: float
    basis: str


def published_power(device: str, library: str | None, clock_hz: float, supply_v: float,
                    model: str | None = None) -> RunPower | None:
    """Measured network power of a device at this clock and supply; of one kernel library, or of any where it is None.

    Of the same model where it was measured, otherwise the median over models. Taken at the supply in question, so it
    holds whatever the regulator is.
    """
    rows = [
        row for row in published_measurements()
        if row.device == device and row.power_w is not None and row.supply_v is not None
        and (library is None or row.library == library)
        and abs(row.clock_hz / clock_hz - 1.0) < SAME_FRACTION and abs(row.supply_v / supply_v - 1.0) < SAME_FRACTION
    ]
    if not rows:
        return None
    rows = [row for row in rows if row.model == model] or rows
    power_w = statistics.median(row.power_w for row in rows if row.power_w is not None)
    return RunPower(power_w=power_w, at_supply_v=supply_v, regulator="smps", workload="neural_network")


def run_current_warning(current_a: float, clock_hz: float) -> str | None:
    """A warning where a state called run draws less than any processor does; nothing else happens at that current."""
    if clock_hz <= 0.0 or current_a >= LEAST_RUN_CURRENT_A_PER_HZ * clock_hz:
        return None
    return (
        f"{current_a:.3g} A at {clock_hz / 1e6:g} MHz is less than 1 uA/MHz: no processor computes at that current; it "
        "is that of a sleep state, in which the CPU is off"
    )


def supply_power_w(run: RunPower, supply_v: float, clock_hz: float) -> float:
    """Power drawn from the supply while computing. [W]

    A core behind an LDO draws the same current at any supply, one behind a switching regulator nearly the same power.
    Between clocks the power is taken as proportional, which leaves out the static part.
    """
    if supply_v <= 0.0 or clock_hz <= 0.0:
        raise DataError(f"a power needs a supply and a clock above 0; given {supply_v} V and {clock_hz} Hz")
    clock_ratio = clock_hz / run.at_clock_hz if run.at_clock_hz else 1.0
    if run.regulator == "ldo":
        current_a = run.current_a if run.current_a is not None else _divided(run.power_w, run.at_supply_v)
        return current_a * supply_v * clock_ratio
    power_w = run.power_w if run.power_w is not None else _multiplied(run.current_a, run.at_supply_v)
    return power_w * clock_ratio


def _divided(power_w: float | None, supply_v: float) -> float:
    if power_w is None or supply_v <= 0.0:
        raise DataError("a run power of an LDO-fed core needs a current, or a power and the supply it was measured at")
    return power_w / supply_v


def _multiplied(current_a: float | None, supply_v: float) -> float:
    if current_a is None or supply_v <= 0.0:
        raise DataError("a run power of a switching regulator needs a power, or a current and its supply")
    return current_a * supply_v


def inference_energy(latency: Estimate, run: RunPower, supply_v: float, clock_hz: float,
                     waiting_power_w: float = 0.0) -> EnergyEstimate:
    """Energy of one inference with everything that waits for it. [J]"""
    power_w = supply_power_w(run, supply_v, clock_hz)
    low, typical, high = WORKLOAD_FACTORS[run.workload]
    kind = {"ldo": "constant current (LDO)", "smps": "constant power (switching regulator)"}[run.regulator]
    figure = {
        "neural_network": "measured network power",
        "typical": "typical run current, network code draws 0.9 to 2.3 times it",
        "headline": "headline run current, network code was measured at 1.7 to 2.3 times it",
    }[run.workload]
    waits = f", plus {waiting_power_w * 1e3:g} mW that waits" if waiting_power_w else ""
    return EnergyEstimate(
        latency.low_s * (power_w * low + waiting_power_w),
        latency.typical_s * (power_w * typical + waiting_power_w),
        latency.high_s * (power_w * high + waiting_power_w),
        f"latency times {figure}, {kind} at {supply_v:g} V{waits}",
    )


@dataclass(frozen=True)
class ClockPoint:
    """A processor clock and its run current."""

    clock_hz: float
    current_a: float


@dataclass(frozen=True)
class RacePoint:
    """What one inference costs at a clock."""

    clock_hz: float
    time_s: float
    compute_charge_c: float
    waiting_charge_c: float
    total_charge_c: float
    energy_j: float


def race_to_sleep(cycles: float, clocks: Sequence[ClockPoint], supply_v: float, waiting_current_a: float = 0.0,
                  period_s: float = 0.0, sleep_current_a: float = 0.0) -> tuple[RacePoint, ...]:
    """Charge and energy of one inference at each clock, with loads that stay on until it is done. [C, J]

    With `period_s` the charge of sleeping for the rest of the period is counted too. A faster clock wins only where
    something else stays on.
    """
    if cycles <= 0.0 or supply_v <= 0.0 or not clocks:
        raise DataError("a race to sleep needs cycles and a supply above 0 and at least one clock")
    points = []
    for clock in clocks:
        if clock.clock_hz <= 0.0 or clock.current_a < 0.0:
            raise DataError(f"not a clock and a run current: {clock.clock_hz} Hz, {clock.current_a} A")
        time_s = cycles / clock.clock_hz
        compute_c, waiting_c = time_s * clock.current_a, time_s * waiting_current_a
        sleep_c = max(0.0, period_s - time_s) * sleep_current_a
        total_c = compute_c + waiting_c + sleep_c
        points.append(RacePoint(clock.clock_hz, time_s, compute_c, waiting_c, total_c, total_c * supply_v))
    return tuple(points)


def cheapest(points: Sequence[RacePoint]) -> RacePoint:
    """The point of least charge."""
    return min(points, key=lambda point: point.total_charge_c)
