"""Files that a scenario names: models and score tables, beside it or shipped, and never anywhere else."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from powerplan.errors import PowerplanError

PATH_LIMIT_COUNT = 1_024
SCORE_SUFFIXES = (".csv", ".parquet")
MODEL_SUFFIX = ".tflite"
REFUSED_MODELS = {
    ".h5": "Keras files run code when they are loaded; convert it to .tflite",
    ".keras": "Keras files run code when they are loaded; convert it to .tflite",
    ".onnx": "convert it to .tflite (onnx2tf, ai-edge-torch)",
    ".pb": "SavedModel files are programs; convert it to .tflite",
    ".ell": "ELL is not supported; convert it to .tflite",
    ".pkl": "pickle files run code when they are loaded; convert it to .tflite",
    ".pt": "PyTorch files run code when they are loaded; convert it to .tflite (ai-edge-torch)",
    ".zip": "powerplan does not unpack archives; unpack it first",
}


class ReferenceProblem(PowerplanError):
    """A scenario names a file that cannot be used."""

    def __init__(self, given: str, message: str, hint: str) -> None:
        super().__init__(given, message, hint)
        self.given, self.message, self.hint = given, message, hint

    def __str__(self) -> str:
        return f"{self.given!r} {self.message}; {self.hint}"


def beside(folder: Path, given: str) -> Path:
    """A regular file inside the scenario's folder. Raises ReferenceProblem."""
    inside = "allowed: a file in the scenario's folder or below it"
    if len(given) > PATH_LIMIT_COUNT or "\x00" in given or re.match(r"^[A-Za-z]:|^[a-z]+://|^[/\\]|^~", given) \
            or "%2e" in given.lower():
        raise ReferenceProblem(given[:80], "is not a relative path", inside)
    try:
        root = folder.resolve(strict=True)
        path = (folder / given).resolve(strict=True)
    except (OSError, RuntimeError):
        raise ReferenceProblem(given, "does not exist", inside) from None
    if not path.is_relative_to(root):
        raise ReferenceProblem(given, "lies outside the scenario's folder", inside)
    if not stat.S_ISREG(path.stat().st_mode):
        raise ReferenceProblem(given, "is not a regular file", inside)
    return path


def zoo_folder() -> Path:
    """Where the shipped cascades are."""
    import cascade

    return Path(cascade.__file__).parent / "zoo"


def shipped_cascades() -> list[str]:
    """Names of the shipped cascades."""
    return sorted(path.parent.name for path in zoo_folder().glob("*/manifest.json"))


def find_scores(folder: Path, given: str) -> Path:
    """Score table of a shipped cascade or beside the scenario. Raises ReferenceProblem."""
    if given.lower().endswith(SCORE_SUFFIXES):
        return beside(folder, given)
    for suffix in SCORE_SUFFIXES:
        path = zoo_folder() / given / f"scores_test{suffix}"
        if given in shipped_cascades() and path.is_file():
            return path
    names = ", ".join(shipped_cascades())
    raise ReferenceProblem(given, "is no shipped cascade and no .csv or .parquet file", f"shipped: {names}")


def find_model(folder: Path, given: str | None, scores: str | None, number: int) -> Path | None:
    """Model file of a level: named, or that of the shipped cascade whose scores are used. Raises ReferenceProblem.

    None where the level only has a name; its cost must then be given.
    """
    if given is None:
        path = zoo_folder() / scores / f"level{number + 1}{MODEL_SUFFIX}" if scores in shipped_cascades() else None
        return path if path is not None and path.is_file() else None
    suffix = Path(given).suffix.lower()
    if suffix in REFUSED_MODELS:
        raise ReferenceProblem(given, "is not a .tflite file", REFUSED_MODELS[suffix])
    if suffix == MODEL_SUFFIX:
        return beside(folder, given)
    name, _, level = given.partition("/")
    shipped = zoo_folder() / name / f"{level or f'level{number + 1}'}{MODEL_SUFFIX}"
    return shipped if name in shipped_cascades() and shipped.is_file() else None
