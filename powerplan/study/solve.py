"""Inverse questions: up to which value of one key a requirement holds, proven by simulating on both sides of it.

Every value tried is played with the same seed, so that two tries differ only by the value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from powerplan.errors import InputError, PowerplanError
from powerplan.files.scenario import Loaded, load_scenario, names_of
from powerplan.model.requirement import Requirement, RequirementError, parse_requirement
from powerplan.results.document import number
from powerplan.results.metric import Verdict
from powerplan.results.tables import Table, Tabular
from powerplan.study.knobs import Knob, KnobProblem, knob
from powerplan.study.run import run_loaded
from powerplan.study.verdicts import NOT_FEASIBLE

GRID_COUNT = 9
"""Values of the first scan: whether the answer changes once, more than once, or not at all."""
FACTOR = 32.0
"""Range around the stated value where none is given."""
TOLERANCE_FRACTION = 0.005
LARGEST_STEPS_COUNT = 24
SOLVED_DAYS_LIMIT = 7.0
MEETS, MISSES, REFUSED = "meets", "misses", "refused"
Progress = Callable[[str, float], None]


class SolveProblem(PowerplanError):
    """An inverse question that cannot be asked."""


@dataclass(frozen=True)
class Try:
    """What one value gave."""

    value: float
    meets: bool
    metric: float | None
    unit: str
    probability: float | None
    verdict: str
    note: str = ""


@dataclass(frozen=True, repr=False)
class Solution(Tabular):
    """Where a requirement changes between met and missed."""

    scenario: str
    knob: Knob
    question: str
    outcome: str
    """`largest`, `smallest`, `everywhere`, `nowhere` or `several`."""
    inside: Try | None
    """The last value that meets the line."""
    outside: Try | None
    """The next value that does not."""
    edges: tuple[tuple[float, float], ...]
    """Neighbouring values (lower, higher) between which the answer changes."""
    tries: tuple[Try, ...]
    seed: int

    def document(self) -> dict[str, Any]:
        """The answer as one JSON document; values in SI units."""
        return {"schema_version": 1, "scenario": self.scenario, "for": self.knob.path, "until": self.question,
                "dimension": self.knob.dimension, "outcome": self.outcome, "seed": self.seed,
                "value": number(self.inside.value) if self.inside is not None else None,
                "value_text": self.knob.shown(self.inside.value) if self.inside is not None else None,
                "stated": number(self.knob.current), "monotone": len(self.edges) <= 1,
                "proof": [_try_map(one, self.knob) for one in (self.inside, self.outside) if one is not None],
                "edges": [[number(low), number(high)] for low, high in self.edges],
                "tries": [_try_map(one, self.knob) for one in self.tries]}

    def table(self) -> Table:
        """One row per value that was simulated."""
        rows = [_try_map(one, self.knob) for one in self.tries]
        return Table("solve", {name: [row[name] for row in rows] for name in rows[0]})

    def _repr_html_(self) -> str:
        """The answer in a notebook."""
        from powerplan.study.grids import html_lines

        return html_lines(solution_lines(self.document()))


def _try_map(one: Try, turned: Knob) -> dict[str, Any]:
    return {"value": number(one.value), "value_text": turned.shown(one.value), "meets": one.meets,
            "metric": number(one.metric), "unit": one.unit, "probability": number(one.probability),
            "verdict": one.verdict, "note": one.note}


def requirement_of(loaded: Loaded, text: str) -> Requirement:
    """A line as the scenario's own. Raises SolveProblem."""
    try:
        return parse_requirement("--until", text, names_of(loaded.scenario))
    except RequirementError as error:
        raise SolveProblem(f"--until: {error}") from None


