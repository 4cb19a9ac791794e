"""Uncertainty of every metric: worlds with drawn times, rates and score tables, and in each of them drawn currents,
cells and temperatures.

Whatever changes times needs a new simulation and is drawn once for each world; the rest is a new multiplication on
the same times and is drawn for every sample. Worlds are independent of each other, samples of one world are not, so
what is known of a percentile is judged between groups of worlds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from powerplan.engines.closed_form import closed_form
from powerplan.lowering.parts import FigureUse
from powerplan.model.requirement import Requirement
from powerplan.plan.plan import FloatArray
from powerplan.results.metric import Metric
from powerplan.study import metrics as measures
from powerplan.study.counters import counters, derived
from powerplan.study.draws import HIGH_PERCENT, LOW_PERCENT, Draws, middle_and_ends, uncertainties
from powerplan.study.gates import processor_metrics
from powerplan.study.life_metrics import SECONDS_PER_DAY, demand_metrics, exactly, life_metrics
from powerplan.study.sampling import Drained, Origin, Played, drain, play

QUICK_SAMPLE_COUNT = 64
"""Of lives alone, on the simulated times."""
SAMPLES_PER_WORLD_COUNT = 8
WORLDS_LIMIT_COUNT = 64
GROUP_COUNT = 4
"""Groups of worlds that percentiles are compared between."""
FEWEST_WORLDS_COUNT = 16
STABLE_FRACTION = 0.01
"""Half width of the 90 % interval of P5 and P95 of the battery life, as a share of its P50, at which sampling stops."""
T_90 = 2.353
"""Student's t for a two-sided 90 % interval with GROUP_COUNT − 1 = 3 degrees of freedom."""
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Sampled:
    """Samples of every metric."""

    samples: dict[str, FloatArray]
    """Metric -> its samples, in the unit of the metric; NaN where a sample has none. One for each sample, or one for
    each world where currents and cells do not matter (accuracy, latency, counts)."""
    units: dict[str, str]
    life_s: FloatArray
    draws: Draws
    world_count: int
    asked_count: int
    precision_fraction: float | None
    """Half width of the 90 % interval of P5 and P95 of the battery life, as a share of its P50."""
    course: tuple[tuple[int, float], ...] = ()
    """(samples so far, that precision) as it was looked at."""

    @property
    def stable(self) -> bool:
        """Whether sampling stopped because the interval no longer moved."""
        return self.precision_fraction is not None and self.precision_fraction <= STABLE_FRACTION

    def interval(self, name: str) -> tuple[float, float, float] | None:
        """P5, P50 and P95 of a metric."""
        return middle_and_ends(self.samples.get(name, np.empty(0)))

    def convergence(self) -> dict[str, Any]:
        """How well the samples know the interval of the battery life, and how that came about."""
        return {"samples": len(self.life_s), "asked": self.asked_count, "worlds": self.world_count,
                "stable": self.stable, "precision_fraction": self.precision_fraction,
                "stable_fraction": STABLE_FRACTION,
                "course": [{"samples": count, "precision_fraction": found} for count, found in self.course]}

    def text(self) -> str:
        """How many samples there are, of what, and how well they know the interval."""
        known = ""
        if self.precision_fraction is not None:
            known = f"; P5 and P95 of the battery life are known to ±{self.precision_fraction:.1%} of P50"
            known += ", so sampling stopped" if self.stable and len(self.life_s) < self.asked_count else ""
            if len(self.course) > 1:
                known += f" (±{self.course[0][1]:.1%} after {self.course[0][0]})"
        return (f"{len(self.life_s)} samples in {self.world_count} worlds: {len(self.draws.uncertain)} figures and "
                f"amounts with a range, score tables drawn anew by clip{known}")


def lives(origin: Origin, played: Played | Sequence[Played], figures: tuple[FigureUse, ...],
          count: int = QUICK_SAMPLE_COUNT, *, even: bool = False, progress: Progress | None = None) -> FloatArray:
    """Battery lives over drawn currents, converters, cells and temperatures on the times of replicas, in turn. [s]

    Empty without ranges.
    """
    loaded, times = origin.loaded, [played] if isinstance(played, Played) else played
    found = uncertainties(loaded.scenario, loaded.parts, origin.profiles, figures, even=even)
    draws = Draws.random(tuple(one for one in found if not one.changes_times), count, origin.seed)
    life_s = np.empty(count if draws.uncertain else 0)
    for number in range(len(life_s)):
        life_s[number] = drain(origin, times[number % len(times)], draws.values(number)).life.life_s
        if progress:
            progress((number + 1) / count)
    return life_s


