"""The command `report`: parse, call the study layer, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from powerplan.cli import frame


def report(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML or JSON).", metavar="SCENARIO")],
    formats: Annotated[str, typer.Option("--format", help="Some of html, pdf, md; or all.")] = "all",
    plots: Annotated[str, typer.Option("--plots", help="Files of each plot: some of svg, png, pdf; all or none. Its "
                                       "data always come as CSV and JSON.")] = "svg,png",
    quick: Annotated[bool, typer.Option("--quick", help="Leave out what is computed for the report alone: threshold "
                                        "map, sensitivity, sending against computing, spread of lives.")] = False,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all chance; default: the file's, or 1.")
                    ] = None,
    days: Annotated[float | None, typer.Option("--days", help="Days to simulate; default: until the battery is empty.")
                    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write to; default: results/NAME.")] = None,
    ignore_fit: Annotated[bool, typer.Option("--ignore-fit", help="Compute on although a gate fails; the verdict "
                                             "stays.")] = False,
    engine: Annotated[str, typer.Option("--engine", help="auto, fast or reference.")] = "auto",
    samples: Annotated[int | None, typer.Option("--samples", min=8, max=1_000_000, help="Draw times, rates and scores "
                                                "too, at most so many times: P5 to P95 of every metric.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Plan a scenario and write its report: offline HTML, PDF, Markdown, every plot with its data, tables."""
    from powerplan.report.facts import FORMATS, PLOT_KINDS, ReportOptions
    from powerplan.report.write import chosen
    from powerplan.study.session import plan

    options = ReportOptions(chosen(formats, FORMATS, "--format"), chosen(plots, PLOT_KINDS, "--plots"), not quick)
    progress = frame.progress()
    session = plan(scenario, seed=seed, days=days, engine=engine, ignore_fit=ignore_fit, samples=samples,
                   progress=progress)
    frame.show_run(session, as_json, lambda: session.save(out, True, options, progress))
