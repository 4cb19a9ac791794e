"""What all kinds of part share: the header of a profile, the options of a part, and the figures of both.

A figure is addressed by its key path in the profile (`modes.qvga.current`). A part may override any of them
under `figures:`; such a figure has the source and the basis `user`.
"""

from __future__ import annotations

import copy
import difflib
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from powerplan.components.base import NS_PER_S, Interrupt, Lowered, MissingFigure, Request, Step, Use
from powerplan.errors import ExitCode, PowerplanError
from powerplan.model.amount import Mass, Money, Voltage, Volume, dimension_of
from powerplan.model.documented import Documented
from powerplan.model.figure import Basis, Figure, OtherFigure

USER_SOURCE = "user"

T = TypeVar("T")


class Strict(Documented):
    """A frozen model that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Stated(Strict, Generic[T]):
    """A property that is not a quantity (a core, an instruction set), with its source."""

    value: T
    source: str
    basis: Basis
    where: str | None = None
    note: str | None = None


class ProfileSpec(Strict):
    """The head of every profile."""

    kind: str
    name: str
    """The part as its maker writes it."""
    vendor: str | None = None
    summary: str | None = None
    """One line that `profiles list` shows."""
    sources: dict[str, str] = Field(default_factory=dict)
    """Key -> document. Every figure names one of these keys."""
    supply_min: Figure[Voltage] | None = None
    supply_max: Figure[Voltage] | None = None
    unit_cost: Figure[Money] | None = None
    """Price of one piece. Currencies are not converted: use one in all files (the shipped profiles: USD)."""
    volume: Figure[Volume] | None = None
    mass: Figure[Mass] | None = None
    notes: list[str] = Field(default_factory=list)
    not_found: list[str] = Field(default_factory=list)
    """Figures that were looked for in vain: a run that needs one is refused."""


class PartOptions(Strict):
    """What a scenario may write in every part."""

    profile: str | None = None
    """Name of a profile in `profiles/` beside the scenario, or of a shipped one."""
    kind: str | None = None
    """Kind of part; needed only where no profile is named."""
    rail: str | None = None
    """Supply rail the part hangs on."""
    note: str | None = None
    figures: dict[str, Any] = Field(default_factory=dict)
    """Key path in the profile -> value that replaces it (basis: user)."""

    FIGURE_KEYS: ClassVar[Mapping[str, str]] = {}
    """Options that are figures: option -> key path they stand for."""

    def figure_key(self, option: str, data: Mapping[str, Any]) -> str:  # noqa: ARG002
        """Key path in the profile that an option stands for."""
        return self.FIGURE_KEYS[option]


class PartError(PowerplanError):
    """A part in the scenario asks for something its profile or kind does not have."""

    exit_code = ExitCode.DATA

    def __init__(self, part: str, path: tuple[str, ...], given: str, allowed: str) -> None:
        super().__init__(part, path, given, allowed)
        self.part, self.path, self.given, self.allowed = part, path, given, allowed

    def __str__(self) -> str:
        return f"{'.'.join(('parts', self.part, *self.path))}: {self.given}; {self.allowed}"


@dataclass(frozen=True)
class KnownFigure:
    """A figure as a run uses it: SI values, dimension, source, basis."""

    typ: float
    min: float | None
    max: float | None
    distribution: str | None
    sigma: float | None
    per: Literal["replica", "activation"]
    dimension: str
    source: str
    """Key of the profile's `sources:`, or `user`."""
    where: str
    basis: Literal["datasheet", "measured", "derived", "assumed", "user"]
    at: Mapping[str, Any]
    note: str
    others: tuple[OtherFigure, ...]


@dataclass(frozen=True)
class Profile:
    """A profile as it was read: its model, and what identifies the text."""

    name: str
    spec: ProfileSpec
    data: Mapping[str, Any]
    """The plain data behind `spec`, with everything it extends merged in."""
    path: str
    sha256: str
    """Of the text of the profile and of the profiles it extends, in reading order."""

    @property
    def kind(self) -> str:
        """Kind of part this profile describes."""
        return self.spec.kind


def to_ns(seconds: float) -> int:
    """Whole nanoseconds nearest to a duration. [ns]"""
    return round(seconds * NS_PER_S)


def choices(names: Collection[str]) -> str:
    """The allowed names as a message shows them."""
    return "allowed: " + (", ".join(names) if names else "none")


def did_you_mean(given: str, names: Collection[str]) -> str:
    """The nearest of the allowed names, or all of them."""
    near = difflib.get_close_matches(given, list(names), n=1, cutoff=0.6)
    return (f'did you mean "{near[0]}"? ' if near else "") + choices(names)


def figures_of(spec: BaseModel) -> dict[str, KnownFigure]:
    """Every figure of a profile by key path, in the order of the profile."""
    return dict(_walk(spec, "", ""))


