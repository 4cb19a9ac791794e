"""The device library as commands show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from powerplan.components.spec import Profile, figures_of
from powerplan.errors import InputError, PowerplanError, Problem
from powerplan.files.library import (
    Listed,
    check_profile,
    headline,
    list_profiles,
    load_profile,
    profile_kinds,
    profile_model,
    read_profile,
)
from powerplan.files.problems import unknown_name
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


def listing(kind: str | None = None, search: str | None = None) -> list[dict[str, Any]]:
    """Profiles that can be named and match a search such as `cortex-m33, < 3 uA with RAM`. Raises InputError."""
    if kind is not None and kind not in profile_kinds():
        raise _wrong("--kind", f"there is no kind of profile {kind!r}", unknown_name(kind, profile_kinds()))
    rows = []
    for listed in sorted(list_profiles(kind, Path()), key=lambda entry: (entry.kind, entry.name)):
        if search and not _found(listed, search):
            continue
        part, summary = headline(listed)
        rows.append({"name": listed.name, "kind": listed.kind, "part": part, "summary": summary})
    return rows


def _found(listed: Listed, search: str) -> bool:
    from powerplan.components.compare import SearchError, matches

    try:
        return matches(_shipped(listed.path) if listed.shipped else read_profile(listed.path, Path()), search)
    except SearchError as error:
        raise _wrong("--search", str(error), "example: --search 'cortex-m33, < 3 uA with RAM'") from None


@cache
def _shipped(path: Path) -> Profile:
    """A profile of the library, which does not change: who searches once searches again."""
    return read_profile(path)


def _wrong(option: str, message: str, hint: str) -> InputError:
    return InputError([Problem("", 0, 0, "PP301", "error", option, message, hint)])


def shown(name: str, kind: str | None = None) -> Shown:
    """One profile; `kind` picks where two share a name. Raises InputError."""
    return Shown(load_profile(name, beside=Path(), kind=kind))


def compared(names: Sequence[str]) -> list[dict[str, str]]:
    """Properties of several profiles side by side. Raises InputError."""
    from powerplan.components.compare import comparison

    return comparison([load_profile(name, beside=Path()) for name in names])


def compared_at_a_glance(names: Sequence[str]) -> list[dict[str, Any]]:
    """Sleep, run, wake-up and, of processors, energy of one inference, one row each. Raises InputError."""
    from dataclasses import asdict

    from powerplan.components.essentials import essentials
    from powerplan.study.cost import PROCESSOR_KINDS, usual_inference

    rows = []
    for name in names:
        found = asdict(essentials(load_profile(name, beside=Path())))
        energy = usual_inference(name) if found["kind"] in PROCESSOR_KINDS else None
        found["inference_j"] = energy and {"low": energy.low_j, "typical": energy.typical_j, "high": energy.high_j,
                                           "basis": energy.basis}
        rows.append(found)
    return rows


def compared_picture(names: Sequence[str], path: Path) -> Path:
    """The same as PNG or SVG, its data as CSV beside it. Raises InputError, PowerplanError."""
    from powerplan.report.plot_profiles import draw_profiles, profiles_data
    from powerplan.report.style import to_png, to_svg
    from powerplan.results.tables import write_atomically

    rows = compared_at_a_glance(names)
    if not any(row[key] is not None for row in rows for key in ("sleep_w", "run_w", "wake_s", "inference_j")):
        raise PowerplanError(f"nothing to draw: {', '.join(names)} have no sleep, run or wake-up figure")
    figure = draw_profiles(rows)
    write_atomically(path, to_svg(figure, "profiles").encode() if path.suffix == ".svg" else to_png(figure))
    write_atomically(path.with_suffix(".csv"), profiles_data(rows).to_csv().encode())
    return path


def template_text(kind: str) -> str:
    """A commented profile to fill in. Raises InputError for an unknown kind."""
    from powerplan.components.template import template

    if kind not in profile_kinds():
        raise _wrong("KIND", f"there is no kind of profile {kind!r}", unknown_name(kind, profile_kinds()))
    return template(kind, profile_model(kind))


def validated(names: Sequence[str]) -> tuple[int, list[Problem]]:
    """(how many were checked, every problem found). Raises InputError for an unknown name."""
    paths = [Path(name) if name.endswith((".yaml", ".yml", ".json")) else Path(load_profile(name, beside=Path()).path)
             for name in names] or [listed.path for listed in list_profiles()]
    return len(paths), [problem for path in paths for problem in check_profile(path, path.parent)]
