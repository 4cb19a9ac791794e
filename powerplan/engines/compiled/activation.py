"""One activation, phase by phase: what the start and the end of a phase do, and what its guard decides."""

from __future__ import annotations

from powerplan.engines.compiled import layout as at
from powerplan.engines.compiled.books import enter, give_back, note_walked
from powerplan.engines.compiled.layout import Run
from powerplan.engines.compiled.releases import spawn


def reset(r: Run, task: int) -> None:
    """The loaded activation has done nothing yet."""
    own = r.state[r.plan[at.AT_JOB] + task * at.JOB_WIDTH:]
    own[at.J_LATE] = 0
    own[at.J_STARTED] = -1
    own[at.J_DECIDED] = -1
    own[at.J_ACTION] = -1
    own[at.J_ATTEMPT] = 0
    own[at.J_HELD] = 0
    own[at.J_OUTCOME] = at.FINISHED
    for stage in range(at.STAGES):
        own[at.J_STAGES + stage] = 0


def sleeps(r: Run, task: int) -> bool:
    """The loaded activation is slept through, within the refractory time."""
    p, s = r.plan, r.state
    own, cascade = s[p[at.AT_JOB] + task * at.JOB_WIDTH:], p[p[at.AT_TASK] + task * at.TASK_WIDTH + at.T_CASCADE]
    rule = p[p[at.AT_CASCADE] + cascade * at.CASCADE_WIDTH:]
    if cascade >= 0 and rule[at.C_SLEEPS] and own[at.J_RELEASED] < s[p[at.AT_REFRACTORY_UNTIL] + cascade]:
        sleep_through(r, task)
        return True
    own[at.J_UNBROKEN] = max(own[at.J_UNBROKEN], own[at.M_SLEPT] + 1)
    return False


def sleep_through(r: Run, task: int) -> None:
    """The loaded activation is not even computed."""
    own = r.state[r.plan[at.AT_JOB] + task * at.JOB_WIDTH:]
    reset(r, task)
    own[at.M_SLEPT] = own[at.J_ORDINAL]
    own[at.J_OUTCOME] = at.REFRACTORY
    note_walked(r, task)


def enter_phase(r: Run, task: int, phase: int) -> None:
    """Give back what the phase does not hold, and take what it needs, or end."""
    p, s = r.plan, r.state
    step = p[p[at.AT_PHASE] + phase * at.PHASE_WIDTH:]
    own, now = s[p[at.AT_JOB] + task * at.JOB_WIDTH:], s[at.G_NOW]
    if phase < 0:
        give_back(r, own[at.J_HELD], now)
        own[at.J_STATE] = at.IDLE
        s[p[at.AT_COUNT_TASK] + task * 3 + at.N_FINISHED] += 1
        note_walked(r, task)
        s[at.G_CLOSING] = task
        return
    holds = step[at.P_HOLDS]
    give_back(r, own[at.J_HELD] & ~holds, now)
    own[at.J_PHASE] = phase
    missing = holds & ~own[at.J_HELD]
    own[at.J_HELD] &= holds
    alone = now < s[at.G_LATER] and s[at.G_WAITING] == 0  # nobody else can ask at this instant
    if missing and not (alone and missing & ~s[at.G_FREE] == 0):
        own[at.J_STATE] = at.WAITS
        own[at.J_MISSING] = missing
        own[at.J_ASKED] = now
        s[at.G_WAITING] += 1
        s[at.G_ARMED] = 1
        return
    s[at.G_FREE] &= ~missing
    own[at.J_HELD] |= missing
    begin(r, task)


def begin(r: Run, task: int) -> None:
    """The phase starts: everything it needs is held."""
    p, s = r.plan, r.state
    own, now = s[p[at.AT_JOB] + task * at.JOB_WIDTH:], s[at.G_NOW]
    phase = own[at.J_PHASE]
    step = p[p[at.AT_PHASE] + phase * at.PHASE_WIDTH:]
    marks = step[at.P_MARKS]
    if own[at.J_STARTED] < 0:
        own[at.J_STARTED] = now
        own[at.J_STAGES + at.QUEUED] = now - own[at.J_RELEASED]
    if marks & at.SAMPLE and own[at.J_EVENT] >= 0:
        own[at.J_LATE] = now >= p[p[at.AT_EVENT_END] + own[at.J_EVENT]]
    if marks & at.ACTION and own[at.J_ACTION] < 0:
        own[at.J_ACTION] = now
    for index in range(step[at.P_SET_FIRST], step[at.P_SET_END]):
        enter(r, p[p[at.AT_SET_STATE] + index], now)
    lasts = step[at.P_DURATION]
    if step[at.P_DRAWN]:
        lasts = 0
        if own[at.J_CANDIDATE] >= 0:
            lasts = p[p[p[at.AT_TASK] + task * at.TASK_WIDTH + at.T_DURATION] + own[at.J_CANDIDATE]]
    own[at.J_LASTS] = lasts
    own[at.J_END] = now + lasts
    own[at.J_STATE] = at.RUNS


def end_phase(r: Run, task: int) -> int:
    """The phase is over: returns what follows."""
    p, s = r.plan, r.state
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    phase = own[at.J_PHASE]
    step = p[p[at.AT_PHASE] + phase * at.PHASE_WIDTH:]
    own[at.J_STAGES + step[at.P_STAGE]] += own[at.J_LASTS]
    guard = step[at.P_GUARD]
    passed = True
    if guard in (at.GUARD_LEVEL, at.GUARD_ACCEPT):
        passed = level_passes(r, task, step[at.P_LEVEL], guard)
    elif guard == at.GUARD_DECIDE:
        passed = detected(r, task)
    elif guard == at.GUARD_ATTEMPT:
        own[at.J_ATTEMPT] += 1
        passed = own[at.J_ATTEMPT] >= attempts_of(r, task)
    if passed and step[at.P_SPAWN] >= 0:
        spawn(r, step[at.P_SPAWN], own[at.J_EVENT], own[at.J_ORDINAL])
    return int(step[at.P_PASS] if passed else step[at.P_FAIL])


