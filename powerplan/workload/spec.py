"""What the World is drawn from: rates, sensors, releases and score clips, without any draw."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from powerplan.components.base import Interrupt
from powerplan.plan.plan import FloatArray, IntArray


@dataclass(frozen=True)
class Length:
    """A duration that may differ from one event to the next."""

    typical_ns: int
    low_ns: int | None = None
    high_ns: int | None = None
    """With limits, lengths are uniform between them (`per: activation`)."""


@dataclass(frozen=True)
class EventKind:
    """One kind of event."""

    name: str
    rate_per_s: float
    lasts: Length
    label_of: dict[str, str]
    """Scenario label for each cascade that knows one."""
    hour_weights: tuple[float, ...]
    """24 weights with mean 1."""
    seen_by: tuple[str, ...]
    during: str | None = None
    burst_count: int = 1
    """Events of one group; groups come at `rate_per_s` / `burst_count`."""
    burst_ns: int = 0
    """Time over which a group is spread."""


@dataclass(frozen=True)
class StateKind:
    """A lasting state of the world: bouts of a mean length, active a share of the time."""

    name: str
    active_fraction: float
    bout_ns: int
    seen_by: tuple[str, ...] = ()


STRATUM_SHARES = (0.5, 0.9, 0.99, 0.999, 0.9999)
"""Quantiles of level-1 scores between which background samples get a random stream of their own."""


@dataclass(frozen=True, eq=False)
class Clips:
    """All clips of one label: rows of paired scores, in time within each clip."""

    first_row: IntArray
    """Start of each clip's rows, with one more entry for the end (clips + 1,)."""
    score: FloatArray
    """(rows, levels)"""

    @property
    def count(self) -> int:
        """Number of clips."""
        return len(self.first_row) - 1

    @cached_property
    def size(self) -> IntArray:
        """Rows of each clip (clips,)."""
        return np.diff(self.first_row)

    @cached_property
    def strata(self) -> tuple[IntArray, ...]:
        """Rows by how high their level-1 score is, lowest first."""
        score = self.score[:, 0]
        edges = np.unique(np.quantile(score, STRATUM_SHARES))
        stratum = np.searchsorted(edges, score, side="right")
        return tuple(np.flatnonzero(stratum == level) for level in range(len(edges) + 1))


@dataclass(frozen=True)
class EvenOutcomes:
    """Shares of decisions instead of scores: this share of level 1, and of the last level, passes."""

    escalate_fraction: float
    detect_fraction: float


NOTHING_ROW, PASSED_ROW, DETECTED_ROW = range(3)
"""First rows of every table of scores: no level passes, all but the last one pass, all pass."""


@dataclass(frozen=True)
class CascadeWorld:
    """What the World needs to know of one cascade."""

    name: str
    level_count: int
    target: str | None
    clips: dict[str, Clips]
    """By scenario label; empty when there are outcomes instead."""
    outcomes: EvenOutcomes | None
    background: dict[str, float | None]
    """Scenario label -> share of the time, None for the rest."""
    within_event: str
    grace_ns: int
    low_score: float
    high_score: float
    """Level-1 scores outside these limits can never pass: such windows are idle."""

    @cached_property
    def table(self) -> FloatArray:
        """All scores that a window can meet: nothing at all, the two outcomes, the clips of every label.

        (rows, levels)
        """
        few = np.ones((3, self.level_count))
        few[NOTHING_ROW] = -np.inf
        few[PASSED_ROW, max(self.level_count - 1, 1):] = 0.0
        return np.concatenate([few, *(clips.score for clips in self.clips.values())])

    @cached_property
    def first_row(self) -> dict[str, int]:
        """Where the clips of each label begin in the table."""
        begin = np.cumsum([3, *(len(clips.score) for clips in self.clips.values())])
        return dict(zip(self.clips, begin.tolist(), strict=False))


@dataclass(frozen=True)
class Periodic:
    """Released every period, all day or from the beginning of each span of hours to its end."""

    period_ns: int
    offset_ns: int
    hours: tuple[tuple[int, int], ...] = ()
    """First hour and end hour of each span, in order; none is all day."""


@dataclass(frozen=True)
class OnInterrupt:
    """Released by a sensor's interrupt."""

    sensor: str


@dataclass(frozen=True)
class OnEvent:
    """Released by every event of a kind."""

    kind: str


@dataclass(frozen=True)
class Stream:
    """Released once per hop while the stream runs; the window of a release ends `lead_ns` after it."""

    window_ns: int
    hop_ns: int
    lead_ns: int
    start_up_ns: int
    gate: str | None = None
    """Sensor whose interrupt opens the stream; None is always open."""
    hold_ns: int = 0


@dataclass(frozen=True)
class GateOpen:
    """Released when a stream's gate opens, with the time it stays open as drawn duration."""

    gate: str | None
    hold_ns: int
    start_up_ns: int


@dataclass(frozen=True)
class Spawned:
    """Released by detections of another task."""


@dataclass(frozen=True)
class LockOutRule:
    """So many events of these kinds within a time stop the releases of a task for a while."""

    kinds: tuple[str, ...]
    after: int
    within_ns: int
    lasts_ns: int


@dataclass(frozen=True)
class TaskWorld:
    """What the World needs to know of one task."""

    name: str
    release: Periodic | OnInterrupt | OnEvent | Stream | GateOpen | Spawned
    cascade: str | None = None
    success_fraction: float = 1.0
    """Probability that one radio attempt gets through."""
    attempt_limit: int = 1
    lock_out: LockOutRule | None = None


@dataclass(frozen=True)
class WorldSpec:
    """Everything the World is drawn from."""

    tasks: tuple[TaskWorld, ...]
    events: tuple[EventKind, ...] = ()
    states: tuple[StateKind, ...] = ()
    sensors: dict[str, Interrupt] = field(default_factory=dict)
    cascades: tuple[CascadeWorld, ...] = ()
    even: bool = False
    """Everything spaced evenly, nothing random."""

    def cascade(self, name: str) -> CascadeWorld:
        """The cascade of that name."""
        return next(cascade for cascade in self.cascades if cascade.name == name)


def clips_from(rows: list[FloatArray], level_count: int) -> Clips:
    """Clips from one array of rows per clip."""
    first = np.cumsum([0, *(len(clip) for clip in rows)]).astype(np.int64)
    score = np.concatenate(rows) if rows else np.empty((0, level_count))
    return Clips(first, np.ascontiguousarray(score, np.float64))
