"""Limits of requirements, for lines in plots."""

from __future__ import annotations

from dataclasses import dataclass

from powerplan.report.facts import Tables
from powerplan.report.words import finite, rows_of


@dataclass(frozen=True)
class Limit:
    """A requirement's limit, in the unit of its metric."""

    id: str
    value: float


def limits_of(tables: Tables, *metrics: str) -> list[Limit]:
    """Limits of every requirement on one of these metrics."""
    found = []
    for row in rows_of(tables, "requirements"):
        value = finite(row["limit"])
        if row["metric"] in metrics and value is not None:
            found.append(Limit(str(row["id"]), value))
    return found
