"""What matters: each uncertain value moved through its range, its share of the variance, and what to measure first.

One at a time, everything else typical and the same seed. The value of measuring adds the single effects up, which
leaves out that two of them may act together; global sensitivity (SALib) shows where that matters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from powerplan.engines.closed_form import closed_form
from powerplan.errors import PowerplanError
from powerplan.files.scenario import Loaded, load_scenario
from powerplan.lowering.parts import FigureLog
from powerplan.plan.codes import NS_PER_DAY
from powerplan.plan.plan import FloatArray
from powerplan.results.document import number
from powerplan.results.schema import COLUMNS
from powerplan.results.tables import Table, Tabular
from powerplan.study.draws import CELL, HIGH_PERCENT, LOW_PERCENT, Draws, Key, Uncertain, uncertainties
from powerplan.study.run import default_days, prepare
from powerplan.study.sampling import Origin, Played, drain, play
from powerplan.study.supply import supply_chain
from powerplan.study.uncertainty import supply_metrics, world_metrics

DRAW_COUNT = 4_000
"""Of the sum of single effects."""
QUANTILE_COUNT = 200
MEASURED_FRACTION = 0.05
"""Half width of a measurement: ±5 %."""
MEASURED_SHOWN_COUNT = 5
DAYS_LIMIT = 7.0
FEWEST_GLOBAL_COUNT = 64
ASSUMED = "assumed"
Progress = Callable[[str, float], None]


class SensitivityProblem(PowerplanError):
    """A metric that cannot be asked for, or an optional package that is missing."""


@dataclass(frozen=True)
class Bar:
    """One uncertain value and what it does to the metric."""

    uncertain: Uncertain
    low: float
    high: float
    at_low: float
    at_typical: float
    at_high: float
    variance_fraction: float = 0.0
    """Share of the sum of single variances."""
    first_order: float | None = None
    """Share of the whole variance, from global sampling."""

    @property
    def swing(self) -> float:
        """Distance between the metric at both ends."""
        return abs(self.at_high - self.at_low)

    def response(self, values: FloatArray) -> FloatArray:
        """Change of the metric for values of the figure, straight between low, typical and high."""
        known = np.array([self.low, self.uncertain.typ, self.high])
        found = np.array([self.at_low, self.at_typical, self.at_high]) - self.at_typical
        order = np.unique(known, return_index=True)[1]
        return np.asarray(np.interp(values, known[order], found[order]), np.float64)


@dataclass(frozen=True)
class Measured:
    """What is gained by measuring one value to ±5 %."""

    name: str
    basis: str
    low: float
    high: float
    """Interval of the metric afterwards."""


@dataclass(frozen=True, repr=False)
class Sensitivity(Tabular):
    """Everything that moves one metric."""

    scenario: str
    metric: str
    unit: str
    value: float
    low: float
    high: float
    """P5 and P95 from the sum of single effects."""
    bars: tuple[Bar, ...]
    """Largest swing first."""
    measured: tuple[Measured, ...]
    assumed_energy_fraction: float
    assumed_without_range: tuple[str, ...]
    """Assumed figures that move nothing because nobody gave them a range."""
    seed: int
    days: float
    global_count: int

    @property
    def assumed_variance_fraction(self) -> float:
        """Share of the variance that rests on assumed figures. [1]"""
        return sum(bar.variance_fraction for bar in self.bars if bar.uncertain.basis == ASSUMED)

    @property
    def first(self) -> Measured | None:
        """What to measure first: what narrows the interval most, an assumed value where it narrows half as much."""
        now = self.high - self.low
        gains = {one.name: now - (one.high - one.low) for one in self.measured}
        best = max(self.measured, key=lambda one: gains[one.name], default=None)
        if best is None or gains[best.name] <= 0.0:
            return None
        assumed = [one for one in self.measured if one.basis == ASSUMED and gains[one.name] >= gains[best.name] / 2]
        return max(assumed or [best], key=lambda one: gains[one.name])

    def table(self) -> Table:
        """One row per uncertain value, for plots and files."""
        rows = [(bar.uncertain.name, bar.uncertain.basis, bar.uncertain.typ, bar.low, bar.high,
                 bar.uncertain.dimension, bar.at_low, bar.at_typical, bar.at_high, self.unit, bar.variance_fraction,
                 bar.first_order, self.metric) for bar in self.bars]
        return Table("tornado", {name: [row[place] for row in rows] for place, name in enumerate(COLUMNS["tornado"])})

    def _repr_html_(self) -> str:
        """The answer in a notebook."""
        from powerplan.study.grids import html_lines

        return html_lines(sensitivity_lines(self.document()))

    def document(self) -> dict[str, Any]:
        """The answer as one JSON document; figures in SI units."""
        first = self.first
        return {"schema_version": 1, "scenario": self.scenario, "metric": self.metric, "unit": self.unit,
                "seed": self.seed, "simulated_days": number(self.days), "value": number(self.value),
                "low": number(self.low), "high": number(self.high),
                "assumed_variance_fraction": number(self.assumed_variance_fraction),
                "assumed_energy_fraction": number(self.assumed_energy_fraction),
                "assumed_without_range": list(self.assumed_without_range),
                "measure_first": first.name if first is not None else None, "global_samples": self.global_count,
                "figures": [{key: number(value) if isinstance(value, float) else value for key, value in row.items()}
                            for row in self.table().rows()],
                "measured_to_5_percent": [{"name": one.name, "basis": one.basis, "low": number(one.low),
                                           "high": number(one.high)} for one in self.measured]}


class Model:
    """The metric as a function of drawn values; times are played again only where they change."""

    def __init__(self, origin: Origin, metric: str) -> None:
        self.origin, self.metric = origin, metric
        self.typical = play(origin, {})
        self.unit = ""

    def at(self, drawn: dict[Key, float], moved_times: bool) -> float:
        """The metric with drawn values. Raises SensitivityProblem."""
        played: Played = play(self.origin, drawn) if moved_times else self.typical
        drained = drain(self.origin, played, drawn, "hour")
        found = supply_metrics(played, drained, float("inf"))
        if self.metric not in found:
            found |= world_metrics(played, self.origin.loaded.requirements)
        if self.metric not in found:
            raise SensitivityProblem(f"there is no metric {self.metric!r}; there is: {', '.join(found)}")
        self.unit = found[self.metric].unit
        return found[self.metric].value


def sensitivity(path: Path, metric: str = "battery_life", *, seed: int | None = None, days: float | None = None,
                global_count: int = 0, progress: Progress | None = None) -> Sensitivity:
    """What moves a metric, most first. Raises InputError, SensitivityProblem."""
    return sensitivity_of(load_scenario(path), metric, seed=seed, days=days, global_count=global_count,
                          progress=progress)


def sensitivity_of(loaded: Loaded, metric: str = "battery_life", *, seed: int | None = None, days: float | None = None,
                   global_count: int = 0, progress: Progress | None = None) -> Sensitivity:
    """As `sensitivity`, for a scenario that was read. Raises InputError, SensitivityProblem."""
    tell = progress or (lambda _stage, _share: None)
    origin, uncertain, days = _origin(loaded, seed, days)
    model = Model(origin, metric)
    value = model.at({}, False)
    bars = []
    for place, one in enumerate(uncertain):
        low, high = one.span()
        ends = [model.at({one.key: end}, one.changes_times) for end in (low, high)]
        bars.append(Bar(one, low, high, ends[0], value, ends[1]))
        tell("one at a time", (place + 1) / len(uncertain))
    bars = _with_variances(bars)
    first_order = _global(model, uncertain, global_count, origin.seed, tell) if global_count else {}
    bars = [Bar(**{**vars(bar), "first_order": first_order.get(bar.uncertain.key)}) for bar in bars]
    bars.sort(key=lambda bar: (-bar.swing, bar.uncertain.name))
    (low, high), measured = value_of_measuring(bars, value, origin.seed)
    return Sensitivity(loaded.path.name, metric, model.unit, value, low, high, tuple(bars), measured,
                       _assumed_energy(origin, model), _without_range(model, uncertain), origin.seed, days,
                       global_count)


def _origin(loaded: Loaded, seed: int | None, days: float | None) -> tuple[Origin, tuple[Uncertain, ...], float]:
    lowering, profiles = prepare(loaded)
    seed = loaded.scenario.run.seed if seed is None else seed
    closed = closed_form(lowering.plan, lowering.world)
    days = days or loaded.scenario.run.days or min(DAYS_LIMIT, default_days(closed))
    log = FigureLog(used={(figure.part, figure.figure): figure for figure in lowering.figures})
    supply_chain(loaded.scenario, profiles, lowering.parts, log)
    found = uncertainties(loaded.scenario, loaded.parts, profiles, tuple(log.used.values()))
    return Origin(loaded, profiles, seed, max(1, round(days * NS_PER_DAY))), found, days


def _assumed_energy(origin: Origin, model: Model) -> float:
    from powerplan.study.run import assumed_share

    chain = drain(origin, model.typical, {}).chain
    return assumed_share(model.typical.lowering, model.typical.record, chain).value


def _without_range(model: Model, uncertain: tuple[Uncertain, ...]) -> tuple[str, ...]:
    ranged = {one.key for one in uncertain}
    return tuple(f"{figure.part}.{figure.figure}" for figure in model.typical.lowering.figures
                 if figure.basis == ASSUMED and (figure.part, figure.figure) not in ranged)


def _with_variances(bars: list[Bar]) -> list[Bar]:
    """Shares of the sum of single variances."""
    shares = (np.arange(QUANTILE_COUNT) + 0.5) / QUANTILE_COUNT
    variances = [float(bar.response(np.array([bar.uncertain.at(float(share)) for share in shares])).var())
                 for bar in bars]
    total = sum(variances) or 1.0
    return [Bar(**{**vars(bar), "variance_fraction": variance / total})
            for bar, variance in zip(bars, variances, strict=True)]


def value_of_measuring(bars: list[Bar], value: float, seed: int
                       ) -> tuple[tuple[float, float], tuple[Measured, ...]]:
    """Interval of the metric now, and with each of the widest figures known to ±5 %; cells differ all the same."""
    draws = Draws.random(tuple(bar.uncertain for bar in bars), DRAW_COUNT, seed)
    effects = [bar.response(np.array([bar.uncertain.at(float(share)) for share in draws.share[:, place]]))
               for place, bar in enumerate(bars)]
    whole = value + np.sum(effects, axis=0) if effects else np.full(1, value)
    found: list[Measured] = []
    for place, bar in enumerate(bars):
        if bar.uncertain.key[0] == CELL or len(found) == MEASURED_SHOWN_COUNT:
            continue
        width = MEASURED_FRACTION * abs(bar.uncertain.typ)
        narrow = bar.response(bar.uncertain.typ + width * (2 * draws.share[:, place] - 1))
        narrow = np.where(bar.swing > 0, narrow, 0.0)
        found.append(Measured(bar.uncertain.name, bar.uncertain.basis, *_ends(whole - effects[place] + narrow)))
    return _ends(whole), tuple(found)


def _ends(values: FloatArray) -> tuple[float, float]:
    low, high = np.percentile(values, [LOW_PERCENT, HIGH_PERCENT])
    return float(low), float(high)


def _global(model: Model, uncertain: tuple[Uncertain, ...], count: int, seed: int, tell: Progress) -> dict[Key, float]:
    """First-order shares of the variance by RBD-FAST. Raises SensitivityProblem.

    Tarantola, Gatelli, Mara: Random balance designs for the estimation of first order global sensitivity indices,
    2006; SALib's implementation.
    """
    if find_spec("SALib") is None:
        raise SensitivityProblem("global sensitivity needs the package SALib: pip install 'powerplan[sensitivity]'")
    if count < FEWEST_GLOBAL_COUNT:
        raise SensitivityProblem(f"global sensitivity needs at least {FEWEST_GLOBAL_COUNT} samples, not {count}")
    if not uncertain:
        return {}
    from SALib.analyze import rbd_fast
    from SALib.sample import latin

    names = ["/".join(one.key) for one in uncertain]
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    shares = latin.sample(problem, count, seed=seed)
    moves = any(one.changes_times for one in uncertain)
    values = np.empty(count)
    for row in range(count):
        drawn = {one.key: one.at(float(share)) for one, share in zip(uncertain, shares[row], strict=True)}
        values[row] = model.at(drawn, moves)
        tell("all together", (row + 1) / count)
    if float(np.ptp(values)) <= 0.0:
        return {one.key: 0.0 for one in uncertain}
    found = rbd_fast.analyze(problem, shares, values, seed=seed)
    return {one.key: float(share) for one, share in zip(uncertain, found["S1"], strict=True)}


def write_picture(found: Sensitivity, path: Path) -> None:
    """The tornado plot as a picture, with its data as CSV beside it. Raises OutputError."""
    from powerplan.report.facts import ReportFacts
    from powerplan.report.plot_tornado import draw_tornado
    from powerplan.report.style import to_png, to_svg
    from powerplan.results.tables import write_atomically
    from powerplan.study.session import versions

    facts = ReportFacts("", found.scenario, seed=found.seed, versions=versions())
    figure = draw_tornado({"tornado": found.table()}, facts)
    content = to_svg(figure, "tornado").encode() if path.suffix == ".svg" else to_png(figure)
    write_atomically(path, content)
    write_atomically(path.with_suffix(".csv"), found.table().to_csv().encode())


def sensitivity_lines(document: dict[str, Any]) -> list[str]:
    """The answer as people read it."""
    from powerplan.study.session import value_text

    unit, rows = document["unit"], document["figures"]
    shown = [value_text(document[key], unit) for key in ("value", "low", "high")]
    said = [f"{document['metric']} {shown[0]} ({shown[1]} to {shown[2]})", ""]
    if not rows:
        return [*said, "nothing in this scenario has a range"]
    width = min(48, max(len(row["name"]) for row in rows))
    for row in rows[:16]:
        mark = "  ASSUMED" if row["basis"] == ASSUMED else f"  {row['basis']}"
        whole = "" if row["first_order"] is None else f"  {row['first_order']:>6.1%} of all"
        ends = f"{value_text(row['at_low'], unit):>22} .. {value_text(row['at_high'], unit):<22}"
        said.append(f"{row['name']:<{width}}  {ends} {row['variance_fraction']:>6.1%} of the variance{whole}{mark}")
    if len(rows) > 16:
        said.append(f"and {len(rows) - 16} with less")
    said += ["", f"{document['assumed_variance_fraction']:.0%} of the variance and "
             f"{document['assumed_energy_fraction']:.0%} of the energy rest on assumed figures"]
    silent = document["assumed_without_range"]
    if silent:
        listed = ", ".join(silent[:4]) + (f" and {len(silent) - 4} more" if len(silent) > 4 else "")
        said.append(f"{len(silent)} assumed figures have no range, so nothing here speaks of them: {listed}")
    ranked = sorted(document["measured_to_5_percent"], key=lambda one: one["name"] != document["measure_first"])
    for one in ranked[:3]:
        first = "measure this first: " if one["name"] == document["measure_first"] else ""
        said.append(f"{first}if {one['name']} were known to ±5 %, the interval would shrink from {shown[1]} .. "
                    f"{shown[2]} to {value_text(one['low'], unit)} .. {value_text(one['high'], unit)}")
    return said
