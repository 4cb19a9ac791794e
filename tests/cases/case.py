"""One published number and what powerplan makes of the same inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["arithmetic", "measured", "calibrated", "trap", "bound"]
"""arithmetic: a worked example; measured: predicted against a measurement; calibrated: this number or its own data
went into a profile or a fit, so it proves nothing; trap: the printed number is wrong and must not come out;
bound: an inequality."""


@dataclass(frozen=True)
class Case:
    """A row of the page."""

    case: str
    what: str
    published: float
    unit: str
    tolerance: float
    """Relative, as the source allows; of a trap, how far away the right answer must stay."""
    predict: Callable[[], float]
    kind: Kind = "arithmetic"
    note: str = ""
    miss: str = ""
    """Why the prediction lies outside; empty where it is inside."""
    facts: bool = False
    """Needs the measured files beside the checkout."""

    def error(self, predicted: float) -> float:
        """Relative error against what was published. [1]"""
        return predicted / self.published - 1.0

    def inside(self, predicted: float) -> bool:
        """Whether the prediction is as the source allows; a trap is inside when it was not walked into."""
        if self.kind == "trap":
            return abs(self.error(predicted)) > self.tolerance
        if self.kind == "bound":
            return predicted <= self.published * (1.0 + self.tolerance)
        return abs(self.error(predicted)) <= self.tolerance + 1e-12


def rounded(value: float, unit: float) -> float:
    """Relative tolerance of a number printed to a unit: half of it. [1]"""
    return 0.5 * unit / value
