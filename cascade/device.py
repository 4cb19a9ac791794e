"""What the commands of the device's side do: the chosen cascade played, exported or drawn, as documents."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cascade.decision import NEVER, EscalationRule, parse_threshold
from cascade.errors import DataError
from cascade.evaluate import Setting, parse_confirm, positive_labels
from cascade.export import Firmware, export
from cascade.front_end import front_end, plain
from cascade.play import play, read_stream
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


def chosen(name: str | None, models: tuple[Path, Path] | None, threshold_1: str | None, threshold_2: str | None,
           confirm: str, refractory_s: float) -> Choice:
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
    setting = Setting(EscalationRule("above", low), second, (1,), *parse_confirm(confirm), refractory_s=refractory_s)
    return Choice(name or models[0].stem, models, setting, manifest, notes)


def play_file(choice: Choice, path: Path, rate_hz: float | None, window: int, hop: int, kernels: str) -> dict[str, Any]:
    """A stream played as the device would."""
    if kernels not in KERNELS:
        raise DataError(f"--kernels is one of {', '.join(KERNELS)}, got {kernels!r}")
    stream, stated_hz = read_stream(path)
    facts = (read_model(choice.models[0]), read_model(choice.models[1]))
    if choice.manifest is not None:
        front = front_end(choice.manifest, facts, rate_hz or stated_hz)
    else:
        given_hz = rate_hz or stated_hz
        if given_hz is None:
            raise DataError("an .npy stream does not state its rate: give --rate, in samples per second")
        front = plain(window, hop, given_hz)
    if stated_hz is not None and stated_hz != front.sample_rate_hz:
        raise DataError(f"{path}: {stated_hz:g} Hz, the cascade takes {front.sample_rate_hz:g} Hz; resample it first")
    found = play(choice.models, choice.setting, front, stream, kernels="reference" if kernels == "reference" else
                 "micro" if kernels == "micro" else "builtin")
    return {
        "schema_version": 1, "stream": str(path), "windows": found.window_count, "duration_s": found.duration_s,
        "escalated": len(found.heard), "alarms": [asdict(one) for one in found.alarms],
        "heard": [asdict(one) for one in found.heard],
        "host_times": [{"stage": one.stage, "windows": one.row_count, "host_s": one.host_s} for one in found.stages],
        "notes": list(choice.notes),
    }


def export_files(choice: Choice, out: Path, name: str | None, rate_hz: float | None, window: int, hop: int
                 ) -> dict[str, Any]:
    """The C sources of a cascade."""
    constants: dict[str, Any] = {"window": {"length": window, "hop": hop, **({"rate_hz": rate_hz} if rate_hz else {})}}
    if choice.manifest is not None:
        constants = {"features": choice.manifest["features"], "stream": choice.manifest["stream"] or {}}
    setting = choice.setting
    firmware = Firmware(name or choice.name, choice.models, setting.rule, setting.threshold_2, constants,
                        (setting.confirm_windows, setting.confirm_of), setting.refractory_s)
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
