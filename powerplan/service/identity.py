"""What makes two questions the same: the hash of their inputs and of the program that answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from powerplan.service.documents import ScenarioText


@cache
def program_sha256() -> str:
    """SHA-256 of the code, the device library and the shipped scenarios and cascades."""
    import cascade
    import powerplan
    from powerplan.files.library import data_root

    code: tuple[str, ...] = ("*.py", "*.html", "*.json", "*.csv", "*.tflite", "*.npz")
    data: tuple[str, ...] = ("*.yaml", "*.csv")
    roots = [(Path(module.__file__ or "").parent, code) for module in (powerplan, cascade)]
    roots += [(data_root() / name, data) for name in ("device_profiles", "scenarios")]
    digest = hashlib.sha256()
    for root, patterns in roots:
        files = {path for pattern in patterns for path in root.rglob(pattern) if path.is_file()}
        for path in sorted(files):
            if "page" not in path.relative_to(root).parts:
                digest.update(path.relative_to(root).as_posix().encode() + b"\0" + _sha256(path))
    return digest.hexdigest()


def _sha256(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def job_id(kind: str, scenarios: Sequence[ScenarioText], options: Mapping[str, Any]) -> str:
    """SHA-256 of a question; every option counts, also one that has its default."""
    asked = {"kind": kind, "scenarios": [[one.name, one.text] for one in scenarios], "options": dict(options),
             "program": program_sha256()}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