def _walk(value: object, path: str, dimension: str) -> Iterator[tuple[str, KnownFigure]]:
    if isinstance(value, Figure):
        yield path, _known(value, dimension)
    elif isinstance(value, BaseModel):
        for name, about in type(value).model_fields.items():
            yield from _walk(getattr(value, name), _joined(path, name), dimension_of(about) or "")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _walk(inner, _joined(path, str(key)), dimension)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _walk(inner, _joined(path, str(index)), dimension)


def _known(figure: Figure[Any], dimension: str) -> KnownFigure:
    return KnownFigure(
        figure.typ,
        figure.min,
        figure.max,
        figure.distribution,
        figure.sigma,
        figure.per,
        dimension,
        figure.source,
        figure.where,
        "user" if figure.source == USER_SOURCE else figure.basis,
        figure.at,
        figure.note,
        figure.others,
    )


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def with_figures(data: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Profile data in which some figures are replaced by the user's values (basis: user)."""
    merged: dict[str, Any] = copy.deepcopy(dict(data))
    for path, value in overrides.items():
        place = merged
        *above, last = path_keys(data, path)
        for key in above:
            inner = place.get(key)
            place[key] = inner = dict(inner) if isinstance(inner, Mapping) else {}
            place = inner
        place[last] = {"source": USER_SOURCE, "basis": "assumed", **_as_map(value)}
    if overrides:
        merged["sources"] = {**merged.get("sources", {}), USER_SOURCE: "the scenario"}
    return merged


def path_keys(data: Mapping[str, Any], path: str) -> list[str]:
    """The keys of a key path; a key of the data may hold a dot itself (`tx.18.5 dBm.current`)."""
    keys: list[str] = []
    place: Any = data
    rest = path
    while rest:
        held = [str(key) for key in place] if isinstance(place, Mapping) else []
        fitting = [key for key in held if rest == key or rest.startswith(f"{key}.")]
        key = max(fitting, key=len) if fitting else rest.partition(".")[0]
        keys.append(key)
        rest = rest[len(key) + 1 :]
        place = place.get(key) if isinstance(place, Mapping) else None
    return keys


def _as_map(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {"value": value}


S = TypeVar("S", bound=ProfileSpec)
O = TypeVar("O", bound=PartOptions)  # noqa: E741


@dataclass(frozen=True)
class Part(ABC, Generic[S, O]):
    """A part of the product as its kind's file sees it: profile with overrides, options, figures by key path.

    `lower` and `steps` take every figure through `use`: whoever calls them decides which value it has.
    """

    name: str
    spec: S
    options: O
    figures: Mapping[str, KnownFigure]
    profile: Profile | None = None
    chosen: str = ""
    """What was decided for the scenario, and why (`rest: auto`)."""

    @abstractmethod
    def lower(self, use: Use) -> Lowered:
        """Power states of the part."""

    @abstractmethod
    def steps(self, request: Request, use: Use) -> list[Step]:
        """The timed steps that serve one request. Raises UnknownRequest, MissingFigure."""

    def interrupt(self, use: Use) -> Interrupt | None:  # noqa: ARG002
        """How the part wakes the processor; most parts do not."""
        return None

    @property
    def rail(self) -> str | None:
        """Supply rail the scenario put this part on."""
        return self.options.rail

    def has(self, path: str) -> bool:
        """Whether the profile or the scenario gives this figure."""
        return path in self.figures

    def missing(self, path: str) -> MissingFigure:
        """The refusal of a run that needs a figure nobody gave."""
        data = self.profile.data if self.profile is not None else {}
        options = self.options.FIGURE_KEYS
        option = path if path in options else next(
            (key for key in options if self.options.figure_key(key, data) == path), None)
        hint = f"give it in the part: {option or f'figures: {{{path}'}: <value>{'' if option else '}'}"
        if self.spec.not_found:
            hint += f" (not found in public: {'; '.join(self.spec.not_found)})"
        return MissingFigure(self.name, path, hint)

    def use_typical(self, path: str) -> float:
        """The typical value of a figure, in SI units."""
        figure = self.figures.get(path)
        if figure is None:
            raise self.missing(path)
        return figure.typ

    def refuse(self, key: str, given: str, allowed: str) -> PartError:
        """The refusal of an option."""
        return PartError(self.name, (key,), given, allowed)


def draw(part: Part[Any, Any], path: str, use: Use) -> tuple[float, float]:
    """Constant current and constant power under a key path. [A], [W]

    A part fed directly or by a linear regulator states `current`, one behind a switching converter `power`.
    """
    current_path, power_path = _joined(path, "current"), _joined(path, "power")
    if not has_draw(part, path):
        raise part.missing(current_path)
    if part.has(power_path) and (not part.has(current_path) or _users_own(part, power_path)):
        return 0.0, use(power_path)
    return use(current_path), 0.0


def _users_own(part: Part[Any, Any], path: str) -> bool:
    return part.figures[path].basis == "user"


def has_draw(part: Part[Any, Any], path: str) -> bool:
    """Whether a current or a power stands under a key path."""
    return part.has(_joined(path, "current")) or part.has(_joined(path, "power"))