def bounds(turned: Knob, between: str | None) -> tuple[float, float]:
    """Range that is searched: `1 min..2 h`, or around the stated value. Raises SolveProblem, KnobProblem."""
    if between is not None:
        low_text, dots, high_text = between.partition("..")
        if not dots:
            raise SolveProblem(f"--between {between!r} is no range; example: '1 min..2 h'")
        low, high = (turned.parsed(text.strip()) for text in (low_text, high_text))
        if not low < high:
            raise SolveProblem(f"--between {between!r}: the first value is not the smaller one")
        return low, high
    if turned.path.endswith(".threshold") or turned.dimension in ("fraction", "share"):
        return 0.0, 1.0
    if turned.whole:
        return 1.0, max(8.0, 4 * (turned.current or 1.0))
    if turned.current is None or turned.current <= 0.0 or turned.dimension == "temperature":
        raise SolveProblem(f"{turned.path} has no stated value above 0 to search around; give --between LOW..HIGH")
    return turned.current / FACTOR, turned.current * FACTOR


def grid(low: float, high: float, count: int) -> list[float]:
    """Values from low to high: by equal factors where both are above 0 and far apart, else by equal steps."""
    if low > 0.0 and high / low > 4.0:
        return [float(value) for value in np.geomspace(low, high, count)]
    return [float(value) for value in np.linspace(low, high, count)]


class Search:
    """Tries values, each once."""

    def __init__(self, loaded: Loaded, turned: Knob, line: Requirement, seed: int | None, days: float | None) -> None:
        self.loaded = replace(loaded, requirements=())
        self.turned, self.line, self.days = turned, line, days
        self.seed = loaded.scenario.run.seed if seed is None else seed
        self.found: dict[float, Try] = {}

    def at(self, value: float) -> Try:
        """What a value gives; values are rounded as they are printed."""
        value = self.turned.rounded(value)
        if value not in self.found:
            self.found[value] = self._played(value)
        return self.found[value]

    def _played(self, value: float) -> Try:
        try:
            loaded = replace(self.turned.turned(self.loaded, value), requirements=(self.line,))
            result = run_loaded(loaded, seed=self.seed, days=self.days, brief=True)
        except (InputError, KnobProblem) as error:
            text = error.problems[0].message if isinstance(error, InputError) else str(error)
            return Try(value, False, None, "", None, REFUSED, text)
        [verdict] = result.verdicts
        probability = None if self.line.confidence_fraction is None else verdict.probability
        return Try(value, meets(self.line, verdict), verdict.value, verdict.unit, probability, verdict.verdict,
                   verdict.note)

    @property
    def tries(self) -> tuple[Try, ...]:
        """Everything tried, by value."""
        return tuple(self.found[value] for value in sorted(self.found))


def meets(line: Requirement, verdict: Verdict) -> bool:
    """Whether a value meets the line: by its confidence where one is stated, else with typical figures."""
    if verdict.verdict == NOT_FEASIBLE or verdict.value is None:
        return False
    if line.confidence_fraction is not None and verdict.probability is not None:
        return verdict.probability >= line.confidence_fraction
    return verdict.margin is not None and (verdict.margin >= 0.0 if line.operator in (">=", "<=")
                                           else verdict.margin > 0.0)


def solve(path: Path, for_: str, until: str, *, between: str | None = None, seed: int | None = None,
          days: float | None = None, progress: Progress | None = None) -> Solution:
    """The value at which a requirement stops to hold. Raises InputError, SolveProblem, KnobProblem."""
    loaded = load_scenario(path)
    turned = knob(loaded, for_)
    line = requirement_of(loaded, until)
    search = Search(loaded, turned, line, seed, days or loaded.scenario.run.days or SOLVED_DAYS_LIMIT)
    low, high = bounds(turned, between)
    values = grid(low, high, GRID_COUNT)
    for place, value in enumerate(values):
        search.at(value)
        if progress:
            progress("searching", (place + 1) / (2 * len(values)))
    if all(one.metric is None for one in search.tries):
        first = search.tries[0]
        raise SolveProblem(f"nothing measures {line.metric} in this scenario: {first.note}")
    edges = _edges(search.tries)
    if progress:
        progress("searching", 0.6)
    if not edges:
        outcome = "everywhere" if search.tries[0].meets else "nowhere"
        return Solution(path.name, turned, until, outcome, None, None, (), search.tries, search.seed)
    best = [_narrowed(search, one, other) for one, other in edges]
    inside, outside = best[0]
    outcome = "several" if len(best) > 1 else "largest" if inside.value < outside.value else "smallest"
    found = tuple(sorted((min(one.value, other.value), max(one.value, other.value)) for one, other in best))
    return Solution(path.name, turned, until, outcome, inside, outside, found, search.tries, search.seed)


