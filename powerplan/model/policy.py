"""The block `policies` of the scenario file: what a device does less of as its battery empties."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from powerplan.model.amount import Duration, Fraction
from powerplan.model.block import Block, Name

HYSTERESIS_FRACTION = 0.02
"""Above `below` where `back_above` is not stated."""
LevelName = Annotated[str, StringConstraints(pattern=r"^level[1-4]$")]
Threshold = float | Literal["never"]


class PolicyLevel(Block):
    """What changes below a state of charge; what is not named stays as in the level above."""

    below: Fraction
    """State of charge below which the device changes over."""
    back_above: Fraction | None = None
    """State of charge above which it changes back; default: 2 points above `below`."""
    every: dict[Name, Duration] = {}
    """Task -> its new interval; the task's `when` has `every`."""
    thresholds: dict[Name, Annotated[dict[LevelName, Threshold], Field(min_length=1)]] = {}
    """Cascade -> level -> its new threshold."""

    @property
    def leave_fraction(self) -> float:
        """State of charge at which the level is left upwards. [1]"""
        return self.back_above.typ if self.back_above else min(1.0, self.below.typ + HYSTERESIS_FRACTION)

    @model_validator(mode="after")
    def _changes_something(self) -> PolicyLevel:
        if not self.every and not self.thresholds:
            raise ValueError("a policy level changes something: `every: {task: 4 h}` or "
                             "`thresholds: {cascade: {level1: 0.7}}`")
        if self.leave_fraction < self.below.typ:
            raise ValueError("`back_above` lies below `below`; a level is left at or above where it is entered")
        return self
