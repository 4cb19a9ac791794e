"""Activations that nothing disturbs: their decisions are made, and the effects of the way they took are added up.

Time by hour is charged at once. How often a way was taken is only counted, and its entries are booked later, for the
joint code around it.
"""

from __future__ import annotations

from powerplan.engines.compiled import layout as at
from powerplan.engines.compiled.activation import attempts_of, detected, inside, judged
from powerplan.engines.compiled.books import close, count, move_to, note, slot_of, spend, write_row
from powerplan.engines.compiled.layout import Run
from powerplan.engines.compiled.releases import spawn


def book(r: Run, task: int) -> None:
    """Book what the counted ways of a task enter, stay in and ask."""
    p, s = r.plan, r.state
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    for leaf in range(spec[at.T_LEAF_FIRST], spec[at.T_LEAF_END]):
        times = s[p[at.AT_LEAF_TOTAL] + leaf]
        if times == 0:
            continue
        s[p[at.AT_LEAF_TOTAL] + leaf] = 0
        way = p[p[at.AT_LEAF] + leaf * at.LEAF_WIDTH:]
        for stay in range(way[at.A_STAY_FIRST], way[at.A_STAY_END]):
            count(r, s[p[at.AT_STAY_SLOT] + stay], times, p[p[at.AT_STAY] + stay * at.STAY_WIDTH + at.Y_LASTS])
        for index in range(way[at.A_ENTER_FIRST], way[at.A_ENTER_END]):
            s[p[at.AT_ENTRIES] + p[p[at.AT_ENTERED] + index]] += times
        for index in range(way[at.A_SEEN_FIRST], way[at.A_SEEN_END]):
            s[p[at.AT_COUNT_LEVEL] + p[p[at.AT_SEEN] + index] * 2 + at.N_SEEN] += times
        for index in range(way[at.A_PASSED_FIRST], way[at.A_PASSED_END]):
            s[p[at.AT_COUNT_LEVEL] + p[p[at.AT_PASSED] + index] * 2 + at.N_PASSED] += times


def book_all(r: Run) -> None:
    """Book the counted ways of every task."""
    for task in range(r.plan[at.AT_TASKS]):
        book(r, task)


def find_slots(r: Run, task: int) -> None:
    """Slots of all stays of a task's ways, for the present joint code around it."""
    p, s = r.plan, r.state
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    own, code = s[p[at.AT_JOB] + task * at.JOB_WIDTH:], s[at.G_CODE]
    book(r, task)
    own[at.M_CODE] = code
    for leaf in range(spec[at.T_LEAF_FIRST], spec[at.T_LEAF_END]):
        way = p[p[at.AT_LEAF] + leaf * at.LEAF_WIDTH:]
        for stay in range(way[at.A_STAY_FIRST], way[at.A_STAY_END]):
            step = p[p[at.AT_STAY] + stay * at.STAY_WIDTH + at.Y_STEP]
            s[p[at.AT_STAY_SLOT] + stay] = slot_of(r, code + step)


def charge_leaf(r: Run, leaf: int, start_ns: int) -> None:
    """Charge the stay before an activation, and the time of its own stays."""
    p, s = r.plan, r.state
    way = p[p[at.AT_LEAF] + leaf * at.LEAF_WIDTH:]
    s[p[at.AT_LEAF_TOTAL] + leaf] += 1
    if way[at.A_FIRST_CHANGE] < 0:
        return
    bins = p[at.AT_BINS]
    close(r, bins, start_ns + way[at.A_FIRST_CHANGE])
    last_ns, hour_end_ns, hour_bin = start_ns + way[at.A_LAST_CHANGE], s[at.G_HOUR_END], s[at.G_BIN]
    within = last_ns <= hour_end_ns
    for stay in range(way[at.A_STAY_FIRST], way[at.A_STAY_END]):
        lasts = p[p[at.AT_STAY] + stay * at.STAY_WIDTH + at.Y_LASTS]
        slot = s[p[at.AT_STAY_SLOT] + stay]
        if within:
            r.ledger[slot, at.K_BINS + hour_bin] += lasts
        else:
            begins_ns = start_ns + p[p[at.AT_STAY] + stay * at.STAY_WIDTH + at.Y_OFFSET]
            hour = begins_ns // at.HOUR_NS
            spend(r, bins, slot, begins_ns, begins_ns + lasts, (hour + 1) * at.HOUR_NS, hour % bins)
    move_to(r, bins, last_ns)


