"""A folder of sound clips, one folder a label, as the rows that models are fed: an .npz file for other commands."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.errors import DataError, OutputError
from cascade.front_end import FrontEnd
from cascade.play import read_stream

CLIP_COUNT_LIMIT = 200_000


@dataclass(frozen=True)
class Rows:
    """Inputs of both levels with their labels, windows of one clip after the other."""

    input_1: npt.NDArray[Any]
    input_2: npt.NDArray[Any]
    label: npt.NDArray[Any]
    """Names of the folders, or numbers of a model's outputs."""
    clip_id: npt.NDArray[np.str_]
    time_s: npt.NDArray[np.float64]
    """End of the window in its clip. [s]"""
    padded_count: int
    """Clips shorter than a window, filled up with silence."""


def clips(folder: Path) -> list[tuple[str, Path]]:
    """(label, file) of every LABEL/*.wav of a folder, in the order of their names."""
    found = sorted((path.parent.name, path) for path in folder.glob("*/*") if path.suffix.lower() in (".wav", ".npy"))
    if not found:
        raise DataError(f"{folder}: holds no clips; they are expected as LABEL/*.wav, one folder for each label")
    if len(found) > CLIP_COUNT_LIMIT:
        raise DataError(f"{folder}: holds {len(found):,} clips; at most {CLIP_COUNT_LIMIT:,} are read")
    return found


def clip_rows(folder: Path, front: FrontEnd) -> Rows:
    """Every window of every clip as both models see it. Raises DataError."""
    inputs: tuple[list[npt.NDArray[Any]], list[npt.NDArray[Any]]] = ([], [])
    names, labels, times = [], [], []
    padded = 0
    for label, path in clips(folder):
        stream = _samples(path, front)
        if len(stream) < front.window:
            stream = np.concatenate([stream, np.zeros(front.window - len(stream), stream.dtype)])
            padded += 1
        for level, make in enumerate((front.level_1, front.level_2), 1):
            inputs[level - 1].append(np.concatenate(list(_made(front, level, make, stream))))
        count = len(inputs[0][-1])
        names += [f"{label}/{path.stem}"] * count
        labels += [label] * count
        times.append((np.arange(count) * front.hop + front.window) / front.sample_rate_hz)
    return Rows(np.concatenate(inputs[0]), np.concatenate(inputs[1]), np.array(labels, np.str_),
                np.array(names, np.str_), np.concatenate(times), padded)


def numbered(rows: Rows, classes: tuple[str, ...]) -> Rows:
    """The rows with the number of each label in a list of outputs."""
    unknown = sorted(set(rows.label.tolist()) - set(classes))
    if unknown:
        raise DataError(f"--classes names {', '.join(classes)}; there is a folder {unknown[0]!r} too")
    return replace(rows, label=np.array([classes.index(name) for name in rows.label.tolist()], np.int64))


def _samples(path: Path, front: FrontEnd) -> npt.NDArray[Any]:
    stream, stated_hz = read_stream(path)
    if stated_hz is not None and stated_hz != front.sample_rate_hz:
        raise DataError(f"{path}: {stated_hz:g} Hz, the features take {front.sample_rate_hz:g} Hz; resample it first")
    return stream


def _made(front: FrontEnd, level: int, make: Any, stream: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    block: list[npt.NDArray[Any]] = []
    for window in front.windows(level, stream):
        block.append(window)
        if len(block) == 256:
            yield make(np.stack(block))
            block = []
    if block:
        yield make(np.stack(block))


def write_rows(rows: Rows, path: Path) -> None:
    """Write the rows as an .npz file, whole or not at all. Raises OutputError."""
    if path.suffix.lower() != ".npz":
        raise DataError(f"{path}: rows are written as .npz")
    arrays = {"input_1": rows.input_1, "input_2": rows.input_2, "label": rows.label, "clip_id": rows.clip_id,
              "time_s": rows.time_s}
    temporary = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        os.replace(temporary, path)
    except OSError as problem:
        raise OutputError(f"{path}: cannot be written: {problem.strerror}") from None
