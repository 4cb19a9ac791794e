"""How Plans, Worlds and books lie in arrays: column numbers, and the bundle that every function gets.

Tables lie one after the other in two flat arrays, `plan` (only read) and `state` (everything that is under way), so
that the bundle stays small: a call hands over every field of every array, and compiling it takes time for each.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NEVER = (1 << 63) - 1
HOUR_NS = 3_600_000_000_000
STAGES = 12

# Status of `advance`: why it came back.
DONE, ROWS_FULL, QUEUE_FULL, CODES_FULL = 0, 1, 2, 3

# Header of `plan`: numbers, and where each table starts. Tables from AT_JOB on lie in `state`.
(AT_TASKS, AT_BINS, AT_CASCADES, AT_STAYS, AT_PHASE, AT_SET_STATE, AT_TASK, AT_CASCADE, AT_LEVEL, AT_STATE, AT_REST,
 AT_ORDER, AT_RUN_START, AT_RUN_PERIOD, AT_RUN_COUNT, AT_SPAWN_ATTEMPTS, AT_EVENT_END, AT_TARGET, AT_NODE, AT_LEAF,
 AT_LEAF_STAGE, AT_STAY, AT_ENTERED, AT_SEEN, AT_PASSED, AT_JOB, AT_PART_STATE, AT_REFRACTORY_UNTIL, AT_COUNT_TASK,
 AT_COUNT_LEVEL, AT_COUNT_CASCADE, AT_ENTRIES, AT_LEAF_TOTAL, AT_LEAF_HOUR, AT_STAY_SLOT) = range(35)
HEADER = 35

# Phase columns
P_DURATION, P_DRAWN, P_STAGE, P_HOLDS, P_GUARD, P_PASS, P_FAIL, P_MARKS, P_SPAWN, P_SET_FIRST, P_SET_END, P_LEVEL = (
    range(12))
PHASE_WIDTH = 12

# Task columns. T_DURATION, T_ATTEMPTS, T_LISTED, T_MET: where the draws, ordinals and events of its candidates stand in
# `plan`; T_LISTED and T_MET -1 where they are `candidate` and `event`. T_ASKS: parts of the first phase, none where
# releases may be slept through. Of its template: root node, leaves, leaf of idle releases, no drawn durations, every
# way known, attempts held, parts, longest way, last change, candidates without events leave neither row nor memory, all
# ways begin alike, parts held from start to end.
(T_ENTRY, T_QUEUE, T_CASCADE, T_RECORDS, T_PARENT, T_DEADLINE, T_RUN_FIRST, T_RUN_END, T_CANDIDATES, T_LISTED,
 T_MET, T_SCORE_FIRST, T_SCORE_WIDTH, T_ATTEMPT_FIRST, T_ATTEMPT_COUNT, T_KEEPS_ALL, T_RANK, T_DURATION,
 T_ATTEMPTS, T_ROOT, T_LEAF_FIRST, T_LEAF_END, T_IDLE, T_PLAIN, T_WHOLE, T_TRIES, T_TOUCHES, T_LONGEST, T_LAST,
 T_QUICK, T_ALIKE, T_ASKS, T_HELD) = range(33)
TASK_WIDTH = 33

# Cascade columns
C_REFRACTORY, C_CONFIRM, C_OF, C_FINAL, C_SLEEPS = range(5)
CASCADE_WIDTH = 5

# Level columns
L_CASCADE, L_NUMBER, L_COLUMN = range(3)
LEVEL_WIDTH = 3

# State columns
S_PART, S_WEIGHT = range(2)

# Node columns of templates (a decision); followers are nodes, or -1 - a leaf
D_GUARD, D_LEVEL, D_OFFSET, D_SAMPLE, D_PASS, D_FAIL, D_ATTEMPT, D_COLUMN = range(8)
NODE_WIDTH = 8

# Leaf columns of templates (one way through a task that nothing disturbs)
(A_DECIDED, A_ACTION, A_DURATION, A_TOUCHES, A_FIRST_CHANGE, A_LAST_CHANGE, A_STAY_FIRST, A_STAY_END, A_ENTER_FIRST,
 A_ENTER_END, A_SEEN_FIRST, A_SEEN_END, A_PASSED_FIRST, A_PASSED_END, A_SAMPLE, A_SPAWN) = range(16)
LEAF_WIDTH = 16

# Stay columns
Y_OFFSET, Y_LASTS, Y_STEP = range(3)
STAY_WIDTH = 3

# Scalars of a run; before G_LATER nothing else happens than the activation that is played, G_CROWDED: a queue is full,
# G_DETECTED: the last template decided so
(G_NOW, G_CODE, G_SLOT, G_SINCE, G_HOUR_END, G_BIN, G_FREE, G_MOVED, G_ARMED, G_WAITING, G_CLOSING, G_ROWS, G_CODES,
 G_FIRST, G_LATER, G_RELEASES, G_CROWDED, G_WALKED, G_DETECTED) = range(19)
SCALARS = 19

# One task's activation under way, its releases and its memory
IDLE, RUNS, WAITS = 0, 1, 2
(J_STATE, J_PHASE, J_HELD, J_MISSING, J_ASKED, J_END, J_ORDINAL, J_RELEASED, J_CANDIDATE, J_EVENT, J_PARENT,
 J_UNBROKEN, J_LATE, J_STARTED, J_DECIDED, J_ACTION, J_ATTEMPT, J_OUTCOME, J_LASTS,
 R_RUN, R_TURN, R_FIRST, R_ORDINAL, R_TIME, R_CANDIDATE, Q_HEAD, Q_COUNT, Q_ARRIVING, H_BITS, H_LAST, M_LOST,
 M_SLEPT, M_CODE) = range(33)
J_STAGES = 33
JOB_WIDTH = J_STAGES + STAGES

# Queue columns
Q_ORDINAL, Q_RELEASED, Q_CANDIDATE, Q_EVENT, Q_PARENT, Q_UNBROKEN = range(6)
QUEUE_WIDTH = 6

# Row columns; W_WAY: 1 + the leaf that it took, -1 - its row of `walked`, or 0 where it was lost
W_TASK, W_ORDINAL, W_EVENT, W_PARENT, W_RELEASED, W_STARTED, W_OUTCOME, W_WAY = range(8)
ROW_WIDTH = 8

# Moments of a row: the columns of a leaf that say when they are, and the last columns of `walked`
DECIDED, ACTED, ENDED = A_DECIDED, A_ACTION, A_DURATION
MOMENTS = 3

# Guards, marks, stages and outcomes, as in `powerplan.plan.codes`
GUARD_NONE, GUARD_LEVEL, GUARD_DECIDE, GUARD_ATTEMPT, GUARD_ACCEPT = 0, 1, 2, 3, 4
SAMPLE, ACTION = 1, 2
QUEUED = 1
(DETECTED, TRIGGER_MISSED, NOT_SAMPLED, BUSY, REFRACTORY, REJECTED, NOT_CONFIRMED, DEADLINE, CUT, FINISHED) = (
    0, 1, 2, 3, 4, 5, 9, 10, 12, 13)

# Counts
N_RELEASED, N_DROPPED, N_FINISHED = range(3)
N_SEEN, N_PASSED = range(2)
N_DETECTIONS, N_HITS, N_REPEATS, N_FALSE, N_SUPPRESSED = range(5)

# Joint state columns; time by hour bin follows
K_CODE, K_ENTRIES, K_LONGEST, K_BINS = range(4)


class Run(NamedTuple):
    """One run of a Plan in a World."""

    plan: Ints
    """Header and tables of the Plan and of the smaller parts of the World."""
    state: Ints
    """Scalars, one block per task, and counts."""
    queue: NDArray[np.int64]
    """Waiting activations (tasks, places, columns), rings."""
    ledger: Ints
    """Hash table of joint states (slots, columns); code -1 where free."""
    row: Ints
    walked: Ints
    """Time by stage and moments of the rows of activations that were walked (rows, stages + moments)."""
    seen: Ints
    """Smallest outcome of each event for each cascade (events, cascades)."""
    candidate: Ints
    """Ordinals of the candidates of the task that has most; those of other tasks lie in `plan`."""
    event: Ints
    """Their events."""
    score: Floats
    late: Floats
    limit: Floats
    """Lowest and highest score that passes (levels, 2)."""


def bare(r: Run) -> Run:
    """The run as compiled code likes it (see `bare`); plain Python takes the arrays themselves."""
    return r
