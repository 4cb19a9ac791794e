"""One number of an answer, with its uncertainty and how it was found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """A value with the interval it lies in (90 % unless the method says otherwise)."""

    value: float
    unit: str
    low: float
    high: float
    method: str


@dataclass(frozen=True)
class Verdict:
    """What became of one requirement."""

    id: str
    text: str
    metric: str
    verdict: str
    """PASS, FAIL, MARGINAL, NOT EVALUATED or NOT FEASIBLE."""
    value: float | None
    limit: float | None
    unit: str
    margin: float | None
    """Share of the limit by which the value is on the good side; negative is the wrong side."""
    probability: float | None
    """Share of samples that meet the line."""
    note: str = ""


@dataclass(frozen=True)
class Gate:
    """One feasibility gate: what is needed and what there is."""

    name: str
    passes: bool
    needed: float
    available: float
    unit: str
    detail: str
