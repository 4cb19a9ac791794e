"""Battery life against recall of every pair of thresholds, with the pairs that no other beats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.limits import limits_of
from powerplan.report.scales import log_floor, nice_ticks
from powerplan.report.style import GRID, INK, LIMIT, PAPER, SMALL_PT, Sheet, calm, empty, label, styled
from powerplan.report.words import finite, lived, number, percent, rows_of
from powerplan.results.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("threshold_1", "threshold_2", "battery_life_days", "recall", "false_alarms_per_day", "latency_p95_s",
           "pareto", "meets", "role", "misses")
DAYS_PER_YEAR = 365.0


def pareto_data(tables: Tables) -> Table:
    """Every pair with a recall and a life; `pareto` marks those that no other beats in life, recall and alarms."""
    rows = [row for row in rows_of(tables, "sweep")
            if finite(row["recall"]) is not None and finite(row["battery_life_days"]) is not None]
    return Table("pareto", {name: [row[name] for row in rows] for name in COLUMNS})


def pareto_finding(tables: Tables, facts: ReportFacts) -> str:
    """The title: what the recommended pair gives."""
    rows = pareto_data(tables).rows()
    chosen = next((row for row in rows if "chosen" in str(row["role"])), None)
    if chosen is None:
        return "No pair of thresholds was counted"
    front = sum(1 for row in rows if row["pareto"])
    what = "recommended" if chosen["meets"] else "nearest to the requirements"
    life = lived(chosen["battery_life_days"], facts.horizon_days)
    return (f"{front} of {len(rows)} pairs are beaten by no other; {what}: {life} at "
            f"recall {percent(chosen['recall'])}")


def pareto_text(tables: Tables, facts: ReportFacts) -> str:
    """The plot in words."""
    rows = sorted((row for row in pareto_data(tables).rows() if row["pareto"]),
                  key=lambda row: -row["battery_life_days"])
    said = "; ".join(f"{lived(row['battery_life_days'], facts.horizon_days)} with recall {percent(row['recall'])} and "
                     f"{number(row['false_alarms_per_day'])} false alarms a day"
                     for row in rows[::max(1, len(rows) // 8)])
    return f"{pareto_finding(tables, facts)}.{f' Unbeaten pairs: {said}.' if said else ''}"


@styled
def draw_pareto(tables: Tables, facts: ReportFacts) -> Figure:
    """A dot per pair; filled and ringed where no pair is better in everything. Takes the table `sweep`."""
    rows = pareto_data(tables).rows()
    title = pareto_finding(tables, facts)
    rows = [row for row in rows if row["recall"] > 0] or rows  # what detects nothing lasts longest and helps nobody
    if not rows:
        return empty(title, "The scenario has no cascade with scores, or no event happened in the days swept.", facts)
    sheet = Sheet(title, "Upper right is better; large dots: no other pair beats them in life, recall and false "
                  "alarms; crosses miss a requirement", 4.2, facts)
    axes = sheet.axes(0.7, 1.35, 0.1, 0.5)
    factor, unit = _life_unit(rows)
    _dots(sheet, axes, rows, factor)
    _frame(axes, rows, factor)
    _limits(axes, tables, str(rows_of(tables, "sweep")[0]["cascade"]), factor)
    axes.set_xlabel(f"battery life [{unit}]")
    axes.set_ylabel("recall [%]")
    calm(axes, grid="both")
    return sheet.figure


def _life_unit(rows: Sequence[dict[str, Any]]) -> tuple[float, str]:
    longest = max(row["battery_life_days"] for row in rows)
    return (1 / DAYS_PER_YEAR, "years") if longest > 3 * DAYS_PER_YEAR else (1.0, "days")


def _dots(sheet: Sheet, axes: Axes, rows: Sequence[dict[str, Any]], factor: float) -> None:
    from matplotlib.colors import LogNorm

    floor, ticks, names = log_floor([row["false_alarms_per_day"] for row in rows], 5)
    norm = LogNorm(floor, max(ticks[-1], floor * 10))
    drawn = None
    for front, meets in ((False, False), (False, True), (True, False), (True, True)):
        own = [row for row in rows if (bool(row["pareto"]), bool(row["meets"])) == (front, meets)]
        look: dict[str, Any] = {"marker": "o", "edgecolors": INK if front else GRID, "linewidths": 0.8} if meets else \
            {"marker": "X" if front else "x", "linewidths": 0.5 if front else 1.0}
        drawn = axes.scatter([row["battery_life_days"] * factor for row in own], [100 * row["recall"] for row in own],
                             c=[max(row["false_alarms_per_day"], floor) for row in own], cmap="cividis_r", norm=norm,
                             s=44 if front else 14, zorder=4 if front else 3, **look)
    for role, mark, size, words in (("chosen", "o", 16, "recommended or nearest"), ("own", "s", 14, "this scenario")):
        found = next((row for row in rows if role in str(row["role"]).split()), None)
        if found is not None:
            axes.plot([found["battery_life_days"] * factor], [100 * found["recall"]], marker=mark, markersize=size,
                      markerfacecolor="none", markeredgecolor=INK, markeredgewidth=1.5, linestyle="",
                      label=label(words), zorder=5)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.0, labelcolor=INK,
                fontsize=SMALL_PT + 1, markerscale=0.5)
    if drawn is not None:
        bar = sheet.figure.colorbar(drawn, cax=sheet.axes(6.35, 0.92, 0.3, 0.7))
        bar.set_ticks(ticks, labels=names)
        bar.ax.minorticks_off()
        bar.set_label(label("false alarms [1/day]"))
        bar.outline.set_visible(False)


def _frame(axes: Axes, rows: Sequence[dict[str, Any]], factor: float) -> None:
    lives = [row["battery_life_days"] * factor for row in rows]
    recalls = [100 * row["recall"] for row in rows]
    room = (max(lives) - min(lives)) * 0.06 or max(lives) * 0.1 or 1.0
    low, high = axes.get_xlim() if not lives else (min(lives) - room, max(lives) + room)
    axes.set_xlim(max(0.0, low), high)
    axes.set_xticks(nice_ticks(max(0.0, low), high, 7))
    room = max(3.0, (max(recalls) - min(recalls)) * 0.06)
    axes.set_ylim(max(-3.0, min(recalls) - room), min(103.0, max(recalls) + room))
    low, high = axes.get_ylim()
    axes.set_yticks(nice_ticks(max(0.0, low), min(100.0, high), 6))


def _limits(axes: Axes, tables: Tables, cascade: str, factor: float) -> None:
    for limit in limits_of(tables, "recall", f"recall.{cascade}"):
        axes.axhline(100 * limit.value, color=LIMIT, linewidth=1.0, linestyle=(0, (5, 2)), zorder=2)
        axes.text(0.995, 100 * limit.value, label(limit.id), color=LIMIT, va="bottom", ha="right",
                  transform=axes.get_yaxis_transform(), bbox={"fc": PAPER, "ec": "none", "pad": 0.5, "alpha": 0.8})
    left, right = axes.get_xlim()
    for limit in limits_of(tables, "battery_life"):
        place = limit.value * factor
        if not left <= place <= right:
            continue
        axes.axvline(place, color=LIMIT, linewidth=1.0, linestyle=(0, (5, 2)), zorder=2)
        axes.text(place, 0.01, label(f" {limit.id} "), color=LIMIT, va="bottom",
                  ha="left" if place < (left + right) / 2 else "right", transform=axes.get_xaxis_transform())
