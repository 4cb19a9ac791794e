"""Latency against energy of one model on many devices, each with its range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from powerplan.report.style import INK, MUTED, SERIES, SMALL_PT, label, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMED_COUNT = 24


@styled
def draw_cost(rows: Sequence[dict[str, Any]]) -> Figure:
    """One point a device; those without an energy stand at the bottom edge as a range of time only."""
    from matplotlib.figure import Figure as NewFigure
    from matplotlib.ticker import NullFormatter

    figure = NewFigure(figsize=(8.0, 6.0), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.set_minor_formatter(NullFormatter())
    measured = [row for row in rows if row["energy_uj"] is not None]
    for row in measured:
        time, energy = row["latency_ms"], row["energy_uj"]
        axes.plot([time["low"], time["high"]], [energy["typical"]] * 2, color=MUTED, linewidth=0.8)
        axes.plot([time["typical"]] * 2, [energy["low"], energy["high"]], color=MUTED, linewidth=0.8)
        axes.plot(time["typical"], energy["typical"], "o", color=INK, markersize=4)
    for (time_ms, energy_uj), names in _same_place(measured)[:NAMED_COUNT]:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        axes.annotate(label(names[0] + more), (time_ms, energy_uj), xytext=(4, 3), textcoords="offset points",
                      fontsize=SMALL_PT, color=INK)
    best = min(measured, key=lambda row: row["energy_uj"]["typical"], default=None)
    title = f"{best['device']} takes the least energy per inference" if best else "No device has an energy figure"
    axes.set_title(label(title), loc="left", fontsize=12, color=INK)
    axes.set_xlabel("latency of one inference [ms]")
    axes.set_ylabel("energy of one inference [µJ]")
    return figure


@styled
def draw_race(document: dict[str, Any]) -> Figure:
    """Energy of one inference over the clock, alone and with what waits; the range as a band, the least one marked."""
    from matplotlib.figure import Figure as NewFigure
    from matplotlib.ticker import NullFormatter

    figure = NewFigure(figsize=(7.4, 4.4), layout="constrained")
    axes = figure.add_subplot()
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    clocks = [row["clock_mhz"] for row in document["clocks"]]
    lines = [("energy_uj", "alone", SERIES[0], document["best_alone_mhz"])]
    if document["waiting_w"]:
        what = f"with {document['waiting_w'] * 1e3:g} mW waiting"
        lines.append(("waiting_uj", what, SERIES[2], document["best_waiting_mhz"]))
    for key, name, colour, best in lines:
        values = [row[key] for row in document["clocks"]]
        axes.fill_between(clocks, [one["low"] for one in values], [one["high"] for one in values], color=colour,
                          alpha=0.15, linewidth=0)
        axes.plot(clocks, [one["typical"] for one in values], "o-", color=colour, label=name, markersize=4)
        axes.plot(best, values[clocks.index(best)]["typical"], "o", color=colour, markersize=9, fillstyle="none")
    said = f"{document['device']}: an inference takes the least energy at {document['best_alone_mhz']:g} MHz alone"
    if document["waiting_w"]:
        said += f", at {document['best_waiting_mhz']:g} MHz with what waits"
    axes.set_title(label(said), loc="left", fontsize=11, color=INK)
    axes.set_xlabel("clock [MHz]")
    axes.set_ylabel("energy of one inference [µJ]")
    axes.legend(loc="best")
    return figure


def _same_place(rows: Sequence[dict[str, Any]]) -> list[tuple[tuple[float, float], list[str]]]:
    """Devices by their place, those of one chip together, the least energy first."""
    found: dict[tuple[str, str], tuple[tuple[float, float], list[str]]] = {}
    for row in sorted(rows, key=lambda row: (row["energy_uj"]["typical"], len(row["device"]))):
        place = (row["latency_ms"]["typical"], row["energy_uj"]["typical"])
        found.setdefault((f"{place[0]:.1e}", f"{place[1]:.1e}"), (place, []))[1].append(row["device"])
    return list(found.values())
