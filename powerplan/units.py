"""Quantities as people write them ("20 ms", "195 nA", "20/day") to SI floats, and back.

A table of our own: it starts in no time, and it refuses what a file must not leave to a guess.
"""

from __future__ import annotations

import math
import re
import sys
from dataclasses import dataclass, field

DAY_S = 86_400.0
YEAR_S = 365 * DAY_S
LARGEST = 1e15
"""No quantity of a battery-powered product is larger than this in SI units."""
LONGEST_S = 200 * YEAR_S
"""Nanoseconds in 64 bits end after 292 years."""
TEXT_LENGTH_COUNT = 100


class UnitError(ValueError):
    """A text is not a quantity of the dimension that is due."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message, self.hint = message, hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


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

_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_QUANTITY = re.compile(rf"({_NUMBER})\s*(.*)", re.DOTALL)
_RATIO = re.compile(rf"({_NUMBER})\s*/\s*({_NUMBER})")
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_ISO_DURATION = re.compile(
    r"P(?=[0-9T])(?:([0-9.]+)Y)?(?:([0-9.]+)M)?(?:([0-9.]+)W)?(?:([0-9.]+)D)?"
    r"(?:T(?=[0-9])(?:([0-9.]+)H)?(?:([0-9.]+)M)?(?:([0-9.]+)S)?)?"
)
_ISO_UNITS = ("year", "month", "week", "day", "h", "min", "s")
_SAME_SIGNS = {
    "\u00b5": "u",  # micro sign
    "\u03bc": "u",  # greek mu
    "\u03a9": "ohm",
    "\u2126": "ohm",  # ohm sign
    "\u2212": "-",  # minus sign
    "\u00a0": " ",
    "\u2009": " ",
    "\u202f": " ",
    "\u00b0C": "degC",
    "\u2103": "degC",
    "\u00b3": "3",
    "\u20ac": "EUR",
}
_WANTED_UNITS = {
    "sec": "s",
    "secs": "s",
    "hr": "h",
    "hrs": "h",
    "mins": "min",
    "C": "degC",
    "celsius": "degC",
    "KB": "kB (1000 B) or KiB (1024 B)",
    "m": "min (minutes), ms, months",
    "Ohm": "ohm",
    "percent": "%",
    "dB": "dBm",
    "R": "ohm",
}


def parse_quantity(text: str, dimension: str) -> float:
    """The quantity in SI units (temperatures in degree Celsius, levels in dBm). Raises UnitError."""
    kind = DIMENSIONS[dimension]
    if len(text) > TEXT_LENGTH_COUNT:
        raise UnitError(f"{text[:20]!r}... is too long for {kind.said}", _example(kind))
    plain = text.strip()
    for sign, same in _SAME_SIGNS.items():
        plain = plain.replace(sign, same)
    if dimension == "duration" and plain[:1] == "P":
        value = _iso_duration(text, plain, kind)
    elif dimension == "fraction" and (ratio := _RATIO.fullmatch(plain)):
        value = _divided(text, ratio, kind)
    else:
        value = _number_and_unit(text, plain, kind)
    return checked(value, kind, given=text)


def checked(value: float, kind: Dimension, given: object) -> float:
    """The value if it is finite and within the limits of its dimension; denormals are 0."""
    if not math.isfinite(value) or not kind.lowest <= value <= kind.highest:
        raise UnitError(f"{given!r} is out of range for {kind.said}", f"allowed: {_limits(kind)}")
    return 0.0 if abs(value) < sys.float_info.min else value


def _number_and_unit(text: str, plain: str, kind: Dimension) -> float:
    if _COMMA.match(plain):
        point = plain.replace(",", ".", 1)
        raise UnitError(f"{text!r} has a comma", f"write the decimals with a point: {point}")
    match = _QUANTITY.fullmatch(plain)
    if not match:
        if plain.lstrip("+-.").lower().startswith(("nan", "inf")):
            raise UnitError(f"{text!r} is not a finite number", _example(kind))
        raise UnitError(f"{text!r} is not {kind.said}", _example(kind))
    number, unit = match[1], _tidy_unit(match[2])
    if unit not in kind.units:
        raise _unit_problem(text, number, unit, kind)
    # Division keeps 20 ms exact (20 / 1000) where multiplying by 0.001 would not.
    factor, value = kind.units[unit], float(number)
    inverse = 1.0 / factor
    scaled = value / inverse if factor < 1.0 and inverse == round(inverse) else value * factor
    return scaled + kind.offsets.get(unit, 0.0)


def _tidy_unit(unit: str) -> str:
    """`% / year`, `per day` and `h of the day` in the one spelling of the table."""
    unit = re.sub(r"\s*\bper\b\s*", "/", unit.strip())
    unit = re.sub(r"\s*/\s*", "/", unit)
    return unit.removesuffix(" of the day").removesuffix(" of the time")


def _unit_problem(text: str, number: str, unit: str, kind: Dimension) -> UnitError:
    """Why this unit does not fit, and what to write instead."""
    if not unit:
        first = kind.examples[0]
        return UnitError(
            f"{text!r} has no unit, {kind.said} is due", f"write it with its unit, for example {first}"
        )
    near = [known for known in kind.units if known.casefold() == unit.casefold()]
    if near and unit not in _WANTED_UNITS:
        wanted = " or ".join(f'"{number} {known}"' for known in near)
        return UnitError(f"{text!r}: the unit {unit!r} is unknown", f"upper and lower case differ: {wanted}")
    owner = next((other for other in _DIMENSIONS if unit in other.units and other.name != "share"), None)
    if unit in _WANTED_UNITS and not (owner and owner.name == "charge" and kind.name != "temperature"):
        return UnitError(
            f"{text!r}: the unit {unit!r} is unknown", f"write {_WANTED_UNITS[unit]}; {_example(kind)}"
        )
    if owner:
        return UnitError(f"{text!r} is {owner.said}, {kind.said} is due", _example(kind))
    if re.match(r"[0-9]", unit):
        return UnitError(
            f"{text!r} has a space within the number", f"write it without spaces; {_example(kind)}"
        )
    return UnitError(f"{text!r}: the unit {unit!r} is unknown", _example(kind))


def _iso_duration(text: str, plain: str, kind: Dimension) -> float:
    match = _ISO_DURATION.fullmatch(plain)
    if not match:
        raise UnitError(f"{text!r} is not an ISO 8601 duration", _example(kind))
    try:
        return sum(
            float(number) * TIME_UNITS[unit]
            for number, unit in zip(match.groups(), _ISO_UNITS, strict=True)
            if number
        )
    except ValueError:
        raise UnitError(f"{text!r} is not an ISO 8601 duration", _example(kind)) from None


def _divided(text: str, ratio: re.Match[str], kind: Dimension) -> float:
    below = float(ratio[2])
    if below == 0.0:
        raise UnitError(f"{text!r} divides by zero", _example(kind))
    return float(ratio[1]) / below


def _example(kind: Dimension) -> str:
    return f"{allowed_units(kind.name)}; example: {kind.examples[0]}"


def _limits(kind: Dimension) -> str:
    return f"{_limit(kind.lowest, kind)} to {_limit(kind.highest, kind)}"


def _limit(value: float, kind: Dimension) -> str:
    if kind.name == "temperature":
        return f"{value:g} degC"
    if abs(value) < LARGEST and not kind.bare_number:
        return format_quantity(value, kind.name)
    base = next((unit for unit in kind.units if kind.units[unit] == 1.0 and len(kind.shown) > 1), "")
    return f"{value:g} {base}".rstrip()


def allowed_units(dimension: str) -> str:
    """Sentence that lists the usual units of the dimension."""
    kind = DIMENSIONS[dimension]
    if dimension in ("rate", "share", "fraction", "fraction_rate", "number"):
        return f"write it like {' or '.join(kind.examples)}"
    others = {"energy": ("mWh",), "charge": (), "frequency": ("fps", "sps"), "data": ("KiB", "MiB", "bit")}
    usual = [*kind.shown, *others.get(dimension, ())] if kind.shown != ("",) else list(kind.units)
    return f"allowed units: {', '.join(usual)}"


def format_quantity(value: float, dimension: str) -> str:
    """The SI value with the best unit and 3 significant digits; `parse_quantity` reads it back."""
    kind = DIMENSIONS[dimension]
    whole_kib = dimension == "data" and value >= 1024 and value % 1024 == 0
    if dimension in ("temperature", "temperature_difference", "gain"):
        return f"{_digits(value)} {kind.shown[0]}"
    if dimension == "rate":
        per = (
            "/s"
            if value >= 1
            else "/h"
            if value >= 10 / 3600
            else "/day"
            if value >= 0.01 / DAY_S
            else "/year"
        )
        return f"{_digits(value / kind.units[per])}{per}"
    return _best(value, kind, ("KiB", "MiB", "GiB") if whole_kib else kind.shown)


def _best(value: float, kind: Dimension, shown: tuple[str, ...]) -> str:
    """Value in the largest unit that it reaches, the smallest where it reaches none."""
    unit = shown[0]
    if value == 0.0 and "" not in shown and kind.name != "fraction":
        unit = next((known for known in shown if kind.units[known] == 1.0), shown[0])
    for known in shown:
        # 999.7 mA rounds to 1000 mA, which is 1 A.
        if _three_digits(abs(value) / kind.units.get(known, 1.0)) >= 1.0:
            unit = known
    number = _digits(value / kind.units.get(unit, 1.0))
    if unit == "years" and number == "1":
        unit = "year"
    return f"{number} {unit}".rstrip()


def _three_digits(value: float) -> float:
    return float(f"{value:.3g}")


def _digits(value: float) -> str:
    """Three significant digits; without an exponent up to a million."""
    rounded = _three_digits(value)
    return f"{rounded:.0f}" if 100 <= abs(rounded) < 1e6 else f"{rounded + 0.0:.3g}"


def nanoseconds(duration_s: float) -> int:
    """Whole nanoseconds of a duration in seconds, half to even. [ns]"""
    return round(duration_s * 1e9)
