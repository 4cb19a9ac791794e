"""The kinds of quantity a file may hold: their units with factors to SI, their limits, how they are shown."""

from __future__ import annotations

from dataclasses import dataclass, field

DAY_S = 86_400.0
YEAR_S = 365 * DAY_S
LARGEST = 1e15
"""No quantity of a battery-powered product is larger than this in SI units."""
LONGEST_S = 200 * YEAR_S
"""Nanoseconds in 64 bits end after 292 years."""


@dataclass(frozen=True)
class Dimension:
    """One kind of quantity: its units, its limits, how it is shown."""

    name: str
    said: str
    """As a message says it: "a current"."""
    units: dict[str, float]
    """Unit -> factor to SI."""
    shown: tuple[str, ...]
    """Units for printing, smallest first."""
    examples: tuple[str, ...]
    lowest: float = -LARGEST
    highest: float = LARGEST
    bare_number: bool = False
    """A number without a unit is a value of this dimension."""
    offsets: dict[str, float] = field(default_factory=dict)
    """Unit -> what is added after the factor (kelvin to degree Celsius)."""


def _prefixed(unit: str, prefixes: str) -> dict[str, float]:
    """The unit with each of the prefixes ("-" stands for none)."""
    powers = {"p": -12, "n": -9, "u": -6, "m": -3, "-": 0, "k": 3, "M": 6, "G": 9}
    return {
        (unit if prefix == "-" else prefix + unit): float(f"1e{powers[prefix]}")
        for prefix in prefixes.split()
    }


def _scaled(units: dict[str, float], factor: float) -> dict[str, float]:
    return {unit: scale * factor for unit, scale in units.items()}


TIME_UNITS: dict[str, float] = {
    "ns": 1e-9,
    "us": 1e-6,
    "ms": 1e-3,
    **dict.fromkeys(("s", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), DAY_S),
    **dict.fromkeys(("week", "weeks"), 7 * DAY_S),
    **dict.fromkeys(("month", "months"), YEAR_S / 12),
    **dict.fromkeys(("y", "year", "years"), YEAR_S),
}
BYTE_UNITS: dict[str, float] = {
    **dict.fromkeys(("B", "byte", "bytes"), 1.0),
    "kB": 1e3,
    "MB": 1e6,
    "GB": 1e9,
    "KiB": 1024.0,
    "MiB": 1024.0**2,
    "GiB": 1024.0**3,
    **dict.fromkeys(("bit", "bits"), 0.125),
    "kbit": 125.0,
    "Mbit": 125e3,
}
CURRENT_UNITS = _prefixed("A", "p n u m - k")
POWER_UNITS = _prefixed("W", "p n u m - k")

