"""The command `sweep`: parse, call the study layer, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from powerplan.cli import frame
from powerplan.errors import ExitCode


def sweep(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML or JSON).", metavar="SCENARIO")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
    cascade: Annotated[str | None, typer.Option("--cascade", help="Which cascade, where there are several.")] = None,
    thresholds: Annotated[int, typer.Option(min=2, max=64, help="About how many thresholds per level.")] = 12,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all chance.")] = None,
    days: Annotated[float | None, typer.Option("--days", help="Days to simulate; default: up to 7.")] = None,
    accept: Annotated[str | None, typer.Option("--accept", help="Level-1 score from which on it decides alone, never, "
                                               "or sweep to try several; default: the scenario's.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for tables and maps.")] = None,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Run the recommended pair in full.")] = True,
) -> None:
    """Every pair of thresholds: recall, false alarms, latency, battery life; exit code 4 where no pair is feasible."""
    from powerplan.study import sweep_document

    found, document = sweep_document.swept(scenario, cascade, thresholds, seed, days, check, frame.progress(), accept)
    frame.clear_progress()
    if out is not None:
        document["files"] = [str(path) for path in sweep_document.save(found, document, out)]
    frame.show_lines(document, sweep_document.lines, as_json)
    if not found.feasible:
        raise SystemExit(int(ExitCode.NOT_FEASIBLE))
