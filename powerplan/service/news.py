"""Tells event streams that a job has news; the news themselves are in the journal."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class News:
    """Bells of the streams that are open, rung from any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bells: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self.closing = False

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Streams live in this loop."""
        self._loop = loop

    @property
    def count(self) -> int:
        """Streams open now."""
        return sum(len(bells) for bells in self._bells.values())

    @contextmanager
    def bell(self, job: str) -> Iterator[asyncio.Event]:
        """A bell that rings at news of a job."""
        bell = asyncio.Event()
        self._bells[job].add(bell)
        try:
            yield bell
        finally:
            self._bells[job].discard(bell)
            if not self._bells[job]:
                del self._bells[job]

    def changed(self, job: str) -> None:
        """A job has news."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ring, job)

    def close(self) -> None:
        """Have every stream end."""
        self.closing = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ring_all)

    def _ring(self, job: str) -> None:
        for bell in self._bells.get(job, ()):
            bell.set()

    def _ring_all(self) -> None:
        for job in list(self._bells):
            self._ring(job)
