"""Keyed random streams: the same seed, stream and entity give the same numbers, whatever else is drawn."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray


class Key(ISeedSequence):
    """A key that is ready: a bit generator seeded with it takes it as it is, and asks the system for no entropy."""

    def __init__(self, words: NDArray[np.uint64]) -> None:
        self.words = words

    def generate_state(self, n_words: int, dtype: Any = np.uint64) -> NDArray[Any]:
        """The first words of the key."""
        return self.words[:n_words].astype(dtype, copy=False)


class Streams:
    """Hands out one counter-based generator per key. Changing one part of a scenario leaves other keys alone."""

    def __init__(self, seed: int, replica: int = 0, stretch: int = 0) -> None:
        self._prefix = f"{seed}/{replica}/{f'@{stretch}/' if stretch else ''}"

    def key(self, stream: str, entity: str = "") -> NDArray[np.uint64]:
        """What the numbers of the stream for the entity depend on: 128 bits."""
        digest = hashlib.blake2b((self._prefix + stream + "/" + entity).encode(), digest_size=16).digest()
        return np.frombuffer(digest, np.uint64)

    def generator(self, stream: str, entity: str = "") -> np.random.Generator:
        """Fresh generator of the stream for the entity, from its first number on."""
        key = Key(self.key(stream, entity))
        return np.random.Generator(np.random.Philox(key))  # type: ignore[arg-type]  # takes any ISeedSequence
