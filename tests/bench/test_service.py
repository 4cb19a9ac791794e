"""Throughput and latency of the service's `validate` and `run`; figures are printed, counts are asserted."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.service.server import Server, product, serving, warm_up

VALIDATIONS_COUNT, RUNS_COUNT, CLIENTS_COUNT = 60, 12, 4
PRODUCT = "doorbell_camera"


def timed(ask: Callable[[int], None], count: int) -> list[float]:
    """Seconds of each of several calls, by a few clients at one time."""
    def one(number: int) -> float:
        begin = time.perf_counter()
        ask(number)
        return time.perf_counter() - begin

    with ThreadPoolExecutor(CLIENTS_COUNT) as pool:
        return sorted(pool.map(one, range(count)))


def shown(name: str, seconds: list[float], whole_s: float) -> str:
    """The figures as a line."""
    p50, p95 = (1e3 * seconds[int(share * (len(seconds) - 1))] for share in (0.5, 0.95))
    return f"{name:<28} {len(seconds) / whole_s:6.1f}/s  p50 {p50:7.1f} ms  p95 {p95:7.1f} ms"


@pytest.mark.slow
def test_throughput(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = product(PRODUCT)
    with serving(tmp_path / "data", "--workers", "2") as server:
        warm_up(server)
        rows = [_measured("validate, new text", lambda number: _validate(server, f"{text}# {number}\n"),
                          VALIDATIONS_COUNT),
                _measured("validate, known text", lambda number: _validate(server, f"{text}# {number % 4}\n"),
                          VALIDATIONS_COUNT),
                _measured("run, until its answer", lambda number: _run(server, text, number), RUNS_COUNT),
                _measured("run, asked again", lambda number: _run(server, text, number), RUNS_COUNT)]
        jobs = server.call("GET", "/api/v1/jobs?limit=200").json()["jobs"]
    assert len(jobs) == RUNS_COUNT + 1
    assert all((job["state"], job["attempt"]) == ("done", 1) for job in jobs)
    with capsys.disabled():
        print("\n" + "\n".join(rows))


def _measured(name: str, ask: Callable[[int], None], count: int) -> str:
    begin = time.perf_counter()
    seconds = timed(ask, count)
    assert len(seconds) == count
    return shown(name, seconds, time.perf_counter() - begin)


def _validate(server: Server, text: str) -> None:
    assert server.call("POST", "/api/v1/validate", {"name": PRODUCT, "text": text}).json()["ok"]


def _run(server: Server, text: str, number: int) -> None:
    """One run of seven days, from the question to its result."""
    asked = server.ask("run", text, name=PRODUCT, client=f"client-{number % CLIENTS_COUNT}",
                       options={"days": 7, "seed": number})
    job = asked.json()["id"]
    if asked.status == 202:
        assert [data["state"] for _, kind, data in server.events(job) if kind == "state"][-1] == "done"
    assert server.call("GET", f"/api/v1/results/{job}").json()["id"] == job
