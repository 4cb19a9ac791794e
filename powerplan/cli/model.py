"""Commands about model files: parse, call the study layer, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from powerplan.cli import frame
from powerplan.errors import ExitCode

app = typer.Typer(no_args_is_help=True, help="Model files: their cost, what runs them, whether they fit.",
                  pretty_exceptions_enable=False)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
ModelFile = Annotated[Path, typer.Argument(help="A .tflite file.", metavar="FILE")]


@app.command("profile")
def model_profile(
    file: ModelFile, as_json: Json = False,
    device: Annotated[str | None, typer.Option("--device", help="Profile of a processor.")] = None,
    data: Annotated[Path | None, typer.Option("--data", help="An .npz file: where the numbers lie.")] = None,
    picture: Annotated[Path | None, typer.Option("--picture", help="Bytes and MACs per layer, .png or .svg.")] = None,
    all_operators: Annotated[bool, typer.Option("--all-operators", help="Every operator is linked.")] = False,
) -> None:
    """Operators, MACs, bytes, arena, runtimes that cannot run it, and whether it fits a device (exit code 4: no)."""
    from powerplan.study import models

    document = models.look(file, device, data, picture, ("all",) if all_operators else ())
    frame.show_lines(document, models.look_text, as_json)
    if document.get("device", {}).get("fits") is False:
        raise SystemExit(int(ExitCode.NOT_FEASIBLE))
