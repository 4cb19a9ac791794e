"""Profiles by name: a `profiles/` folder beside the scenario first, then the library that ships with powerplan."""

from __future__ import annotations

import copy
import hashlib
import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import powerplan
from powerplan.components.registry import kind, kind_names
from powerplan.components.spec import Profile, ProfileSpec, path_keys
from powerplan.components.validate import findings
from powerplan.errors import InputError, Problem
from powerplan.files.problems import problem_at, problems_from, unknown_name
from powerplan.files.strict_yaml import Document, read_document

SUFFIXES = (".yaml", ".yml", ".json")
FOLDER_BESIDE = "profiles"
SUPPLY_KINDS: Mapping[str, str] = {
    "regulator": "powerplan.components.regulator:RegulatorProfile",
    "battery": "powerplan.batteries.profile:BatteryProfile",
    "harvester": "powerplan.components.harvester:HarvesterProfile",
}
"""Kinds of profile that are no part with power states of its own."""
_NAME = re.compile(r"[^\W_][\w.+-]{0,63}")
"""Letters and digits of any script; no path can be written with it."""


@dataclass(frozen=True)
class Listed:
    """One profile that can be named."""

    name: str
    kind: str
    path: Path
    shipped: bool


@cache
def data_root() -> Path:
    """The folder that holds `device_profiles/` and `scenarios/`: of the wheel, or of the source tree."""
    package = Path(powerplan.__file__).resolve().parent
    for folder in (package / "_data", package.parent):
        if (folder / "device_profiles").is_dir():
            return folder
    raise FileNotFoundError("the device profiles are not installed beside powerplan")


def profile_kinds() -> list[str]:
    """Every kind of profile, parts first."""
    return [*kind_names(), *SUPPLY_KINDS]


def profile_model(kind_name: str) -> type[ProfileSpec]:
    """The model that profiles of a kind are validated with. Raises KeyError."""
    if kind_name not in SUPPLY_KINDS:
        return kind(kind_name).spec
    module, _, attribute = SUPPLY_KINDS[kind_name].partition(":")
    model = getattr(importlib.import_module(module), attribute)
    if not (isinstance(model, type) and issubclass(model, ProfileSpec)):
        raise TypeError(f"{module}:{attribute} is not a ProfileSpec")
    return model


def list_profiles(kind: str | None = None, beside: Path | None = None) -> list[Listed]:
    """Profiles that can be named, those beside the scenario first; each name once per kind.

    `beside` is the scenario's folder. The kind of a shipped profile is its folder; of one beside the scenario it is
    read from the file, and a file that cannot be read is listed with an empty kind.
    """
    found: dict[tuple[str, str], Listed] = {}
    for listed in (*_beside(beside), *_shipped()):
        if kind is None or listed.kind == kind:
            found.setdefault((listed.name, listed.kind), listed)
    return list(found.values())


def headline(listed: Listed) -> tuple[str, str]:
    """(name, summary) of a profile without reading all of it; a listing must not take seconds."""
    lines = listed.path.read_text(encoding="utf-8", errors="replace").splitlines()
    wanted = [line for line in lines if line.startswith(("name:", "summary:"))]
    try:
        data = read_document("\n".join(wanted[:2]), _shown(listed.path)).data
    except InputError:
        return listed.name, ""
    found = data if isinstance(data, Mapping) else {}
    return str(found.get("name", listed.name)), str(found.get("summary", ""))


def load_profile(name: str, beside: Path | None = None, kind: str | None = None) -> Profile:
    """The profile of that name, with everything it extends. Raises InputError with all its problems.

    `kind` picks where two kinds share a name, and makes the message of an unknown name short.
    """
    return _load(name, beside, kind, ())


def read_profile(path: Path, beside: Path | None = None) -> Profile:
    """The profile in a file, found or not by its name. Raises InputError."""
    return _read(path.stem, path, beside, ())


def check_profile(path: Path, beside: Path | None = None) -> list[Problem]:
    """Everything wrong with the profile in a file: its form, and the rules of `components.validate`."""
    try:
        document = read_document(path, _shown(path))
        profile = _profile(path.stem, path, document, beside, ())
    except InputError as error:
        return list(error.problems)
    return profile_problems(profile, document)


def profile_problems(profile: Profile, document: Document) -> list[Problem]:
    """What the rules find in a profile, at its places in the document it was read from."""
    data = document.data if isinstance(document.data, Mapping) else {}
    return [
        problem_at(
            document,
            tuple(path_keys(data, finding.path)),
            finding.code,
            f"{finding.path}: {finding.message}",
            finding.hint,
            finding.severity,
        )
        for finding in findings(profile.spec)
    ]


def _load(name: str, beside: Path | None, kind: str | None, above: tuple[Path, ...]) -> Profile:
    known = list_profiles(kind, beside)
    if not _NAME.fullmatch(name):
        raise _unknown(name, kind, known)
    for listed in known:
        if listed.name == name:
            if listed.shipped:
                return _profile(name, listed.path, _shipped_document(listed.path), beside, above)
            return _read(name, listed.path, beside, above)
    raise _unknown(name, kind, known)


