"""The walk through the phases: what is next, and what the start and the end of a phase do.

The same semantics as `powerplan.engines.reference`, one job per task, found by a scan over the tasks.
"""

from __future__ import annotations

from powerplan.engines.compiled.books import close, enter, give_back, note
from powerplan.engines.compiled.layout import (
    AT_BINS,
    AT_CASCADE,
    AT_CASCADES,
    AT_COUNT_CASCADE,
    AT_COUNT_LEVEL,
    AT_COUNT_TASK,
    AT_EVENT_END,
    AT_JOB,
    AT_LEVEL,
    AT_ORDER,
    AT_PHASE,
    AT_REFRACTORY_UNTIL,
    AT_RUN_COUNT,
    AT_RUN_PERIOD,
    AT_SET_STATE,
    AT_SPAWN_ATTEMPTS,
    AT_STAYS,
    AT_TARGET,
    AT_TASK,
    AT_TASKS,
    C_FINAL,
    C_REFRACTORY,
    C_SLEEPS,
    CASCADE_WIDTH,
    CODES_FULL,
    DONE,
    G_ARMED,
    G_CLOSING,
    G_CODES,
    G_CROWDED,
    G_FIRST,
    G_FREE,
    G_LATER,
    G_NOW,
    G_RELEASES,
    G_ROWS,
    G_WAITING,
    IDLE,
    J_ACTION,
    J_ASKED,
    J_ATTEMPT,
    J_CANDIDATE,
    J_DECIDED,
    J_END,
    J_EVENT,
    J_HELD,
    J_LASTS,
    J_LATE,
    J_MISSING,
    J_ORDINAL,
    J_OUTCOME,
    J_PARENT,
    J_PHASE,
    J_RELEASED,
    J_STAGES,
    J_STARTED,
    J_STATE,
    J_UNBROKEN,
    JOB_WIDTH,
    L_CASCADE,
    L_NUMBER,
    M_LOST,
    M_SLEPT,
    N_DETECTIONS,
    N_DROPPED,
    N_FALSE,
    N_FINISHED,
    N_HITS,
    N_PASSED,
    N_RELEASED,
    N_REPEATS,
    N_SEEN,
    N_SUPPRESSED,
    NEVER,
    P_DRAWN,
    P_DURATION,
    P_FAIL,
    P_GUARD,
    P_HOLDS,
    P_LEVEL,
    P_MARKS,
    P_PASS,
    P_SET_END,
    P_SET_FIRST,
    P_SPAWN,
    P_STAGE,
    PHASE_WIDTH,
    Q_ARRIVING,
    Q_CANDIDATE,
    Q_COUNT,
    Q_EVENT,
    Q_HEAD,
    Q_ORDINAL,
    Q_PARENT,
    Q_RELEASED,
    Q_UNBROKEN,
    QUEUE_FULL,
    QUEUE_WIDTH,
    R_CANDIDATE,
    R_FIRST,
    R_ORDINAL,
    R_RUN,
    R_TIME,
    R_TURN,
    ROWS_FULL,
    RUNS,
    STAGES,
    T_ATTEMPT_COUNT,
    T_ATTEMPT_FIRST,
    T_ATTEMPTS,
    T_CANDIDATE_END,
    T_CANDIDATE_FIRST,
    T_CASCADE,
    T_DEADLINE,
    T_DURATION,
    T_ENTRY,
    T_KEEPS_ALL,
    T_QUEUE,
    T_RANK,
    T_RECORDS,
    T_SCORE_FIRST,
    T_SCORE_WIDTH,
    TASK_WIDTH,
    W_ENDED,
    W_EVENT,
    W_ORDINAL,
    W_OUTCOME,
    W_PARENT,
    W_RELEASED,
    W_STARTED,
    W_TASK,
    WAITS,
    Run,
)
from powerplan.engines.compiled.skip import confirmed, settle, skip

