"""The small vocabularies that Plans, Worlds and engines share, as integers."""

from __future__ import annotations

from enum import IntEnum

NS_PER_S = 1_000_000_000
NS_PER_HOUR = 3_600 * NS_PER_S
NS_PER_DAY = 24 * NS_PER_HOUR


class Guard(IntEnum):
    """What decides which phase follows."""

    NONE = 0
    """Always the pass branch."""
    LEVEL = 1
    """Pass when the score of the sample lies inside the level's limits and the confirmation rule holds."""
    DECIDE = 2
    """Pass when the cascade is not inside its refractory time: a detection."""
    ATTEMPT = 3
    """Pass when the drawn number of attempts is used up; else the attempt is repeated."""
    ACCEPT = 4
    """Pass when the score lies inside the limits of the level; neither way is an outcome: the sure skip a level."""


class Mark(IntEnum):
    """What a phase's start means, as bits."""

    SAMPLE = 1
    """The world is sampled here: an event that is over by now is not seen any more."""
    ACTION = 2
    """The first visible action of the task starts here."""


class Stage(IntEnum):
    """Where the time of an activation goes."""

    WAIT = 0
    """From the onset of the event to the release of the task (sensor delay, window filling, sampling period)."""
    QUEUE = 1
    """Released or ready, but something it needs is taken."""
    WAKE = 2
    CAPTURE = 3
    FEATURES = 4
    LEVEL1 = 5
    LEVEL2 = 6
    LEVEL3 = 7
    LEVEL4 = 8
    ACTION = 9
    SEND = 10
    OTHER = 11


STAGE_NAMES = tuple(stage.name.lower() for stage in Stage)


class Outcome(IntEnum):
    """How one activation of a cascade task ended; misses of an event take the smallest code of its activations."""

    DETECTED = 0
    TRIGGER_MISSED = 1
    NOT_SAMPLED = 2
    BUSY = 3
    REFRACTORY = 4
    REJECTED_BY_LEVEL_1 = 5
    REJECTED_BY_LEVEL_2 = 6
    REJECTED_BY_LEVEL_3 = 7
    REJECTED_BY_LEVEL_4 = 8
    NOT_CONFIRMED = 9
    DEADLINE = 10
    BROWNED_OUT = 11
    CUT = 12
    """The horizon came first; counted nowhere."""
    DONE = 13
    """A task without a cascade ran to its end."""


OUTCOME_NAMES = tuple(outcome.name.lower() for outcome in Outcome)


def rejected_by(level: int) -> Outcome:
    """Outcome of a sample that the level with this number (from 0) did not let pass."""
    return Outcome(Outcome.REJECTED_BY_LEVEL_1 + level)
