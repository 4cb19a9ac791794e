"""Map of battery life over both thresholds, with the pairs that meet the requirements."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from powerplan.report.facts import ReportFacts
from powerplan.report.style import INK, LIMIT, PAPER, Sheet, label, styled
from powerplan.results.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BODY_IN = 4.6
TICK_COUNT = 10
NUMBERS_PAIR_COUNT = 15
"""With more thresholds per level the cells are too small for numbers."""


Row = dict[str, Any]
"""A row of the table `sweep`; its thresholds of `never` stand as 2, its role is `chosen`, `own` or nothing."""


def shown(threshold: float) -> str:
    """A threshold as people read it."""
    return "never" if threshold > 1 or threshold == inf else f"{threshold:.4g}"


def sweep_title(table: Table) -> str:
    """What the map shows, in a sentence."""
    rows = table.rows()
    best = next(row for row in rows if "chosen" in row["role"])
    pair = f"{shown(best['threshold_1'])} and {shown(best['threshold_2'])}"
    if not best["meets"]:
        return f"No pair of thresholds meets the requirements; nearest is {pair}"
    return f"{sum(row['meets'] for row in rows)} of {len(rows)} pairs meet the requirements; longest life at {pair}"


@styled
def draw_sweep(table: Table, facts: ReportFacts) -> Figure:
    """Heat map of life; framed cells meet every requirement that was judged."""
    rows = table.rows()
    first = sorted({row["threshold_1"] for row in rows})
    second = sorted({row["threshold_2"] for row in rows})
    life, meets = _grids(rows, first, second)
    subtitle = ("Days of battery life; framed cells meet the requirements judged. Ring: recommended or nearest; "
                "square: the scenario's own pair")
    sheet = Sheet(sweep_title(table), subtitle, BODY_IN, facts)
    axes = sheet.axes(0.95, 1.15, 0.1, 0.5)
    image = axes.pcolormesh(np.arange(len(second) + 1), np.arange(len(first) + 1), life, cmap="cividis",
                            rasterized=True)
    _frames(axes, meets)
    if max(len(first), len(second)) <= NUMBERS_PAIR_COUNT:
        _numbers(axes, life)
    for row in rows:
        for role, marker in (("chosen", "o"), ("own", "s")):
            if role in row["role"]:
                _ring(axes, row, first, second, marker)
    for axis, values in ((axes.xaxis, second), (axes.yaxis, first)):
        step = max(1, -(-len(values) // TICK_COUNT))
        places = range(0, len(values), step)
        axis.set_ticks([place + 0.5 for place in places], [shown(values[place]) for place in places])
    axes.set(xlabel="threshold of level 2", ylabel="threshold of level 1")
    axes.tick_params(length=0)
    bar = sheet.figure.colorbar(image, cax=sheet.axes(6.45, 0.75, 0.1, 0.5))
    bar.set_label(label("battery life, days"))
    return sheet.figure


def _grids(rows: list[Row], first: list[float], second: list[float]) -> tuple[np.ndarray, np.ndarray]:
    life = np.full((len(first), len(second)), np.nan)
    meets = np.zeros((len(first), len(second)), bool)
    row_of, column_of = ({value: place for place, value in enumerate(values)} for values in (first, second))
    for row in rows:
        place = row_of[row["threshold_1"]], column_of[row["threshold_2"]]
        life[place], meets[place] = row["battery_life_days"], row["meets"]
    return life, meets


def _frames(axes: Axes, meets: np.ndarray) -> None:
    """The outline of the feasible region: an edge wherever a cell that meets touches one that does not."""
    padded = np.pad(meets, 1)
    for y, x in zip(*np.nonzero(meets), strict=True):
        for (dy, dx), ends in (((-1, 0), ((x, x + 1), (y, y))), ((1, 0), ((x, x + 1), (y + 1, y + 1))),
                               ((0, -1), ((x, x), (y, y + 1))), ((0, 1), ((x + 1, x + 1), (y, y + 1)))):
            if not padded[y + 1 + dy, x + 1 + dx]:
                axes.plot(*ends, color=LIMIT, linewidth=2.2, solid_capstyle="projecting", clip_on=False)


def _numbers(axes: Axes, life: np.ndarray) -> None:
    middle = (np.nanmin(life) + np.nanmax(life)) / 2
    for (y, x), value in np.ndenumerate(life):
        axes.text(x + 0.5, y + 0.5, f"{value:,.0f}", ha="center", va="center", size=6.0,
                  color=INK if value > middle else PAPER)


def _ring(axes: Axes, row: Row, first: list[float], second: list[float], marker: str) -> None:
    axes.plot([second.index(row["threshold_2"]) + 0.5], [first.index(row["threshold_1"]) + 0.5], marker=marker,
              markersize=17, markerfacecolor="none", markeredgecolor=LIMIT if marker == "o" else PAPER,
              markeredgewidth=1.6, linestyle="none")