GUARD_NONE, GUARD_LEVEL, GUARD_DECIDE, GUARD_ATTEMPT = 0, 1, 2, 3
SAMPLE, ACTION = 1, 2
QUEUED = 1
DETECTED, BUSY, REFRACTORY, REJECTED, NOT_CONFIRMED, DEADLINE, CUT, FINISHED = 0, 3, 4, 5, 9, 10, 12, 13


# --- releases ---------------------------------------------------------------------------------------------------


def take_release(r: Run, task: int) -> int:
    """Pass over the next release; returns its candidate or -1."""
    p, s = r.plan, r.state
    spec = p[p[AT_TASK] + task * TASK_WIDTH:]
    own = s[p[AT_JOB] + task * JOB_WIDTH:]
    candidate, number = -1, own[R_CANDIDATE]
    if number < spec[T_CANDIDATE_END] and r.candidate[number] == own[R_ORDINAL]:
        candidate = number
        own[R_CANDIDATE] = number + 1
    own[R_ORDINAL] += 1
    own[R_TURN] += 1
    run = own[R_RUN]
    if own[R_TURN] < p[p[AT_RUN_COUNT] + run]:
        own[R_TIME] += p[p[AT_RUN_PERIOD] + run]
    else:
        settle(r, task)
    return candidate


def load_release(r: Run, task: int) -> None:
    """The next release becomes the present activation of its task."""
    p, s = r.plan, r.state
    own = s[p[AT_JOB] + task * JOB_WIDTH:]
    own[J_ORDINAL] = own[R_ORDINAL]
    own[J_RELEASED] = own[R_TIME]
    own[J_PARENT] = -1
    own[J_UNBROKEN] = max(own[R_FIRST], own[M_LOST] + 1)
    candidate = take_release(r, task)
    own[J_CANDIDATE] = candidate
    own[J_EVENT] = r.event[candidate] if candidate >= 0 else -1
    s[p[AT_COUNT_TASK] + task * 3 + N_RELEASED] += 1


def load_waiting(r: Run, task: int) -> None:
    """The first waiting activation becomes the present one."""
    p, s = r.plan, r.state
    own = s[p[AT_JOB] + task * JOB_WIDTH:]
    place = r.queue[task, own[Q_HEAD]]
    own[J_ORDINAL] = place[Q_ORDINAL]
    own[J_RELEASED] = place[Q_RELEASED]
    own[J_CANDIDATE] = place[Q_CANDIDATE]
    own[J_EVENT] = place[Q_EVENT]
    own[J_PARENT] = place[Q_PARENT]
    own[J_UNBROKEN] = place[Q_UNBROKEN]
    own[Q_HEAD] = (own[Q_HEAD] + 1) % r.queue.shape[1]
    own[Q_COUNT] -= 1


def last_place(r: Run, task: int) -> int:
    """Place behind all that wait and arrive."""
    own = r.state[r.plan[AT_JOB] + task * JOB_WIDTH:]
    return int((own[Q_HEAD] + own[Q_COUNT] + own[Q_ARRIVING]) % r.queue.shape[1])


def admit(r: Run, task: int, before_ns: int) -> bool:
    """Releases that came while an activation ran wait or are lost; False when there is no room for their rows."""
    p, s = r.plan, r.state
    spec = p[p[AT_TASK] + task * TASK_WIDTH:]
    own = s[p[AT_JOB] + task * JOB_WIDTH:]
    if spec[T_KEEPS_ALL]:
        return True
    limit = spec[T_QUEUE]
    while own[R_TIME] < before_ns:
        if s[G_ROWS] >= r.row.shape[0] or own[Q_COUNT] + 2 >= r.queue.shape[1]:
            s[G_CROWDED] = s[G_ROWS] < r.row.shape[0]
            return False
        place = r.queue[task, last_place(r, task)]
        place[Q_ORDINAL] = own[R_ORDINAL]
        place[Q_RELEASED] = own[R_TIME]
        place[Q_UNBROKEN] = max(own[R_FIRST], own[M_LOST] + 1)
        candidate = take_release(r, task)
        place[Q_CANDIDATE] = candidate
        place[Q_EVENT] = r.event[candidate] if candidate >= 0 else -1
        place[Q_PARENT] = -1
        s[p[AT_COUNT_TASK] + task * 3 + N_RELEASED] += 1
        if own[Q_COUNT] < limit:
            own[Q_COUNT] += 1
        else:
            drop(r, task, last_place(r, task))
    return True


