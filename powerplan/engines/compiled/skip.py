"""Counting the releases of a periodic task that nothing disturbs, instead of playing them.

From one release on, up to the earliest event of anything else, activations between candidates take the idle way of the
task's template, and candidates the way their scores choose. Ways are counted within an hour and charged at its end.
"""

from __future__ import annotations

from powerplan.engines.compiled import layout as at
from powerplan.engines.compiled.books import close, count, move_to, slot_of
from powerplan.engines.compiled.layout import Run
from powerplan.engines.compiled.releases import listed, met, settle
from powerplan.engines.compiled.templates import charge_leaf, choose, find_slots, known


def last_ordinal(r: Run, task: int, limit_ns: int, lasts_ns: int) -> int:
    """Ordinal after the last release of the run whose idle activation is over before the limit."""
    p, s = r.plan, r.state
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    run, release_ns = own[at.R_RUN], own[at.R_TIME]
    period_ns, left = p[p[at.AT_RUN_PERIOD] + run], p[p[at.AT_RUN_COUNT] + own[at.R_RUN]] - own[at.R_TURN]
    if left > 1 and period_ns <= lasts_ns:
        return int(own[at.R_ORDINAL])
    count = left
    if period_ns > 0:
        count = min(count, (limit_ns - 1 - lasts_ns - release_ns) // period_ns + 1)
    if count == left and after_run(r, task, run) <= release_ns + (left - 1) * period_ns + lasts_ns:
        count -= 1
    return int(own[at.R_ORDINAL] + count)


def after_run(r: Run, task: int, run: int) -> int:
    """First release after a run."""
    p = r.plan
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    for later in range(run + 1, spec[at.T_RUN_END]):
        if p[p[at.AT_RUN_COUNT] + later] > 0:
            return int(p[p[at.AT_RUN_START] + later])
    return at.NEVER


def fitting(ordinal: int, release_ns: int, period_ns: int, last_ns: int, hour_end_ns: int) -> int:
    """Ordinal after the last idle activation whose changes of state all lie within the hour."""
    room_ns = hour_end_ns - last_ns - release_ns
    if room_ns < 0:
        return ordinal
    return ordinal + room_ns // period_ns + 1 if period_ns > 0 else ordinal + 1


def skip(r: Run, task: int, limit_ns: int) -> bool:
    """Count the releases that are over before the limit; False when there is none."""
    p, s = r.plan, r.state
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    if spec[at.T_IDLE] < 0:
        return False
    idle = p[p[at.AT_LEAF] + spec[at.T_IDLE] * at.LEAF_WIDTH:]
    lasts_ns = idle[at.A_DURATION]
    if own[at.R_TIME] + lasts_ns >= limit_ns or idle[at.A_TOUCHES] & (s[at.G_MOVED] | ~s[at.G_FREE]):
        return False
    cascade = spec[at.T_CASCADE]
    rule = p[p[at.AT_CASCADE] + cascade * at.CASCADE_WIDTH:]
    if cascade >= 0 and rule[at.C_SLEEPS] and own[at.R_TIME] < s[p[at.AT_REFRACTORY_UNTIL] + cascade]:
        return False
    end = last_ordinal(r, task, limit_ns, lasts_ns)
    return end > own[at.R_ORDINAL] and count_on(r, task, limit_ns, end)


def quick_leaf(r: Run, task: int, candidate: int) -> int:
    """Leaf of a candidate without an event that leaves no row and no memory; -1 when it may."""
    p = r.plan
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    first = spec[at.T_SCORE_FIRST] + candidate * spec[at.T_SCORE_WIDTH]
    place = spec[at.T_ROOT]
    while place >= 0:
        node = p[p[at.AT_NODE] + place * at.NODE_WIDTH:]
        if node[at.D_GUARD] != at.GUARD_LEVEL and node[at.D_GUARD] != at.GUARD_ACCEPT:
            return -1
        level = node[at.D_LEVEL]
        score = r.score[first + node[at.D_COLUMN]]
        place = node[at.D_PASS] if r.limit[level, 0] <= score <= r.limit[level, 1] else node[at.D_FAIL]
    return int(-1 - place)


def tally(r: Run, task: int, candidate: int, stop: int, last: int) -> tuple[int, int]:
    """Count the ways of candidates up to one that meets an event or decides, or to the ordinal `stop`.

    Returns that candidate and the leaf of the one before it, `last` where there is none.
    """
    p, s = r.plan, r.state
    ordinal, event, hour = listed(r, task), met(r, task), s[p[at.AT_LEAF_HOUR]:]
    end = p[p[at.AT_TASK] + task * at.TASK_WIDTH + at.T_CANDIDATES]
    while candidate < end and ordinal[candidate] < stop and event[candidate] < 0:
        leaf = quick_leaf(r, task, candidate)
        if leaf < 0:
            break
        hour[leaf] += 1
        last = leaf
        candidate += 1
    return candidate, last


def fits(r: Run, task: int, ordinal: int, release_ns: int, lasts_ns: int, limit_ns: int) -> bool:
    """Whether an activation of the present run is over before the limit and before the next release."""
    p, s = r.plan, r.state
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    run = own[at.R_RUN]
    if release_ns + lasts_ns >= limit_ns:
        return False
    if ordinal - own[at.R_ORDINAL] + own[at.R_TURN] + 1 < p[p[at.AT_RUN_COUNT] + run]:
        return bool(p[p[at.AT_RUN_PERIOD] + run] > lasts_ns)
    return after_run(r, task, run) > release_ns + lasts_ns


def quick_ordinal(r: Run, task: int, limit_ns: int) -> int:
    """Ordinal up to which the candidates of the present run need no look at anything but their scores."""
    p, s = r.plan, r.state
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    simple = spec[at.T_QUICK] and spec[at.T_WHOLE] and spec[at.T_ALIKE]
    if not simple or spec[at.T_TOUCHES] & (s[at.G_MOVED] | ~s[at.G_FREE]):
        return int(own[at.R_ORDINAL])
    return last_ordinal(r, task, limit_ns, spec[at.T_LONGEST])


def candidate_leaf(r: Run, task: int, candidate: int, ordinal: int, release_ns: int, limit_ns: int) -> int:
    """Leaf of a candidate, its decisions made; -1 when it must be walked."""
    p, s = r.plan, r.state
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    own, event = s[p[at.AT_JOB] + task * at.JOB_WIDTH:], met(r, task)[candidate]
    if event < 0 and spec[at.T_QUICK]:
        leaf = quick_leaf(r, task, candidate)
        if leaf >= 0:
            way = p[p[at.AT_LEAF] + leaf * at.LEAF_WIDTH:]
            if (way[at.A_DURATION] < 0 or way[at.A_TOUCHES] & (s[at.G_MOVED] | ~s[at.G_FREE])
                    or not fits(r, task, ordinal, release_ns, way[at.A_DURATION], limit_ns)):
                return -1
            return leaf
    own[at.J_CANDIDATE] = candidate
    own[at.J_ORDINAL] = ordinal
    if (s[at.G_ROWS] + 4 >= r.row.shape[0] or not known(r, task, release_ns, limit_ns)
            or not fits(r, task, ordinal, release_ns, spec[at.T_LONGEST], limit_ns)):
        return -1
    own[at.J_RELEASED] = release_ns
    own[at.J_EVENT] = event
    own[at.J_PARENT] = -1
    own[at.J_UNBROKEN] = max(own[at.R_FIRST], own[at.M_LOST] + 1, own[at.M_SLEPT] + 1)
    leaf = choose(r, task, release_ns)
    s[at.G_DETECTED] = own[at.J_OUTCOME] == at.DETECTED
    return leaf


def charge_stretch(r: Run, task: int, number: int, last: int, period_ns: int, release_ns: int) -> None:
    """Charge so many counted activations within one hour, the first released then; the last takes the leaf `last`."""
    p, s = r.plan, r.state
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    hour_bin, slot = s[at.G_BIN], s[at.G_SLOT]
    for leaf in range(spec[at.T_LEAF_FIRST], spec[at.T_LEAF_END]):
        times = s[p[at.AT_LEAF_HOUR] + leaf]
        if times == 0:
            continue
        s[p[at.AT_LEAF_HOUR] + leaf] = 0
        s[p[at.AT_LEAF_TOTAL] + leaf] += times
        way = p[p[at.AT_LEAF] + leaf * at.LEAF_WIDTH:]
        for stay in range(way[at.A_STAY_FIRST], way[at.A_STAY_END]):
            lasts = p[p[at.AT_STAY] + stay * at.STAY_WIDTH + at.Y_LASTS]
            r.ledger[s[p[at.AT_STAY_SLOT] + stay], at.K_BINS + hour_bin] += times * lasts
        times -= leaf == last
        if times > 0 and way[at.A_FIRST_CHANGE] >= 0:
            between_ns = period_ns + way[at.A_FIRST_CHANGE] - way[at.A_LAST_CHANGE]
            count(r, slot, times, between_ns)
            r.ledger[slot, at.K_BINS + hour_bin] += times * between_ns
    changed = p[p[at.AT_LEAF] + last * at.LEAF_WIDTH + at.A_LAST_CHANGE]
    if changed >= 0:
        move_to(r, p[at.AT_BINS], release_ns + (number - 1) * period_ns + changed)


def count_on(r: Run, task: int, limit_ns: int, end: int) -> bool:
    """Count from the next release up to the ordinal `end`, to a candidate that must be walked, or to a detection."""
    p, s = r.plan, r.state
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    idle, period_ns = spec[at.T_IDLE], p[p[at.AT_RUN_PERIOD] + own[at.R_RUN]]
    first_change_ns = p[p[at.AT_LEAF] + idle * at.LEAF_WIDTH + at.A_FIRST_CHANGE]
    ordinal, release_ns, begun = own[at.R_ORDINAL], own[at.R_TIME], own[at.R_ORDINAL]
    candidate, candidates, number = own[at.R_CANDIDATE], spec[at.T_CANDIDATES], listed(r, task)
    quick_end = quick_ordinal(r, task, limit_ns)
    if own[at.M_CODE] != s[at.G_CODE]:
        find_slots(r, task)
    if s[at.G_SLOT] < 0:
        s[at.G_SLOT] = slot_of(r, s[at.G_CODE])
    s[at.G_DETECTED] = 0
    while ordinal < end and s[at.G_DETECTED] == 0:
        leaf, first = idle, candidate
        if candidate < candidates and number[candidate] == ordinal:
            leaf = candidate_leaf(r, task, candidate, ordinal, release_ns, limit_ns)
            if leaf < 0:
                break
            candidate += 1
        stop = ordinal
        if leaf == idle or spec[at.T_ALIKE]:
            stop = end
            if first_change_ns >= 0:
                close(r, p[at.AT_BINS], release_ns + first_change_ns)
                stop = min(end, fitting(ordinal, release_ns, period_ns, spec[at.T_LAST], s[at.G_HOUR_END]))
        if stop <= ordinal:  # reaches into another hour, or begins in its own way
            charge_leaf(r, leaf, release_ns)
            ordinal += 1
            release_ns += period_ns
            continue
        s[p[at.AT_LEAF_HOUR] + leaf] += candidate - first
        while s[at.G_DETECTED] == 0:
            candidate, leaf = tally(r, task, candidate, min(stop, quick_end), leaf)
            upcoming = number[candidate] if candidate < candidates else at.NEVER
            if upcoming >= stop:
                break
            found = -1
            if spec[at.T_ALIKE]:
                at_ns = release_ns + (upcoming - ordinal) * period_ns
                found = candidate_leaf(r, task, candidate, upcoming, at_ns, limit_ns)
            if found < 0:
                stop = upcoming
                break
            candidate += 1
            leaf = found
            s[p[at.AT_LEAF_HOUR] + leaf] += 1
        if s[at.G_DETECTED]:
            stop = number[candidate - 1] + 1
        if candidate == first or number[candidate - 1] + 1 < stop:
            leaf = idle
        s[p[at.AT_LEAF_HOUR] + idle] += stop - ordinal - (candidate - first)
        charge_stretch(r, task, stop - ordinal, leaf, period_ns, release_ns)
        release_ns += (stop - ordinal) * period_ns
        ordinal = stop
    if ordinal == begun:
        return False
    own[at.R_TURN] += ordinal - begun
    own[at.R_ORDINAL] = ordinal
    own[at.R_TIME] = release_ns
    own[at.R_CANDIDATE] = candidate
    s[p[at.AT_COUNT_TASK] + task * 3 + at.N_RELEASED] += ordinal - begun
    s[p[at.AT_COUNT_TASK] + task * 3 + at.N_FINISHED] += ordinal - begun
    settle(r, task)
    return True
