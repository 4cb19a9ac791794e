"""The command line: parse, call the study layer, show. Every command works with `--json`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from powerplan.cli import cost, decide, frame
from powerplan.cli.battery import app as battery_app
from powerplan.cli.model import app as model_app
from powerplan.cli.report import report as report_command
from powerplan.cli.serve import serve
from powerplan.cli.sweep import sweep as sweep_command
from powerplan.cli.verify import verify
from powerplan.errors import EXIT_MEANINGS

CODES = "Exit codes: " + "; ".join(f"{int(code)} {meaning}" for code, meaning in EXIT_MEANINGS.items()) + "."
app = typer.Typer(
    name="powerplan", no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="Battery life, latency and accuracy of a battery-powered product with machine learning, from one file.\n\n"
         "First steps: powerplan new wake_word_remote; powerplan run wake_word_remote.yaml", epilog=CODES)
profiles_app = typer.Typer(no_args_is_help=True, help="Device profiles: figures with their sources.",
                           pretty_exceptions_enable=False)
app.add_typer(profiles_app, name="profiles")
app.add_typer(model_app, name="model")
app.command("sweep")(sweep_command)
app.add_typer(battery_app, name="battery")
model_app.command("cost")(cost.model_cost)
model_app.command("race")(cost.model_race)
app.command("report")(report_command)
app.command("verify")(verify)
app.command("serve")(serve)
decide.register(app)
app.command("footprint")(cost.footprint)

Scenario = Annotated[Path, typer.Argument(help="Scenario file (YAML or JSON).", metavar="SCENARIO")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all chance; default: the file's, or 1.")]
Days = Annotated[float | None, typer.Option("--days", help="Days to simulate, carried on by hour of the week; default: "
                                            "until the battery is empty.")]
Replicas = Annotated[int, typer.Option("--replicas", min=1, max=10_000, help="Lives with seeds of their own: P5 to P95 "
                                       "of every metric.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for tables and report; default: results/NAME.")]
IgnoreFit = Annotated[bool, typer.Option("--ignore-fit", help="Compute on although a gate fails; the verdict stays.")]
Engine = Annotated[str, typer.Option("--engine", help="auto, fast or reference.")]
Samples = Annotated[int | None, typer.Option("--samples", min=8, max=1_000_000, help="Draw times, rates and scores "
                                             "too, at most so many times: P5 to P95 of every metric.")]


@app.callback(invoke_without_command=True)
def options(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="No progress on standard error.")] = False,
) -> None:
    """Options that stand before the command."""
    frame.settings.debug, frame.settings.progress = debug, not no_progress
    if version:
        typer.echo(frame.version())
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def new(
    template: Annotated[str, typer.Argument(help="One of the shipped products, or `list`.")] = "list",
    to: Annotated[Path | None, typer.Argument(help="File to write; default: the product's name.")] = None,
) -> None:
    """Start from a shipped product: `powerplan new wake_word_remote`."""
    from powerplan.study import templates

    typer.echo(templates.listing() if template == "list" else templates.write(template, to))


@app.command()
def check(
    scenario: Scenario, as_json: Json = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings are errors.")] = False,
) -> None:
    """Read a scenario and everything it names; simulate nothing."""
    from powerplan.study.check import check as study_check

    frame.show_check(study_check(scenario), as_json, strict)


@app.command()
def run(
    scenario: Scenario, as_json: Json = False, seed: Seed = None, days: Days = None, out: Out = None,
    ignore_fit: IgnoreFit = False, engine: Engine = "auto", samples: Samples = None, replicas: Replicas = 8,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write the report and its plots too.")] = False,
) -> None:
    """Plan a scenario: battery life, latency, accuracy and verdicts; tables go to a folder."""
    from powerplan.study.session import plan

    session = plan(scenario, seed=seed, days=days, engine=engine, ignore_fit=ignore_fit, samples=samples,
                   replicas=replicas, progress=frame.progress())
    frame.show_run(session, as_json, lambda: session.save(out, report=report))


@app.command()
def schema(indent: Annotated[int, typer.Option(min=0, max=8, help="Spaces per level.")] = 2) -> None:
    """Print the JSON Schema (draft 2020-12) of scenario files, for editors."""
    from powerplan.study.schema import scenario_schema

    typer.echo(frame.json_text(scenario_schema(), indent))


@app.command()
def doctor(
    as_json: Json = False,
    warm_up: Annotated[bool, typer.Option("--warm-up", help="Compile the engines now, so that no run waits.")] = False,
) -> None:
    """Versions, optional parts found, fonts and limits."""
    from powerplan.study.doctor import examine

    frame.show_pairs(examine(warm_up), as_json)


@app.command()
def bench(as_json: Json = False) -> None:
    """Measure the engines on this machine, as ratios to plain SimPy within one run (about a minute)."""
    from powerplan.engines.bench import bench as measure

    frame.show_pairs(measure(), as_json)


@app.command()
def explain(code: Annotated[str, typer.Argument(help="Code of a message, such as PP104.")]) -> None:
    """What a message code means."""
    from powerplan.study.check import explanation

    typer.echo(explanation(code))


@app.command()
def limits(as_json: Json = False) -> None:
    """Limits of what is read and run, with their values."""
    from powerplan.study.doctor import limit_table

    frame.show_pairs(limit_table(), as_json)


@profiles_app.command("list")
def profiles_list(
    kind: Annotated[str | None, typer.Option("--kind", help="Only this kind, such as camera.")] = None,
    search: Annotated[str | None, typer.Option("--search", help="As in 'cortex-m33, < 3 uA with RAM'.")] = None,
    as_json: Json = False,
) -> None:
    """Profiles that scenarios can name."""
    from powerplan.study import library

    frame.show_rows(library.listing(kind, search), as_json)


@profiles_app.command("show")
def profiles_show(name: Annotated[str, typer.Argument(help="Name of a profile.")], as_json: Json = False) -> None:
    """Every figure of a profile with its source."""
    from powerplan.study import library

    frame.show_profile(library.shown(name), as_json)


@profiles_app.command("compare")
def profiles_compare(
    names: Annotated[list[str], typer.Argument(help="Names of profiles.")], as_json: Json = False,
    picture: Annotated[Path | None, typer.Option("--picture", "--plot", help="Sleep, run, wake-up, energy per "
                                                 "inference, .png or .svg; its data as .csv beside it.")] = None,
) -> None:
    """Several profiles side by side."""
    from powerplan.study import library

    if picture is not None:
        library.compared_picture(names, picture)
    frame.show_rows(library.compared(names), as_json)


@profiles_app.command("new")
def profiles_new(kind: Annotated[str, typer.Argument(help="Kind of part, such as camera.")]) -> None:
    """Print a commented profile to fill in: `powerplan profiles new sensor > profiles/mine.yaml`."""
    from powerplan.study import library

    typer.echo(library.template_text(kind))


@profiles_app.command("validate")
def profiles_validate(
    names: Annotated[list[str] | None, typer.Argument(help="Names or files; default: all shipped.")] = None,
    as_json: Json = False,
) -> None:
    """Check profiles: units, ranges, sources, order of currents, energy = power x time."""
    from powerplan.study import library

    frame.show_problems(library.validated(names or []), as_json)


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; the return value is the exit code."""
    return frame.guarded(app, sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    sys.exit(main())
