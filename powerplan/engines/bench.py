"""The benchmark of the engines on this machine, as ratios to plain SimPy within one run. CPU time, counts checked.

Plain SimPy keeps counts and sums of time. The engines keep what a Record holds; of its rows, the fast engine notes what
it needs to list them when they are asked for, and `with_rows` is its speed with all of them listed.
"""

from __future__ import annotations

import gc
import platform
import resource
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import numpy as np

from powerplan.engines import bench_devices as devices
from powerplan.engines import bench_simpy, fast, reference
from powerplan.engines.blocks import run_blocks
from powerplan.engines.record import Record
from powerplan.engines.sweep import sweep
from powerplan.plan.codes import NS_PER_DAY
from powerplan.plan.plan import Plan
from powerplan.plan.world import World

DAYS_PER_YEAR = 365.0
SIMPY_DAYS = {"wake_word": 0.02, "doorbell": 90.0}
EVENTS_PER_ACTIVATION = 4
"""Release, grant and the ends of two phases."""
YEARS = {"wake_word": 2.0, "doorbell": 4.0}
ROUNDS = 8


class CountsDiffer(RuntimeError):
    """Two programs that ought to count the same do not: a speed-up that changes behaviour is none."""


def cpu_seconds(call: Callable[[], object], repeats: int = 5, at_least_s: float = 0.5) -> float:
    """Shortest CPU time of some calls: so many, and short ones again until they took that long together. [s]"""
    best, spent_s, done = float("inf"), 0.0, 0
    while done < repeats or spent_s < at_least_s:
        begun = time.process_time()
        call()
        took_s = time.process_time() - begun
        best, spent_s, done = min(best, took_s), spent_s + took_s, done + 1
    return best


