"""A scenario with some values changed: the same checks, and only what changed is read again."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from powerplan.files.scenario import Loaded, loaded_from
from powerplan.files.yaml_tree import KeyPath


def varied(loaded: Loaded, values: Mapping[KeyPath, Any]) -> Loaded:
    """The scenario with other values at some key paths, as if the file said so. Raises InputError."""
    if not values:
        return loaded
    data = copy.deepcopy(loaded.layers.keys)
    for path, value in values.items():
        put(data, path, value)
    found = loaded_from(loaded.path, replace(loaded.layers, data=data), loaded)
    stated = {f"set {'.'.join(map(str, path))}": str(value) for path, value in values.items()}
    return replace(found, hashes={**found.hashes, **stated})


def put(data: Any, path: KeyPath, value: Any) -> None:
    """Put a value into plain data; maps that are missing on the way are made, and nothing takes a key of a map away."""
    place: Any = data
    for key in path[:-1]:
        inner = place.get(key) if isinstance(place, dict) else place[key]
        if not isinstance(inner, dict | list):
            inner = {} if inner is None else _as_map(inner, key)
            place[key] = inner
        place = inner
    if value is None and isinstance(place, dict):
        place.pop(path[-1], None)
    else:
        place[path[-1]] = value


def _as_map(value: Any, key: str | int) -> dict[str, Any]:
    """A short form written out: `regulator: NAME` is `regulator: {profile: NAME}`."""
    return {"profile": value} if key == "regulator" else {"value": value}
