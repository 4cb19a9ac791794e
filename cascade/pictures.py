"""Pictures of a model's layers and of ROC and DET curves, as Matplotlib figures without global state."""

from __future__ import annotations

import io
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from cascade.curves import Curve, Curves
from cascade.errors import DataError, OutputError
from cascade.tflite import ModelFacts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, GRID = "#1f2a37", "#5b6876", "#dfe4ea"
BLUE, YELLOW, RED, GREEN = "#4477aa", "#ddaa33", "#bb5566", "#44aa99"
"""After Paul Tol's schemes: told apart with every common colour blindness."""
STYLE: Any = {
    "font.size": 8.5, "text.color": INK, "axes.edgecolor": MUTED, "axes.labelcolor": MUTED, "axes.linewidth": 0.6,
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True, "xtick.color": MUTED,
    "ytick.color": MUTED, "grid.color": GRID, "grid.linewidth": 0.6, "legend.frameon": False, "text.parse_math": False,
    "svg.fonttype": "path", "font.family": "DejaVu Sans",
}
ROW_IN = 0.2
LAYERS_SHOWN_COUNT = 60
DET_TICKS = (0.0001, 0.001, 0.01, 0.05, 0.2, 0.5)
PNG_DPI = 200


def layers_figure(facts: ModelFacts) -> Figure:
    """Weight bytes, activation bytes and MACs of every operator, side by side."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    shown = facts.operators[:LAYERS_SHOWN_COUNT]
    names = [f"{one.index} {one.kind.lower()}" for one in shown]
    columns = (("MACs", [one.macs for one in shown], BLUE),
               ("weight bytes", [one.weight_bytes for one in shown], YELLOW),
               ("activation bytes", [one.activation_bytes for one in shown], GREEN))
    with rc_context(STYLE):
        height_in = 0.95 + ROW_IN * max(3, len(shown))
        figure = Figure(figsize=(7.4, height_in))
        figure.text(0.02, 1 - 0.2 / height_in, _layers_title(facts), size=11, weight="bold", va="top")
        for number, (title, values, colour) in enumerate(columns):
            axes = figure.add_axes((0.25 + 0.25 * number, 0.35 / height_in, 0.225, 1 - 0.95 / height_in))
            axes.barh(range(len(values)), values, color=colour, height=0.7)
            axes.set_ylim(len(values) - 0.4, -0.6)
            axes.set_yticks(range(len(values)), names if number == 0 else [])
            axes.set_title(f"{title}: {sum(values):,}", size=8.5, loc="left", color=MUTED)
            axes.set_xticks([0, max([*values, 1])], ["0", f"{max([*values, 1]):,}"])
            axes.get_xticklabels()[1].set_horizontalalignment("right")
            axes.grid(True, axis="x")
            axes.tick_params(length=0)
    return figure


def _layers_title(facts: ModelFacts) -> str:
    name = "".join(letter if letter.isprintable() else "?" for letter in Path(facts.file).name)[:50]
    if not facts.macs:
        return f"{name}: no multiply-accumulates"
    top = max(facts.operators, key=lambda one: one.macs)
    rest = f" (first {LAYERS_SHOWN_COUNT} operators shown)" if len(facts.operators) > LAYERS_SHOWN_COUNT else ""
    return f"{name}: operator {top.index} takes {top.macs / facts.macs:.0%} of the MACs{rest}"


def roc_figure(found: Curves) -> Figure:
    """Recall over false accepts, with the operating point."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(5.2, 4.6))
        axes = figure.add_axes((0.13, 0.12, 0.83, 0.74))
        for curve, colour, dashes in _lines(found):
            axes.step(curve.false_accepts, curve.recall, where="post", color=colour, linestyle=dashes,
                      label=curve.name if curve is found.cascade else f"{curve.name}, area {curve.area:.4f}")
        _point(axes, *found.point)
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xlabel="share of negatives that pass",
                 ylabel="share of positives that pass")
        axes.legend(loc="lower right")
        axes.grid(True)
        figure.text(0.03, 0.96, _point_title(found), size=11, weight="bold", va="top")
    return figure


def det_figure(found: Curves) -> Figure:
    """Misses over false accepts on normal deviate scales (Martin et al., Eurospeech 1997), with the operating point."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    least = 0.5 / max(found.positives, found.negatives)
    with rc_context(STYLE):
        figure = Figure(figsize=(5.2, 4.6))
        axes = figure.add_axes((0.13, 0.12, 0.83, 0.74))
        for curve, colour, dashes in _lines(found):
            pairs = [(x, 1 - y) for x, y in zip(curve.false_accepts, curve.recall, strict=True)]
            axes.plot([_deviate(x, least) for x, _ in pairs], [_deviate(y, least) for _, y in pairs], color=colour,
                      linestyle=dashes, label=curve.name, drawstyle="steps-post")
        _point(axes, _deviate(found.point[0], least), _deviate(1 - found.point[1], least))
        ticks = [tick for tick in DET_TICKS if tick >= least]
        places, labels = [_deviate(tick, least) for tick in ticks], [f"{tick * 100:g} %" for tick in ticks]
        axes.set_xticks(places, labels)
        axes.set_yticks(places, labels)
        edges = (_deviate(least, least) - 0.1, _deviate(0.6, least))
        axes.set(xlim=edges, ylim=edges, xlabel="negatives that pass", ylabel="positives that are missed")
        axes.legend(loc="upper right")
        axes.grid(True)
        figure.text(0.03, 0.96, _point_title(found), size=11, weight="bold", va="top")
    return figure


def _lines(found: Curves) -> tuple[tuple[Curve, str, str], ...]:
    return ((found.level_1, YELLOW, "--"), (found.level_2, GREEN, ":"), (found.cascade, BLUE, "-"))


def _point(axes: Axes, x: float, y: float) -> None:
    axes.plot([x], [y], marker="o", markersize=7, markerfacecolor="white", markeredgecolor=RED, markeredgewidth=1.8,
              linestyle="none", label="operating point", zorder=5)


def _point_title(found: Curves) -> str:
    false_accepts, recall = found.point
    return f"{recall:.1%} of positives pass, and {false_accepts:.2%} of negatives"


def _deviate(share: float, least: float) -> float:
    """Normal deviate of a share; shares below what the table can show stand at its edge. [1]"""
    return NormalDist().inv_cdf(min(1 - 1e-9, max(least, share)))


def write_picture(figure: Figure, path: Path) -> Path:
    """Write a figure as .png or .svg, the same bytes each time. Raises OutputError."""
    from matplotlib import rc_context

    kind = path.suffix.lower().lstrip(".")
    if kind not in ("png", "svg"):
        raise DataError(f"{path}: a picture ends in .png or .svg")
    out = io.BytesIO()
    metadata: dict[str, Any] = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
    with rc_context({**STYLE, "svg.hashsalt": "cascade"}):
        figure.savefig(out, format=kind, dpi=PNG_DPI, metadata=metadata)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(out.getvalue())
    except OSError as problem:
        raise OutputError(f"{path}: cannot be written: {problem.strerror}") from None
    return path
