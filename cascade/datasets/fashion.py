"""Fashion-MNIST: 70,000 photographs of clothes, 28 by 28 grey pixels, official split.

Xiao, Rasul, Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
Algorithms", arXiv:1708.07747. MIT licence. Debian and Ubuntu package it as dataset-fashion-mnist.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from cascade.datasets.source import DataSetError, expect_file

DEFAULT_FOLDER: Final = Path("/usr/share/datasets/fashion-mnist")
"""Where the Debian package puts its files on every machine."""
CLASSES: Final = (
    "t_shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle_boot",
)  # fmt: skip
FILES: Final = {
    "train-images-idx3-ubyte.gz": "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
    "train-labels-idx1-ubyte.gz": "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
    "t10k-images-idx3-ubyte.gz": "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
    "t10k-labels-idx1-ubyte.gz": "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
}
IDX_MAGIC_UBYTE: Final = 0x08
"""Third byte of an IDX file that holds unsigned bytes."""


@dataclass(frozen=True)
class Photographs:
    """Pictures (n, 28, 28) and the number of the class of each."""

    images: npt.NDArray[np.uint8]
    classes: npt.NDArray[np.uint8]


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Content of a gzipped IDX file of unsigned bytes, in the shape its header states."""
    with gzip.open(path, "rb") as stream:
        content = stream.read()
    if len(content) < 4 or content[0] or content[1] or content[2] != IDX_MAGIC_UBYTE:
        raise DataSetError(f"{path} is not an IDX file of unsigned bytes")
    axes = content[3]
    shape = tuple(int(size) for size in np.frombuffer(content, dtype=">u4", count=axes, offset=4))
    values = np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * axes)
    if values.size != int(np.prod(shape)):
        raise DataSetError(f"{path} holds {values.size} bytes, its header says {shape}")
    return values.reshape(shape)


def load(folder: Path | None = None) -> tuple[Photographs, Photographs]:
    """The 60,000 training and the 10,000 test pictures, in the order of the files."""
    place = DEFAULT_FOLDER if folder is None else folder
    hint = "install the package dataset-fashion-mnist or pass --data with the folder of its four files"
    parts = [read_idx(expect_file(place / name, sha256, hint)) for name, sha256 in FILES.items()]
    return Photographs(parts[0], parts[1]), Photographs(parts[2], parts[3])
