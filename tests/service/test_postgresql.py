"""The journal in PostgreSQL: against a real server that the test starts."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from powerplan.errors import ExitCode
from powerplan.service.jobs import IDLE_S
from powerplan.service.journal import AWAY, Journal, JournalProblem, NewJob
from tests.service.server import TINY, Server, product, running, serving, until, warm_up

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")


def program(name: str) -> Path | None:
    """A program of PostgreSQL: on the path, or where systems put it."""
    on_path = shutil.which(name)
    found = [Path(on_path)] if on_path else []
    for place in PLACES:
        found += sorted(Path("/").glob(f"{place[1:]}/{name}"), reverse=True)
    return found[0] if found else None


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Postgresql:
    """A PostgreSQL server in a folder, which can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        initdb, pg_ctl = program("initdb"), program("pg_ctl")
        if initdb is None or pg_ctl is None:
            pytest.skip("PostgreSQL's initdb and pg_ctl are not installed (Debian: apt-get install postgresql)")
        # PostgreSQL refuses to run as root, so root becomes somebody else for it.
        self.prefix: list[str] = []
        if os.geteuid() == 0:
            setpriv = shutil.which("setpriv")
            if setpriv is None:
                pytest.skip("PostgreSQL does not run as root, and setpriv is not installed")
            self.prefix = [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"]
            os.chown(folder, 65534, 65534)
        self.folder, self.port, self._control = folder, free_port(), pg_ctl
        self._call(str(initdb), "-D", str(folder / "db"), "-U", "planner", "-A", "trust", "-E", "UTF8", "--no-sync")

    @property
    def url(self) -> str:
        """What `--database` takes."""
        return f"postgresql+psycopg://planner@127.0.0.1:{self.port}/postgres"

    def _call(self, *arguments: str) -> None:
        done = subprocess.run([*self.prefix, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=120,
                              env=os.environ | {"HOME": str(self.folder), "LC_ALL": "C"}, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off"
        self._call(str(self._control), "-D", str(self.folder / "db"), "-l", str(self.folder / "log"), "-o", options,
                   "-w", "start")

    def stop(self) -> None:
        """Stop as in a crash: every connection breaks."""
        self._call(str(self._control), "-D", str(self.folder / "db"), "-m", "immediate", "-w", "stop")

    @contextmanager
    def away(self) -> Iterator[None]:
        """Stopped while the block runs."""
        self.stop()
        try:
            yield
        finally:
            self.start()


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Postgresql]:
    """A PostgreSQL server of this module's own; skips where none is installed."""
    with tempfile.TemporaryDirectory(prefix="powerplan-postgresql-") as folder:
        server = Postgresql(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def database(postgresql: Postgresql) -> str:
    """Its URL."""
    return postgresql.url


@pytest.fixture(params=["sqlite", "postgresql"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    """A journal, in each database."""
    url = request.getfixturevalue("database") if request.param == "postgresql" else f"sqlite:///{tmp_path / 'j'}"
    made = Journal(url)
    yield made
    for row in made.listing(200, None, None):
        made.finish(row["id"], "cancelled")
        made.forget(row["id"])
    made.close()


def job(name: str, client: str = "a") -> NewJob:
    """A job whose id is its name."""
    return NewJob(name, "run", [name], client, {"kind": "run", "text": "智能锁 \x00 \ud800"})


def test_one_life_of_a_job(journal: Journal) -> None:
    assert journal.add(job("one"), 2)[1]
    assert not journal.add(job("one"), 2)[1]
    claimed = journal.claim([])
    assert claimed is not None
    row, inputs = claimed
    assert (row["id"], row["state"], row["attempt"]) == ("one", "running", 1)
    assert inputs == job("one").inputs
    journal.progress("one", "simulating", 0.5)
    assert [kind for _, kind, _ in journal.told("one", 0)] == ["state", "state", "progress"]
    assert journal.finish("one", "done", 0)
    assert not journal.finish("one", "failed", 70)
    assert [(number, kind) for number, kind, _ in journal.told("one", 0)] == [(1, "state"), (2, "state"), (4, "state")]
    assert journal.counts() == {"done": 1}


def test_the_queue_is_fair_and_bounded(journal: Journal) -> None:
    for name, client in (("a1", "a"), ("a2", "a"), ("b1", "b")):
        assert journal.add(job(name, client), 3)[1]
    assert journal.add(job("c1", "c"), 3) == (None, False)
    first = journal.claim([])
    assert first is not None
    second = journal.claim(["a"])
    assert second is not None
    assert [first[0]["id"], second[0]["id"]] == ["a1", "b1"]
    assert journal.claim(["a", "b"]) is None
    assert journal.claim([], ["a2"]) is None
    assert journal.running() == ["a1", "b1"]


@pytest.mark.parametrize(("state", "exit_code", "again"), [
    pytest.param("done", ExitCode.OK, False, id="done"),
    pytest.param("cancelled", None, True, id="cancelled"),
    pytest.param("failed", ExitCode.DATA, False, id="the scenario is wrong"),
    pytest.param("failed", ExitCode.BUG, True, id="a process was lost"),
    pytest.param("failed", ExitCode.RESOURCE, True, id="time ran out"),
])
def test_what_is_asked_again(journal: Journal, state: str, exit_code: int | None, again: bool) -> None:
    journal.add(job("one"), 2)
    journal.claim([])
    journal.finish("one", state, exit_code)
    row, new = journal.add(job("one"), 2)
    assert row is not None
    assert new is again
    assert row["state"] == ("queued" if again else state)


def test_a_journal_has_one_service(database: str) -> None:
    first = Journal(database)
    with pytest.raises(JournalProblem, match="another powerplan serve"):
        Journal(database)
    first.close()
    Journal(database).close()


def test_a_journal_whose_database_came_back_has_one_service_again(postgresql: Postgresql) -> None:
    """The lock went with the connection; who comes first has it, and the other writes nothing."""
    first = Journal(postgresql.url)
    first.add(job("kept"), 5)
    with postgresql.away(), pytest.raises(AWAY):
        first.add(job("lost"), 5)
    assert first.add(job("kept"), 5)[1] is False
    with pytest.raises(JournalProblem, match="another powerplan serve"):
        Journal(postgresql.url)
    with postgresql.away(), pytest.raises(AWAY):
        first.counts()
    second = Journal(postgresql.url)
    with pytest.raises(JournalProblem, match="another powerplan serve"):
        first.finish("kept", "cancelled")
    assert second.finish("kept", "cancelled")
    assert second.forget("kept")
    second.close()
    assert first.counts() == {}
    assert first.add(job("again"), 5)[1]
    first.finish("again", "cancelled")
    first.forget("again")
    first.close()


@pytest.mark.parametrize("url", [
    pytest.param("postgresql+psycopg://planner:secret@127.0.0.1:1/x", id="nobody there"),
    pytest.param("nonsense://x", id="no such database"),
    pytest.param("not a url", id="no URL"),
])
def test_a_database_that_is_not_there(url: str) -> None:
    with pytest.raises(JournalProblem) as caught:
        Journal(url)
    assert "secret" not in str(caught.value)


@pytest.mark.slow
def test_a_service_on_postgresql(database: str, tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--workers", "1", "--database", database) as server:
        warm_up(server)
        events = list(server.events(server.ask("run", options={"days": 1, "seed": 2}).json()["id"]))
        assert [data["state"] for _, kind, data in events if kind == "state"] == ["queued", "running", "done"]
        _killed_while_running(server)
    assert not (tmp_path / "data" / "journal.sqlite3").exists()


def _killed_while_running(server: Server) -> None:
    """The service is killed, and the next one finishes the job."""
    asked = server.ask("run", options={"days": 60, "engine": "reference", "seed": 3}).json()["id"]
    server.kill()
    server.start()
    assert server.wait(asked)["state"] == "done"


BUSY = {"days": 200, "engine": "reference", "seed": 3}
"""Options of a run that takes seconds and tells how far it is."""


@pytest.mark.slow
def test_a_database_that_goes_away_while_jobs_run(postgresql: Postgresql, tmp_path: Path) -> None:
    """Jobs go on, requests are told plainly, and everything stands in the journal once it is back, each once."""
    with ThreadPoolExecutor(1) as pool, \
            serving(tmp_path / "data", "--workers", "2", "--database", postgresql.url) as server:
        warm_up(server)
        begin = len(server.log_rows())
        long = server.ask("run", product("doorbell_camera"), client="a", options=BUSY).json()["id"]
        refused = server.ask("solve", client="b", options={"key": "nowhere", "until": "battery_life >= 2 days"})
        waiting = [server.ask("run", client=client, options={"days": 1, "seed": 50}, name=client).json()["id"]
                   for client in ("a", "c", "d")]
        heard = pool.submit(lambda: list(server.events(long)))
        until(lambda: running(server, long))
        with postgresql.away():
            for method, path, body in (
                    ("GET", "/healthz", None), ("GET", "/api/v1/jobs", None), ("GET", f"/api/v1/jobs/{long}", None),
                    ("GET", f"/api/v1/results/{long}", None), ("POST", f"/api/v1/jobs/{long}/cancel", None),
                    ("POST", "/api/v1/jobs", {"kind": "run", "scenario": {"text": TINY}})):
                answer = server.call(method, path, body)
                assert answer.status == 503, path
                assert answer.headers["Content-Type"] == "application/problem+json"
                assert answer.headers["Retry-After"]
                assert answer.json()["code"] == "JournalAway"
            assert server.call("POST", "/api/v1/validate", {"text": TINY}).json()["ok"], "what needs no journal works"
            # The long run ends meanwhile; nobody can be told.
            until(lambda: (server.data / "results" / long / "answer.json").is_file())
            time.sleep(2 * IDLE_S)
        for one in (long, *waiting):
            found = server.wait(one)
            assert (found["state"], found["attempt"]) == ("done", 1)
        failed = server.wait(refused.json()["id"])
        assert (failed["state"], failed["attempt"]) == ("failed", 1)
        states = [data["state"] for _, kind, data in heard.result() if kind == "state"]
        assert states == ["queued", "running", "done"]
        assert server.wait(server.ask("run", options={"days": 1, "seed": 51}).json()["id"])["state"] == "done"
        rows = server.log_rows()[begin:]
        assert [row["job"] for row in rows if row["event"] == "job_done"].count(long) == 1
        assert not [row for row in rows if row["event"] in ("bug", "worker_lost")]
        with pytest.raises(JournalProblem, match="another powerplan serve"):
            Journal(postgresql.url)


@pytest.mark.slow
def test_a_service_that_ends_while_its_database_is_away(postgresql: Postgresql, tmp_path: Path) -> None:
    """It drains as always; the next service takes up what this one could not note, and keeps its answers."""
    with serving(tmp_path / "data", "--workers", "1", "--database", postgresql.url) as server:
        asked = server.ask("run", options={"days": 2, "seed": 52}).json()["id"]
        until(lambda: running(server, asked) or server.wait(asked)["state"] == "done")
        with postgresql.away():
            until(lambda: (server.data / "results" / asked / "answer.json").is_file())
            assert server.stop() == 143
            refused = Server(server.data, server.options)
            with pytest.raises(AssertionError, match="the journal cannot be opened"):
                refused.start()
        server.start()
        found = server.wait(asked)
        assert (found["state"], found["attempt"]) == ("done", 1)
