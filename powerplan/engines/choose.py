"""Which engine answers: the fast one where it covers the Plan, else the reference with skipping."""

from __future__ import annotations

from typing import Literal

from powerplan.engines import fast, reference
from powerplan.engines.record import Record
from powerplan.engines.reference import Progress
from powerplan.errors import EngineLimit
from powerplan.plan.plan import Plan
from powerplan.plan.world import World

Engine = Literal["auto", "fast", "reference"]


def run(plan: Plan, world: World, engine: Engine = "auto", progress: Progress | None = None) -> tuple[Record, str]:
    """Record of a (Plan, World) pair and the name of the engine that made it.

    `fast` raises EngineLimit for what it does not cover; `auto` then takes the reference.
    """
    if engine == "reference":
        return reference.run(plan, world, progress, skipping=True)[0], "reference"
    try:
        return fast.run(plan, world, progress), "fast"
    except EngineLimit:
        if engine == "fast":
            raise
    return reference.run(plan, world, progress, skipping=True)[0], "reference"


def trace(plan: Plan, world: World, window_ns: tuple[int, int]) -> list[tuple[int, int]]:
    """(time in ns, state entered) inside a window, played by the reference up to its end."""
    from dataclasses import replace

    start_ns, end_ns = window_ns
    until_ns = min(max(end_ns, 0), world.horizon_ns)
    return reference.run(plan, replace(world, horizon_ns=until_ns), None, (start_ns, end_ns), skipping=True)[1]
