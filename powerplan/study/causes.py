"""Why a line moved from one design to another: the first design with one differing input at a time, simulated."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from powerplan.errors import InputError, PowerplanError
from powerplan.files.scenario import Loaded, loaded_from
from powerplan.results.document import number
from powerplan.study.differences import changed_paths, moved
from powerplan.study.run import RunResult, run_loaded
from powerplan.study.sides import Side

GROUPS_LIMIT_COUNT = 12
"""More differing inputs than this are not tried one by one."""
DEEPEST = 4
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Effect:
    """What one input alone does to one requirement."""

    value: float | None
    verdict: str
    delta: float | None
    fraction_of_move: float | None
    """Of the whole move; the rest is the other inputs, and inputs acting together."""


@dataclass(frozen=True)
class Cause:
    """One differing input, and what it does alone."""

    key: str
    """Key path of the scenario, such as `parts.mcu`."""
    paths: tuple[str, ...]
    """Values under it that differ."""
    effects: Mapping[str, Effect]
    """By requirement; empty where the input cannot be changed alone."""
    refusal: str = ""
    """Why it cannot be changed alone."""

    def document(self, requirement: str) -> dict[str, Any]:
        """The cause for one requirement as plain maps."""
        effect = self.effects.get(requirement)
        found = {"key": self.key, "paths": list(self.paths), "refusal": self.refusal}
        if effect is None:
            return {**found, "value": None, "verdict": None, "delta": None, "fraction_of_move": None}
        return {**found, "value": number(effect.value), "verdict": effect.verdict, "delta": number(effect.delta),
                "fraction_of_move": number(effect.fraction_of_move)}


def groups_of(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Differing paths by the block they belong to: `parts.mcu`, `supply.battery`; finer where only values differ."""
    paths = changed_paths(one, two)
    only_values = all(path in one and path in two for path in paths)
    if only_values and len(paths) == 1:
        return {path: (path,) for path in paths}
    found: dict[str, list[str]] = {}
    for depth in range(2, (DEEPEST if only_values else 2) + 1):
        found = {}
        for path in paths:
            found.setdefault(".".join(path.split(".")[:depth]), []).append(path)
        if len(found) > 1:
            break
    return {key: tuple(inside) for key, inside in found.items()}


def swapped(loaded: Loaded, other: Mapping[str, Any], keys: Sequence[str]) -> Loaded:
    """The scenario with some blocks taken from another one. Raises InputError."""
    data = copy.deepcopy(loaded.layers.keys)
    for key in keys:
        _swap(data, other, key)
    return loaded_from(loaded.path, replace(loaded.layers, data=data), loaded)


def _swap(data: Any, other: Mapping[str, Any], key: str) -> None:
    wanted, known = _inside(other, key)
    place: Any = data
    *above, last = key.split(".")
    for step in above:
        inner = place[int(step)] if isinstance(place, list) else place.get(step)
        if not isinstance(inner, dict | list):
            inner = {}
            place[int(step) if isinstance(place, list) else step] = inner
        place = inner
    if isinstance(place, list):
        place[int(last)] = copy.deepcopy(wanted)
    elif known:
        place[last] = copy.deepcopy(wanted)
    else:
        place.pop(last, None)


def _inside(data: Any, key: str) -> tuple[Any, bool]:
    """(what stands at a key path, whether anything does)."""
    place = data
    for step in key.split("."):
        if isinstance(place, Mapping) and step in place:
            place = place[step]
        elif isinstance(place, list) and step.isdigit() and int(step) < len(place):
            place = place[int(step)]
        else:
            return None, False
    return place, True


def _blocks(first: Side, other: Side) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Blocks that are swapped together -> the paths in them that differ.

    A block inside a list or below something that is no map on one side is taken with what holds it; and what names a
    part that only one side has goes with that part.
    """
    one, two = first.product_keys, other.product_keys
    found: dict[str, list[str]] = {}
    for key, paths in groups_of(one, two).items():
        found.setdefault(_whole(key, first, other), []).extend(paths)
    lonely = [key for key in found if key.startswith("parts.") and key.count(".") == 1
              and (_inside(_data(first), key)[1] != _inside(_data(other), key)[1])]
    joined = {key: key for key in found}
    for part in lonely:
        name = part.partition(".")[2]
        for key, inside in found.items():
            if any(_names(side.get(path), name) for path in inside for side in (one, two)):
                joined[key] = joined[part]
    blocks: dict[str, list[str]] = {}
    for key, head in joined.items():
        blocks.setdefault(head, []).append(key)
    return {(head, *(key for key in keys if key != head)): tuple(path for key in keys for path in found[key])
            for head, keys in blocks.items()}


def _data(side: Side) -> Any:
    return (side.inputs or {}).get("scenario", {})


def _names(value: Any, name: str) -> bool:
    return name in value if isinstance(value, list) else value == name


def _whole(key: str, first: Side, other: Side) -> str:
    """The block, or the one above it that both sides have as a map."""
    steps = key.split(".")
    for length in range(1, len(steps)):
        above = ".".join(steps[:length])
        found = [_inside(_data(side), above)[0] for side in (first, other)]
        if not all(isinstance(block, Mapping) for block in found):
            return above
    return key


def causes(first: RunResult, first_side: Side, other: RunResult, other_side: Side, seed: int, days: float,
           tell: Progress) -> tuple[Cause, ...]:
    """What each differing input does alone to every line that moved, the largest first."""
    lines = moved(first_side, other_side)
    groups = _blocks(first_side, other_side)
    if not lines or not groups or len(groups) > GROUPS_LIMIT_COUNT:
        return ()
    if len(groups) == 1:
        [(keys, inside)] = groups.items()
        return (Cause(_together(keys), inside, {line["id"]: Effect(line["after"], line["to"], line["delta"], 1.0)
                                                for line in lines}),)
    found = []
    for place, (keys, inside) in enumerate(groups.items()):
        tell(f"why: {keys[0]}", place / len(groups))
        found.append(_alone(first, other.loaded.layers.keys, keys, inside, lines, seed, days))
    return tuple(sorted(found, key=lambda cause: -max((abs(effect.fraction_of_move or 0.0)
                                                       for effect in cause.effects.values()), default=-1.0)))


def _together(keys: Sequence[str]) -> str:
    return keys[0] if len(keys) == 1 else f"{keys[0]} (with {', '.join(keys[1:])})"


def _alone(first: RunResult, other: Mapping[str, Any], keys: Sequence[str], paths: tuple[str, ...],
           lines: Sequence[Mapping[str, Any]], seed: int, days: float) -> Cause:
    asked = {line["id"] for line in lines}
    key = _together(keys)
    try:
        loaded = swapped(first.loaded, other, keys)
        loaded = replace(loaded, requirements=tuple(line for line in loaded.requirements if line.id in asked))
        result = run_loaded(loaded, seed=seed, days=days, brief=True)
    except InputError as error:
        return Cause(key, paths, {}, error.problems[0].message)
    except PowerplanError as error:
        return Cause(key, paths, {}, str(error))
    verdicts = {verdict.id: verdict for verdict in result.verdicts}
    effects = {}
    for line in lines:
        found = verdicts.get(line["id"])
        if found is None:
            continue
        delta = None if found.value is None or line["before"] is None else found.value - line["before"]
        share = delta / line["delta"] if delta is not None and line["delta"] else None
        effects[line["id"]] = Effect(found.value, found.verdict, delta, share)
    return Cause(key, paths, effects)