_DIMENSIONS = (
    Dimension(
        "current", "a current", CURRENT_UNITS, ("pA", "nA", "uA", "mA", "A"), ("20 mA", "195 nA"), lowest=0.0
    ),
    Dimension(
        "voltage", "a voltage", _prefixed("V", "n u m - k"), ("nV", "uV", "mV", "V"), ("3.3 V", "1800 mV")
    ),
    Dimension("power", "a power", POWER_UNITS, ("pW", "nW", "uW", "mW", "W"), ("12 mW", "40 uW"), lowest=0.0),
    Dimension(
        "energy",
        "an energy",
        _prefixed("J", "p n u m - k M")
        | _prefixed("Ws", "u m -")
        | _scaled(_prefixed("Wh", "n u m - k"), 3600.0),
        ("pJ", "nJ", "uJ", "mJ", "J", "Wh"),
        ("9.5 mJ", "11 Wh"),
    ),
    Dimension(
        "charge",
        "a charge",
        _prefixed("C", "p n u m - k")
        | _prefixed("As", "n u m -")
        | _scaled(_prefixed("Ah", "n u m -"), 3600.0),
        ("pC", "nC", "uC", "mC", "C", "mAh", "Ah"),
        ("2000 mAh", "35 uC"),
        lowest=0.0,
    ),
    Dimension(
        "capacitance",
        "a capacitance",
        _prefixed("F", "p n u m -"),
        ("pF", "nF", "uF", "mF", "F"),
        ("470 uF", "1.5 F"),
        lowest=0.0,
    ),
    Dimension(
        "resistance",
        "a resistance",
        _prefixed("ohm", "n u m - k M G"),
        ("nohm", "uohm", "mohm", "ohm", "kohm", "Mohm", "Gohm"),
        ("30 mohm", "4.7 kohm"),
        lowest=0.0,
    ),
    Dimension(
        "duration",
        "a duration",
        TIME_UNITS,
        ("ns", "us", "ms", "s", "min", "h", "d", "years"),
        ("20 ms", "8 s", "2 years", "PT30S"),
        lowest=0.0,
        highest=LONGEST_S,
    ),
    Dimension(
        "frequency",
        "a frequency",
        _prefixed("Hz", "m - k M G") | {"fps": 1.0, "sps": 1.0, "ksps": 1e3, "Msps": 1e6},
        ("mHz", "Hz", "kHz", "MHz", "GHz"),
        ("160 MHz", "15 fps", "16 kHz"),
        lowest=0.0,
    ),
    Dimension(
        "rate",
        "a rate",
        {f"/{unit}": 1.0 / seconds for unit, seconds in TIME_UNITS.items()},
        ("/year", "/day", "/h", "/s"),
        ("20/day", "4/s", "1/year"),
        lowest=0.0,
    ),
    Dimension(
        "temperature",
        "a temperature",
        {"degC": 1.0, "K": 1.0},
        ("degC",),
        ("21 degC", "-10 degC"),
        lowest=-273.15,
        highest=1e4,
        offsets={"K": -273.15},
    ),
    Dimension(
        "temperature_difference",
        "a temperature difference",
        {"K": 1.0, "degC": 1.0},
        ("K",),
        ("2 K",),
        lowest=-1e4,
        highest=1e4,
    ),
    Dimension(
        "data", "an amount of data", BYTE_UNITS, ("B", "kB", "MB", "GB"), ("48 B", "512 KiB"), lowest=0.0
    ),
    Dimension(
        "fraction",
        "a fraction",
        {"": 1.0, "%": 0.01},
        ("%",),
        ("0.35", "35 %", "8/30"),
        lowest=0.0,
        highest=1.0,
        bare_number=True,
    ),
    Dimension(
        "fraction_rate",
        "a fraction per time",
        {f"%/{unit}": 0.01 / seconds for unit, seconds in TIME_UNITS.items()}
        | {f"/{unit}": 1.0 / seconds for unit, seconds in TIME_UNITS.items()},
        ("%/year",),
        ("1 %/year", "3 %/month"),
        lowest=0.0,
    ),
    Dimension(
        "gain", "a level in dBm", {"dBm": 1.0}, ("dBm",), ("0 dBm", "-20 dBm"), lowest=-300.0, highest=300.0
    ),
    Dimension(
        "share",
        "a share of time",
        {"%": 0.01}
        | {
            f"{upper}/{lower}": TIME_UNITS[upper] / TIME_UNITS[lower]
            for upper in TIME_UNITS
            for lower in TIME_UNITS
        },
        ("%",),
        ("4 h/day", "30 %"),
        lowest=0.0,
        highest=1.0,
    ),
    Dimension(
        "mass",
        "a mass",
        {"ug": 1e-9, "mg": 1e-6, "g": 1e-3, "kg": 1.0},
        ("ug", "mg", "g", "kg"),
        ("12 g",),
        lowest=0.0,
    ),
    Dimension(
        "volume",
        "a volume",
        {"mm3": 1e-9, "cm3": 1e-6, "m3": 1.0, "uL": 1e-9, "mL": 1e-6, "ml": 1e-6, "L": 1e-3, "l": 1e-3},
        ("uL", "mL", "L"),
        ("15 cm3", "0.5 L"),
        lowest=0.0,
    ),
    # Nothing is converted between currencies: the number stays in the one it was written in.
    Dimension(
        "money",
        "an amount of money",
        dict.fromkeys(("EUR", "USD", "CNY", "GBP", "CHF", "JPY"), 1.0),
        ("",),
        ("3.20 EUR",),
    ),
    Dimension("number", "a number", {"": 1.0}, ("",), ("3", "0.5"), bare_number=True),
)
DIMENSIONS: dict[str, Dimension] = {dimension.name: dimension for dimension in _DIMENSIONS}