def drop(r: Run, task: int, at: int) -> None:
    """The activation at a place of the queue is lost: the task is busy and its queue is full."""
    p, s = r.plan, r.state
    own, place = s[p[AT_JOB] + task * JOB_WIDTH:], r.queue[task, at]
    s[p[AT_COUNT_TASK] + task * 3 + N_DROPPED] += 1
    own[M_LOST] = max(own[M_LOST], place[Q_ORDINAL])
    cascade, event = p[p[AT_TASK] + task * TASK_WIDTH + T_CASCADE], place[Q_EVENT]
    if cascade >= 0 and event >= 0 and r.seen[event, cascade] > BUSY:
        r.seen[event, cascade] = BUSY
    if event < 0 and not p[p[AT_TASK] + task * TASK_WIDTH + T_RECORDS]:
        return
    row = r.row[s[G_ROWS]]
    s[G_ROWS] += 1
    row[:] = 0
    row[W_TASK] = task
    row[W_ORDINAL] = place[Q_ORDINAL]
    row[W_EVENT] = event
    row[W_PARENT] = place[Q_PARENT]
    row[W_RELEASED] = place[Q_RELEASED]
    row[W_STARTED:W_ENDED + 1] = -1
    row[W_OUTCOME] = BUSY


def spawn(r: Run, task: int, event: int, parent: int) -> None:
    """A detection releases an action; like every release it comes after all ends of the instant."""
    p, s = r.plan, r.state
    released = p[AT_COUNT_TASK] + task * 3 + N_RELEASED
    place = r.queue[task, last_place(r, task)]
    place[Q_ORDINAL] = s[released]
    place[Q_RELEASED] = s[G_NOW]
    place[Q_CANDIDATE] = -1
    place[Q_EVENT] = event
    place[Q_PARENT] = parent
    place[Q_UNBROKEN] = 0
    own = s[p[AT_JOB] + task * JOB_WIDTH:]
    s[released] += 1
    own[Q_ARRIVING] += 1
    s[G_LATER] = s[G_NOW]
    if own[Q_COUNT] + own[Q_ARRIVING] + 1 >= r.queue.shape[1]:
        s[G_CROWDED] = 1


def arrives(r: Run, task: int) -> bool:
    """The first arriving action is loaded, waits, or is lost; True when it starts now."""
    p, s = r.plan, r.state
    own = s[p[AT_JOB] + task * JOB_WIDTH:]
    own[Q_ARRIVING] -= 1
    if own[J_STATE] == IDLE:
        own[Q_COUNT] += 1
        load_waiting(r, task)
        return True
    if own[Q_COUNT] < p[p[AT_TASK] + task * TASK_WIDTH + T_QUEUE]:
        own[Q_COUNT] += 1
        return False
    places = r.queue.shape[1]
    at = (own[Q_HEAD] + own[Q_COUNT]) % places
    drop(r, task, at)
    for _ in range(own[Q_ARRIVING]):
        after = (at + 1) % places
        for column in range(QUEUE_WIDTH):
            r.queue[task, at, column] = r.queue[task, after, column]
        at = after
    return False


# --- one activation ---------------------------------------------------------------------------------------------


def reset(r: Run, task: int) -> None:
    """The loaded activation has done nothing yet."""
    own = r.state[r.plan[AT_JOB] + task * JOB_WIDTH:]
    own[J_LATE] = 0
    own[J_STARTED] = -1
    own[J_DECIDED] = -1
    own[J_ACTION] = -1
    own[J_ATTEMPT] = 0
    own[J_HELD] = 0
    own[J_OUTCOME] = FINISHED
    own[J_STAGES:J_STAGES + STAGES] = 0


