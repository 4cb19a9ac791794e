"""From where pydantic says an error is to the key path the user wrote, and the keys a map may have there."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from powerplan.files.yaml_scalars import Data
from powerplan.files.yaml_tree import KeyPath
from powerplan.model.amount import Quantity


class Located(NamedTuple):
    """An error of pydantic with its key path, and the branches of unions it was found in."""

    path: KeyPath
    branches: tuple[tuple[KeyPath, str], ...]
    """Key path of the union, name of the branch."""
    error: Mapping[str, Any]


def located(error: Mapping[str, Any], data: Data) -> Located:
    """The error with the names of union branches taken out of its place."""
    location: tuple[str | int, ...] = error["loc"]
    missing = error["type"] in ("missing", "missing_argument")
    path: list[str | int] = []
    branches: list[tuple[KeyPath, str]] = []
    here: Data = data
    for number, key in enumerate(location):
        last = number == len(location) - 1
        if not (last and missing) and _has(here, key):
            path.append(key)
            here = _entry(here, key)
        elif last and missing:
            path.append(key)
        elif key != "[key]":
            branches.append((tuple(path), str(key)))
    return Located(tuple(path), tuple(branches), error)


def without_other_branches(errors: Sequence[Located]) -> list[Located]:
    """Where a union was tried branch by branch, the errors of the branch that fits best."""
    kept = list(errors)
    unions = {union for entry in kept for union, _ in entry.branches}
    for union in sorted(unions, key=len):
        by_branch: dict[str, list[Located]] = {}
        for entry in kept:
            branch = dict(entry.branches).get(union)
            if branch is not None:
                by_branch.setdefault(branch, []).append(entry)
        if len(by_branch) > 1:
            best = min(_misfit(entries, union) for entries in by_branch.values())
            losers = [entries for entries in by_branch.values() if _misfit(entries, union) > best]
            dropped = {id(entry) for entries in losers for entry in entries}
            kept = [entry for entry in kept if id(entry) not in dropped]
    return kept


def _misfit(entries: Sequence[Located], union: KeyPath) -> tuple[bool, int]:
    """Order of branches: a map where a map is due fits better than a text, and fewer errors fit better."""
    wrong_kind = any(entry.path == union and entry.error["type"] != "value_error" for entry in entries)
    return wrong_kind, 0 if wrong_kind else len(entries)


def known_keys(annotation: Any, path: KeyPath, data: Data) -> list[str]:
    """Keys that a map at the path may have, by the model; empty where anything goes or nothing is known."""
    candidates = list(_candidates(annotation, data))
    here = data
    for key in path:
        here = _entry(here, key)
        below = [inner for candidate in candidates for inner in _below(candidate, key)]
        candidates = [found for inner in below for found in _candidates(inner, here)]
    names = [name for candidate in candidates for name in _names(candidate)]
    return list(dict.fromkeys(names))


def _has(data: Data, key: str | int) -> bool:
    if isinstance(data, dict):
        return isinstance(key, str) and key in data
    return isinstance(data, list) and isinstance(key, int) and 0 <= key < len(data)


def _entry(data: Data, key: str | int) -> Data:
    if isinstance(data, dict) and isinstance(key, str):
        return data.get(key)
    return data[key] if isinstance(data, list) and isinstance(key, int) and _has(data, key) else None


def entry_at(data: Data, path: KeyPath) -> Data:
    """What stands at a path of the data; None where nothing does."""
    for key in path:
        data = _entry(data, key)
    return data


def _candidates(annotation: Any, data: Data) -> Iterator[Any]:
    """Models, maps and lists an annotation may mean here; models of another `kind:` are left out."""
    annotation = getattr(annotation, "__value__", annotation)
    origin = get_origin(annotation)
    if origin is Annotated:
        if any(isinstance(entry, Quantity) for entry in annotation.__metadata__):
            yield annotation
        else:
            yield from _candidates(get_args(annotation)[0], data)
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _candidates(member, data)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if _kind_fits(annotation, data):
            yield annotation
    elif origin is not None:
        yield annotation


def _kind_fits(model: type[BaseModel], data: Data) -> bool:
    if not isinstance(data, dict):
        return True
    fixed = {
        name: get_args(field.annotation)
        for name, field in model.model_fields.items()
        if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1
    }
    return all(name not in data or data[name] in values for name, values in fixed.items())


def _below(candidate: Any, key: str | int) -> Iterator[Any]:
    """Annotations of the entry of a candidate."""
    if get_origin(candidate) is Annotated:
        return
    if isinstance(candidate, type) and issubclass(candidate, BaseModel):
        for name, field in candidate.model_fields.items():
            if key in (name, field.alias, field.validation_alias):
                metadata = tuple(field.metadata)
                yield Annotated[(field.annotation, *metadata)] if metadata else field.annotation
        return
    arguments = get_args(candidate)
    if isinstance(key, int):
        yield from arguments[:1]
    elif len(arguments) == 2:
        yield arguments[1]


def _names(candidate: Any) -> Iterator[str]:
    """Keys of the map a candidate stands for."""
    if get_origin(candidate) is Annotated:
        yield "value"
        candidate = get_args(candidate)[0]
    if isinstance(candidate, type) and issubclass(candidate, BaseModel):
        for name, field in candidate.model_fields.items():
            yield field.alias or name
