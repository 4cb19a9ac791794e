"""How one service runs: where it listens and keeps its data, and every limit."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1_000_000
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Settings:
    """One service; the defaults are for one person on one machine."""

    data: Path
    """Folder of the journal, results, uploads and work in progress."""
    host: str = "127.0.0.1"
    port: int = 8321
    database_url: str = ""
    """SQLAlchemy URL of the journal; empty: SQLite in the data folder."""
    worker_count: int = max(1, (os.cpu_count() or 2) - 1)
    checker_count: int = 1
    """Processes that validate scenarios and uploads, beside those that run jobs."""
    queue_count: int = 100
    """Jobs that may wait; one more is answered with 503."""
    token: str = ""
    """Bearer token that every request must carry; empty: none."""
    allowed_hosts: tuple[str, ...] = ()
    """Names besides loopback and `host` by which the service may be called."""
    allowed_origins: tuple[str, ...] = ()
    """Other sites whose pages may call the service (CORS); none by default."""
    body_limit_bytes: int = 1 * MEGABYTE
    upload_limit_bytes: int = 32 * 1024 * 1024
    storage_limit_bytes: int = 4_000 * MEGABYTE
    """Space that uploads may take together."""
    body_deadline_s: float = 5.0
    upload_deadline_s: float = 60.0
    head_deadline_s: float = 5.0
    job_deadline_s: float = 600.0
    check_deadline_s: float = 20.0
    drain_deadline_s: float = 20.0
    """After SIGTERM, running jobs get so long; what is not finished then runs after the next start."""
    attempt_count: int = 3
    """A job whose process died is run again, so often in all."""
    tasks_per_process_count: int = 1_000
    """A process is replaced after so many tasks, so that its memory stays flat."""
    address_limit_bytes: int = 8 * 1024**3
    stream_count: int = 200
    """Event streams open at one time."""
    connection_count: int = 1_000

    @property
    def hosts(self) -> tuple[str, ...]:
        """Host names that requests may carry."""
        own = () if self.host in ("0.0.0.0", "::") else (self.host.lower(),)
        return tuple(dict.fromkeys((*LOOPBACK_HOSTS, *own, *(name.lower() for name in self.allowed_hosts))))

    @property
    def journal_url(self) -> str:
        """Where the journal is."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'journal.sqlite3'}"