def wakes(r: Run, task: int) -> bool:
    """The loaded activation may begin; False when it is slept through."""
    p, s = r.plan, r.state
    own, spec = s[p[AT_JOB] + task * JOB_WIDTH:], p[p[AT_TASK] + task * TASK_WIDTH:]
    reset(r, task)
    cascade = spec[T_CASCADE]
    rule = p[p[AT_CASCADE] + cascade * CASCADE_WIDTH:]
    if cascade >= 0 and rule[C_SLEEPS] and own[J_RELEASED] < s[p[AT_REFRACTORY_UNTIL] + cascade]:
        own[M_SLEPT] = own[J_ORDINAL]
        own[J_OUTCOME] = REFRACTORY
        note(r, task)
        return False
    own[J_UNBROKEN] = max(own[J_UNBROKEN], own[M_SLEPT] + 1)
    return True


def enter_phase(r: Run, task: int, phase: int) -> None:
    """Give back what the phase does not hold, and take what it needs, or end."""
    p, s = r.plan, r.state
    step = p[p[AT_PHASE] + phase * PHASE_WIDTH:]
    own, now = s[p[AT_JOB] + task * JOB_WIDTH:], s[G_NOW]
    if phase < 0:
        give_back(r, own[J_HELD], now)
        own[J_STATE] = IDLE
        s[p[AT_COUNT_TASK] + task * 3 + N_FINISHED] += 1
        note(r, task)
        s[G_CLOSING] = task
        return
    holds = step[P_HOLDS]
    give_back(r, own[J_HELD] & ~holds, now)
    own[J_PHASE] = phase
    missing = holds & ~own[J_HELD]
    own[J_HELD] &= holds
    if missing and now < s[G_LATER] and s[G_WAITING] == 0 and missing & ~s[G_FREE] == 0:
        s[G_FREE] &= ~missing  # nobody else can ask at this instant
        own[J_HELD] |= missing
        begin(r, task)
    elif missing:
        own[J_STATE] = WAITS
        own[J_MISSING] = missing
        own[J_ASKED] = now
        s[G_WAITING] += 1
        s[G_ARMED] = 1
    else:
        begin(r, task)


def begin(r: Run, task: int) -> None:
    """The phase starts: everything it needs is held."""
    p, s = r.plan, r.state
    own, now = s[p[AT_JOB] + task * JOB_WIDTH:], s[G_NOW]
    phase = own[J_PHASE]
    step = p[p[AT_PHASE] + phase * PHASE_WIDTH:]
    marks = step[P_MARKS]
    if own[J_STARTED] < 0:
        own[J_STARTED] = now
        own[J_STAGES + QUEUED] = now - own[J_RELEASED]
    if marks & SAMPLE and own[J_EVENT] >= 0:
        own[J_LATE] = now >= p[p[AT_EVENT_END] + own[J_EVENT]]
    if marks & ACTION and own[J_ACTION] < 0:
        own[J_ACTION] = now
    for index in range(step[P_SET_FIRST], step[P_SET_END]):
        enter(r, p[p[AT_SET_STATE] + index], now)
    lasts = step[P_DURATION]
    if step[P_DRAWN]:
        lasts = p[p[p[AT_TASK] + task * TASK_WIDTH + T_DURATION] + own[J_CANDIDATE]] if own[J_CANDIDATE] >= 0 else 0
    own[J_LASTS] = lasts
    own[J_END] = now + lasts
    own[J_STATE] = RUNS


def end_phase(r: Run, task: int) -> int:
    """The phase is over: returns what follows."""
    p, s = r.plan, r.state
    own = s[p[AT_JOB] + task * JOB_WIDTH:]
    phase = own[J_PHASE]
    step = p[p[AT_PHASE] + phase * PHASE_WIDTH:]
    own[J_STAGES + step[P_STAGE]] += own[J_LASTS]
    guard = step[P_GUARD]
    passed = True
    if guard == GUARD_LEVEL:
        passed = level_passes(r, task, step[P_LEVEL])
    elif guard == GUARD_DECIDE:
        passed = detected(r, task)
    elif guard == GUARD_ATTEMPT:
        own[J_ATTEMPT] += 1
        passed = own[J_ATTEMPT] >= attempts_of(r, task)
    if passed and step[P_SPAWN] >= 0:
        spawn(r, step[P_SPAWN], own[J_EVENT], own[J_ORDINAL])
    return int(step[P_PASS] if passed else step[P_FAIL])


