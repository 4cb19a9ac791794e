"""Map of battery life over both thresholds, with the pairs that meet the requirements."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.limits import limits_of
from powerplan.report.scales import log_floor, nice_ticks
from powerplan.report.style import INK, LIMIT, PAPER, SERIES, Sheet, calm, empty, label, styled
from powerplan.report.words import finite, lived, number, percent
from powerplan.results.schema import COLUMNS
from powerplan.results.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BODY_IN = 4.6
TICK_COUNT, ACROSS_TICK_COUNT = 14, 9
NUMBERS_PAIR_COUNT = 15
"""With more thresholds per level the cells are too small for numbers."""


Row = dict[str, Any]
"""A row of the table `sweep`; its thresholds of `never` stand as 2, its role is `chosen`, `own` or nothing."""


def shown(threshold: float) -> str:
    """A threshold as people read it."""
    return "never" if threshold > 1 or threshold == inf else f"{threshold:.4g}"


JUDGED = ("Judged here are lines about life (at typical figures), recall, false alarms and latency counted from the "
          "event; the full run judges the others")
"""What a map of thresholds cannot say."""


def sweep_title(table: Table) -> str:
    """What the map shows, in a sentence."""
    rows = table.rows()
    best = next((row for row in rows if "chosen" in row["role"]), rows[0])
    single = len(set(table.columns["threshold_2"])) == 1
    pair = shown(best["threshold_1"]) if single else f"{shown(best['threshold_1'])} and {shown(best['threshold_2'])}"
    what = "threshold" if single else "pair of thresholds"
    if all(finite(row["recall"]) is None for row in rows):
        return f"In the days swept no event happened, so no {what} can be judged by its recall"
    if not best["meets"]:
        return f"No {what} meets the requirements judged here; nearest is {pair}"
    count = sum(bool(row["meets"]) for row in rows)
    return (f"{count} of {len(rows)} {'thresholds' if single else 'pairs'} {'meets' if count == 1 else 'meet'} the "
            f"requirements judged here; longest life at {pair}")


def map_data(tables: Tables) -> Table:
    """Every pair of thresholds with all it gives."""
    found = tables.get("sweep")
    return Table("map", found.columns if found is not None else {name: [] for name in COLUMNS["sweep"]})


def map_finding(tables: Tables, facts: ReportFacts) -> str:
    """The title: how many pairs meet the requirements a map can judge, and the best."""
    del facts
    data = map_data(tables)
    return sweep_title(data) if len(data) else "No pair of thresholds was counted"


def map_text(tables: Tables, facts: ReportFacts) -> str:
    """The plot in words."""
    said = [map_finding(tables, facts)]
    for role, words in (("own", "this scenario"), ("chosen", "recommended or nearest")):
        row = next((row for row in map_data(tables).rows() if role in str(row["role"]).split()), None)
        if row is not None:
            recall = f", recall {percent(row['recall'])}" if finite(row["recall"]) is not None else ""
            life = lived(row["battery_life_days"], facts.horizon_days)
            said.append(f"{words}: thresholds {shown(row['threshold_1'])} and {shown(row['threshold_2'])}, battery "
                        f"life {life}{recall}, {number(row['false_alarms_per_day'])} false alarms a day"
                        f"{', misses ' + row['misses'] if row['misses'] else ''}")
    return ". ".join([*said, JUDGED]) + "."


@styled
def draw_map(tables: Tables, facts: ReportFacts) -> Figure:
    """A map where there are two levels, curves where there is one. Takes the table `sweep`."""
    data = map_data(tables)
    if not len(data):
        return empty(map_finding(tables, facts), "The scenario has no cascade with a table of scores.", facts)
    if len(set(data.columns["threshold_2"])) > 1:
        return draw_sweep(data, facts)
    return draw_curves(data, tables, facts)


@styled
def draw_curves(table: Table, tables: Tables, facts: ReportFacts) -> Figure:
    """Battery life, recall and false alarms over the threshold of the one level."""
    rows = sorted((row for row in table.rows() if row["threshold_1"] <= 1), key=lambda row: row["threshold_1"])
    cascade = str(rows[0]["cascade"]) if rows else ""
    sheet = Sheet(sweep_title(table), "What the threshold of the only level gives; dotted: this scenario, ring: "
                  "recommended or nearest, dashed red: required", 4.9, facts)
    panels = (("battery life [d]", "battery_life_days", 1.0, ("battery_life",)),
              ("recall [%]", "recall", 100.0, ("recall", f"recall.{cascade}")),
              ("false alarms [1/d]", "false_alarms_per_day", 1.0, ("false_alarms", f"false_alarms.{cascade}")))
    for place, (name, key, factor, metrics) in enumerate(panels):
        axes = sheet.axes(0.75, 0.75, 0.1 + 1.45 * place, 0.5 + 1.45 * (2 - place))
        given = [(row["threshold_1"], factor * row[key]) for row in rows if finite(row[key]) is not None]
        logarithmic = key == "false_alarms_per_day" and any(value > 0 for _, value in given)
        floor, ticks, names = log_floor([value for _, value in given]) if logarithmic else (0.0, [], [])
        axes.step([one for one, _ in given], [max(value, floor) for _, value in given], where="post", marker="o",
                  markersize=3.5, color=SERIES[place], linewidth=1.5)
        _curve_marks(axes, rows, key, factor, floor)
        for limit in limits_of(tables, *metrics):
            axes.axhline(max(factor * limit.value, floor), color=LIMIT, linewidth=1.0, linestyle=(0, (5, 2)))
            axes.text(1.01, max(factor * limit.value, floor), label(limit.id), color=LIMIT, va="center",
                      transform=axes.get_yaxis_transform())
        if logarithmic:
            axes.set_yscale("log")
            axes.set_yticks(ticks, names)
            axes.minorticks_off()
        else:
            top = max([value for _, value in given] + [factor * limit.value for limit in limits_of(tables, *metrics)]
                      + [1e-9]) * 1.08
            axes.set_ylim(0, top)
            axes.set_yticks(nice_ticks(0, top, 4))
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylabel(name)
        axes.tick_params(labelbottom=place == 2)
        calm(axes)
    axes.set_xlabel("threshold of level 1 [score]")
    return sheet.figure


def _curve_marks(axes: Axes, rows: list[Row], key: str, factor: float, floor: float) -> None:
    for row in rows:
        if finite(row[key]) is None:
            continue
        if "own" in row["role"]:
            axes.axvline(row["threshold_1"], color=INK, linewidth=0.9, linestyle=(0, (1, 1.5)))
        if "chosen" in row["role"]:
            axes.plot([row["threshold_1"]], [max(factor * row[key], floor)], marker="o", markersize=11,
                      markerfacecolor="none", markeredgecolor=LIMIT, markeredgewidth=1.6)


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
    for axis, values, most in ((axes.xaxis, second, ACROSS_TICK_COUNT), (axes.yaxis, first, TICK_COUNT)):
        step = max(1, -(-len(values) // most))
        places = range(0, len(values), step)
        axis.set_ticks([place + 0.5 for place in places], [shown(values[place]) for place in places])
    axes.set(xlabel="threshold of level 2 [score]", ylabel="threshold of level 1 [score]")
    axes.tick_params(length=0)
    bar = sheet.figure.colorbar(image, cax=sheet.axes(6.45, 0.75, 0.1, 0.5))
    bar.set_label(label("battery life [d]"))
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
