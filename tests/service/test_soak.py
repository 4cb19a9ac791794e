"""A service that is kept busy: after every round of mixed work it stands as it stood after the first.

By default two rounds; POWERPLAN_SOAK_S=1200 goes on for so many seconds, and `pytest -s` shows every round.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.service.server import TINY, Server, product, serving, until, warm_up
from tests.service.test_uploads import MODEL_TYPE, killer

SOAK_S = float(os.environ.get("POWERPLAN_SOAK_S", "0"))
FEWEST_ROUNDS_COUNT = 2
SETTLED_ROUND = 5
"""From this round on every path has been taken by every process, and what memory is kept for later is there."""
GROWTH_BYTES = 40_000_000
"""Of any process, over the whole soak."""
HANDLES_COUNT = 12
"""Connections to the journal that the pool may open and keep."""
ENDED = ("done", "failed", "cancelled")


@dataclass(frozen=True)
class State:
    """What a service holds when it has nothing to do."""

    handles_count: int
    threads_count: int
    largest_bytes: dict[str, int]
    """Kind of process -> memory of its largest one."""

    @classmethod
    def of(cls, server: Server) -> State:
        """As it is now."""
        assert server.process is not None
        own = Path(f"/proc/{server.process.pid}")
        status = dict(line.split(":\t", 1) for line in (own / "status").read_text().splitlines() if ":\t" in line)
        sizes = {"service": _bytes(server.process.pid)}
        for pid in server.workers():
            name = _name(pid)
            sizes[name] = max(sizes.get(name, 0), _bytes(pid))
        return cls(len(list((own / "fd").iterdir())), int(status["Threads"]), sizes)


def _bytes(pid: int) -> int:
    """Memory of a process. [B]"""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def _name(pid: int) -> str:
    """`worker` or `checker`, as its command line says."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return next((word.decode().split("-")[0] for word in words if word.startswith((b"worker-", b"checker-"))), "other")


