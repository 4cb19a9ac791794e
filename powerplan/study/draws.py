"""Everything an answer is uncertain about, and what is drawn for it: figures, scenario amounts, cells.

Every value is the quantile of one number between 0 and 1, so that random samples, one-at-a-time ranges and global
sensitivity use the same distributions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from pydantic import BaseModel

from powerplan.batteries.profile import BatteryProfile
from powerplan.components.spec import KnownFigure, Part, Profile, figures_of
from powerplan.lowering.parts import FigureUse
from powerplan.model.amount import Amount, dimension_of
from powerplan.model.scenario import Scenario
from powerplan.plan.plan import FloatArray
from powerplan.workload.streams import Streams

Key = tuple[str, str]
"""(part, figure); `scenario` and a key path; `cell` and a property."""
SCENARIO, CELL = "scenario", "cell"
ELECTRICAL = ("current", "voltage", "power", "energy", "charge", "resistance", "capacitance", "fraction_rate")
"""Dimensions of figures that change no times: the simulated times are kept when they are drawn."""
SUPPLY_NAMES = ("battery", "regulator", "harvester")
SIGNED = ("temperature", "gain")
LOW_PERCENT, HIGH_PERCENT = 5.0, 95.0
NORMAL = NormalDist()
EDGE = 1e-12
"""Keeps inverse distributions away from infinity."""
SMALLEST_CELL_FACTOR = 0.05


@dataclass(frozen=True)
class Uncertain:
    """One value that is not known exactly."""

    key: Key
    typ: float
    low: float | None
    high: float | None
    distribution: str
    """`triangular`, `uniform`, `normal` or `lognormal`."""
    sigma: float | None
    dimension: str
    basis: str
    source: str = ""
    weakest_of: int = 1
    """The smallest of so many equal draws: cells in series."""

    @property
    def name(self) -> str:
        """Name as people read it."""
        return f"cell-to-cell {self.key[1]}" if self.key[0] == CELL else ".".join(self.key)

    @property
    def changes_times(self) -> bool:
        """Whether a new value needs a new simulation, because times, rates or sensors change."""
        owner, path = self.key
        if owner == SCENARIO:
            return not path.startswith(("supply.", "environment."))
        return owner != CELL and owner.split(" ")[0] not in SUPPLY_NAMES and self.dimension not in ELECTRICAL

    def at(self, share: float) -> float:
        """The value below which this share of all values lies."""
        if self.weakest_of > 1:
            share = 1.0 - (1.0 - share) ** (1.0 / self.weakest_of)
        if self.distribution in ("normal", "lognormal"):
            return self._bell(share)
        low, high = self._ends()
        if high <= low:
            return low
        if self.distribution == "uniform":
            return low + share * (high - low)
        turn = (self.typ - low) / (high - low)
        if share < turn:
            return low + math.sqrt(share * (high - low) * (self.typ - low))
        return high - math.sqrt((1.0 - share) * (high - low) * (high - self.typ))

    def _ends(self) -> tuple[float, float]:
        return (self.typ if self.low is None else self.low), (self.typ if self.high is None else self.high)

    def _bell(self, share: float) -> float:
        """Normal, or lognormal with `typ` as its median, cut off at the range and at what is physical."""
        sigma, is_log = self.sigma or 0.0, self.distribution == "lognormal"
        if sigma <= 0.0:
            return self.typ
        low = self.low
        if low is None and not is_log and self.dimension not in SIGNED and self.typ >= 0.0:
            low = SMALLEST_CELL_FACTOR if self.key[0] == CELL else 0.0
        high = 1.0 if self.high is None and self.dimension == "fraction" and self.typ <= 1.0 else self.high
        inside = [0.0 if low is None else NORMAL.cdf(self._deviations(low)),
                  1.0 if high is None else NORMAL.cdf(self._deviations(high))]
        at = min(max(inside[0] + share * (inside[1] - inside[0]), EDGE), 1.0 - EDGE)
        moved = sigma * NORMAL.inv_cdf(at)
        return self.typ * math.exp(moved) if is_log else self.typ + moved

    def _deviations(self, value: float) -> float:
        if self.distribution == "lognormal":
            return math.log(value / self.typ) / (self.sigma or 1.0) if value > 0 else -math.inf
        return (value - self.typ) / (self.sigma or 1.0)

    def span(self) -> tuple[float, float]:
        """The known range; of a normal or lognormal one without a range, P5 to P95."""
        if self.distribution in ("normal", "lognormal") and (self.low is None or self.high is None):
            return self.at(LOW_PERCENT / 100), self.at(HIGH_PERCENT / 100)
        return self._ends()


def middle_and_ends(values: FloatArray) -> tuple[float, float, float] | None:
    """P5, P50 and P95 of those values that are finite, None where none is."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    low, middle, high = np.percentile(finite, [LOW_PERCENT, 50.0, HIGH_PERCENT])
    return float(low), float(middle), float(high)


