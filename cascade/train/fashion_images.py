"""Recipe of fashion_images: is this garment a coat? 14 by 14 pixels first, 28 by 28 when in doubt."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from cascade.datasets import fashion
from cascade.features.image import halve
from cascade.train.recipe import Network, Recipe, Samples, Splits, ThresholdRule

POSITIVE: Final = "coat"
VALIDATION_COUNT: Final = 10_000
QUICK_COUNT: Final = 600


def load(folder: Path | None, seed: int, quick: bool) -> Splits:
    """The official test split; of the training split the last 10,000 pictures are for validation."""
    del seed  # the split is the official one
    train, test = fashion.load(folder)
    last = len(train.images) - VALIDATION_COUNT
    count = QUICK_COUNT if quick else None
    return Splits(
        train=_samples("train", train.images[:last][:count], train.classes[:last][:count], 0),
        validation=_samples("train", train.images[last:][:count], train.classes[last:][:count], last),
        test=_samples("test", test.images[:count], test.classes[:count], 0),
        facts={"files": dict(fashion.FILES), "package": "dataset-fashion-mnist (Debian)"},
    )


def _samples(prefix: str, images: npt.NDArray[np.uint8], classes: npt.NDArray[np.uint8], first: int) -> Samples:
    names = [fashion.CLASSES[number] for number in classes]
    return Samples(
        input_1=as_input(halve(images)),
        input_2=as_input(images),
        label=np.array([POSITIVE if name == POSITIVE else "other" for name in names]),
        clip_id=np.array([f"{prefix}-{first + row:05d}-{name}" for row, name in enumerate(names)]),
        time_s=np.zeros(len(names)),
    )


def as_input(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.int8]:
    """Pixels as the models take them: pixel - 128, which stands for pixel / 255. (n, height, width, 1)"""
    return (pixels.astype(np.int16) - 128).astype(np.int8)[..., None]


RECIPE: Final = Recipe(
    name="fashion_images",
    title="Images: is this garment a coat?",
    positive=POSITIVE,
    load=load,
    level_1=Network(
        layers=(
            ("conv", 8, (3, 3), (2, 2)),
            ("conv", 12, (3, 3), (1, 1)),
            ("conv", 16, (3, 3), (2, 2)),
            ("mean",),
        ),
        epochs=6,
        positive_weight=2.0,
    ),
    level_2=Network(
        layers=(
            ("conv", 12, (3, 3), (2, 2)),
            ("conv", 24, (3, 3), (2, 2)),
            ("conv", 48, (3, 3), (1, 1)),
            ("conv", 64, (3, 3), (2, 2)),
            ("mean",),
            ("dropout", 0.2),
        ),
        epochs=6,
        positive_weight=2.0,
    ),
    rule=ThresholdRule(level_1_recall=0.98, target="recall", value=0.95),
    features={
        "input_1": {"width": 14, "height": 14, "from": "mean of 2 by 2 pixels, (a + b + c + d + 2) >> 2"},
        "input_2": {"width": 28, "height": 28},
        "quantization": "stored = pixel - 128, scale 1/255, zero point -128",
    },
    seconds_per_window=None,
    data_text=(
        "Fashion-MNIST (Xiao, Rasul, Vollgraf, arXiv:1708.07747): 70,000 photographs of clothes, 28 by 28 "
        "grey pixels, from the Debian package dataset-fashion-mnist. Official split: 10,000 test "
        "pictures; of the 60,000 training pictures the first 50,000 train and the last 10,000 choose the "
        "thresholds. Level 1 sees the picture at 14 by 14. Positive is `coat`, because its neighbours "
        "(pullover, shirt, dress) look alike, as the things that a product's camera must not confuse with "
        "a person do; the other nine classes are `other`. The class name of each picture stands in its "
        "clip_id. One picture is one clip."
    ),
    licence_text="Data: MIT licence, copyright 2017 Zalando SE. Models: Apache-2.0 like this project.",
    warning=(
        "A stand-in for the camera cascade of a product: centred photographs of clothes on black, "
        "no people, no scenes. Says nothing about how well a person is found at a door."
    ),
    test_rows=300,
)
