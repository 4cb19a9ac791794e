"""Designs side by side: one panel per metric that a requirement is about, a dot with its interval per design."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.scales import nice_ticks
from powerplan.report.style import INK, LIMIT, MUTED, Sheet, calm, colours, empty, label, styled
from powerplan.report.words import finite, measured, rows_of, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS_LIMIT_COUNT = 8
DESIGNS_LIMIT_COUNT = 20
ROW_IN = 0.2
GAP_IN = 0.62
LIFE = "battery_life"


def compare_panels(tables: Tables) -> list[tuple[str, list[float]]]:
    """(metric, limits) of each panel: the battery life first, then what requirements are about, in their order."""
    known = {row["metric"] for row in rows_of(tables, "compare")}
    found: dict[str, list[float]] = {LIFE: []} if LIFE in known else {}
    for row in rows_of(tables, "compare_requirements"):
        if row["metric"] in known:
            limits = found.setdefault(row["metric"], [])
            if finite(row["limit"]) is not None and row["limit"] not in limits:
                limits.append(row["limit"])
    return list(found.items())[:PANELS_LIMIT_COUNT]


def compare_finding(tables: Tables, facts: ReportFacts) -> str:
    """The title: which design lives longest."""
    del facts
    rows = [row for row in rows_of(tables, "compare") if row["metric"] == LIFE and finite(row["value"]) is not None]
    if not rows:
        return "No design has a battery life"
    best = max(rows, key=lambda row: row["value"])
    failed = {row["design"] for row in rows_of(tables, "compare_requirements")
              if row["verdict"] in ("FAIL", "NOT FEASIBLE")}
    but = ", but does not meet every requirement" if best["design"] in failed else ""
    return f"{shorten(best['design'], 50)} lives longest: {measured(best['value'], 'd')}{but}"


@styled
def draw_compare(tables: Tables, facts: ReportFacts) -> Figure:
    """Dots with intervals; the red line is the limit of a requirement. Takes `compare` and `compare_requirements`."""
    panels = compare_panels(tables)
    rows = rows_of(tables, "compare")
    designs = list(dict.fromkeys(row["design"] for row in rows))[:DESIGNS_LIMIT_COUNT]
    title = compare_finding(tables, facts)
    if not panels or not designs:
        return empty(title, "There is nothing to compare.", facts)
    panel_in = ROW_IN * len(designs) + GAP_IN
    sheet = Sheet(title, "Each dot is a design with its 90 % interval; the red line is the limit of a requirement",
                  0.1 + panel_in * len(panels), facts)
    colour = colours(designs)
    for place, (metric, limits) in enumerate(panels):
        top = 0.22 + panel_in * place
        own = {row["design"]: row for row in rows if row["metric"] == metric}
        axes = sheet.axes(2.5, 0.35, top, 0.1 + panel_in * (len(panels) - place) - panel_in + GAP_IN - 0.22)
        _panel(axes, metric, limits, designs, own, colour)
    return sheet.figure


def _panel(axes: Axes, metric: str, limits: list[float], designs: list[str], own: dict[str, Any],
           colour: dict[str, str]) -> None:
    values = [float(value) for row in own.values() for value in (row["low"], row["value"], row["high"])
              if finite(value) is not None] + limits
    unit = next((str(row["unit"]) for row in own.values()), "")
    for place, design in enumerate(designs):
        row = own.get(design)
        value = finite(row["value"]) if row is not None else None
        if row is None or value is None:
            axes.text(0.0, place, label("not measured"), transform=axes.get_yaxis_transform(), va="center",
                      color=MUTED, size=7)
            continue
        axes.plot([row["low"], row["high"]], [place, place], color=colour[design], linewidth=3.4, alpha=0.45)
        axes.plot([value], [place], marker="o", markersize=5.5, color=colour[design], markeredgecolor=INK,
                  markeredgewidth=0.5)
    for limit in limits:
        axes.axvline(limit, color=LIMIT, linewidth=1.1)
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    pad = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    axes.set_xlim(low - pad, high + pad)
    ticks = nice_ticks(low, high, 5) if high > low else [low]
    axes.set_xticks(ticks, [label(measured(tick, unit).split(" (")[0]) for tick in ticks])
    axes.set_yticks(range(len(designs)), [label(shorten(design, 36)) for design in designs])
    axes.set_ylim(len(designs) - 0.4, -0.6)
    axes.set_title(label(shorten(metric, 90)), loc="left", size=8.5, color=INK, pad=3)
    calm(axes, grid="x", left=False)
