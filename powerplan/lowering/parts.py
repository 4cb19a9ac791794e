"""The parts of a scenario as the lowering uses them: built, with every figure they use written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from powerplan.components.base import Interrupt, Lowered, Request, Step, Use
from powerplan.components.spec import Part

MAIN_RAIL = "main"
BATTERY_RAIL = "battery"


@dataclass(frozen=True)
class FigureUse:
    """One figure that the answer rests on, with its source."""

    part: str
    figure: str
    value: float
    low: float | None
    high: float | None
    dimension: str
    source: str
    where: str
    basis: str


Drawn = Mapping[tuple[str, str], float]
"""(part, figure) -> value that replaces the typical one, for Monte Carlo samples."""


@dataclass
class FigureLog:
    """Every figure used, once; gives the drawn value where one was drawn."""

    drawn: Drawn = field(default_factory=dict)
    used: dict[tuple[str, str], FigureUse] = field(default_factory=dict)

    def use_of(self, part: Part[Any, Any]) -> Use:
        """The function through which one part takes its figures."""

        def use(path: str) -> float:
            typical = part.use_typical(path)
            figure = part.figures[path]
            key = (part.name, path)
            if key not in self.used:
                document = part.spec.sources.get(figure.source, figure.source)
                self.used[key] = FigureUse(part.name, path, typical, figure.min, figure.max,
                                           figure.dimension or "", document, figure.where or "", figure.basis)
            return self.drawn.get(key, typical)

        return use

    def note(self, entry: FigureUse) -> float:
        """Write down a figure that belongs to no part (a model's latency); gives the value to use."""
        key = (entry.part, entry.figure)
        self.used.setdefault(key, entry)
        return self.drawn.get(key, entry.value)


@dataclass
class LoweredPart:
    """A part with its states, and its answers to requests."""

    part: Any
    use: Use
    lowered: Lowered

    @property
    def name(self) -> str:
        """Name in the scenario."""
        return str(self.part.name)

    @property
    def rail(self) -> str:
        """Supply rail, `main` unless the scenario says otherwise."""
        return self.part.rail or MAIN_RAIL

    def steps(self, request: Request) -> list[Step]:
        """Timed steps that serve a request."""
        return list(self.part.steps(request, self.use))

    def interrupt(self) -> Interrupt | None:
        """How the part wakes the processor."""
        found: Interrupt | None = self.part.interrupt(self.use)
        return found

    def has_state(self, state: str) -> bool:
        """Whether the part has a power state of this name."""
        return any(known.name == state for known in self.lowered.states)


def lower_parts(parts: Mapping[str, Part[Any, Any]], log: FigureLog,
                trouble: Callable[[str, Exception], None]) -> dict[str, LoweredPart]:
    """States of every part. What cannot be lowered goes to `trouble` with the part's name."""
    from powerplan.errors import PowerplanError

    found = {}
    for name, part in parts.items():
        use = log.use_of(part)
        try:
            component: Any = part
            found[name] = LoweredPart(component, use, component.lower(use))
        except PowerplanError as error:
            trouble(name, error)
    return found

def listening_steps(part: LoweredPart) -> tuple[int, list[Step]]:
    """(start-up time, steps) of a part that listens while a stream is open; none where it always measures."""
    if not hasattr(part.part, "mode_name") or part.part.rest not in ("off", "sleep", "standby"):
        return 0, []
    steps = part.steps(Request("listen", {"duration_ns": 0}))
    return sum(step.duration_ns for step in steps[:-1]), steps
