"""The block `policies` of the scenario file: what a device does less of as its battery empties."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from powerplan.model.amount import Amount, Duration, Fraction
from powerplan.model.block import Block, Name
from powerplan.model.supply import BatteryLevel

HYSTERESIS_FRACTION = 0.02
HYSTERESIS_V = 0.05
"""Above `below` where `back_above` is not stated."""
LevelName = Annotated[str, StringConstraints(pattern=r"^level[1-4]$")]
Threshold = float | Literal["never"]


class PolicyLevel(Block):
    """What changes below a state of charge; what is not named stays as in the level above."""

    below: Fraction | BatteryLevel
    """Where the device changes over: `40 %` of the stated capacity, `{usable: 40 %}`, `{voltage: 2.7 V}`."""
    back_above: Fraction | BatteryLevel | None = None
    """Where it changes back, measured as `below` is; default: 2 points or 50 mV above `below`."""
    every: dict[Name, Duration] = {}
    """Task -> its new interval; the task's `when` has `every`."""
    thresholds: dict[Name, Annotated[dict[LevelName, Threshold], Field(min_length=1)]] = {}
    """Cascade -> level -> its new threshold."""

    @property
    def leave_at(self) -> float:
        """Where the level is left upwards. [1 or V]"""
        if self.back_above is not None:
            return self.back_above.typ
        if measured(self.below)[0] == "voltage":
            return self.below.typ + HYSTERESIS_V
        return min(1.0, self.below.typ + HYSTERESIS_FRACTION)

    @model_validator(mode="after")
    def _changes_something(self) -> PolicyLevel:
        if not self.every and not self.thresholds:
            raise ValueError("a policy level changes something: `every: {task: 4 h}` or "
                             "`thresholds: {cascade: {level1: 0.7}}`")
        if self.back_above is not None and measured(self.back_above) != measured(self.below):
            raise ValueError("`back_above` is measured as `below` is: charge, usable charge, or voltage under one load")
        if self.leave_at < self.below.typ:
            raise ValueError("`back_above` lies below `below`; a level is left at or above where it is entered")
        return self


def measured(level: Amount | BatteryLevel) -> tuple[str, float]:
    """What a level of the battery measures, and the current drawn meanwhile. [-, A]"""
    return (level.kind, level.load_a) if isinstance(level, BatteryLevel) else ("charge", 0.0)