def choose(r: Run, task: int, start_ns: int) -> int:
    """Make the decisions of the loaded activation, which starts now and is not disturbed; returns its leaf."""
    p, s = r.plan, r.state
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    place, event = spec[at.T_ROOT], own[at.J_EVENT]
    late, outcome = False, at.FINISHED
    while place >= 0:
        node = p[p[at.AT_NODE] + place * at.NODE_WIDTH:]
        guard = node[at.D_GUARD]
        if event >= 0 and node[at.D_SAMPLE] >= 0:
            late = start_ns + node[at.D_SAMPLE] >= p[p[at.AT_EVENT_END] + event]
        if guard == at.GUARD_LEVEL:
            found = judged(r, task, node[at.D_LEVEL], inside(r, task, node[at.D_LEVEL], late))
            passed = found == at.FINISHED
            if not passed:
                outcome = found
        elif guard == at.GUARD_ACCEPT:
            passed = inside(r, task, node[at.D_LEVEL], late)
        elif guard == at.GUARD_DECIDE:
            own[at.J_LATE] = late
            s[at.G_NOW] = start_ns + node[at.D_OFFSET]
            passed = detected(r, task)
            outcome = own[at.J_OUTCOME]
        else:
            passed = node[at.D_ATTEMPT] >= attempts_of(r, task)
        place = node[at.D_PASS] if passed else node[at.D_FAIL]
    leaf = -1 - place
    way = p[p[at.AT_LEAF] + leaf * at.LEAF_WIDTH:]
    if event >= 0 and way[at.A_SAMPLE] >= 0:
        late = start_ns + way[at.A_SAMPLE] >= p[p[at.AT_EVENT_END] + event]
    own[at.J_OUTCOME] = outcome
    s[at.G_NOW] = start_ns + way[at.A_DURATION]
    if note(r, task, event, outcome, late):
        write_row(r, task, own[at.J_ORDINAL], event, own[at.J_PARENT], own[at.J_RELEASED], start_ns, outcome, leaf + 1)
    if way[at.A_SPAWN] >= 0:
        spawn(r, way[at.A_SPAWN], event, own[at.J_ORDINAL])
    return int(leaf)


def known(r: Run, task: int, start_ns: int, limit_ns: int) -> bool:
    """Whether the loaded activation has a template and, if it starts now, nothing disturbs it before the limit."""
    p, s = r.plan, r.state
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    if spec[at.T_WHOLE] == 0 or start_ns + spec[at.T_LONGEST] >= limit_ns:
        return False
    if spec[at.T_TOUCHES] & (s[at.G_MOVED] | ~s[at.G_FREE]):
        return False
    if own[at.J_CANDIDATE] >= 0 and spec[at.T_PLAIN] == 0:
        return False
    return bool(spec[at.T_TRIES] == 0 or attempts_of(r, task) <= spec[at.T_TRIES])


def replay(r: Run, task: int, start_ns: int, limit_ns: int) -> bool:
    """Add up the loaded activation instead of walking it; False when it must be walked."""
    s = r.state
    if not known(r, task, start_ns, limit_ns):
        return False
    if s[r.plan[at.AT_JOB] + task * at.JOB_WIDTH + at.M_CODE] != s[at.G_CODE]:
        find_slots(r, task)
    charge_leaf(r, choose(r, task, start_ns), start_ns)
    s[r.plan[at.AT_COUNT_TASK] + task * 3 + at.N_FINISHED] += 1
    return True
