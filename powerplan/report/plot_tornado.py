"""What moves a metric most: a bar per uncertain figure, the widest on top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.scales import nice_ticks
from powerplan.report.style import INK, LIMIT, MUTED, SERIES, Sheet, calm, empty, label, styled
from powerplan.report.words import finite, measured, percent, rows_of, shorten
from powerplan.results.schema import COLUMNS
from powerplan.results.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ASSUMED = "assumed"
ROWS_SHOWN_COUNT = 20
ROW_IN = 0.27
VISIBLE_FRACTION = 1e-3
"""A bar narrower than this share of the widest is a line."""


def tornado_data(tables: Tables) -> Table:
    """Figures whose range moves the metric, widest first."""
    rows = [row for row in rows_of(tables, "tornado")
            if finite(row["at_low"]) is not None and finite(row["at_high"]) is not None]
    rows.sort(key=lambda row: (-abs(row["at_high"] - row["at_low"]), str(row["name"])))
    return Table("tornado", {name: [row[name] for row in rows] for name in COLUMNS["tornado"]})


def tornado_finding(tables: Tables, facts: ReportFacts) -> str:
    """The title: which figure matters most."""
    del facts
    rows = tornado_data(tables).rows()
    if not rows or rows[0]["at_low"] == rows[0]["at_high"]:
        return "No uncertain figure moves the result"
    assumed = ", which is assumed: measure it first" if rows[0]["basis"] == ASSUMED else ""
    return f"{shorten(rows[0]['name'], 60)} matters most{assumed}"


def tornado_text(tables: Tables, facts: ReportFacts) -> str:
    """The plot in words."""
    said = "; ".join(f"{shorten(row['name'], 40)} ({row['basis']}): {measured(row['at_low'], row['unit'])} to "
                     f"{measured(row['at_high'], row['unit'])}" for row in tornado_data(tables).rows()[:10])
    return f"{tornado_finding(tables, facts)}.{f' {said}.' if said else ''}"


@styled
def draw_tornado(tables: Tables, facts: ReportFacts) -> Figure:
    """A bar from the metric at the low end of a figure to that at its high end. Takes the table `tornado`."""
    rows = tornado_data(tables).rows()
    title = tornado_finding(tables, facts)
    if not rows or rows[0]["at_low"] == rows[0]["at_high"]:
        return empty(title, "Nothing in this scenario has a range that matters.", facts)
    widest = abs(rows[0]["at_high"] - rows[0]["at_low"])
    moving = [row for row in rows if abs(row["at_high"] - row["at_low"]) > VISIBLE_FRACTION * widest]
    shown = moving[:ROWS_SHOWN_COUNT]
    hidden = f"; {len(rows) - len(shown)} with less or no effect are in the data" if len(rows) > len(shown) else ""
    sheet = Sheet(title, "The result with one figure at the low and at the high end of its range, all others typical; "
                  f"hatched red is assumed, the share is that of the variance{hidden}", 0.7 + ROW_IN * len(shown),
                  facts)
    _bars(sheet.axes(3.0, 0.75, 0.1, 0.5), shown)
    return sheet.figure


def _bars(axes: Axes, shown: list[dict[str, Any]]) -> None:
    typical = float(shown[0]["at_typical"])
    for place, row in enumerate(shown):
        assumed = row["basis"] == ASSUMED
        for end, alpha in (("at_low", 0.45), ("at_high", 0.95)):
            axes.barh(place, float(row[end]) - typical, left=typical, height=0.62, alpha=alpha,
                      color=LIMIT if assumed else SERIES[0], hatch="///" if assumed else None, edgecolor="white",
                      linewidth=0.4)
        axes.text(1.02, place, label(percent(row["variance_fraction"])), transform=axes.get_yaxis_transform(),
                  va="center", color=MUTED)
    ends = [float(row[end]) for row in shown for end in ("at_low", "at_high")] + [typical]
    pad = 0.04 * (max(ends) - min(ends) or 1.0)
    axes.set_xlim(min(ends) - pad, max(ends) + pad)
    axes.axvline(typical, color=INK, linewidth=0.9)
    ticks = nice_ticks(min(ends), max(ends), 5)
    unit = str(shown[0]["unit"])
    axes.set_xticks(ticks, [label(measured(tick, unit).split(" (")[0]) for tick in ticks])
    axes.set_yticks(range(len(shown)), [label(shorten(row["name"], 44)) for row in shown])
    for text, row in zip(axes.get_yticklabels(), shown, strict=True):
        text.set_color(LIMIT if row["basis"] == ASSUMED else INK)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    metric = str(shown[0]["metric"] or "result").replace("_", " ")
    axes.set_xlabel(label(f"{shorten(metric, 40)}; pale at the low end of the figure, full at the high end"))
    calm(axes, grid="x", left=False)
