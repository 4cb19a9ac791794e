"""How full the battery is, as the device can know it: from the scenario to the walk, and in words."""

from __future__ import annotations

from powerplan.batteries.demand import Limits, Meter
from powerplan.model.policy import measured
from powerplan.model.supply import Supply
from powerplan.units import format_quantity


def meter_of(kind: str, load_a: float) -> Meter:
    """What the device measures. Raises ValueError for an unknown kind."""
    for known in Meter.KINDS:
        if kind == known:
            return Meter(known, load_a)
    raise ValueError(f"no such measure of a battery: {kind}")


def alarm_of(supply: Supply) -> tuple[float | None, Meter]:
    """Where the low-battery alarm rings, and by what measure."""
    if supply.alarm_at is None:
        return None, Meter()
    return supply.alarm_at.typ, meter_of(*measured(supply.alarm_at))


def level_words(level: float, meter: Meter) -> str:
    """A level of the battery in words."""
    if meter.kind == "voltage":
        load = f" under {format_quantity(meter.current_a, 'current')}" if meter.current_a else " at rest"
        return f"{level:.3g} V{load}"
    return f"{level:.0%} {'of the usable charge' if meter.kind == 'usable' else 'charge'}"


def never_words(limits: Limits) -> str:
    """Why an alarm that counts charge may come too late, and what would not."""
    if limits.alarm_meter.kind != "charge":
        return ""
    return ("; the stated charge does not know how much of it the load can still draw: a gauge of the usable charge "
            "(`alarm_at: {usable: 10 %}`) or of the voltage does")
