"""First day against aged: what self-discharge and ageing take of the life, and what the worst pulse leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.scales import nice_ticks
from powerplan.report.style import INK, LIMIT, MUTED, REST, SERIES, Sheet, calm, empty, label, styled
from powerplan.report.words import days, finite, measured, percent, quantity, rows_of, shorten
from powerplan.results.schema import COLUMNS, LIFE, WORST_PULSE
from powerplan.results.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW_IN = 0.34
NAMES_IN = 2.3
DAYS_PER_YEAR = 365.0
ROWS_SHOWN_COUNT = 8


def ageing_data(tables: Tables) -> Table:
    """Life by case, and voltage under the worst pulse by case."""
    rows = [row for row in rows_of(tables, "ageing") if finite(row["value"]) is not None]
    return Table("ageing", {name: [row[name] for row in rows] for name in COLUMNS["ageing"]})


def _of(tables: Tables, quantity_name: str) -> list[dict[str, Any]]:
    return [row for row in ageing_data(tables).rows() if row["quantity"] == quantity_name][:ROWS_SHOWN_COUNT]


def ageing_finding(tables: Tables, facts: ReportFacts) -> str:
    """The title: how much of the first day's promise is kept."""
    del facts
    lives = _of(tables, LIFE)
    if len(lives) < 2 or not lives[0]["value"] > 0:
        return "The cell does not change with time"
    first, last = lives[0]["value"], lives[-1]["value"]
    what = str(lives[-1]["case"]).removeprefix("with ")
    if last < first:
        return (f"{what[:1].upper()}{what[1:]} {'take' if ' and ' in what else 'takes'} {percent(1 - last / first)} of "
                "the life that the first day promises")
    return f"The life is what the first day promises, in spite of {what}"


def ageing_text(tables: Tables, facts: ReportFacts) -> str:
    """The plot in words."""
    lives = "; ".join(f"{row['case']}: {days(row['value'])}, until {row['note']}" for row in _of(tables, LIFE))
    pulses = "; ".join(f"{row['case']}: {_voltage(row)}" for row in _of(tables, WORST_PULSE))
    return (f"{ageing_finding(tables, facts)}.{f' {lives}.' if lives else ''}"
            f"{f' Voltage under the worst pulse: {pulses}.' if pulses else ''}")


def _voltage(row: dict[str, Any]) -> str:
    low, high = finite(row["low"]), finite(row["high"])
    text = measured(row["value"], "V")
    return f"{text} ({quantity(low, 'voltage')} to {quantity(high, 'voltage')})" \
        if low is not None and high is not None and high > low else text


@styled
def draw_ageing(tables: Tables, facts: ReportFacts) -> Figure:
    """A bar per case of life, and under it a dot per moment of the worst pulse. Takes the table `ageing`."""
    title = ageing_finding(tables, facts)
    lives, pulses = _of(tables, LIFE), _of(tables, WORST_PULSE)
    if not lives:
        return empty(title, "Nothing wears this cell, so the first day tells the same as the whole life.", facts)
    upper_in, lower_in = 0.55 + ROW_IN * len(lives), (0.82 + ROW_IN * len(pulses)) if pulses else 0.0
    sheet = Sheet(title, "The same demand, temperatures and limits; what happens to the cell is added step by step",
                  upper_in + lower_in, facts)
    _lives(sheet.axes(NAMES_IN, 1.5, 0.02, lower_in + 0.48), lives)
    if pulses:
        _pulses(sheet.axes(NAMES_IN, 1.5, upper_in + 0.23, 0.48), pulses, facts)
    return sheet.figure


def _names(axes: Axes, rows: Sequence[dict[str, Any]]) -> None:
    axes.set_yticks(range(len(rows)), [label(shorten(row["case"], 36)) for row in rows], color=INK)
    axes.set_ylim(len(rows) - 0.4, -0.6)


def _beside(axes: Axes, place: int, text: str) -> None:
    """The value at the right edge of the paper, so that no mark runs into it."""
    axes.annotate(label(text), (1.0, place), xycoords=axes.get_yaxis_transform(), xytext=(6, 0), ha="left", va="center",
                  textcoords="offset points", color=INK, annotation_clip=False)


def _lives(axes: Axes, rows: Sequence[dict[str, Any]]) -> None:
    longest = max(row["value"] for row in rows)
    factor, unit = (1 / DAYS_PER_YEAR, "years") if longest > 3 * DAYS_PER_YEAR else (1.0, "days")
    for place, row in enumerate(rows):
        axes.barh(place, row["value"] * factor, height=0.62, color=SERIES[0] if place else REST, linewidth=0)
        _beside(axes, place, days(row["value"]))
    end = max(longest * factor, 1e-9)
    axes.set_xlim(0, end * 1.02)
    axes.set_xticks([tick for tick in nice_ticks(0, end, 6) if tick <= end * 1.02])
    axes.set_xlabel(f"battery life [{unit}]")
    _names(axes, rows)
    calm(axes, grid="x", left=False)


def _pulses(axes: Axes, rows: Sequence[dict[str, Any]], facts: ReportFacts) -> None:
    limit_v = facts.brown_out_v
    ends = [end for row in rows for end in (row["value"], finite(row["low"]), finite(row["high"])) if end is not None]
    if limit_v is not None:
        ends.append(limit_v)
    low, high = min(ends), max(ends)
    room = max(0.08 * (high - low), 0.01 * abs(high), 1e-6)
    for place, row in enumerate(rows):
        least, most = finite(row["low"]), finite(row["high"])
        if least is not None and most is not None and most > least:
            axes.plot([least, most], [place, place], color=SERIES[0], linewidth=3.0, alpha=0.35)
        under = limit_v is not None and row["value"] < limit_v
        axes.plot([row["value"]], [place], marker="o", markersize=6, color=LIMIT if under else SERIES[0])
        _beside(axes, place, measured(row["value"], "V"))
    if limit_v is not None:
        axes.axvline(limit_v, color=LIMIT, linewidth=1.1, linestyle=(0, (5, 2)), zorder=1)
        axes.annotate("brown-out", (limit_v, 1.0), xycoords=axes.get_xaxis_transform(), xytext=(0, 3), color=LIMIT,
                      textcoords="offset points", va="bottom", ha="left" if limit_v < (low + high) / 2 else "right")
    axes.set_xlim(low - room, high + room)
    axes.set_xticks(nice_ticks(low - room, high + room, 6))
    axes.set_xlabel("voltage under the worst pulse [V]", color=MUTED)
    _names(axes, rows)
    calm(axes, grid="x", left=False)