def uncertainties(scenario: Scenario, parts: Mapping[str, Part[Any, Any]], profiles: Mapping[str, Profile],
                  figures: Sequence[FigureUse], *, even: bool = False) -> tuple[Uncertain, ...]:
    """Everything with a range or a distribution. Evenly spaced worlds vary only in what the user stated himself."""
    found = [_figure(figure, _known(figure, scenario, parts, profiles)) for figure in figures]
    found += [_amount(path, amount, dimension) for path, amount, dimension in scenario_amounts(scenario)]
    if even:
        return tuple(one for one in found if one is not None and one.basis == "user")
    return tuple(one for one in [*found, *_cells(scenario, profiles)] if one is not None)


def _known(figure: FigureUse, scenario: Scenario, parts: Mapping[str, Part[Any, Any]],
           profiles: Mapping[str, Profile]) -> KnownFigure | Amount | None:
    """Distribution of a figure, from where it was taken."""
    if figure.part in parts:
        return parts[figure.part].figures.get(figure.figure)
    if figure.part in profiles:
        return figures_of(profiles[figure.part].spec).get(figure.figure)
    if figure.part == "battery":
        return scenario.supply.battery.capacity
    head, _, rest = figure.part.partition(".")
    name, _, level = rest.partition(".")
    if head == "cascade" and name in scenario.cascade:
        latency: Amount | None = getattr(getattr(scenario.cascade[name], level, None), "latency", None)
        return latency
    return None


def _figure(figure: FigureUse, known: KnownFigure | Amount | None) -> Uncertain | None:
    shape = known.distribution if known is not None else None
    sigma = known.sigma if known is not None else None
    dimension = figure.dimension or (known.dimension if isinstance(known, KnownFigure) else "")
    return _made((figure.part, figure.figure), figure.value, figure.low, figure.high, shape, sigma, dimension,
                 figure.basis, figure.source)


def _amount(path: str, amount: Amount, dimension: str) -> Uncertain | None:
    return _made((SCENARIO, path), amount.typ, amount.min, amount.max, amount.distribution, amount.sigma, dimension,
                 "user", "the scenario")


def _made(key: Key, typ: float, low: float | None, high: float | None, shape: str | None, sigma: float | None,
          dimension: str, basis: str, source: str) -> Uncertain | None:
    if shape in ("normal", "lognormal"):
        varies = bool(sigma)
    else:
        varies = (typ if high is None else high) > (typ if low is None else low)
    return Uncertain(key, typ, low, high, shape or "triangular", sigma, dimension, basis, source) if varies else None


