"""How the battery empties: its voltages, the worst pulse against brown-out, and the charge left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.scales import nice_ticks, time_scale
from powerplan.report.style import (
    INK,
    LIMIT,
    MUTED,
    PAPER,
    SERIES,
    SHADE,
    Sheet,
    calm,
    empty,
    kept_points,
    label,
    styled,
)
from powerplan.report.words import (
    SECONDS_PER_DAY,
    beyond,
    column,
    days,
    finite,
    lived,
    metric_row,
    outlives,
    percent,
    quantity,
)
from powerplan.results.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("time_s", "state_of_charge_fraction", "open_circuit_v", "loaded_v", "worst_pulse_v")
LINES = (("open_circuit_v", "open circuit", SERIES[5], 1.4), ("loaded_v", "under mean load", SERIES[0], 1.6),
         ("worst_pulse_v", "under the worst pulse", SERIES[1], 1.6))
SAME_FRACTION = 1e-4
"""Voltages closer than this share of the plot lie on each other."""


def battery_data(tables: Tables) -> Table:
    """Charge and voltages over time, thinned to what a plot can show, extremes kept."""
    given = {name: [_number(v) for v in column(tables.get("battery"), name)] for name in COLUMNS}
    usable = [n for n, time in enumerate(given["time_s"]) if time == time]
    lines = [[given[name][n] for n in usable] for name in COLUMNS[1:]]
    kept = kept_points(lines) if usable else []
    return Table("battery", {name: [given[name][usable[n]] for n in kept] for name in COLUMNS})


def _number(value: Any) -> float:
    found = finite(value)
    return float("nan") if found is None else found


def _life(tables: Tables) -> tuple[float, float, float] | None:
    """Battery life and its interval. [d]"""
    row = metric_row(tables, "battery_life")
    if row is None or (value := finite(row["value"])) is None:
        times = battery_data(tables).columns["time_s"]
        return (times[-1] / SECONDS_PER_DAY,) * 3 if times else None
    low, high = finite(row["low"]), finite(row["high"])
    return value, value if low is None else low, value if high is None else high


def battery_finding(tables: Tables, facts: ReportFacts) -> str:
    """The title: how long, and what ends it."""
    life = _life(tables)
    if life is None:
        return "No battery was walked to its end"
    if facts.horizon_days is not None and outlives(life[0], facts.horizon_days):
        return f"The battery lasts {beyond(facts.horizon_days)}"
    reason = f", until {facts.end_words}" if facts.end_words else ""
    return f"The battery lasts {days(life[0])}{reason}"


def battery_text(tables: Tables, facts: ReportFacts) -> str:
    """The plot in words."""
    data = battery_data(tables)
    if not len(data):
        return "Battery discharge: no table of it."
    last = data.rows()[-1]
    said = [f"{name} {quantity(last[key], 'voltage')}" for key, name, _, _ in LINES if last[key] == last[key]]
    brown = f"; brown-out at {quantity(facts.brown_out_v, 'voltage')}" if facts.brown_out_v is not None else ""
    interval = _interval(tables, facts)
    return (f"{battery_finding(tables, facts)}{f' ({interval})' if interval else ''}. At the end "
            f"{percent(last['state_of_charge_fraction'])} of the charge is left; {', '.join(said)}{brown}.")


def _interval(tables: Tables, facts: ReportFacts) -> str:
    life = _life(tables)
    if life is None or life[2] - life[1] <= SAME_FRACTION * max(life[0], 1e-9):
        return ""
    return f"between {lived(life[1], facts.horizon_days)} and {lived(life[2], facts.horizon_days)}"


@styled
def draw_battery(tables: Tables, facts: ReportFacts) -> Figure:
    """Voltages above, charge below. Takes the tables `battery` and `summary`."""
    data = battery_data(tables)
    title = battery_finding(tables, facts)
    if len(data) < 2:
        return empty(title, "The table of the battery holds no course to draw.", facts)
    interval = _interval(tables, facts)
    sheet = Sheet(title, f"90 % interval {interval}" if interval else "Terminal voltage and charge left", 4.3, facts)
    life = _life(tables)
    end_s = max(data.columns["time_s"][-1], (life[2] if life else 0.0) * SECONDS_PER_DAY)
    fan_s = [time for time in column(tables.get("fan"), "time_s") if finite(time) is not None]
    end_s = max(end_s, fan_s[-1]) if fan_s else end_s
    factor, unit = time_scale(end_s)
    time = [value * factor for value in data.columns["time_s"]]
    upper = sheet.axes(0.62, 0.95, 0.36, 1.75)
    lower = sheet.axes(0.62, 0.95, 2.75, 0.5)
    _range(upper, lower, life, factor)
    fanned = _fan(lower, tables, factor)
    _voltages(upper, time, data, facts)
    for axes in (upper, lower):
        axes.set_xlim(0, end_s * factor * 1.015 or 1.0)
    _charge(lower, time, data, days(data.columns["time_s"][-1] / SECONDS_PER_DAY))
    for axes in (upper, lower):
        axes.set_xticks(nice_ticks(0, end_s * factor, 8))
        axes.axvline(time[-1], color=INK, linewidth=0.8, linestyle=(0, (1, 1.5)))
    upper.tick_params(labelbottom=False)
    lower.set_xlabel(f"time [{unit}]{'     band: P5 to P95 of the samples' if fanned else ''}")
    return sheet.figure


def _fan(axes: Axes, tables: Tables, factor: float) -> bool:
    """The charge left between P5 and P95 of the samples."""
    fan = tables.get("fan")
    if fan is None or len(fan) < 2:
        return False
    time = [value * factor for value in fan.columns["time_s"]]
    low, high = ([100 * value for value in fan.columns[name]] for name in ("low_fraction", "high_fraction"))
    axes.fill_between(time, low, high, color=SERIES[3], alpha=0.4, linewidth=0, zorder=1.5)
    return True


def _range(upper: Axes, lower: Axes, life: tuple[float, float, float] | None, factor: float) -> None:
    """A quiet band where the end of life lies with 90 %."""
    if life is None or life[2] <= life[1]:
        return
    for axes in (upper, lower):
        axes.axvspan(life[1] * SECONDS_PER_DAY * factor, life[2] * SECONDS_PER_DAY * factor, color=SHADE, linewidth=0)


def _voltages(axes: Axes, time: list[float], data: Table, facts: ReportFacts) -> None:
    present = [line for line in LINES if any(v == v for v in data.columns[line[0]])]
    values = [v for line in present for v in data.columns[line[0]] if v == v]
    limit = finite(facts.brown_out_v)
    if limit is not None:
        values.append(limit)
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    margin = (high - low or abs(high) * 0.1 or 1.0) * 0.08
    for key, name, colour, width in present:
        axes.plot(time, data.columns[key], color=colour, linewidth=width, label=label(name))
    if limit is not None:
        axes.axhline(limit, color=LIMIT, linewidth=1.1, linestyle=(0, (5, 2)))
        axes.text(1.012, limit, f"brown-out\n{label(quantity(limit, 'voltage'))}", color=LIMIT, va="center",
                  transform=axes.get_yaxis_transform(), linespacing=1.15)
    axes.set_ylim(low - margin, high + margin)
    axes.set_yticks(nice_ticks(low - margin, high + margin, 5))
    axes.set_ylabel("voltage [V]")
    if present:
        axes.legend(loc="lower left", bbox_to_anchor=(-0.012, 1.0), ncols=3, borderaxespad=0.2, handlelength=1.6,
                    columnspacing=1.6, labelcolor=INK)
    calm(axes)


def _charge(axes: Axes, time: list[float], data: Table, ended: str) -> None:
    left = [100 * value for value in data.columns["state_of_charge_fraction"]]
    axes.fill_between(time, left, color=SERIES[3], alpha=0.14, linewidth=0)
    axes.plot(time, left, color=SERIES[3], linewidth=1.4)
    axes.set_ylim(0, max(102.0, *(v for v in left if v == v)) if any(v == v for v in left) else 102.0)
    axes.set_yticks([0, 50, 100])
    axes.set_ylabel("charge left [%]")
    if left[-1] == left[-1]:
        axes.plot([time[-1]], [left[-1]], marker="o", markersize=5, color=SERIES[3], markeredgecolor=PAPER,
                  clip_on=False, zorder=5)
        near_right = time[-1] > 0.4 * axes.get_xlim()[1]
        axes.annotate(label(f"end, {ended}"), (time[-1], 88), xytext=(-4 if near_right else 4, 0), va="center",
                      textcoords="offset points", ha="right" if near_right else "left", color=INK)
        axes.text(1.012, min(max(left[-1], 8), 94), label(f"{percent(left[-1] / 100)} left"), va="center", color=MUTED,
                  transform=axes.get_yaxis_transform())
    calm(axes)


