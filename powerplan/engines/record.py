"""What an engine returns: integers only, so that engines are compared with ==."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from powerplan.plan.plan import IntArray


@dataclass(frozen=True)
class Rows:
    """One row per recorded activation, sorted by task and ordinal. Times in ns from the start; -1 is never."""

    task: IntArray
    ordinal: IntArray
    """Number among the task's releases; for an action, among the detections that asked for it."""
    event: IntArray
    parent_ordinal: IntArray
    """For an action: ordinal of the activation whose detection released it, else -1."""
    released_ns: IntArray
    started_ns: IntArray
    decided_ns: IntArray
    action_ns: IntArray
    """Start of the first visible action of this row's own task."""
    ended_ns: IntArray
    outcome: IntArray
    stage_ns: IntArray
    """Time by stage (rows, stages)."""

    @classmethod
    def later(cls, listing: Callable[[], Rows]) -> Rows:
        """Rows that are listed when one of their columns is first asked for."""
        rows = cls.__new__(cls)
        object.__setattr__(rows, "_listing", listing)
        return rows

    def __getattr__(self, name: str) -> IntArray:
        listing = vars(self).get("_listing")
        if name.startswith("_") or listing is None:
            raise AttributeError(name)
        vars(self).update(vars(listing()))
        column: IntArray = vars(self)[name]
        return column

    def __len__(self) -> int:
        return len(self.task)


@dataclass(frozen=True)
class Record:
    """Result of one (Plan, World) pair."""

    horizon_ns: int
    state_ns: IntArray
    state_entries: IntArray
    joint_code: IntArray
    """Joint states of all parts that were visited, sorted (joints,)."""
    joint_ns: IntArray
    """Time in each joint state by hour bin (bins, joints)."""
    joint_entries: IntArray
    joint_longest_ns: IntArray
    task_released: IntArray
    task_dropped: IntArray
    task_finished: IntArray
    level_seen: IntArray
    level_passed: IntArray
    detections: IntArray
    """Final decisions that led to an action (cascades,)."""
    hits: IntArray
    repeats: IntArray
    false_alarms: IntArray
    suppressed: IntArray
    """Final passes inside the refractory time (cascades,)."""
    event_outcome: IntArray
    """Outcome of each event for each cascade, CUT where it does not count (events, cascades)."""
    rows: Rows

    def differences(self, other: Record) -> list[str]:
        """Names of the arrays in which two records differ; empty when they are equal."""
        return [*_differing(self, other, ""), *_differing(self.rows, other.rows, "rows.")]


def _differing(left: object, right: object, prefix: str) -> list[str]:
    names = []
    for spec in fields(left):  # type: ignore[arg-type]
        one, two = getattr(left, spec.name), getattr(right, spec.name)
        if isinstance(one, Rows):
            continue
        if not np.array_equal(one, two):
            names.append(prefix + spec.name)
    return names


def event_outcomes(code_of_event: NDArray[np.int64], target: NDArray[np.bool_], missed: NDArray[np.bool_],
                   late: NDArray[np.bool_]) -> IntArray:
    """Outcome of each event for each cascade, from the smallest code of its activations. (events, cascades)

    `code_of_event` holds the largest integer where no activation met the event; `late` marks events that run past
    the horizon and therefore do not count.
    """
    from powerplan.plan.codes import Outcome

    outcome = np.where(code_of_event == np.iinfo(np.int64).max, Outcome.NOT_SAMPLED, code_of_event)
    outcome = np.where(missed & (outcome != Outcome.DETECTED), Outcome.TRIGGER_MISSED, outcome)
    counted = target & ~late[:, None]
    return np.where(counted, outcome, Outcome.CUT).astype(np.int64)
