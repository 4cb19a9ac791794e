"""The releases of a task: what comes next, what waits, what is lost, and what a detection asks for."""

from __future__ import annotations

from powerplan.engines.compiled import layout as at
from powerplan.engines.compiled.books import note, write_row
from powerplan.engines.compiled.layout import Ints, Run


def settle(r: Run, task: int) -> None:
    """Leave runs that are used up; note when the next release is."""
    p, s = r.plan, r.state
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    run, end = own[at.R_RUN], spec[at.T_RUN_END]
    while run < end and own[at.R_TURN] >= p[p[at.AT_RUN_COUNT] + run]:
        run += 1
        own[at.R_TURN] = 0
        own[at.R_FIRST] = own[at.R_ORDINAL]
    own[at.R_RUN] = run
    own[at.R_TIME] = at.NEVER
    if run < end:
        own[at.R_TIME] = p[p[at.AT_RUN_START] + run] + own[at.R_TURN] * p[p[at.AT_RUN_PERIOD] + run]


def listed(r: Run, task: int) -> Ints:
    """Ordinals of the candidates of a task."""
    place = r.plan[r.plan[at.AT_TASK] + task * at.TASK_WIDTH + at.T_LISTED]
    return r.plan[place:] if place >= 0 else r.candidate


def met(r: Run, task: int) -> Ints:
    """Events of the candidates of a task."""
    place = r.plan[r.plan[at.AT_TASK] + task * at.TASK_WIDTH + at.T_MET]
    return r.plan[place:] if place >= 0 else r.event


def take_release(r: Run, task: int) -> int:
    """Pass over the next release; returns its candidate or -1."""
    p, s = r.plan, r.state
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    candidate, number = -1, own[at.R_CANDIDATE]
    if number < spec[at.T_CANDIDATES] and listed(r, task)[number] == own[at.R_ORDINAL]:
        candidate = number
        own[at.R_CANDIDATE] = number + 1
    own[at.R_ORDINAL] += 1
    own[at.R_TURN] += 1
    run = own[at.R_RUN]
    if own[at.R_TURN] < p[p[at.AT_RUN_COUNT] + run]:
        own[at.R_TIME] += p[p[at.AT_RUN_PERIOD] + run]
    elif run + 1 < spec[at.T_RUN_END] and p[p[at.AT_RUN_COUNT] + run + 1] > 0:  # the usual case of `settle`
        own[at.R_RUN] = run + 1
        own[at.R_TURN] = 0
        own[at.R_FIRST] = own[at.R_ORDINAL]
        own[at.R_TIME] = p[p[at.AT_RUN_START] + run + 1]
    else:
        settle(r, task)
    return candidate


def load_release(r: Run, task: int) -> None:
    """The next release becomes the present activation of its task."""
    p, s = r.plan, r.state
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    own[at.J_ORDINAL] = own[at.R_ORDINAL]
    own[at.J_RELEASED] = own[at.R_TIME]
    own[at.J_PARENT] = -1
    own[at.J_UNBROKEN] = max(own[at.R_FIRST], own[at.M_LOST] + 1)
    candidate = take_release(r, task)
    own[at.J_CANDIDATE] = candidate
    own[at.J_EVENT] = met(r, task)[candidate] if candidate >= 0 else -1
    s[p[at.AT_COUNT_TASK] + task * 3 + at.N_RELEASED] += 1


def load_waiting(r: Run, task: int) -> None:
    """The first waiting activation becomes the present one."""
    p, s = r.plan, r.state
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    place = r.queue[task, own[at.Q_HEAD]]
    own[at.J_ORDINAL] = place[at.Q_ORDINAL]
    own[at.J_RELEASED] = place[at.Q_RELEASED]
    own[at.J_CANDIDATE] = place[at.Q_CANDIDATE]
    own[at.J_EVENT] = place[at.Q_EVENT]
    own[at.J_PARENT] = place[at.Q_PARENT]
    own[at.J_UNBROKEN] = place[at.Q_UNBROKEN]
    own[at.Q_HEAD] = (own[at.Q_HEAD] + 1) % r.queue.shape[1]
    own[at.Q_COUNT] -= 1


def last_place(r: Run, task: int) -> int:
    """Place behind all that wait and arrive."""
    own = r.state[r.plan[at.AT_JOB] + task * at.JOB_WIDTH:]
    return int((own[at.Q_HEAD] + own[at.Q_COUNT] + own[at.Q_ARRIVING]) % r.queue.shape[1])


