"""Seven shoulder exercises recorded with a watch: ten people, 140 recordings, six axes at 50 Hz.

Burns, Leung, Hardisty, Whyne, Henry, McLachlin, "Shoulder physiotherapy exercise recognition: machine
learning the inertial signals from a smartwatch", arXiv:1802.01489. The recordings come inside the Python
package seglearn (BSD licence), whose file is read without importing the package.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from cascade.datasets.source import DataSetError, expect_file

SAMPLE_RATE_HZ: Final = 50
AXES: Final = ("ax", "ay", "az", "wx", "wy", "wz")
"""Acceleration [g], then angular rate [rad/s]."""
EXERCISES: Final = ("PEN", "ABD", "FEL", "IR", "ER", "TRAP", "ROW")
FILE_NAME: Final = "watch_dataset.npy"
FILE_SHA256: Final = "eb122f23cdf06ef6bd6c6c5312958ec5cf9d038e2e6d457b8081662c75a42537"


@dataclass(frozen=True)
class Recording:
    """One set of repetitions of one exercise by one person with one arm."""

    name: str
    subject: int
    exercise: str
    samples: npt.NDArray[np.float32]
    """Shape (samples, 6), columns as in AXES."""


def find_file(folder: Path | None = None) -> Path:
    """The file of recordings, in a given folder or in the installed package seglearn."""
    hint = "install the package seglearn (extra `train`) or pass --data with the folder of watch_dataset.npy"
    if folder is None:
        spec = find_spec("seglearn")
        places = list(spec.submodule_search_locations or []) if spec is not None else []
        if not places:
            raise DataSetError(f"the package seglearn is not installed; {hint}")
        folder = Path(places[0]) / "data"
    return expect_file(folder / FILE_NAME, FILE_SHA256, hint)


def load(folder: Path | None = None) -> list[Recording]:
    """The 140 recordings in the order of the file.

    The file is a pickle, which may run code when it is read: only the one with the known hash is opened.
    """
    content = np.load(find_file(folder), allow_pickle=True).item()
    recordings = []
    for number, samples in enumerate(content["X"]):
        exercise = EXERCISES[int(content["y"][number])]
        subject = int(content["subject"][number])
        arm = "right" if content["side"][number] == 1 else "left"
        name = f"s{subject:02d}-{exercise}-{arm}-{number:03d}"
        recordings.append(Recording(name, subject, exercise, samples.astype(np.float32)))
    return recordings
