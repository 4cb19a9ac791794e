"""A scenario and what it is based on, merged, with the place of every key in the file that says it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powerplan.errors import InputError
from powerplan.files.problems import problem_at
from powerplan.files.references import ReferenceProblem, beside
from powerplan.files.strict_yaml import Document, read_document
from powerplan.files.yaml_tree import KeyPath

BASED_ON = "based_on"
DEPTH_LIMIT = 8


@dataclass(frozen=True)
class Layers(Document):
    """Merged data that knows which document says what, the user's own first."""

    documents: tuple[Document, ...] = ()

    def owner(self, path: KeyPath) -> Document:
        """The document that says what stands at a key path, or at the nearest key above it."""
        for length in range(len(path), 0, -1):
            for document in self.documents:
                if path[:length] in document.value_positions:
                    return document
        return self.documents[0]

    @property
    def keys(self) -> dict[str, Any]:
        """The merged map."""
        return self.data if isinstance(self.data, dict) else {}


def read_layers(path: Path, shown: str | None = None) -> Layers:
    """A scenario file with everything it is based on merged in. Raises InputError."""
    return _merge_up(read_document(path, shown or str(path)), path, (path.resolve(),))


def _merge_up(document: Document, path: Path, seen: tuple[Path, ...]) -> Layers:
    if not isinstance(document.data, dict):
        raise InputError([problem_at(document, (), "PP102", "a scenario is a map of keys", "see powerplan new")])
    own = dict(document.data)
    base = own.pop(BASED_ON, None)
    if base is None:
        return _layers(own, (document,))
    if not isinstance(base, str):
        raise InputError([problem_at(document, (BASED_ON,), "PP102", "based_on is not a file name",
                                     "example: based_on: product.yaml")])
    try:
        parent = _base_file(path.parent, base)
    except ReferenceProblem as error:
        message = f"{error.given!r} {error.message}"
        raise InputError([problem_at(document, (BASED_ON,), "PP303", message, error.hint)]) from None
    if parent in seen or len(seen) >= DEPTH_LIMIT:
        circle = " -> ".join(step.name for step in (*seen, parent))
        raise InputError([problem_at(document, (BASED_ON,), "PP302", f"files are based on each other: {circle}",
                                     "a chain of variants must end")])
    shown = str(Path(document.name).parent / base) if document.name else base
    below = _merge_up(read_document(parent, shown), parent, (*seen, parent))
    return _layers(_merged(below.keys, own), (document, *below.documents))


def _layers(data: dict[str, Any], documents: tuple[Document, ...]) -> Layers:
    first = documents[0]
    sha256 = hashlib.sha256("".join(document.sha256 for document in documents).encode()).hexdigest()
    return Layers(first.name, data, {}, {}, first.lines, sha256, documents)


def _base_file(folder: Path, given: str) -> Path:
    """The base lies beside the variant; an overlay in a folder of its own may be based on a file one above."""
    if given.startswith("../") and not given.startswith("../../"):
        return beside(folder.resolve().parent, given[3:])
    return beside(folder, given)


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Maps are merged key by key, anything else is replaced, `null` takes a key away."""
    result = dict(below)
    for key, value in above.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _merged(result[key], value)
        else:
            result[key] = value
    return result
