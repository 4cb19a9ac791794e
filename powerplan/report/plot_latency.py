"""How long it takes to act, and where that time goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.scales import decade_ticks, nice_ticks, time_scale
from powerplan.report.style import (
    INK,
    MUTED,
    PAPER,
    SERIES,
    SIDE_IN,
    WIDTH_IN,
    Sheet,
    calm,
    colours,
    empty,
    kept_points,
    label,
    styled,
)
from powerplan.report.words import columns_of, finite, quantity, rows_of, shorten
from powerplan.results.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TOTAL = "total"
STAGES = ("wait", "queue", "wake", "capture", "features", "level1", "level2", "level3", "level4", "action", "send",
          "other")
STAGE_COLOURS = {"wait": "#c9d2dc", "queue": "#a8b1bc", "wake": SERIES[5], "capture": SERIES[0], "features": SERIES[3],
                 "level1": SERIES[1], "level2": SERIES[7], "level3": SERIES[2], "level4": SERIES[6],
                 "action": SERIES[4], "send": "#6d7f99", "other": "#8d99a6"}
OTHER_COLOUR = STAGE_COLOURS["other"]
LEGEND_ROW_IN, LEGEND_COLUMNS = 0.2, 112
STAGE_WORDS = {"level1": "level 1", "level2": "level 2", "level3": "level 3", "level4": "level 4"}
PERCENTILES = (0.5, 0.95)
NEIGHBOUR_FRACTION = 0.02
"""Activations whose rank lies this close to a percentile share in its bar."""
TASKS_SHOWN_COUNT = 6
FEW_COUNT = 20
"""Below this many activations a 95th percentile is the slowest one."""
ROW_IN = 0.3


@dataclass(frozen=True)
class TaskLatency:
    """The activations of one task."""

    task: str
    totals_s: list[float]
    """Sorted."""
    bars: dict[float, dict[str, float]]
    """Percentile -> stage -> mean duration of the activations around that rank. [s]"""

    def percentile_s(self, fraction: float) -> float:
        """Total at a rank, linear between ranks. [s]"""
        place = fraction * (len(self.totals_s) - 1)
        low = int(place)
        high = min(low + 1, len(self.totals_s) - 1)
        return self.totals_s[low] + (self.totals_s[high] - self.totals_s[low]) * (place - low)


def tasks_of(tables: Tables) -> list[TaskLatency]:
    """Latencies by task, in the order of the table."""
    activations: dict[str, dict[Any, dict[str, float]]] = {}
    for row in rows_of(tables, "latency"):
        duration = finite(row["duration_s"])
        if duration is not None:
            stages = activations.setdefault(str(row["task"]), {}).setdefault(row["activation"], {})
            stages[str(row["stage"])] = stages.get(str(row["stage"]), 0.0) + duration
    return [_task(name, list(found.values())) for name, found in activations.items()]


def _task(name: str, activations: list[dict[str, float]]) -> TaskLatency:
    for stages in activations:
        stages.setdefault(TOTAL, sum(stages.values()))
    ranked = sorted(activations, key=lambda stages: stages[TOTAL])
    last = len(ranked) - 1
    reach = max(0, round(NEIGHBOUR_FRACTION * last))
    bars: dict[float, dict[str, float]] = {}
    for fraction in PERCENTILES:
        rank = round(fraction * last)
        near = ranked[max(0, rank - reach): rank + reach + 1]
        seen = sorted({stage for stages in near for stage in stages if stage != TOTAL}, key=_stage_order)
        bars[fraction] = {stage: sum(stages.get(stage, 0.0) for stages in near) / len(near) for stage in seen}
    return TaskLatency(name, [stages[TOTAL] for stages in ranked], bars)


def _stage_order(stage: str) -> tuple[int, str]:
    return (STAGES.index(stage) if stage in STAGES else len(STAGES), stage)


def latency_data(tables: Tables) -> Table:
    """Per task: mean duration of each stage around the percentiles, and the percentiles of the total."""
    found: dict[str, list[Any]] = {"task": [], "what": [], "stage": [], "duration_s": []}
    for task in tasks_of(tables):
        for fraction, stages in task.bars.items():
            for stage, duration in stages.items():
                _add(found, task.task, f"p{fraction * 100:g}", stage, duration)
        for fraction in (0.0, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0):
            _add(found, task.task, f"p{fraction * 100:g}", TOTAL, task.percentile_s(fraction))
    return Table("latency", found)


def _add(found: dict[str, list[Any]], *values: Any) -> None:
    for name, value in zip(found, values, strict=True):
        found[name].append(value)


def latency_finding(tables: Tables, facts: ReportFacts) -> str:
    """The title: how fast, and which stage takes longest."""
    del facts
    tasks = tasks_of(tables)
    if not tasks:
        return "No activation came to its end"
    slowest = max(tasks, key=lambda task: task.percentile_s(0.95))
    name, count = shorten(slowest.task, 30), len(slowest.totals_s)
    if count < FEW_COUNT:
        slow = quantity(slowest.totals_s[-1], "duration")
        return f"The only activation of {name} acts after {slow}" if count == 1 else \
            f"The slowest of {count} activations of {name} acts after {slow}"
    p95 = quantity(slowest.percentile_s(0.95), "duration")
    stages = slowest.bars[0.95]
    longest = f"; the longest stage is {_words(max(stages, key=lambda s: stages[s]))}" if stages else ""
    return f"95 of 100 activations of {name} act within {p95}{longest}"


def latency_text(tables: Tables, facts: ReportFacts) -> str:
    """The plot in words."""
    del facts
    said = []
    for task in tasks_of(tables)[:TASKS_SHOWN_COUNT]:
        stages = ", ".join(f"{_words(s)} {quantity(d, 'duration')}" for s, d in task.bars[0.5].items() if d > 0)
        said.append(f"{shorten(task.task, 60)}: median {quantity(task.percentile_s(0.5), 'duration')}, 95th percentile "
                    f"{quantity(task.percentile_s(0.95), 'duration')} of {len(task.totals_s)} activations; stages of "
                    f"the median: {stages or 'none recorded'}")
    if not said:
        return "Latency: no activation was recorded."
    return ("Latency to the action, counted from where each task starts to count: the onset of the event, or what "
            "`latency_from` says; stages before that are drawn and not counted. " + ". ".join(said) + ".")


def _words(stage: str) -> str:
    return STAGE_WORDS.get(stage, shorten(stage, 20))


@styled
def draw_latency(tables: Tables, facts: ReportFacts) -> Figure:
    """Stage bars at p50 and p95 above, the distribution of the total below. Takes the table `latency`."""
    every = tasks_of(tables)
    title = latency_finding(tables, facts)
    if not every:
        return empty(title, "In the simulated period no event led to an action, so there is no latency.", facts)
    tasks = sorted(every, key=lambda task: -task.percentile_s(0.95))[:TASKS_SHOWN_COUNT]
    bar_count = 2 * len(tasks)
    stages = sorted({s for t in tasks for bar in t.bars.values() for s, d in bar.items() if d > 0}, key=_stage_order)
    legend_in = LEGEND_ROW_IN * len(_legend_rows(stages))
    bars_in = ROW_IN * bar_count + 0.14 * len(tasks)
    hidden = f"; {len(every) - len(tasks)} faster tasks are in the data" if len(every) > len(tasks) else ""
    sheet = Sheet(title, f"Stages of the median and the slow case, also those before the count starts; all totals"
                  f"{hidden}",
                  legend_in + bars_in + 0.6 + 2.3, facts)
    upper = sheet.axes(2.1, 0.75, legend_in + 0.08, 2.3 + 0.5)
    _bars(upper, tasks, stages)
    if stages:
        _legend(sheet, stages)
    _distribution(sheet.axes(0.62, 1.35, legend_in + bars_in + 0.85, 0.5), tasks)
    return sheet.figure


def _legend(sheet: Sheet, stages: Sequence[str]) -> None:
    from matplotlib.patches import Patch

    for number, row in enumerate(_legend_rows(stages)):
        handles = [Patch(color=STAGE_COLOURS.get(stage, OTHER_COLOUR), label=label(_words(stage))) for stage in row]
        top_in = sheet.head_in + number * LEGEND_ROW_IN
        sheet.figure.legend(handles=handles, loc="upper left", ncols=len(row), handlelength=0.9, handleheight=0.9,
                            bbox_to_anchor=(SIDE_IN / WIDTH_IN, 1 - top_in / sheet.height_in), columnspacing=1.3,
                            handletextpad=0.5, borderaxespad=0.0, borderpad=0.0, labelcolor=INK)


def _legend_rows(stages: Sequence[str]) -> list[list[str]]:
    """Stages in rows that fit the width."""
    rows: list[list[str]] = [[]]
    width = 0
    for stage in stages:
        width += columns_of(_words(stage)) + 5
        if rows[-1] and width > LEGEND_COLUMNS:
            rows.append([])
            width = columns_of(_words(stage)) + 5
        rows[-1].append(stage)
    return rows


def _bars(axes: Axes, tasks: Sequence[TaskLatency], stages: Sequence[str]) -> None:
    largest = max(max(sum(bar.values()) for bar in t.bars.values()) for t in tasks)
    largest = max(largest, max(t.percentile_s(0.95) for t in tasks))
    factor, unit = time_scale(largest or 1.0)
    places, names, place = [], [], 0.0
    for task in tasks:
        for fraction, bar in task.bars.items():
            left = 0.0
            for stage in stages:
                width = bar.get(stage, 0.0) * factor
                if width > 0:
                    axes.barh(place, width, left=left, height=0.72, edgecolor=PAPER, linewidth=0.6,
                              color=STAGE_COLOURS.get(stage, OTHER_COLOUR))
                    left += width
            total_s = task.percentile_s(fraction)
            axes.plot([total_s * factor], [place], marker="D", markersize=4.5, color=INK, markeredgecolor=PAPER,
                      markeredgewidth=0.7, clip_on=False, zorder=5)
            axes.text(1.015, place, label(quantity(total_s, "duration")), transform=axes.get_yaxis_transform(),
                      va="center", color=INK)
            places.append(place)
            names.append(label(f"{shorten(task.task, 20)}  {'p50' if fraction == 0.5 else 'p95'}"))
            place += 1.0
        place += 0.45
    axes.set_yticks(places, names, color=INK)
    axes.set_ylim(place - 0.95, -0.55)
    axes.set_xlim(0, (largest or 1.0) * factor * 1.02)
    axes.set_xticks(nice_ticks(0, (largest or 1.0) * factor, 6))
    axes.set_xlabel(f"time [{unit}]     \u25c6 latency as counted")
    calm(axes, grid="x", left=False)


def _distribution(axes: Axes, tasks: Sequence[TaskLatency]) -> None:
    """Share of activations that have acted by a time."""
    palette = colours([task.task for task in tasks])
    smallest = min(t.totals_s[0] for t in tasks)
    largest = max(t.totals_s[-1] for t in tasks)
    logarithmic = smallest > 0 and largest / smallest > 30
    factor, unit = (1.0, "") if logarithmic else time_scale(largest or 1.0)
    for task in tasks:
        kept = kept_points([task.totals_s])
        count = len(task.totals_s)
        x = [task.totals_s[kept[0]] * factor, *(task.totals_s[n] * factor for n in kept)]
        y = [0.0, *(100.0 * (n + 1) / count for n in kept)]
        axes.plot(x, y, color=palette[task.task], drawstyle="steps-post", linewidth=1.6)
        for fraction in PERCENTILES:
            axes.plot([task.percentile_s(fraction) * factor], [100 * fraction], marker="o", markersize=4.5,
                      color=palette[task.task], markeredgecolor=PAPER, zorder=5)
    if logarithmic:
        axes.set_xscale("log")
        ticks, names = decade_ticks(smallest, largest, "duration")
        axes.set_xticks(ticks, names)
        axes.set_xlim(smallest * 0.8, largest * 1.15)
        axes.set_xlabel("latency to the action")
    else:
        room = (largest - smallest) * 0.06 or max(largest, 1e-9) * 0.2
        low, high = max(0.0, smallest - room) * factor, (largest + room) * factor
        axes.set_xlim(low, high)
        axes.set_xticks(nice_ticks(low, high, 7))
        axes.set_xlabel(f"latency to the action [{unit}]")
    axes.set_ylim(0, 104)
    axes.set_yticks([0, 50, 95], ["0", "50", "95"])
    axes.set_ylabel("activations done [%]")
    if len(tasks) > 1:
        for place, task in enumerate(tasks):
            height = 0.92 - place * 0.13
            axes.plot([1.025], [height], transform=axes.transAxes, marker="o", markersize=5, clip_on=False,
                      color=palette[task.task])
            axes.text(1.045, height, label(shorten(task.task, 17)), transform=axes.transAxes, va="center", color=INK)
    else:
        count = len(tasks[0].totals_s)
        axes.text(1.02, 0.96, label(f"{count:,} activations" if count != 1 else "1 activation"),
                  transform=axes.transAxes, va="top", color=MUTED)
    calm(axes)
