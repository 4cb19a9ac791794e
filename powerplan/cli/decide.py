"""Commands that lead from numbers to decisions: parse, call the study layer, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from powerplan.cli import compare, frame
from powerplan.cli.optimize import optimize
from powerplan.errors import ExitCode

Scenario = Annotated[Path, typer.Argument(help="Scenario file (YAML or JSON).", metavar="SCENARIO")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all chance; default: the file's, or 1.")]
Days = Annotated[float | None, typer.Option("--days", help="Days to simulate; default: as many as take seconds.")]


def fleet(
    scenario: Scenario,
    units: Annotated[int, typer.Option("--units", min=1, max=1_000_000, help="How many units are sold.")] = 10_000,
    limit: Annotated[str | None, typer.Option("--limit", help="Such as '2 years'; default: the scenario's own "
                                              "battery_life line.")] = None,
    as_json: Json = False, seed: Seed = None, days: Days = None,
) -> None:
    """Of so many units, how many die before a limit, by month: cells, sites, use and figures differ."""
    from powerplan.study import fleet as study

    found = study.fleet(scenario, units, limit, seed=seed, days=days, progress=frame.progress())
    frame.clear_progress()
    frame.show_lines(found.document(), study.fleet_lines, as_json)


def solve(
    scenario: Scenario,
    for_: Annotated[str, typer.Option("--for", help="Key path of the value, such as tasks.listen.when.hop.")],
    until: Annotated[str | None, typer.Option("--until", help="A requirement: 'battery_life >= 2 years @ 90 %'.")
                     ] = None,
    against: Annotated[Path | None, typer.Option("--against", help="Instead of --until: another scenario; the value "
                                                 "at which both are equally good.")] = None,
    metric: Annotated[str, typer.Option("--metric", help="With --against: what is compared.")] = "battery_life",
    between: Annotated[str | None, typer.Option("--between", help="Range that is searched: '1 min..2 h'.")] = None,
    as_json: Json = False, seed: Seed = None, days: Days = None,
) -> None:
    """The largest or smallest value of one key at which a requirement holds, or the break-even of two designs.

    Exit code 1 where no value in the range does.
    """
    from powerplan.study import solve as study

    if (until is None) == (against is None):
        raise typer.BadParameter("give one of --until REQUIREMENT and --against SCENARIO")
    if against is not None:
        equal = study.break_even(scenario, against, for_, metric, between=between, seed=seed, days=days,
                                 progress=frame.progress())
        frame.clear_progress()
        frame.show_lines(equal.document(), study.break_even_lines, as_json)
        found_any = bool(equal.crossings)
    else:
        found = study.solve(scenario, for_, str(until), between=between, seed=seed, days=days,
                            progress=frame.progress())
        frame.clear_progress()
        frame.show_lines(found.document(), study.solution_lines, as_json)
        found_any = found.outcome != "nowhere"
    if not found_any:
        raise SystemExit(int(ExitCode.FAIL))


def crossover(scenario: Scenario, as_json: Json = False) -> None:
    """Sending against computing: energy of an inference, of a message, and the payload at which they are equal."""
    from powerplan.study import crossover as study

    frame.show_lines(study.crossover(scenario), study.crossover_lines, as_json)


def sensitivity(
    scenario: Scenario,
    metric: Annotated[str, typer.Option("--metric", help="Such as latency.listen.p95.")] = "battery_life",
    global_samples: Annotated[int, typer.Option("--global", min=0, help="Global sensitivity with so many samples of "
                                                "all figures together (SALib).")] = 0,
    picture: Annotated[Path | None, typer.Option("--picture", help="Tornado plot, .png or .svg; its data as .csv "
                                                 "beside it.")] = None,
    as_json: Json = False, seed: Seed = None, days: Days = None,
) -> None:
    """What matters most: every uncertain figure through its range, and what to measure first."""
    from powerplan.study import sensitivity as study

    found = study.sensitivity(scenario, metric, seed=seed, days=days, global_count=global_samples,
                              progress=frame.progress())
    frame.clear_progress()
    frame.show_lines(found.document(), study.sensitivity_lines, as_json)
    if picture is not None:
        study.write_picture(found, picture)


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    for command in (fleet, solve, crossover, sensitivity, optimize):
        app.command(command.__name__)(command)
    compare.register(app)
