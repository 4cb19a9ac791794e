"""What stands beside the closed form where the simulation says something else."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any

from powerplan.report.words import finite, number

NEAR_FRACTION = 0.05
"""Closer than this the two agree, and nothing is said."""
CHANCE_SIGMA_COUNT = 2.0
"""A Poisson count within so many standard deviations of its mean is told as chance."""
ACTIVATIONS = "activations of "
COUNTS = ("the simulated figure counts; the closed form checks the long-run mean and leaves out waiting, dropped "
          "activations and overlap")

Row = Mapping[str, Any]


def differs(difference_fraction: float) -> bool:
    """Whether simulation and closed form are so far apart that a word is due."""
    return abs(difference_fraction) > NEAR_FRACTION


def closed_form_note(row: Row, simulated_days: float | None) -> str:
    """What stands beside a row of the table `closed_form` that differs; empty where it does not.

    Few activations are told where chance explains their count; what else it may be is not known here.
    """
    if not differs(finite(row["difference_fraction"]) or 0.0):
        return ""
    rare = _rare(row, simulated_days) if str(row["name"]).startswith(ACTIVATIONS) else ""
    return f"{rare}; {COUNTS}" if rare else COUNTS


def _rare(row: Row, simulated_days: float | None) -> str:
    """How often a task ran and how often it does in the mean, where the two differ by chance; else empty."""
    simulated, mean = finite(row["simulated"]), finite(row["closed_form"])
    if not simulated_days or simulated is None or not mean:
        return ""
    count, expected_count = simulated * simulated_days, mean * simulated_days
    if abs(count - expected_count) > CHANCE_SIGMA_COUNT * sqrt(expected_count):
        return ""
    task = str(row["name"]).removeprefix(ACTIVATIONS)
    return (f"{task} ran {number(round(count))} times in {number(simulated_days)} days, {number(expected_count)} "
            "times in the mean")
