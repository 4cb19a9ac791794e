"""Sending against computing: the energy of one decision made on the device, or made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.scales import decade_ticks, prefixed
from powerplan.report.style import INK, MUTED, SERIES, Sheet, calm, empty, label, styled
from powerplan.report.words import finite, measured, number, quantity, rows_of, shorten
from powerplan.results.schema import COLUMNS
from powerplan.results.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW_IN = 0.3
ROWS_SHOWN_COUNT = 18
RAW = "send the raw data"


def sending_data(tables: Tables) -> Table:
    """Every way to come to one decision, with energy above rest, time and the bytes that leave the device."""
    rows = [row for row in rows_of(tables, "sending") if (finite(row["energy_j"]) or 0) > 0]
    return Table("sending", {name: [row[name] for row in rows] for name in COLUMNS["sending"]})


def sending_finding(tables: Tables, facts: ReportFacts) -> str:
    """The title: which side takes less."""
    del facts
    rows = sending_data(tables).rows()
    computed = [row for row in rows if not row["data_bytes"]]
    raw = next((row for row in rows if row["choice"] == RAW), None)
    if not computed:
        return "There is nothing to compare: no radio that sends by the byte, or no model"
    last = computed[-1]
    if raw is not None and raw["cascade"] == last["cascade"]:
        ratio = raw["energy_j"] / last["energy_j"]
        more = f"{number(ratio)} times the energy" if ratio >= 1 else f"only {number(100 * ratio)} % of the energy"
        return f"Sending the raw data takes {more} of computing up to the last level"
    equal = finite(last["equal_bytes"])
    same = "more than sending a megabyte" if equal is None else \
        f"as much as sending {measured(equal, 'B')}" if equal > 1 else "less than any message"
    return f"One decision by the last level takes {prefixed(last['energy_j'], 'energy')}, {same}"


def sending_text(tables: Tables, facts: ReportFacts) -> str:
    """The plot in words."""
    said = "; ".join(f"{shorten(row['cascade'], 30)}, {row['choice']} on {shorten(row['part'], 30)}: "
                     f"{prefixed(row['energy_j'], 'energy')}, {quantity(row['time_s'], 'duration')}, "
                     f"{number(float(row['data_bytes']))} bytes leave the device"
                     for row in sending_data(tables).rows()[:ROWS_SHOWN_COUNT])
    return f"{sending_finding(tables, facts)}.{f' {said}.' if said else ''}"


@styled
def draw_sending(tables: Tables, facts: ReportFacts) -> Figure:
    """A bar per way on a logarithmic axis. Takes the table `sending`."""
    rows = sending_data(tables).rows()[:ROWS_SHOWN_COUNT]
    title = sending_finding(tables, facts)
    if not any(not row["data_bytes"] for row in rows):
        return empty(title, "This comparison needs a cascade, and a radio whose energy depends on the bytes.", facts)
    sheet = Sheet(title, "Energy of one decision above rest, at the rail of the part; one try per message, sensors "
                  "left out", 0.75 + ROW_IN * len(rows), facts)
    _bars(sheet.axes(2.9, 2.35, 0.22, 0.5), rows)
    return sheet.figure


def _bars(axes: Axes, rows: Sequence[dict[str, Any]]) -> None:
    energies = [float(row["energy_j"]) for row in rows]
    low, high = min(energies) / 3, max(energies) * 1.5
    cascades = {row["cascade"] for row in rows}
    for place, row in enumerate(rows):
        sent = bool(row["data_bytes"])
        axes.barh(place, row["energy_j"] - low, left=low, height=0.64, color=SERIES[1] if sent else SERIES[0],
                  hatch="////" if sent else None, edgecolor="white", linewidth=0.4)
        for at, text, colour in ((1.27, prefixed(row["energy_j"], "energy"), INK),
                                 (1.66, quantity(row["time_s"], "duration"), MUTED),
                                 (2.03, measured(row["data_bytes"], "B") if sent else "0 B", INK)):
            axes.text(at, place, label(text), transform=axes.get_yaxis_transform(), ha="right", va="center",
                      color=colour)
    for at, text in ((1.27, "energy"), (1.66, "time"), (2.03, "leaves device")):
        axes.text(at, -0.85, text, transform=axes.get_yaxis_transform(), ha="right", va="center", color=MUTED)
    axes.set_xscale("log")
    ticks, _ = decade_ticks(low, high, "energy", 6)
    axes.set_xticks(ticks, [label(prefixed(tick, "energy")) for tick in ticks])
    axes.minorticks_off()
    axes.set_xlim(low, high)
    names = [f"{shorten(row['cascade'], 14)} · {row['choice']}" if len(cascades) > 1 else
             f"{row['choice']} · {shorten(row['part'], 16)}" for row in rows]
    axes.set_yticks(range(len(rows)), [label(shorten(name, 44)) for name in names], color=INK)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel("energy of one decision [J, logarithmic]; hatched is sent")
    calm(axes, grid="x", left=False)
