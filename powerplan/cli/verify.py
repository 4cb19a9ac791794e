"""The command `verify`: parse, call the study layer, show, write what build servers read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from powerplan.cli import frame
from powerplan.errors import InputError

FORMATS = ("text", "github", "markdown", "json")


def verify(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML or JSON).", metavar="SCENARIO")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all chance; default: the file's.")] = None,
    days: Annotated[float | None, typer.Option("--days", help="Days to simulate; default: until the battery is empty.")
                    ] = None,
    ignore_fit: Annotated[bool, typer.Option("--ignore-fit", help="Compute on although a gate fails.")] = False,
    engine: Annotated[str, typer.Option("--engine", help="auto, fast or reference.")] = "auto",
    marginal: Annotated[str, typer.Option("--marginal", help="MARGINAL and NOT EVALUATED count as: fail, pass or "
                                          "marginal (exit 3).")] = "marginal",
    form: Annotated[str, typer.Option("--format", help="On standard output: text, github (annotations), markdown "
                                      "or json.")] = "text",
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML to this file.")] = None,
    sarif: Annotated[Path | None, typer.Option("--sarif", help="Write SARIF 2.1.0 to this file.")] = None,
) -> None:
    """Judge the requirements; the exit code says how it went."""
    from powerplan.results import verdict_files
    from powerplan.study import verification
    from powerplan.study.session import MARGINAL_CHOICES, plan

    if form not in FORMATS:
        raise typer.BadParameter(f"{form!r} is none of {', '.join(FORMATS)}", param_hint="--format")
    if marginal not in MARGINAL_CHOICES:
        raise typer.BadParameter(f"{marginal!r} is none of {', '.join(MARGINAL_CHOICES)}", param_hint="--marginal")
    try:
        session = plan(scenario, seed=seed, days=days, engine=engine, ignore_fit=ignore_fit, progress=frame.progress())
    except InputError as error:
        rows = verification.write_problems(error, scenario.name, junit, sarif)
        if form == "github":
            frame.echo("\n".join(verdict_files.github(rows)))
        raise
    verification.write_verdicts(session, junit, sarif, marginal)
    if as_json or form in ("text", "json"):
        frame.show_verify(session, as_json or form == "json", marginal)
    frame.clear_progress()
    text = verification.verdict_text(session, form)
    if text:
        frame.echo(text)
    raise SystemExit(int(session.exit_code(marginal)))
