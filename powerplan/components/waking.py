"""How a part wakes the processor, as profiles and scenarios write it."""

from __future__ import annotations

from typing import Any

from powerplan.components.base import Interrupt, Use
from powerplan.components.spec import Part, Strict, to_ns
from powerplan.model.amount import Duration, Fraction, Rate
from powerplan.model.figure import Figure


class Waking(Strict):
    """Wake-up by an event. Without a figure the event is always noticed, at once, and nothing else wakes."""

    detection: Figure[Fraction] | None = None
    """Probability that an event is noticed."""
    delay: Figure[Duration] | None = None
    """From the onset of the event to the interrupt."""
    blind: Figure[Duration] | None = None
    """After an interrupt no other one comes for this long."""
    spurious: Figure[Rate] | None = None
    """Interrupts without an event."""


class WakingOptions(Strict):
    """Wake-up by an event, as a scenario gives it."""

    detection: Fraction | None = None
    delay: Duration | None = None
    blind: Duration | None = None
    spurious: Rate | None = None


def interrupt_of(part: Part[Any, Any], path: str, use: Use) -> Interrupt:
    """The interrupt whose figures stand under a key path."""

    def figure(name: str, without: float) -> float:
        return use(f"{path}.{name}") if part.has(f"{path}.{name}") else without

    return Interrupt(
        detection_fraction=figure("detection", 1.0),
        delay_ns=to_ns(figure("delay", 0.0)),
        blind_ns=to_ns(figure("blind", 0.0)),
        spurious_per_s=figure("spurious", 0.0),
    )
