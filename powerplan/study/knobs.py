"""A value of the scenario that can be turned: what it is, where it stands, and the scenario with another one."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from powerplan.errors import PowerplanError
from powerplan.files.problems import unknown_name
from powerplan.files.scenario import Loaded
from powerplan.files.variant import varied
from powerplan.files.yaml_tree import KeyPath
from powerplan.model.amount import Amount, dimension_of
from powerplan.study.draws import stated_amounts
from powerplan.units import format_quantity, parse_quantity

SI_UNITS = {"current": "A", "voltage": "V", "power": "W", "energy": "J", "charge": "C", "capacitance": "F",
            "resistance": "ohm", "duration": "s", "frequency": "Hz", "rate": "/s", "temperature": "degC", "data": "B",
            "gain": "dBm", "fraction_rate": "/year", "mass": "kg"}
"""Dimension -> how a number of it is written into a scenario; the others are plain numbers."""
HOURS_PER_DAY = 24.0
SECONDS_PER_YEAR = 365 * 86_400.0
DIGITS = 4
"""Significant digits of a value that is tried, so that the printed value is the one that was proven."""


class KnobProblem(PowerplanError):
    """A key path that cannot be turned."""


@dataclass(frozen=True)
class Knob:
    """One value of the scenario."""

    path: str
    keys: KeyPath
    dimension: str
    """A dimension of `powerplan.units`; `number` for a plain one."""
    current: float | None
    whole: bool = False
    """Only whole numbers."""

    def written(self, value: float) -> Any:
        """A value as the file would say it, with few digits."""
        if self.whole:
            return round(value)
        short = f"{value:.{DIGITS}g}"
        unit = SI_UNITS.get(self.dimension)
        if self.dimension == "fraction_rate":
            return f"{value * SECONDS_PER_YEAR * 100:.{DIGITS}g} %/year"
        if self.dimension == "share":
            return f"{value * HOURS_PER_DAY:.{DIGITS}g} h/day"
        if unit is None:
            return float(short)
        return f"{_plain(short)}{'' if unit == '/s' else ' '}{unit}"

    def rounded(self, value: float) -> float:
        """The value that `written` says."""
        return self.parsed(self.written(value))

    def parsed(self, text: Any) -> float:
        """A value as a person or the file says it. Raises KnobProblem."""
        if isinstance(text, int | float):
            return float(text)
        try:
            return parse_quantity(str(text), self.dimension) if self.dimension != "number" else float(text)
        except ValueError as error:
            raise KnobProblem(f"{self.path}: {error}") from None

    def shown(self, value: float) -> str:
        """A value as people read it."""
        if self.whole or self.dimension == "number":
            return f"{value:.{DIGITS}g}"
        return format_quantity(value, self.dimension)

    def turned(self, loaded: Loaded, value: float) -> Loaded:
        """The scenario with this value. Raises InputError."""
        return varied(loaded, {self.keys: self.written(value)})


def _plain(text: str) -> str:
    """A number without an exponent where that is short."""
    value = float(text)
    return f"{value:.15f}".rstrip("0").rstrip(".") if 1e-12 <= abs(value) < 1e15 and "e" in text else text


def knob(loaded: Loaded, path: str) -> Knob:
    """The value at a key path. `tasks.listen.every` means `tasks.listen.when.every`. Raises KnobProblem."""
    head, _, rest = path.partition(".")
    if head == "parts":
        return _of_part(loaded, path, rest)
    amounts = {found: (amount, dimension) for found, amount, dimension in stated_amounts(loaded.scenario)}
    for given in (path, _in_when(path)):
        if given in amounts:
            amount, dimension = amounts[given]
            return Knob(given, _keys(loaded.layers.keys, given), dimension, amount.typ)
    for given in (path, _in_when(path)):
        found = _of_model(loaded.scenario, given)
        if found is not None:
            return found
    raise KnobProblem(f"there is no value {path!r} to change; {unknown_name(path, amounts)}")


def _in_when(path: str) -> str:
    parts = path.split(".")
    return ".".join([*parts[:2], "when", *parts[2:]]) if parts[0] == "tasks" and len(parts) == 3 else path


def _keys(data: Any, path: str) -> KeyPath:
    """A dotted path as keys: numbers count entries where the file has a list."""
    keys: list[str | int] = []
    place = data
    for key in path.split("."):
        if isinstance(place, list):
            keys.append(int(key))
            place = place[int(key)]
        else:
            keys.append(key)
            place = place.get(key) if isinstance(place, Mapping) else None
    return tuple(keys)


def _of_model(scenario: BaseModel, path: str) -> Knob | None:
    """A number, or a quantity that is not stated yet."""
    place: Any = scenario
    about: Any = None
    for key in path.split("."):
        if isinstance(place, BaseModel):
            about = next((field for name, field in type(place).model_fields.items() if key in (name, field.alias)),
                         None)
            if about is None:
                return None
            name = next(name for name, field in type(place).model_fields.items() if field is about)
            place = getattr(place, name)
        elif isinstance(place, Mapping) and key in place:
            place, about = place[key], None
        elif isinstance(place, list) and key.isdigit() and int(key) < len(place):
            place, about = place[int(key)], None
        else:
            return None
    keys = tuple(int(key) if key.isdigit() else key for key in path.split("."))
    if isinstance(place, bool):
        return None
    if isinstance(place, int | float):
        allowed = _types(about.annotation) if about is not None else {type(place)}
        return Knob(path, keys, "number", float(place), float not in allowed)
    dimension = dimension_of(about) if about is not None else None
    if place is None and dimension is not None:
        return Knob(path, keys, dimension, None)
    if place is None and about is not None and {int, float} & _types(about.annotation):
        return Knob(path, keys, "number", None, float not in _types(about.annotation))
    if isinstance(place, str) and about is not None and float in _types(about.annotation):
        return Knob(path, keys, "number", None)
    return None


def _types(annotation: Any) -> set[Any]:
    """The plain types inside an annotation."""
    if get_origin(annotation) in (Union, types.UnionType) or get_args(annotation):
        return {inner for part in get_args(annotation) for inner in _types(part)}
    return {annotation} if isinstance(annotation, type) and not issubclass(annotation, Amount) else set()


def _of_part(loaded: Loaded, path: str, rest: str) -> Knob:
    """An option of a part that is a figure, or any figure of it."""
    name, _, inside = rest.partition(".")
    part = loaded.parts.get(name)
    if part is None:
        raise KnobProblem(f"there is no part {name!r}; parts: {', '.join(loaded.parts)}")
    if inside in part.options.FIGURE_KEYS:
        figure = part.options.figure_key(inside, part.profile.data if part.profile else {})
        keys: KeyPath = ("parts", name, inside)
    else:
        figure = inside.removeprefix("figures.")
        keys = ("parts", name, "figures", figure)
    known = part.figures.get(figure)
    if known is None and (option := _of_model(part.options, inside)) is not None:
        return replace(option, path=path, keys=("parts", name, *option.keys))
    if known is None:
        options = [*part.options.FIGURE_KEYS, *part.figures]
        raise KnobProblem(f"parts.{name} has no figure {inside!r}; {unknown_name(inside, options)}")
    return Knob(path, keys, known.dimension or "number", known.typ)
