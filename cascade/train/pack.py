"""From a recipe to the folder that ships: models, score tables, test data, card, manifest."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.datasets import speech
from cascade.datasets.source import sha256_of
from cascade.errors import DataError
from cascade.scores import ScoreTable, score_table, write_scores
from cascade.tflite import model_facts
from cascade.train import fit, judge, scoring
from cascade.train.card import card_text
from cascade.train.recipe import Network, Recipe, Samples, Splits

MODEL_NAMES = ("level1.tflite", "level2.tflite")
JUDGED_SPLITS = ("validation", "test")
Report = Callable[[str], None]


def make(
    recipe: Recipe, out: Path, data: Path | None, seed: int, quick: bool, keep_models: bool, report: Report
) -> dict[str, Any]:
    """Trains, quantizes, scores and describes one cascade; the manifest, which is also in `out`.

    With `keep_models` the models that are in `out` already are scored and described again.
    """
    if not keep_models:
        fit.prepare(seed)
    report(f"{recipe.name}: reading the data")
    splits = recipe.load(data, seed, quick)
    out.mkdir(parents=True, exist_ok=True)
    report(f"{recipe.name}: {_sizes(splits)} samples")
    if not keep_models:
        _train_models(recipe, splits, out, seed, quick, report)
    return describe(recipe, splits, out, seed, quick, report)


def _train_models(recipe: Recipe, splits: Splits, out: Path, seed: int, quick: bool, report: Report) -> None:
    positive = splits.train.label == recipe.positive
    inputs = (splits.train.input_1, splits.train.input_2)
    for level, network in enumerate((recipe.level_1, recipe.level_2)):
        report(f"{recipe.name}: training level {level + 1}")
        level_seed = seed + level + 1
        keras_model = fit.train(_shortened(network, quick), inputs[level], positive, level_seed)
        (out / MODEL_NAMES[level]).write_bytes(fit.convert(keras_model, inputs[level], level_seed))


def _shortened(network: Network, quick: bool) -> Network:
    return Network(**{**vars(network), "epochs": 1, "batch": 32}) if quick else network


def describe(recipe: Recipe, splits: Splits, out: Path, seed: int, quick: bool, report: Report) -> dict[str, Any]:
    """Scores the models in `out`, chooses thresholds, states figures; the manifest."""
    models = []
    for name in MODEL_NAMES:
        if not (out / name).is_file():
            raise DataError(f"{out / name} is missing; train the cascade first")
        models.append((out / name).read_bytes())
        if not scoring.input_is_unit_range(models[-1]):
            raise fit.ConversionError(f"{name} of {recipe.name} does not take inputs of 0 to 1")
    manifest = _manifest_head(recipe, splits, models, seed, quick)
    tables = {}
    for split in JUDGED_SPLITS:
        report(f"{recipe.name}: scoring the {split} split")
        tables[split] = _scored(getattr(splits, split), models, _table_metadata(manifest, split))
        write_scores(tables[split], out / f"scores_{split}.parquet")
    _write_test_data(recipe, splits.test, tables["test"], out / "test_data.npz")
    thresholds = judge.choose(tables["validation"], recipe.positive, recipe.rule)
    manifest["thresholds"] = {
        "level_1": thresholds.level_1,
        "level_2": thresholds.level_2,
        "pass_means": "score >= threshold",
        "chosen_on": "validation",
        "rule": vars(recipe.rule),
    }
    is_stream = recipe.seconds_per_window is not None
    manifest["figures"] = {
        split: judge.figures(tables[split], recipe.positive, thresholds, is_stream) for split in JUDGED_SPLITS
    }
    shipped = (*MODEL_NAMES, *(f"scores_{split}.parquet" for split in JUDGED_SPLITS), "test_data.npz")
    manifest["files"] = {
        name: {"bytes": (out / name).stat().st_size, "sha256": sha256_of(out / name)} for name in shipped
    }
    (out / "card.md").write_text(card_text(recipe, manifest), encoding="utf-8")
    text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (out / "manifest.json").write_text(text, encoding="utf-8")
    return manifest


def _scored(samples: Samples, models: list[bytes], metadata: dict[str, str]) -> ScoreTable:
    columns = [
        scoring.scores(model, inputs) for model, inputs in zip(models, (samples.input_1, samples.input_2), strict=True)
    ]
    return score_table(
        samples.label,
        np.stack(columns, axis=1),
        clip_id=samples.clip_id,
        time_s=samples.time_s,
        metadata=metadata,
    )


def _sizes(splits: Splits) -> dict[str, int]:
    return {name: len(getattr(splits, name)) for name in ("train", "validation", "test")}


def _manifest_head(recipe: Recipe, splits: Splits, models: list[bytes], seed: int, quick: bool) -> dict[str, Any]:
    labels = sorted(set(splits.test.label.tolist()))
    return {
        "schema_version": 1,
        "name": recipe.name,
        "warning": recipe.warning,
        "labels": {"positive": recipe.positive, "negative": [x for x in labels if x != recipe.positive]},
        "stream": {"hop_s": recipe.seconds_per_window} if recipe.seconds_per_window else None,
        "features": dict(recipe.features),
        "data": dict(splits.facts),
        "samples": _sizes(splits),
        "models": {name: _model_entry(model, name) for name, model in zip(MODEL_NAMES, models, strict=True)},
        "seed": seed,
        "quick": quick,
        "command": f"python -m cascade.train {recipe.name} --out DIR --seed {seed}",
        "versions": versions(recipe.packages),
    }


def _model_entry(model: bytes, name: str) -> dict[str, Any]:
    facts = model_facts(model, name)
    return {
        "bytes": facts.file_bytes,
        "sha256": facts.sha256,
        "macs": facts.macs,
        "weight_bytes": facts.weight_bytes,
        "operators": facts.operator_counts,
        "input_shape": list(facts.input.shape),
        "input": "int8, scale 1/255, zero point -128: 0 to 1",
        "output": "int8, scale 1/256, zero point -128: probability of the positive class",
    }


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Versions of everything that decides the bytes of a model."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in packages:
        if name == "espeak-ng":
            found[name] = speech.version()
            continue
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # TensorFlow is installed under one of two names
    return found


def _table_metadata(manifest: dict[str, Any], split: str) -> dict[str, str]:
    return {
        "origin": f"{manifest['name']}, {split} split",
        "warning": str(manifest["warning"]),
        "positive": str(manifest["labels"]["positive"]),
        **{f"level{level}_sha256": str(manifest["models"][name]["sha256"]) for level, name in _levels()},
    }


def _levels() -> list[tuple[int, str]]:
    return list(enumerate(MODEL_NAMES, start=1))


def _write_test_data(recipe: Recipe, samples: Samples, table: ScoreTable, path: Path) -> None:
    """Some rows of the test table with the inputs of both levels: half positives, half spread over the rest."""
    is_positive = table.label == recipe.positive
    half = recipe.test_rows // 2
    positives = _spread(np.flatnonzero(is_positive), half)
    rows = np.sort(np.concatenate([positives, _hard_and_plain(table, is_positive, half)]))
    arrays: dict[str, npt.NDArray[Any]] = {
        "sample_id": rows.astype(np.int64),
        "clip_id": samples.clip_id[rows],
        "time_s": samples.time_s[rows],
        "label": samples.label[rows],
        "input_1": samples.input_1[rows],
    }
    if samples.input_2 is not samples.input_1:
        arrays["input_2"] = samples.input_2[rows]
    np.savez_compressed(path, allow_pickle=False, **arrays)


def _spread(rows: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    places = np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(np.int64)
    spread: npt.NDArray[np.int64] = rows[np.unique(places)]
    return spread


def _hard_and_plain(table: ScoreTable, is_positive: npt.NDArray[np.bool_], count: int) -> npt.NDArray[np.int64]:
    """Negatives spread over the table, a third of them among those that level 1 finds most like a positive."""
    rows = np.flatnonzero(~is_positive)
    hard = rows[np.argsort(-table.score[rows, 0], kind="stable")[: count // 3]]
    plain = _spread(np.setdiff1d(rows, hard), count - len(hard))
    return np.concatenate([hard, plain])
