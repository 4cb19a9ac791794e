"""Which engine plays a (Plan, World) pair."""

from __future__ import annotations

from collections.abc import Callable

from powerplan.engines import reference
from powerplan.engines.record import Record
from powerplan.errors import EngineLimit
from powerplan.plan.plan import Plan
from powerplan.plan.world import World

Trace = list[tuple[int, int]]


def simulate(plan: Plan, world: World, engine: str, progress: Callable[[float], None],
             window: tuple[int, int] | None) -> tuple[Record, Trace, str]:
    """(record, trace inside the window, name of the engine that answered). Raises EngineLimit."""
    if engine not in ("auto", "reference"):
        raise EngineLimit(f"there is no engine {engine!r} yet; use reference")
    record, trace = reference.run(plan, world, progress, window)
    return record, trace, "reference"
