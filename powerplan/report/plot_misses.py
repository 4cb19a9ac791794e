"""Why events were missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.scales import nice_ticks
from powerplan.report.style import INK, MUTED, Sheet, calm, colours, empty, label, styled
from powerplan.report.words import finite, percent, rows_of, shorten
from powerplan.results.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DETECTED = "detected"
NO_MISS = (DETECTED, "done", "cut")
"""Ends that are no miss; `cut` is counted nowhere."""
CAUSE_WORDS = {
    "trigger_missed": "the trigger saw nothing",
    "not_sampled": "over before a sample was taken",
    "busy": "busy with something else",
    "refractory": "inside the refractory time",
    "not_confirmed": "not confirmed by further windows",
    "deadline": "too late",
    "browned_out": "the supply browned out",
}
ROW_IN = 0.27
ROWS_SHOWN_COUNT = 16


def cause_words(cause: object) -> str:
    """A cause of the table in words."""
    name = str(cause)
    if name.startswith("rejected_by_level_"):
        return f"level {name.removeprefix('rejected_by_level_')} said no"
    return CAUSE_WORDS.get(name, shorten(name.replace("_", " "), 40))


def misses_data(tables: Tables) -> Table:
    """Cascade, cause, count and the share of all its events that were missed so, largest first."""
    found: dict[str, list[Any]] = {"cascade": [], "cause": [], "count": [], "share_of_misses_fraction": []}
    rows = [row for row in rows_of(tables, "misses")
            if str(row["cause"]) not in NO_MISS and (finite(row["count"]) or 0) > 0]
    total = sum(float(row["count"]) for row in rows) or 1.0
    for row in sorted(rows, key=lambda row: (-float(row["count"]), str(row["cascade"]), str(row["cause"]))):
        values = (row["cascade"], row["cause"], row["count"], float(row["count"]) / total)
        for name, value in zip(found, values, strict=True):
            found[name].append(value)
    return Table("misses", found)


def _detected(tables: Tables) -> int | None:
    """Events that were detected, where the table says so."""
    counts = [finite(row["count"]) or 0 for row in rows_of(tables, "misses") if str(row["cause"]) == DETECTED]
    return int(sum(counts)) if counts else None


def misses_finding(tables: Tables, facts: ReportFacts) -> str:
    """The title: how many, and why most."""
    del facts
    rows = misses_data(tables).rows()
    if not rows:
        return "No event was missed" if _detected(tables) or rows_of(tables, "misses") else "No event happened"
    missed = int(sum(float(row["count"]) for row in rows))
    detected = _detected(tables)
    of_all = f" of {missed + detected:,}" if detected is not None else ""
    events = "event was" if missed == 1 and not of_all else "events were"
    cause = cause_words(rows[0]["cause"])
    if len(rows) == 1:
        return f"{missed:,}{of_all} {events} missed; the cause: {cause}"
    share = percent(rows[0]["share_of_misses_fraction"])
    return f"{missed:,}{of_all} {events} missed; most often: {cause} ({share})"


def misses_text(tables: Tables, facts: ReportFacts) -> str:
    """The plot in words."""
    rows = misses_data(tables).rows()
    title = misses_finding(tables, facts)
    said = "; ".join(f"{shorten(row['cascade'], 40)}: {cause_words(row['cause'])} {int(row['count']):,}"
                     for row in rows[:ROWS_SHOWN_COUNT])
    return f"{title}. {said}." if said else f"{title}."


@styled
def draw_misses(tables: Tables, facts: ReportFacts) -> Figure:
    """A bar per cascade and cause. Takes the table `misses`."""
    rows = misses_data(tables).rows()
    title = misses_finding(tables, facts)
    if not rows:
        return empty(title, "In the simulated period there is no missed event to explain.", facts)
    cascades = list(dict.fromkeys(str(row["cascade"]) for row in rows))
    palette = colours(cascades)
    shown = rows[:ROWS_SHOWN_COUNT]
    hidden = f"; {len(rows) - len(shown)} rarer causes are in the data" if len(rows) > len(shown) else ""
    sheet = Sheet(title, f"Missed events by their first cause{hidden}", 0.7 + ROW_IN * len(shown), facts)
    axes = sheet.axes(3.3, 1.2, 0.05, 0.5)
    largest = max(float(row["count"]) for row in shown)
    for place, row in enumerate(shown):
        axes.barh(place, float(row["count"]), height=0.66, color=palette[str(row["cascade"])])
        axes.text(1.1, place, label(f"{int(row['count']):,}"), transform=axes.get_yaxis_transform(), ha="right",
                  va="center", color=INK)
        axes.text(1.31, place, label(percent(row["share_of_misses_fraction"])), transform=axes.get_yaxis_transform(),
                  ha="right", va="center", color=MUTED)
    names = [cause_words(row["cause"]) if len(cascades) == 1 else
             f"{shorten(row['cascade'], 16)} · {cause_words(row['cause'])}" for row in shown]
    axes.set_yticks(range(len(shown)), [label(shorten(name, 48)) for name in names], color=INK)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlim(0, largest)
    ticks = [tick for tick in nice_ticks(0, largest, 5) if tick == int(tick)]
    axes.set_xticks(ticks, [f"{int(tick):,}" for tick in ticks])
    axes.set_xlabel("events [count in the simulated period]")
    calm(axes, grid="x", left=False)
    return sheet.figure
