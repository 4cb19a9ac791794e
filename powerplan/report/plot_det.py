"""Missed events against false alarms: what the cascade can reach, what each level could alone, and where it is run."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.limits import limits_of
from powerplan.report.scales import log_floor
from powerplan.report.style import INK, LIMIT, PAPER, REST, SERIES, Sheet, calm, empty, label, styled
from powerplan.report.words import finite, number, percent, rows_of
from powerplan.results.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BEST, LEVEL_1, LEVEL_2 = "best pairs", "level 1 alone", "level 2 alone"
CURVES = ((BEST, SERIES[0], "-", "o"), (LEVEL_1, SERIES[1], "--", "^"), (LEVEL_2, SERIES[2], ":", "v"))
"""Told apart by line and mark as well as by colour."""
EVERY = "every pair"
POINTS = {"own": "this scenario", "chosen": "recommended"}
LOWEST_MISS = 1e-3
MISS_TICKS = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 0.995)
COLUMNS = ("curve", "threshold_1", "threshold_2", "false_alarms_per_day", "false_alarms_low", "false_alarms_high",
           "miss_fraction", "miss_low_fraction", "miss_high_fraction")


def det_data(tables: Tables) -> Table:
    """Points of every curve and the two operating points, with 90 % intervals."""
    rows = [row for row in rows_of(tables, "sweep")
            if finite(row["recall"]) is not None and finite(row["false_alarms_per_day"]) is not None]
    found: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for curve, chosen in _curves(rows):
        for row in chosen:
            values = (curve, row["threshold_1"], row["threshold_2"], row["false_alarms_per_day"],
                      row["false_alarms_low"], row["false_alarms_high"], 1.0 - row["recall"],
                      _rest(row["recall_high"]), _rest(row["recall_low"]))
            for name, value in zip(COLUMNS, values, strict=True):
                found[name].append(value)
    return Table("det", found)


def _rest(fraction: Any) -> float | None:
    given = finite(fraction)
    return None if given is None else 1.0 - given


def _curves(rows: Sequence[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    ranked = sorted(rows, key=lambda row: (row["false_alarms_per_day"], -row["recall"]))
    best: list[dict[str, Any]] = []
    for row in ranked:
        if not best or row["recall"] > best[-1]["recall"]:
            best.append(row)
    alone = {LEVEL_1: [row for row in ranked if row["threshold_2"] == 0],
             LEVEL_2: [row for row in ranked if row["threshold_1"] == 0 and row["threshold_2"] > 0]}
    two_levels = len({row["threshold_2"] for row in rows}) > 1
    found = [(BEST, best) if two_levels else (LEVEL_1, sorted(rows, key=lambda row: row["threshold_1"]))]
    if two_levels:
        found += [(name, chosen) for name, chosen in alone.items() if len(chosen) > 1]
        found.append((EVERY, ranked))
    found += [(words, [row for row in rows if role in str(row["role"]).split()]) for role, words in POINTS.items()]
    return found


def det_finding(tables: Tables, facts: ReportFacts) -> str:
    """The title: where the scenario stands."""
    del facts
    own = _point(tables, "own")
    if own is None:
        return "No pair of thresholds was counted"
    return (f"This scenario misses {percent(own['miss_fraction'])} of the events with "
            f"{number(own['false_alarms_per_day'])} false alarms a day")


def det_text(tables: Tables, facts: ReportFacts) -> str:
    """The plot in words."""
    said = [det_finding(tables, facts)]
    for role, words in POINTS.items():
        point = _point(tables, role)
        if point is not None:
            said.append(f"{words}: thresholds {number(point['threshold_1'])} and {number(point['threshold_2'])}, "
                        f"{percent(point['miss_fraction'])} missed, "
                        f"{number(point['false_alarms_per_day'])} false alarms a day")
    return ". ".join(said) + "."


def _point(tables: Tables, role: str) -> dict[str, Any] | None:
    return next((row for row in det_data(tables).rows() if row["curve"] == POINTS[role]), None)


def deviate(fraction: float) -> float:
    """Place of a share on a normal-deviate scale, as DET plots have it (Martin et al., Eurospeech 1997)."""
    return NormalDist().inv_cdf(min(max(fraction, LOWEST_MISS), 1 - LOWEST_MISS))


@styled
def draw_det(tables: Tables, facts: ReportFacts) -> Figure:
    """Missed share on a normal-deviate scale over false alarms a day, logarithmic. Takes the table `sweep`."""
    data = [row for row in det_data(tables).rows() if row["miss_fraction"] < 1 or row["curve"] in POINTS.values()]
    title = det_finding(tables, facts)
    if not data:
        return empty(title, "The scenario has no cascade with scores, or no event happened in the days swept.", facts)
    sheet = Sheet(title, "Lower left is better; bars are 90 % intervals of the days swept, dashed red lines are "
                  "required", 4.3, facts)
    axes = sheet.axes(0.75, 1.6, 0.1, 0.5)
    rates = [row["false_alarms_per_day"] for row in data]
    floor, ticks, names = log_floor(rates)
    _lines(axes, data, floor)
    _points(axes, data, floor)
    _limits(axes, tables, str(rows_of(tables, "sweep")[0]["cascade"]), floor)
    axes.set_xscale("log")
    axes.set_xticks(ticks, names)
    axes.set_xlim(floor / 1.6, max(max(rates), floor * 10) * 1.6)
    misses = [deviate(row["miss_fraction"]) for row in data]
    low, high = min(misses) - 0.25, max(misses) + 0.25
    shown = [tick for tick in MISS_TICKS if low <= deviate(tick) <= high]
    axes.set_yticks([deviate(tick) for tick in shown], [f"{100 * tick:g}" for tick in shown])
    axes.set_ylim(low, high)
    axes.minorticks_off()
    axes.set_xlabel("false alarms [1/day, logarithmic]")
    axes.set_ylabel("missed events [%, normal deviate]")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, handlelength=2.0, labelcolor=INK,
                labelspacing=0.7)
    calm(axes, grid="both")
    return sheet.figure


def _lines(axes: Axes, data: Sequence[dict[str, Any]], floor: float) -> None:
    every = [row for row in data if row["curve"] == EVERY]
    axes.plot([max(row["false_alarms_per_day"], floor) for row in every],
              [deviate(row["miss_fraction"]) for row in every], linestyle="", marker=".", markersize=4, color=REST,
              label=label(EVERY) if every else None)
    for name, colour, dash, mark in CURVES:
        own = [row for row in data if row["curve"] == name]
        if own:
            axes.plot([max(row["false_alarms_per_day"], floor) for row in own],
                      [deviate(row["miss_fraction"]) for row in own], color=colour, linestyle=dash, linewidth=1.4,
                      marker=mark, markersize=3.5, label=label(name))


def _points(axes: Axes, data: Sequence[dict[str, Any]], floor: float) -> None:
    for (role, words), mark, size in zip(POINTS.items(), ("s", "o"), (8, 13), strict=True):
        row = next((row for row in data if row["curve"] == words), None)
        if row is None:
            continue
        x, y = max(row["false_alarms_per_day"], floor), deviate(row["miss_fraction"])
        if role == "own":
            axes.plot([max(row["false_alarms_low"], floor), max(row["false_alarms_high"], floor)], [y, y], color=INK,
                      linewidth=0.9)
            ends = [finite(row[name]) for name in ("miss_low_fraction", "miss_high_fraction")]
            axes.plot([x, x], [deviate(end) for end in ends if end is not None] or [y, y], color=INK, linewidth=0.9)
        axes.plot([x], [y], marker=mark, markersize=size, linestyle="", color=INK, markeredgewidth=1.6, zorder=6,
                  markerfacecolor=PAPER if role == "own" else "none", label=label(words))


def _limits(axes: Axes, tables: Tables, cascade: str, floor: float) -> None:
    for limit in limits_of(tables, "recall", f"recall.{cascade}"):
        place = deviate(1.0 - limit.value)
        axes.axhline(place, color=LIMIT, linewidth=1.0, linestyle=(0, (5, 2)))
        axes.text(1.01, place, label(limit.id), color=LIMIT, va="center", transform=axes.get_yaxis_transform())
    for limit in limits_of(tables, "false_alarms", f"false_alarms.{cascade}"):
        axes.axvline(max(limit.value, floor), color=LIMIT, linewidth=1.0, linestyle=(0, (5, 2)))
        axes.text(max(limit.value, floor), 1.01, label(limit.id), color=LIMIT, ha="center", va="bottom",
                  transform=axes.get_xaxis_transform())
