"""The World: everything chance decides, drawn once, before any engine runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powerplan.plan.plan import FloatArray, IntArray


@dataclass(frozen=True)
class Events:
    """What happens around the device, whether or not it is awake. Sorted by onset."""

    kinds: tuple[str, ...]
    """Names of the kinds of event."""
    kind: IntArray
    onset_ns: IntArray
    end_ns: IntArray
    target: NDArray[np.bool_]
    """Detecting this event is a hit for this cascade (events, cascades)."""
    missed: NDArray[np.bool_]
    """No sensor noticed the event at all, so that no task of this cascade was released (events, cascades)."""

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True)
class Activations:
    """When one task is released, and what each release will meet.

    Releases come in runs of equal spacing. Only candidates are listed with their draws: activations in which
    something can happen. All others are idle: every level rejects them.
    """

    run_start_ns: IntArray
    run_period_ns: IntArray
    run_count: IntArray
    candidate: IntArray
    """Ordinal of each candidate among the task's releases, increasing (candidates,)."""
    event: IntArray
    """Event the sample belongs to, or -1 (candidates,)."""
    score: FloatArray
    """Paired scores of all levels while the event is there (candidates, levels of the cascade)."""
    late_score: FloatArray
    """Scores of what is seen after the event is over (candidates, levels of the cascade)."""
    duration_ns: IntArray
    """Drawn duration, for phases that ask for one (candidates,)."""
    attempts: IntArray
    """Attempts a radio needs until it gets through, at least 1 (candidates,)."""

    @property
    def release_count(self) -> int:
        """Number of releases within the horizon."""
        return int(self.run_count.sum())


@dataclass(frozen=True)
class World:
    """All draws of one replica. Engines are functions of (Plan, World)."""

    horizon_ns: int
    bin_count: int
    """Hours after which the load is taken to repeat: 24 or 168; the ledger keeps one row an hour of it."""
    events: Events
    activations: tuple[Activations, ...]
    """One per task of the Plan; a task that others release has none of its own."""
    spawn_attempts: tuple[IntArray, ...]
    """Attempts of the n-th activation of each task that others release (repeated when they run out)."""


@dataclass(frozen=True)
class Block:
    """A stretch of a World: its releases, with ordinals counted from its start; its horizon is where it ends.

    Its events are those from the start of the World on, those of earlier blocks first.
    """

    world: World
    continues: tuple[bool, ...]
    """Whether the first run of a task goes on with the last run of the block before (tasks,)."""


def no_activations(level_count: int = 0) -> Activations:
    """A task that nothing in the World releases."""
    empty = np.empty(0, np.int64)
    scores = np.empty((0, level_count), np.float64)
    return Activations(empty, empty, empty, empty, empty, scores, scores, empty, empty)
