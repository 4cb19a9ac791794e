"""Several designs side by side: the same world for all, differences with units, and which input moved which line.

All designs are played with the same seed, so the same things happen to them, and their figures are drawn from the same
streams: a difference between two designs is a difference of designs. Why a line moved is found by simulation: the
first design with one of the differing inputs at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from powerplan.engines.closed_form import closed_form
from powerplan.errors import PowerplanError
from powerplan.files.scenario import Loaded, load_scenario
from powerplan.plan.codes import NS_PER_DAY
from powerplan.plan.plan import FloatArray
from powerplan.results.document import number
from powerplan.results.schema import SCHEMA_VERSION
from powerplan.results.tables import Table, Tabular
from powerplan.study.causes import Cause, causes
from powerplan.study.differences import (
    changes,
    energy_rows,
    metric_rows,
    moved,
    refuse_incomparable,
    requirement_rows,
)
from powerplan.study.policy import simulate_levels
from powerplan.study.run import RunResult, default_days, prepare, run_loaded
from powerplan.study.sampling import Origin, Played
from powerplan.study.session import Session
from powerplan.study.sides import Incomparable, Side
from powerplan.study.supply import supply_profiles
from powerplan.study.uncertainty import lives

SECONDS_PER_DAY = 86_400.0
LONGEST_DAYS = 7.0
ENERGY_SHOWN_COUNT = 12
Progress = Callable[[str, float], None]


class CompareProblem(PowerplanError):
    """A comparison that cannot be made."""


@dataclass(frozen=True)
class Design:
    """One scenario of a comparison, and what it gives."""

    side: Side
    result: RunResult
    life_days: FloatArray
    """Lives over draws that all designs share; one value where nothing is uncertain."""


@dataclass(frozen=True, repr=False)
class Comparison(Tabular):
    """Designs against the first one."""

    designs: tuple[Design, ...]
    seed: int
    days: float
    moved_because: tuple[tuple[Cause, ...], ...]
    """For each design but the first: what each differing input does alone."""

    @property
    def sides(self) -> tuple[Side, ...]:
        """The answers as they would be saved."""
        return tuple(design.side for design in self.designs)

    def document(self) -> dict[str, Any]:
        """The comparison as one JSON document; `deltas` are against the first design."""
        first, others = self.sides[0], self.sides[1:]
        return {
            "schema_version": SCHEMA_VERSION, "kind": "compare", "baseline": first.name, "seed": self.seed,
            "simulated_days": number(self.days),
            "designs": [_design_map(design) for design in self.designs],
            "metrics": metric_rows(self.sides), "requirements": requirement_rows(self.sides),
            "against_baseline": [
                {"design": other.name, "changed": [change.document() for change in changes(first, other)],
                 "life": life_difference(self.designs[0], design),
                 "moved": [{**line, "because": [cause.document(line["id"]) for cause in why]}
                           for line in moved(first, other)],
                 "energy": energy_rows(first, other)[:ENERGY_SHOWN_COUNT]}
                for other, design, why in zip(others, self.designs[1:], self.moved_because, strict=True)],
        }

    def table(self) -> Table:
        """One row per design and metric."""
        rows = [(side.name, name, metric["value"], metric["unit"], metric["low"], metric["high"])
                for side in self.sides for name, metric in side.metrics.items()]
        names = ("design", "metric", "value", "unit", "low", "high")
        return Table("compare", {name: [row[place] for row in rows] for place, name in enumerate(names)})

    def tables(self) -> dict[str, Table]:
        """Metrics, requirements and bills of all designs."""
        lines = [(side.name, name, line["text"], line["metric"], line["verdict"], line["value"], line["unit"],
                  line["limit"], line["margin"]) for side in self.sides for name, line in side.requirements.items()]
        names = ("design", "id", "text", "metric", "verdict", "value", "unit", "limit", "margin_fraction")
        return {"compare": self.table(), "compare_requirements": Table("compare_requirements", {
            name: [row[place] for row in lines] for place, name in enumerate(names)})}

    def _repr_html_(self) -> str:
        """The comparison in a notebook."""
        from powerplan.study.compare_text import compare_html

        return compare_html(self.document())


def _design_map(design: Design) -> dict[str, Any]:
    side = design.side
    return {"name": side.name, "scenario": side.scenario, "product": design.result.loaded.scenario.product.name,
            "feasible": side.manifest["feasible"], "engine": side.manifest["engine"],
            "end_reason": side.manifest["end_reason"], "gates": side.manifest["gates"], "bill": side.bill,
            "metrics": side.metrics, "hashes": side.manifest["hashes"]}


def life_difference(first: Design, other: Design) -> dict[str, Any]:
    """How much longer the battery lasts, over draws that both designs share. [d]"""
    count = max(len(first.life_days), len(other.life_days))
    one, two = (np.broadcast_to(design.life_days, count) for design in (first, other))
    low, middle, high = np.percentile(two - one, [5.0, 50.0, 95.0])
    return {"unit": "d", "draws": count, "p5": number(float(low)), "p50": number(float(middle)),
            "p95": number(float(high)), "longer_fraction": number(float((two > one).mean()))}


def compare(paths: Sequence[Path], *, seed: int | None = None, days: float | None = None,
            allow: Collection[str] = (), why: bool = True, progress: Progress | None = None) -> Comparison:
    """Play every scenario in the same world. Raises InputError, Incomparable, CompareProblem."""
    tell = progress or (lambda _stage, _share: None)
    if len(paths) < 2:
        raise CompareProblem("a comparison takes at least two scenarios")
    loaded = [load_scenario(Path(path)) for path in paths]
    names = design_names(paths)
    seed = loaded[0].scenario.run.seed if seed is None else seed
    days = days or common_days(names, loaded, allow)
    designs = []
    for place, (name, one) in enumerate(zip(names, loaded, strict=True)):
        designs.append(played_design(name, one, seed, days))
        tell("designs", (place + 1) / len(loaded))
        if place:
            refuse_incomparable(designs[0].side, designs[-1].side, allow)
    found = tuple(causes(designs[0].result, designs[0].side, design.result, design.side, seed, days, tell)
                  if why else () for design in designs[1:])
    return Comparison(tuple(designs), seed, days, found)


def design_names(paths: Sequence[Path]) -> list[str]:
    """File names, with their folders where two are the same."""
    short = [Path(path).name for path in paths]
    return [str(path) if short.count(name) > 1 else name for path, name in zip(paths, short, strict=True)]


def common_days(names: Sequence[str], loaded: Sequence[Loaded], allow: Collection[str] = ()) -> float:
    """Days all designs are simulated: those the scenarios state, else what takes seconds for all. Raises Incomparable.
    """
    stated = {one.scenario.run.days for one in loaded}
    if len(stated) > 1 and None not in stated and "horizon" not in allow:
        listed = ", ".join(f"{name} states run.days {one.scenario.run.days:g}"
                           for name, one in zip(names, loaded, strict=True))
        raise Incomparable((f"horizon: {listed}; give --days, or --allow horizon for the shortest",))
    given = [value for value in stated if value is not None]
    if given:
        return min(given)
    shortest = LONGEST_DAYS
    for one in loaded:
        lowering, _ = prepare(one)
        shortest = min(shortest, default_days(closed_form(lowering.plan, lowering.world)))
    return shortest


def played_design(name: str, loaded: Loaded, seed: int, days: float) -> Design:
    """One scenario in the common world. Raises InputError."""
    result = run_loaded(loaded, seed=seed, days=days, brief=True)
    session = Session(result, True, f"powerplan run {loaded.path.name} --seed {seed} --days {days:g}")
    origin = Origin(loaded, supply_profiles(loaded), seed, max(1, round(days * NS_PER_DAY)))
    played = Played(result.lowering, result.world, result.record,
                    simulate_levels(loaded, seed, origin.horizon_ns, origin.engine))
    life_s = lives(origin, played, result.figures, even=result.lowering.world.even)
    if not len(life_s):
        life_s = np.array([result.life.life_s])
    return Design(Side(name, session.manifest()), result, life_s / SECONDS_PER_DAY)

