"""The run: which task is next, and the walk from event to event.

The same semantics as `powerplan.engines.reference`, one job per task, found by a scan over the tasks.
"""

from __future__ import annotations

from powerplan.engines.compiled import layout as at
from powerplan.engines.compiled.activation import end_phase, enter_phase, reset, sleeps
from powerplan.engines.compiled.books import close, note_walked
from powerplan.engines.compiled.layout import Run, bare
from powerplan.engines.compiled.releases import admit, arrives, load_release, load_waiting, next_waiting, settle
from powerplan.engines.compiled.skip import skip
from powerplan.engines.compiled.templates import book_all, replay
from powerplan.engines.compiled.waiting import grant, grant_alone, let_wait, undisturbed_until


def room(r: Run) -> int:
    """Why the next step might not find a place for what it writes, or DONE."""
    p, s = r.plan, r.state
    if s[at.G_ROWS] + 2 >= r.row.shape[0]:
        return at.ROWS_FULL
    if 2 * (s[at.G_CODES] + p[at.AT_STAYS] + 4) >= r.ledger.shape[0]:
        return at.CODES_FULL
    return at.QUEUE_FULL if s[at.G_CROWDED] else at.DONE


def earliest(r: Run) -> int:
    """Task of the next event, -1 where there is none; its time and what comes after it stand in the scalars."""
    p, s = r.plan, r.state
    first_ns, later_ns, releases = at.NEVER, at.NEVER, 0
    chosen = s[at.G_CLOSING]  # -1 here; a literal would compile everything below twice
    for place in range(p[at.AT_TASKS]):
        task = p[p[at.AT_ORDER] + place]
        own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
        state = own[at.J_STATE]
        if state == at.RUNS:
            at_ns = own[at.J_END]
            if at_ns < first_ns or (at_ns == first_ns and releases):
                later_ns, first_ns, chosen, releases = first_ns, at_ns, task, 0
            elif at_ns < later_ns:
                later_ns = at_ns
        if own[at.Q_ARRIVING] > 0:
            at_ns = s[at.G_NOW]
        elif state == at.IDLE:
            at_ns = own[at.R_TIME]
        else:
            continue
        if at_ns < first_ns:
            later_ns, first_ns, chosen, releases = first_ns, at_ns, task, 1
        elif at_ns < later_ns:
            later_ns = at_ns
    s[at.G_FIRST], s[at.G_LATER], s[at.G_RELEASES] = first_ns, later_ns, releases
    return int(chosen)


def walk_on(r: Run, until_ns: int) -> int:
    """Play everything before a moment; comes back earlier when an array is full, and goes on when called again.

    What one activation does while nothing else happens is played in one go, without looking for the next event.
    """
    p, s = r.plan, r.state
    while True:
        status = room(r)
        if status != at.DONE:
            return status
        task, begins = s[at.G_CLOSING], True
        if task >= 0:
            if not admit(r, task, s[at.G_NOW]):
                return at.QUEUE_FULL if s[at.G_CROWDED] else at.ROWS_FULL
            s[at.G_CLOSING] = -1
            if not next_waiting(r, task):
                continue
        else:
            task = earliest(r)
            first_ns = s[at.G_FIRST]
            if s[at.G_ARMED] and first_ns > s[at.G_NOW]:
                if not grant_alone(r, min(first_ns, until_ns)):
                    grant(r)
                continue
            if first_ns >= until_ns:
                return at.DONE
            s[at.G_LATER] = min(s[at.G_LATER], until_ns)
            if s[at.G_RELEASES] == 0:
                s[at.G_NOW] = first_ns
                begins = False
            elif s[p[at.AT_JOB] + task * at.JOB_WIDTH + at.Q_ARRIVING] > 0:
                if not arrives(r, task):
                    continue
            else:
                if s[at.G_WAITING] == 0 and skip(r, task, s[at.G_LATER]):
                    continue
                s[at.G_NOW] = first_ns
                load_release(r, task)
        if begins:
            later_ns = s[at.G_LATER]
            if sleeps(r, task) or (s[at.G_WAITING] == 0 and replay(
                    r, task, s[at.G_NOW], undisturbed_until(r, task, later_ns, until_ns))):
                if s[at.G_NOW] > later_ns:
                    let_wait(r, task)
                s[at.G_CLOSING] = task
                continue
            reset(r, task)
        own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
        while True:
            phase = p[p[at.AT_TASK] + task * at.TASK_WIDTH + at.T_ENTRY] if begins else end_phase(r, task)
            enter_phase(r, task, phase)
            if own[at.J_STATE] != at.RUNS or own[at.J_END] >= s[at.G_LATER] or s[at.G_ARMED] or room(r) != at.DONE:
                break
            s[at.G_NOW] = own[at.J_END]
            begins = False


def settle_all(r: Run) -> None:
    """Note when the next release of each task is."""
    own = bare(r)
    for task in range(own.plan[at.AT_TASKS]):
        settle(own, task)


def advance(r: Run, until_ns: int) -> int:
    """Play everything before a moment and book it; comes back earlier when an array is full."""
    return play(bare(r), until_ns)


def play(r: Run, until_ns: int) -> int:
    """The same, inside compiled code."""
    s = r.state
    if s[at.G_ROWS] == 0:  # rows were given up, and with them the stages that they point to
        s[at.G_WALKED] = 0
    status = walk_on(r, until_ns)
    book_all(r)
    return status


def finish(r: Run, horizon_ns: int) -> int:
    """At the horizon: what is under way or still waits is cut; what it kept from waiting is lost."""
    return cut(bare(r), horizon_ns)


def cut(r: Run, horizon_ns: int) -> int:
    """Close the books at the horizon and note what is left."""
    p, s = r.plan, r.state
    close(r, p[at.AT_BINS], horizon_ns)
    for task in range(p[at.AT_TASKS]):
        own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
        keeps_all = p[p[at.AT_TASK] + task * at.TASK_WIDTH + at.T_KEEPS_ALL]
        if own[at.J_STATE] != at.IDLE:
            if s[at.G_ROWS] + 1 >= r.row.shape[0]:
                return at.ROWS_FULL
            own[at.J_OUTCOME] = at.CUT
            note_walked(r, task)
            own[at.J_STATE] = at.IDLE
        if not admit(r, task, horizon_ns):
            return at.QUEUE_FULL if s[at.G_CROWDED] else at.ROWS_FULL
        while own[at.Q_COUNT] > 0 or (keeps_all and own[at.R_TIME] < horizon_ns):
            if s[at.G_ROWS] + 1 >= r.row.shape[0]:
                return at.ROWS_FULL
            if own[at.Q_COUNT] > 0:
                load_waiting(r, task)
            else:
                load_release(r, task)
            reset(r, task)
            own[at.J_OUTCOME] = at.CUT
            note_walked(r, task)
    return at.DONE
