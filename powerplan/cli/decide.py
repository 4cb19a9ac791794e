"""Commands that lead from numbers to decisions: parse, call the study layer, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from powerplan.cli import frame

Scenario = Annotated[Path, typer.Argument(help="Scenario file (YAML or JSON).", metavar="SCENARIO")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all chance; default: the file's, or 1.")]
Days = Annotated[float | None, typer.Option("--days", help="Days to simulate; default: as many as take seconds.")]


def fleet(
    scenario: Scenario,
    units: Annotated[int, typer.Option("--units", min=1, max=1_000_000, help="How many units are sold.")] = 10_000,
    limit: Annotated[str, typer.Option("--limit", help="Such as '2 years'.")] = "2 years",
    as_json: Json = False, seed: Seed = None, days: Days = None,
) -> None:
    """Of so many units, how many die before a limit, by month: cells, sites, use and figures differ."""
    from powerplan.study import fleet as study

    found = study.fleet(scenario, units, limit, seed=seed, days=days, progress=frame.progress())
    frame.clear_progress()
    frame.show_lines(found.document(), study.fleet_lines, as_json)


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    for command in (fleet,):
        app.command(command.__name__)(command)
