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
 AT_ORDER, AT_RUN_START, AT_RUN_PERIOD, AT_RUN_COUNT, AT_SPAWN_ATTEMPTS, AT_EVENT_END, AT_TARGET, AT_PATH, AT_STAY,
 AT_ENTERED, AT_PATH_LEVEL, AT_JOB, AT_PART_STATE, AT_REFRACTORY_UNTIL, AT_COUNT_TASK,
 AT_COUNT_LEVEL, AT_COUNT_CASCADE, AT_ENTRIES, AT_PATH_COUNT, AT_STAY_SLOT) = range(31)
HEADER = 31

# Phase columns
P_DURATION, P_DRAWN, P_STAGE, P_HOLDS, P_GUARD, P_PASS, P_FAIL, P_MARKS, P_SPAWN, P_SET_FIRST, P_SET_END, P_LEVEL = (
    range(12))
PHASE_WIDTH = 12

# Task columns; T_DURATION and T_ATTEMPTS say where the draws of candidate 0 would stand in `plan`
(T_ENTRY, T_QUEUE, T_CASCADE, T_RECORDS, T_PARENT, T_DEADLINE, T_RUN_FIRST, T_RUN_END, T_CANDIDATE_FIRST,
 T_CANDIDATE_END, T_SCORE_FIRST, T_SCORE_WIDTH, T_ATTEMPT_FIRST, T_ATTEMPT_COUNT, T_PATH_FIRST, T_PATH_COUNT,
 T_PLAIN, T_KEEPS_ALL, T_RANK, T_DURATION, T_ATTEMPTS) = range(21)
TASK_WIDTH = 21

# Cascade columns
C_REFRACTORY, C_CONFIRM, C_OF, C_FINAL, C_SLEEPS = range(5)
CASCADE_WIDTH = 5

# Level columns
L_CASCADE, L_NUMBER = range(2)

# State columns
S_PART, S_WEIGHT = range(2)

# Path columns (a path is an undisturbed activation that a level rejects)
(A_DURATION, A_FIRST_CHANGE, A_LAST_CHANGE, A_STAY_FIRST, A_STAY_END, A_ENTER_FIRST, A_ENTER_END, A_TOUCHES,
 A_LEVEL_FIRST, A_LEVEL_END) = range(10)
PATH_WIDTH = 10

# Scalars of a run; before G_LATER nothing else happens than the activation that is played, G_CROWDED: a queue is full
(G_NOW, G_CODE, G_SLOT, G_SINCE, G_HOUR_END, G_BIN, G_FREE, G_MOVED, G_ARMED, G_WAITING, G_CLOSING, G_ROWS, G_CODES,
 G_FIRST, G_LATER, G_RELEASES, G_CROWDED) = range(17)
SCALARS = 17

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

# Row columns; stages follow
(W_TASK, W_ORDINAL, W_EVENT, W_PARENT, W_RELEASED, W_STARTED, W_DECIDED, W_ACTION, W_ENDED, W_OUTCOME) = range(10)
W_STAGES = 10
ROW_WIDTH = W_STAGES + STAGES

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
    seen: Ints
    """Smallest outcome of each event for each cascade (events, cascades)."""
    candidate: Ints
    event: Ints
    score: Floats
    late: Floats
    limit: Floats
    """Lowest and highest score that passes (levels, 2)."""
