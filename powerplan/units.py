"""Quantities as people write them ("20 ms", "195 nA", "20/day") to SI floats, and back.

A table of our own: it starts in no time, and it refuses what a file must not leave to a guess.
"""

from __future__ import annotations

import math
import re
import sys

from powerplan.dimensions import DAY_S, DIMENSIONS, LARGEST, TIME_UNITS, Dimension

TEXT_LENGTH_COUNT = 100


class UnitError(ValueError):
    """A text is not a quantity of the dimension that is due."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message, self.hint = message, hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


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
    owner = next((other for other in DIMENSIONS.values() if unit in other.units and other.name != "share"), None)
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
