"""One error for data that is missing or not what it should be, and the check of a file's hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cascade.errors import DataError


class DataSetError(DataError):
    """A data set cannot be used: it is missing, or it is not the one that was expected."""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def expect_file(path: Path, sha256: str, hint: str) -> Path:
    """The path, once the file is there with the expected content."""
    if not path.is_file():
        raise DataSetError(f"{path} is missing; {hint}")
    found = sha256_of(path)
    if found != sha256:
        raise DataSetError(f"{path} has SHA-256 {found}, expected {sha256}; {hint}")
    return path
