"""What a device asks of its battery, and when its life counts as over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
HOURS_PER_DAY = 24


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
    """Mean demand at the battery terminals by hour, for whole days that repeat: a day, a week, or a simulated life."""

    current_a: FloatArray
    """Constant-current part, mean of each hour."""
    power_w: FloatArray
    """Constant-power part, mean of each hour; holds the energy of the pulses."""
    pulses: tuple[Pulse, ...] = ()
    leakage_a: float = 0.0
    """Constant current besides the load: load switches, protection circuit, divider."""

    def __post_init__(self) -> None:
        hours = self.current_a.shape
        if hours != self.power_w.shape or len(hours) != 1 or not hours[0] or hours[0] % HOURS_PER_DAY:
            raise ValueError(f"demand needs two arrays of the hours of whole days, got {hours} and "
                             f"{self.power_w.shape}")
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
class Meter:
    """What the device measures to know how full its battery is.

    `charge` counts charge out of the stated capacity. `usable` counts what is left until the charge ends or the worst
    pulse meets the brown-out at the temperature of the hour, as a share of that from full: a gauge that knows its
    battery. `voltage` is the terminal voltage under a stated load.
    """

    KINDS: ClassVar[tuple[Literal["charge", "usable", "voltage"], ...]] = ("charge", "usable", "voltage")

    kind: Literal["charge", "usable", "voltage"] = "charge"
    current_a: float = 0.0
    power_w: float = 0.0


@dataclass(frozen=True)
class Limits:
    """What ends the life besides an empty battery."""

    brown_out_v: float
    """Lowest terminal voltage at which the device works; the worst pulse must stay at or above it."""
    shelf_life_s: float | None = None
    alarm_at: float | None = None
    """What the meter shows when the low-battery alarm goes off: a share, or volts."""
    horizon_s: float = 20 * 365 * 86_400.0
    alarm_meter: Meter = Meter()

    @property
    def unseen_after_s(self) -> float | None:
        """Where the calculation stops before anything else is over; None where the shelf life comes first. [s]"""
        return None if self.shelf_life_s is not None and self.shelf_life_s <= self.horizon_s else self.horizon_s

    @property
    def end_s(self) -> float:
        """No life is longer: the shelf life or the horizon. [s]"""
        return min(self.horizon_s, self.shelf_life_s or float("inf"))


@dataclass(frozen=True)
class Policy:
    """Demand levels the device steps down through as the battery empties, with hysteresis.

    Level n + 1 is taken when the meter shows less than `enter_at[n]` and left again above `leave_at[n]`.
    """

    levels: tuple[Demand, ...]
    enter_at: tuple[float, ...]
    """Shares or volts, as the meter shows them."""
    leave_at: tuple[float, ...]
    meter: Meter = Meter()

    def __post_init__(self) -> None:
        steps = len(self.levels) - 1
        if steps < 0 or len(self.enter_at) != steps or len(self.leave_at) != steps:
            raise ValueError("a policy of n levels needs n - 1 values to enter and n - 1 to leave")
        if any(enter > leave for enter, leave in zip(self.enter_at, self.leave_at, strict=True)):
            raise ValueError("a level must be left at or above where it is entered")
        if list(self.enter_at) != sorted(self.enter_at, reverse=True):
            raise ValueError("values to enter must fall from level to level")
        if len({level.current_a.shape for level in self.levels}) != 1:
            raise ValueError("all levels need the same number of hours")