def _cells(scenario: Scenario, profiles: Mapping[str, Profile]) -> Iterator[Uncertain]:
    """Cell-to-cell spread of the pack: the weakest of the cells in series, the mean of those in parallel."""
    battery = scenario.supply.battery
    spec = profiles["battery"].spec if "battery" in profiles else None
    if not isinstance(spec, BatteryProfile) or spec.spread is None:
        return
    side_by_side = math.sqrt(battery.parallel)
    given = spec.spread.capacity
    yield Uncertain((CELL, "capacity"), 1.0, None, None, "normal", given.typ / side_by_side, "number", given.basis,
                    spec.sources.get(given.source, given.source), battery.series)
    if spec.spread.resistance is not None and not battery.ideal:
        given = spec.spread.resistance
        sigma = given.typ / side_by_side / math.sqrt(battery.series)
        yield Uncertain((CELL, "resistance"), 1.0, None, None, "normal", sigma, "number", given.basis,
                        spec.sources.get(given.source, given.source))


def scenario_amounts(scenario: Scenario) -> Iterator[tuple[str, Amount, str]]:
    """(key path, amount, dimension) of everything the scenario states that is drawn once per product.

    Latencies of models and the capacity of an ideal cell are figures of the answer already.
    """
    for path, amount, dimension in stated_amounts(scenario):
        if amount.per == "activation" or (path.startswith("cascade.") and path.endswith(".latency")):
            continue
        if path == "supply.battery.capacity" and scenario.supply.battery.ideal:
            continue
        yield path, amount, dimension


def stated_amounts(scenario: Scenario) -> Iterator[tuple[str, Amount, str]]:
    """(key path, amount, dimension) of everything the scenario states with a unit."""
    return _walk(scenario, "", "")


def _walk(value: object, path: str, dimension: str) -> Iterator[tuple[str, Amount, str]]:
    if isinstance(value, Amount):
        yield path, value, dimension
    elif isinstance(value, BaseModel):
        for name, about in type(value).model_fields.items():
            yield from _walk(getattr(value, name), _joined(path, about.alias or name), dimension_of(about) or "")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _walk(inner, _joined(path, str(key)), dimension)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _walk(inner, _joined(path, str(index)), dimension)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def with_amounts(scenario: Scenario, values: Mapping[str, float]) -> Scenario:
    """The scenario with other typical values at some key paths, and without their ranges."""
    if not values:
        return scenario
    changed: Scenario = _replaced(scenario, "", values)
    return changed


def _replaced(value: Any, path: str, values: Mapping[str, float]) -> Any:
    if isinstance(value, Amount):
        if path not in values:
            return value
        return value.model_copy(update={"typ": values[path], "min": None, "max": None, "distribution": None,
                                        "sigma": None})
    if isinstance(value, BaseModel):
        inside = {name: _replaced(getattr(value, name), _joined(path, about.alias or name), values)
                  for name, about in type(value).model_fields.items()}
        return value.model_copy(update={name: new for name, new in inside.items() if new is not getattr(value, name)})
    if isinstance(value, dict):
        return {key: _replaced(inner, _joined(path, str(key)), values) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, _joined(path, str(index)), values) for index, inner in enumerate(value)]
    return value


@dataclass(frozen=True)
class Draws:
    """Values of every uncertain thing for a number of samples."""

    uncertain: tuple[Uncertain, ...]
    share: FloatArray
    """Numbers between 0 and 1 (samples, uncertain things)."""

    @classmethod
    def random(cls, uncertain: tuple[Uncertain, ...], count: int, seed: int) -> Draws:
        """Random draws: one stream per thing, so that another thing more or less moves no other draw."""
        streams = Streams(seed)
        columns = [streams.generator("figure", "/".join(one.key)).random(count) for one in uncertain]
        return cls(uncertain, np.stack(columns, axis=1) if columns else np.empty((count, 0)))

    def __len__(self) -> int:
        return len(self.share)

    def values(self, sample: int, of_times: int | None = None) -> dict[Key, float]:
        """Values of one sample. With `of_times`, whatever changes times comes from that other sample."""
        return {one.key: one.at(float(self.share[sample if of_times is None or not one.changes_times else of_times,
                                                 column]))
                for column, one in enumerate(self.uncertain)}
