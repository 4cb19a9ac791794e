"""What the commands of the device's side do: the chosen cascade played, exported or drawn, as documents."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cascade.decision import NEVER, EscalationRule, parse_threshold
from cascade.errors import DataError
from cascade.evaluate import Setting, escalation_rule, parse_confirm, positive_labels
from cascade.export import Firmware, export
from cascade.front_end import FrontEnd, front_end, plain
from cascade.play import play, read_stream
from cascade.sound import sound
from cascade.tflite import read_model

KERNELS = ("builtin", "reference", "micro")


@dataclass(frozen=True)
class Choice:
    """A shipped cascade or two models, with everything a decision needs."""

    name: str
    models: tuple[Path, Path]
    setting: Setting
    manifest: dict[str, Any] | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bands:
    """Which level-1 scores go on, and whether sure ones are detections at once."""

    escalate: str = "above"
    high_1: float | None = None
    accept_early: bool = False
    accept: str = "never"
    """Level-1 score from which on a detection needs no level 2."""


@dataclass(frozen=True)
class Hearing:
    """How models of one's own are fed, and which of their outputs count."""

    features: str = "none"
    """Of both levels, or of each with a comma between: none, micro, mfcc, log_mel, or a .json file."""
    rate_hz: float | None = None
    window: int | None = None
    hop: int | None = None
    positive: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())


def front_of(choice: Choice, hearing: Hearing, stated_hz: float | None = None) -> FrontEnd:
    """What lies between a stream and the models of a choice. Raises DataError."""
    facts = (read_model(choice.models[0]), read_model(choice.models[1]))
    if choice.manifest is not None:
        if hearing.features != "none":
            raise DataError("--features belongs to --models; a shipped cascade has its own features")
        return front_end(choice.manifest, facts, hearing.rate_hz or stated_hz)
    names = tuple(name.strip() for name in hearing.features.split(","))
    if len(names) > 2 or (len(names) == 2 and "none" in names):
        raise DataError(f"--features names one kind for both levels, or two with a comma, got {hearing.features!r}")
    if names != ("none",):
        return sound((names[0], names[-1]), facts, hearing.window, hearing.hop)
    given_hz = hearing.rate_hz or stated_hz
    if given_hz is None:
        raise DataError("an .npy stream does not state its rate: give --rate, in samples per second")
    return plain(hearing.window or 1, hearing.hop or 1, given_hz)


def chosen(name: str | None, models: tuple[Path, Path] | None, threshold_1: str | None, threshold_2: str | None,
           confirm: str, refractory_s: float, bands: Bands | None = None) -> Choice:
    """The cascade that the options name. Raises DataError."""
    if (name is None) == (models is None):
        raise DataError("give either --cascade NAME (a shipped one) or --models LEVEL1 LEVEL2")
    manifest = None
    notes: tuple[str, ...] = ()
    if name is not None:
        from cascade import zoo

        try:
            folder, manifest = zoo.folder(name), zoo.manifest(name)
        except LookupError as problem:
            raise DataError(str(problem)) from None
        models = (folder / "level1.tflite", folder / "level2.tflite")
        notes = (manifest["warning"],)
    if models is None or (manifest is None and (threshold_1 is None or threshold_2 is None)):
        raise DataError("models of your own need --threshold1 and --threshold2")
    stated = manifest["thresholds"] if manifest else {}
    low = parse_threshold(threshold_1 if threshold_1 is not None else stated["level_1"])
    second = parse_threshold(threshold_2 if threshold_2 is not None else stated["level_2"])
    wanted = bands or Bands()
    rule = escalation_rule(wanted.escalate, low, wanted.high_1, wanted.accept_early, parse_threshold(wanted.accept))
    setting = Setting(rule, second, (1,), *parse_confirm(confirm), refractory_s=refractory_s)
    return Choice(name or models[0].stem, models, setting, manifest, notes)


