"""Counting undisturbed activations of a periodic task instead of playing them.

From one release on, up to the earliest event of anything else, an activation that a level rejects is a path: the
same stays at the same offsets. Paths are counted within an hour and charged at its end.
"""

from __future__ import annotations

from powerplan.engines.compiled.books import charge, slot_of
from powerplan.engines.compiled.layout import (
    A_DURATION,
    A_ENTER_END,
    A_ENTER_FIRST,
    A_FIRST_CHANGE,
    A_LAST_CHANGE,
    A_LEVEL_END,
    A_LEVEL_FIRST,
    A_STAY_END,
    A_STAY_FIRST,
    A_TOUCHES,
    AT_BINS,
    AT_CASCADE,
    AT_COUNT_LEVEL,
    AT_COUNT_TASK,
    AT_ENTERED,
    AT_ENTRIES,
    AT_JOB,
    AT_LEVEL,
    AT_PATH,
    AT_PATH_COUNT,
    AT_PATH_LEVEL,
    AT_REFRACTORY_UNTIL,
    AT_RUN_COUNT,
    AT_RUN_PERIOD,
    AT_RUN_START,
    AT_STAY,
    AT_STAY_SLOT,
    AT_TASK,
    C_CONFIRM,
    C_FINAL,
    C_OF,
    C_SLEEPS,
    CASCADE_WIDTH,
    G_BIN,
    G_CODE,
    G_FREE,
    G_HOUR_END,
    G_MOVED,
    G_SINCE,
    G_SLOT,
    H_BITS,
    H_LAST,
    HOUR_NS,
    JOB_WIDTH,
    K_BINS,
    K_ENTRIES,
    K_LONGEST,
    L_NUMBER,
    M_CODE,
    M_LOST,
    M_SLEPT,
    N_FINISHED,
    N_PASSED,
    N_RELEASED,
    N_SEEN,
    NEVER,
    PATH_WIDTH,
    R_CANDIDATE,
    R_FIRST,
    R_ORDINAL,
    R_RUN,
    R_TIME,
    R_TURN,
    T_CANDIDATE_END,
    T_CANDIDATE_FIRST,
    T_CASCADE,
    T_PATH_COUNT,
    T_PATH_FIRST,
    T_PLAIN,
    T_RUN_END,
    T_SCORE_FIRST,
    T_SCORE_WIDTH,
    TASK_WIDTH,
    Run,
)


def settle(r: Run, task: int) -> None:
    """Leave runs that are used up; note when the next release is."""
    p, s = r.plan, r.state
    spec = p[p[AT_TASK] + task * TASK_WIDTH:]
    own = s[p[AT_JOB] + task * JOB_WIDTH:]
    run, end = own[R_RUN], spec[T_RUN_END]
    while run < end and own[R_TURN] >= p[p[AT_RUN_COUNT] + run]:
        run += 1
        own[R_TURN] = 0
        own[R_FIRST] = own[R_ORDINAL]
    own[R_RUN] = run
    own[R_TIME] = p[p[AT_RUN_START] + run] + own[R_TURN] * p[p[AT_RUN_PERIOD] + run] if run < end else NEVER


def confirmed(r: Run, task: int, ordinal: int, unbroken: int) -> bool:
    """Note one more passing window; are enough of the last ones passing?"""
    p, s = r.plan, r.state
    spec = p[p[AT_TASK] + task * TASK_WIDTH:]
    own = s[p[AT_JOB] + task * JOB_WIDTH:]
    cascade = spec[T_CASCADE]
    rule = p[p[AT_CASCADE] + cascade * CASCADE_WIDTH:]
    of = rule[C_OF]
    since = ordinal - own[H_LAST]
    bits = (own[H_BITS] << since if since < of else 0) | 1
    kept = min(of, ordinal - unbroken + 1)
    bits &= (1 << kept) - 1
    own[H_BITS] = bits
    own[H_LAST] = ordinal
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return bool(count >= rule[C_CONFIRM])


def levels_passed(r: Run, task: int, candidate: int, path: int) -> int:
    """How many levels of the path let the candidate pass, one after the other."""
    p = r.plan
    way = p[p[AT_PATH] + path * PATH_WIDTH:]
    spec = p[p[AT_TASK] + task * TASK_WIDTH:]
    at = (spec[T_SCORE_FIRST]
          + (candidate - spec[T_CANDIDATE_FIRST]) * spec[T_SCORE_WIDTH])
    first, end = way[A_LEVEL_FIRST], way[A_LEVEL_END]
    for index in range(first, end):
        level = p[p[AT_PATH_LEVEL] + index]
        score = r.score[at + p[p[AT_LEVEL] + level * 2 + L_NUMBER]]
        if not r.limit[level, 0] <= score <= r.limit[level, 1]:
            return int(index - first)
    return int(end - first)


