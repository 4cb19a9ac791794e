"""Where the energy goes: one step per part and state, from nothing to the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.style import (
    GRID,
    INK,
    MUTED,
    PAPER,
    REST,
    SIDE_IN,
    TEXT_PT,
    WIDTH_IN,
    Sheet,
    calm,
    colours,
    empty,
    label,
    styled,
)
from powerplan.report.words import finite, listed, percent, quantity, rows_of, shorten
from powerplan.results.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROWS_SHOWN_COUNT = 14
SUPPLY_PART = "supply"
OTHERS = "smaller ones"
ROW_IN = 0.235


def energy_data(tables: Tables) -> Table:
    """Part, state, energy a day, its share and the sum up to it, largest first."""
    rows = [row for row in rows_of(tables, "energy") if finite(row["energy_j_per_day"])]
    total = sum(float(row["energy_j_per_day"]) for row in rows) or 1.0
    ranked = sorted(rows, key=lambda row: (-float(row["energy_j_per_day"]), str(row["part"]), str(row["state"])))
    found: dict[str, list[Any]] = {name: [] for name in ("part", "state", "energy_j_per_day", "charge_c_per_day",
                                                         "energy_fraction", "sum_j_per_day")}
    reached = 0.0
    for row in ranked:
        energy = float(row["energy_j_per_day"])
        reached += energy
        values = (row["part"], row["state"], energy, finite(row["charge_c_per_day"]), energy / total, reached)
        for name, value in zip(found, values, strict=True):
            found[name].append(value)
    return Table("energy", found)


def energy_finding(tables: Tables, facts: ReportFacts) -> str:
    """The title: who takes most."""
    del facts
    rows = energy_data(tables).rows()
    if not rows:
        return "No energy was drawn"
    top = rows[:1] if rows[0]["energy_fraction"] >= 0.7 or len(rows) == 1 else rows[:2]
    names = [_name(row["part"], row["state"], 30) for row in top]
    share = percent(sum(row["energy_fraction"] for row in top))
    return f"{share} of the energy goes to {listed(names)}"


def energy_text(tables: Tables, facts: ReportFacts) -> str:
    """The plot in words."""
    del facts
    rows = energy_data(tables).rows()
    if not rows:
        return "Energy by part and state: nothing was drawn."
    shown = "; ".join(f"{_name(row['part'], row['state'], 40)} {quantity(row['energy_j_per_day'], 'energy')} a day "
                      f"({percent(row['energy_fraction'])})" for row in rows[:5])
    rest = f"; and {len(rows) - 5} smaller" if len(rows) > 5 else ""
    return f"Energy by part and state, largest first, {_total(rows)} a day in all: {shown}{rest}."


def _name(part: object, state: object, columns: int) -> str:
    if part == SUPPLY_PART:
        return f"supply {shorten(state, columns - 7)}"
    return f"{shorten(part, columns // 2)} in {shorten(state, columns // 2)}"


def _total(rows: Sequence[dict[str, Any]]) -> str:
    return quantity(rows[-1]["sum_j_per_day"] if rows else 0.0, "energy")


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The largest rows, and one for all the others."""
    if len(rows) <= ROWS_SHOWN_COUNT:
        return rows
    head, tail = rows[: ROWS_SHOWN_COUNT - 1], rows[ROWS_SHOWN_COUNT - 1:]
    rest = {"part": "", "state": f"{len(tail)} {OTHERS}", "sum_j_per_day": rows[-1]["sum_j_per_day"],
            "energy_j_per_day": sum(row["energy_j_per_day"] for row in tail),
            "energy_fraction": sum(row["energy_fraction"] for row in tail)}
    return [*head, rest]


