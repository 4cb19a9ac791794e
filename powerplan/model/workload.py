"""What happens around the device: events, lasting states of the world, profiles of use."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from powerplan.model.amount import Duration, Rate, Share
from powerplan.model.block import Block, Name, Text


class Burst(Block):
    """Events that come in groups, such as five wrong fingers one after the other."""

    count: Annotated[int, Field(ge=2, le=10_000)]
    within: Duration
    """Time from the first event of a group to the end of its last gap."""


class Event(Block):
    """Something that happens around the device, seen or not."""

    rate: Rate
    lasts: Duration | None = None
    label: Text | dict[Name, Text] | None = None
    """Label for all cascades, or per cascade."""
    hours: dict[str, float] | None = None
    """Weights by hour of day, as in {7-9: 3, 17-20: 3}; hours not named weigh 1, the daily rate is kept."""
    seen_by: list[Name] | None = None
    """Parts whose interrupt notices it; default: all."""
    during: Name | None = None
    """Happens only while this state of the world is active."""
    burst: Burst | None = None
    """With it, `rate` counts groups of events."""

    @field_validator("hours")
    @classmethod
    def _hour_ranges(cls, hours: dict[str, float] | None) -> dict[str, float] | None:
        for span, weight in (hours or {}).items():
            hour_span(span)
            if weight < 0:
                raise ValueError(f"the weight of {span} is negative")
        return hours


def hour_span(text: str) -> tuple[int, int]:
    """First hour and end hour of `7-9`. Raises ValueError."""
    first, _, last = text.partition("-")
    try:
        start, end = int(first), int(last) if last else int(first) + 1
    except ValueError:
        raise ValueError(f"{text!r} is no span of hours; write 7-9") from None
    if not 0 <= start < end <= 24:
        raise ValueError(f"{text!r} is no span of hours of a day; write 7-9, at most 0-24")
    return start, end


class WorldState(Block):
    """A lasting state of the world, such as sound in the room, active a share of the time in bouts."""

    active: Share
    lasts: Duration
    """Mean length of one bout."""
    seen_by: list[Name] = []


class Workload(Block):
    """What happens around the device."""

    events: dict[Name, Event] = {}
    states: dict[Name, WorldState] = {}
    usage: dict[Name, dict[Name, Rate]] = {}
    """Profiles of use by name: the rates of events that differ from the ones stated above."""
    use: Name | None = None
    """The profile of use that is planned; without one the events' own rates hold."""
    variance: Literal["random", "none"] = "random"
    """`none` spaces everything evenly and takes typical values, so that results can be checked by hand."""