def play_file(choice: Choice, path: Path, hearing: Hearing, kernels: str) -> dict[str, Any]:
    """A stream played as the device would."""
    if kernels not in KERNELS:
        raise DataError(f"--kernels is one of {', '.join(KERNELS)}, got {kernels!r}")
    stream, stated_hz = read_stream(path)
    if choice.manifest is None and hearing.features == "none" and stated_hz is not None:
        _needs_features(choice, path)
    front = front_of(choice, hearing, stated_hz)
    if stated_hz is not None and stated_hz != front.sample_rate_hz:
        raise DataError(f"{path}: {stated_hz:g} Hz, the cascade takes {front.sample_rate_hz:g} Hz; resample it first")
    found = play(choice.models, choice.setting, front, stream, hearing.positive, kernels="reference" if
                 kernels == "reference" else "micro" if kernels == "micro" else "builtin")
    return {
        "schema_version": 1, "stream": str(path), "windows": found.window_count, "duration_s": found.duration_s,
        "window_s": front.window / front.sample_rate_hz, "hop_s": front.hop / front.sample_rate_hz,
        "escalated": len(found.heard), "alarms": [asdict(one) for one in found.alarms],
        "heard": [asdict(one) for one in found.heard],
        "host_times": [{"stage": one.stage, "windows": one.row_count, "host_s": one.host_s} for one in found.stages],
        "notes": list(choice.notes),
    }


def _needs_features(choice: Choice, path: Path) -> None:
    for model in choice.models:
        taken = read_model(model).input
        if taken.dtype not in ("int16", "float32"):
            raise DataError(f"{path}: {model} takes {taken.dtype} {list(taken.shape)}, no samples of sound: give "
                            "--features micro, mfcc, log_mel or a .json file")


def clip_file(choice: Choice, folder: Path, hearing: Hearing, out: Path, classes: str = "") -> dict[str, Any]:
    """A folder of clips as rows for `scores`, `evaluate`, `quantize` and `profile`.

    `classes` names the labels in the order of a model's outputs; then the rows carry numbers.
    """
    from cascade.clips import clip_rows, numbered, write_rows

    front = front_of(choice, hearing)
    rows = clip_rows(folder, front)
    if classes:
        rows = numbered(rows, tuple(name.strip() for name in classes.split(",")))
    write_rows(rows, out)
    labels, counts = np.unique(rows.label, return_counts=True)
    return {
        "schema_version": 1, "out": str(out), "rows": len(rows.label), "clips": len(np.unique(rows.clip_id)),
        "labels": dict(zip(labels.tolist(), counts.tolist(), strict=True)),
        "window_s": front.window / front.sample_rate_hz, "hop_s": front.hop / front.sample_rate_hz,
        "input_1": [str(rows.input_1.dtype), *rows.input_1.shape[1:]],
        "input_2": [str(rows.input_2.dtype), *rows.input_2.shape[1:]],
        "notes": [f"{rows.padded_count} clips are shorter than a window and were filled up with silence"]
        if rows.padded_count else [],
    }


def export_files(choice: Choice, out: Path, name: str | None, hearing: Hearing) -> dict[str, Any]:
    """The C sources of a cascade."""
    if choice.manifest is not None:
        constants = {"features": choice.manifest["features"], "stream": choice.manifest["stream"] or {}}
    elif hearing.features != "none":
        constants = dict(front_of(choice, hearing).constants)
    else:
        rate = {"rate_hz": hearing.rate_hz} if hearing.rate_hz else {}
        constants = {"window": {"length": hearing.window or 1, "hop": hearing.hop or 1, **rate}}
    setting = choice.setting
    firmware = Firmware(name or choice.name, choice.models, setting.rule, setting.threshold_2, constants,
                        (setting.confirm_windows, setting.confirm_of), setting.refractory_s, hearing.positive)
    return {"schema_version": 1, "files": [str(path) for path in export(firmware, out)]}


def curve_document(path: Path, threshold_1: str, threshold_2: str, positive: list[str] | None, roc: Path | None,
                   det: Path | None) -> dict[str, Any]:
    """Curves of a score table, drawn where asked."""
    from cascade.curves import curves
    from cascade.scores import read_scores

    table = read_scores(path)
    labels = positive_labels(table, tuple(positive) if positive else None)
    low = parse_threshold(threshold_1)
    found = curves(table, Setting(EscalationRule("above", low), parse_threshold(threshold_2), labels))
    pictures = []
    if roc is not None or det is not None:
        from cascade.pictures import det_figure, roc_figure, write_picture

        pictures = [str(write_picture(draw(found), place)) for draw, place in ((roc_figure, roc), (det_figure, det))
                    if place is not None]
    return {
        "schema_version": 1,
        "point": {"threshold_1": low, "threshold_2": parse_threshold(threshold_2), "false_accepts": found.point[0],
                  "recall": found.point[1]},
        "areas": {"level 1": found.level_1.area, "level 2 alone": found.level_2.area},
        "curves": {one.name: {"threshold": [NEVER if t == NEVER else t for t in one.threshold],
                              "false_accepts": list(one.false_accepts), "recall": list(one.recall)}
                   for one in (found.level_1, found.level_2, found.cascade)},
        "pictures": pictures,
    }
