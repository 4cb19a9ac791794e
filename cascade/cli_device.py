"""Commands of the device's side: play a stream, export to firmware, draw curves. Parse, call, show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Shipped = Annotated[str | None, typer.Option("--cascade", help="A shipped cascade: its models, thresholds, features.")]
Models = Annotated[tuple[Path, Path] | None, typer.Option("--models", help="Two .tflite files of your own.")]
First = Annotated[str | None, typer.Option("--threshold1", help="0 to 1, or never; default: the cascade's.")]
Second = Annotated[str | None, typer.Option("--threshold2", help="0 to 1, or never; default: the cascade's.")]
Confirm = Annotated[str, typer.Option(help="Level-1 windows that must pass, such as 2/3.")]
Refractory = Annotated[float, typer.Option("--refractory-s", min=0.0, help="Silence after an alarm, in seconds.")]
Rate = Annotated[float | None, typer.Option("--rate", help="Samples, or pictures, per second.")]
Window = Annotated[int | None, typer.Option("--window", min=1, help="Samples of a window, for models of your own.")]
Hop = Annotated[int | None, typer.Option("--hop", min=1, help="Samples from window to window.")]
Features = Annotated[str, typer.Option("--features", help="Of models of your own: none, micro (front end of TensorFlow "
                                                          "Lite Micro), mfcc (MLPerf Tiny), log_mel, a .json file; "
                                                          "two with a comma where the levels differ.")]
Outputs1 = Annotated[list[int] | None, typer.Option("--positive1", help="Output of level 1 that is a detection.")]
Outputs2 = Annotated[list[int] | None, typer.Option("--positive2", help="Output of level 2 that is a detection.")]
Escalates = Annotated[str, typer.Option("--escalate", help="Level-1 scores that go on: above, below or band.")]
High = Annotated[float | None, typer.Option("--high1", help="Upper edge of the band.")]
Accept = Annotated[str, typer.Option("--accept", help="Level-1 score from which on no level 2 is needed, or never.")]
Early = Annotated[bool, typer.Option("--accept-early", help="Level-1 scores above the band are detections.")]


def add_commands(app: typer.Typer, show: Callable[[dict[str, Any], Any, bool], None]) -> None:
    """Add `run`, `export` and `curves` to the command line."""

    @app.command()
    def run(stream: Annotated[Path, typer.Argument(help=".wav (16 bit, mono) or .npy of samples.", show_default=False)],
            cascade: Shipped = None, models: Models = None, threshold1: First = None, threshold2: Second = None,
            escalate: Escalates = "above", high1: High = None, accept_early: Early = False,
            accept: Accept = "never", confirm: Confirm = "1/1", refractory_s: Refractory = 0.0,
            features: Features = "none", positive1: Outputs1 = None, positive2: Outputs2 = None,
            rate: Rate = None, window: Window = None, hop: Hop = None,
            kernels: Annotated[str, typer.Option(help="builtin, reference or micro.")] = "builtin",
            json: Json = False) -> None:
        """Play two levels over a continuous STREAM as the device would; level 2 sees what level 1 passes on."""
        from cascade.device import Bands, Hearing, chosen, play_file

        choice = chosen(cascade, models, threshold1, threshold2, confirm, refractory_s,
                        Bands(escalate, high1, accept_early, accept))
        hearing = Hearing(features, rate, window, hop, (tuple(positive1 or ()), tuple(positive2 or ())))
        show(play_file(choice, stream, hearing, kernels), played_lines, json)

    @app.command()
    def features(clips: Annotated[Path, typer.Argument(help="Folder of LABEL/*.wav.", show_default=False)],
                 out: Annotated[Path, typer.Option(help="The .npz file to write.")],
                 cascade: Shipped = None, models: Models = None, features: Features = "none", rate: Rate = None,
                 classes: Annotated[str, typer.Option(help="Labels in the order of a model's outputs, such as "
                                                           "down,go,left: rows then carry their numbers.")] = "",
                 window: Window = None, hop: Hop = None, json: Json = False) -> None:
        """Turn a folder of CLIPS into the rows that two models are fed, for scores, evaluate, profile and quantize."""
        from cascade.device import Hearing, chosen, clip_file

        choice = chosen(cascade, models, "0", "0", "1/1", 0.0)
        show(clip_file(choice, clips, Hearing(features, rate, window, hop), out, classes), clip_lines, json)

    @app.command()
    def export(out: Annotated[Path, typer.Argument(help="Folder for the C sources.", show_default=False)],
               cascade: Shipped = None, models: Models = None, threshold1: First = None, threshold2: Second = None,
               name: Annotated[str | None, typer.Option(help="Prefix of the C symbols.")] = None,
               escalate: Escalates = "above", high1: High = None, accept_early: Early = False,
               accept: Accept = "never", confirm: Confirm = "1/1", refractory_s: Refractory = 0.0,
               features: Features = "none", positive1: Outputs1 = None, positive2: Outputs2 = None,
               rate: Rate = None, window: Window = None, hop: Hop = None, json: Json = False) -> None:
        """Write both models as C arrays and a header with thresholds, quantization and window constants."""
        from cascade.device import Bands, Hearing, chosen, export_files

        choice = chosen(cascade, models, threshold1, threshold2, confirm, refractory_s,
                        Bands(escalate, high1, accept_early, accept))
        hearing = Hearing(features, rate, window, hop, (tuple(positive1 or ()), tuple(positive2 or ())))
        show(export_files(choice, out, name, hearing), export_lines, json)

    @app.command()
    def quantize(source: Annotated[str, typer.Argument(help="A .keras file, a float .tflite file, or NAME/1, NAME/2 "
                                                            "of a shipped cascade.", show_default=False)],
                 out: Annotated[Path, typer.Option(help="Folder for the variants.")],
                 data: Annotated[Path | None, typer.Option(help="An .npz file with x and y.")] = None,
                 variants: Annotated[str, typer.Option(help="Such as float32,int8,pruned; default: all.")] = "",
                 sweep: Annotated[list[str] | None, typer.Option(help="Such as width=0.5,2 or resolution=0.5.")] = None,
                 epochs: Annotated[int, typer.Option(min=1, help="Epochs of every training.")] = 4,
                 seed: Annotated[int, typer.Option(min=0)] = 1,
                 representative: Annotated[int, typer.Option(min=1, help="Samples that calibrate int8.")] = 200,
                 allow_few: Annotated[bool, typer.Option("--allow-few", help="Fewer than 32 will do.")] = False,
                 level: Annotated[int, typer.Option(min=1, max=2, help="Whose input of the data: 1 or 2.")] = 1,
                 positive: Annotated[str | None, typer.Option(help="Label that is class 1.")] = None,
                 quick: Annotated[bool, typer.Option("--quick", help="A smoke test on little data.")] = False,
                 picture: Annotated[Path | None, typer.Option(help="Accuracy over operations, .png or .svg.")] = None,
                 json: Json = False) -> None:
        """Variants of one model side by side: sizes in flash, in RAM and over the air, accuracy on held-out data."""
        from cascade.quantize.command import quantize as make
        from cascade.quantize.compare import lines

        show(make(source, out, data=data, variants=variants, sweeps=sweep, epochs=epochs, seed=seed,
                  representative=representative, allow_few=allow_few, level=level, positive=positive, quick=quick,
                  picture=picture),
             lines, json)

    @app.command()
    def curves(table: Annotated[Path, typer.Argument(help="Score table, CSV or Parquet.", show_default=False)],
               threshold1: Annotated[str, typer.Option(help="0 to 1, or never.")],
               threshold2: Annotated[str, typer.Option(help="0 to 1, or never.")],
               positive: Annotated[list[str] | None, typer.Option("--positive", help="Label to detect.")] = None,
               roc: Annotated[Path | None, typer.Option(help="ROC picture to write, .png or .svg.")] = None,
               det: Annotated[Path | None, typer.Option(help="DET picture to write, .png or .svg.")] = None,
               json: Json = False) -> None:
        """ROC and DET of each level and of the cascade, with the operating point."""
        from cascade.device import curve_document

        show(curve_document(table, threshold1, threshold2, positive, roc, det), curve_lines, json)


def played_lines(document: dict[str, Any]) -> Iterator[str]:
    """What a stream gave."""
    yield (f"{document['windows']:,} windows of {document['window_s']:.4g} s every {document['hop_s']:.4g} s in "
           f"{document['duration_s']:.6g} s; level 1 passed on {document['escalated']:,}, "
           f"{len(document['alarms'])} alarms")
    for row in document["alarms"]:
        second = "accepted early" if row["score_2"] is None else f"level 2 {row['score_2']:.4f}"
        yield f"  {row['time_s']:>10.3f} s  level 1 {row['score_1']:.4f}  {second}"
    for stage in document["host_times"]:
        each_us = 1e6 * stage["host_s"] / max(1, stage["windows"])
        yield f"{stage['stage']}: {stage['windows']:,} x {each_us:.3g} us on this host (not a device's time)"
    yield from (f"note: {note}" for note in document["notes"])


def clip_lines(document: dict[str, Any]) -> Iterator[str]:
    """What a folder of clips gave."""
    yield (f"{document['rows']:,} windows of {document['window_s']:.4g} s every {document['hop_s']:.4g} s from "
           f"{document['clips']:,} clips written to {document['out']}")
    yield from (f"  {label}: {count:,}" for label, count in document["labels"].items())
    yield from (f"{name}: {' x '.join(str(part) for part in document[name][1:])} of {document[name][0]}"
                for name in ("input_1", "input_2"))
    yield from (f"note: {note}" for note in document["notes"])


def export_lines(document: dict[str, Any]) -> Iterator[str]:
    """Where the sources went."""
    yield from document["files"]


def curve_lines(document: dict[str, Any]) -> Iterator[str]:
    """The operating point and areas."""
    point = document["point"]
    yield f"operating point: {point['recall']:.4%} of positive rows pass, {point['false_accepts']:.4%} of negative rows"
    yield from (f"area under the ROC of {name}: {area:.5f}" for name, area in document["areas"].items())
    yield from (f"picture: {path}" for path in document["pictures"])
