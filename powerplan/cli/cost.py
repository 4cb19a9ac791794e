"""Commands about what models and firmware cost: parse, call the study layer, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from powerplan.cli import frame

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def model_cost(
    file: Annotated[Path, typer.Argument(help="A .tflite file.", metavar="FILE")], as_json: Json = False,
    device: Annotated[list[str] | None, typer.Option("--device", help="Device profile; may be repeated; default: all.")
                      ] = None,
    runtime: Annotated[str | None, typer.Option("--runtime", help="Kernel library, such as cmsis_nn or reference; "
                                                        "ethos-u55-128 asks Vela.")
                       ] = None,
    clock: Annotated[str | None, typer.Option("--clock", help="Such as 80MHz; default: the profile's.")] = None,
    supply: Annotated[str | None, typer.Option("--supply", help="Such as 3.0V; default: the profile's.")] = None,
    measured: Annotated[Path | None, typer.Option("--measured", help="Result of Vela, ST Edge AI, MLTK or a profiler "
                                                  "log; it comes before the estimate.")] = None,
    arena: Annotated[str | None, typer.Option("--arena", help="Memory beside the core that holds the activations, such "
                                              "as psram_8mb_octal of an esp32s3.")] = None,
    picture: Annotated[Path | None, typer.Option("--picture", help="Energy against latency, .png or .svg.")] = None,
) -> None:
    """Latency and energy of one inference on one device, some, or all, with ranges and their basis."""
    from powerplan.study import cost

    rows = cost.model_cost(file, device or [], runtime, clock, supply, measured, frame.progress(), arena)
    frame.clear_progress()
    if picture is not None:
        cost.cost_picture(rows, picture)
    if as_json:
        frame.echo(frame.json_rows(rows))
    else:
        frame.show_rows(cost.cost_rows(rows), False)


def model_race(
    file: Annotated[Path, typer.Argument(help="A .tflite file.", metavar="FILE")],
    device: Annotated[str, typer.Option("--device", help="Device profile with run figures at several clocks.")],
    waiting: Annotated[str | None, typer.Option("--waiting", help="What stays on until the inference is done, such as "
                                                "180mW or 60mA (a camera).")] = None,
    runtime: Annotated[str | None, typer.Option("--runtime", help="Kernel library.")] = None,
    supply: Annotated[str | None, typer.Option("--supply", help="Such as 3.0V; default: the profile's.")] = None,
    picture: Annotated[Path | None, typer.Option("--picture", help="Energy over the clock, .png or .svg.")] = None,
    as_json: Json = False,
) -> None:
    """Race to sleep: energy of one inference over the clock, alone and with a camera waiting."""
    from powerplan.study import race

    document = race.race(file, device, waiting, runtime, supply)
    if picture is not None:
        race.race_picture(document, picture)
    frame.show_lines(document, race.race_text, as_json)


def footprint(
    file: Annotated[Path, typer.Argument(help="Firmware image (ELF).", metavar="APP.ELF")], as_json: Json = False,
    baseline: Annotated[Path | None, typer.Option("--baseline", help="Image to compare with.")] = None,
) -> None:
    """Flash and RAM of a firmware image: sections, largest symbols, and what changed."""
    from powerplan.study import cost

    frame.show_lines(cost.firmware(file, baseline), cost.firmware_text, as_json)
