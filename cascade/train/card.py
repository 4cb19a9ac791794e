"""The card of a cascade: what it is, what it costs, how often it is right, what it must not be taken for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cascade.train.recipe import Recipe


def card_text(recipe: Recipe, manifest: Mapping[str, Any]) -> str:
    """Markdown text of the card; every figure in it stands in the manifest too."""
    parts = [
        f"# {recipe.name}\n\n{recipe.title}\n\n**{recipe.warning}**\n",
        f"## Data and licence\n\n{recipe.data_text}\n\n{recipe.licence_text}\n",
        _samples_text(manifest),
        _models_text(manifest),
        _figures_text(manifest),
        _again_text(manifest),
    ]
    return "\n".join(parts)


def _samples_text(manifest: Mapping[str, Any]) -> str:
    sizes = manifest["samples"]
    test = manifest["figures"]["test"]
    lines = [
        f"Samples: {sizes['train']:,} train, {sizes['validation']:,} validation, {sizes['test']:,} test "
        f"({test['positive_clips']:,} positive clips with {test['positive_windows']:,} windows; "
        f"{test['negative_clips']:,} negative clips with {test['negative_windows']:,} windows)."
    ]
    return "\n".join(lines) + "\n"


def _models_text(manifest: Mapping[str, Any]) -> str:
    lines = [
        "## Models\n",
        "Full-integer int8, input and output int8; the input stands for 0 to 1 (scale 1/255, zero point -128).\n",
        "| file | bytes | MACs | weight bytes | input |",
        "|---|---|---|---|---|",
    ]
    for name, model in manifest["models"].items():
        shape = " x ".join(str(size) for size in model["input_shape"])
        lines.append(f"| {name} | {model['bytes']:,} | {model['macs']:,} | {model['weight_bytes']:,} | {shape} |")
    return "\n".join(lines) + "\n"


def _figures_text(manifest: Mapping[str, Any]) -> str:
    thresholds, test = manifest["thresholds"], manifest["figures"]["test"]
    unit = "windows" if manifest["stream"] else "pictures"
    lines = [
        "## Accuracy on data not trained on\n",
        f"Thresholds chosen on the validation split: level 1 {thresholds['level_1']:.5f}, "
        f"level 2 {thresholds['level_2']:.5f}; a level passes a score of at least its threshold. "
        "Figures of the test split, with 95 % intervals.\n",
        f"Negative {unit} that level 1 passes on: {_shown(test['escalated_of_negative_windows'])}.\n",
        "| | level 1 | level 2 alone | cascade |",
        "|---|---|---|---|",
    ]
    rows = {
        "recall_of_clips": "recall of clips",
        "recall_of_windows": f"recall of {unit}",
        "passing_negative_windows": f"negative {unit} that pass",
        "accuracy_of_windows": f"{unit} judged right",
    }
    if test["positive_clips"] == test["positive_windows"]:  # single pictures: a clip is its only window
        del rows["recall_of_windows"]
    levels = ("level_1", "level_2_alone", "cascade")
    for key, title in rows.items():
        lines.append(f"| {title} | " + " | ".join(_shown(test[level][key]) for level in levels) + " |")
    if "false_alarms" in test["cascade"]:
        shown = " | ".join(_alarms(test[level]["false_alarms"]) for level in levels)
        lines.append(f"| false alarms per hour | {shown} |")
    areas = " | ".join(f"{test[level]['area_under_curve']:.4f}" for level in levels[:2])
    lines.append(f"| area under the curve, {unit} | {areas} | |")
    return "\n".join(lines) + "\n"


def _shown(entry: Mapping[str, Any]) -> str:
    digits = 3 if entry["low"] < 0.01 else 2
    value, low, high = (f"{entry[key] * 100:.{digits}f}" for key in ("value", "low", "high"))
    return f"{value} % ({low} to {high}; {entry['hits']:,} of {entry['count']:,}, {entry['method']})"


def _alarms(entry: Mapping[str, Any]) -> str:
    return (
        f"{entry['per_hour']:.3f} ({entry['low']:.3f} to {entry['high']:.3f}; "
        f"{entry['alarms']} in {entry['hours']:.2f} h, {entry['method']})"
    )


def _again_text(manifest: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in sorted(manifest["versions"].items()))
    return (
        f"## Made with\n\n`{manifest['command']}`\n\n{versions}\n\n"
        "The same data, seed and versions on the same kind of processor give the same bytes; "
        "hashes, window and feature constants stand in manifest.json. test_data.npz holds the int8 inputs of some "
        "rows of the test table (by `sample_id`; without `input_2` both levels take `input_1`), "
        "so that their scores can be checked.\n"
    )
