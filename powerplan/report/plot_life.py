"""How the battery life spreads over samples of figures and cells, against what is required."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.limits import limits_of
from powerplan.report.scales import nice_ticks
from powerplan.report.style import INK, LIMIT, MUTED, PAPER, SERIES, SHADE, Sheet, calm, empty, label, styled
from powerplan.report.words import column, days, finite, lived, metric_row, percent
from powerplan.results.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DAYS_PER_YEAR = 365.0
SAME_FRACTION = 1e-6
NEAR_FRACTION = 0.05
"""Of the axis: percentiles closer than this share a name."""
FEWEST_BINS_COUNT, MOST_BINS_COUNT = 8, 40


def life_data(tables: Tables) -> Table:
    """Life of every sample, shortest first, and the share of samples that end by then."""
    lives = sorted(found for value in column(tables.get("lives"), "life_days") if (found := finite(value)) is not None)
    return Table("life", {"life_days": lives, "ended_fraction": [(n + 1) / len(lives) for n in range(len(lives))]})


def _spread(lives: list[float]) -> bool:
    return bool(lives) and lives[-1] - lives[0] > SAME_FRACTION * max(lives[-1], 1e-9)


def _percentile(lives: list[float], fraction: float) -> float:
    """Value at a rank, linear between ranks. [d]"""
    place = fraction * (len(lives) - 1)
    low = int(place)
    high = min(low + 1, len(lives) - 1)
    return lives[low] + (lives[high] - lives[low]) * (place - low)


def _end(lives: list[float]) -> float:
    """Lives far beyond the 95th percentile are counted at the edge, not drawn. [d]"""
    low, high = _percentile(lives, 0.05), _percentile(lives, 0.95)
    return min(lives[-1], high + max(high - low, 0.1 * high))


def life_finding(tables: Tables, facts: ReportFacts) -> str:
    """The title: how likely the required life is, or where the middle lies."""
    lives = list(life_data(tables).columns["life_days"])
    if not lives:
        return "Nothing that decides the battery life has a range"
    if not _spread(lives):
        return f"Every one of {len(lives)} samples lasts {lived(lives[0], facts.horizon_days)}"
    limit = next(iter(limits_of(tables, "battery_life")), None)
    if limit is None:
        return f"Half of the samples last longer than {days(_percentile(lives, 0.5))}"
    share = sum(life >= limit.value for life in lives) / len(lives)
    return f"{percent(share)} of {len(lives)} samples last the {days(limit.value)} that {limit.id} asks for"


def life_text(tables: Tables, facts: ReportFacts) -> str:
    """The plot in words."""
    lives = list(life_data(tables).columns["life_days"])
    if not lives:
        return f"Battery life: {life_finding(tables, facts)}."
    if not _spread(lives):
        return f"{life_finding(tables, facts)}."
    ends = ", ".join(f"P{fraction * 100:g} {lived(_percentile(lives, fraction), facts.horizon_days)}"
                     for fraction in (0.05, 0.5, 0.95))
    return f"{life_finding(tables, facts)}. {ends}."


@styled
def draw_life(tables: Tables, facts: ReportFacts) -> Figure:
    """A histogram with P5, P50, P95 and the limit. Takes the table `lives`."""
    lives = list(life_data(tables).columns["life_days"])
    title = life_finding(tables, facts)
    if not _spread(lives):
        return empty(title, "What has a range here does not decide the life." if lives else
                     "No figure with a range decides the life, so there is one value.", facts)
    factor, unit = (1 / DAYS_PER_YEAR, "years") if lives[-1] > 3 * DAYS_PER_YEAR else (1.0, "days")
    sheet = Sheet(title, f"{len(lives)} samples of currents, cells and temperature in their ranges; grey: P5 to P95",
                  2.6, facts)
    axes = sheet.axes(0.62, 0.95, 0.3, 0.5)
    shown = [life for life in lives if life <= _end(lives)]
    _histogram(axes, [life * factor for life in shown])
    _marks(axes, tables, lives, factor)
    if len(shown) < len(lives):
        beyond = len(lives) - len(shown)
        axes.text(1.01, 0.3, label(f"{beyond} {'lasts' if beyond == 1 else 'last'}\nlonger \u2192"), color=MUTED,
                  transform=axes.transAxes, va="center")
    axes.set_xlabel(f"battery life [{unit}]")
    axes.set_ylabel("samples [count]")
    calm(axes)
    return sheet.figure


def _histogram(axes: Axes, lives: list[float]) -> None:
    bins = min(MOST_BINS_COUNT, max(FEWEST_BINS_COUNT, round(1.5 * len(lives) ** 0.5)))
    counts, _, _ = axes.hist(lives, bins=bins, color=SERIES[0], edgecolor=PAPER, linewidth=0.6, zorder=2)
    most = int(max(counts))
    ticks = [tick for tick in nice_ticks(0, most, 4) if tick == int(tick)]
    axes.set_yticks(ticks, [f"{int(tick)}" for tick in ticks])
    room = (lives[-1] - lives[0]) * 0.05
    axes.set_xlim(lives[0] - room, lives[-1] + room)
    axes.set_ylim(0, most * 1.05)


def _marks(axes: Axes, tables: Tables, lives: list[float], factor: float) -> None:
    low, high = _percentile(lives, 0.05) * factor, _percentile(lives, 0.95) * factor
    axes.axvspan(low, high, color=SHADE, linewidth=0, zorder=0.5)
    names: dict[float, str] = {}
    near = NEAR_FRACTION * (axes.get_xlim()[1] - axes.get_xlim()[0])
    for fraction in (0.05, 0.5, 0.95):
        place = _percentile(lives, fraction) * factor
        axes.axvline(place, color=INK, linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=3)
        beside = next((one for one in names if place - one < near), place)
        names[beside] = f"{names[beside]}, P{fraction * 100:g}" if beside in names else f"P{fraction * 100:g}"
    for place, name in names.items():
        axes.text(place, 1.01, label(name), ha="center", va="bottom", color=MUTED,
                  transform=axes.get_xaxis_transform())
    shown = metric_row(tables, "battery_life")
    limits = limits_of(tables, "battery_life")
    left, right = axes.get_xlim()
    width = right - left
    for limit in limits:
        place = limit.value * factor
        if not left - width <= place <= right + width:
            arrow, side = ("\u2190", "left") if place < left else ("\u2192", "right")
            words = (f"{limit.id}: {days(limit.value)}", arrow)
            text = " ".join(words if side == "right" else words[::-1])
            axes.text(0.01 if side == "left" else 0.99, 0.97, label(text), color=LIMIT, ha=side, va="top",
                      transform=axes.transAxes, bbox={"fc": PAPER, "ec": "none", "pad": 0.8, "alpha": 0.85})
            continue
        left, right = min(left, place - 0.03 * width), max(right, place + 0.06 * width)
        axes.axvline(place, color=LIMIT, linewidth=1.1, linestyle=(0, (5, 2)), zorder=3)
        axes.annotate(label(limit.id), (place, 0.97), xycoords=axes.get_xaxis_transform(), xytext=(4, 0), color=LIMIT,
                      va="top", textcoords="offset points", zorder=6,
                      bbox={"fc": PAPER, "ec": "none", "pad": 0.8, "alpha": 0.85})
    if shown is not None and (typical := finite(shown["value"])) is not None:
        axes.plot([typical * factor], [0], marker="^", markersize=8, color=INK, clip_on=False, zorder=6, linestyle="")
        axes.annotate("typical", (typical * factor, 0), xytext=(6, 5), textcoords="offset points", color=INK, zorder=6,
                      bbox={"fc": PAPER, "ec": "none", "pad": 0.8, "alpha": 0.85})
    axes.set_xlim(max(0.0, left), right)
    axes.set_xticks(nice_ticks(max(0.0, left), right, 7))
