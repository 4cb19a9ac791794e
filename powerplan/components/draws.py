"""Draws as profiles write them: a current, or a power behind a converter; for a time where it is a phase."""

from __future__ import annotations

from powerplan.components.spec import Strict
from powerplan.model.amount import Current, Duration, Power
from powerplan.model.figure import Figure


class Draw(Strict):
    """A current, or a power behind a converter."""

    current: Figure[Current] | None = None
    power: Figure[Power] | None = None


class Phase(Draw):
    """A stretch of time with its draw; without one of its own it draws what its kind of part says."""

    duration: Figure[Duration] | None = None
