"""The power of every part through one activation; long quiet stretches are cut short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.scales import decade_ticks, nice_ticks, time_scale
from powerplan.report.style import (
    GRID,
    INK,
    MUTED,
    REST,
    SHADE,
    SMALL_PT,
    Sheet,
    calm,
    colours,
    empty,
    kept_points,
    label,
    styled,
)
from powerplan.report.words import clean, columns_of, finite, listed, percent, quantity, rows_of, shorten
from powerplan.results.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

QUIET_FRACTION = 0.1
"""A stretch without any change that is longer than this share of the whole is cut short."""
BREAK_FRACTION = 0.065
"""Width of a stretch that was cut short."""
WORTH_FRACTION = 0.7
"""Nothing is cut where the busy stretches fill this share anyway."""
LETTER_WIDTH = 0.0115
"""Share of the axis one letter of a stretch's length takes; labels that would touch use a second row."""
LABEL_ROW = 0.065
SEGMENTS_SHOWN_COUNT = 4_000
LANES_SHOWN_COUNT = 24
LIVE_SEGMENTS_COUNT = 5_000
"""Of each part, in the page's own timeline."""
LANE_IN = 0.27
LEFT_IN, RIGHT_IN = 1.55, 1.0
DECADES_SHOWN_COUNT = 7


@dataclass(frozen=True)
class Segment:
    """A part in a state, from the start of the window on."""

    part: str
    state: str
    start_s: float
    end_s: float
    power_w: float

    @property
    def energy_j(self) -> float:
        """Energy of the segment. [J]"""
        return self.power_w * (self.end_s - self.start_s)


def segments_of(tables: Tables) -> list[Segment]:
    """Segments with a length, times from the first start on."""
    found = []
    for row in rows_of(tables, "timeline"):
        start, end, power = finite(row["start_s"]), finite(row["end_s"]), finite(row["power_w"])
        if start is not None and end is not None and power is not None and end > start:
            found.append(Segment(str(row["part"]), str(row["state"]), start, end, power))
    origin = min((segment.start_s for segment in found), default=0.0)
    moved = [Segment(s.part, s.state, s.start_s - origin, s.end_s - origin, s.power_w) for s in found]
    return sorted(moved, key=lambda s: (s.part, s.start_s))


def timeline_data(tables: Tables) -> Table:
    """The segments that are drawn."""
    found: dict[str, list[Any]] = {"part": [], "state": [], "start_s": [], "end_s": [], "power_w": []}
    for segment in segments_of(tables):
        for name, values in found.items():
            values.append(getattr(segment, name))
    return Table("timeline", found)


def _energies(segments: Sequence[Segment]) -> dict[str, float]:
    """Energy of each part, largest first. [J]"""
    energy: dict[str, float] = {}
    for segment in segments:
        energy[segment.part] = energy.get(segment.part, 0.0) + segment.energy_j
    return dict(sorted(energy.items(), key=lambda item: (-item[1], item[0])))


def timeline_finding(tables: Tables, facts: ReportFacts) -> str:
    """The title: what the activation takes, and who takes most of it."""
    del facts
    segments = segments_of(tables)
    if not segments:
        return "No activation was recorded"
    energy = _energies(segments)
    total = sum(energy.values())
    window = quantity(max(s.end_s for s in segments), "duration")
    top = next(iter(energy))
    share = f"; {shorten(top, 30)} takes {percent(energy[top] / total)}" if total > 0 else ""
    return f"One activation: {quantity(total, 'energy')} in {window}{share}"


def timeline_text(tables: Tables, facts: ReportFacts) -> str:
    """The plot in words."""
    segments = segments_of(tables)
    if not segments:
        return "Power timeline: no activation was recorded."
    said = []
    for part, energy in list(_energies(segments).items())[:8]:
        own = [s for s in segments if s.part == part]
        states = list(dict.fromkeys(s.state for s in own))
        peak = max(s.power_w for s in own)
        said.append(f"{shorten(part, 40)} {quantity(energy, 'energy')}, at most {quantity(peak, 'power')} "
                    f"({listed([shorten(state, 24) for state in states[:6]])})")
    return f"{timeline_finding(tables, facts)}. By part: {'; '.join(said)}."


