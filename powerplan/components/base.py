"""What every kind of part gives the plan: power states, and activities made of timed steps.

A kind of part is one file in this folder: its profile (figures with sources), the options a scenario may set,
and the lowering of both to states and steps. It knows no other part, no engine and no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from powerplan.errors import PowerplanError

NS_PER_S = 1_000_000_000

Use = Callable[[str], float]
"""Gives a figure of this part by its key path (`modes.qvga.current`), in SI units, and logs that it was used.

A missing figure raises `MissingFigure`; it is never 0.
"""


class MissingFigure(PowerplanError):
    """A figure that the scenario needs stands in no profile and was not given by the user."""

    def __init__(self, part: str, figure: str, hint: str) -> None:
        super().__init__(part, figure, hint)
        self.part, self.figure, self.hint = part, figure, hint

    def __str__(self) -> str:
        return f"parts.{self.part}: no figure for {self.figure!r}; {self.hint}"


class UnknownRequest(PowerplanError):
    """A task asks a part for something this kind of part cannot do."""

    def __init__(self, part: str, given: str, allowed: str) -> None:
        super().__init__(part, given, allowed)
        self.part, self.given, self.allowed = part, given, allowed

    def __str__(self) -> str:
        return f"parts.{self.part}: cannot {self.given}; it can: {self.allowed}"


@dataclass(frozen=True)
class PowerState:
    """One power state of a part: a constant current at its rail, or a constant power, or both (they add).

    `current_a` is the draw of an LDO-fed or directly fed load, `power_w` that of a load behind a switching
    converter of its own.
    """

    name: str
    current_a: float = 0.0
    power_w: float = 0.0
    ram_kept_bytes: int | None = None
    """RAM that keeps its content in this state; None where it does not matter."""


@dataclass(frozen=True)
class Step:
    """A part held in one state for a time, as one stage of an activity."""

    state: str
    duration_ns: int
    stage: str = "action"
    """Latency stage this time is booked under: wake, capture, features, level1, level2, action, send, ..."""
    needs_cpu: bool = False
    """The processor is held and running during the step (parallel bus read, driver work)."""


@dataclass(frozen=True)
class Request:
    """What a task asks of a part: `{capture: camera, frames: 3}` is verb `capture`, arguments `{frames: 3}`.

    Arguments are already in SI units (`for: 600 ms` arrives as `duration_ns`, `bytes: 48` as `data_bytes`).
    """

    verb: str
    arguments: Mapping[str, float | int | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lowered:
    """A part as the plan sees it."""

    states: Sequence[PowerState]
    """The first state is the rest state."""
    keep: str | None = None
    """State held after the steps of a request until its task lets go of the part (a camera that keeps its frames);
    None returns it to the rest state at once."""


@dataclass(frozen=True)
class Interrupt:
    """How a part wakes the processor (PIR, touch, wake-on-sound)."""

    detection_fraction: float = 1.0
    """Probability that an event is noticed at all."""
    delay_ns: int = 0
    """From the onset of the event to the interrupt."""
    blind_ns: int = 0
    """After an interrupt no other one comes for this long."""
    spurious_per_s: float = 0.0
    """Rate of interrupts without an event."""
