"""Files of the service: results and begun studies by job, uploads by hash, work in progress.

No name comes from a client.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from powerplan.errors import OutputError, PowerplanError
from powerplan.results.tables import write_atomically

UploadKind = Literal["model", "scores"]
SUFFIX: dict[UploadKind, str] = {"model": ".tflite", "scores": ".csv"}
ANSWER = "answer.json"
_SHA256 = re.compile(r"[0-9a-f]{64}")
MEDIA_TYPES = {
    ".json": "application/json", ".html": "text/html; charset=utf-8", ".xml": "application/xml; charset=utf-8",
    ".md": "text/markdown; charset=utf-8", ".csv": "text/csv; charset=utf-8", ".png": "image/png",
    ".svg": "image/svg+xml; charset=utf-8", ".pdf": "application/pdf", ".parquet": "application/vnd.apache.parquet",
}


class DataFolderInUse(PowerplanError):
    """Another service works in this data folder."""


def media_type(name: str) -> str:
    """What a file of a result is."""
    return MEDIA_TYPES.get(Path(name).suffix, "application/octet-stream")


@dataclass(frozen=True)
class Store:
    """The data folder."""

    root: Path

    def prepare(self) -> None:
        """Make the folders, and empty what was left of work in progress. Raises OutputError."""
        try:
            shutil.rmtree(self.root / "work", ignore_errors=True)
            for name in ("work", "begun", "results", "model", "scores"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{self.root}: cannot be used as data folder: {error.strerror or error}") from None

    def lock(self) -> BinaryIO:
        """Hold the data folder; close what is returned to let go. Raises DataFolderInUse."""
        file = (self.root / "lock").open("a+b")
        with suppress(ImportError):
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                raise DataFolderInUse(f"{self.root}: another powerplan serve works in this folder") from None
        return file

    def work_folder(self, owner: str) -> Path:
        """A new folder for work in progress; `owner` is the process or route that works in it."""
        place = self.root / "work" / owner
        place.mkdir(exist_ok=True)
        return Path(tempfile.mkdtemp(dir=place))

    def clear_work(self, owner: str) -> None:
        """Remove what an owner that is gone left behind."""
        shutil.rmtree(self.root / "work" / owner, ignore_errors=True)

    def result_folder(self, job: str) -> Path:
        """Where the answer of a job is, or will be."""
        return self.root / "results" / _checked(job)

    def answer(self, job: str) -> dict[str, Any] | None:
        """The answer of a job, if there is one."""
        path = self.result_folder(job) / ANSWER
        return json.loads(path.read_bytes()) if path.is_file() else None

    def forget(self, job: str) -> None:
        """Remove the answer of a job, and what it had begun."""
        shutil.rmtree(self.result_folder(job), ignore_errors=True)
        self.clear_begun(job)

    def begun_folder(self, job: str) -> Path:
        """Where a job keeps what its next attempt goes on from."""
        return self.root / "begun" / _checked(job)

    def begun(self) -> list[str]:
        """Jobs that keep something for their next attempt."""
        return sorted(path.name for path in (self.root / "begun").iterdir() if _SHA256.fullmatch(path.name))

    def clear_begun(self, job: str) -> None:
        """Remove what a job that has ended had begun."""
        shutil.rmtree(self.begun_folder(job), ignore_errors=True)

    def upload(self, kind: UploadKind, sha256: str) -> Path | None:
        """An uploaded and checked file."""
        path = self.root / kind / f"{_checked(sha256)}{SUFFIX[kind]}"
        return path if path.is_file() else None

    def facts(self, kind: UploadKind, sha256: str) -> dict[str, Any] | None:
        """What the check of an upload found."""
        path = self.root / kind / f"{_checked(sha256)}.json"
        return json.loads(path.read_bytes()) if path.is_file() else None

    def keep(self, kind: UploadKind, sha256: str, file: Path, facts: dict[str, Any]) -> None:
        """Take a checked file in. Raises OutputError."""
        write_atomically(self.root / kind / f"{_checked(sha256)}.json", json.dumps(facts, sort_keys=True).encode())
        os.replace(file, self.root / kind / f"{sha256}{SUFFIX[kind]}")

    def upload_bytes(self) -> int:
        """Space that uploads take. [B]"""
        return sum(path.stat().st_size for kind in SUFFIX for path in (self.root / kind).iterdir())


def _checked(sha256: str) -> str:
    """A hash and nothing else. Raises OutputError."""
    if not _SHA256.fullmatch(sha256):
        raise OutputError("not a SHA-256")
    return sha256