def attempts_of(r: Run, task: int) -> int:
    """Attempts the radio needs in the present activation."""
    p, s = r.plan, r.state
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    if own[at.J_CANDIDATE] >= 0:
        return int(p[spec[at.T_ATTEMPTS] + own[at.J_CANDIDATE]])
    count = spec[at.T_ATTEMPT_COUNT]
    if count == 0:
        return 1
    return int(p[p[at.AT_SPAWN_ATTEMPTS] + spec[at.T_ATTEMPT_FIRST] + own[at.J_ORDINAL] % count])


def level_passes(r: Run, task: int, level: int, guard: int) -> bool:
    """Whether the sample passes a level; both are counted."""
    p, s = r.plan, r.state
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    passed = inside(r, task, level, own[at.J_LATE] > 0)
    if guard == at.GUARD_LEVEL:
        outcome = judged(r, task, level, passed)
        if outcome != at.FINISHED:
            own[at.J_OUTCOME], own[at.J_DECIDED], passed = outcome, s[at.G_NOW], False
    s[p[at.AT_COUNT_LEVEL] + level * 2 + at.N_SEEN] += 1
    if passed:
        s[p[at.AT_COUNT_LEVEL] + level * 2 + at.N_PASSED] += 1
    return passed


def inside(r: Run, task: int, level: int, late: bool) -> bool:
    """Whether the sample's score lies inside the limits of a level."""
    p = r.plan
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    candidate = r.state[p[at.AT_JOB] + task * at.JOB_WIDTH + at.J_CANDIDATE]
    if candidate < 0:
        return False
    place = (spec[at.T_SCORE_FIRST] + candidate * spec[at.T_SCORE_WIDTH]
             + p[p[at.AT_LEVEL] + level * at.LEVEL_WIDTH + at.L_COLUMN])
    score = r.late[place] if late else r.score[place]
    return bool(r.limit[level, 0] <= score <= r.limit[level, 1])


def judged(r: Run, task: int, level: int, passed: bool) -> int:
    """Outcome of an activation that a level rejects or whose confirmation is missing, FINISHED where it goes on."""
    p, s = r.plan, r.state
    asked = p[p[at.AT_LEVEL] + level * at.LEVEL_WIDTH:]
    number = asked[at.L_NUMBER]
    if not passed:
        return int(at.REJECTED + number)
    if number > 0 or p[p[at.AT_CASCADE] + asked[at.L_CASCADE] * at.CASCADE_WIDTH + at.C_FINAL]:
        return at.FINISHED
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    return at.FINISHED if confirmed(r, task, own[at.J_ORDINAL], own[at.J_UNBROKEN]) else at.NOT_CONFIRMED


def confirmed(r: Run, task: int, ordinal: int, unbroken: int) -> bool:
    """Note one more passing window; are enough of the last ones passing?"""
    p, s = r.plan, r.state
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    cascade = spec[at.T_CASCADE]
    rule = p[p[at.AT_CASCADE] + cascade * at.CASCADE_WIDTH:]
    if rule[at.C_CONFIRM] <= 1:
        return True
    of = rule[at.C_OF]
    since = ordinal - own[at.H_LAST]
    bits = (own[at.H_BITS] << since if since < of else 0) | 1
    kept = min(of, ordinal - unbroken + 1)
    bits &= (1 << kept) - 1
    own[at.H_BITS] = bits
    own[at.H_LAST] = ordinal
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return bool(count >= rule[at.C_CONFIRM])


def detected(r: Run, task: int) -> bool:
    """The final decision."""
    p, s = r.plan, r.state
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    own, now = s[p[at.AT_JOB] + task * at.JOB_WIDTH:], s[at.G_NOW]
    cascade, deadline = spec[at.T_CASCADE], spec[at.T_DEADLINE]
    rule = p[p[at.AT_CASCADE] + cascade * at.CASCADE_WIDTH:]
    own[at.J_DECIDED] = now
    if rule[at.C_FINAL] and not confirmed(r, task, own[at.J_ORDINAL], own[at.J_UNBROKEN]):
        own[at.J_OUTCOME] = at.NOT_CONFIRMED
        return False
    if 0 <= deadline < now - own[at.J_RELEASED]:
        own[at.J_OUTCOME] = at.DEADLINE
        return False
    if now < s[p[at.AT_REFRACTORY_UNTIL] + cascade]:
        own[at.J_OUTCOME] = at.REFRACTORY
        s[p[at.AT_COUNT_CASCADE] + cascade * 5 + at.N_SUPPRESSED] += 1
        return False
    s[p[at.AT_REFRACTORY_UNTIL] + cascade] = now + rule[at.C_REFRACTORY]
    own[at.J_OUTCOME] = at.DETECTED
    s[p[at.AT_COUNT_CASCADE] + cascade * 5 + at.N_DETECTIONS] += 1
    event = own[at.J_EVENT]
    if event < 0 or own[at.J_LATE] or not p[p[at.AT_TARGET] + event * p[at.AT_CASCADES] + cascade]:
        s[p[at.AT_COUNT_CASCADE] + cascade * 5 + at.N_FALSE] += 1
    elif r.seen[event, cascade] == at.DETECTED:
        s[p[at.AT_COUNT_CASCADE] + cascade * 5 + at.N_REPEATS] += 1
    else:
        s[p[at.AT_COUNT_CASCADE] + cascade * 5 + at.N_HITS] += 1
        r.seen[event, cascade] = at.DETECTED
    return True