@styled
def draw_energy(tables: Tables, facts: ReportFacts) -> Figure:
    """A strip by part, and a waterfall by part and state. Takes the table `energy`."""
    rows = energy_data(tables).rows()
    title = energy_finding(tables, facts)
    if not rows:
        return empty(title, "The simulated period holds no state that takes energy.", facts)
    parts: dict[str, float] = {}
    for row in rows:
        parts[str(row["part"])] = parts.get(str(row["part"]), 0.0) + row["energy_j_per_day"]
    ranked = sorted((name for name in parts if name != SUPPLY_PART), key=lambda name: -parts[name])
    palette = colours(ranked) | {SUPPLY_PART: REST, "": REST}
    shown = _shown(rows)
    sheet = Sheet(title, f"Energy from the battery by part and state, {_total(rows)} a day in all",
                  1.25 + ROW_IN * (len(shown) + 1), facts)
    _strip(sheet.axes(SIDE_IN, SIDE_IN, 0.02, ROW_IN * (len(shown) + 1) + 0.85), parts, ranked, palette)
    _waterfall(sheet.axes(2.35, 1.35, 0.5, 0.5), shown, palette)
    return sheet.figure


def _strip(axes: Axes, parts: dict[str, float], ranked: Sequence[str], palette: dict[str, str]) -> None:
    """All parts side by side in one bar, named where there is room."""
    names = [*ranked, SUPPLY_PART] if SUPPLY_PART in parts else list(ranked)
    total = sum(max(0.0, parts[name]) for name in names) or 1.0
    left = 0.0
    width_in = WIDTH_IN - 2 * SIDE_IN
    for name in names:
        share = max(0.0, parts[name]) / total
        axes.barh(0, share, left=left, height=1.0, color=palette[name], edgecolor=PAPER, linewidth=0.8,
                  hatch="////" if name == SUPPLY_PART else None)
        columns = int(share * width_in / 0.078)
        if columns >= 6:
            text = f"{shorten(name, columns - 5)} {percent(share)}" if columns >= 11 else shorten(name, columns)
            axes.text(left + share / 2, 0, label(text), ha="center", va="center", fontsize=TEXT_PT, color=INK,
                      bbox={"boxstyle": "round,pad=0.18", "fc": PAPER, "ec": "none", "alpha": 0.82})
        left += share
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.5, 0.5)
    axes.set_axis_off()


def _waterfall(axes: Axes, shown: list[dict[str, Any]], palette: dict[str, str]) -> None:
    from powerplan.report.scales import axis_scale, nice_ticks

    total = max(row["sum_j_per_day"] for row in shown)
    factor, unit = axis_scale(total, "energy")
    start = 0.0
    for place, row in enumerate(shown):
        energy = row["energy_j_per_day"] * factor
        axes.barh(place, energy, left=start, height=0.66, color=palette[str(row["part"])],
                  hatch="////" if row["part"] == SUPPLY_PART else None, edgecolor=PAPER, linewidth=0.4)
        axes.plot([start, start], [place - 0.4, place + 0.33], color=palette[str(row["part"])], linewidth=1.0)
        start += energy
        axes.plot([start, start], [place + 0.33, place + 0.6], color=MUTED, linewidth=0.5)
        value = f"{quantity(row['energy_j_per_day'], 'energy')}"
        axes.text(1.175, place, label(value), transform=axes.get_yaxis_transform(), ha="right", va="center",
                  color=MUTED)
        axes.text(1.34, place, label(percent(row["energy_fraction"])), transform=axes.get_yaxis_transform(),
                  ha="right", va="center", color=INK)
    last = len(shown)
    axes.barh(last, start, height=0.66, color=GRID)
    axes.text(1.175, last, label(quantity(total, "energy")), transform=axes.get_yaxis_transform(), ha="right",
              va="center", color=INK, fontweight="bold")
    axes.text(1.34, last, "100 %", transform=axes.get_yaxis_transform(), ha="right", va="center", color=INK,
              fontweight="bold")
    names = [_row_name(row) for row in shown]
    axes.set_yticks(range(last + 1), [*(label(name) for name in names), "all"], color=INK)
    axes.set_ylim(last + 0.6, -0.6)
    axes.set_xlim(0, max(start, 1e-30))
    axes.set_xticks(nice_ticks(0, start, 5))
    axes.set_xlabel(f"energy per day [{unit}]")
    calm(axes, grid="x", left=False)


def _row_name(row: dict[str, Any]) -> str:
    return str(row["state"]) if not row["part"] else f"{shorten(row['part'], 17)} · {shorten(row['state'], 15)}"
