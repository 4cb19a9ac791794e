"""What one cascade is made of: data in splits, two networks, and how its thresholds are chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Samples:
    """Windows or pictures in the form the models take them, and what each of them is."""

    input_1: npt.NDArray[np.int8]
    """What level 1 sees, shape (n, ...)."""
    input_2: npt.NDArray[np.int8]
    """What level 2 sees; may be the same array."""
    label: npt.NDArray[np.str_]
    clip_id: npt.NDArray[np.str_]
    time_s: npt.NDArray[np.float64]
    """Start of the window within its clip."""

    def __len__(self) -> int:
        return len(self.label)

    def take(self, rows: npt.NDArray[np.int64]) -> Samples:
        """The samples of the given rows."""
        same = self.input_1 is self.input_2
        first = self.input_1[rows]
        second = first if same else self.input_2[rows]
        return Samples(first, second, self.label[rows], self.clip_id[rows], self.time_s[rows])


@dataclass(frozen=True)
class Splits:
    """Three sets of samples that share no picture, no person and no voice."""

    train: Samples
    validation: Samples
    test: Samples
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the manifest says about where the samples come from."""


@dataclass(frozen=True)
class Network:
    """A layer list for cascade.train.networks and how long it is trained."""

    layers: tuple[tuple[Any, ...], ...]
    epochs: int
    batch: int = 128
    learning_rate: float = 2e-3
    label_smoothing: float = 0.05
    """Keeps scores off 0 and 1, where an int8 score has no steps left to put a threshold on."""
    positive_weight: float = 1.0
    """How much a positive sample counts in the loss; 0 balances both classes."""
    vary: Callable[[npt.NDArray[np.int8], np.random.Generator], npt.NDArray[np.int8]] | None = None
    """Makes other inputs of the same kind from the training inputs, anew for every epoch."""


@dataclass(frozen=True)
class ThresholdRule:
    """How the two thresholds follow from the validation split."""

    level_1_recall: float
    """Level 1 gets the highest threshold at which it still finds this share of the positives."""
    target: Literal["recall", "false_alarms"]
    value: float
    """Share of positives the cascade must find, or false alarms per hour it may raise."""
    recall_of: Literal["clips", "windows"] = "clips"
    """Windows where a clip is a long recording of one thing, of which one passing window says little."""


@dataclass(frozen=True)
class Recipe:
    """One shipped cascade."""

    name: str
    title: str
    positive: str
    load: Callable[[Path | None, int, bool], Splits]
    """From a folder with the data (None: where its package puts it), a seed and `quick` to the splits."""
    level_1: Network
    level_2: Network
    rule: ThresholdRule
    features: Mapping[str, Any]
    """Window, hop and feature constants for the manifest, taken from the objects that compute them."""
    seconds_per_window: float | None
    """Time that one window of a stream stands for; None where samples are single pictures."""
    data_text: str
    licence_text: str
    warning: str
    """What the cascade must not be taken for; it stands in the card and in the manifest."""
    test_rows: int
    """Samples kept in test_data.npz."""
    packages: tuple[str, ...] = ("tensorflow-cpu", "tensorflow", "keras", "numpy", "ai-edge-litert")
    """Packages and programs whose versions the manifest states, because they decide the bytes."""
