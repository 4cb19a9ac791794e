"""Windows over a stream: one length, one hop, no padding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


def window_starts(sample_count: int, length: int, hop: int) -> npt.NDArray[np.int64]:
    """First sample of every whole window of a stream. [samples], shape (windows,)

    A rest shorter than a window is dropped, as a device drops it when the stream stops.
    """
    if length < 1 or hop < 1:
        raise ValueError(f"a window needs a length and a hop of at least 1 sample, got {length} and {hop}")
    return np.arange(0, sample_count - length + 1, hop, dtype=np.int64)


@dataclass(frozen=True)
class Window:
    """Length and hop of the windows that a model sees, in samples of its stream."""

    sample_rate_hz: int
    length: int
    hop: int

    @property
    def length_s(self) -> float:
        """Length of one window. [s]"""
        return self.length / self.sample_rate_hz

    @property
    def hop_s(self) -> float:
        """Time from one window to the next. [s]"""
        return self.hop / self.sample_rate_hz

    def cut(self, stream: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """Every whole window of a stream (samples, ...). Shape (windows, length, ...)"""
        starts = window_starts(len(stream), self.length, self.hop)
        windows: npt.NDArray[np.generic] = stream[starts[:, None] + np.arange(self.length)[None, :]]
        return windows
