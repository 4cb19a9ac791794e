"""Differences as people read them: signs, units, per cent, and what an input was before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from powerplan.results.document import number
from powerplan.units import format_quantity

SHOWN_METRICS = ("battery_life", "average_current", "energy_per_day", "recall", "false_alarms", "latency", "precision",
                 "cpu_utilisation", "supply_voltage", "pulse_voltage_new", "pulse_voltage_aged", "first_pulse_voltage",
                 "coldest_week_current", "coldest_week_voltage", "net_energy", "autonomy")
"""Heads of the metrics that are shown unless everything is asked for."""
DIMENSION_OF_UNIT = {"s": "duration", "A": "current", "J": "energy", "C": "charge", "V": "voltage", "B": "data",
                     "kg": "mass", "m3": "volume"}
KEYS_SHOWN_COUNT = 24
HASH_SHOWN_COUNT = 12
DAYS_PER_YEAR = 365.0


def value_of(value: float | None, unit: str, digits: int | None = None) -> str:
    """A value with its unit; with `digits`, plainly in the unit it is stored in; a share may be asked for in `%`."""
    if value is None:
        return "-"
    if digits is not None:
        return f"{value:.{digits}g} {unit}".strip() if unit != "1" else f"{value:.{digits}g}"
    if unit == "%":
        return f"{100 * value:.4g} %"
    if unit == "d":
        return f"{value:,.0f} d" if abs(value) >= 100 else f"{value:.3g} d" if abs(value) >= 1 else \
            f"{value * 24:.3g} h"
    if unit in DIMENSION_OF_UNIT:
        return format_quantity(value, DIMENSION_OF_UNIT[unit])
    if unit == "1/d":
        return f"{value:.3g}/day"
    if unit in ("1", ""):
        return f"{value:.4g}"
    return f"{value:.3g} {unit}"


def delta_of(row: Mapping[str, Any], unit: str, digits: int | None = None) -> str:
    """A difference with its sign and per cent."""
    found, fraction = row["delta"], row["fraction"]
    if found is None:
        return "-"
    if found == 0:
        return "same"
    sign = "+" if found > 0 else "−"
    share = "" if fraction is None else f" ({signed_percent(fraction)})"
    return f"{sign}{value_of(abs(found), unit, digits)}{share}"


def signed_percent(fraction: float) -> str:
    """A share as per cent with its sign."""
    text = f"{abs(100 * fraction):.1f}" if abs(fraction) < 10 else f"{abs(100 * fraction):,.0f}"
    return f"{'+' if fraction > 0 else '−'}{text} %"


def shown_metric(name: str, asked: Sequence[str]) -> bool:
    """Whether a metric is shown by default: what a product is judged by."""
    if name in asked:
        return True
    head = name.split(".")[0]
    return head in SHOWN_METRICS and (head != "latency" or name.endswith(".p95"))


def change_text(change: Mapping[str, Any]) -> str:
    """An input before and after."""
    kind, name, unit = change["kind"], change["name"], change["unit"]
    before, after = (_side_text(change[key], kind, unit) for key in ("before", "after"))
    if kind == "file":
        return f"{name}: its content changed ({before} to {after})"
    if kind == "figure":
        return f"figure {name}: {before} to {after}"
    if kind == "scenario":
        return f"{name}: {before} to {after}"
    return f"{kind}{'' if name in ('seed', 'engine', 'horizon') else ' of ' + name}: {before} to {after}"


def _side_text(value: Any, kind: str, unit: str) -> str:
    if value is None:
        return "nothing"
    if kind == "file":
        return str(value)[:HASH_SHOWN_COUNT]
    if kind == "figure" and isinstance(value, int | float):
        dimension = unit if unit and unit != "number" else None
        try:
            return format_quantity(float(value), dimension) if dimension else f"{value:.4g}"
        except KeyError:
            return f"{value:.4g}"
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    return str(value)


def change_lines(changed: Sequence[Mapping[str, Any]], everything: bool = False) -> list[str]:
    """Inputs that differ: keys first, then the figures that follow from them."""
    rows = [change_text(change) for change in changed]
    shown = rows if everything else rows[:KEYS_SHOWN_COUNT]
    return shown + ([f"and {len(rows) - len(shown)} more (--all)"] if len(rows) > len(shown) else [])


def bill_rows(bills: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """(what, text per side) of cost, weight, volume, and the cost of a year of life."""
    names = {"unit_cost": "cost of parts and cells", "cost_per_year": "cost per year of battery life",
             "cells_per_year": "cells per year of battery life", "mass": "weight", "volume": "volume"}
    rows = []
    for key, name in names.items():
        found = [bill.get(key) for bill in bills]
        if any(one is not None for one in found):
            rows.append((name, [bill_text(one) for one in found]))
    return rows


def bill_text(found: Mapping[str, Any] | None) -> str:
    """A sum of a bill; where something states nothing, at least so much."""
    if found is None or found["value"] is None:
        return str(found["note"]) if found and found.get("note") else "not known"
    least = "≥ " if found["missing"] else ""
    return f"{least}{value_of(number(found['value']), found['unit'])}"


def bill_notes(names: Sequence[str], bills: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the sums leave out because nobody gave it."""
    said: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    words = {"unit_cost": "cost", "mass": "weight", "volume": "volume"}
    for key, word in words.items():
        for name, bill in zip(names, bills, strict=True):
            if bill.get(key) and bill[key]["missing"]:
                said.setdefault((word, tuple(bill[key]["missing"])), []).append(name)
    notes = []
    for (word, parts), inside in said.items():
        where = "" if len(inside) == len(names) else f" in {', '.join(inside)}"
        notes.append(f"no {word} is stated for {', '.join(parts)}{where}: a lower bound")
    assumed = [word for key, word in words.items() if any(bill.get(key) and bill[key]["assumed"] for bill in bills)]
    return [*notes, *([f"assumed figures: {', '.join(assumed)}"] if assumed else [])]
