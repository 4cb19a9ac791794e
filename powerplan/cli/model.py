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
    weights: Annotated[Path | None, typer.Option("--weights", help="Histograms of the weights, .png or .svg.")] = None,
    ranges: Annotated[Path | None, typer.Option("--ranges", help="Signal against range of the activations over "
                                                "--data, .png or .svg.")] = None,
    all_operators: Annotated[bool, typer.Option("--all-operators", help="Every operator is linked.")] = False,
) -> None:
    """Operators, MACs, bytes, arena, runtimes that cannot run it, and whether it fits a device (exit code 4: no)."""
    from powerplan.study import models

    document = models.look(file, device, data, models.Pictures(picture, weights, ranges),
                           ("all",) if all_operators else ())
    frame.show_lines(document, models.look_text, as_json)
    if document.get("device", {}).get("fits") is False:
        raise SystemExit(int(ExitCode.NOT_FEASIBLE))


@app.command("compare")
def model_compare(
    files: Annotated[list[Path], typer.Argument(help="Two or more .tflite files; the first is the measure.",
                                                metavar="FILE FILE...")],
    data: Annotated[Path | None, typer.Option("--data", help="An .npz file with x and y: accuracy of each.")] = None,
    device: Annotated[str | None, typer.Option("--device", help="Profile of a processor: time and energy.")] = None,
    runtime: Annotated[str | None, typer.Option("--runtime", help="Kernel library, such as cmsis_nn.")] = None,
    kernels: Annotated[str, typer.Option("--kernels", help="builtin, reference or micro.")] = "builtin",
    as_json: Json = False,
) -> None:
    """Models side by side: sizes, operations, and, together or not at all, accuracy and time with their changes."""
    from powerplan.study import model_compare as comparing

    document = comparing.compare_models(files, data, device, runtime, kernels)
    frame.show_lines(document, comparing.compare_text, as_json)


@app.command("evaluate")
def model_evaluate(
    file: ModelFile, data: Annotated[Path, typer.Option("--data", help="An .npz file with x and y.")],
    kernels: Annotated[str, typer.Option("--kernels", help="builtin, reference or micro.")] = "builtin",
    as_json: Json = False,
) -> None:
    """Share of labelled samples that a model gets right, with its interval."""
    from powerplan.study import models

    frame.show_lines(models.accuracy(file, data, kernels), models.accuracy_text, as_json)


@app.command("quantize")
def model_quantize(
    source: Annotated[str, typer.Argument(help="A .keras file, a float .tflite file, or NAME/1, NAME/2 of a shipped "
                                               "cascade.", metavar="SOURCE")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the variants.")],
    data: Annotated[Path | None, typer.Option("--data", help="An .npz file with x and y.")] = None,
    variants: Annotated[str, typer.Option("--variants", help="Such as float32,int8,pruned; default: all.")] = "",
    sweep: Annotated[list[str] | None, typer.Option("--sweep", help="Such as width=0.5,2.")] = None,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Epochs of every training.")] = 4,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of all chance.")] = 1,
    representative: Annotated[int, typer.Option("--representative", min=1, help="Samples that calibrate.")] = 200,
    allow_few: Annotated[bool, typer.Option("--allow-few", help="Fewer than 32 samples will do.")] = False,
    picture: Annotated[Path | None, typer.Option("--picture", help="Accuracy over operations, .png or .svg.")] = None,
    as_json: Json = False,
) -> None:
    """Variants of one model side by side: sizes in flash, in RAM and over the air, accuracy on held-out data."""
    from cascade.quantize.compare import lines
    from powerplan.study import models

    document = models.variants(source, out, data=data, variants=variants, sweeps=sweep, epochs=epochs, seed=seed,
                               representative=representative, allow_few=allow_few, picture=picture)
    frame.show_lines(document, lines, as_json)