def attempts_of(r: Run, task: int) -> int:
    """Attempts the radio needs in the present activation."""
    p, s = r.plan, r.state
    spec = p[p[AT_TASK] + task * TASK_WIDTH:]
    own = s[p[AT_JOB] + task * JOB_WIDTH:]
    if own[J_CANDIDATE] >= 0:
        return int(p[spec[T_ATTEMPTS] + own[J_CANDIDATE]])
    count = spec[T_ATTEMPT_COUNT]
    if count == 0:
        return 1
    return int(p[p[AT_SPAWN_ATTEMPTS] + spec[T_ATTEMPT_FIRST] + own[J_ORDINAL] % count])


def level_passes(r: Run, task: int, level: int) -> bool:
    """Whether the sample passes a level."""
    p, s = r.plan, r.state
    spec = p[p[AT_TASK] + task * TASK_WIDTH:]
    own, now = s[p[AT_JOB] + task * JOB_WIDTH:], s[G_NOW]
    s[p[AT_COUNT_LEVEL] + level * 2 + N_SEEN] += 1
    number, cascade = p[p[AT_LEVEL] + level * 2 + L_NUMBER], p[p[AT_LEVEL] + level * 2 + L_CASCADE]
    rule = p[p[AT_CASCADE] + cascade * CASCADE_WIDTH:]
    passed = False
    candidate = own[J_CANDIDATE]
    if candidate >= 0:
        at = (spec[T_SCORE_FIRST]
              + (candidate - spec[T_CANDIDATE_FIRST]) * spec[T_SCORE_WIDTH] + number)
        score = r.late[at] if own[J_LATE] else r.score[at]
        passed = r.limit[level, 0] <= score <= r.limit[level, 1]
    if not passed:
        own[J_OUTCOME] = REJECTED + number
        own[J_DECIDED] = now
    elif number == 0 and not rule[C_FINAL] and not confirmed(
            r, task, own[J_ORDINAL], own[J_UNBROKEN]):
        passed = False
        own[J_OUTCOME] = NOT_CONFIRMED
        own[J_DECIDED] = now
    if passed:
        s[p[AT_COUNT_LEVEL] + level * 2 + N_PASSED] += 1
    return passed


def detected(r: Run, task: int) -> bool:
    """The final decision."""
    p, s = r.plan, r.state
    spec = p[p[AT_TASK] + task * TASK_WIDTH:]
    own, now = s[p[AT_JOB] + task * JOB_WIDTH:], s[G_NOW]
    cascade, deadline = spec[T_CASCADE], spec[T_DEADLINE]
    rule = p[p[AT_CASCADE] + cascade * CASCADE_WIDTH:]
    own[J_DECIDED] = now
    if rule[C_FINAL] and not confirmed(r, task, own[J_ORDINAL], own[J_UNBROKEN]):
        own[J_OUTCOME] = NOT_CONFIRMED
        return False
    if 0 <= deadline < now - own[J_RELEASED]:
        own[J_OUTCOME] = DEADLINE
        return False
    if now < s[p[AT_REFRACTORY_UNTIL] + cascade]:
        own[J_OUTCOME] = REFRACTORY
        s[p[AT_COUNT_CASCADE] + cascade * 5 + N_SUPPRESSED] += 1
        return False
    s[p[AT_REFRACTORY_UNTIL] + cascade] = now + rule[C_REFRACTORY]
    own[J_OUTCOME] = DETECTED
    s[p[AT_COUNT_CASCADE] + cascade * 5 + N_DETECTIONS] += 1
    event = own[J_EVENT]
    if event < 0 or own[J_LATE] or not p[p[AT_TARGET] + event * p[AT_CASCADES] + cascade]:
        s[p[AT_COUNT_CASCADE] + cascade * 5 + N_FALSE] += 1
    elif r.seen[event, cascade] == DETECTED:
        s[p[AT_COUNT_CASCADE] + cascade * 5 + N_REPEATS] += 1
    else:
        s[p[AT_COUNT_CASCADE] + cascade * 5 + N_HITS] += 1
        r.seen[event, cascade] = DETECTED
    return True


