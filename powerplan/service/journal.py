"""The journal of jobs: what was asked, where it stands, what was told. SQLite beside the results, or PostgreSQL."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    event,
    func,
    insert,
    make_url,
    select,
    text,
    update,
)
from sqlalchemy import create_engine as sqlalchemy_engine
from sqlalchemy.exc import SQLAlchemyError

from powerplan.errors import ExitCode, OutputError
from powerplan.service.documents import FINISHED

BUSY_MS = 10_000
MAY_PASS = (ExitCode.BUG, ExitCode.RESOURCE, ExitCode.OUTPUT)
"""Failures that have to do with the machine: asking again runs again."""
LOCK_NUMBER = 7_036_712_401
"""PostgreSQL: the advisory lock that one service holds on its journal."""
PATIENCE = {"connect_timeout": 5, "tcp_user_timeout": 10_000, "keepalives_idle": 30, "keepalives_interval": 10,
            "keepalives_count": 3}
"""PostgreSQL: when a database that says nothing counts as away (libpq: seconds, tcp_user_timeout in milliseconds)."""

metadata = MetaData()
jobs = Table(
    "powerplan_jobs", metadata,
    Column("place", Integer, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("names", Text, nullable=False),
    Column("client", String(80), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("created", String(40), nullable=False),
    Column("started", String(40)),
    Column("finished", String(40)),
    Column("attempt", Integer, nullable=False, default=0),
    Column("stage", String(80), nullable=False, default=""),
    Column("share", Float, nullable=False, default=0.0),
    Column("exit_code", Integer),
    Column("problem", Text),
    Column("inputs", Text, nullable=False),
    Column("event", Integer, nullable=False, default=0),
)
events = Table(
    "powerplan_events", metadata,
    Column("job", String(64), ForeignKey("powerplan_jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("data", Text, nullable=False),
)
SHOWN = [column for column in jobs.c if column.name != "inputs"]
Row = dict[str, Any]


class JournalProblem(OutputError):
    """The journal cannot be opened or written."""


AWAY = (SQLAlchemyError, JournalProblem)
"""What reading and writing a journal raises while its database is away."""


@dataclass(frozen=True)
class NewJob:
    """A question as it came in."""

    id: str
    kind: str
    names: Sequence[str]
    client: str
    inputs: dict[str, Any]


class Journal:
    """All that must outlive a restart. One service writes it; its threads take turns."""

    def __init__(self, url: str) -> None:
        """Open and, where it is new, make it. Raises JournalProblem."""
        self._turn = threading.Lock()
        self._held: Connection | None = None
        try:
            self._engine = _engine(url)
            self._is_shared = self._engine.dialect.name == "postgresql"
            if self._is_shared:
                self._hold()
            metadata.create_all(self._engine)
        except (SQLAlchemyError, ImportError) as error:
            raise JournalProblem(f"the journal cannot be opened: {_said(error)}") from None

    def _hold(self) -> Connection:
        """The connection that holds the lock; refuses a journal that another service works on."""
        held = self._held
        if held is not None:
            with suppress(SQLAlchemyError):
                held.execute(text("SELECT 1"))
                held.commit()
                return held
            # It broke while nobody used it; its lock went with it.
            self._held = None
            held.invalidate()
            held.close()
        held = self._engine.connect()
        try:
            free = held.execute(text("SELECT pg_try_advisory_lock(:number)"), {"number": LOCK_NUMBER}).scalar()
            # The lock goes with the connection: the server should soon see one whose other end is gone.
            for name in ("idle", "interval", "count"):
                held.execute(text(f"SET tcp_keepalives_{name} = {PATIENCE[f'keepalives_{name}']}"))
            held.commit()
        except SQLAlchemyError:
            held.close()
            raise
        if not free:
            held.close()
            raise JournalProblem("another powerplan serve works with this database")
        self._held = held
        return held

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction; its turn comes one after the other.

        PostgreSQL: on the connection that holds the lock, so that nothing is written where another service took over
        while the database was away.
        """
        with self._turn:
            if not self._is_shared:
                with self._engine.begin() as connection:
                    yield connection
                return
            held = self._hold()
            with held.begin():
                yield held

    def close(self) -> None:
        """Let go of the database."""
        with suppress(SQLAlchemyError):
            if self._held is not None:
                self._held.close()
            self._engine.dispose()

    def add(self, job: NewJob, queue_count: int) -> tuple[Row | None, bool]:
        """(the job, whether it is new or queued again); no job where the queue is full.

        A job that was cancelled, or that failed for a reason that may not come back, is queued again.
        """
        with self._writing() as connection:
            known = _one(connection, job.id)
            if known is not None and not _again(known):
                return known, False
            if _count(connection, "queued") >= queue_count:
                return None, False
            if known is None:
                connection.execute(insert(jobs).values(
                    id=job.id, kind=job.kind, names=json.dumps(list(job.names)), client=job.client, state="queued",
                    created=_now(), inputs=json.dumps(job.inputs)))
            else:
                connection.execute(update(jobs).where(jobs.c.id == job.id).values(
                    state="queued", client=job.client, created=_now(), started=None, finished=None, attempt=0,
                    problem=None, exit_code=None, stage="", share=0.0))
            _tell(connection, job.id, "state", {"state": "queued"})
            return _one(connection, job.id), True

    def claim(self, busy_clients: Collection[str], busy_jobs: Collection[str] = ()
              ) -> tuple[Row, dict[str, Any]] | None:
        """Take the job that waits longest among those whose client has none running: (job, inputs).

        `busy_jobs` are about to end, cancelled and asked again meanwhile.
        """
        with self._writing() as connection:
            wanted = select(jobs.c.id).where(jobs.c.state == "queued").order_by(jobs.c.created, jobs.c.place)
            if busy_clients:
                wanted = wanted.where(jobs.c.client.not_in(list(busy_clients)))
            if busy_jobs:
                wanted = wanted.where(jobs.c.id.not_in(list(busy_jobs)))
            found = connection.execute(wanted.limit(1)).scalar()
            if found is None:
                return None
            connection.execute(update(jobs).where(jobs.c.id == found).values(
                state="running", started=_now(), attempt=jobs.c.attempt + 1))
            row = _one(connection, found)
            if row is None:
                return None
            _tell(connection, found, "state", {"state": "running", "attempt": row["attempt"]})
            given = connection.execute(select(jobs.c.inputs).where(jobs.c.id == found)).scalar()
            return row, json.loads(str(given))

    def progress(self, job: str, stage: str, share: float) -> None:
        """Note how far a running job is."""
        with self._writing() as connection:
            done = connection.execute(update(jobs).where(jobs.c.id == job, jobs.c.state == "running").values(
                stage=stage[:80], share=share))
            if done.rowcount:
                _tell(connection, job, "progress", {"stage": stage[:80], "share": share})

    def finish(self, job: str, state: str, exit_code: int | None = None, problem: dict[str, Any] | None = None) -> bool:
        """Note the end of a job that waits or runs; False where it had ended."""
        with self._writing() as connection:
            done = connection.execute(update(jobs).where(jobs.c.id == job, jobs.c.state.not_in(FINISHED)).values(
                state=state, finished=_now(), exit_code=exit_code, stage="", share=1.0 if state == "done" else 0.0,
                problem=None if problem is None else json.dumps(problem)))
            if not done.rowcount:
                return False
            # A reader who comes back late needs the state only; progress is news.
            connection.execute(delete(events).where(events.c.job == job, events.c.kind == "progress"))
            told: dict[str, Any] = {"state": state, "exit_code": exit_code}
            _tell(connection, job, "state", told if problem is None else told | {"problem": problem})
            return True

    def requeue(self, job: str) -> None:
        """Have a running job wait again."""
        with self._writing() as connection:
            done = connection.execute(update(jobs).where(jobs.c.id == job, jobs.c.state == "running").values(
                state="queued", stage="", share=0.0))
            if done.rowcount:
                _tell(connection, job, "state", {"state": "queued"})

    def forget(self, job: str) -> bool:
        """Remove a finished job."""
        with self._writing() as connection:
            row = _one(connection, job)
            if row is None or row["state"] not in FINISHED:
                return False
            connection.execute(delete(events).where(events.c.job == job))
            connection.execute(delete(jobs).where(jobs.c.id == job))
            return True

    def job(self, job: str) -> Row | None:
        """One job."""
        with self._engine.connect() as connection:
            return _one(connection, job)

    def inputs(self, job: str) -> dict[str, Any] | None:
        """What a job was asked."""
        with self._engine.connect() as connection:
            found = connection.execute(select(jobs.c.inputs).where(jobs.c.id == job)).scalar()
            return None if found is None else json.loads(found)

    def listing(self, count: int, before: int | None, state: str | None) -> list[Row]:
        """Jobs, the newest first."""
        wanted = select(*SHOWN).order_by(jobs.c.place.desc()).limit(count)
        if before is not None:
            wanted = wanted.where(jobs.c.place < before)
        if state is not None:
            wanted = wanted.where(jobs.c.state == state)
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(wanted).mappings()]

    def running(self) -> list[str]:
        """Jobs that run, or that ran when the service died."""
        with self._engine.connect() as connection:
            return list(connection.execute(select(jobs.c.id).where(jobs.c.state == "running")).scalars())

    def counts(self) -> dict[str, int]:
        """How many jobs are in each state."""
        with self._engine.connect() as connection:
            found = connection.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state))
            return {str(state): int(count) for state, count in found}

    def told(self, job: str, after: int) -> list[tuple[int, str, str]]:
        """Events of a job after a number: (number, kind, data)."""
        wanted = select(events.c.number, events.c.kind, events.c.data).where(
            events.c.job == job, events.c.number > after).order_by(events.c.number)
        with self._engine.connect() as connection:
            return [(int(number), str(kind), str(data)) for number, kind, data in connection.execute(wanted)]


