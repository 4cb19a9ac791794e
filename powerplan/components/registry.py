"""Kinds of part by name, and parts built from what a scenario says.

The built-in kinds are written exactly as a package outside registers its own: `name -> "module:KIND"` in the
entry point group `powerplan.components`. A kind from outside may not take the name of a built-in one.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from pydantic import ValidationError

from powerplan.components.spec import (
    Part,
    PartError,
    PartOptions,
    Profile,
    ProfileSpec,
    did_you_mean,
    figures_of,
    with_figures,
)
from powerplan.model.amount import QUANTITY_KEYS

GROUP = "powerplan.components"
BUILT_IN: Mapping[str, str] = {
    "mcu": "powerplan.components.kinds:MCU",
    "board": "powerplan.components.kinds:BOARD",
    "camera": "powerplan.components.kinds:CAMERA",
    "microphone": "powerplan.components.kinds:MICROPHONE",
    "sensor": "powerplan.components.kinds:SENSOR",
    "radio": "powerplan.components.kinds:RADIO",
    "load": "powerplan.components.kinds:LOAD",
}
AMOUNT_KEYS = frozenset({"value", *QUANTITY_KEYS, "distribution", "per"})


@dataclass(frozen=True)
class Kind:
    """A kind of part: the model of its profiles, of its options, and its behaviour."""

    name: str
    spec: type[ProfileSpec]
    options: type[PartOptions]
    component: type[Part[Any, Any]]


@cache
def _places() -> dict[str, str]:
    """Kind -> where it is defined. Built-in names win."""
    outside = {point.name: point.value for point in entry_points(group=GROUP)}
    return {**outside, **BUILT_IN}


UNDER_SUPPLY = {"battery": "it stands as `supply: {battery: {profile: NAME}}`; several cells: series and parallel",
                "regulator": "it stands as `supply: {regulator: {profile: NAME}}`",
                "harvester": "it stands as `supply: {harvest: {profile: NAME}}`"}
"""Profiles that feed the parts and are none."""


def kind_names() -> list[str]:
    """Names of all kinds of part, built-in ones first."""
    return [*BUILT_IN, *sorted(set(_places()) - set(BUILT_IN))]


@cache
def kind(name: str) -> Kind:
    """The kind of that name. Raises KeyError."""
    module, _, attribute = _places()[name].partition(":")
    found = getattr(importlib.import_module(module), attribute or "KIND")
    if not isinstance(found, Kind):
        raise TypeError(f"{module}:{attribute} is not a powerplan.components.registry.Kind")
    return found


def build(name: str, entry: Mapping[str, Any], profile: Profile | None = None) -> Part[Any, Any]:
    """The part a scenario describes. Raises PartError, and ValidationError for its options or figures.

    `entry` is the part's map as it stands in the file; `profile` is what `entry["profile"]` names.
    """
    chosen = _kind_of(name, entry, profile)
    options = chosen.options.model_validate(dict(entry))
    data: Mapping[str, Any] = profile.data if profile is not None else _blank(name, chosen)
    overrides = {**_option_figures(options, entry, data), **options.figures}
    spec = profile.spec if profile is not None else None
    if overrides or spec is None:
        spec = _with_overrides(name, chosen, data, overrides, options)
    return chosen.component(name, spec, options, figures_of(spec), profile)


def _kind_of(name: str, entry: Mapping[str, Any], profile: Profile | None) -> Kind:
    asked = entry.get("kind")
    if profile is not None:
        if asked is not None and asked != profile.kind:
            given = f'"{asked}" is not the kind of {profile.name}'
            raise PartError(name, ("kind",), given, f"it is {profile.kind}")
        if profile.kind not in _places():
            raise PartError(name, ("profile",), f"{profile.name} is a {profile.kind}, not a part",
                            UNDER_SUPPLY.get(profile.kind, f"allowed kinds: {', '.join(kind_names())}"))
        return kind(profile.kind)
    if asked is None:
        given = "neither a profile nor a kind is named"
        raise PartError(name, (), given, "write profile: NAME or kind: KIND")
    if asked not in _places():
        raise PartError(name, ("kind",), f'unknown kind "{asked}"', did_you_mean(str(asked), kind_names()))
    return kind(str(asked))


def _blank(name: str, chosen: Kind) -> dict[str, Any]:
    """A profile without figures: everything comes from the scenario."""
    return {"kind": chosen.name, "name": name}


def _option_figures(options: PartOptions, entry: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Options that are figures, as key path -> what stands in the file."""
    found: dict[str, Any] = {}
    for option in options.FIGURE_KEYS:
        given = entry.get(option)
        if given is None:
            continue
        path = options.figure_key(option, data)
        if isinstance(given, Mapping) and not set(given) <= AMOUNT_KEYS:
            found.update({f"{path}.{key}": value for key, value in given.items()})
        else:
            found[path] = given
    return found


def _with_overrides(
    name: str, chosen: Kind, data: Mapping[str, Any], overrides: Mapping[str, Any], options: PartOptions
) -> ProfileSpec:
    """The profile with the user's figures in it; a path that is no figure is refused."""
    try:
        spec = chosen.spec.model_validate(with_figures(data, overrides))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(str(key) for key in first["loc"])
        blamed = next((given for given in overrides if path.startswith(given)), path)
        hint = str(first.get("ctx", {}).get("hint", "")) or _nearest_figure(blamed, chosen, data)
        raise PartError(name, ("figures", blamed), first["msg"], hint) from None
    known = figures_of(spec)
    for path in options.figures:
        if path not in known:
            raise PartError(name, ("figures", path), "not a figure", did_you_mean(path, known))
    return spec


def _nearest_figure(path: str, chosen: Kind, data: Mapping[str, Any]) -> str:
    return did_you_mean(path, figures_of(chosen.spec.model_validate(data)))