def charge_counts(r: Run, task: int, hour_bin: int) -> None:
    """Charge the counted paths of a task, all within one hour, and set the counts back."""
    p, s = r.plan, r.state
    spec = p[p[AT_TASK] + task * TASK_WIDTH:]
    first = spec[T_PATH_FIRST]
    for path in range(first, first + spec[T_PATH_COUNT]):
        way = p[p[AT_PATH] + path * PATH_WIDTH:]
        count = s[p[AT_PATH_COUNT] + path]
        if count == 0:
            continue
        s[p[AT_PATH_COUNT] + path] = 0
        for stay in range(way[A_STAY_FIRST], way[A_STAY_END]):
            slot, lasts = s[p[AT_STAY_SLOT] + stay], p[p[AT_STAY] + stay * 3 + 1]
            r.ledger[slot, K_ENTRIES] += count
            r.ledger[slot, K_LONGEST] = max(r.ledger[slot, K_LONGEST], lasts)
            r.ledger[slot, K_BINS + hour_bin] += count * lasts
        count_path(r, path, count)


def count_path(r: Run, path: int, count: int) -> None:
    """Entries into states and levels asked of so many activations."""
    p, s = r.plan, r.state
    way = p[p[AT_PATH] + path * PATH_WIDTH:]
    for index in range(way[A_ENTER_FIRST], way[A_ENTER_END]):
        s[p[AT_ENTRIES] + p[p[AT_ENTERED] + index]] += count
    last = way[A_LEVEL_END] - 1
    for index in range(way[A_LEVEL_FIRST], last + 1):
        s[p[AT_COUNT_LEVEL] + (p[p[AT_PATH_LEVEL] + index]) * 2 + N_SEEN] += count
        if index < last:
            s[p[AT_COUNT_LEVEL] + (p[p[AT_PATH_LEVEL] + index]) * 2 + N_PASSED] += count


def charge_gaps(r: Run, slot: int, hour_bin: int, count: int, total_ns: int, longest_ns: int) -> None:
    """Charge the stays between counted activations, all within one hour."""
    r.ledger[slot, K_ENTRIES] += count
    r.ledger[slot, K_LONGEST] = max(r.ledger[slot, K_LONGEST], longest_ns)
    r.ledger[slot, K_BINS + hour_bin] += total_ns


def charge_across(r: Run, path: int, slot: int, since_ns: int, release_ns: int,
                  hour_end_ns: int, hour_bin: int) -> None:
    """Charge the open stay and one activation that reach into another hour."""
    p, s = r.plan, r.state
    way = p[p[AT_PATH] + path * PATH_WIDTH:]
    begins_ns = release_ns + way[A_FIRST_CHANGE]
    if begins_ns > since_ns:
        charge(r, p[AT_BINS], slot, since_ns, begins_ns, hour_end_ns, hour_bin)
    for stay in range(way[A_STAY_FIRST], way[A_STAY_END]):
        start_ns = release_ns + p[p[AT_STAY] + stay * 3 + 0]
        hour = start_ns // HOUR_NS
        charge(r, p[AT_BINS], s[p[AT_STAY_SLOT] + stay], start_ns, start_ns + p[p[AT_STAY] + stay * 3 + 1],
               (hour + 1) * HOUR_NS, hour % p[AT_BINS])
    count_path(r, path, 1)


def find_slots(r: Run, task: int, code: int) -> None:
    """Slots of all stays of a task's paths, for the joint code around it."""
    p, s = r.plan, r.state
    spec = p[p[AT_TASK] + task * TASK_WIDTH:]
    if s[p[AT_JOB] + task * JOB_WIDTH + M_CODE] == code:
        return
    s[p[AT_JOB] + task * JOB_WIDTH + M_CODE] = code
    first = spec[T_PATH_FIRST]
    for path in range(first, first + spec[T_PATH_COUNT]):
        way = p[p[AT_PATH] + path * PATH_WIDTH:]
        for stay in range(way[A_STAY_FIRST], way[A_STAY_END]):
            s[p[AT_STAY_SLOT] + stay] = slot_of(r, code + p[p[AT_STAY] + stay * 3 + 2])


