"""What differs between two answers: whether they may be compared at all, inputs, metrics, requirements, energy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from powerplan.results.document import number
from powerplan.study.sides import Incomparable, Side

ALLOWED = ("workload", "requirements", "horizon")
"""Differences that can be waved through; another result schema cannot."""
MOVED_FRACTION = 1e-9
"""Values closer than this are equal: they differ by rounding in the file."""
LISTED_COUNT = 6


def refuse_incomparable(first: Side, other: Side, allow: Collection[str] = ()) -> None:
    """Refuses answers to different questions, with every reason. Raises Incomparable."""
    reasons = []
    one, two = first.horizon, other.horizon
    if one != two and "horizon" not in allow:
        reasons.append(f"horizon: {first.name} simulated {one}, {other.name} {two}; run both with the same --days, or "
                       "--allow horizon")
    if first.inputs is not None and other.inputs is not None and first.world != other.world \
            and "workload" not in allow:
        paths = changed_paths(first.world, other.world)
        listed = "; ".join(f"{path}: {_said(first.world.get(path))} against {_said(other.world.get(path))}"
                           for path in paths[:LISTED_COUNT])
        more = f"; and {len(paths) - LISTED_COUNT} more" if len(paths) > LISTED_COUNT else ""
        reasons.append(f"workload: different things happen around the devices ({listed}{more}); --allow workload "
                       "compares them all the same")
    texts = [(name, row["text"], other.requirements[name]["text"]) for name, row in first.requirements.items()
             if name in other.requirements and row["text"] != other.requirements[name]["text"]]
    if texts and "requirements" not in allow:
        listed = "; ".join(f"{name} is {one!r} in {first.name} and {two!r} in {other.name}" for name, one, two in texts)
        reasons.append(f"requirements: {listed}; --allow requirements judges each by its own")
    if reasons:
        raise Incomparable(tuple(reasons))


def _said(value: Any) -> str:
    return "nothing" if value is None else str(value)


def changed_paths(one: Mapping[str, Any], two: Mapping[str, Any]) -> list[str]:
    """Keys that differ or stand on one side only, in the order they are stated."""
    return [path for path in dict.fromkeys([*one, *two])
            if (path in one) != (path in two) or one.get(path) != two.get(path)]


@dataclass(frozen=True)
class Change:
    """An input that differs."""

    kind: str
    """`scenario`, `figure`, `file`, `seed`, `engine`, `version` or `horizon`."""
    name: str
    before: Any
    after: Any
    unit: str = ""
    """Dimension of a figure."""

    def document(self) -> dict[str, Any]:
        """The change as plain maps; `null` where one side does not have it."""
        return {"kind": self.kind, "name": self.name, "before": _plain(self.before), "after": _plain(self.after),
                "unit": self.unit}


def _plain(value: Any) -> Any:
    return number(value) if isinstance(value, float) else value


def changes(first: Side, other: Side) -> list[Change]:
    """Every input that differs: scenario keys, resolved figures, files behind names, seed, engine, versions."""
    found = []
    one, two = first.product_keys, other.product_keys
    found += [Change("scenario", path, one.get(path), two.get(path)) for path in changed_paths(one, two)]
    found += _figures(first, other)
    hashes = [_files(side) for side in (first, other)]
    found += [Change("file", name, hashes[0][name], hashes[1][name]) for name in hashes[0]
              if name in hashes[1] and hashes[0][name] != hashes[1][name]]
    for kind, key in (("seed", "seed"), ("engine", "engine"), ("version", "powerplan")):
        before, after = first.manifest.get(key), other.manifest.get(key)
        if before != after:
            found.append(Change(kind, key, before, after))
    if first.horizon != other.horizon:
        found.append(Change("horizon", "horizon", first.horizon, other.horizon))
    versions = [side.manifest.get("versions", {}) for side in (first, other)]
    found += [Change("version", name, versions[0].get(name), versions[1].get(name))
              for name in changed_paths(*versions) if name != "powerplan"]
    return found


def _figures(first: Side, other: Side) -> list[Change]:
    one, two = first.figures, other.figures
    found = []
    for name in dict.fromkeys([*one, *two]):
        before, after = one.get(name), two.get(name)
        if before is not None and after is not None and all(before[key] == after[key] for key in
                                                            ("value", "low", "high")):
            continue
        found.append(Change("figure", name, before["value"] if before else None, after["value"] if after else None,
                            str((before or after or {}).get("dimension", ""))))
    return found


def _files(side: Side) -> dict[str, str]:
    """Hashes of what the scenario names; those of the scenario files themselves say less than their keys."""
    return {name: digest for name, digest in side.manifest.get("hashes", {}).items()
            if name.split(" ")[0] in ("profile", "scores", "model", "firmware")}


def delta(before: float | None, after: float | None) -> dict[str, float | None]:
    """Difference of two values, and as a share of the first."""
    if before is None or after is None:
        return {"delta": None, "fraction": None}
    found = after - before
    return {"delta": number(found), "fraction": number(found / abs(before)) if before else None}


def metric_rows(sides: tuple[Side, ...]) -> list[dict[str, Any]]:
    """One row per metric: unit, value on every side, difference from the first."""
    rows = []
    for name in dict.fromkeys(name for side in sides for name in side.metrics):
        units = {side.metrics[name]["unit"] for side in sides if name in side.metrics}
        values = [side.metrics[name]["value"] if name in side.metrics else None for side in sides]
        row: dict[str, Any] = {"metric": name, "unit": units.pop() if len(units) == 1 else "", "values": values}
        row["deltas"] = [delta(values[0], value) for value in values[1:]]
        rows.append(row)
    return rows


def requirement_rows(sides: tuple[Side, ...]) -> list[dict[str, Any]]:
    """One row per requirement id: verdict, value and margin on every side; `null` where a side does not ask for it."""
    rows = []
    for name in dict.fromkeys(name for side in sides for name in side.requirements):
        lines = [side.requirements.get(name) for side in sides]
        known = next(line for line in lines if line is not None)
        cells = [None if line is None else {key: line[key] for key in (
            "verdict", "value", "unit", "limit", "margin", "probability", "note", "text")} for line in lines]
        rows.append({"id": name, "text": known["text"], "metric": known.get("metric", ""), "cells": cells})
    return rows


def moved(first: Side, other: Side) -> list[dict[str, Any]]:
    """Requirements whose verdict changed, or whose value moved while the verdict stayed; verdicts first."""
    found = []
    for row in requirement_rows((first, other)):
        before, after = row["cells"]
        if before is None or after is None:
            continue
        changed = before["verdict"] != after["verdict"]
        if not changed and not _differs(before["value"], after["value"]):
            continue
        found.append({"id": row["id"], "text": row["text"], "verdict_changed": changed, "from": before["verdict"],
                      "to": after["verdict"], "unit": before["unit"] or after["unit"], "before": before["value"],
                      "after": after["value"], **delta(before["value"], after["value"])})
    return sorted(found, key=lambda one: not one["verdict_changed"])


def _differs(one: float | None, two: float | None) -> bool:
    if one is None or two is None:
        return one is not two
    return abs(one - two) > MOVED_FRACTION * max(abs(one), abs(two))


def energy_rows(first: Side, other: Side) -> list[dict[str, Any]]:
    """Parts and states whose energy a day differs, the largest difference first. [J/day]"""
    one, two = first.energy, other.energy
    names = [name for name in dict.fromkeys([*one, *two]) if _differs(one.get(name, 0.0), two.get(name, 0.0))]
    rows = [(name, one.get(name, 0.0), two.get(name, 0.0)) for name in names]
    rows.sort(key=lambda row: -abs(row[2] - row[1]))
    return [{"name": name, "before": before, "after": after, "delta": number(after - before)}
            for name, before, after in rows]