def _unknown(name: str, kind: str | None, known: list[Listed]) -> InputError:
    what = f"{kind} profile" if kind else "profile"
    hint = unknown_name(name, {listed.name for listed in known})
    return InputError([Problem("", 0, 0, "PP301", "error", "profile", f'unknown {what} "{name}"', hint)])


@cache
def _shipped_document(path: Path) -> Document:
    """A profile of the library as its file says it; the library does not change while a process runs."""
    return read_document(path, _shown(path))


def _read(name: str, path: Path, beside: Path | None, above: tuple[Path, ...]) -> Profile:
    return _profile(name, path, read_document(path, _shown(path)), beside, above)


def _profile(name: str, path: Path, document: Document, beside: Path | None, above: tuple[Path, ...]) -> Profile:
    data = document.data
    if not isinstance(data, Mapping):
        raise InputError([problem_at(document, (), "PP102", "a profile is a map of keys", "example: kind: mcu")])
    merged, digests = dict(data), [document.sha256]
    base = merged.pop("extends", None)
    if base is not None:
        extended = _extended(document, base, path, beside, above)
        _check_sources(document, extended, merged)
        merged = _merged(extended.data, merged)
        digests.append(extended.sha256)
    spec = _validated(document, merged)
    return Profile(name, spec, merged, str(path), hashlib.sha256("".join(digests).encode()).hexdigest())


def _extended(document: Document, base: object, path: Path, beside: Path | None, above: tuple[Path, ...]) -> Profile:
    """The profile that this one extends; a circle is refused and printed."""
    trail = (*above, path)
    found = [listed for listed in list_profiles(None, beside) if listed.name == base]
    if found and found[0].path in trail:
        circle = [*(step.stem for step in trail[trail.index(found[0].path) :]), str(base)]
        text = f"profiles extend each other in a circle: {' -> '.join(circle)}"
        raise InputError([problem_at(document, ("extends",), "PP302", text, "remove one of the `extends:`")])
    try:
        return _load(str(base), beside, None, trail)
    except InputError as error:
        placeless = [problem for problem in error.problems if not problem.file]
        if not placeless:
            raise
        found_none = problem_at(document, ("extends",), "PP301", placeless[0].message, placeless[0].hint)
        raise InputError([found_none]) from None


def _check_sources(document: Document, extended: Profile, own: Mapping[str, Any]) -> None:
    """Refuse a source key that means another document in the extended profile: its figures would change source."""
    sources = own.get("sources")
    for key, text in sources.items() if isinstance(sources, Mapping) else ():
        before = extended.spec.sources.get(str(key))
        if before is not None and before != text:
            message = f"source {key!r} already names another document in {extended.name}"
            raise InputError([problem_at(document, ("sources", key), "PP304", message, "use a key of its own")])


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Maps are merged key by key, a figure is replaced as a whole, null takes a key away."""
    merged = copy.deepcopy(dict(base))
    for key, value in over.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping) and "basis" not in value:
            merged[key] = _merged(old, value)
        elif value is None:
            merged.pop(key, None)
        else:
            merged[key] = copy.deepcopy(value)
    return merged


def _validated(document: Document, data: Mapping[str, Any]) -> ProfileSpec:
    asked = data.get("kind")
    if not isinstance(asked, str) or asked not in profile_kinds():
        given = "kind is required" if asked is None else f"unknown kind {asked!r}"
        hint = unknown_name(str(asked or ""), profile_kinds())
        raise InputError([problem_at(document, ("kind",), "PP103", given, hint)])
    model = profile_model(asked)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InputError(problems_from(error, document, model)) from None


def _shown(path: Path) -> str:
    """A path as messages show it: shipped profiles by their place in the library."""
    try:
        return str(path.resolve().relative_to(data_root()))
    except (ValueError, FileNotFoundError):
        return str(path)


def _beside(beside: Path | None) -> Iterator[Listed]:
    if beside is None:
        return
    folder = beside / FOLDER_BESIDE
    for path in sorted(folder.glob("**/*")):
        if path.suffix in SUFFIXES and path.is_file():
            yield Listed(path.stem, _kind_in(path), path, shipped=False)


def _kind_in(path: Path) -> str:
    """Kind that a file states, its base's where it extends one, empty where it cannot be read."""
    try:
        data = read_document(path).data
    except InputError:
        return ""
    return str(data.get("kind", "")) if isinstance(data, Mapping) else ""


@cache
def _shipped() -> tuple[Listed, ...]:
    root = data_root() / "device_profiles"
    kinds = profile_kinds()
    return tuple(
        Listed(path.stem, path.parent.name, path, shipped=True)
        for path in sorted(root.glob("*/*.yaml"), key=lambda path: (kinds.index(path.parent.name), path.stem))
    )
