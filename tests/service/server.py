"""A service in a process of its own, and a small client."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from powerplan.files.library import data_root

ROOT = Path(__file__).resolve().parents[2]
START_S = 60.0
COMPILE_S = 300.0
TINY = """
powerplan: 1
product: {name: a small device}
supply: {battery: {capacity: 200 mAh, voltage: 3 V, ideal: true}}
parts:
  mcu: {kind: mcu, run_current: 4 mA, sleep_current: 2 uA, wake_time: 1 ms}
  radio: {kind: load, current: 8 mA}
tasks:
  alive: {when: {every: 1 h}, do: [{run: radio, for: 5 ms}]}
requirements:
  REQ-1: battery_life >= 30 days
"""


@dataclass(frozen=True)
class Answer:
    """Status, headers and body of an answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        """The body as data."""
        return json.loads(self.body)


@dataclass
class Server:
    """A running `powerplan serve`."""

    data: Path
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def log_file(self) -> Path:
        """What the service logs."""
        return self.data.with_suffix(".log")

    def start(self) -> None:
        """Start it and wait until it listens."""
        with self.log_file.open("ab") as log:
            begin = log.tell()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "powerplan.cli.app", "serve", "--port", str(self.port), "--data",
                 str(self.data), *self.options],
                cwd=ROOT, stdout=log, stderr=log, env=os.environ | self.environment)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            for row in self.log_rows(begin):
                if row["event"] == "listening":
                    self.port = row["port"]
                    return
            time.sleep(0.05)
        raise AssertionError(f"the service does not start:\n{self.log_file.read_text()[-3000:]}")

    def log_rows(self, begin: int = 0) -> list[dict[str, Any]]:
        """The complete lines of the log."""
        lines = self.log_file.read_bytes()[begin:].split(b"\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith(b"{")]

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def call(self, method: str, path: str, body: Any = None, *, kind: str = "application/json",
             headers: dict[str, str] | None = None, timeout_s: float = 60.0) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            return request(connection, method, path, body, kind=kind, headers=headers)
        finally:
            connection.close()

    def ask(self, kind: str, text: str = TINY, *, client: str = "tester", options: dict[str, Any] | None = None,
            name: str = "tiny") -> Answer:
        """Ask for a job with one scenario."""
        body = {"kind": kind, "scenario": {"name": name, "text": text}, "options": options or {}}
        return self.call("POST", "/api/v1/jobs", body, headers={"Client-Id": client})

    def wait(self, job: str, deadline_s: float = COMPILE_S) -> dict[str, Any]:
        """The job when it has ended."""
        deadline = time.monotonic() + deadline_s
        while time.monotonic() < deadline:
            found: dict[str, Any] = self.call("GET", f"/api/v1/jobs/{job}").json()
            if found["state"] in ("done", "failed", "cancelled"):
                return found
            time.sleep(0.1)
        raise AssertionError(f"the job has not ended: {found}")

    def events(self, job: str, headers: dict[str, str] | None = None) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """Server-sent events: (number, kind, data)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", f"/api/v1/jobs/{job}/events", headers=headers or {})
        fields: dict[str, str] = {}
        for line in connection.getresponse():
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if value:
                if name:  # without one it is a comment
                    fields[name] = value
            elif fields:
                yield int(fields["id"]), fields["event"], json.loads(fields["data"])
                fields = {}
        connection.close()

    def work(self) -> list[Path]:
        """Folders of work in progress."""
        return list((self.data / "work").glob("*/*"))

    def workers(self) -> list[int]:
        """Process numbers of the service's own processes."""
        assert self.process is not None
        return children_of(self.process.pid)


def request(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None, *,
            kind: str = "application/json", headers: dict[str, str] | None = None) -> Answer:
    """One request on an open connection."""
    given = dict(headers or {})
    data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    if data is not None:
        given["Content-Type"] = kind
    connection.request(method, path, data, given)
    answer = connection.getresponse()
    return Answer(answer.status, answer.headers, answer.read())


def children_of(parent: int) -> list[int]:
    """Processes whose parent is the given one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            after = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after[1]) == parent:
            found.append(int(path.parent.name))
    return sorted(found)


def product(name: str) -> str:
    """Text of a shipped scenario."""
    return (data_root() / "scenarios" / f"{name}.yaml").read_text(encoding="utf-8")


@contextmanager
def serving(data: Path, *options: str, **environment: str) -> Iterator[Server]:
    """A service while the block runs."""
    server = Server(data, options, environment)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def warm_up(server: Server) -> None:
    """One job, so that no test waits for the engines to be compiled on a fresh checkout."""
    job = server.wait(server.ask("run", options={"days": 1, "seed": 7}).json()["id"])
    assert job["state"] == "done", job["problem"]


def until(wanted: Callable[[], bool], deadline_s: float = 60.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + deadline_s
    while not wanted():
        assert time.monotonic() < deadline, "it does not come to hold"
        time.sleep(0.02)


def running(server: Server, job: str) -> bool:
    """Whether a job runs."""
    return bool(server.call("GET", f"/api/v1/jobs/{job}").json()["state"] == "running")