def inside(server: Server) -> list[int]:
    """Every process that works in the data folder, whoever started it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if path.resolve().is_relative_to(server.data):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return sorted(found)


@dataclass
class Crowd:
    """Who uses the service; every question is asked once in a soak."""

    server: Server
    model: bytes
    numbers: Iterator[int]
    """Never the same twice."""

    def play(self) -> None:
        """One round: all at once, and then everything that was asked is removed."""
        parts = (self.runs, self.studies, self.cancels, self.crashes, self.checks, self.leavers)
        with ThreadPoolExecutor(len(parts)) as pool:
            for done in [pool.submit(part) for part in parts]:
                done.result()
        for job in self.server.call("GET", "/api/v1/jobs?limit=200").json()["jobs"]:
            assert job["state"] in ENDED, job
            assert self.server.call("DELETE", f"/api/v1/jobs/{job['id']}").status == 204

    def ask(self, kind: str, client: str, text: str = TINY, **options: Any) -> str:
        """Ask for a job."""
        answer = self.server.ask(kind, text, client=client, options={"seed": next(self.numbers), **options})
        assert answer.status == 202, answer.body
        return str(answer.json()["id"])

    def done(self, job: str) -> None:
        """Wait for a job, and read all of its files."""
        found = self.server.wait(job)
        assert found["state"] == "done", found["problem"]
        for file in self.server.call("GET", f"/api/v1/results/{job}").json()["files"]:
            assert self.server.call("GET", f"/api/v1/results/{job}/{file['name']}").status == 200

    def runs(self) -> None:
        for job in [self.ask(kind, "runs", days=1) for kind in ("run", "verify", "report")]:
            self.done(job)

    def studies(self) -> None:
        for kind, options in (("fleet", {"units": 20}), ("sensitivity", {}),
                              ("optimize", {"over": ["tasks.alive.when.every=30 min,1 h"], "thresholds": 0}),
                              ("solve", {"key": "tasks.alive.when.every", "until": "battery_life >= 100 days"})):
            self.done(self.ask(kind, "studies", days=1, **options))
        broken = self.server.wait(self.ask("run", "studies", TINY + "nothing: 1\n"))
        assert broken["state"] == "failed"

    def cancels(self) -> None:
        """A search is cancelled with what it has begun, a run as it runs, another as it waits."""
        text, long = product("doorbell_camera"), {"days": 3_000, "engine": "reference"}
        search = self.ask("optimize", "cancels", text, days=28, over=["supply.leakage=1 uA..50 uA/12"], thresholds=0)
        until(lambda: (self.server.data / "begun" / search).is_dir())
        self.cancel(search)
        runs, waits = self.ask("run", "cancels", text, **long), self.ask("run", "cancels", text, **long)
        until(lambda: self.server.call("GET", f"/api/v1/jobs/{runs}").json()["state"] == "running")
        self.cancel(waits)
        self.cancel(runs)

    def cancel(self, job: str) -> None:
        assert self.server.call("POST", f"/api/v1/jobs/{job}/cancel").json()["state"] == "cancelled"

    def crashes(self) -> None:
        for _ in range(2):
            model = self.model + next(self.numbers).to_bytes(8, "big")
            answer = self.server.call("POST", "/api/v1/models", model, kind=MODEL_TYPE)
            assert (answer.status, answer.json()["code"]) == (422, "ModelError")
            sha256 = hashlib.sha256(model).hexdigest()
            assert self.server.call("GET", f"/api/v1/models/{sha256}").status == 404

    def checks(self) -> None:
        for _ in range(8):
            text = TINY.replace("200 mAh", f"{1_000 + next(self.numbers)} mAh")
            assert self.server.call("POST", "/api/v1/validate", {"text": text}).json()["ok"]
            assert not self.server.call("POST", "/api/v1/validate", {"text": text + "x: 1\n"}).json()["ok"]

    def leavers(self) -> None:
        """Streams that nobody reads on, bodies that never come, sockets half closed, answers not waited for."""
        job = self.ask("run", "leavers", days=2)
        for path in (f"/api/v1/jobs/{job}/events", f"/api/v1/jobs/{job}"):
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
            connection.request("GET", path)
            connection.getresponse().read(10)
            connection.close()
        for sent, half in ((b"", False), (b"GET /healthz HTT", True), (b"POST /api/v1/jobs HTTP/1.1\r\n", True),
                           (b"GET /api/v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", False)):
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=30) as one:
                one.sendall(sent)
                if half:
                    one.shutdown(socket.SHUT_WR)
        self.done(job)


def settle(server: Server) -> State:
    """The service when everything has ended: nothing may be left of any job."""
    until(lambda: not server.work())
    until(lambda: not list((server.data / "begun").iterdir()))
    for name in ("results", "model", "scores"):
        assert not list((server.data / name).iterdir()), name
    assert server.call("GET", "/api/v1/jobs").json()["jobs"] == []
    assert set(inside(server)) <= set(server.workers()), "a process was left behind"
    assert len(server.workers()) <= 3
    # Connections that were left end when the service notices.
    state = State.of(server)
    deadline = time.monotonic() + 30
    while (later := State.of(server)).handles_count < state.handles_count or time.monotonic() < deadline - 29:
        state = later
        time.sleep(0.5)
    return later


@pytest.mark.slow
def test_soak(tmp_path: Path) -> None:
    model = killer()
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    states: list[State] = []
    with serving(tmp_path / "data", "--workers", "2", TMPDIR=str(temporary)) as server:
        warm_up(server)
        for job in server.call("GET", "/api/v1/jobs").json()["jobs"]:
            server.call("DELETE", f"/api/v1/jobs/{job['id']}")
        crowd = Crowd(server, model, count(1))
        begin = time.monotonic()
        while len(states) < FEWEST_ROUNDS_COUNT or time.monotonic() - begin < SOAK_S:
            crowd.play()
            states.append(settle(server))
            print(f"round {len(states)}, {time.monotonic() - begin:.0f} s: {states[-1].handles_count} handles, "
                  f"{states[-1].threads_count} threads, " + ", ".join(
                      f"{name} {size / 1e6:.0f} MB" for name, size in sorted(states[-1].largest_bytes.items())),
                  flush=True)
            left = sorted(path.name for path in temporary.iterdir())
            assert not left, left
        first, last = states[min(SETTLED_ROUND, len(states)) - 1], states[-1]
        assert last.handles_count <= states[0].handles_count + HANDLES_COUNT
        assert last.threads_count <= states[0].threads_count + 40, "the pool of threads is bounded"
        for name, size in last.largest_bytes.items():
            assert size < first.largest_bytes.get(name, size) + GROWTH_BYTES, name
        assert not [row for row in server.log_rows() if row["event"] in ("bug", "journal_away", "checker_lost")]
        assert server.stop() == 143
        assert not inside(server)
    assert not list(temporary.iterdir())
