"""One scalar of a file to text, number, truth or nothing, by the core schema of YAML 1.2.

`no`, `on`, `1:30` and dates stay text; `010`, `.nan` and numbers out of range are refused.
"""

from __future__ import annotations

import math
import re
import sys
from typing import NamedTuple

Data = dict[str, "Data"] | list["Data"] | str | int | float | bool | None
TEXT_LENGTH_COUNT = 10_000
NUMBER_LENGTH_COUNT = 60

_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED_INTEGER = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")


class Scalar(NamedTuple):
    """Text of a scalar as read; `plain` if it stands without quotes and so may be a number."""

    text: str
    plain: bool


class Refused(Exception):
    """A scalar that is not taken."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(code, message, hint)
        self.code, self.message, self.hint = code, message, hint


def plain_value(scalar: Scalar) -> Data:
    """What the scalar says. Raises Refused."""
    text = scalar.text
    if not scalar.plain:
        return checked_text(text)
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _BASED_INTEGER.fullmatch(text):
        return _integer(text, 0)
    if _NOT_FINITE.fullmatch(text):
        raise Refused("PP022", f"{text} is not a finite number", "write a number")
    if not _FLOAT.fullmatch(text):
        return checked_text(text)
    if _LEADING_ZERO.match(text):
        shown = _short(text)
        raise Refused(
            "PP021", f"{shown} begins with 0: octal or decimal?", 'drop the 0, or quote a name: "007"'
        )
    return _integer(text, 10) if _INTEGER.fullmatch(text) else _float(text)


def checked_text(text: str) -> str:
    """The text with JSON's surrogate pairs joined. Raises Refused for what cannot be printed or stored."""
    if len(text) > TEXT_LENGTH_COUNT:
        raise Refused("PP023", f"a text of {len(text)} characters", f"at most {TEXT_LENGTH_COUNT} are taken")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        try:
            text = text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise Refused(
                "PP003", "half a character (a lone surrogate)", "write the character itself"
            ) from None
    if _CONTROL.search(text):
        raise Refused("PP003", "a control character in a text", "remove it")
    return text


def _integer(text: str, base: int) -> int:
    if len(text) <= NUMBER_LENGTH_COUNT:
        value = int(text, base)
        if -(2**63) <= value < 2**63:
            return value
    raise _out_of_range(text, "whole numbers have 64 bits at most")


def _float(text: str) -> float:
    value = float(text) if len(text) <= NUMBER_LENGTH_COUNT else math.inf
    if not math.isfinite(value):
        raise _out_of_range(
            text, f"numbers are below 1.8e308 and have at most {NUMBER_LENGTH_COUNT} characters"
        )
    return value if abs(value) >= sys.float_info.min else 0.0


def _out_of_range(text: str, hint: str) -> Refused:
    return Refused("PP020", f"the number {_short(text)} is out of range", hint)


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:20]}... ({len(text)} characters)"
