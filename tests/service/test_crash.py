"""kill -9 of the service and of its processes in the middle of a job: nothing finished is lost, nothing runs twice."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from powerplan.files.library import data_root
from powerplan.results.document import to_json
from powerplan.study.optimize import optimize
from tests.service.server import Server, children_of, product, running, serving, until, warm_up

BUSY_PRODUCT = product("doorbell_camera")
LONGER = {"days": 3_000, "engine": "reference", "seed": 3}
"""With the busy product half a minute even on an idle machine: longer than the tests let it run."""


def long(seed: int) -> dict[str, object]:
    """Options of a run that takes a second or so."""
    return {"days": 100, "engine": "reference", "seed": seed}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service that these tests kill; each leaves it running."""
    with serving(tmp_path_factory.mktemp("own") / "data", "--workers", "1") as server:
        warm_up(server)
        yield server


def worker_of(server: Server) -> int:
    """The process that computes most: the one that runs the job."""
    def cpu_ticks(pid: int) -> int:
        after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(after[11]) + int(after[12])

    before = {pid: cpu_ticks(pid) for pid in server.workers()}
    time.sleep(0.5)
    return max(before, key=lambda pid: cpu_ticks(pid) - before[pid])


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_its_job_finishes(own: Server) -> None:
    job = own.ask("run", BUSY_PRODUCT, options=long(11) | {"days": 400}).json()["id"]
    until(lambda: running(own, job))
    before = own.workers()
    killed = worker_of(own)
    os.kill(killed, signal.SIGKILL)
    found = own.wait(job)
    assert (found["state"], found["attempt"]) == ("done", 2)
    assert killed not in own.workers()
    assert len(own.workers()) == len(before)


@pytest.mark.slow
def test_a_killed_service_leaves_no_process_and_takes_its_jobs_up(own: Server) -> None:
    done = own.ask("run", options={"days": 1, "seed": 1}).json()["id"]
    before = own.wait(done)
    answer = own.call("GET", f"/api/v1/results/{done}").body
    job = own.ask("run", BUSY_PRODUCT, options=long(12) | {"days": 200}).json()["id"]
    waiting = own.ask("run", options={"days": 1, "seed": 2}).json()["id"]
    until(lambda: running(own, job))
    children = own.workers()
    own.kill()
    until(lambda: not any(Path(f"/proc/{pid}").exists() and _alive(pid) for pid in children), 10)
    own.start()
    assert own.wait(job)["attempt"] == 2
    assert own.wait(waiting)["state"] == "done"
    assert own.call("GET", f"/api/v1/jobs/{done}").json() == before
    assert own.call("GET", f"/api/v1/results/{done}").body == answer


def _alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
def test_killed_again_and_again(own: Server) -> None:
    """Every job that was accepted ends, and each answer stands once, however often the service is killed."""
    begin = len(own.log_rows())
    jobs = [own.ask("run", options=long(20 + seed), client=f"c{seed}").json()["id"] for seed in range(4)]
    for pause_s in (0.0, 0.7):
        time.sleep(pause_s)
        own.kill()
        own.start()
    for job in jobs:
        assert own.wait(job)["state"] == "done"
        assert own.call("GET", f"/api/v1/results/{job}").json()["id"] == job
    done = [row["job"] for row in own.log_rows()[begin:] if row["event"] == "job_done"]
    assert len(done) == len(set(done))
    again = [own.ask("run", options=long(20 + seed)) for seed in range(4)]
    assert [answer.status for answer in again] == [200] * 4


SEARCH: dict[str, Any] = {
    "over": ["supply.leakage=5 uA,10 uA,20 uA", "environment.temperature=-5 degC,0 degC,10 degC,20 degC"],
    "thresholds": 0, "days": 28, "seed": 4}


def done_designs(server: Server, job: str) -> int:
    """How many designs of a search stand in what it has begun."""
    import sqlite3

    file = server.data / "begun" / job / "designs.sqlite"
    if not file.is_file():
        return 0
    try:
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as journal:
            return int(journal.execute("SELECT COUNT(*) FROM points WHERE status = 'done'").fetchone()[0])
    except sqlite3.OperationalError:  # it is just being made
        return 0


