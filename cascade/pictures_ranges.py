"""Pictures of the numbers inside a model: histograms of weights, activations in their ranges, signal against range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cascade.errors import DataError
from cascade.pictures import BLUE, GREEN, GRID, INK, MUTED, RED, ROW_IN, STYLE, YELLOW
from cascade.saturation import FACTORS, SUSPICIOUS_FRACTION, TensorRange
from cascade.weights import LayerWeights

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 4
LAYERS_SHOWN_COUNT = 24
ROWS_SHOWN_COUNT = 40


def weights_figure(layers: tuple[LayerWeights, ...], title: str) -> Figure:
    """Histogram of the weights of every layer, each over its own range."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    if not layers:
        raise DataError("the model has no weights to draw")
    shown = layers[:LAYERS_SHOWN_COUNT]
    rows = -(-len(shown) // COLUMNS)
    with rc_context(STYLE):
        height_in = 0.5 + 1.35 * rows
        figure = Figure(figsize=(7.4, height_in))
        widest = max(layers, key=lambda one: max(-one.smallest, one.largest))
        figure.text(0.02, 1 - 0.15 / height_in, f"{title}: weights from {widest.smallest:.3g} to {widest.largest:.3g} "
                    f"in layer {widest.index}", size=11, weight="bold", va="top")
        for number, layer in enumerate(shown):
            row, column = divmod(number, COLUMNS)
            bottom = 1 - (0.5 + 1.35 * (row + 1) - 0.25) / height_in
            axes = figure.add_axes((0.03 + 0.245 * column, bottom, 0.215, 0.78 / height_in))
            _histogram(axes, layer)
    return figure


def _histogram(axes: Axes, layer: LayerWeights) -> None:
    reach = max(-layer.smallest, layer.largest) or 1.0
    edges = np.linspace(-reach, reach, len(layer.counts) + 1)
    axes.bar(edges[:-1], layer.counts, width=np.diff(edges), align="edge", color=BLUE)
    axes.set_title(f"{layer.index} {layer.kind.lower()}", size=7.5, loc="left", color=INK, pad=10)
    axes.text(0, 1.02, f"{layer.count:,} {layer.dtype}, {layer.zero_fraction:.1%} zero", size=6.5, color=MUTED,
              transform=axes.transAxes)
    axes.set_xticks([-reach, 0, reach], [f"{-reach:.2g}", "0", f"{reach:.2g}"], size=6.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=GRID, linewidth=0.6, zorder=0)
    axes.tick_params(length=2)


def ranges_figure(ranges: tuple[TensorRange, ...], title: str) -> Figure:
    """Shares of zeros and of both ends of every activation, and the signal to noise of narrower and wider ranges."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    if not ranges:
        raise DataError("the model has no integer activations to draw")
    shown = ranges[:ROWS_SHOWN_COUNT]
    with rc_context(STYLE):
        height_in = max(3.2, 1.15 + ROW_IN * len(shown))
        figure = Figure(figsize=(8.6, height_in))
        cut = sum(one.high_fraction > SUSPICIOUS_FRACTION for one in shown)
        said = f"{cut} of {len(shown)} inner activations cut off at the upper end (above 1 %)"
        figure.text(0.02, 1 - 0.15 / height_in, f"{title}: {said}", size=11, weight="bold", va="top")
        _shares(figure.add_axes((0.27, 0.55 / height_in, 0.26, 1 - 1.25 / height_in)), shown)
        _curves(figure.add_axes((0.62, 0.55 / height_in, 0.36, 1 - 1.25 / height_in)), shown)
    return figure


def _shares(axes: Axes, shown: tuple[TensorRange, ...]) -> None:
    places = np.arange(len(shown))
    series = (("zero", [one.zero_fraction for one in shown], GREEN, "o"),
              ("lower end", [one.low_fraction for one in shown], YELLOW, "|"),
              ("upper end", [one.high_fraction for one in shown], RED, "D"))
    for label, values, colour, mark in series:
        axes.plot(values, places, linestyle="none", marker=mark, markersize=5, color=colour, label=label)
    axes.axvline(SUSPICIOUS_FRACTION, color=RED, linewidth=0.7, linestyle=":")
    axes.set_xscale("symlog", linthresh=1e-4)
    axes.set_xlim(-2e-5, 1.3)
    axes.set_xticks([0, 1e-4, 1e-3, 1e-2, 0.1, 1], ["0", "0.01 %", "0.1 %", "1 %", "10 %", "all"], size=7)
    axes.set_yticks(places, [f"{number} {_short(one.name)}" for number, one in enumerate(shown)], size=7)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlabel("share of its values")
    axes.grid(True, axis="x")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, handletextpad=0.1, columnspacing=0.8)


def _curves(axes: Axes, shown: tuple[TensorRange, ...]) -> None:
    low = min(shown, key=lambda one: one.signal_to_noise_db or np.inf)
    for number, one in enumerate(shown):
        heights = [np.nan if value is None else value for value in one.curve_db()]
        axes.plot(FACTORS, heights, color=RED if one is low else BLUE, linewidth=1.6 if one is low else 0.7,
                  alpha=1.0 if one is low else 0.6, label=f"least: {number} {_short(one.name)}" if one is low else None)
    axes.axvline(1.0, color=INK, linewidth=0.7)
    axes.set_xscale("log", base=2)
    ticks = [1 / 16, 1 / 4, 1, 4, 16]
    axes.set_xticks(ticks, ["1/16", "1/4", "as it is", "4", "16"])
    axes.set(xlabel="width of the range: narrower clips, wider is coarse", ylabel="signal to noise [dB]")
    axes.grid(True)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0))


def _short(name: str) -> str:
    """The telling end of a tensor's name."""
    parts = ["".join(letter if letter.isprintable() else "?" for letter in part)
             for part in name.split(";")[0].split("/") if part]
    text = "/".join(parts[-2:]) if parts else "?"
    return text if len(text) <= 30 else f"…{text[-29:]}"
