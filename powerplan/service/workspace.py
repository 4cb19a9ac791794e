"""Puts scenarios of a client into a folder of their own, with exactly the files they may name.

A scenario may name shipped products (`based_on`), shipped cascades, profiles, and uploads by hash. The reading of a
scenario is confined to its folder anyway; here every other name gets a message that says what to do instead.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from powerplan.errors import InputError, Problem
from powerplan.files.library import data_root
from powerplan.files.problems import problem_at, unknown_name
from powerplan.files.references import MODEL_SUFFIX, REFUSED_MODELS, SCORE_SUFFIXES, shipped_cascades
from powerplan.files.strict_yaml import Document, read_document
from powerplan.files.yaml_tree import KeyPath
from powerplan.service.documents import ScenarioText
from powerplan.service.store import Store
from powerplan.study import templates

_UPLOADED = re.compile(r"([0-9a-f]{64})\.(tflite|csv)")
_UPLOAD_FIRST = "upload it (POST /api/v1/{route}) and write the reference that comes back: {hash}.{suffix}"


def settle(scenarios: Sequence[ScenarioText], folder: Path, store: Store) -> tuple[Path, ...]:
    """Write scenarios with what they name, each in a folder of its own. Raises InputError with every problem."""
    found: list[Path] = []
    problems: list[Problem] = []
    for number, scenario in enumerate(scenarios):
        place = folder / f"scenario_{number + 1}"
        place.mkdir()
        try:
            found.append(_settled(scenario, place, store))
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return tuple(found)


def _settled(scenario: ScenarioText, place: Path, store: Store) -> Path:
    """One scenario in its folder. Raises InputError."""
    document = read_document(scenario.text, f"{scenario.name}.yaml")
    problems: list[Problem] = []
    files: dict[str, Path] = {}
    for path, given in _named(document.data):
        problem = _base(document, path, given, files) if path == ("based_on",) else (
            _file(document, path, given, files, store))
        if problem is not None:
            problems.append(problem)
    if problems:
        raise InputError(problems)
    for name, source in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place / name)
    own = place / f"{scenario.name}.yaml"
    if own.exists():
        own = place / f"{scenario.name}_own.yaml"
    own.write_bytes(scenario.text.encode("utf-8"))
    return own


def _named(data: Any) -> Iterator[tuple[KeyPath, str]]:
    """Key paths at which a scenario names a file, with what it says."""
    if not isinstance(data, dict):
        return
    if isinstance(data.get("based_on"), str):
        yield ("based_on",), data["based_on"]
    firmware = data.get("firmware")
    if isinstance(firmware, dict) and isinstance(firmware.get("image"), str):
        yield ("firmware", "image"), firmware["image"]
    cascades = data.get("cascade")
    for name, cascade in cascades.items() if isinstance(cascades, dict) else ():
        if not isinstance(cascade, dict):
            continue
        for key in ("scores", "data"):
            if isinstance(cascade.get(key), str):
                yield ("cascade", name, key), cascade[key]
        for key, level in cascade.items():
            if isinstance(level, dict) and isinstance(level.get("model"), str):
                yield ("cascade", name, key, "model"), level["model"]


def _base(document: Document, path: KeyPath, given: str, files: dict[str, Path]) -> Problem | None:
    """A base must be a shipped product; it comes with all that it needs."""
    shipped = templates.names()
    name = given.removesuffix(".yaml")
    if name in shipped and given.endswith(".yaml"):
        files.update({needed: data_root() / "scenarios" / needed for needed in templates.needed_files(given)})
        return None
    hint = f"{unknown_name(name, shipped)}; write NAME.yaml"
    return problem_at(document, path, "PP303", f"{given[:80]!r} is no shipped product", hint)


def _file(document: Document, path: KeyPath, given: str, files: dict[str, Path], store: Store) -> Problem | None:
    """A model or score table: shipped, or uploaded and named by its hash."""
    key = path[-1]
    suffix = Path(given).suffix.lower() if "\x00" not in given else ""
    if key in ("image", "data"):
        hint = ("state flash and ram of the firmware instead" if key == "image" else
                "score it with `cascade run` and upload the score table (POST /api/v1/scores)")
        return problem_at(document, path, "PP303", f"{'.'.join(map(str, path))}: the service takes no such file", hint)
    if key == "model" and suffix in REFUSED_MODELS:
        return problem_at(document, path, "PP303", f"{given[:80]!r} is not a .tflite file", REFUSED_MODELS[suffix])
    if suffix not in (MODEL_SUFFIX, *SCORE_SUFFIXES):
        return None  # a shipped cascade or a plain name: the reading of the scenario judges it
    uploaded = _UPLOADED.fullmatch(given)
    if uploaded is not None and (uploaded[2] == "tflite") == (key == "model"):
        file = store.upload("model" if key == "model" else "scores", uploaded[1])
        if file is not None:
            files[given] = file
            return None
    if given in _shipped_files():
        files[given] = data_root() / "scenarios" / given
        return None
    route, ending = ("models", "tflite") if key == "model" else ("scores", "csv")
    message = f"{given[:80]!r} was not uploaded" if uploaded else f"{given[:80]!r} names a file, which only hashes can"
    hint = _UPLOAD_FIRST.format(route=route, hash="SHA256", suffix=ending)
    cascades = ", ".join(shipped_cascades())
    return problem_at(document, path, "PP303", message, f"{hint}; shipped: {cascades}")


def _shipped_files() -> set[str]:
    """Score tables that ship beside the products."""
    root = data_root() / "scenarios"
    return {path.relative_to(root).as_posix() for path in (root / "scores").glob("*.csv")}
