"""Who waits for parts, and who is granted them."""

from __future__ import annotations

from powerplan.engines.compiled import layout as at
from powerplan.engines.compiled.activation import begin, reset
from powerplan.engines.compiled.layout import Run
from powerplan.engines.compiled.releases import load_release
from powerplan.engines.compiled.templates import replay


def grant(r: Run) -> None:
    """Give parts to all who can have everything they ask for: by rank, then the time they asked, then task."""
    p, s = r.plan, r.state
    s[at.G_ARMED] = 0
    now = s[at.G_NOW]
    for task in range(p[at.AT_TASKS]):
        if s[p[at.AT_JOB] + task * at.JOB_WIDTH + at.J_STATE] == at.WAITS:
            s[p[at.AT_JOB] + task * at.JOB_WIDTH + at.J_STATE] = at.WAITS + 1
    while True:
        best = s[at.G_CLOSING]  # -1 here; a literal would compile everything below twice
        for task in range(p[at.AT_TASKS]):
            asks = s[p[at.AT_JOB] + task * at.JOB_WIDTH + at.J_STATE] == at.WAITS + 1
            if asks and (best < 0 or before(r, task, best)):
                best = task
        if best < 0:
            break
        own = s[p[at.AT_JOB] + best * at.JOB_WIDTH:]
        missing = own[at.J_MISSING]
        if missing & ~s[at.G_FREE]:
            own[at.J_STATE] = at.WAITS
            continue
        s[at.G_FREE] &= ~missing
        s[at.G_WAITING] -= 1
        own[at.J_STAGES + at.QUEUED] += now - own[at.J_ASKED]
        own[at.J_HELD] |= missing
        begin(r, best)


def before(r: Run, task: int, other: int) -> bool:
    """Whether a waiting task is served before another with a larger or smaller number."""
    p, s = r.plan, r.state
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    rank, other_rank = spec[at.T_RANK], p[p[at.AT_TASK] + other * at.TASK_WIDTH + at.T_RANK]
    if rank != other_rank:
        return bool(rank < other_rank)
    asked = s[p[at.AT_JOB] + task * at.JOB_WIDTH + at.J_ASKED]
    other_asked = s[p[at.AT_JOB] + other * at.JOB_WIDTH + at.J_ASKED]
    return bool(asked < other_asked or (asked == other_asked and task < other))


def grant_alone(r: Run, limit_ns: int) -> bool:
    """Grant to the only activation that waits, if it has not begun and nothing disturbs it before the limit."""
    p, s = r.plan, r.state
    if s[at.G_WAITING] != 1:
        return False
    task = 0
    while s[p[at.AT_JOB] + task * at.JOB_WIDTH + at.J_STATE] != at.WAITS:
        task += 1
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    s[at.G_LATER] = limit_ns
    if own[at.J_STARTED] >= 0 or own[at.J_HELD] or not replay(r, task, s[at.G_NOW], limit_ns):
        return False
    own[at.J_STATE] = at.IDLE
    s[at.G_WAITING] = 0
    s[at.G_ARMED] = 0
    s[at.G_CLOSING] = task
    return True


def undisturbed_until(r: Run, task: int, later_ns: int, until_ns: int) -> int:
    """Before which moment nothing happens that the loaded activation of a task, if it starts now, could notice.

    That is the next event, `later_ns`, or a later one where all that comes before are releases whose first phase needs
    a part that the activation holds from start to end: they can only wait.
    """
    p, s = r.plan, r.state
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    now, held = s[at.G_NOW], spec[at.T_HELD]
    if held == 0 or now + spec[at.T_LONGEST] < later_ns:
        return later_ns
    first_ns = until_ns
    for other in range(p[at.AT_TASKS]):
        own = s[p[at.AT_JOB] + other * at.JOB_WIDTH:]
        if own[at.Q_ARRIVING] > 0:
            return later_ns
        if other == task:
            continue
        if own[at.J_STATE] == at.RUNS:
            first_ns = min(first_ns, own[at.J_END])
        elif own[at.R_TIME] <= now or p[p[at.AT_TASK] + other * at.TASK_WIDTH + at.T_ASKS] & held == 0:
            first_ns = min(first_ns, own[at.R_TIME])
    return int(first_ns)


def let_wait(r: Run, task: int) -> None:
    """Releases of other tasks that came while an activation of this one was played in one go wait for its parts."""
    p, s = r.plan, r.state
    for other in range(p[at.AT_TASKS]):
        own = s[p[at.AT_JOB] + other * at.JOB_WIDTH:]
        if other == task or own[at.J_STATE] != at.IDLE or own[at.R_TIME] >= s[at.G_NOW]:
            continue
        spec = p[p[at.AT_TASK] + other * at.TASK_WIDTH:]
        load_release(r, other)
        reset(r, other)
        own[at.J_STATE] = at.WAITS
        own[at.J_PHASE] = spec[at.T_ENTRY]
        own[at.J_MISSING] = spec[at.T_ASKS]
        own[at.J_ASKED] = own[at.J_RELEASED]
        s[at.G_WAITING] += 1
        s[at.G_ARMED] = 1