class TimeAxis:
    """Times to places on an axis on which long quiet stretches are short."""

    def __init__(self, times_s: Sequence[float]) -> None:
        self.times_s = sorted(set(times_s))
        lengths = [b - a for a, b in zip(self.times_s[:-1], self.times_s[1:], strict=True)]
        span = sum(lengths)
        long = [length > QUIET_FRACTION * span for length in lengths]
        busy = sum(length for length, quiet in zip(lengths, long, strict=True) if not quiet)
        if busy <= 0 or busy > WORTH_FRACTION * span:
            long, busy = [False] * len(lengths), span
        self.cut = long
        width = busy / (1 - BREAK_FRACTION * sum(long))
        self.places = [0.0]
        for length, quiet in zip(lengths, long, strict=True):
            self.places.append(self.places[-1] + (BREAK_FRACTION if quiet else length / width))

    def place(self, times_s: Sequence[float]) -> list[float]:
        """Places of times, 0 to 1."""
        import numpy as np

        return [float(x) for x in np.interp(times_s, self.times_s, self.places)]

    def breaks(self) -> list[tuple[float, float, float]]:
        """Stretches that were cut short: place of start and end, length. [s]"""
        return [(self.places[n], self.places[n + 1], self.times_s[n + 1] - self.times_s[n])
                for n, quiet in enumerate(self.cut) if quiet]

    def runs(self) -> list[tuple[float, float]]:
        """Busy stretches between the cuts. [s]"""
        found, start = [], self.times_s[0]
        for n, quiet in enumerate(self.cut):
            if quiet:
                if self.times_s[n] > start:
                    found.append((start, self.times_s[n]))
                start = self.times_s[n + 1]
        if self.times_s[-1] > start:
            found.append((start, self.times_s[-1]))
        return found

    def ticks(self, factor: float) -> tuple[list[float], list[str]]:
        """Round times in the busy stretches, none too close to another."""
        runs = self.runs()
        steps = nice_ticks(0.0, sum(end - start for start, end in runs) * factor, 9)
        step = steps[1] - steps[0] if len(steps) > 1 else 1.0
        digits = next((d for d in range(7) if abs(step * 10 ** d - round(step * 10 ** d)) < 1e-6), 7)
        wanted: list[float] = []
        for start, end in runs:
            first = start * factor
            inside = [n * step for n in range(int(first / step), int(end * factor / step) + 2)
                      if first - 1e-9 <= n * step <= end * factor + 1e-9]
            wanted.extend(inside or [first])
        places: list[float] = []
        names: list[str] = []
        for time, place in zip(wanted, self.place([t / factor for t in wanted]), strict=True):
            if not places or place - places[-1] > 0.055 + 0.008 * digits:
                places.append(place)
                names.append(f"{time:,.{digits}f}")
        return places, names


@styled
def draw_timeline(tables: Tables, facts: ReportFacts) -> Figure:
    """Power of all parts together above, one lane per part below. Takes the table `timeline`."""
    segments = segments_of(tables)
    title = timeline_finding(tables, facts)
    if not segments:
        return empty(title, "In the simulated period no task ran, so there is nothing to show.", facts)
    energy = _energies(segments)
    shown = list(energy)[:LANES_SHOWN_COUNT]
    hidden = f"; {len(energy) - len(shown)} parts with less energy are in the data" if len(energy) > len(shown) else ""
    axis = TimeAxis([t for s in segments for t in (s.start_s, s.end_s)])
    cut = "; long quiet stretches (grey) are cut short" if axis.breaks() else ""
    sheet = Sheet(title, f"Power at the rails, all parts together and each alone{cut}{hidden}",
                  2.45 + LANE_IN * len(shown), facts)
    upper = sheet.axes(LEFT_IN, RIGHT_IN, 0.2, 0.68 + LANE_IN * len(shown))
    lower = sheet.axes(LEFT_IN, RIGHT_IN, 1.85, 0.5)
    factor, unit = time_scale(max(s.end_s for s in segments))
    _power(upper, axis, segments)
    _lanes(lower, axis, segments, shown, energy)
    places, names = axis.ticks(factor)
    for axes in (upper, lower):
        axes.set_xlim(0, 1)
        axes.set_xticks(places, names)
        for start, end, _ in axis.breaks():
            axes.axvspan(start, end, color=SHADE, linewidth=0, zorder=0.4)
    taken = [-1.0, -1.0]
    for start, end, length_s in axis.breaks():
        text, middle = label(quantity(length_s, "duration")), (start + end) / 2
        half = LETTER_WIDTH * len(text) / 2
        row = 0 if middle - half > taken[0] else 1
        taken[row] = middle + half
        upper.text(middle, 1.02 + LABEL_ROW * row, text, ha="center", va="bottom", fontsize=SMALL_PT, color=MUTED,
                   transform=upper.get_xaxis_transform())
    upper.tick_params(labelbottom=False)
    lower.set_xlabel(f"time [{unit}]")
    return sheet.figure


