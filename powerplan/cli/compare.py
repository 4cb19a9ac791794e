"""The commands `compare` and `diff`: parse, call the study layer, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from powerplan.cli import frame

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Markdown = Annotated[bool, typer.Option("--md", help="Markdown, as for a pull request.")]
Everything = Annotated[bool, typer.Option("--all", help="Every metric, also those that are equal.")]
Precision = Annotated[int | None, typer.Option("--precision", min=1, max=15, help="Significant digits, in the unit "
                                               "values are stored in; default: three, in the unit that reads best.")]
Allow = Annotated[str, typer.Option("--allow", help="Compare although these differ: workload, requirements, horizon; "
                                    "several with commas.")]


def allowed(text: str) -> tuple[str, ...]:
    """The differences that are waved through."""
    from powerplan.study.differences import ALLOWED

    found = tuple(word.strip() for word in text.split(",") if word.strip())
    unknown = [word for word in found if word not in ALLOWED]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(ALLOWED)}", param_hint="--allow")
    return found


def compare(
    scenarios: Annotated[list[Path], typer.Argument(help="Two or more scenario files; the first is the baseline.",
                                                    metavar="SCENARIO...")],
    as_json: Json = False, md: Markdown = False, everything: Everything = False, precision: Precision = None,
    allow: Allow = "",
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all chance, for all designs.")] = None,
    days: Annotated[float | None, typer.Option("--days", help="Days to simulate, for all designs.")] = None,
    why: Annotated[bool, typer.Option("--why/--no-why", help="Simulate each differing input alone.")] = True,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for JSON, Markdown, tables and plot.")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Picture of the comparison, .png or .svg; its data as "
                                              ".csv beside it.")] = None,
) -> None:
    """Several designs in the same world: differences with units, verdicts, which input moved which line, cost."""
    from powerplan.study import compare as study
    from powerplan.study import compare_files, compare_text

    found = study.compare(scenarios, seed=seed, days=days, allow=allowed(allow), why=why, progress=frame.progress())
    frame.clear_progress()
    document = found.document()
    if plot is not None:
        compare_files.write_plot(found, plot)
    if out is not None:
        document["files"] = [str(path) for path in compare_files.save(found, out)]
    lines = compare_text.compare_markdown if md else compare_text.compare_lines
    frame.show_lines(document, lambda whole: lines(whole, everything, precision), as_json)


def diff(
    before: Annotated[Path, typer.Argument(help="Result folder or run.json: the baseline.", metavar="RESULT")],
    after: Annotated[Path, typer.Argument(help="Result folder or run.json that is compared with it.",
                                          metavar="RESULT")],
    as_json: Json = False, md: Markdown = False, everything: Everything = False, precision: Precision = None,
    allow: Allow = "",
) -> None:
    """Two saved results: differences with units, inputs that changed, which requirement moved and why."""
    from powerplan.study import compare_text
    from powerplan.study import diff as study

    found = study.diff(before, after, allowed(allow))

    def lines(document: dict[str, Any]) -> list[str]:
        blocks = study.diff_blocks(document, everything, precision)
        return compare_text.block_markdown(document, blocks) if md else compare_text.block_lines(blocks)[1:]

    frame.show_lines(found.document(), lines, as_json)


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    for command in (compare, diff):
        app.command(command.__name__)(command)