def grant(r: Run) -> None:
    """Give parts to all who can have everything they ask for: by rank, then the time they asked, then task."""
    p, s = r.plan, r.state
    s[G_ARMED] = 0
    now = s[G_NOW]
    for task in range(p[AT_TASKS]):
        if s[p[AT_JOB] + task * JOB_WIDTH + J_STATE] == WAITS:
            s[p[AT_JOB] + task * JOB_WIDTH + J_STATE] = WAITS + 1
    while True:
        best = s[G_CLOSING]  # -1 here; a literal would compile everything below twice
        for task in range(p[AT_TASKS]):
            if s[p[AT_JOB] + task * JOB_WIDTH + J_STATE] == WAITS + 1 and (best < 0 or before(r, task, best)):
                best = task
        if best < 0:
            break
        missing = s[p[AT_JOB] + best * JOB_WIDTH + J_MISSING]
        if missing & ~s[G_FREE]:
            s[p[AT_JOB] + best * JOB_WIDTH + J_STATE] = WAITS
            continue
        s[G_FREE] &= ~missing
        s[G_WAITING] -= 1
        s[p[AT_JOB] + best * JOB_WIDTH + J_STAGES + QUEUED] += now - s[p[AT_JOB] + best * JOB_WIDTH + J_ASKED]
        s[p[AT_JOB] + best * JOB_WIDTH + J_HELD] |= missing
        begin(r, best)


def before(r: Run, task: int, other: int) -> bool:
    """Whether a waiting task is served before another with a larger or smaller number."""
    p, s = r.plan, r.state
    spec = p[p[AT_TASK] + task * TASK_WIDTH:]
    rank, other_rank = spec[T_RANK], p[p[AT_TASK] + other * TASK_WIDTH + T_RANK]
    if rank != other_rank:
        return bool(rank < other_rank)
    asked, other_asked = s[p[AT_JOB] + task * JOB_WIDTH + J_ASKED], s[p[AT_JOB] + other * JOB_WIDTH + J_ASKED]
    return bool(asked < other_asked or (asked == other_asked and task < other))


# --- the run ----------------------------------------------------------------------------------------------------


def next_waiting(r: Run, task: int) -> bool:
    """Load the next activation of a task that is free again, if one waits."""
    p, s = r.plan, r.state
    own = s[p[AT_JOB] + task * JOB_WIDTH:]
    if p[p[AT_TASK] + task * TASK_WIDTH + T_KEEPS_ALL]:
        if own[R_TIME] >= s[G_NOW]:
            return False
        load_release(r, task)
        return True
    if own[Q_COUNT] == 0:
        return False
    load_waiting(r, task)
    return True


def room(r: Run) -> int:
    """Why the next step might not find a place for what it writes, or DONE."""
    p, s = r.plan, r.state
    if s[G_ROWS] + 2 >= r.row.shape[0]:
        return ROWS_FULL
    if 2 * (s[G_CODES] + p[AT_STAYS] + 4) >= r.ledger.shape[0]:
        return CODES_FULL
    return QUEUE_FULL if s[G_CROWDED] else DONE