def _edges(tries: Sequence[Try]) -> list[tuple[Try, Try]]:
    return [(one, other) for one, other in pairwise(tries) if one.meets != other.meets]


def _narrowed(search: Search, one: Try, other: Try) -> tuple[Try, Try]:
    """(last that meets, first that does not), as close together as the tolerance."""
    for _ in range(LARGEST_STEPS_COUNT):
        if _close(search.turned, one.value, other.value):
            break
        low, high = sorted((one.value, other.value))
        middle = (low * high) ** 0.5 if low > 0.0 and high / low > 1.5 else (low + high) / 2
        tried = search.at(middle)
        if tried.value in (one.value, other.value):
            break
        if tried.meets == one.meets:
            one = tried
        else:
            other = tried
    return (one, other) if one.meets else (other, one)


def _close(turned: Knob, one: float, other: float) -> bool:
    if turned.whole:
        return abs(one - other) <= 1.0
    return abs(one - other) <= TOLERANCE_FRACTION * max(abs(one), abs(other), 1e-30)


@dataclass(frozen=True, repr=False)
class BreakEven(Tabular):
    """Where two scenarios are equally good as one key changes in both."""

    scenarios: tuple[str, str]
    knob: Knob
    metric: str
    unit: str
    rows: tuple[tuple[float, float, float], ...]
    """(value, metric of the first, metric of the second)."""
    crossings: tuple[tuple[float, float, float], ...]
    """The same, where they are equal to the tolerance."""
    seed: int

    def document(self) -> dict[str, Any]:
        """The answer as one JSON document; values in SI units."""
        def rows(found: Sequence[tuple[float, float, float]]) -> list[dict[str, Any]]:
            return [{"value": number(value), "value_text": self.knob.shown(value), "first": number(one),
                     "second": number(two)} for value, one, two in found]

        return {"schema_version": 1, "scenarios": list(self.scenarios), "for": self.knob.path, "metric": self.metric,
                "unit": self.unit, "seed": self.seed, "break_even": rows(self.crossings), "tries": rows(self.rows)}

    def table(self) -> Table:
        """One row per value that was simulated."""
        names = ("value", "first", "second")
        return Table("break_even", {name: [row[place] for row in self.rows] for place, name in enumerate(names)})

    def _repr_html_(self) -> str:
        """The answer in a notebook."""
        from powerplan.study.grids import html_lines

        return html_lines(break_even_lines(self.document()))


