"""Parts of one kind at a glance: asleep, at work, waking up, and one inference, each on its own scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from powerplan.report.scales import decade_ticks
from powerplan.report.style import GRID, INK, MUTED, SMALL_PT, calm, colours, label, styled
from powerplan.report.words import quantity, shorten
from powerplan.results.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = (
    ("sleep_w", "asleep", "power"), ("run_w", "at work", "power"), ("wake_s", "waking up", "duration"),
    ("inference_j", "one inference", "energy"),
)
NAME_COLUMNS = 30
ROW_IN, HEAD_IN, PANEL_IN, NAMES_IN = 0.42, 1.25, 2.1, 2.5
LEAST_DECADES = 2.0


def profiles_data(rows: Sequence[dict[str, Any]]) -> Table:
    """What the picture shows, one row a part."""
    columns: dict[str, list[Any]] = {key: [row[key] for row in rows] for key in ("name", "label", "kind", "sleep_w",
                                                                                 "run_w", "wake_s")}
    for end in ("low", "typical", "high", "basis"):
        columns[f"inference_{end}" if end == "basis" else f"inference_{end}_j"] = [
            row["inference_j"] and row["inference_j"][end] for row in rows]
    return Table("profiles", columns)


@styled
def draw_profiles(rows: Sequence[dict[str, Any]]) -> Figure:
    """A point a part in a panel a property; a figure that nobody published says so in its place."""
    from matplotlib.figure import Figure as NewFigure

    shown = [panel for panel in PANELS if any(row[panel[0]] is not None for row in rows)]
    height_in = HEAD_IN + ROW_IN * len(rows)
    figure = NewFigure(figsize=(NAMES_IN + PANEL_IN * len(shown), height_in), layout="constrained")
    colour = colours([row["name"] for row in rows])
    all_axes = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    for axes, (key, title, dimension) in zip(all_axes, shown, strict=True):
        _panel(axes, [_range(row[key]) for row in rows], [colour[row["name"]] for row in rows], title, dimension)
    first = all_axes[0]
    first.set_yticks(range(len(rows)), [label(shorten(row["label"], NAME_COLUMNS)) for row in rows])
    first.set_ylim(len(rows) - 0.45, -0.55)
    for text in first.get_yticklabels():
        text.set_color(INK)
    figure.suptitle(label(_finding(rows), "bold"), x=0.01, ha="left", fontsize=12, fontweight="bold", color=INK)
    return figure


def _finding(rows: Sequence[dict[str, Any]]) -> str:
    """The title: who sleeps best, and who takes least for an inference or for its work."""
    asleep = [row for row in rows if row["sleep_w"] is not None]
    working = [row for row in rows if row["inference_j"] is not None] or [row for row in rows if row["run_w"]]
    found = []
    if len(asleep) > 1:
        found.append(f"{shorten(min(asleep, key=lambda row: row['sleep_w'])['label'], 40)} sleeps at the least power")
    if len(working) > 1:
        by_inference = working[0]["inference_j"] is not None
        least = min(working, key=lambda row: row["inference_j"]["typical"] if by_inference else row["run_w"])
        what = "takes the least energy for an inference" if by_inference else "draws the least at work"
        found.append(f"{shorten(least['label'], 40)} {what}")
    return "; ".join(found) or "Parts side by side"


def _range(value: Any) -> tuple[float, float, float] | None:
    if value is None or value == 0.0:
        return None
    if isinstance(value, dict):
        return value["low"], value["typical"], value["high"]
    return value, value, value


def _panel(axes: Axes, values: Sequence[tuple[float, float, float] | None], colour: Sequence[str], title: str,
           dimension: str) -> None:
    """Points on a logarithmic scale with their range, the typical value written beside them."""
    known = [value for value in values if value is not None]
    low, high = math.log10(min(value[0] for value in known)), math.log10(max(value[2] for value in known))
    left = 10.0 ** min(low - 0.5, high - LEAST_DECADES)
    right = 10.0 ** (high + 0.45 * (high - math.log10(left)))
    axes.set_xscale("log")
    axes.set_xlim(left, right)
    for place, value in enumerate(values):
        if value is None:
            axes.text(0.03, place, label("not published"), transform=axes.get_yaxis_transform(), va="center",
                      color=MUTED, fontsize=SMALL_PT)
            continue
        axes.plot([left, value[0]], [place, place], color=GRID, linewidth=0.8, zorder=0)
        axes.plot([value[0], value[2]], [place, place], color=colour[place], linewidth=2.5, alpha=0.6)
        axes.plot(value[1], place, "o", color=colour[place], markersize=7)
        axes.annotate(quantity(value[1], dimension), (value[2], place), xytext=(7, 0), textcoords="offset points",
                      va="center", fontsize=SMALL_PT, color=INK)
    ticks, texts = decade_ticks(left, right, dimension, most_count=4)
    inside = [(tick, text) for tick, text in zip(ticks, texts, strict=True) if left <= tick <= right]
    axes.set_xticks([tick for tick, _ in inside], [label(text) for _, text in inside])
    axes.set_title(label(title), loc="left", fontsize=9.5, color=INK)
    calm(axes, grid="x", left=False)
    axes.tick_params(axis="x", labelsize=SMALL_PT)
