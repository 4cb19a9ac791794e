"""Three sizes of a model: in flash, in RAM, and over the air."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

from cascade.arena import tensor_arena
from cascade.tflite import model_facts


@dataclass(frozen=True)
class Sizes:
    """What one model file takes."""

    flash_bytes: int
    """The file as it stands: what an interpreter reads in place. Pruning and clustering do not change it."""
    ram_bytes: int
    """Tensor arena."""
    ram_basis: str
    deflate_bytes: int
    """Over the air with DEFLATE (RFC 1951), level 9."""
    huffman_bytes: int
    """Over the air with Huffman codes alone, which need no window of past bytes on the device."""
    macs: int
    weight_bytes: int


def over_the_air(data: bytes) -> tuple[int, int]:
    """(deflated, only Huffman coded) size. [bytes]"""
    found = []
    for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY):
        packer = zlib.compressobj(9, zlib.DEFLATED, -15, 8, strategy)
        found.append(len(packer.compress(data) + packer.flush()))
    return found[0], found[1]


def sizes(path: Path) -> Sizes:
    """All sizes of a model file. Raises ModelRejected."""
    data = path.read_bytes()
    facts, arena = model_facts(data, str(path)), tensor_arena(path)
    deflate, huffman = over_the_air(data)
    return Sizes(len(data), arena.arena_bytes, arena.basis, deflate, huffman, facts.macs, facts.weight_bytes)
