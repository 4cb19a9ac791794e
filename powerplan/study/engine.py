"""Which engine plays a (Plan, World) pair, and the trace of the window that is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, cast

from powerplan.engines import choose
from powerplan.engines.record import Record
from powerplan.errors import EngineLimit
from powerplan.plan.plan import Plan
from powerplan.plan.world import World

ENGINES = ("auto", "fast", "reference")
EngineName = Literal["auto", "fast", "reference"]
Trace = list[tuple[int, int]]


def simulate(plan: Plan, world: World, engine: str, progress: Callable[[float], None] | None,
             window: tuple[int, int] | None) -> tuple[Record, Trace, str]:
    """(record, trace inside the window, name of the engine that answered). Raises EngineLimit."""
    if engine not in ENGINES:
        raise EngineLimit(f"there is no engine {engine!r}; engines: {', '.join(ENGINES)}")
    record, answered = choose.run(plan, world, cast(EngineName, engine), progress)
    return record, choose.trace(plan, world, window) if window else [], answered