def _power(axes: Axes, axis: TimeAxis, segments: Sequence[Segment]) -> None:
    """All parts together, as steps on a logarithmic axis."""
    import numpy as np

    index = {time: n for n, time in enumerate(axis.times_s)}
    change = np.zeros(len(axis.times_s))
    for segment in segments:
        change[index[segment.start_s]] += segment.power_w
        change[index[segment.end_s]] -= segment.power_w
    power = np.cumsum(change)[:-1]
    positive = power[power > max(0.0, float(power.max(initial=0.0))) * 1e-12]
    if not len(positive):
        axes.set_yticks([])
        calm(axes, grid="")
        return
    high = float(positive.max())
    low = max(float(positive.min()), high * 10.0 ** -DECADES_SHOWN_COUNT)
    floor = low / 2.5
    kept = kept_points([power.tolist()])
    x = axis.place([*(axis.times_s[n] for n in kept), axis.times_s[-1]])
    y = np.maximum([*(float(power[n]) for n in kept), float(power[kept[-1]])], floor)
    axes.fill_between(x, y, floor, step="post", color=GRID, linewidth=0, zorder=0.6)
    axes.plot(x, y, drawstyle="steps-post", color=INK, linewidth=1.1)
    axes.set_yscale("log")
    axes.set_ylim(floor, high * 1.8)
    ticks, names = decade_ticks(floor, high * 1.8, "power", 6)
    inside = [(t, n) for t, n in zip(ticks, names, strict=True) if floor <= t <= high * 1.8]
    inside = inside or [(high, quantity(high, "power"))]
    axes.set_yticks([t for t, _ in inside], [label(n) for _, n in inside])
    axes.minorticks_off()
    axes.set_ylabel("power, all parts [W]")
    calm(axes)
    axes.text(1.015, high, label(f"peak {quantity(high, 'power')}"), va="center", color=INK,
              transform=axes.get_yaxis_transform())


