"""The journal in PostgreSQL: against a real server that the test starts."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from powerplan.errors import ExitCode
from powerplan.service.journal import Journal, JournalProblem, NewJob
from tests.service.server import Server, serving, warm_up

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


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """URL of a PostgreSQL server of this module's own; skips where none is installed."""
    with tempfile.TemporaryDirectory(prefix="powerplan-postgresql-") as folder:
        yield from started(Path(folder))


def started(folder: Path) -> Iterator[str]:
    """A PostgreSQL server in a folder."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("PostgreSQL's initdb and pg_ctl are not installed (Debian: apt-get install postgresql)")
    # PostgreSQL refuses to run as root, so root becomes somebody else for it.
    prefix: list[str] = []
    if os.geteuid() == 0:
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("PostgreSQL does not run as root, and setpriv is not installed")
        prefix = [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"]
        os.chown(folder, 65534, 65534)
    port = free_port()

    def call(*arguments: str) -> None:
        done = subprocess.run([*prefix, *arguments], cwd=folder, capture_output=True, text=True, timeout=120,
                              env=os.environ | {"HOME": str(folder), "LC_ALL": "C"}, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stdout + done.stderr

    call(str(initdb), "-D", str(folder / "db"), "-U", "planner", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
    call(str(pg_ctl), "-D", str(folder / "db"), "-l", str(folder / "log"), "-o", options, "-w", "start")
    try:
        yield f"postgresql+psycopg://planner@127.0.0.1:{port}/postgres"
    finally:
        call(str(pg_ctl), "-D", str(folder / "db"), "-m", "immediate", "-w", "stop")


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
