"""Designs of a search: the first objective against every other one, the designs no other one beats joined by a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.scales import nice_ticks
from powerplan.report.style import GRID, INK, LIMIT, MUTED, REST, SERIES, Sheet, calm, empty, label, styled
from powerplan.report.words import finite, measured, rows_of, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS_LIMIT_COUNT = 4
PANEL_IN = 2.6
Row = dict[str, Any]


def pareto_designs_finding(tables: Tables, facts: ReportFacts) -> str:
    """The title: which design is to be built."""
    del facts
    rows = rows_of(tables, "designs")
    chosen = next((row for row in rows if row["role"] == "chosen"), None)
    able = sum(bool(row["meets"]) for row in rows)
    if chosen is None:
        return "No design can be played"
    if not chosen["meets"]:
        return f"None of {len(rows)} designs meets all lines; nearest is {shorten(chosen['design'], 90)}"
    return f"{able} of {len(rows)} designs meet all lines; chosen: {shorten(chosen['design'], 90)}"


@styled
def draw_pareto_designs(tables: Tables, facts: ReportFacts) -> Figure:
    """Dots of all designs, filled where every line is met. Takes the tables `designs` and `objectives`.

    Objectives that are the same for all designs are left out.
    """
    rows = rows_of(tables, "designs")
    objectives = rows_of(tables, "objectives")
    title = pareto_designs_finding(tables, facts)
    played = [row for row in rows if row["status"] == "done"]
    if not played or not objectives:
        return empty(title, "There is nothing to show.", facts)
    first = objectives[0]
    others = [one for one in objectives[1:] if len({row[one["name"]] for row in played}) > 1] or objectives[1:2]
    others = others[:PANELS_LIMIT_COUNT] or [first]
    sheet = Sheet(title, "Each dot is a design, filled where it meets all lines; the line joins designs that no other "
                  "one beats in all objectives; ring: chosen, square: as the file says; red: limits",
                  0.1 + PANEL_IN * len(others), facts)
    for place, other in enumerate(others):
        axes = sheet.axes(1.05, 0.3, 0.1 + PANEL_IN * place, PANEL_IN * (len(others) - place) - PANEL_IN + 0.55)
        _panel(axes, played, other, first)
    return sheet.figure


def _panel(axes: Axes, rows: list[Row], across: Row, up: Row) -> None:
    points = [(x, y, row) for row in rows if (x := finite(row[across["name"]])) is not None
              and (y := finite(row[up["name"]])) is not None]
    front = sorted((x, y) for x, y, row in points if row["pareto"])
    axes.plot([x for x, _ in front], [y for _, y in front], color=GRID, linewidth=1.4, zorder=1)
    for x, y, row in points:
        colour = SERIES[0] if row["pareto"] else REST
        axes.plot([x], [y], marker="o", markersize=6, linestyle="none", markeredgecolor=colour, markeredgewidth=1.3,
                  markerfacecolor=colour if row["meets"] else "white", zorder=3)
        if row["role"]:
            axes.plot([x], [y], marker="o" if row["role"] == "chosen" else "s", markersize=14, linestyle="none",
                      markerfacecolor="none", markeredgecolor=INK if row["role"] == "own" else LIMIT,
                      markeredgewidth=1.4, zorder=4)
    for axis, objective, values in ((axes.xaxis, across, [x for x, _, _ in points]),
                                    (axes.yaxis, up, [y for _, y, _ in points])):
        limit = finite(objective["limit"])
        ends = values + ([limit] if limit is not None else [])
        low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
        pad = 0.08 * (high - low) or 0.05 * abs(high) or 1.0
        set_limits, line = (axes.set_xlim, axes.axvline) if axis is axes.xaxis else (axes.set_ylim, axes.axhline)
        set_limits(low - pad, high + pad)
        if limit is not None:
            line(limit, color=LIMIT, linewidth=1.0, zorder=2)
        ticks = nice_ticks(low, high, 5) if high > low else [low]
        axis.set_ticks(ticks, [label(measured(tick, objective["unit"]).split(" (")[0]) for tick in ticks])
    axes.set_xlabel(label(f"{across['name']} ({'less' if across['direction'] == 'min' else 'more'} is better)"),
                    color=MUTED)
    axes.set_ylabel(label(up["name"]), color=MUTED)
    calm(axes, grid="both")