def _engine(url: str) -> Engine:
    asked = make_url(url)
    patience: dict[str, Any] = {}
    if asked.drivername in ("postgresql", "postgresql+psycopg", "postgresql+psycopg2"):
        patience = {name: value for name, value in PATIENCE.items() if name not in asked.query}
    engine = sqlalchemy_engine(asked, pool_pre_ping=not url.startswith("sqlite"), pool_size=10, max_overflow=40,
                               connect_args=patience)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for line in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}"):
        cursor.execute(f"PRAGMA {line}")
    cursor.close()


def _one(connection: Connection, job: str) -> Row | None:
    found = connection.execute(select(*SHOWN).where(jobs.c.id == job)).mappings().first()
    return None if found is None else dict(found)


def _count(connection: Connection, state: str) -> int:
    return int(connection.execute(select(func.count()).where(jobs.c.state == state)).scalar() or 0)


def _again(row: Row) -> bool:
    """Whether asking once more may give another answer."""
    if row["state"] == "cancelled":
        return True
    return row["state"] == "failed" and row["exit_code"] in MAY_PASS


def _tell(connection: Connection, job: str, kind: str, data: dict[str, Any]) -> None:
    """Add an event; its number is one more than the last of this job."""
    connection.execute(update(jobs).where(jobs.c.id == job).values(event=jobs.c.event + 1))
    number = connection.execute(select(jobs.c.event).where(jobs.c.id == job)).scalar()
    connection.execute(insert(events).values(job=job, number=number, kind=kind,
                                             data=json.dumps(data | {"at": time.time()})))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _said(error: BaseException) -> str:
    """The driver's sentence; the URL may hold a password and is not shown."""
    inner = getattr(error, "orig", None) or error
    return str(inner).strip().split("\n")[0][:300]
