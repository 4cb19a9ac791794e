"""Choose a design: devices, batteries, modes and intervals searched under the requirements, thresholds solved exactly.

A small space is played in full; a larger one is searched with optuna (TPE). Every design that was played stands in a
journal, so that a search goes on where it stopped. Designs are asked for in batches of a fixed size and told in order,
so that the answer depends neither on the number of processes nor on where a search was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powerplan.errors import PowerplanError
from powerplan.files.scenario import Loaded, load_scenario
from powerplan.results.document import number
from powerplan.results.journal import Journal
from powerplan.results.schema import SCHEMA_VERSION
from powerplan.results.tables import Table, Tabular
from powerplan.study.choice import (
    Choice,
    Objective,
    choose,
    default_objectives,
    objectives_of,
    pareto_front,
)
from powerplan.study.designs import (
    CRASHED,
    DONE,
    THRESHOLD_COUNT,
    Settings,
    key_of,
    refusal,
    settings_of,
    unit_in,
    value_in,
)
from powerplan.study.designs_pool import Pool
from powerplan.study.session import package_version
from powerplan.study.space import Space, Values, space_of

DESIGNS_COUNT = 64
"""Designs that are played at most, unless more are asked for."""
DESIGNS_LIMIT_COUNT = 10_000
METHODS = ("auto", "grid", "optuna")
JOURNAL = "designs.sqlite"
Progress = Callable[[str, float], None]


class OptimizeProblem(PowerplanError):
    """A search that cannot be made."""


@dataclass(frozen=True)
class Played:
    """One design and what it gave."""

    values: Values
    label: str
    result: Mapping[str, Any]

    @property
    def done(self) -> bool:
        """Whether it could be played."""
        return bool(self.result["status"] == DONE)

    @property
    def meets(self) -> bool:
        """Whether it meets every line, with typical figures or by the confidence a line states."""
        return self.done and not self.result["misses"]

    def value(self, name: str) -> float | None:
        """A metric, or a sum of the bill."""
        return value_in(self.result, name)


@dataclass(frozen=True, repr=False)
class Optimum(Tabular):
    """All designs that were played, those no other one beats, and the one to build."""

    scenario: str
    space: Space
    settings: Settings
    method: str
    objectives: tuple[Objective, ...]
    designs: tuple[Played, ...]
    """The scenario as it stands first."""
    choice: Choice
    known_count: int
    """Designs taken from the journal and not played again."""
    journal: str

    @property
    def front(self) -> tuple[Played, ...]:
        """Designs that no other design beats in every objective."""
        kept = pareto_front([[objective.cost(one.value(objective.name)) for objective in self.objectives]
                             for one in self.designs if one.done and one.result["feasible"]])
        able = [one for one in self.designs if one.done and one.result["feasible"]]
        return tuple(able[place] for place in kept)

    def document(self) -> dict[str, Any]:
        """The answer as one JSON document."""
        front = self.front
        chosen = self.choice.place
        return {
            "schema_version": SCHEMA_VERSION, "kind": "optimize", "scenario": self.scenario,
            "seed": self.settings.seed, "simulated_days": number(self.settings.days), "method": self.method,
            "over": [dimension.document() for dimension in self.space.dimensions], "grid_size": self.space.size,
            "played": sum(one.done for one in self.designs), "designs_count": len(self.designs),
            "objectives": [objective.document() for objective in self.objectives],
            "feasible": self.choice.feasible, "text": self.choice.text,
            "chosen": self._design_map(self.designs[chosen], front) if chosen is not None else None,
            "own": self._design_map(self.designs[0], front),
            "front": [self._design_map(one, front) for one in front],
            "designs": [self._design_map(one, front) for one in self.designs],
            "refused": [{"design": one.label, "status": one.result["status"], "why": one.result["why"]}
                        for one in self.designs if not one.done],
            "notes": list(self.choice.notes),
        }

    def _design_map(self, one: Played, front: Sequence[Played]) -> dict[str, Any]:
        return {
            "design": one.label, "values": {".".join(map(str, path)): value for path, value in one.values},
            "status": one.result["status"], "meets": one.meets, "pareto": one in front,
            "feasible": one.result["feasible"], "thresholds": one.result["thresholds"],
            "objectives": {objective.name: {"value": one.value(objective.name),
                                            "unit": unit_in(one.result, objective.name)}
                           for objective in self.objectives},
            "requirements": one.result["requirements"], "misses": one.result["misses"],
            "distance": one.result["distance"], "bill": one.result["bill"], "notes": one.result["notes"],
        }

    def table(self) -> Table:
        """One row per design: its values, its thresholds, its objectives."""
        front = self.front
        columns: dict[str, list[Any]] = {"design": [one.label for one in self.designs]}
        for place, dimension in enumerate(self.space.dimensions):
            columns[dimension.path] = [str(one.values[place][1]) if one.values else None for one in self.designs]
        columns |= self._thresholds()
        for objective in self.objectives:
            columns[objective.name] = [one.value(objective.name) for one in self.designs]
        columns["status"] = [str(one.result["status"]) for one in self.designs]
        columns["meets"] = [one.meets for one in self.designs]
        columns["pareto"] = [one in front for one in self.designs]
        columns["role"] = ["chosen" if place == self.choice.place else "own" if not one.values else ""
                           for place, one in enumerate(self.designs)]
        columns["misses"] = ["; ".join(one.result["misses"]) for one in self.designs]
        return Table("designs", columns)

    def _thresholds(self) -> dict[str, list[Any]]:
        """Columns of chosen thresholds; those of further cascades carry their names."""
        names = ("threshold_1", "threshold_2")
        pairs = [one.result["thresholds"] or {} for one in self.designs]
        columns = {name: [pair.get(name) for pair in pairs] for name in names}
        further = [{more["cascade"]: more for more in pair.get("further", ())} for pair in pairs]
        for cascade in dict.fromkeys(name for found in further for name in found):
            columns |= {f"{name}.{cascade}": [found.get(cascade, {}).get(name) for found in further] for name in names}
        return columns

    def objective_table(self) -> Table:
        """One row per objective: unit, direction, limits of the requirements about it."""
        rows = []
        for objective in self.objectives:
            unit = next((unit_in(one.result, objective.name) for one in self.designs
                         if unit_in(one.result, objective.name)), "")
            limits = {line["limit"] for one in self.designs for line in one.result["requirements"]
                      if line["metric"] == objective.name and line["limit"] is not None}
            rows.append((objective.name, unit, objective.direction, min(limits, default=None)))
        names = ("name", "unit", "direction", "limit")
        return Table("objectives", {name: [row[place] for row in rows] for place, name in enumerate(names)})

    def tables(self) -> dict[str, Table]:
        """Designs and objectives."""
        return {"designs": self.table(), "objectives": self.objective_table()}

    def _repr_html_(self) -> str:
        """The answer in a notebook."""
        from powerplan.study.optimize_text import optimize_html

        return optimize_html(self.document())


def optimize(path: Path, over: Sequence[str], *, objectives: Sequence[str] = (), method: str = "auto",
             designs: int = DESIGNS_COUNT, cascade: str | None = None, thresholds: int = THRESHOLD_COUNT,
             strict: bool = False, seed: int | None = None, days: float | None = None, jobs: int = 1,
             out: Path | None = None, progress: Progress | None = None) -> Optimum:
    """Search designs under the requirements. Raises InputError, SpaceProblem, OptimizeProblem, OutputError.

    With `out`, the journal of the search stands there and the same call goes on where an earlier one stopped.
    `strict` asks for PASS of every line; otherwise a line is met with typical figures or by the confidence it states.
    """
    if not 1 <= designs <= DESIGNS_LIMIT_COUNT:
        raise OptimizeProblem(f"--designs {designs}: 1 to {DESIGNS_LIMIT_COUNT:,}")
    base = load_scenario(Path(path))
    space = space_of(base, over)
    _no_thresholds(space, thresholds)
    settings = settings_of(base, seed, days, cascade, thresholds)
    wanted = objectives_of(objectives)
    way = _method(method, space, designs)
    journal_path = out / JOURNAL if out is not None else None
    with Journal(journal_path, package_version("powerplan"), settings.seed) as journal:
        pool = Pool(base, settings, jobs)
        try:
            search = Search(base, space, settings, journal, pool, designs, progress or (lambda _stage, _share: None))
            found = search.full() if way == "grid" else search.sampled(wanted)
        finally:
            pool.close()
    tried = found[1:]
    if tried and not any(one.done for one in tried):
        first = tried[0]
        raise OptimizeProblem(f"none of the {len(tried)} designs can be played; the first, {first.label}: "
                              f"{first.result['why']}")
    chosen = wanted or default_objectives([one.result for one in found])
    return Optimum(Path(path).name, space, settings, way, chosen, found, choose(found, strict), search.known_count,
                   str(journal_path or ""))


def _no_thresholds(space: Space, thresholds: int) -> None:
    for dimension in space.dimensions:
        if thresholds and dimension.path.startswith("cascade.") and dimension.path.endswith(".threshold"):
            raise OptimizeProblem(f"{dimension.path}: thresholds are no search dimension, they are solved exactly for "
                                  "every design; leave it out, or keep those of the file with --thresholds 0")


def _method(method: str, space: Space, designs: int) -> str:
    from importlib.util import find_spec

    if method not in METHODS:
        raise OptimizeProblem(f"--method {method!r} is none of {', '.join(METHODS)}")
    fits = space.size <= designs
    if method == "grid" or (method == "auto" and fits):
        if not fits:
            raise OptimizeProblem(f"the grid has {space.size:,} designs, more than --designs {designs:,}; raise it, "
                                  "give fewer choices, or use --method optuna")
        return "grid"
    if find_spec("optuna") is None:
        raise OptimizeProblem(f"{space.size:,} designs are more than --designs {designs:,}, and searching them needs "
                              "the package optuna: pip install 'powerplan[optimize]'; or raise --designs, or give "
                              "fewer choices")
    return "optuna"


class Search:
    """Plays designs, each once, and remembers them in the journal."""

    def __init__(self, base: Loaded, space: Space, settings: Settings, journal: Journal, pool: Pool, budget: int,
                 progress: Progress) -> None:
        self.base, self.space, self.settings = base, space, settings
        self.journal, self.pool, self.budget, self.progress = journal, pool, budget, progress
        self.version = package_version("powerplan")
        self.known_count = 0
        self.found: dict[str, Played] = {}
        self._keys: dict[str, tuple[str, str | None]] = {}

    def full(self) -> tuple[Played, ...]:
        """Every design of the grid, the scenario as it stands first."""
        self.play([(), *self.space.grid()])
        return tuple(self.found.values())

    def sampled(self, objectives: tuple[Objective, ...]) -> tuple[Played, ...]:
        """Designs that a sampler asks for, until the budget is spent."""
        from powerplan.study.sampler import asked_for

        [own] = self.play([()])
        wanted = objectives or default_objectives([own.result])
        asked_for(self.space, wanted, self.budget, self.settings.seed, self.play)
        return tuple(self.found.values())

    def play(self, designs: Sequence[Values]) -> list[Played]:
        """What designs give, in their order; each is played at most once, ever."""
        keys = [self._key(values) for values in designs]
        todo: dict[str, Values] = {}
        for (key, why), values in zip(keys, designs, strict=True):
            if key in self.found or key in todo:
                continue
            known = self.journal.result(key)
            if known is not None:
                self.known_count += 1
                self._keep(key, values, known)
            elif why is not None:
                self.journal.start(key, _inputs(values))
                self._finish(key, values, refusal(why))
            else:
                todo[key] = values
        self._played(todo)
        self._in_order([key for key, _ in keys])
        return [self.found[key] for key, _ in keys]

    def _played(self, todo: Mapping[str, Values]) -> None:
        for key, result in self.pool.play(list(todo.items()), self._begin):
            self._finish(key, todo[key], result)
            self.progress("designs", min(1.0, len(self.found) / max(1, self._total())))

    def _begin(self, key: str, values: Values) -> None:
        self.journal.start(key, _inputs(values))

    def _finish(self, key: str, values: Values, result: Mapping[str, Any]) -> None:
        if result["status"] != CRASHED:
            self.journal.finish(key, result)
        self._keep(key, values, result)

    def _keep(self, key: str, values: Values, result: Mapping[str, Any]) -> None:
        self.found[key] = Played(values, self.space.label(values), result)

    def _in_order(self, keys: Sequence[str]) -> None:
        """The order of asking, whichever process was done first."""
        ordered = {key: self.found[key] for key in dict.fromkeys([*(key for key in self.found if key not in keys),
                                                                 *keys])}
        self.found = ordered

    def _key(self, values: Values) -> tuple[str, str | None]:
        text = repr(values)
        if text not in self._keys:
            self._keys[text] = key_of(self.base, values, self.settings, self.version)
        return self._keys[text]

    def _total(self) -> int:
        return min(self.budget, self.space.size if self.space.is_finite else self.budget) + 1


def _inputs(values: Values) -> dict[str, Any]:
    return {".".join(map(str, path)): value for path, value in values}