def earliest(r: Run) -> int:
    """Task of the next event, -1 where there is none; its time and what comes after it stand in the scalars."""
    p, s = r.plan, r.state
    first_ns, later_ns, releases = NEVER, NEVER, 0
    chosen = s[G_CLOSING]  # -1 here; a literal would compile everything below twice
    for place in range(p[AT_TASKS]):
        task = p[p[AT_ORDER] + place]
        own = s[p[AT_JOB] + task * JOB_WIDTH:]
        state = own[J_STATE]
        if state == RUNS:
            at_ns = own[J_END]
            if at_ns < first_ns or (at_ns == first_ns and releases):
                later_ns, first_ns, chosen, releases = first_ns, at_ns, task, 0
            elif at_ns < later_ns:
                later_ns = at_ns
        if own[Q_ARRIVING] > 0:
            at_ns = s[G_NOW]
        elif state == IDLE:
            at_ns = own[R_TIME]
        else:
            continue
        if at_ns < first_ns:
            later_ns, first_ns, chosen, releases = first_ns, at_ns, task, 1
        elif at_ns < later_ns:
            later_ns = at_ns
    s[G_FIRST], s[G_LATER], s[G_RELEASES] = first_ns, later_ns, releases
    return int(chosen)


def advance(r: Run, until_ns: int) -> int:
    """Play everything before a moment; comes back earlier when an array is full, and goes on when called again.

    What one activation does while nothing else happens is played in one go, without looking for the next event.
    """
    p, s = r.plan, r.state
    while True:
        status = room(r)
        if status != DONE:
            return status
        task, begins = s[G_CLOSING], True
        if task >= 0:
            if not admit(r, task, s[G_NOW]):
                return QUEUE_FULL if s[G_CROWDED] else ROWS_FULL
            s[G_CLOSING] = -1
            if not next_waiting(r, task):
                continue
        else:
            task = earliest(r)
            first_ns = s[G_FIRST]
            if s[G_ARMED] and first_ns > s[G_NOW]:
                grant(r)
                continue
            if first_ns >= until_ns:
                return DONE
            s[G_LATER] = min(s[G_LATER], until_ns)
            if s[G_RELEASES] == 0:
                s[G_NOW] = first_ns
                begins = False
            elif s[p[AT_JOB] + task * JOB_WIDTH + Q_ARRIVING] > 0:
                if not arrives(r, task):
                    continue
            else:
                if s[G_WAITING] == 0 and skip(r, task, s[G_LATER]):
                    continue
                s[G_NOW] = first_ns
                load_release(r, task)
        if begins and not wakes(r, task):
            s[G_CLOSING] = task
            continue
        own = s[p[AT_JOB] + task * JOB_WIDTH:]
        while True:
            phase = p[p[AT_TASK] + task * TASK_WIDTH + T_ENTRY] if begins else end_phase(r, task)
            enter_phase(r, task, phase)
            if own[J_STATE] != RUNS or own[J_END] >= s[G_LATER] or s[G_ARMED] or room(r) != DONE:
                break
            s[G_NOW] = own[J_END]
            begins = False


def finish(r: Run, horizon_ns: int) -> int:
    """At the horizon: what is under way or still waits is cut; what it kept from waiting is lost."""
    p, s = r.plan, r.state
    close(r, p[AT_BINS], horizon_ns)
    for task in range(p[AT_TASKS]):
        own = s[p[AT_JOB] + task * JOB_WIDTH:]
        keeps_all = p[p[AT_TASK] + task * TASK_WIDTH + T_KEEPS_ALL]
        if own[J_STATE] != IDLE:
            if s[G_ROWS] + 1 >= r.row.shape[0]:
                return ROWS_FULL
            own[J_OUTCOME] = CUT
            note(r, task)
            own[J_STATE] = IDLE
        if not admit(r, task, horizon_ns):
            return QUEUE_FULL if s[G_CROWDED] else ROWS_FULL
        while own[Q_COUNT] > 0 or (keeps_all and own[R_TIME] < horizon_ns):
            if s[G_ROWS] + 1 >= r.row.shape[0]:
                return ROWS_FULL
            if own[Q_COUNT] > 0:
                load_waiting(r, task)
            else:
                load_release(r, task)
            reset(r, task)
            own[J_OUTCOME] = CUT
            note(r, task)
    return DONE
