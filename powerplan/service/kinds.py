"""The table of jobs: kind -> options and the function of `study` that answers. A new kind is one entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from powerplan.errors import ExitCode
from powerplan.service.documents import Model

SEED_LIMIT = 2**63 - 1
DAYS_LIMIT = 3_650.0
Name = Annotated[str, Field(max_length=200)]


@dataclass(frozen=True)
class Work:
    """One question, in a process of its own."""

    scenarios: tuple[Path, ...]
    options: Any
    folder: Path
    """Files of the answer are written here."""
    begun: Path
    """What stands here when the process is lost is there for the next attempt; gone when the job has ended."""
    progress: Callable[[str, float], None]


@dataclass(frozen=True)
class Answer:
    """What a study function found."""

    document: dict[str, Any]
    text: list[str]
    exit_code: int = ExitCode.OK


@dataclass(frozen=True)
class Kind:
    """One kind of job."""

    options: type[Model]
    answer: Callable[[Work], Answer]
    summary: str
    scenario_counts: tuple[int, int] = (1, 1)
    """Fewest and most scenarios."""


class Chance(Model):
    """Options of everything that simulates."""

    seed: Annotated[int, Field(ge=0, le=SEED_LIMIT)] | None = None
    days: Annotated[float, Field(gt=0, le=DAYS_LIMIT)] | None = None


class RunOptions(Chance):
    """Options of `powerplan run`, `verify` and `report`."""

    engine: Literal["auto", "fast", "reference"] = "auto"
    ignore_fit: bool = False
    samples: Annotated[int, Field(ge=8, le=100_000)] | None = None
    replicas: Annotated[int, Field(ge=1, le=1_000)] | None = None
    marginal: Literal["fail", "pass", "marginal"] = "marginal"


class SweepOptions(Chance):
    """Options of `powerplan sweep`."""

    cascade: Name | None = None
    thresholds: Annotated[int, Field(ge=2, le=64)] = 12
    check: bool = True


class SolveOptions(Chance):
    """Options of `powerplan solve --until`."""

    key: Name
    until: Name
    between: Name | None = None


class BreakEvenOptions(Chance):
    """Options of `powerplan solve --against`: the second scenario is what is compared with."""

    key: Name
    metric: Name = "battery_life"
    between: Name | None = None


class FleetOptions(Chance):
    """Options of `powerplan fleet`."""

    units: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    limit: Name | None = None


class SensitivityOptions(Chance):
    """Options of `powerplan sensitivity`."""

    metric: Name = "battery_life"
    global_samples: Annotated[int, Field(ge=0, le=4_096)] = 0


class CompareOptions(Chance):
    """Options of `powerplan compare`: the first scenario is the baseline."""

    why: bool = True
    allow: Annotated[list[Literal["workload", "requirements", "horizon"]], Field(max_length=3, default_factory=list)]


class OptimizeOptions(Chance):
    """Options of `powerplan optimize`."""

    over: Annotated[list[Name], Field(min_length=1, max_length=12)]
    objective: Annotated[list[Name], Field(max_length=6, default_factory=list)]
    designs: Annotated[int, Field(ge=1, le=1_000)] = 64
    method: Literal["auto", "grid", "optuna"] = "auto"
    cascade: Name | None = None
    thresholds: Annotated[int, Field(ge=0, le=64)] = 12
    strict: bool = False


class CapacitorOptions(Chance):
    """Options of `powerplan battery size-capacitor`."""

    kind: Literal["", "electrolytic", "ceramic", "supercapacitor"] = ""
    esr: Name | None = None
    leakage_per_farad: Name | None = None
    at_charge: Name = "5 %"


class NoOptions(Model):
    """No options."""


def _planned(work: Work, report: bool) -> tuple[Answer, int]:
    """The answer of a run with its files, and what `verify` exits with."""
    from powerplan.results.tables import write_atomically
    from powerplan.study import verification
    from powerplan.study.session import plan

    o: RunOptions = work.options
    session = plan(work.scenarios[0], seed=o.seed, days=o.days, engine=o.engine, ignore_fit=o.ignore_fit,
                   samples=o.samples, progress=work.progress,
                   **({} if o.replicas is None else {"replicas": o.replicas}))
    work.progress("report" if report else "tables", 0.0)
    session.save(work.folder, report=report, progress=work.progress)
    verification.write_verdicts(session, work.folder / "junit.xml", work.folder / "sarif.json", o.marginal)
    write_atomically(work.folder / "verdicts.md", verification.verdict_text(session, "markdown").encode())
    text = [*session.headline(), *("  ".join(filter(None, row)) for row in session.verdict_rows()), *session.closing()]
    stopped = not session.feasible and not session.ignore_fit
    answer = Answer(session.document(), text, ExitCode.NOT_FEASIBLE if stopped else ExitCode.OK)
    return answer, int(session.exit_code(o.marginal))


def _run(work: Work) -> Answer:
    return _planned(work, report=False)[0]


def _report(work: Work) -> Answer:
    return _planned(work, report=True)[0]


def _verify(work: Work) -> Answer:
    answer, code = _planned(work, report=False)
    return Answer(answer.document, answer.text, code)


def _sweep(work: Work) -> Answer:
    from powerplan.study import sweep_document

    o: SweepOptions = work.options
    found, document = sweep_document.swept(work.scenarios[0], o.cascade, o.thresholds, o.seed, o.days, o.check,
                                           work.progress)
    sweep_document.save(found, document, work.folder)
    code = ExitCode.OK if found.feasible else ExitCode.NOT_FEASIBLE
    return Answer(document, list(sweep_document.lines(document)), code)


def _solve(work: Work) -> Answer:
    from powerplan.study import solve

    o: SolveOptions = work.options
    found = solve.solve(work.scenarios[0], o.key, o.until, between=o.between, seed=o.seed, days=o.days,
                        progress=work.progress)
    document = found.document()
    code = ExitCode.OK if found.outcome != "nowhere" else ExitCode.FAIL
    return Answer(document, list(solve.solution_lines(document)), code)


def _break_even(work: Work) -> Answer:
    from powerplan.study import solve

    o: BreakEvenOptions = work.options
    one, other = work.scenarios
    found = solve.break_even(one, other, o.key, o.metric, between=o.between, seed=o.seed, days=o.days,
                             progress=work.progress)
    document = found.document()
    code = ExitCode.OK if found.crossings else ExitCode.FAIL
    return Answer(document, list(solve.break_even_lines(document)), code)


def _fleet(work: Work) -> Answer:
    from powerplan.study import fleet

    o: FleetOptions = work.options
    document = fleet.fleet(work.scenarios[0], o.units, o.limit, seed=o.seed, days=o.days,
                           progress=work.progress).document()
    return Answer(document, list(fleet.fleet_lines(document)))


def _sensitivity(work: Work) -> Answer:
    from powerplan.study import sensitivity

    o: SensitivityOptions = work.options
    found = sensitivity.sensitivity(work.scenarios[0], o.metric, seed=o.seed, days=o.days,
                                    global_count=o.global_samples, progress=work.progress)
    document = found.document()
    sensitivity.write_picture(found, work.folder / "tornado.svg")
    return Answer(document, list(sensitivity.sensitivity_lines(document)))


def _compare(work: Work) -> Answer:
    from powerplan.study import compare, compare_files, compare_text

    o: CompareOptions = work.options
    found = compare.compare(work.scenarios, seed=o.seed, days=o.days, allow=o.allow, why=o.why, progress=work.progress)
    compare_files.save(found, work.folder)
    document = found.document()
    return Answer(document, list(compare_text.compare_lines(document, False, None)))


def _optimize(work: Work) -> Answer:
    from powerplan.study import optimize, optimize_files, optimize_text

    o: OptimizeOptions = work.options
    found = optimize.optimize(work.scenarios[0], o.over, objectives=o.objective, method=o.method, designs=o.designs,
                              cascade=o.cascade, thresholds=o.thresholds, strict=o.strict, seed=o.seed, days=o.days,
                              jobs=1, out=work.begun, progress=work.progress)
    optimize_files.save(found, work.folder)
    document = found.document()
    code = ExitCode.OK if found.choice.feasible else ExitCode.NOT_FEASIBLE
    return Answer(document, list(optimize_text.optimize_lines(document, False)), code)


def _capacitor(work: Work) -> Answer:
    from powerplan.study import capacitor

    o: CapacitorOptions = work.options
    document = capacitor.size(work.scenarios[0], o.kind, o.esr, o.leakage_per_farad, o.at_charge, days=o.days,
                              seed=o.seed, progress=work.progress)
    return Answer(document, list(capacitor.size_text(document)))


def _crossover(work: Work) -> Answer:
    from powerplan.study import crossover

    document = crossover.crossover(work.scenarios[0])
    return Answer(document, list(crossover.crossover_lines(document)))


KINDS: dict[str, Kind] = {
    "run": Kind(RunOptions, _run, "Battery life, latency, accuracy and verdicts, with all tables."),
    "verify": Kind(RunOptions, _verify, "As run; the exit code is that of the verdicts."),
    "report": Kind(RunOptions, _report, "As run, with the report page and its plots."),
    "sweep": Kind(SweepOptions, _sweep, "Every pair of thresholds: recall, false alarms, latency, life."),
    "solve": Kind(SolveOptions, _solve, "The value of one key at which a requirement stops to hold."),
    "break_even": Kind(BreakEvenOptions, _break_even, "The value of one key at which two designs are equal.", (2, 2)),
    "compare": Kind(CompareOptions, _compare, "Several designs in the same world, and why they differ.", (2, 8)),
    "optimize": Kind(OptimizeOptions, _optimize, "The cheapest design that meets all requirements."),
    "size_capacitor": Kind(CapacitorOptions, _capacitor, "The capacitor that carries the worst pulse."),
    "fleet": Kind(FleetOptions, _fleet, "Of so many units, how many die before a limit."),
    "sensitivity": Kind(SensitivityOptions, _sensitivity, "What matters most, and what to measure first."),
    "crossover": Kind(NoOptions, _crossover, "The payload at which sending costs as much as computing."),
}
