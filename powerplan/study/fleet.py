"""Of so many units, how many die before a limit, and in which month.

Units differ in their cells one by one, and in site, use and figures by groups: each group is a world of its own,
drawn from everything that has a range or a distribution.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cascade.statistics import wilson_interval
from powerplan.batteries.demand import Demand
from powerplan.batteries.pack import IdealCell
from powerplan.errors import PowerplanError
from powerplan.files.scenario import Loaded, load_scenario
from powerplan.lowering.parts import FigureLog
from powerplan.plan.codes import NS_PER_DAY
from powerplan.plan.plan import FloatArray
from powerplan.results.document import number
from powerplan.results.tables import Table, Tabular
from powerplan.study.draws import CELL, Draws, Uncertain, uncertainties
from powerplan.study.run import default_days, prepare
from powerplan.study.sampling import Drained, Origin, drain, play
from powerplan.study.supply import supply_chain
from powerplan.units import format_quantity, parse_quantity
from powerplan.workload.streams import Streams

DAYS_PER_MONTH = 365.0 / 12.0
SECONDS_PER_DAY = 86_400.0
GROUP_COUNT = 48
FEWEST_PER_GROUP_COUNT = 10
WALKED_PER_GROUP_COUNT = 25
"""Units of a group walked one by one where a harvest or policies need it; the others share their lives."""
CONFIDENCE_FRACTION = 0.90
Progress = Callable[[str, float], None]


class FleetProblem(PowerplanError):
    """The question about a fleet cannot be answered."""


@dataclass(frozen=True, repr=False)
class Fleet(Tabular):
    """Lives of all units."""

    scenario: str
    life_s: FloatArray
    limit_s: float
    group_of: Any
    """Group of each unit, from 0."""
    seed: int
    days: float
    varied: tuple[str, ...]
    """What differs between units."""

    @property
    def dead_count(self) -> int:
        """Units that die before the limit."""
        return int((self.life_s < self.limit_s).sum())

    def by_month(self) -> list[tuple[int, int, int]]:
        """(month from 1, deaths in it, deaths up to its end), until the limit."""
        months = max(1, int(np.ceil(self.limit_s / SECONDS_PER_DAY / DAYS_PER_MONTH - 1e-9)))
        edges = np.minimum(np.arange(months + 1) * DAYS_PER_MONTH * SECONDS_PER_DAY, self.limit_s)
        ends = np.searchsorted(np.sort(self.life_s), edges, side="left")
        return [(month + 1, int(ends[month + 1] - ends[month]), int(ends[month + 1])) for month in range(months)]

    def between_groups(self) -> tuple[float, float]:
        """90 % interval of the share that dies. [1]

        Units of one group share their world, so the interval is that of a share of groups where groups differ.
        """
        groups = int(self.group_of.max()) + 1
        shares = np.array([(self.life_s[self.group_of == group] < self.limit_s).mean() for group in range(groups)])
        share = float((self.life_s < self.limit_s).mean())
        error = float(shares.std(ddof=1) / np.sqrt(groups)) if groups > 1 else 0.0
        alone = wilson_interval(self.dead_count, len(self.life_s), CONFIDENCE_FRACTION)
        return max(0.0, min(share - 1.645 * error, alone.low)), min(1.0, max(share + 1.645 * error, alone.high))

    def table(self) -> Table:
        """One row per month."""
        rows = self.by_month()
        names = ("month", "deaths", "deaths_so_far")
        return Table("fleet", {name: [row[place] for row in rows] for place, name in enumerate(names)})

    def _repr_html_(self) -> str:
        """The answer in a notebook."""
        from powerplan.study.grids import html_lines

        return html_lines(fleet_lines(self.document()))

    def document(self) -> dict[str, Any]:
        """The answer as one JSON document."""
        low, high = self.between_groups()
        days = self.life_s / SECONDS_PER_DAY
        return {"schema_version": 1, "scenario": self.scenario, "units": len(days), "seed": self.seed,
                "simulated_days": number(self.days), "limit_days": number(self.limit_s / SECONDS_PER_DAY),
                "dead": self.dead_count, "dead_fraction": number(self.dead_count / len(days)),
                "dead_fraction_low": number(low), "dead_fraction_high": number(high),
                "life_days": {f"p{percent}": number(float(np.percentile(days, percent))) for percent in (1, 5, 50, 95)},
                "months": [{"month": month, "deaths": deaths, "deaths_so_far": so_far}
                           for month, deaths, so_far in self.by_month()],
                "groups": int(self.group_of.max()) + 1, "varied": list(self.varied)}


def fleet(path: Path, units: int, limit: str | None = None, *, seed: int | None = None, days: float | None = None,
          progress: Progress | None = None) -> Fleet:
    """Lives of so many units of a scenario; by default the limit is that of its battery_life line.

    Raises InputError, FleetProblem.
    """
    if units < 1:
        raise FleetProblem("a fleet has at least one unit")
    asked_s = None if limit is None else _duration_s(limit)
    tell = progress or (lambda _stage, _share: None)
    loaded = load_scenario(path)
    limit_s = _own_limit_s(loaded) if asked_s is None else asked_s
    lowering, profiles = prepare(loaded)
    seed = loaded.scenario.run.seed if seed is None else seed
    from powerplan.engines.closed_form import closed_form

    days = days or loaded.scenario.run.days or default_days(closed_form(lowering.plan, lowering.world))
    origin = Origin(loaded, profiles, seed, max(1, round(days * NS_PER_DAY)))
    log = FigureLog(used={(figure.part, figure.figure): figure for figure in lowering.figures})
    supply_chain(loaded.scenario, profiles, lowering.parts, log)
    even = lowering.world.even
    varied = uncertainties(loaded.scenario, loaded.parts, profiles, tuple(log.used.values()), even=even)
    cells = tuple(one for one in varied if one.key[0] == CELL)
    shared = tuple(one for one in varied if one.key[0] != CELL)
    groups = 1 if even and not shared else max(1, min(GROUP_COUNT, units // FEWEST_PER_GROUP_COUNT))
    draws = Draws.random(shared, groups, seed)
    group_of = np.arange(units) * groups // units
    factors = {one.key[1]: _factors(one, units, seed) for one in cells}
    life_s = np.empty(units)
    for group in range(groups):
        drawn = draws.values(group)
        drained = drain(origin, play(origin, drawn, group, resampled=not even), drawn)
        inside = group_of == group
        life_s[inside] = _lives(drained, {name: values[inside] for name, values in factors.items()},
                                int(inside.sum()))
        tell("units", (group + 1) / groups)
    return Fleet(path.name, life_s, limit_s, group_of, seed, days, tuple(one.name for one in varied))


def _duration_s(limit: str) -> float:
    try:
        limit_s = parse_quantity(limit, "duration")
    except ValueError as error:
        raise FleetProblem(f"--limit: {error}") from None
    if limit_s <= 0.0:
        raise FleetProblem(f"--limit: {limit!r} is not longer than 0")
    return limit_s


def _own_limit_s(loaded: Loaded) -> float:
    """The life that the scenario itself asks for. [s]"""
    for line in loaded.requirements:
        if line.metric == "battery_life" and line.operator in (">=", ">"):
            return line.limit
    raise FleetProblem("--limit: the scenario asks for no battery_life; say before when, such as --limit '2 years'")


def _factors(one: Uncertain, units: int, seed: int) -> FloatArray:
    shares = Streams(seed).generator("unit", "/".join(one.key)).random(units)
    return np.array([one.at(float(share)) for share in shares])


def _lives(drained: Drained, factors: dict[str, FloatArray], units: int) -> FloatArray:
    """Lives of the units of one group. [s]"""
    same = np.ones(units)
    capacity, resistance = factors.get("capacity", same), factors.get("resistance", same)
    chain = drained.chain
    if not factors:
        return same * drained.life.life_s
    plain = isinstance(drained.asked, Demand) and chain.harvest_w is None
    if plain and not isinstance(chain.pack, IdealCell):
        from powerplan.batteries.spread import lives

        return lives(chain.pack, drained.demand, chain.temperature_c, chain.limits, capacity, resistance,
                     capacitor=chain.capacitor).life_s
    return _walked(drained, capacity, resistance)


def _walked(drained: Drained, capacity: FloatArray, resistance: FloatArray) -> FloatArray:
    """Lives walked one by one over quantiles of the capacity, and read off between them. [s]"""
    from dataclasses import replace

    from powerplan.study.sampling import with_cell
    from powerplan.study.supply import battery_life

    order = np.argsort(capacity, kind="stable")
    chosen = order[np.unique(np.linspace(0, len(order) - 1, min(len(order), WALKED_PER_GROUP_COUNT)).astype(int))]
    found = []
    for unit in chosen:
        cell = {(CELL, "capacity"): float(capacity[unit]), (CELL, "resistance"): float(resistance[unit])}
        chain = with_cell(replace(drained.chain), cell)
        found.append(battery_life(chain, drained.asked, "day_hour").life_s)
    return np.asarray(np.interp(capacity, capacity[chosen], found), np.float64)


def fleet_lines(document: dict[str, Any]) -> list[str]:
    """The answer as people read it."""
    units, dead = document["units"], document["dead"]
    limit = format_quantity(document["limit_days"] * SECONDS_PER_DAY, "duration")
    low, high = (100 * document[f"dead_fraction_{end}"] for end in ("low", "high"))
    lives_d = document["life_days"]
    said = [f"{dead:,} of {units:,} units die before {limit} ({100 * dead / units:.2f} %, between {low:.2f} and "
            f"{high:.2f} %)",
            f"lives: 1 % end before {lives_d['p1']:,.0f} d, 5 % before {lives_d['p5']:,.0f} d, half before "
            f"{lives_d['p50']:,.0f} d, 95 % before {lives_d['p95']:,.0f} d", ""]
    shown = [row for row in document["months"] if row["deaths"]]
    said += [f"month {row['month']:>3}  {row['deaths']:>7,} die  {row['deaths_so_far']:>7,} so far" for row in shown]
    if not shown:
        said.append("nobody dies before the limit")
    varied = document["varied"]
    listed = ", ".join(varied[:8]) + (f" and {len(varied) - 8} more" if len(varied) > 8 else "")
    said += ["", f"units differ in {listed}" if varied else "units do not differ: nothing has a range, and the cell "
             "states no spread",
             f"{document['groups']} groups of units, each in a world of its own of {document['simulated_days']:g} days"]
    return said
