"""The command `optimize`: parse, call the study layer, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from powerplan.cli import frame
from powerplan.errors import ExitCode


def optimize(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML or JSON).", metavar="SCENARIO")],
    over: Annotated[list[str], typer.Option("--over", help="What is chosen: KEY=VALUE,VALUE or KEY=LOW..HIGH[/STEPS]; "
                                            "repeat for more keys. 'supply.battery.profile=cr2032,cr2450'.")],
    objective: Annotated[list[str] | None, typer.Option("--objective", help="For the Pareto front: a metric, "
                                                        "unit_cost, mass, volume, cost_per_year; with :min or :max.")
                        ] = None,
    designs: Annotated[int, typer.Option("--designs", help="Play at most so many designs.")] = 64,
    method: Annotated[str, typer.Option("--method", help="auto, grid or optuna; auto plays the whole grid where it is "
                                        "small enough.")] = "auto",
    cascade: Annotated[str | None, typer.Option("--cascade", help="Whose thresholds are chosen; default: every "
                                                   "cascade's in turn.")] = None,
    thresholds: Annotated[int, typer.Option("--thresholds", min=0, max=64, help="About how many per level are "
                                            "compared; 0 keeps those of the file.")] = 12,
    strict: Annotated[bool, typer.Option("--strict", help="Every line must be PASS, not only met with typical "
                                         "figures.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=256, help="Processes.")] = 1,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all chance.")] = None,
    days: Annotated[float | None, typer.Option("--days", help="Days to simulate; default: up to 7.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the journal, tables and plot; default: "
                                             "results/NAME.optimize. The same command goes on where it stopped.")
                   ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
    md: Annotated[bool, typer.Option("--md", help="Markdown.")] = False,
) -> None:
    """The cheapest design that meets all requirements; exit code 4 where none does."""
    from powerplan.study import optimize as study
    from powerplan.study import optimize_files, optimize_text

    folder = out or Path("results") / f"{scenario.stem}.optimize"
    try:
        found = study.optimize(scenario, over, objectives=objective or (), method=method, designs=designs,
                               cascade=cascade, thresholds=thresholds, strict=strict, seed=seed, days=days, jobs=jobs,
                               out=folder, progress=frame.progress())
    except (KeyboardInterrupt, frame.Terminated):
        frame.clear_progress()
        typer.echo(f"what is done is kept in {folder}; the same command goes on from there", err=True)
        raise
    frame.clear_progress()
    document = found.document()
    document["files"] = [str(path) for path in optimize_files.save(found, folder)]
    frame.show_lines(document, lambda whole: [*optimize_text.optimize_lines(whole, md), "", *(
        f"written: {path}" for path in whole["files"])], as_json)
    if not found.choice.feasible:
        raise SystemExit(int(ExitCode.NOT_FEASIBLE))