def admit(r: Run, task: int, before_ns: int) -> bool:
    """Releases that came while an activation ran wait or are lost; False when there is no room for their rows."""
    p, s = r.plan, r.state
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    if spec[at.T_KEEPS_ALL]:
        return True
    limit = spec[at.T_QUEUE]
    while own[at.R_TIME] < before_ns:
        if s[at.G_ROWS] >= r.row.shape[0] or own[at.Q_COUNT] + 2 >= r.queue.shape[1]:
            s[at.G_CROWDED] = s[at.G_ROWS] < r.row.shape[0]
            return False
        place = r.queue[task, last_place(r, task)]
        place[at.Q_ORDINAL] = own[at.R_ORDINAL]
        place[at.Q_RELEASED] = own[at.R_TIME]
        place[at.Q_UNBROKEN] = max(own[at.R_FIRST], own[at.M_LOST] + 1)
        candidate = take_release(r, task)
        place[at.Q_CANDIDATE] = candidate
        place[at.Q_EVENT] = met(r, task)[candidate] if candidate >= 0 else -1
        place[at.Q_PARENT] = -1
        s[p[at.AT_COUNT_TASK] + task * 3 + at.N_RELEASED] += 1
        if own[at.Q_COUNT] < limit:
            own[at.Q_COUNT] += 1
        else:
            drop(r, task, last_place(r, task))
    return True


def drop(r: Run, task: int, number: int) -> None:
    """The activation at a place of the queue is lost: the task is busy and its queue is full."""
    p, s = r.plan, r.state
    own, place = s[p[at.AT_JOB] + task * at.JOB_WIDTH:], r.queue[task, number]
    s[p[at.AT_COUNT_TASK] + task * 3 + at.N_DROPPED] += 1
    own[at.M_LOST] = max(own[at.M_LOST], place[at.Q_ORDINAL])
    event = place[at.Q_EVENT]
    if note(r, task, event, at.BUSY, False):
        write_row(r, task, place[at.Q_ORDINAL], event, place[at.Q_PARENT], place[at.Q_RELEASED], -1, at.BUSY, 0)


def spawn(r: Run, task: int, event: int, parent: int) -> None:
    """A detection releases an action; like every release it comes after all ends of the instant."""
    p, s = r.plan, r.state
    released = p[at.AT_COUNT_TASK] + task * 3 + at.N_RELEASED
    place = r.queue[task, last_place(r, task)]
    place[at.Q_ORDINAL] = s[released]
    place[at.Q_RELEASED] = s[at.G_NOW]
    place[at.Q_CANDIDATE] = -1
    place[at.Q_EVENT] = event
    place[at.Q_PARENT] = parent
    place[at.Q_UNBROKEN] = 0
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    s[released] += 1
    own[at.Q_ARRIVING] += 1
    s[at.G_LATER] = s[at.G_NOW]
    if own[at.Q_COUNT] + own[at.Q_ARRIVING] + 1 >= r.queue.shape[1]:
        s[at.G_CROWDED] = 1


def arrives(r: Run, task: int) -> bool:
    """The first arriving action is loaded, waits, or is lost; True when it starts now."""
    p, s = r.plan, r.state
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    own[at.Q_ARRIVING] -= 1
    if own[at.J_STATE] == at.IDLE:
        own[at.Q_COUNT] += 1
        load_waiting(r, task)
        return True
    if own[at.Q_COUNT] < p[p[at.AT_TASK] + task * at.TASK_WIDTH + at.T_QUEUE]:
        own[at.Q_COUNT] += 1
        return False
    places = r.queue.shape[1]
    place = (own[at.Q_HEAD] + own[at.Q_COUNT]) % places
    drop(r, task, place)
    for _ in range(own[at.Q_ARRIVING]):
        after = (place + 1) % places
        for column in range(at.QUEUE_WIDTH):
            r.queue[task, place, column] = r.queue[task, after, column]
        place = after
    return False


def next_waiting(r: Run, task: int) -> bool:
    """Load the next activation of a task that is free again, if one waits."""
    p, s = r.plan, r.state
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    if p[p[at.AT_TASK] + task * at.TASK_WIDTH + at.T_KEEPS_ALL]:
        if own[at.R_TIME] >= s[at.G_NOW]:
            return False
        load_release(r, task)
        return True
    if own[at.Q_COUNT] == 0:
        return False
    load_waiting(r, task)
    return True
