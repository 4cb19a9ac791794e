"""The tensor arenas of model files, measured once for the same bytes and kept."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from powerplan.files.scoring import cache_folder

if TYPE_CHECKING:
    from cascade.arena import Arena

INTERPRETER = "tflite-micro"


def kept_arena(model: Path, sha256: str) -> Arena | None:
    """Arena of a model file by TensorFlow Lite Micro; None where its package is not installed.

    The interpreter runs in a child process, once for each model and version; an arena of basis "lower bound" says that
    it does not run the model.
    """
    from cascade.arena import Arena, tensor_arena
    from cascade.errors import ModelError
    from cascade.tflite import read_model

    try:
        kept = cache_folder("arenas") / f"{sha256}-{version(INTERPRETER)}.json"
    except PackageNotFoundError:
        return None
    try:
        return Arena(**json.loads(kept.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        pass  # not kept yet, or not readable
    try:
        found = tensor_arena(model)
    except ModelError as problem:
        least = read_model(model).arena_lower_bound_bytes
        return Arena(least, "lower bound", least, 0, f"TensorFlow Lite Micro does not run it: {problem.reason}")
    temporary = kept.with_name(f".{os.getpid()}.{kept.name}")
    try:
        temporary.write_text(json.dumps(asdict(found)), encoding="utf-8")
        os.replace(temporary, kept)
    except OSError:
        return found  # a full or read-only disk: measured again next time
    return found
