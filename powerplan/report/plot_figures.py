"""The currents the answer rests on: their range, and how each is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.scales import decade_ticks
from powerplan.report.style import GRID, INK, LIMIT, MUTED, PAPER, SERIES, Sheet, calm, empty, label, styled
from powerplan.report.words import finite, percent, quantity, rows_of, shorten
from powerplan.results.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ASSUMED = "assumed"
BASIS_COLOURS = {"measured": SERIES[3], "datasheet": SERIES[0], "derived": SERIES[4], "user": SERIES[6], ASSUMED: LIMIT}
"""How a figure is known; an assumed one is hollow as well, so that it shows without colour."""
ROWS_SHOWN_COUNT = 24
ROW_IN = 0.225


def figures_data(tables: Tables) -> Table:
    """Every current with its range and basis, largest first."""
    names = ("part", "figure", "value_a", "low_a", "high_a", "basis", "source", "where")
    found: dict[str, list[Any]] = {name: [] for name in names}
    rows = [row for row in rows_of(tables, "figures")
            if row["dimension"] == "current" and finite(row["value"]) is not None]
    for row in sorted(rows, key=lambda row: (-float(row["value"]), str(row["part"]), str(row["figure"]))):
        values = (row["part"], row["figure"], float(row["value"]), finite(row["low"]), finite(row["high"]),
                  row["basis"], row["source"], row["where"])
        for name, value in zip(names, values, strict=True):
            found[name].append(value)
    return Table("figures", found)


def figures_finding(tables: Tables, facts: ReportFacts) -> str:
    """The title: how many currents are assumed."""
    del facts
    rows = figures_data(tables).rows()
    if not rows:
        return "No current was taken from a profile"
    assumed = [row for row in rows if row["basis"] == ASSUMED]
    if not assumed:
        return f"None of the {len(rows)} currents is assumed" if len(rows) > 1 else "The one current is not assumed"
    return f"{len(assumed)} of {len(rows)} currents {'is' if len(assumed) == 1 else 'are'} assumed: measure these first"


def figures_text(tables: Tables, facts: ReportFacts) -> str:
    """The plot in words."""
    rows = figures_data(tables).rows()
    assumed = [row for row in rows if row["basis"] == ASSUMED]
    said = "; ".join(f"{shorten(row['part'], 30)} {shorten(row['figure'], 30)} {quantity(row['value_a'], 'current')}"
                     for row in assumed[:10])
    ranged = sum(1 for row in rows if row["low_a"] is not None and row["high_a"] is not None)
    share = f" {ranged} of {len(rows)} have a range ({percent(ranged / len(rows))})." if rows else ""
    return f"{figures_finding(tables, facts)}.{share}{f' Assumed: {said}.' if said else ''}"


def _chosen(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All rows if they fit; else all assumed ones first, then the largest."""
    if len(rows) <= ROWS_SHOWN_COUNT:
        return rows
    ranked = sorted(range(len(rows)), key=lambda n: (rows[n]["basis"] != ASSUMED, n))[:ROWS_SHOWN_COUNT]
    return [rows[n] for n in sorted(ranked)]


@styled
def draw_figures(tables: Tables, facts: ReportFacts) -> Figure:
    """A range per current on a logarithmic axis. Takes the table `figures`."""
    rows = figures_data(tables).rows()
    title = figures_finding(tables, facts)
    shown = [row for row in _chosen(rows) if row["value_a"] > 0]
    if not shown:
        return empty(title, "No figure of this result is a current above zero.", facts)
    hidden = f"; {len(rows) - len(shown)} more are in the data" if len(rows) > len(shown) else ""
    sheet = Sheet(title, f"Currents with their published range, by how they are known{hidden}",
                  0.95 + ROW_IN * len(shown), facts)
    _ranges(sheet.axes(3.0, 0.95, 0.32, 0.5), shown)
    return sheet.figure


def _ranges(axes: Axes, shown: list[dict[str, Any]]) -> None:
    from matplotlib.lines import Line2D

    ends: list[float] = []
    for place, row in enumerate(shown):
        colour = BASIS_COLOURS.get(str(row["basis"]), MUTED)
        value = row["value_a"]
        low, high = row["low_a"] or value, row["high_a"] or value
        low, high = (low if low > 0 else value), (high if high > 0 else value)
        ends.extend((low, value, high))
        hollow = row["basis"] == ASSUMED
        if high > low:
            axes.plot([low, high], [place, place], color=colour, linewidth=5.0, alpha=0.3, solid_capstyle="round")
        axes.plot([value], [place], marker="o", markersize=6, markerfacecolor=PAPER if hollow else colour,
                  markeredgecolor=colour, markeredgewidth=1.6)
        axes.text(1.02, place, label(quantity(value, "current")), transform=axes.get_yaxis_transform(), va="center",
                  color=INK)
    low, high = min(ends) / 2, max(ends) * 2
    axes.set_xscale("log")
    ticks, names = decade_ticks(low, high, "current", 7)
    axes.set_xticks(ticks, [label(name) for name in names])
    axes.minorticks_off()
    axes.set_xlim(low, high)
    names = [label(f"{shorten(row['part'], 17)} · {shorten(row['figure'], 26)}") for row in shown]
    axes.set_yticks(range(len(shown)), names)
    for text, row in zip(axes.get_yticklabels(), shown, strict=True):
        text.set_color(LIMIT if row["basis"] == ASSUMED else INK)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlabel("current [A, logarithmic]")
    calm(axes, grid="x", left=False)
    axes.hlines(range(len(shown)), low, high, color=GRID, linewidth=0.4, zorder=0.5)
    seen = [basis for basis in BASIS_COLOURS if any(row["basis"] == basis for row in shown)]
    handles = [Line2D([], [], linestyle="", marker="o", markersize=6, markeredgewidth=1.6, label=label(basis),
                      markerfacecolor=PAPER if basis == ASSUMED else BASIS_COLOURS[basis],
                      markeredgecolor=BASIS_COLOURS[basis]) for basis in seen]
    if handles:
        axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=len(handles),
                    handletextpad=0.2, columnspacing=1.2, borderaxespad=0.2, labelcolor=INK)
