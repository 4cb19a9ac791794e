"""The three sizes of a model: in flash as the file is, over the air as a packer leaves it, and with a codebook.

Zeros and Huffman codes make a file smaller on its way only: a `.tflite` stores every weight, and executing in place
needs it unpacked (CLAIMS C9). A codebook stays packed in flash where the runtime looks weights up.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

from cascade.errors import DataError


@dataclass(frozen=True)
class ModelSizes:
    """What one file takes, and where."""

    flash_bytes: int
    """As it lies in flash, executed in place."""
    air_bytes: int
    """Deflated, as an update is sent."""
    unpack_ram_bytes: int
    """RAM that unpacking needs where the flash cannot be written page by page: the whole file."""


def model_sizes(data: bytes) -> ModelSizes:
    """Sizes of the bytes of a model file."""
    return ModelSizes(len(data), len(zlib.compress(data, 9)), len(data))


def codebook_bytes(weight_count: int, cluster_count: int, value_bytes: int = 1) -> int:
    """Size of weights shared in clusters: an index each, and the codebook. [bytes]

    ceil(log2 k) bits an index (Han et al., Deep Compression, 2016, section 3). TFLM looks weights up on x86 and Xtensa
    only, at the price of time and arena.
    """
    if weight_count < 0 or cluster_count < 2:
        raise DataError(f"a codebook needs at least two clusters; given {cluster_count} for {weight_count} weights")
    index_bits = math.ceil(math.log2(cluster_count))
    return math.ceil(weight_count * index_bits / 8) + cluster_count * value_bytes