@pytest.mark.slow
def test_a_search_goes_on_where_it_stopped(own: Server) -> None:
    """Killed with its worker, then with the service: no design is played twice, and the answer is the same."""
    job = own.ask("optimize", BUSY_PRODUCT, options=SEARCH, name="doorbell_camera").json()["id"]
    until(lambda: done_designs(own, job) >= 2)
    for worker in own.workers():
        os.kill(worker, signal.SIGKILL)
    until(lambda: own.call("GET", f"/api/v1/jobs/{job}").json()["attempt"] == 2)
    known = done_designs(own, job)
    assert known >= 2
    until(lambda: done_designs(own, job) > known)
    own.kill()
    own.start()
    shares = [data["share"] for _, kind, data in own.events(job) if kind == "progress" and data["stage"] == "designs"]
    found = own.wait(job)
    assert (found["state"], found["attempt"]) == ("done", 3), found["problem"]
    # A design that is played again would be told again.
    assert shares == sorted(set(shares))
    assert not (own.data / "begun" / job).exists()
    document = own.call("GET", f"/api/v1/results/{job}").json()["document"]
    file = data_root() / "scenarios" / "doorbell_camera.yaml"
    straight = optimize(file, SEARCH["over"], thresholds=0, days=28, seed=4)
    assert document == json.loads(to_json(straight.document()))


@pytest.mark.slow
@pytest.mark.parametrize("end", ["cancel", "delete", "killed and deleted"])
def test_what_a_search_had_begun_goes_with_it(own: Server, end: str) -> None:
    options = SEARCH | {"seed": 5}
    job = own.ask("optimize", BUSY_PRODUCT, options=options).json()["id"]
    until(lambda: done_designs(own, job) >= 1)
    if end == "killed and deleted":
        import sqlite3

        own.kill()
        with sqlite3.connect(own.data / "journal.sqlite3") as journal:
            journal.execute("DELETE FROM powerplan_events WHERE job = ?", (job,))
            journal.execute("DELETE FROM powerplan_jobs WHERE id = ?", (job,))
        own.start()
    elif end == "delete":
        assert own.call("DELETE", f"/api/v1/jobs/{job}").status == 204
    else:
        own.call("POST", f"/api/v1/jobs/{job}/cancel")
    until(lambda: list((own.data / "begun").iterdir()) == [])


@pytest.mark.slow
def test_an_answer_that_was_written_is_kept_though_the_journal_does_not_know(own: Server) -> None:
    """The service dies between the answer and its line in the journal."""
    import sqlite3

    job = own.ask("run", options={"days": 1, "seed": 9}).json()["id"]
    own.wait(job)
    own.kill()
    with sqlite3.connect(own.data / "journal.sqlite3") as journal:
        journal.execute("UPDATE powerplan_jobs SET state = 'running', finished = NULL WHERE id = ?", (job,))
    made = (own.data / "results" / job / "answer.json").stat().st_mtime_ns
    own.start()
    assert own.wait(job)["attempt"] == 1
    assert (own.data / "results" / job / "answer.json").stat().st_mtime_ns == made


@pytest.mark.slow
def test_sigterm_drains(own: Server) -> None:
    job = own.ask("run", options=long(13)).json()["id"]
    until(lambda: running(own, job))
    waiting = own.ask("run", options={"days": 1, "seed": 5}).json()["id"]
    assert own.stop() == 143
    assert children_of(own.process.pid if own.process else 0) == []
    own.start()
    assert own.call("GET", f"/api/v1/jobs/{job}").json()["attempt"] == 1
    assert own.wait(job)["state"] == "done"
    assert own.wait(waiting)["attempt"] == 1


@pytest.mark.slow
def test_a_running_job_is_cancelled_at_once(own: Server) -> None:
    job = own.ask("run", BUSY_PRODUCT, options=LONGER).json()["id"]
    until(lambda: running(own, job))
    begin = time.monotonic()
    assert own.work()
    assert own.call("POST", f"/api/v1/jobs/{job}/cancel").json()["state"] == "cancelled"
    until(lambda: not own.work())
    after = own.ask("run", options={"days": 1, "seed": 6}).json()["id"]
    assert own.wait(after)["state"] == "done"
    assert time.monotonic() - begin < 30


@pytest.mark.slow
@pytest.mark.usefixtures("own")
def test_a_job_that_takes_too_long_fails_and_the_next_runs(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--workers", "1", "--timeout", "6") as server:
        job = server.wait(server.ask("run", BUSY_PRODUCT, options=LONGER).json()["id"])
        assert job["state"] == "failed"
        assert job["problem"]["code"] == "Deadline"
        # On a busy machine a short run may take as long; asking again runs it again.
        states = [server.wait(server.ask("run", options={"days": 1, "seed": 6}).json()["id"])["state"]
                  for _ in range(5)]
        assert "done" in states


def test_two_services_do_not_share_a_folder(service: Server) -> None:
    second = Server(service.data)
    with pytest.raises(AssertionError, match="another powerplan serve works in this folder"):
        second.start()
    assert second.process is not None
    assert second.process.returncode == 65
    assert service.call("GET", "/healthz").status == 200
