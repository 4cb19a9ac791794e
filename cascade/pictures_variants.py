"""A picture of the variants of one model: accuracy over operations and over flash, with the frontier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cascade.errors import DataError
from cascade.pictures import BLUE, GREEN, INK, RED, STYLE, YELLOW

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AXES = (("width_", GREEN, "o"), ("depth_", YELLOW, "s"), ("resolution_", RED, "^"), ("", BLUE, "D"))
"""Beginning of a variant's name -> its colour and mark."""


def frontier(rows: Sequence[dict[str, Any]], cost: str) -> list[dict[str, Any]]:
    """Variants that no other one beats in both accuracy and a size, the cheapest first."""
    kept: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda one: (one["sizes"][cost], -one["accuracy"])):
        if not kept or row["accuracy"] > kept[-1]["accuracy"]:
            kept.append(row)
    return kept


def variants_figure(document: dict[str, Any]) -> Figure:
    """Accuracy on held-out data, with its interval, over multiply-accumulates and over bytes in flash."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    rows = document["variants"]
    if not rows:
        raise DataError("there are no variants to draw")
    with rc_context(STYLE):
        figure = Figure(figsize=(8.6, 3.9))
        best = frontier(rows, "macs")
        figure.text(0.02, 0.97, f"{best[0]['name']} is the cheapest of {len(rows)} at {best[0]['accuracy']:.1%}, "
                    f"{best[-1]['name']} the best at {best[-1]['accuracy']:.1%}", size=11, weight="bold", va="top")
        left = figure.add_axes((0.08, 0.14, 0.41, 0.7))
        right = figure.add_axes((0.57, 0.14, 0.41, 0.7))
        for axes, cost, label in ((left, "macs", "multiply-accumulates"), (right, "flash_bytes", "bytes in flash")):
            _draw(axes, rows, cost)
            axes.set_xlabel(label)
        left.set_ylabel(f"accuracy on {rows[0]['held_out']:,} held-out samples")
    return figure


def _draw(axes: Axes, rows: Sequence[dict[str, Any]], cost: str) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    line = frontier(rows, cost)
    axes.step([row["sizes"][cost] for row in line], [row["accuracy"] for row in line], where="post", color=INK,
              linewidth=0.9, alpha=0.6)
    for row in rows:
        colour, mark = next((colour, mark) for start, colour, mark in AXES if row["name"].startswith(start))
        at, value = row["sizes"][cost], row["accuracy"]
        axes.errorbar([at], [value], color=colour,
                      yerr=[[value - row["accuracy_low"]], [row["accuracy_high"] - value]],
                      marker=mark, markersize=5, capsize=2, linewidth=0.8, linestyle="none")
        beside = sorted((one["accuracy"] for one in rows if abs(one["sizes"][cost] / max(1, at) - 1) < 0.1),
                        reverse=True)
        # Of variants that cost the same the best has its name above, the worst below its mark.
        down = 4 if value == beside[0] else -10 if value == beside[-1] else -3
        axes.annotate(row["name"], (at, value), textcoords="offset points", xytext=(5, down), size=7)
    values = [row["sizes"][cost] for row in rows]
    if max(values) > 3 * max(1, min(values)):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}" if value <= 1 else ""))
    axes.margins(x=0.16, y=0.1)
    axes.tick_params(axis="x", labelrotation=0, labelsize=7)
    axes.grid(True)
