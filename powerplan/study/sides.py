"""One side of a comparison: an answer with everything it was made from, from a run just made or one that was saved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from powerplan.errors import OutputError, PowerplanError
from powerplan.results.schema import SCHEMA_VERSION

MANIFEST = "run.json"
SIZE_LIMIT_BYTES = 64 * 1024 * 1024
WORLD = ("workload",)
NOT_OF_THE_WORLD = ("label", "seen_by")
"""Keys of events and states that say how the device deals with them, not what happens."""
NO_INPUTS = ("powerplan", "product", "requirements", "run")
"""Blocks that are no input of the physics; seeds and days are compared by what was used."""


class Incomparable(PowerplanError):
    """Results that cannot be compared; says every reason."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(reasons)
        self.reasons = reasons

    def __str__(self) -> str:
        return "these results are not comparable:\n" + "\n".join(f"  - {reason}" for reason in self.reasons)


@dataclass(frozen=True)
class Side:
    """An answer, as its `run.json` says it."""

    name: str
    """As the user named it: a file or a folder."""
    manifest: Mapping[str, Any]

    @property
    def scenario(self) -> str:
        """Name of the scenario file."""
        return str(self.manifest.get("scenario", ""))

    @property
    def metrics(self) -> Mapping[str, Mapping[str, Any]]:
        """Every number of the answer."""
        found: Mapping[str, Mapping[str, Any]] = self.manifest.get("metrics", {})
        return found

    @property
    def requirements(self) -> dict[str, Mapping[str, Any]]:
        """What became of each line, by id."""
        return {str(row["id"]): row for row in self.manifest.get("requirements", ())}

    @property
    def inputs(self) -> Mapping[str, Any] | None:
        """What the answer was made from; None where the result does not say (written by an early version)."""
        found: Mapping[str, Any] | None = self.manifest.get("inputs")
        return found

    @cached_property
    def keys(self) -> dict[str, Any]:
        """Every value of the scenario by its key path, all variants merged."""
        return dict(flat((self.inputs or {}).get("scenario", {})))

    @property
    def figures(self) -> dict[str, Mapping[str, Any]]:
        """Every figure used, by part and key path."""
        return {f"{row['part']}.{row['figure']}": row for row in (self.inputs or {}).get("figures", ())}

    @property
    def horizon(self) -> str:
        """How far was simulated: a number of days, or a whole life, whose days are a result and no input."""
        found = self.manifest.get("horizon") or {}
        extent = str(found.get("extent", "window"))
        days = self.manifest.get("simulated_days")
        return extent if extent != "window" else f"{days:g} days" if isinstance(days, int | float) else "unknown"

    @property
    def bill(self) -> Mapping[str, Any]:
        """What the product costs, weighs and fills."""
        found: Mapping[str, Any] = (self.inputs or {}).get("bill", {})
        return found

    @property
    def energy(self) -> Mapping[str, float]:
        """Energy a day of each part and state. [J]"""
        found: Mapping[str, float] = (self.inputs or {}).get("energy_j_per_day", {})
        return found

    @property
    def world(self) -> dict[str, Any]:
        """What happens around the device, whatever it does about it."""
        return {path: value for path, value in self.keys.items()
                if path.split(".")[0] in WORLD and not set(path.split(".")) & set(NOT_OF_THE_WORLD)}

    @property
    def product_keys(self) -> dict[str, Any]:
        """Values of the scenario that the physics depends on."""
        return {path: value for path, value in self.keys.items() if path.split(".")[0] not in NO_INPUTS}


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(key path, value) of every value inside plain data; a list of plain values, or an empty one, is a value."""
    inside: Any = ()
    if isinstance(value, Mapping):
        inside = value.items()
    elif isinstance(value, list) and any(isinstance(inner, Mapping | list) for inner in value):
        inside = enumerate(value)
    if not inside:
        if path:
            yield path, value
        return
    for key, inner in inside:
        yield from flat(inner, f"{path}.{key}" if path else str(key))


def read_side(path: Path, name: str = "") -> Side:
    """The answer in a result folder or a `run.json`, called `name`. Raises OutputError, Incomparable."""
    file = path / MANIFEST if path.is_dir() else path
    try:
        if file.stat().st_size > SIZE_LIMIT_BYTES:
            raise OutputError(f"{file}: larger than {SIZE_LIMIT_BYTES >> 20} MiB, so it is no result of powerplan")
        data = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        hint = "; a result folder is what `powerplan run --out FOLDER` writes" if path.is_dir() else ""
        raise OutputError(f"{file}: cannot be read: {error.strerror or error}{hint}") from None
    except (ValueError, RecursionError):
        raise OutputError(f"{file}: is no JSON document; expected the run.json of a result folder") from None
    if not isinstance(data, dict) or "metrics" not in data or "schema_version" not in data:
        raise OutputError(f"{file}: is no result of `powerplan run`: it has no metrics and no schema_version")
    known_schema(name or str(path), data["schema_version"])
    return Side(name or str(path), data)


def known_schema(name: str, version: Any) -> None:
    """Refuses results of another schema, and says what to do. Raises Incomparable."""
    if version == SCHEMA_VERSION:
        return
    newer = isinstance(version, int) and version > SCHEMA_VERSION
    do = ("install the powerplan that wrote it, or a newer one" if newer
          else "run the scenario again with this powerplan: powerplan run SCENARIO --out FOLDER")
    raise Incomparable((f"{name} has result schema {version!r}, this powerplan reads {SCHEMA_VERSION}: {do}",))
