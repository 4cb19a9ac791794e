"""powerplan: battery life, latency and accuracy of a product, from one text file.

Every function takes a scenario file and gives a typed answer: `.document()` is the answer as plain maps (what `--json`
prints), `.table()` as columns, `.frame()` as a pandas data frame where pandas is installed, `.arrays()` as NumPy arrays
without it; notebooks show it as a page.

>>> import powerplan
>>> answer = powerplan.run("wake_word_remote.yaml")            # doctest: +SKIP
>>> answer.metrics["battery_life"].value                       # doctest: +SKIP
>>> powerplan.sweep("wake_word_remote.yaml").chosen            # doctest: +SKIP
>>> powerplan.compare("a.yaml", "b.yaml").frame()              # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from powerplan.study.compare import Comparison
    from powerplan.study.diff import Difference
    from powerplan.study.fleet import Fleet
    from powerplan.study.optimize import Optimum
    from powerplan.study.pictures import Shown
    from powerplan.study.sensitivity import Sensitivity
    from powerplan.study.session import Project, Session
    from powerplan.study.solve import BreakEven, Solution
    from powerplan.study.sweep import ScenarioSweep

__all__ = ["break_even", "compare", "diff", "fleet", "load", "new", "optimize", "plot", "run", "sensitivity", "solve",
           "sweep", "verify"]


def new(template: str, to: str | Path | None = None) -> Path:
    """Write a shipped product to a file, to start from. Raises PowerplanError where it is there already."""
    from powerplan.study import templates

    target = Path(to) if to is not None else Path(f"{template.replace('-', '_')}.yaml")
    templates.write(template, target)
    return target


def load(path: str | Path) -> Project:
    """A scenario file, read with everything it names. Raises InputError with every problem found."""
    from powerplan.study.session import Project

    return Project.read(Path(path))


def run(path: str | Path, **options: Any) -> Session:
    """Plan a scenario: battery life, latency, accuracy, verdicts. Options as `Project.run`. Raises InputError."""
    return load(path).run(**options)


def verify(path: str | Path, **options: Any) -> Session:
    """Plan a scenario and judge its requirements: `.verdicts`, `.exit_code()`. Raises InputError."""
    return run(path, **options)


def sweep(path: str | Path, cascade: str | None = None, *, thresholds: int = 12, seed: int | None = None,
          days: float | None = None) -> ScenarioSweep:
    """Every pair of thresholds of a cascade, and the pair to ship. Raises InputError, EngineLimit, PowerplanError."""
    from powerplan.study.sweep import sweep_scenario

    return sweep_scenario(load(path).loaded, cascade, thresholds=thresholds, seed=seed, days=days)


def compare(*paths: str | Path, **options: Any) -> Comparison:
    """Designs in the same world, against the first one. Options as `powerplan.study.compare.compare`.

    Raises InputError, Incomparable.
    """
    from powerplan.study.compare import compare as compared

    return compared([Path(path) for path in paths], **options)


def diff(before: str | Path, after: str | Path, allow: Sequence[str] = ()) -> Difference:
    """Two result folders: differences, changed inputs, which requirement moved. Raises OutputError, Incomparable."""
    from powerplan.study.diff import diff as differed

    return differed(Path(before), Path(after), allow)


def solve(path: str | Path, for_: str, until: str, **options: Any) -> Solution:
    """The value of one key at which a requirement stops to hold: `solve(file, "tasks.listen.when.hop", "battery_life
    >= 1 year")`. Options as `powerplan.study.solve.solve`. Raises InputError, SolveProblem, KnobProblem."""
    from powerplan.study.solve import solve as solved

    return solved(Path(path), for_, until, **options)


def break_even(path: str | Path, against: str | Path, for_: str, metric: str = "battery_life", **options: Any
               ) -> BreakEven:
    """The value of one key at which two scenarios are equally good. Raises InputError, SolveProblem, KnobProblem."""
    from powerplan.study.solve import break_even as balanced

    return balanced(Path(path), Path(against), for_, metric, **options)


def optimize(path: str | Path, over: Sequence[str], **options: Any) -> Optimum:
    """The cheapest design that meets all requirements: `optimize(file, ["supply.battery.profile=cr2032,cr2450"])`.

    Options as `powerplan.study.optimize.optimize`. Raises InputError, SpaceProblem, OptimizeProblem.
    """
    from powerplan.study.optimize import optimize as optimized

    return optimized(Path(path), over, **options)


def sensitivity(path: str | Path, metric: str = "battery_life", **options: Any) -> Sensitivity:
    """What moves a metric, most first, and what to measure. Raises InputError, SensitivityProblem."""
    from powerplan.study.sensitivity import sensitivity as found

    return found(Path(path), metric, **options)


def fleet(path: str | Path, units: int = 10_000, limit: str | None = None, **options: Any) -> Fleet:
    """Of so many units, how many die before a limit, by default the scenario's battery_life line, by month.

    Raises InputError, FleetProblem.
    """
    from powerplan.study.fleet import fleet as found

    return found(Path(path), units, limit, **options)


def plot(answer: Any, name: str | None = None) -> Shown:
    """A picture of an answer; notebooks show it, `.save(path)` writes it. Of a run, name it: energy, battery, latency,
    misses, timeline, figures. Raises PowerplanError where there is none."""
    from powerplan.study.pictures import plot as drawn

    return drawn(answer, name)
