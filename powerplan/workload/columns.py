"""Arrays that become longer, stretch by stretch: memory is asked for once, for all that is still to come."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)

SPARE = 1.2
"""How much more room a column takes than is to be expected; what is not used is never touched."""


class Column(Generic[Number]):
    """Values of one kind that become more and more; those that were handed out stay as they are."""

    def __init__(self, dtype: type[Number], *shape: int) -> None:
        """`shape` is that of one value."""
        self._held = np.empty((0, *shape), dtype)
        self._count = 0

    @property
    def values(self) -> NDArray[Number]:
        """All of them so far."""
        return self._held[:self._count]

    def room(self, count: int, ahead: float = 2.0) -> NDArray[Number]:
        """Room for so many more, to be filled; in the end there will be about `ahead` times as many as then."""
        begin, self._count = self._count, self._count + count
        if self._count > len(self._held):
            spare = SPARE if ahead > 1.0 or begin else 1.0
            larger = np.empty((int(self._count * max(ahead, 1.0) * spare), *self._held.shape[1:]), self._held.dtype)
            larger[:begin] = self._held[:begin]
            self._held = larger
        return self._held[begin:self._count]

    def add(self, more: NDArray[Number], ahead: float = 2.0) -> None:
        """These at the end."""
        self.room(len(more), ahead)[:] = more
