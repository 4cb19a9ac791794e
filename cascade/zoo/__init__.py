"""The cascades that come with the package: two quantized models each, their scores, their card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).resolve().parent


def names() -> list[str]:
    """Names of the shipped cascades, in alphabetical order."""
    return sorted(entry.parent.name for entry in _FOLDER.glob("*/manifest.json"))


def folder(name: str) -> Path:
    """Folder of a shipped cascade: models, score tables, test data, card and manifest."""
    if name not in names():
        raise LookupError(f"no shipped cascade is called {name!r}; there are: {', '.join(names())}")
    return _FOLDER / name


def manifest(name: str) -> dict[str, Any]:
    """The manifest of a shipped cascade: hashes, labels, thresholds, window and feature constants, figures."""
    content = json.loads((folder(name) / "manifest.json").read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"the manifest of {name} is not a map")
    return content
