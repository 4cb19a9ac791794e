"""Scales people read: a prefix for an axis, round ticks, labels of a logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Sequence

from powerplan.report.words import number, quantity

BASE_UNITS = {"energy": "J", "charge": "C", "current": "A", "power": "W", "voltage": "V"}
PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"))
DURATIONS = ((365 * 86_400.0, "years"), (86_400.0, "days"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"),
             (1e-6, "µs"), (1e-9, "ns"))
ROUND_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
LONG_AXIS = 3.0
"""An axis of days becomes one of years beyond this many years, and so on down."""


def axis_scale(largest: float, dimension: str) -> tuple[float, str]:
    """Factor and unit that make the largest value of an axis a number between 1 and 1000."""
    size = abs(largest)
    for prefix, letter in PREFIXES:
        if size >= prefix * 0.9995:
            return 1.0 / prefix, letter + BASE_UNITS[dimension]
    return 1.0, BASE_UNITS[dimension]


def prefixed(value: float, dimension: str) -> str:
    """A value with an SI prefix and no other unit: 121 kJ, where people would otherwise read 33.5 Wh beside 58 J."""
    factor, unit = axis_scale(value, dimension)
    return f"{number(value * factor)} {unit}"


def time_scale(largest_s: float, long_axis: float = LONG_AXIS) -> tuple[float, str]:
    """Factor and unit of a time axis whose end is at this time."""
    for seconds, unit in DURATIONS:
        if largest_s >= seconds * (long_axis if seconds >= 60 else 1.0):
            return 1.0 / seconds, unit
    return 1e9, "ns"


def nice_ticks(low: float, high: float, wanted_count: int) -> list[float]:
    """About this many round numbers between two ends."""
    width = high - low
    if not (width > 0) or not math.isfinite(width):
        return [low]
    raw = width / max(1, wanted_count)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((s * power for s in ROUND_STEPS if s * power >= raw * 0.999), 10 * power)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [n * step for n in range(first, min(last, first + 50) + 1)]


def decade_ticks(low: float, high: float, dimension: str, most_count: int = 9) -> tuple[list[float], list[str]]:
    """Powers of ten between two ends, labelled with their unit."""
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    every = max(1, math.ceil((last - first + 1) / most_count))
    ticks = [10.0 ** n for n in range(first, last + 1, every)]
    return ticks, [quantity(tick, dimension) for tick in ticks]


def log_floor(values: Sequence[float], most_count: int = 7) -> tuple[float, list[float], list[str]]:
    """For a logarithmic axis that must show zeros: where zero stands, ticks, and their labels."""
    positive = [value for value in values if value > 0]
    lowest, highest = min(positive, default=1.0), max(positive, default=1.0)
    first, last = math.floor(math.log10(lowest) + 1e-9), math.ceil(math.log10(highest) - 1e-9)
    every = max(1, math.ceil((last - first + 1) / most_count))
    ticks = [10.0 ** n for n in range(first, last + 1, every)]
    floor = 10.0 ** (first - 1) if len(positive) < len(values) else 10.0 ** first
    names = [f"{tick:,g}" for tick in ticks]
    return (floor, [floor, *ticks], ["0", *names]) if floor < ticks[0] else (floor, ticks, names)
