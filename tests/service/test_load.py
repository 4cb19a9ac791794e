"""A thousand requests of fifty clients, a crashing model among them: every answer belongs to its question."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.service.server import TINY, Server, serving, warm_up
from tests.service.test_uploads import MODEL_TYPE, killer

CLIENTS, ROUNDS = 50, 20
CHOICES = ("validate", "validate", "validate", "broken", "broken", "status", "status", "product", "product", "nothing")


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service with two workers and a long queue."""
    with serving(tmp_path_factory.mktemp("busy") / "data", "--workers", "2", "--queue", "1000") as server:
        warm_up(server)
        yield server


def resident_bytes(pid: int) -> int:
    """Memory of a process. [B]"""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def capacity_text(number: int) -> str:
    """A scenario whose answer says which one it is: the life is in proportion to the capacity."""
    return TINY.replace("200 mAh", f"{capacity_uah(number)} uAh").replace("small device", f"device {number}")


def capacity_uah(number: int) -> int:
    """Capacity of a scenario: some weeks to years. [µAh]"""
    return 10_000 + number


class Client:
    """One of fifty: what it asks, and what it got."""

    def __init__(self, server: Server, number: int, model: bytes) -> None:
        self.server, self.number, self.model = server, number, model
        self.chance = random.Random(number)
        self.counts: Counter[str] = Counter()
        self.jobs: dict[str, int] = {}

    def play(self) -> Client:
        """Twenty requests."""
        for turn in range(ROUNDS):
            choice = "kill" if turn == 7 and self.number % 10 == 0 else (
                "run" if turn == 3 else self.chance.choice(CHOICES))
            self.counts[choice] += 1
            getattr(self, choice)(1_000 * (self.number + 1) + turn)
        return self

    def validate(self, number: int) -> None:
        name = f"s{number}"
        answer = self.server.call("POST", "/api/v1/validate", {"name": name, "text": capacity_text(number)})
        assert answer.status == 200 or answer.json()["code"] == "Busy"
        if answer.status == 200:
            assert answer.json()["ok"]
            expected = hashlib.sha256(capacity_text(number).encode()).hexdigest()
            assert answer.json()["hashes"] == {f"{name}.yaml": expected}

    def broken(self, number: int) -> None:
        text = capacity_text(number) + f"key_{number}: 1\n"
        answer = self.server.call("POST", "/api/v1/validate", {"name": f"s{number}", "text": text})
        assert answer.status == 200 or answer.json()["code"] == "Busy"
        if answer.status == 200:
            assert f"key_{number}" in answer.json()["problems"][0]["message"]

    def run(self, number: int) -> None:
        answer = self.server.ask("run", capacity_text(number), client=f"client-{self.number}", name=f"s{number}",
                                 options={"days": 1})
        assert answer.status == 202, answer.body
        self.jobs[answer.json()["id"]] = number

    def status(self, _number: int) -> None:
        for job in list(self.jobs)[:1]:
            assert self.server.call("GET", f"/api/v1/jobs/{job}").json()["names"] == [f"s{self.jobs[job]}"]

    def product(self, _number: int) -> None:
        assert self.server.call("GET", "/api/v1/products/fall_band").json()["name"] == "fall_band"

    def nothing(self, number: int) -> None:
        assert self.server.call("GET", f"/api/v1/jobs/{number:064x}").status == 404

    def kill(self, number: int) -> None:
        answer = self.server.call("POST", "/api/v1/models", self.model + number.to_bytes(8, "big"), kind=MODEL_TYPE)
        assert answer.status in (422, 503)
        assert answer.json()["code"] in ("ModelError", "Busy")


@pytest.mark.slow
def test_fifty_clients(busy: Server) -> None:
    model = killer()
    before = busy.workers()
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = list(pool.map(lambda number: Client(busy, number, model).play(), range(CLIENTS)))
    assert sum(sum(client.counts.values()) for client in clients) == CLIENTS * ROUNDS
    assert sum(client.counts["kill"] for client in clients) == 5
    lives = {}
    for client in clients:
        for job, number in client.jobs.items():
            assert busy.wait(job)["state"] == "done"
            document = busy.call("GET", f"/api/v1/results/{job}").json()["document"]
            assert document["scenario"] == f"s{number}.yaml"
            lives[number] = document["metrics"]["battery_life"]["value"]
    # An ideal cell lives in proportion to its capacity, so an answer to another question would show.
    assert len(lives) == CLIENTS
    per_uah = [life / capacity_uah(number) for number, life in lives.items()]
    assert max(per_uah) == pytest.approx(min(per_uah), rel=1e-6)
    assert len(busy.workers()) == len(before), "a process of the service was lost"
    assert not [row for row in busy.log_rows() if row["event"] in ("worker_lost", "checker_lost", "bug")]


@pytest.mark.slow
def test_memory_is_flat(busy: Server) -> None:
    """The service and its processes after the first requests, and after many more."""
    assert busy.process is not None
    pids = [busy.process.pid, *busy.workers()]

    def ask(count: int, start: int) -> list[int]:
        for number in range(start, start + count):
            text = capacity_text(500_000 + number)
            assert busy.call("POST", "/api/v1/validate", {"name": "m", "text": text}).status == 200
            if number % 10 == 0:
                busy.wait(busy.ask("run", text, options={"days": 1}).json()["id"])
        return [resident_bytes(pid) for pid in pids]

    first, later = ask(60, 0), ask(180, 60)
    grown = [after - before for before, after in zip(first, later, strict=True)]
    assert max(grown) < 12e6, [f"{size / 1e6:.1f} MB" for size in grown]
