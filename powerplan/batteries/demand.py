"""What a device asks of its battery, and when its life counts as over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Pulse:
    """One short joint state of the device, as the total demand at the battery terminals while it lasts."""

    name: str
    current_a: float = 0.0
    """Constant-current part."""
    power_w: float = 0.0
    """Constant-power part."""
    duration_s: float = 0.0
    per_day: float = 0.0
    """How often; 0 checks the voltage only and moves no energy."""


@dataclass(frozen=True)
class Demand:
    """Mean demand at the battery terminals by hour of the day (24 values) or of the week (168 values)."""

    current_a: FloatArray
    """Constant-current part, mean of each hour."""
    power_w: FloatArray
    """Constant-power part, mean of each hour; holds the energy of the pulses."""
    pulses: tuple[Pulse, ...] = ()
    leakage_a: float = 0.0
    """Constant current besides the load: load switches, protection circuit, divider."""

    def __post_init__(self) -> None:
        if self.current_a.shape != self.power_w.shape or self.current_a.shape not in ((24,), (168,)):
            raise ValueError(
                f"demand needs two arrays of 24 or 168 hours, got {self.current_a.shape} and {self.power_w.shape}"
            )
        if not (np.isfinite(self.current_a).all() and np.isfinite(self.power_w).all()):
            raise ValueError("demand must be finite in every hour")


def constant_demand(
    current_a: float = 0.0, power_w: float = 0.0, pulses: tuple[Pulse, ...] = (), leakage_a: float = 0.0
) -> Demand:
    """The same mean demand in every hour."""
    return Demand(np.full(24, current_a), np.full(24, power_w), pulses, leakage_a)


@dataclass(frozen=True)
class Capacitor:
    """A hold-up or super capacitor across the battery."""

    capacitance_f: float
    esr_ohm: float
    leakage_a: float = 0.0


@dataclass(frozen=True)
class Limits:
    """What ends the life besides an empty battery."""

    brown_out_v: float
    """Lowest terminal voltage at which the device works; the worst pulse must stay at or above it."""
    shelf_life_s: float | None = None
    alarm_fraction: float | None = None
    """State of charge at which the low-battery alarm goes off."""
    horizon_s: float = 20 * 365 * 86_400.0


@dataclass(frozen=True)
class Policy:
    """Demand levels the device steps down through as the battery empties, with hysteresis.

    Level n + 1 is taken below `enter_fraction[n]` of the charge and left again above `leave_fraction[n]`.
    """

    levels: tuple[Demand, ...]
    enter_fraction: tuple[float, ...]
    leave_fraction: tuple[float, ...]

    def __post_init__(self) -> None:
        steps = len(self.levels) - 1
        if steps < 0 or len(self.enter_fraction) != steps or len(self.leave_fraction) != steps:
            raise ValueError("a policy of n levels needs n - 1 fractions to enter and n - 1 to leave")
        if any(enter > leave for enter, leave in zip(self.enter_fraction, self.leave_fraction, strict=True)):
            raise ValueError("a level must be left at or above the charge at which it is entered")
        if list(self.enter_fraction) != sorted(self.enter_fraction, reverse=True):
            raise ValueError("fractions to enter must fall from level to level")
        if len({level.current_a.shape for level in self.levels}) != 1:
            raise ValueError("all levels need the same number of hours")
