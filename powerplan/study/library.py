"""The device library as commands show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powerplan.components.spec import Profile, figures_of
from powerplan.errors import InputError, Problem
from powerplan.files.library import list_profiles, load_profile, read_profile
from powerplan.files.problems import problem_at
from powerplan.files.strict_yaml import read_document
from powerplan.units import format_quantity


@dataclass(frozen=True)
class Shown:
    """One profile, ready to be printed."""

    profile: Profile

    def heading(self) -> list[str]:
        """What it is."""
        spec = self.profile.spec
        return [f"{spec.name}  ({self.profile.name}, {self.profile.kind})",
                *([spec.summary] if spec.summary else []), ""]

    def rows(self) -> list[dict[str, Any]]:
        """One row per figure."""
        found = []
        for path, known in figures_of(self.profile.spec).items():
            low, high = ("" if value is None else format_quantity(value, known.dimension)
                         for value in (known.min, known.max))
            found.append({"figure": path, "value": format_quantity(known.typ, known.dimension), "min": low,
                          "max": high, "basis": known.basis, "source": known.source, "where": known.where or ""})
        return found

    def footing(self) -> list[str]:
        """Its documents, notes, and what was looked for in vain."""
        spec = self.profile.spec
        return [*(f"{key}: {document}" for key, document in spec.sources.items()),
                *(f"note: {note}" for note in spec.notes), *(f"not found: {what}" for what in spec.not_found)]

    def document(self) -> dict[str, Any]:
        """The same as JSON."""
        return {"name": self.profile.name, "kind": self.profile.kind, "sha256": self.profile.sha256,
                "sources": self.profile.spec.sources, "figures": self.rows()}


def listing(kind: str | None = None) -> list[dict[str, Any]]:
    """Every profile that can be named. Raises InputError for an unknown kind."""
    from powerplan.files.library import profile_kinds
    from powerplan.files.problems import unknown_name

    if kind is not None and kind not in profile_kinds():
        message = f"there is no kind of profile {kind!r}"
        raise InputError([Problem("", 0, 0, "PP301", "error", "--kind", message, unknown_name(kind, profile_kinds()))])
    rows = []
    for listed in sorted(list_profiles(kind, Path()), key=lambda entry: (entry.kind, entry.name)):
        spec = read_profile(listed.path, Path()).spec
        rows.append({"name": listed.name, "kind": listed.kind, "part": spec.name, "summary": spec.summary or ""})
    return rows


def shown(name: str) -> Shown:
    """One profile. Raises InputError."""
    return Shown(load_profile(name, beside=Path()))


def validated(names: Sequence[str]) -> tuple[int, list[Problem]]:
    """(how many were checked, every problem found)."""
    from powerplan.components.validate import findings

    paths = [Path(name) if name.endswith((".yaml", ".yml", ".json")) else Path(load_profile(name).path)
             for name in names] or [listed.path for listed in list_profiles()]
    problems: list[Problem] = []
    for path in paths:
        try:
            found = findings(read_profile(path, path.parent).spec)
            problems.extend(_located(path, finding) for finding in found)
        except InputError as error:
            problems.extend(error.problems)
    return len(paths), problems


def _located(path: Path, finding: Any) -> Problem:
    """A finding at its place in the profile's file."""
    document = read_document(path)
    keys = tuple(int(key) if key.isdigit() else key for key in finding.path.split(".") if key)
    return problem_at(document, keys, finding.code, finding.message, finding.hint, finding.severity)
