"""The command `cascade`: look inside a model, score data, evaluate and sweep thresholds. Parse, call, show."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cascade.cli_device import add_commands
from cascade.errors import EXIT_USAGE, CascadeError

EXIT_BUG = 70
EXIT_INTERRUPTED = 130

app = typer.Typer(name="cascade", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="Two quantized models in a row: their cost, their scores, their thresholds. Exit codes: "
                       "0 done, 2 wrong command line, 4 no pair keeps the constraints, 65 bad data, "
                       "66 model rejected or crashed, 74 a result could not be written.")


class Escalate(StrEnum):
    """Which level-1 scores go on to level 2."""

    above = "above"
    below = "below"
    band = "band"


class KernelChoice(StrEnum):
    """Whose arithmetic runs the models."""

    builtin = "builtin"
    reference = "reference"
    micro = "micro"


Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Table = Annotated[Path, typer.Argument(help="Score table, CSV or Parquet.", show_default=False)]
Positive = Annotated[list[str] | None, typer.Option("--positive", help="Label to detect; may be given several times.")]
EscalateOption = Annotated[Escalate, typer.Option(help="Level-1 scores that go on to level 2.")]
High = Annotated[float | None, typer.Option("--high1", help="Upper edge of the band.")]
Accept = Annotated[str, typer.Option("--accept", help="Level-1 score from which on a detection needs no level 2: 0 to "
                                                      "1, or never.")]
AcceptSweep = Annotated[str, typer.Option("--accept", help="The same, or `sweep` to try edges for it too.")]
Early = Annotated[bool, typer.Option("--accept-early", help="Level-1 scores above the band are detections.")]
Confirm = Annotated[str, typer.Option(help="Level-1 windows that must pass, such as 2/3.")]
AtFinal = Annotated[bool, typer.Option("--confirm-final", help="Confirm final decisions, not level-1 windows.")]
Refractory = Annotated[float, typer.Option("--refractory-s", help="Silence after a detection, in seconds.")]
Hop = Annotated[float | None, typer.Option("--hop-s", help="Seconds that a row stands for; default: from its times.")]


@app.command()
def profile(file: Annotated[Path, typer.Argument(help="A .tflite file.", show_default=False)],
            json: Json = False) -> None:
    """Operators, MACs, bytes, arena and quantization of a model FILE."""
    from cascade.arena import tensor_arena
    from cascade.show import profile_document, profile_lines
    from cascade.tflite import model_facts, read_model_bytes

    data = read_model_bytes(file)
    _show(profile_document(model_facts(data, str(file)), tensor_arena(file), data), profile_lines, json)


@app.command()
def scores(level1: Annotated[Path, typer.Argument(help="The .tflite file of level 1.", show_default=False)],
           level2: Annotated[Path, typer.Argument(help="The .tflite file of level 2.", show_default=False)],
           data: Annotated[Path, typer.Option(help="An .npz file: input (or input_1, input_2), label, and clip_id, "
                                                   "time_s, sample_id where there are any.")],
           out: Annotated[Path, typer.Option(help="Table to write, .csv or .parquet.")],
           positive1: Annotated[list[int] | None, typer.Option(help="Output of level 1 that is a detection.")] = None,
           positive2: Annotated[list[int] | None, typer.Option(help="Output of level 2 that is a detection.")] = None,
           kernels: Annotated[KernelChoice, typer.Option(help="Whose arithmetic runs the models.")]
           = KernelChoice.builtin,
           json: Json = False) -> None:
    """Run LEVEL1 and LEVEL2 over a data set and write their paired scores."""
    from cascade.data import read_data
    from cascade.runtime import Level, score_data
    from cascade.scores import write_scores
    from cascade.show import run_document, run_lines

    first = Level(level1, tuple(positive1 or ()), kernels=kernels.value)
    second = Level(level2, tuple(positive2 or ()), kernels=kernels.value)
    run = score_data(first, second, read_data(data))
    write_scores(run.table, out)
    _show(run_document(run, str(out)), run_lines, json)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def train(context: typer.Context,
          name: Annotated[str, typer.Argument(help="A shipped cascade: fashion_images, keyword_audio, motion_watch.",
                                              show_default=False)]) -> None:
    """Make a shipped cascade again from its data (needs the extra `train`; options as in `python -m cascade.train`)."""
    from cascade.train.__main__ import main as train_main

    raise typer.Exit(train_main([name, *context.args]))


@app.command()
def evaluate(table: Table,
             threshold1: Annotated[str, typer.Option(help="0 to 1, or never.")],
             threshold2: Annotated[str, typer.Option(help="0 to 1, or never.")] = "0",
             escalate: EscalateOption = Escalate.above, high1: High = None, accept_early: Early = False,
             accept: Accept = "never", positive: Positive = None, confirm: Confirm = "1/1",
             confirm_final: AtFinal = False, refractory_s: Refractory = 0.0, hop_s: Hop = None,
             json: Json = False) -> None:
    """Recall, false alarms, escalation and accuracy of one pair of thresholds."""
    from cascade.decision import parse_threshold
    from cascade.evaluate import escalation_rule, evaluate_setting
    from cascade.scores import read_scores
    from cascade.show import evaluation_document, evaluation_lines

    read = read_scores(table)
    rule = escalation_rule(escalate.value, parse_threshold(threshold1), high1, accept_early, parse_threshold(accept))
    setting = _setting(read, rule, parse_threshold(threshold2), positive, confirm, confirm_final, refractory_s, hop_s)
    _show(evaluation_document(evaluate_setting(read, setting)), evaluation_lines, json)


@app.command()
def sweep(table: Table, escalate: EscalateOption = Escalate.above, high1: High = None, accept_early: Early = False,
          accept: AcceptSweep = "never", positive: Positive = None, confirm: Confirm = "1/1",
          confirm_final: AtFinal = False, refractory_s: Refractory = 0.0, hop_s: Hop = None,
          min_recall: Annotated[float | None, typer.Option(help="Least recall.")] = None,
          max_false_alarms: Annotated[float | None, typer.Option(help="Most false alarms per hour.")] = None,
          max_false_accepts: Annotated[float | None, typer.Option(help="Largest share of false accepts.")] = None,
          max_escalation: Annotated[float | None, typer.Option(help="Largest share sent to level 2.")] = None,
          min_accuracy: Annotated[float | None, typer.Option(help="Least top-1 accuracy.")] = None,
          thresholds: Annotated[int, typer.Option(min=2, max=400, help="Thresholds tried per level.")] = 40,
          json: Json = False) -> None:
    """Every pair of thresholds, and the best one under the constraints (exit code 4 where none keeps them)."""
    from cascade.decision import NEVER, parse_threshold
    from cascade.evaluate import escalation_rule
    from cascade.scores import read_scores
    from cascade.show import sweep_document, sweep_lines
    from cascade.sweep import Constraints, candidate_accepts, compare, sweep_and_recommend

    read = read_scores(table)
    edges = candidate_accepts(read) if accept == "sweep" else ()
    rule = escalation_rule(escalate.value, 0.0, high1, accept_early, NEVER if edges else parse_threshold(accept))
    setting = _setting(read, rule, 0.0, positive, confirm, confirm_final, refractory_s, hop_s)
    limits = Constraints(min_recall, max_false_alarms, max_false_accepts, max_escalation, min_accuracy)
    rows, best = sweep_and_recommend(read, setting, limits, thresholds, edges)
    _show(sweep_document(rows, best, compare(read, setting, best.row), read.notes), sweep_lines, json)
    raise typer.Exit(best.exit_code)


def _setting(table: Any, rule: Any, threshold_2: float, positive: list[str] | None, confirm: str, at_final: bool,
             refractory_s: float, hop_s: float | None) -> Any:
    """The setting that the options describe."""
    from cascade.evaluate import Setting, parse_confirm, positive_labels

    windows, of = parse_confirm(confirm)
    return Setting(rule, threshold_2, positive_labels(table, tuple(positive) if positive else None), windows, of,
                   at_final, refractory_s, hop_s or table.hop_s)


def _show(document: dict[str, Any], lines: Any, as_json: bool) -> None:
    """The document as JSON, or as lines for people."""
    if as_json:
        from cascade.show import json_text

        typer.echo(json_text(document))
        return
    for line in lines(document):
        typer.echo(line)


add_commands(app, _show)


def main() -> None:
    """Run the command and end with its documented exit code."""
    try:
        # Outside its stand-alone mode the library returns the code of an early exit.
        code = app(standalone_mode=False) or 0
    except CascadeError as problem:
        typer.echo(str(problem), err=True)
        code = problem.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except (KeyboardInterrupt, typer.Abort):
        code = EXIT_INTERRUPTED
    except Exception as problem:
        code = _usage_or_bug(problem)
    sys.exit(code)


def _usage_or_bug(problem: Exception) -> int:
    """Exit code of what only the command-line library or a bug raises."""
    show = getattr(problem, "show", None)
    if show is not None:
        show()
        return EXIT_USAGE
    typer.echo(f"cascade: a bug: {type(problem).__name__}: {problem}\nPlease report it with the command you ran.",
               err=True)
    return EXIT_BUG


if __name__ == "__main__":
    main()
