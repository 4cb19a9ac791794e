"""Counters of the service for `/metrics`, in the text format of Prometheus."""

from __future__ import annotations

import os
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 20.0)


class Metrics:
    """What one service counts."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter("powerplan_requests", "Requests answered.", ("method", "route", "status"),
                                 registry=self._registry)
        self._seconds = Histogram("powerplan_request_seconds", "Time until the answer was sent.", ("route",),
                                  buckets=SECONDS, registry=self._registry)
        self._jobs = Gauge("powerplan_jobs", "Jobs in the journal.", ("state",), registry=self._registry)
        self._started = Gauge("powerplan_processes_started", "How often a process was started.", ("name",),
                              registry=self._registry)
        self._resident = Gauge("powerplan_resident_bytes", "Memory of the service's own process.",
                               registry=self._registry)

    def request(self, method: str, route: str, status: int, took_s: float) -> None:
        """Count an answered request."""
        self._requests.labels(method if method.isalpha() and len(method) < 8 else "?", route, str(status)).inc()
        self._seconds.labels(route).observe(took_s)

    def text(self, jobs: Mapping[str, int], started: Mapping[str, int]) -> bytes:
        """Everything counted, now."""
        for state in ("queued", "running", "done", "failed", "cancelled"):
            self._jobs.labels(state).set(jobs.get(state, 0))
        for name, count in started.items():
            self._started.labels(name).set(count)
        self._resident.set(resident_bytes())
        return generate_latest(self._registry)


def resident_bytes() -> int:
    """Memory of this process; 0 where the system does not tell. [B]"""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
