"""The designs that can be chosen from: key paths with their choices or ranges, and the scenario with chosen values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from powerplan.errors import InputError, PowerplanError
from powerplan.files.scenario import Loaded
from powerplan.files.strict_yaml import read_document
from powerplan.files.yaml_tree import KeyPath
from powerplan.study.knobs import Knob, KnobProblem, knob
from powerplan.study.solve import grid

STEPS_COUNT = 5
"""Values of a range in a full grid, where it does not say."""
DIMENSIONS_LIMIT_COUNT = 12
CHOICES_LIMIT_COUNT = 64
SHOWN_COUNT = 40

Values = tuple[tuple[KeyPath, Any], ...]
"""Key paths with their values, in the order of the dimensions."""


class SpaceProblem(PowerplanError):
    """A search space that cannot be read."""


@dataclass(frozen=True)
class Dimension:
    """One key that is chosen: from a list, or from a range."""

    path: str
    keys: KeyPath
    choices: tuple[Any, ...]
    """What the file would say; of a range, the values of a grid."""
    turned: Knob | None = None
    low: float = 0.0
    high: float = 0.0

    @property
    def is_range(self) -> bool:
        """Whether any value between two ends can be chosen."""
        return self.turned is not None

    @property
    def by_factors(self) -> bool:
        """Whether values are spread by equal factors."""
        return self.low > 0.0 and self.high / self.low > 4.0

    def document(self) -> dict[str, Any]:
        """The dimension as plain maps."""
        return {"path": self.path, "range": self.is_range, "choices": list(self.choices)}


@dataclass(frozen=True)
class Space:
    """All designs."""

    dimensions: tuple[Dimension, ...]

    @property
    def size(self) -> int:
        """Designs of the full grid."""
        return math.prod(len(dimension.choices) for dimension in self.dimensions)

    @property
    def is_finite(self) -> bool:
        """Whether the grid is the whole space."""
        return not any(dimension.is_range for dimension in self.dimensions)

    @cached_property
    def short_names(self) -> tuple[str, ...]:
        """The shortest endings of the key paths that tell them apart."""
        paths = [dimension.path.split(".") for dimension in self.dimensions]
        for length in range(1, 1 + max(len(path) for path in paths)):
            found = [".".join(path[-length:]) for path in paths]
            if len(set(found)) == len(found) and length > 1:
                return tuple(found)
        return tuple(dimension.path for dimension in self.dimensions)

    def grid(self) -> Iterator[Values]:
        """Every design of the full grid."""
        for chosen in product(*(dimension.choices for dimension in self.dimensions)):
            yield self.values(chosen)

    def values(self, chosen: Sequence[Any]) -> Values:
        """Key paths with chosen values."""
        return tuple((dimension.keys, value) for dimension, value in zip(self.dimensions, chosen, strict=True))

    def label(self, values: Values) -> str:
        """A design in words."""
        if not values:
            return "as the file says"
        return ", ".join(f"{name}={shown(value)}" for name, (_, value) in zip(self.short_names, values, strict=True))


def shown(value: Any) -> str:
    """A chosen value as people read it."""
    if isinstance(value, Mapping):
        text = "{" + ", ".join(f"{key}: {shown(inner)}" for key, inner in value.items()) + "}"
    else:
        text = "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= SHOWN_COUNT else text[: SHOWN_COUNT - 1] + "…"


def space_of(loaded: Loaded, over: Sequence[str]) -> Space:
    """Dimensions as a person writes them: `parts.mcu.profile=a,b` and `tasks.x.every=10 min..1 h/4`.

    Raises SpaceProblem.
    """
    if not over:
        raise SpaceProblem("nothing to choose from; example: --over supply.battery.profile=cr2032,cr2450")
    if len(over) > DIMENSIONS_LIMIT_COUNT:
        raise SpaceProblem(f"{len(over)} keys to choose; at most {DIMENSIONS_LIMIT_COUNT}")
    found = tuple(_dimension(loaded, text) for text in over)
    paths = [dimension.keys for dimension in found]
    for path in paths:
        if paths.count(path) > 1:
            raise SpaceProblem(f"--over {'.'.join(map(str, path))} is given twice")
    return Space(found)


def _dimension(loaded: Loaded, text: str) -> Dimension:
    path, equals, rest = text.partition("=")
    path, rest = path.strip(), rest.strip()
    if not equals or not path or not rest:
        raise SpaceProblem(f"--over {text!r}: write KEY=VALUE,VALUE or KEY=LOW..HIGH; example: "
                           "supply.battery.profile=cr2032,cr2450")
    if ".." in rest and "," not in rest:
        return _range(loaded, path, rest)
    keys = _keys(loaded, path)
    choices = _choices(path, rest)
    return Dimension(path, keys, choices)


def _keys(loaded: Loaded, path: str) -> KeyPath:
    """Keys of a path; what is no stated amount is taken as it is written, and the file's own check refuses it."""
    try:
        return knob(loaded, path).keys
    except KnobProblem:
        keys: KeyPath = tuple(int(key) if key.isdigit() else key for key in path.split("."))
        if keys[0] not in type(loaded.scenario).model_fields:
            raise SpaceProblem(f"--over {path}: the file has no block {keys[0]!r}; blocks: "
                               f"{', '.join(type(loaded.scenario).model_fields)}") from None
        return keys


def _choices(path: str, text: str) -> tuple[Any, ...]:
    """Values of a flow list of YAML."""
    inside = text if text.startswith("[") else f"[{text}]"
    try:
        data = read_document(f"choices: {inside}").data
    except InputError as error:
        raise SpaceProblem(f"--over {path}: {error.problems[0].message}; write KEY=VALUE,VALUE") from None
    values = data["choices"] if isinstance(data, dict) else None
    if not isinstance(values, list) or not values:
        raise SpaceProblem(f"--over {path}: {text!r} is no list of values; write KEY=VALUE,VALUE")
    unique: list[Any] = []
    for value in values:
        if value not in unique:
            unique.append(value)
    if len(unique) > CHOICES_LIMIT_COUNT:
        raise SpaceProblem(f"--over {path}: {len(unique)} choices; at most {CHOICES_LIMIT_COUNT}")
    return tuple(unique)


def _range(loaded: Loaded, path: str, text: str) -> Dimension:
    span, slash, count_text = text.rpartition("/")
    counted = bool(slash) and count_text.strip().isdigit()
    if not counted:
        span, count_text = text, str(STEPS_COUNT)
    count = int(count_text)
    low_text, _, high_text = span.partition("..")
    try:
        turned = knob(loaded, path)
        low, high = turned.parsed(low_text.strip()), turned.parsed(high_text.strip())
    except KnobProblem as error:
        raise SpaceProblem(f"--over {path}: {error}") from None
    if not low < high:
        raise SpaceProblem(f"--over {path}={text}: the first value is not the smaller one")
    if not 2 <= count <= CHOICES_LIMIT_COUNT:
        raise SpaceProblem(f"--over {path}={text}: 2 to {CHOICES_LIMIT_COUNT} steps, not {count}")
    values = tuple(dict.fromkeys(turned.written(value) for value in grid(low, high, count)))
    if counted:
        return Dimension(path, turned.keys, values)
    return Dimension(path, turned.keys, values, turned, low, high)