def break_even(path: Path, against: Path, for_: str, metric: str, *, between: str | None = None,
               seed: int | None = None, days: float | None = None, progress: Progress | None = None) -> BreakEven:
    """The value of a key at which two scenarios have the same metric. Raises InputError, SolveProblem, KnobProblem."""
    sides = [(loaded, knob(loaded, for_)) for loaded in (load_scenario(path), load_scenario(against))]
    loaded, turned = sides[0]
    low, high = bounds(turned, between)
    used_seed = loaded.scenario.run.seed if seed is None else seed
    units, known = [""], {}

    def both(value: float) -> tuple[float, float, float]:
        value = turned.rounded(value)
        if value not in known:
            found = []
            for side, own in sides:
                result = run_loaded(replace(own.turned(side, value), requirements=()), seed=used_seed, brief=True,
                                    days=days or SOLVED_DAYS_LIMIT)
                if metric not in result.metrics:
                    names = ", ".join(name for name in result.metrics if name.startswith(metric.split(".")[0]))
                    raise SolveProblem(f"{side.path.name} has no metric {metric!r}; {names or 'see run --json'}")
                units[0] = result.metrics[metric].unit
                found.append(result.metrics[metric].value)
            known[value] = (value, found[0], found[1])
            if progress:
                progress("searching", min(1.0, len(known) / 24))
        return known[value]

    rows = [both(value) for value in grid(low, high, GRID_COUNT)]
    crossings = []
    for one, other in pairwise(rows):
        if (one[1] > one[2]) == (other[1] > other[2]):
            continue
        for _ in range(LARGEST_STEPS_COUNT):
            if _close(turned, one[0], other[0]):
                break
            middle = both((one[0] + other[0]) / 2)
            if middle[0] in (one[0], other[0]):
                break
            one, other = (middle, other) if (middle[1] > middle[2]) == (one[1] > one[2]) else (one, middle)
        crossings.append(min(one, other, key=lambda row: abs(row[1] - row[2])))
    return BreakEven((path.name, against.name), turned, metric, units[0], tuple(sorted(known.values())),
                     tuple(crossings), used_seed)


def break_even_lines(document: dict[str, Any]) -> list[str]:
    """The answer as people read it."""
    from powerplan.study.session import value_text

    first, second = document["scenarios"]
    name, metric, unit, tries = document["for"], document["metric"], document["unit"], document["tries"]
    said = []
    for row in document["break_even"]:
        said.append(f"{first} and {second} have the same {metric} at {name} = {row['value_text']}: "
                    f"{value_text(row['first'], unit)} and {value_text(row['second'], unit)}")
    if not said:
        side = "larger" if tries[0]["first"] > tries[0]["second"] else "smaller"
        said.append(f"no break-even: {first} has the {side} {metric} for every {name} from "
                    f"{tries[0]['value_text']} to {tries[-1]['value_text']}")
    ends = (tries[0], tries[-1])
    return said + [f"  at {row['value_text']}: {value_text(row['first'], unit)} and {value_text(row['second'], unit)}"
                   for row in ends]


def solution_lines(document: dict[str, Any]) -> list[str]:
    """The answer as people read it."""
    name, line, outcome = document["for"], document["until"], document["outcome"]
    tries = document["tries"]
    span = f"from {tries[0]['value_text']} to {tries[-1]['value_text']}"
    if outcome == "nowhere":
        near = [one for one in tries if one["metric"] is not None]
        best = f"; the metric lies between {_metric_text(near[0])} and {_metric_text(near[-1])}" if near else ""
        return [f"no value in range: no {name} {span} meets {line}{best}", *_refusals(tries)]
    if outcome == "everywhere":
        return [f"every {name} {span} meets {line}", *_refusals(tries)]
    said = []
    if outcome == "several":
        said.append(f"not monotone: {line} changes {len(document['edges'])} times over {name} {span}")
    else:
        said.append(f"{outcome} {name} that meets {line}: {document['value_text']}")
    for one in document["proof"]:
        share = "" if one["probability"] is None else f", {one['probability']:.0%} of samples"
        said.append(f"  simulated at {one['value_text']}: {_metric_text(one)}{share}: "
                    f"{'meets it' if one['meets'] else 'does not'}")
    return [*said, *_refusals(tries)]


def _metric_text(one: dict[str, Any]) -> str:
    from powerplan.study.session import value_text

    return value_text(one["metric"], one["unit"]) or one["note"] or one["verdict"]


def _refusals(tries: list[dict[str, Any]]) -> list[str]:
    refused = [one for one in tries if one["verdict"] == REFUSED]
    return [f"  {len(refused)} values were refused, as {refused[0]['value_text']}: {refused[0]['note']}"] if refused \
        else []