def _lanes(axes: Axes, axis: TimeAxis, segments: Sequence[Segment], shown: Sequence[str],
           energy: dict[str, float]) -> None:
    palette = colours(shown)
    total = sum(energy.values()) or 1.0
    powers = [s.power_w for s in segments if s.power_w > 0]
    high = max(powers, default=1.0)
    low = max(min(powers, default=1.0), high * 1e-6)
    most = max(200, SEGMENTS_SHOWN_COUNT // len(shown))
    for lane, part in enumerate(shown):
        own = [s for s in segments if s.part == part]
        colour = REST if lane >= LANES_SHOWN_COUNT else palette[part]
        _lane(axes, axis, own, lane, colour, (low, high), most)
        axes.text(1.015, lane, label(quantity(energy[part], "energy")), transform=axes.get_yaxis_transform(),
                  va="center", color=MUTED)
        axes.text(1.195, lane, label(percent(energy[part] / total)), transform=axes.get_yaxis_transform(),
                  va="center", ha="right", color=INK)
    axes.set_yticks(range(len(shown)), [label(shorten(part, 21)) for part in shown], color=INK)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    calm(axes, grid="", left=False)


def _lane(axes: Axes, axis: TimeAxis, own: Sequence[Segment], lane: int, colour: str, reach: tuple[float, float],
          most: int) -> None:
    """One part: a box per state, stronger the more power it takes; the states' names where they fit."""
    import math

    from matplotlib.colors import to_rgb

    low, high = reach
    base = to_rgb(colour)
    starts, ends = axis.place([s.start_s for s in own]), axis.place([s.end_s for s in own])
    boxes = _merged(own, starts, ends, most)
    spans, tints = [], []
    for segment, start, end in boxes:
        strength = 0.0
        if segment.power_w > 0:
            share = math.log10(max(segment.power_w, low) / low) / math.log10(high / low) if high > low else 0.7
            strength = 0.14 + 0.86 * min(1.0, share)
        elif segment.power_w < 0:
            strength = 1.0
        spans.append((start, end - start))
        tints.append((*base, round(max(strength, 0.06), 3)))
    axes.broken_barh(spans, (lane - 0.39, 0.78), facecolors=tints, linewidth=0)
    for (segment, start, end), tint in zip(boxes, tints, strict=True):
        columns = int((end - start) * 4.85 / 0.068)
        if columns >= max(4, min(8, columns_of(segment.state))):
            axes.text((start + end) / 2, lane, label(shorten(segment.state, columns)), ha="center", va="center",
                      fontsize=SMALL_PT, color=INK if tint[3] < 0.75 else "#0b1017", clip_on=True)


def _merged(own: Sequence[Segment], starts: Sequence[float], ends: Sequence[float],
            most: int) -> list[tuple[Segment, float, float]]:
    """Boxes of a lane; where there are too many, the strongest of every narrow strip stands for it."""
    boxes = list(zip(own, starts, ends, strict=True))
    if len(boxes) <= most:
        return boxes
    found: list[tuple[Segment, float, float]] = []
    for segment, start, end in boxes:
        if found and int(found[-1][1] * most) == int(start * most) and end - start < 1.0 / most:
            before, first, _ = found[-1]
            found[-1] = (segment if segment.power_w > before.power_w else before, first, end)
        else:
            found.append((segment, start, end))
    return found


def live_timeline(tables: Tables) -> dict[str, Any] | None:
    """What the page's script draws, times and powers rounded to six digits; None where nothing was recorded."""
    segments = segments_of(tables)
    if not segments:
        return None
    energy = _energies(segments)
    shown = list(energy)[:LANES_SHOWN_COUNT]
    palette = colours(shown)
    states = list(dict.fromkeys(clean(segment.state, 60) for segment in segments))
    index = {state: number for number, state in enumerate(states)}
    lanes = []
    for part in shown:
        own = [segment for segment in segments if segment.part == part][:LIVE_SEGMENTS_COUNT]
        lanes.append({"name": clean(part, 60), "short": shorten(part, 18), "colour": palette[part],
                      "energy": quantity(energy[part], "energy"),
                      "steps": [[_rounded(s.start_s), _rounded(s.end_s), _rounded(s.power_w), index[clean(s.state, 60)]]
                                for s in own]})
    return {"lanes": lanes, "states": states, "total": _totals(segments), "end": max(s.end_s for s in segments),
            "label": "Power of every part over time; zoom with plus and minus, move with the arrow keys, all with zero",
            "help": "Drag to move, double-click or Ctrl + wheel to zoom; keys: + − ← → 0."}


def _rounded(value: float) -> float:
    return float(f"{value:.9g}")


def _totals(segments: Sequence[Segment]) -> list[list[float]]:
    """Power of all parts together from each change on: [time s, power W]."""
    change: dict[float, float] = {}
    for segment in segments:
        change[segment.start_s] = change.get(segment.start_s, 0.0) + segment.power_w
        change[segment.end_s] = change.get(segment.end_s, 0.0) - segment.power_w
    found, power = [], 0.0
    for time in sorted(change)[:-1]:
        power += change[time]
        found.append([_rounded(time), max(0.0, _rounded(power))])
    return found[:LIVE_SEGMENTS_COUNT]