def shortest_times(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Shortest CPU time of each call; all have their turn in every round, so a busy machine slows all alike. [s]"""
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(ROUNDS):
        for name, call in calls.items():
            best[name] = min(best[name], cpu_seconds(call, 1, 0.2))
    return best


DRAWN: dict[str, Callable[[float, int], World]] = {"wake_word": devices.wake_word_world,
                                                   "doorbell": devices.doorbell_world}
"""How each device draws a World of so many days from a seed."""


def device(name: str, days: float) -> tuple[Plan, World, Callable[[], bench_simpy.Count]]:
    """Plan and World of a benchmark device, and its plain SimPy program."""
    world = DRAWN[name](days, 1)
    if name == "wake_word":
        return devices.wake_word_plan(), world, lambda: bench_simpy.WakeWord(world).run(world.horizon_ns)
    return devices.doorbell_plan(), world, lambda: bench_simpy.Doorbell(world).run(world.horizon_ns)


def replicas(plan: Plan, draw: Callable[[float, int], World], days: float) -> Iterator[Record]:
    """Runs of one Plan without end, each in a World of its own."""
    for seed in count():
        world = draw(days, seed)
        yield fast.run(plan, world)


def check_counts(plan: Plan, world: World, plain: bench_simpy.Count) -> None:
    """Refuse a comparison whose programs count differently. Raises CountsDiffer."""
    record = fast.run(plan, world)
    counted = {task: int(count) for task, count in zip(plan.task_names, record.task_finished, strict=True) if count}
    level_2, detections = int(record.level_seen[1]), int(record.detections[0])
    if (dict(plain.finished), plain.level_2, plain.detections) != (counted, level_2, detections):
        raise CountsDiffer(f"plain SimPy counts {dict(plain.finished)}, {plain.level_2}, {plain.detections}; the fast "
                           f"engine {counted}, {level_2}, {detections}")


def engine_times(name: str) -> dict[str, float]:
    """Speeds of one device in each engine."""
    plan, world, plain = device(name, SIMPY_DAYS[name])
    check_counts(plan, world, plain())
    years = YEARS[name]
    long_world, grid = DRAWN[name](years * DAYS_PER_YEAR, 1), np.linspace(0.5, 0.995, 100)
    year = DRAWN[name](DAYS_PER_YEAR, 1)
    replica = replicas(plan, DRAWN[name], years * DAYS_PER_YEAR)
    spent_s = shortest_times({
        "simpy": plain, "reference": lambda: reference.run(plan, world),
        "skipping": lambda: reference.run(plan, world, skipping=True), "fast": lambda: fast.run(plan, long_world),
        "with_rows": lambda: fast.run(plan, long_world).rows.stage_ns,
        "replica": lambda: next(replica),
        "sweep": lambda: sweep(plan, year, 0, grid, grid, method="clusters")})
    simpy_years_per_s = world.horizon_ns / NS_PER_DAY / DAYS_PER_YEAR / spent_s["simpy"]
    return {
        f"{name}.simpy_device_years_per_s": simpy_years_per_s,
        f"{name}.device_years_per_s": years / spent_s["fast"],
        f"{name}.with_rows_device_years_per_s": years / spent_s["with_rows"],
        f"{name}.fast_over_simpy": years / spent_s["fast"] / simpy_years_per_s,
        f"{name}.new_world_device_years_per_s": years / spent_s["replica"],
        f"{name}.reference_time_over_simpy": spent_s["reference"] / spent_s["simpy"],
        f"{name}.skipping_over_simpy": spent_s["simpy"] / spent_s["skipping"],
        f"{name}.sweep_10000_s": spent_s["sweep"],
    }


def event_loop_times(days: float = 0.003) -> dict[str, float]:
    """Events a second where nothing can be skipped: tasks that wait for one processor all the time."""
    plan, world = devices.contention_plan(), devices.contention_world(days)
    counted: list[bench_simpy.Count] = []

    def plain() -> None:
        program = bench_simpy.Contention(devices.CONTENTION_PERIODS_NS, devices.CONTENTION_LASTS_NS)
        counted.append(program.run(world.horizon_ns))

    simpy_s = cpu_seconds(plain, 1)
    finished = dict(zip(plan.task_names, fast.run(plan, world).task_finished.tolist(), strict=True))
    if dict(counted[0].finished) != finished:
        raise CountsDiffer(f"plain SimPy counts {dict(counted[0].finished)}; the fast engine {finished}")
    events = EVENTS_PER_ACTIVATION * sum(finished.values())
    long_world = devices.contention_world(100 * days)
    fast_s = cpu_seconds(lambda: fast.run(plan, long_world)) / 100
    return {"event_loop.events_per_s": events / fast_s, "event_loop.fast_over_simpy": simpy_s / fast_s}


def first_answer_s() -> float:
    """CPU time of a fresh process that runs one day of a device, with the compiled code on disk. [s]"""
    code = ("from powerplan.engines import bench_devices as devices, fast\n"
            "fast.run(devices.doorbell_plan(), devices.doorbell_world(1.0))")

    def spent_s() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    times = []
    for _ in range(3):
        begun = spent_s()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(spent_s() - begun)
    return min(times)


def battery_times() -> dict[str, float]:
    """A ten-year life by hours, and 10,000 ten-year lives."""
    from powerplan.batteries.life import Demand, Limits, Pulse, life
    from powerplan.batteries.pack import Curve, Pack
    from powerplan.batteries.spread import lives

    depth = np.array([0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 1.0])
    volts = np.array([3.67, 3.66, 3.65, 3.64, 3.62, 3.55, 3.40, 2.50])
    ohms = np.array([0.3, 0.3, 0.3, 0.35, 0.4, 0.6, 1.0, 3.0])
    pack = Pack("bench cell", 68_400.0, (Curve(20.0, depth, volts, ohms),), well_share_fraction=0.9, rate_per_s=1e-5,
                rate_activation_j_per_mol=40e3, resistance_activation_j_per_mol=25e3, self_discharge_per_year=0.01,
                self_discharge_doubling_k=10.0)
    hours = np.arange(8760)
    air_c = 10.0 - 15.0 * np.cos(2 * np.pi * hours / 8760) - 5.0 * np.cos(2 * np.pi * (hours % 24 - 3) / 24)
    ten_years_s = 10 * DAYS_PER_YEAR * 86_400.0
    mean_w = 68_400.0 * 3.6 / (1.1 * ten_years_s)
    demand = Demand(np.full(24, 5e-7), np.full(24, mean_w), (Pulse("radio", power_w=0.1, duration_s=0.05,
                                                                   per_day=24.0),))
    limits = Limits(brown_out_v=2.0, horizon_s=ten_years_s)
    factor = np.random.default_rng(1).normal(1.0, 0.03, 10_000)

    def one() -> object:
        return life(pack, demand, air_c, limits, engine="compiled")

    def many() -> object:
        return lives(pack, demand, air_c, limits, factor, engine="compiled")

    one()
    many()
    coarse_s = lives(pack, demand, air_c, limits, factor[:100], engine="compiled").life_s
    hourly_s = [life(pack.varied(size), demand, air_c, limits, engine="compiled").life_s for size in factor[:100]]
    error_h = float(np.abs(coarse_s - np.array(hourly_s)).max()) / 3_600.0
    return {"battery.ten_years_s": cpu_seconds(one, 10), "battery.lifetimes_10000_s": cpu_seconds(many, 2),
            "battery.lifetimes_error_h": error_h}


def decade_memory_mb() -> float:
    """Memory that a ten-year run, drawn month by month, takes above imports and compiled code. [MB]"""
    for _ in run_blocks(devices.wake_word_plan(), devices.wake_word_blocks(1, 1.0)):
        pass
    tracemalloc.start()
    for _ in run_blocks(devices.wake_word_plan(), devices.wake_word_blocks(122)):
        pass
    return tracemalloc.get_traced_memory()[1] / 1e6


def bench() -> dict[str, Any]:
    """All figures of this machine. The engines are compiled first; compiling is not measured."""
    for name in ("wake_word", "doorbell"):
        plan, world, _ = device(name, 1.0)
        fast.run(plan, world)
        sweep(plan, world, 0, np.array([0.5, 0.6]), np.array([0.5, 0.6]), method="clusters")
    code = "from powerplan.engines.bench import decade_memory_mb; print(decade_memory_mb())"
    fresh = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    found: dict[str, Any] = {"peak_memory_mb": float(fresh.stdout), "cold_start_s": first_answer_s()}
    gc.collect()
    gc.freeze()  # or programs that make objects pay for walking over those of the compiler, again and again
    try:
        found |= engine_times("wake_word") | engine_times("doorbell") | event_loop_times() | battery_times()
    finally:
        gc.unfreeze()
    return found | {"machine": platform.processor() or platform.machine(), "python": platform.python_version(),
                    "date": time.strftime("%Y-%m-%d")}
