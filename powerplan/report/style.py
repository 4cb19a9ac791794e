"""One look for all plots: colours, sizes, where title and foot stand, and how a figure becomes bytes.

Figures are made through the object interface; Matplotlib's settings are changed only while one is drawn or saved.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from powerplan.report.facts import ReportFacts
from powerplan.report.typeface import drawable, families
from powerplan.report.words import balanced, clean, shorten, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

INK, MUTED, GRID, PAPER, LIMIT, SHADE = "#1f2a37", "#5b6876", "#dfe4ea", "#ffffff", "#b3261e", "#eef1f5"
"""Text, quiet text, grid, ground, a line not to be crossed, a quiet area."""
SERIES = ("#4477aa", "#ddaa33", "#bb5566", "#44aa99", "#8e6bb0", "#88ccee", "#999933", "#cc8963")
"""After Paul Tol's schemes: told apart with every common colour blindness, and in grey by their order."""
REST = "#a8b1bc"
"""What is too small or too many to have a colour of its own."""
WIDTH_IN = 7.4
SIDE_IN = 0.12
"""Free paper at the left and right edge."""
TITLE_PT, SUBTITLE_PT, TEXT_PT, SMALL_PT = 12.5, 9.0, 8.5, 7.0
TITLE_COLUMNS, SUBTITLE_COLUMNS = 80, 112
TITLE_LINES = 3
POINTS_PER_LINE_COUNT = 5_000
PNG_DPI = 200
PNG_COMPRESSION = 3
"""Of zlib: half the time of the usual 6, a tenth more bytes."""
LARGEST_HEIGHT_IN = 20.0

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def drawing() -> Iterator[None]:
    """Matplotlib's settings while a figure of ours is drawn or saved."""
    from matplotlib import rc_context

    with rc_context({
        "font.family": list(families()), "font.size": TEXT_PT, "text.parse_math": False, "text.usetex": False,
        "text.color": INK, "axes.edgecolor": MUTED, "axes.labelcolor": MUTED, "axes.linewidth": 0.6,
        "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True, "axes.unicode_minus": True,
        "axes.labelsize": TEXT_PT, "xtick.color": MUTED, "ytick.color": MUTED, "xtick.labelsize": TEXT_PT,
        "ytick.labelsize": TEXT_PT, "xtick.major.width": 0.6, "ytick.major.width": 0.6, "xtick.major.size": 3,
        "ytick.major.size": 3, "grid.color": GRID, "grid.linewidth": 0.6, "lines.linewidth": 1.5,
        "lines.solid_capstyle": "round", "legend.frameon": False, "legend.fontsize": TEXT_PT, "hatch.linewidth": 0.5,
        "figure.facecolor": PAPER, "axes.facecolor": PAPER, "savefig.facecolor": PAPER, "svg.fonttype": "path",
        "pdf.fonttype": 42,
        "path.simplify": True, "agg.path.chunksize": 20_000, "figure.dpi": 100,
    }):
        yield


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Run a drawing function with our settings."""
    from functools import wraps

    @wraps(draw)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with drawing():
            return draw(*args, **kwargs)

    return inside


class Sheet:
    """An empty figure with its title and foot; axes are placed in inches from its edges."""

    def __init__(self, title: str, subtitle: str, body_in: float, facts: ReportFacts) -> None:
        from matplotlib.figure import Figure

        lines = balanced(clean(title), TITLE_COLUMNS, TITLE_LINES)
        below = wrap(clean(subtitle), SUBTITLE_COLUMNS, 2) if subtitle else []
        self.head_in = 0.16 + 0.215 * len(lines) + 0.165 * len(below) + 0.1
        self.foot_in = 0.3
        self.height_in = min(LARGEST_HEIGHT_IN, self.head_in + body_in + self.foot_in)
        self.figure: Figure = Figure(figsize=(WIDTH_IN, self.height_in))
        at_in = 0.14
        for line in lines:
            self.text(SIDE_IN, at_in, line, size=TITLE_PT, weight="bold", va="top")
            at_in += 0.215
        for line in below:
            self.text(SIDE_IN, at_in + 0.02, line, size=SUBTITLE_PT, color=MUTED, va="top")
            at_in += 0.165
        self.text(SIDE_IN, self.height_in - 0.1, foot(facts), size=SMALL_PT, color=MUTED, va="baseline")

    def text(self, x_in: float, y_in: float, text: str, **look: Any) -> Text:
        """A text at a place in inches from the left and upper edge."""
        weight = "bold" if look.get("weight") == "bold" else "normal"
        return self.figure.text(x_in / WIDTH_IN, 1 - y_in / self.height_in, drawable(text, weight), **look)

    def axes(self, left_in: float, right_in: float, top_in: float, bottom_in: float, **more: Any) -> Axes:
        """Axes whose edges lie that far from the left, the right, the head and the foot."""
        width = WIDTH_IN - left_in - right_in
        body = self.height_in - self.head_in - self.foot_in
        height = max(0.2, body - top_in - bottom_in)
        bottom = (self.foot_in + bottom_in) / self.height_in
        return self.figure.add_axes((left_in / WIDTH_IN, bottom, width / WIDTH_IN, height / self.height_in), **more)


def foot(facts: ReportFacts) -> str:
    """Scenario, seed and version: what a plot needs to be found again."""
    version = clean(facts.version, 30)
    parts = (shorten(facts.scenario, 70), f"seed {facts.seed}", f"powerplan {version}" if version else "powerplan")
    return "  ·  ".join(parts)


def label(text: str, weight: str = "normal") -> str:
    """A text ready for a plot: clean, and no character without a glyph."""
    return drawable(clean(text), weight)


def calm(axes: Axes, *, grid: str = "y", left: bool = True, bottom: bool = True) -> None:
    """Quiet axes: a grid along one direction, spines only where values are read."""
    from matplotlib.ticker import NullFormatter

    if grid:
        axes.grid(True, axis=grid)  # type: ignore[arg-type]
    axes.spines["left"].set_visible(left)
    axes.spines["bottom"].set_visible(bottom)
    axes.tick_params(labelfontfamily=list(families()))
    if not left:
        axes.tick_params(axis="y", length=0)
    if not bottom:
        axes.tick_params(axis="x", length=0)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    for text in axes.get_yticklabels():
        text.set_verticalalignment("center")


def empty(title: str, sentence: str, facts: ReportFacts) -> Figure:
    """A figure that says there is nothing to show, and why."""
    sheet = Sheet(title, "", 1.0, facts)
    sheet.text(WIDTH_IN / 2, sheet.head_in + 0.45, clean(sentence), size=SUBTITLE_PT + 0.5, color=MUTED, ha="center",
               va="center")
    return sheet.figure


def colours(names: Sequence[str]) -> dict[str, str]:
    """A colour for each name, in order; those beyond the palette are grey."""
    return {name: SERIES[n] if n < len(SERIES) else REST for n, name in enumerate(names)}


def kept_points(lines: Sequence[Sequence[float]], point_count: int = POINTS_PER_LINE_COUNT) -> list[int]:
    """Indices that keep the ends, and the lowest and highest of every stretch of every line."""
    import numpy as np

    length = max((len(line) for line in lines), default=0)
    if length <= point_count:
        return list(range(length))
    stretch_count = max(1, (point_count - 2) // (2 * len(lines)))
    edges = np.linspace(0, length, stretch_count + 1).astype(int)
    kept = {0, length - 1}
    for line in lines:
        values = np.asarray(line, dtype=float)
        low, high = np.where(np.isnan(values), np.inf, values), np.where(np.isnan(values), -np.inf, values)
        for start, end in pairwise(edges):
            if end > start:
                kept.add(int(start + np.argmin(low[start:end])))
                kept.add(int(start + np.argmax(high[start:end])))
    return sorted(kept)


def to_png(figure: Figure) -> bytes:
    """The figure as PNG at 200 dpi, the same bytes each time."""
    out = io.BytesIO()
    with drawing():
        figure.savefig(out, format="png", dpi=PNG_DPI, metadata={"Software": None},
                       pil_kwargs={"compress_level": PNG_COMPRESSION})
    return out.getvalue()


def to_svg(figure: Figure, name: str) -> str:
    """The figure as SVG, the same text each time."""
    from matplotlib import rc_context

    out = io.StringIO()
    with drawing(), rc_context({"svg.hashsalt": f"powerplan-{name}"}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return out.getvalue()


def to_pdf(figure: Figure) -> bytes:
    """The figure as a PDF of its own size, the same bytes each time."""
    out = io.BytesIO()
    with drawing():
        figure.savefig(out, format="pdf", metadata={"CreationDate": None, "Producer": None, "Creator": None})
    return out.getvalue()