def last_ordinal(r: Run, task: int, limit_ns: int, lasts_ns: int) -> int:
    """Ordinal after the last release of the run whose idle activation is over before the limit."""
    p, s = r.plan, r.state
    own = s[p[AT_JOB] + task * JOB_WIDTH:]
    run, release_ns = own[R_RUN], own[R_TIME]
    period_ns, left = p[p[AT_RUN_PERIOD] + run], p[p[AT_RUN_COUNT] + own[R_RUN]] - own[R_TURN]
    if left > 1 and period_ns <= lasts_ns:
        return int(own[R_ORDINAL])
    count = left
    if period_ns > 0:
        count = min(count, (limit_ns - 1 - lasts_ns - release_ns) // period_ns + 1)
    if count == left and after_run(r, task, run) <= release_ns + (left - 1) * period_ns + lasts_ns:
        count -= 1
    return int(own[R_ORDINAL] + count)


def after_run(r: Run, task: int, run: int) -> int:
    """First release after a run."""
    p = r.plan
    spec = p[p[AT_TASK] + task * TASK_WIDTH:]
    for later in range(run + 1, spec[T_RUN_END]):
        if p[p[AT_RUN_COUNT] + later] > 0:
            return int(p[p[AT_RUN_START] + later])
    return NEVER


def skip(r: Run, task: int, limit_ns: int) -> bool:
    """Count the rejected activations that are over before the limit; False when there is none."""
    p, s = r.plan, r.state
    spec = p[p[AT_TASK] + task * TASK_WIDTH:]
    paths, first_path = spec[T_PATH_COUNT], spec[T_PATH_FIRST]
    own = s[p[AT_JOB] + task * JOB_WIDTH:]
    if paths == 0:
        return False
    lasts_ns = p[p[AT_PATH] + first_path * PATH_WIDTH + A_DURATION]
    if own[R_TIME] + lasts_ns >= limit_ns:
        return False
    if p[p[AT_PATH] + first_path * PATH_WIDTH + A_TOUCHES] & (s[G_MOVED] | ~s[G_FREE]):
        return False
    cascade = spec[T_CASCADE]
    rule = p[p[AT_CASCADE] + cascade * CASCADE_WIDTH:]
    if cascade >= 0 and rule[C_SLEEPS] and own[R_TIME] < s[p[AT_REFRACTORY_UNTIL] + cascade]:
        return False
    end = last_ordinal(r, task, limit_ns, lasts_ns)
    first_ordinal = own[R_ORDINAL]
    candidate, last_candidate = own[R_CANDIDATE], spec[T_CANDIDATE_END]
    if end <= first_ordinal or (candidate < last_candidate and r.candidate[candidate] == first_ordinal
                                and r.event[candidate] >= 0):
        return False
    return count_on(r, task, limit_ns, end)


def count_on(r: Run, task: int, limit_ns: int, end: int) -> bool:
    """Count from the next release up to the ordinal `end`, or to the first candidate that must be played."""
    p, s = r.plan, r.state
    spec = p[p[AT_TASK] + task * TASK_WIDTH:]
    own = s[p[AT_JOB] + task * JOB_WIDTH:]
    first_path, paths = spec[T_PATH_FIRST], spec[T_PATH_COUNT]
    deepest, plain = first_path + paths - 1, spec[T_PLAIN]
    cascade = spec[T_CASCADE]
    rule = p[p[AT_CASCADE] + cascade * CASCADE_WIDTH:]
    confirms = cascade >= 0 and rule[C_CONFIRM] > 1 and not rule[C_FINAL]
    run = own[R_RUN]
    period_ns, end_of_run = p[p[AT_RUN_PERIOD] + run], own[R_ORDINAL] + p[p[AT_RUN_COUNT] + run] - own[R_TURN]
    code = s[G_CODE]
    find_slots(r, task, code)
    slot = s[G_SLOT]
    if slot < 0:
        slot = slot_of(r, code)
        s[G_SLOT] = slot
    idle = p[p[AT_PATH] + first_path * PATH_WIDTH:]
    first_ns, last_ns = idle[A_FIRST_CHANGE], idle[A_LAST_CHANGE]
    changes = first_ns >= 0
    between_ns = period_ns + first_ns - last_ns
    hour_end_ns, hour_bin, since_ns = s[G_HOUR_END], s[G_BIN], s[G_SINCE]
    ordinal, release_ns = own[R_ORDINAL], own[R_TIME]
    begun = ordinal
    candidate, candidates_end = own[R_CANDIDATE], spec[T_CANDIDATE_END]
    upcoming = r.candidate[candidate] if candidate < candidates_end else NEVER
    gap_count, gap_ns, gap_longest_ns = 0, 0, 0
    fits = fitting(ordinal, release_ns, period_ns, last_ns, hour_end_ns) if changes else NEVER
    while ordinal < end:
        path = first_path
        way = p[p[AT_PATH] + path * PATH_WIDTH:]
        if ordinal < upcoming:
            stop = min(end, upcoming, fits)
            if stop > ordinal:
                count = stop - ordinal
                if changes:
                    opened_ns = release_ns + first_ns - since_ns
                    if opened_ns > 0:
                        gap_count += 1
                        gap_ns += opened_ns
                        gap_longest_ns = max(gap_longest_ns, opened_ns)
                    if count > 1:
                        gap_count += count - 1
                        gap_ns += (count - 1) * between_ns
                        gap_longest_ns = max(gap_longest_ns, between_ns)
                    since_ns = release_ns + (count - 1) * period_ns + last_ns
                s[p[AT_PATH_COUNT] + first_path] += count
                ordinal = stop
                release_ns += count * period_ns
                continue
        else:
            if not plain or r.event[candidate] >= 0:
                break
            passes = levels_passed(r, task, candidate, deepest)
            if passes >= paths:
                break
            path = first_path + passes
            way = p[p[AT_PATH] + path * PATH_WIDTH:]
            lasts_ns = way[A_DURATION]
            if release_ns + lasts_ns >= limit_ns or (ordinal + 1 < end_of_run and period_ns <= lasts_ns):
                break
            if ordinal + 1 == end_of_run and after_run(r, task, run) <= release_ns + lasts_ns:
                break
            if confirms and passes > 0 and not confirmed(
                    r, task, ordinal, max(own[R_FIRST], own[M_LOST] + 1, own[M_SLEPT] + 1)):
                path = first_path
                way = p[p[AT_PATH] + path * PATH_WIDTH:]
            candidate += 1
            upcoming = r.candidate[candidate] if candidate < candidates_end else NEVER
        ends_ns = release_ns + way[A_LAST_CHANGE]
        if not changes or ends_ns <= hour_end_ns:
            if changes:
                opened_ns = release_ns + way[A_FIRST_CHANGE] - since_ns
                if opened_ns > 0:
                    gap_count += 1
                    gap_ns += opened_ns
                    gap_longest_ns = max(gap_longest_ns, opened_ns)
                since_ns = ends_ns
            s[p[AT_PATH_COUNT] + path] += 1
        else:
            charge_counts(r, task, hour_bin)
            charge_gaps(r, slot, hour_bin, gap_count, gap_ns, gap_longest_ns)
            gap_count, gap_ns, gap_longest_ns = 0, 0, 0
            charge_across(r, path, slot, since_ns, release_ns, hour_end_ns, hour_bin)
            since_ns = ends_ns
            if ends_ns >= hour_end_ns:
                hour = ends_ns // HOUR_NS
                hour_end_ns, hour_bin = (hour + 1) * HOUR_NS, hour % p[AT_BINS]
            fits = fitting(ordinal + 1, release_ns + period_ns, period_ns, last_ns, hour_end_ns)
        ordinal += 1
        release_ns += period_ns
    if ordinal == begun:
        return False
    charge_counts(r, task, hour_bin)
    if changes:
        charge_gaps(r, slot, hour_bin, gap_count, gap_ns, gap_longest_ns)
        s[G_SINCE] = since_ns
        s[G_HOUR_END] = hour_end_ns
        s[G_BIN] = hour_bin
        if since_ns >= hour_end_ns:
            s[G_HOUR_END] = hour_end_ns + HOUR_NS
            s[G_BIN] = (hour_bin + 1) % p[AT_BINS]
    own[R_TURN] += ordinal - begun
    own[R_ORDINAL] = ordinal
    own[R_TIME] = release_ns
    own[R_CANDIDATE] = candidate
    s[p[AT_COUNT_TASK] + task * 3 + N_RELEASED] += ordinal - begun
    s[p[AT_COUNT_TASK] + task * 3 + N_FINISHED] += ordinal - begun
    settle(r, task)
    return True


def fitting(ordinal: int, release_ns: int, period_ns: int, last_ns: int, hour_end_ns: int) -> int:
    """Ordinal after the last idle activation whose changes of state all lie within the hour."""
    room_ns = hour_end_ns - last_ns - release_ns
    if room_ns < 0:
        return ordinal
    return ordinal + room_ns // period_ns + 1 if period_ns > 0 else ordinal + 1
