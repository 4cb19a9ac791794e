"""A journal of finished points in one SQLite file: nothing is done twice, and nothing is lost at kill -9.

A point is written down when it starts and again, in one transaction, when it is done. Whoever opens the journal later
goes on where it stopped: what is done is taken from it, what was only started is done again.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from powerplan.errors import OutputError

RUNNING, DONE = "running", "done"
TABLE = """
CREATE TABLE IF NOT EXISTS points (
    key TEXT PRIMARY KEY, input_json TEXT NOT NULL, status TEXT NOT NULL, seed INTEGER, result_json TEXT,
    started TEXT NOT NULL, finished TEXT, started_count INTEGER NOT NULL, powerplan_version TEXT NOT NULL)
"""
WAIT_S = 5.0


class JournalBusy(OutputError):
    """Another process works with the journal."""


class Journal:
    """Points by key. Without a path it lives in memory only."""

    def __init__(self, path: Path | None, version: str, seed: int) -> None:
        self.path, self._version, self._seed = path, version, seed
        self._lock = _locked(path) if path is not None else None
        try:
            self._database = sqlite3.connect(str(path) if path is not None else ":memory:", timeout=WAIT_S,
                                             isolation_level=None)
            if path is not None:
                self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute(TABLE)
        except sqlite3.DatabaseError as error:
            self._unlock()
            raise OutputError(f"{path}: is no journal of powerplan or cannot be written: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let others use the journal."""
        self._database.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def result(self, key: str) -> dict[str, Any] | None:
        """Result of a point that is done; None where it is not."""
        row = self._database.execute("SELECT result_json FROM points WHERE key = ? AND status = ?",
                                     (key, DONE)).fetchone()
        if row is None:
            return None
        found: dict[str, Any] = json.loads(row[0])
        return found

    def start(self, key: str, inputs: Mapping[str, Any]) -> None:
        """Write down that a point is being worked on. Raises OutputError."""
        with self._writing():
            self._database.execute(
                "INSERT INTO points VALUES (?, ?, ?, ?, NULL, ?, NULL, 1, ?) ON CONFLICT (key) DO UPDATE SET "
                "status = excluded.status, started = excluded.started, started_count = started_count + 1",
                (key, json.dumps(inputs, sort_keys=True, ensure_ascii=False), RUNNING, self._seed, _now(),
                 self._version))

    def finish(self, key: str, result: Mapping[str, Any]) -> None:
        """Write down the result of a point. Raises OutputError."""
        with self._writing():
            self._database.execute(
                "UPDATE points SET status = ?, result_json = ?, finished = ? WHERE key = ?",
                (DONE, json.dumps(result, sort_keys=True, ensure_ascii=False, allow_nan=False), _now(), key))

    def started_counts(self) -> dict[str, int]:
        """How often each point was started."""
        return {str(key): int(count) for key, count in
                self._database.execute("SELECT key, started_count FROM points ORDER BY key")}

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise OutputError(f"{self.path}: cannot be written: {error}") from None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _locked(path: Path) -> sqlite3.Connection:
    """A lock that the system releases when its owner dies, however that happens. Raises JournalBusy, OutputError."""
    file = path.with_suffix(".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = sqlite3.connect(str(file), timeout=0.0, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise OutputError(f"{path.parent}: cannot be written: {error}") from None
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if "locked" in str(error):
            raise JournalBusy(f"{path.parent}: another powerplan works in this folder; wait for it, or give another "
                              "--out") from None
        raise OutputError(f"{file}: cannot be written: {error}") from None
    except sqlite3.DatabaseError as error:
        lock.close()
        raise OutputError(f"{file}: is no lock of powerplan: {error}") from None
    return lock
