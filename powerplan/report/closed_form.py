"""What stands beside the closed form where the simulation says something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def closed_form_note(rows: Sequence[Row], simulated_days: float | None, name: str = "") -> str:
    """Why a row of the table `closed_form` differs; without a name, why the total does.

    A task with few activations is named where chance explains its count; what else it may be is not known here.
    """
    tasks = [row for row in rows if str(row["name"]).startswith(ACTIVATIONS)]
    own = [row for row in tasks if row["name"] == name]
    rare = [found for row in own or ([] if name.startswith(ACTIVATIONS) else tasks)
            if (found := _rare(row, simulated_days))]
    return f"{rare[0]}; {COUNTS}" if rare else COUNTS


def _rare(row: Row, simulated_days: float | None) -> str:
    """How often a task ran and how often it does in the mean, where the two differ by chance; else empty."""
    simulated, mean = finite(row["simulated"]), finite(row["closed_form"])
    if not simulated_days or simulated is None or not mean or not differs((simulated - mean) / mean):
        return ""
    count, expected_count = simulated * simulated_days, mean * simulated_days
    if abs(count - expected_count) > CHANCE_SIGMA_COUNT * sqrt(expected_count):
        return ""
    task = str(row["name"]).removeprefix(ACTIVATIONS)
    return (f"{task} ran {number(round(count))} times in {number(simulated_days)} days, {number(expected_count)} "
            "times in the mean")
