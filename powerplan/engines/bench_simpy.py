"""Plain SimPy programs of the benchmark devices, written by hand as one would: the base of the ratios.

Same semantics, same counts; no tables, no traces, no joint states: processes, a resource, and sums of time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import simpy

from powerplan.plan.codes import NS_PER_S
from powerplan.plan.world import World

MS = 1_000_000
Process = Generator[simpy.Event, Any, None]


@dataclass
class Count:
    """What a plain simulation counts."""

    finished: Counter[str] = field(default_factory=Counter)
    level_2: int = 0
    detections: int = 0
    busy_ns: Counter[str] = field(default_factory=Counter)


class WakeWord:
    """Level 1 every 20 ms, level 2 where it passes, a radio message for each detection."""

    def __init__(self, world: World, low_1: float = 0.5, low_2: float = 0.6) -> None:
        self.env = simpy.Environment()
        self.cpu = simpy.Resource(self.env)
        self.heard = world.activations[1]
        self.score = dict(zip(self.heard.candidate.tolist(), self.heard.score.tolist(), strict=True))
        self.low_1, self.low_2 = low_1, low_2
        self.count, self.quiet_until = Count(), 0

    def hear(self) -> Process:
        """One activation after the other."""
        period_ns = int(self.heard.run_period_ns[0])
        for number in range(int(self.heard.run_count[0])):
            wait_ns = number * period_ns - int(self.env.now)
            if wait_ns > 0:
                yield self.env.timeout(wait_ns)
            with self.cpu.request() as turn:
                yield turn
                yield self.env.timeout(5 * MS)
                self.count.busy_ns["level 1"] += 5 * MS
                score = self.score.get(number)
                if score is not None and score[0] >= self.low_1:
                    yield self.env.timeout(12 * MS)
                    self.count.level_2 += 1
                    self.count.busy_ns["level 2"] += 12 * MS
                    if score[1] >= self.low_2 and self.env.now >= self.quiet_until:
                        self.quiet_until = int(self.env.now) + 2 * NS_PER_S
                        self.count.detections += 1
                        self.env.process(self.answer())
            self.count.finished["hear"] += 1

    def answer(self) -> Process:
        """A radio message."""
        with self.cpu.request() as turn:
            yield turn
            yield self.env.timeout(50 * MS)
            self.count.busy_ns["radio"] += 50 * MS
        self.count.finished["answer"] += 1

    def run(self, horizon_ns: int) -> Count:
        """Counts up to the horizon."""
        self.env.process(self.hear())
        self.env.run(until=horizon_ns)
        return self.count


class Doorbell:
    """Camera and two levels for each motion, Wi-Fi for each detection and for live views."""

    def __init__(self, world: World, low_1: float = 0.5, low_2: float = 0.6) -> None:
        self.env = simpy.Environment()
        self.cpu = simpy.PriorityResource(self.env)
        self.world, self.low_1, self.low_2 = world, low_1, low_2
        self.count, self.quiet_until = Count(), 0
        self.looking, self.waiting = False, 0

    def motions(self) -> Process:
        """Motions come; one may wait while another is looked at."""
        drawn = self.world.activations[0]
        for number, at_ns in enumerate(drawn.run_start_ns.tolist()):
            if at_ns > self.env.now:
                yield self.env.timeout(at_ns - self.env.now)
            self.env.process(self.look(drawn.score[number]))

    def look(self, score: Any) -> Process:
        """Camera, level 1, level 2, decision."""
        with self.cpu.request(priority=0) as turn:
            yield turn
            for part, lasts_ms in (("wake", 3), ("boot", 300), ("capture", 100), ("level 1", 120)):
                yield self.env.timeout(lasts_ms * MS)
                self.count.busy_ns[part] += lasts_ms * MS
            if score[0] >= self.low_1:
                yield self.env.timeout(700 * MS)
                self.count.level_2 += 1
                self.count.busy_ns["level 2"] += 700 * MS
                if score[1] >= self.low_2 and self.env.now >= self.quiet_until:
                    self.quiet_until = int(self.env.now) + 30 * NS_PER_S
                    self.count.detections += 1
                    self.env.process(self.send("ring", 400, 0))
        self.count.finished["look"] += 1

    def send(self, name: str, lasts_ms: int, priority: int) -> Process:
        """Join the network, send."""
        with self.cpu.request(priority=priority) as turn:
            yield turn
            for part, part_ms in (("join", 900), ("send", lasts_ms)):
                yield self.env.timeout(part_ms * MS)
                self.count.busy_ns[part] += part_ms * MS
        self.count.finished[name] += 1

    def live_views(self) -> Process:
        """A live view a day."""
        drawn = self.world.activations[2]
        for number in range(int(drawn.run_count[0])):
            at_ns = int(drawn.run_start_ns[0]) + number * int(drawn.run_period_ns[0])
            if at_ns > self.env.now:
                yield self.env.timeout(at_ns - self.env.now)
            self.env.process(self.send("live view", 60_000, 1))

    def run(self, horizon_ns: int) -> Count:
        """Counts up to the horizon."""
        self.env.process(self.motions())
        self.env.process(self.live_views())
        self.env.run(until=horizon_ns)
        return self.count


class Contention:
    """Periodic tasks that share one processor."""

    def __init__(self, periods_ns: tuple[int, ...], lasts_ns: tuple[int, ...]) -> None:
        self.env = simpy.Environment()
        self.cpu = simpy.PriorityResource(self.env)
        self.count = Count()
        for number, (period_ns, lasts) in enumerate(zip(periods_ns, lasts_ns, strict=True)):
            self.env.process(self.task(number, period_ns, lasts))

    def task(self, number: int, period_ns: int, lasts_ns: int) -> Process:
        """One activation after the other, in two halves; releases that came meanwhile wait."""
        release_ns = number
        while True:
            if release_ns > self.env.now:
                yield self.env.timeout(release_ns - self.env.now)
            with self.cpu.request(priority=number) as turn:
                yield turn
                for half in range(2):
                    yield self.env.timeout(lasts_ns // 2)
                    self.count.busy_ns[f"half {half}"] += lasts_ns // 2
            self.count.finished[f"task {number}"] += 1
            release_ns += period_ns

    def run(self, horizon_ns: int) -> Count:
        """Counts up to the horizon."""
        self.env.run(until=horizon_ns)
        return self.count
