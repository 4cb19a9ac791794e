"""A user's data set in an .npz file: inputs of both levels, labels, clips, times."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.errors import DataError

FILE_BYTES_LIMIT = 2_000_000_000
UNPACKED_BYTES_LIMIT = 4_000_000_000
ARRAY_COUNT_LIMIT = 64
NAMES = {
    "input_1": ("input_1", "x_1", "input", "x"),
    "input_2": ("input_2", "x_2", "input", "x", "input_1", "x_1"),
    "label": ("label", "labels", "y"),
    "clip_id": ("clip_id",),
    "time_s": ("time_s", "time"),
    "sample_id": ("sample_id",),
}
"""What each array may be called, the first name found wins."""


@dataclass(frozen=True, eq=False)
class DataSet:
    """Rows of inputs with their labels."""

    input_1: npt.NDArray[Any]
    input_2: npt.NDArray[Any]
    label: npt.NDArray[Any]
    clip_id: npt.NDArray[Any] | None = None
    time_s: npt.NDArray[np.float64] | None = None
    sample_id: npt.NDArray[Any] | None = None
    origin: str = ""
    sha256: str = ""


def read_data(path: str | os.PathLike[str]) -> DataSet:
    """A data set from an .npz file; arrays of Python objects are refused, for reading them runs code."""
    name = str(path)
    if os.path.isdir(path):
        raise DataError(f"{name}: a folder; `cascade features {name} --models LEVEL1 LEVEL2 --features mfcc --out "
                        "data.npz` makes rows of a folder of clips")
    try:
        if os.path.getsize(path) > FILE_BYTES_LIMIT:
            raise DataError(f"{name}: larger than {FILE_BYTES_LIMIT // 10**9} GB")
        _check_archive(name)
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files if any(key in names for names in NAMES.values())}
            present = list(file.files)
        sha256 = _sha256(name)
    except OSError as problem:
        raise DataError(f"{name}: cannot be read: {problem.strerror or problem}") from None
    except (ValueError, EOFError, zipfile.BadZipFile, KeyError) as problem:
        raise DataError(f"{name}: not an .npz file of plain arrays: {problem}") from None
    return data_set(arrays, name, sha256, present)


def data_set(arrays: Mapping[str, npt.NDArray[Any]], origin: str, sha256: str = "",
             present: list[str] | None = None) -> DataSet:
    """A checked data set from named arrays."""
    found = {key: next((arrays[name] for name in names if name in arrays), None) for key, names in NAMES.items()}
    listed = ", ".join((present if present is not None else list(arrays))[:12])
    inputs, label = found["input_1"], found["label"]
    if inputs is None or label is None:
        missing = NAMES["input_1" if inputs is None else "label"]
        raise DataError(f"{origin}: holds no array {' or '.join(missing)}; it holds {listed or 'nothing'}")
    second = found["input_2"] if found["input_2"] is not None else inputs
    for key, values in {**found, "input_2": second}.items():
        if values is not None and (values.ndim < 1 or len(values) != len(label)):
            raise DataError(f"{origin}: array {key} has {values.shape[:1]} rows for {len(label)} labels")
        if values is not None and values.dtype.kind == "f" and not np.isfinite(values).all():
            raise DataError(f"{origin}: array {key} holds values that are not finite")
    if label.ndim != 1 or not len(label):
        raise DataError(f"{origin}: labels must be one per row, got shape {label.shape}")
    if label.dtype.kind == "f" and (label != np.rint(label)).any():
        raise DataError(f"{origin}: labels must be whole numbers or texts")
    return DataSet(
        inputs, second, label.astype(np.int64) if label.dtype.kind in "fbiu" else label.astype(np.str_),
        found["clip_id"], None if found["time_s"] is None else found["time_s"].astype(np.float64),
        found["sample_id"], origin, sha256,
    )


def _check_archive(name: str) -> None:
    """No bomb: the archive states few arrays of a bounded size, before any is unpacked."""
    with zipfile.ZipFile(name) as archive:
        entries = archive.infolist()
    if len(entries) > ARRAY_COUNT_LIMIT:
        raise DataError(f"{name}: holds {len(entries)} arrays; at most {ARRAY_COUNT_LIMIT} are read")
    total = sum(entry.file_size for entry in entries)
    if total > UNPACKED_BYTES_LIMIT:
        raise DataError(f"{name}: unpacks to {total / 1e9:.3g} GB; at most {UNPACKED_BYTES_LIMIT / 1e9:g} GB are read")


def _sha256(name: str) -> str:
    with open(name, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