def sample(origin: Origin, figures: tuple[FigureUse, ...], requirements: tuple[Requirement, ...], count: int, *,
           required_s: float, even: bool = False, progress: Progress | None = None) -> Sampled:
    """Every metric of at most `count` samples; fewer where the interval of the battery life is stable before."""
    loaded = origin.loaded
    uncertain = uncertainties(loaded.scenario, loaded.parts, origin.profiles, figures, even=even)
    draws = Draws.random(uncertain, count, origin.seed)
    worlds = min(WORLDS_LIMIT_COUNT, max(1, -(-count // SAMPLES_PER_WORLD_COUNT)), count)
    per_world = -(-count // worlds)
    rows: list[dict[str, Metric]] = []
    played_rows: list[dict[str, Metric]] = []
    life_s: list[float] = []
    world_of: list[int] = []
    course: list[tuple[int, float]] = []
    precision = None
    for world in range(worlds):
        inside = range(world * per_world, min(count, (world + 1) * per_world))
        if not inside:
            break
        played = play(origin, draws.values(inside[0]), world, resampled=not even)
        of_world = world_metrics(played, requirements)
        played_rows.append(of_world)
        for number in inside:
            drained = drain(origin, played, draws.values(number, inside[0]))
            row = supply_metrics(played, drained, required_s)
            rows.append(row | derived(loaded.scenario.metrics, of_world | row))
            life_s.append(drained.life.life_s)
            world_of.append(world)
            if progress:
                progress((number + 1) / count)
        if world + 1 >= FEWEST_WORLDS_COUNT and (world + 1) % GROUP_COUNT == 0:
            precision = precision_fraction(np.array(life_s), np.array(world_of))
            course.append((len(life_s), precision))
            if precision <= STABLE_FRACTION:
                break
    if precision is None and world_of and world_of[-1] + 1 >= 2 * GROUP_COUNT:
        precision = precision_fraction(np.array(life_s), np.array(world_of))
        course.append((len(life_s), precision))
    return Sampled(columns(rows) | columns(played_rows),
                   {name: metric.unit for row in [*rows, *played_rows] for name, metric in row.items()},
                   np.array(life_s), draws, len(played_rows), count, precision, tuple(course))


def columns(rows: Sequence[Mapping[str, Metric]]) -> dict[str, FloatArray]:
    """Values of every metric over rows; NaN where a row has none."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: np.array([row[name].value if name in row else np.nan for row in rows]) for name in names}


def world_metrics(played: Played, requirements: tuple[Requirement, ...]) -> dict[str, Metric]:
    """Accuracy, latency and counts of one world, and how busy its processors are."""
    lowering, record, world = played.lowering, played.record, played.world
    return (measures.accuracy(lowering, record) | measures.latency_metrics(lowering, record, world, requirements)
            | measures.counts(lowering, record) | counters(lowering, record, world)
            | processor_metrics(lowering, closed_form(lowering.plan, lowering.world)))


def supply_metrics(played: Played, drained: Drained, required_s: float) -> dict[str, Metric]:
    """Life, demand and voltages of one sample."""
    life = exactly(drained.life.life_s / SECONDS_PER_DAY, "d", "")
    return ({"battery_life": life} | demand_metrics(played.record, drained.chain, drained.loads)
            | life_metrics(played.lowering, played.record, drained.chain, drained.demand, drained.life, required_s))


def precision_fraction(life_s: FloatArray, world_of: Any) -> float:
    """Half width of the 90 % interval of P5 and P95, the larger, as a share of P50, from groups of worlds. [1]"""
    groups = [life_s[world_of % GROUP_COUNT == group] for group in range(GROUP_COUNT)]
    ends = np.array([np.percentile(group, [LOW_PERCENT, HIGH_PERCENT]) for group in groups])
    error = ends.std(axis=0, ddof=1) / np.sqrt(GROUP_COUNT)
    return float(T_90 * error.max() / np.median(life_s))


def with_intervals(metrics: Mapping[str, Metric], sampled: Sampled) -> dict[str, Metric]:
    """Metrics whose intervals are P5 and P95 of the samples; the value stays that of the typical figures."""
    found = {}
    for name, metric in metrics.items():
        ends = sampled.interval(name)
        if ends is None:
            found[name] = metric
            continue
        method = f"{metric.method.split(';')[0]}; P5 to P95 of {len(sampled.life_s)} samples"
        found[name] = Metric(metric.value, metric.unit, min(ends[0], metric.value), max(ends[2], metric.value), method)
    return found
