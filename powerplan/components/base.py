"""What every kind of part gives the plan: power states, and activities made of timed steps.

A kind of part is one file in this folder. It holds the profile's spec (figures with sources), the options a
scenario may set, and the lowering of both to states and steps. It knows no other part, no engine and no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class PowerState:
    """One power state of a part: a constant current at its rail, or a constant power.

    `current_a` is the draw of an LDO-fed or directly fed load (constant current), `power_w` the draw of a load
    with a switching regulator of its own (constant power). Both may be set; they add.
    """

    name: str
    current_a: float = 0.0
    power_w: float = 0.0
    ram_kept_bytes: int | None = None
    """RAM that keeps its content in this state; None where the part has no memory of interest."""


@dataclass(frozen=True)
class Step:
    """A part held in one state for a time, as one stage of an activity."""

    state: str
    duration_ns: int
    stage: str = "action"
    """Latency stage this time is booked under: capture, features, level1, level2, action, wake, ..."""
    needs_cpu: bool = False
    """The processor is held and running during the step (parallel bus read, driver work)."""


@dataclass(frozen=True)
class Request:
    """What a task asks of a part: `{capture: camera, frames: 3}` -> verb capture, arguments {frames: 3}."""

    verb: str
    arguments: dict[str, object]


Use = Callable[[str], float]
"""Gives a figure of this part by its key path, typical value in SI units, and logs that it was used."""


@dataclass(frozen=True)
class Lowered:
    """A part as the plan sees it."""

    states: Sequence[PowerState]
    """The first state is the rest state."""
    after: str | None = None
    """State held between the last step of an activity and the end of the task (a camera that keeps its frames)."""
