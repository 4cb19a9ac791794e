"""Keyed random streams: the same seed, stream and entity give the same numbers, whatever else is drawn."""

from __future__ import annotations

import hashlib

import numpy as np


class Streams:
    """Hands out one counter-based generator per key. Changing one part of a scenario leaves other keys alone."""

    def __init__(self, seed: int, replica: int = 0, stretch: int = 0) -> None:
        self._prefix = f"{seed}/{replica}/{f'@{stretch}/' if stretch else ''}"

    def generator(self, stream: str, entity: str = "") -> np.random.Generator:
        """Fresh generator of the stream for the entity, from its first number on."""
        digest = hashlib.blake2b((self._prefix + stream + "/" + entity).encode(), digest_size=16).digest()
        return np.random.Generator(np.random.Philox(key=np.frombuffer(digest, np.uint64)))
