"""Charging time to joint states, changing states, and writing rows. The past interval is closed before a change."""

from __future__ import annotations

from powerplan.engines.compiled.layout import (
    AT_BINS,
    AT_ENTRIES,
    AT_JOB,
    AT_PART_STATE,
    AT_REST,
    AT_STATE,
    AT_TASK,
    G_ARMED,
    G_BIN,
    G_CODE,
    G_CODES,
    G_FREE,
    G_HOUR_END,
    G_MOVED,
    G_ROWS,
    G_SINCE,
    G_SLOT,
    G_WAITING,
    HOUR_NS,
    J_ACTION,
    J_DECIDED,
    J_EVENT,
    J_LATE,
    J_ORDINAL,
    J_OUTCOME,
    J_PARENT,
    J_RELEASED,
    J_STAGES,
    J_STARTED,
    JOB_WIDTH,
    K_BINS,
    K_CODE,
    K_ENTRIES,
    K_LONGEST,
    S_PART,
    S_WEIGHT,
    STAGES,
    T_CASCADE,
    T_RECORDS,
    TASK_WIDTH,
    W_ACTION,
    W_DECIDED,
    W_ENDED,
    W_EVENT,
    W_ORDINAL,
    W_OUTCOME,
    W_PARENT,
    W_RELEASED,
    W_STAGES,
    W_STARTED,
    W_TASK,
    Run,
)

DETECTED, BUSY, NOT_SAMPLED, CUT, DONE_OUTCOME = 0, 3, 2, 12, 13


def slot_of(r: Run, code: int) -> int:
    """Place of a joint code in the hash table, taken if it is new."""
    s = r.state
    mask = r.ledger.shape[0] - 1
    slot = ((code * 0x1E3779B97F4A7C15) >> 20) & mask
    while r.ledger[slot, K_CODE] != code:
        if r.ledger[slot, K_CODE] < 0:
            r.ledger[slot, K_CODE] = code
            s[G_CODES] += 1
            break
        slot = (slot + 1) & mask
    return int(slot)


def charge(r: Run, bins: int, slot: int, start_ns: int, end_ns: int, hour_end_ns: int, hour_bin: int) -> None:
    """Charge one stay to a slot; the hour given is the one its start lies in."""
    r.ledger[slot, K_ENTRIES] += 1
    if end_ns - start_ns > r.ledger[slot, K_LONGEST]:
        r.ledger[slot, K_LONGEST] = end_ns - start_ns
    while end_ns > hour_end_ns:
        r.ledger[slot, K_BINS + hour_bin] += hour_end_ns - start_ns
        start_ns = hour_end_ns
        hour_end_ns += HOUR_NS
        hour_bin += 1
        if hour_bin == bins:
            hour_bin = 0
    r.ledger[slot, K_BINS + hour_bin] += end_ns - start_ns


def close(r: Run, bins: int, at_ns: int) -> None:
    """Charge the time since the last change."""
    s = r.state
    since = s[G_SINCE]
    if at_ns <= since:
        return
    slot = s[G_SLOT]
    if slot < 0:
        slot = slot_of(r, s[G_CODE])
        s[G_SLOT] = slot
    charge(r, bins, slot, since, at_ns, s[G_HOUR_END], s[G_BIN])
    move_to(r, bins, at_ns)


def move_to(r: Run, bins: int, at_ns: int) -> None:
    """The open stay starts here."""
    s = r.state
    s[G_SINCE] = at_ns
    if at_ns >= s[G_HOUR_END]:
        hour = at_ns // HOUR_NS
        s[G_HOUR_END] = (hour + 1) * HOUR_NS
        s[G_BIN] = hour % bins


def enter(r: Run, state: int, at_ns: int) -> None:
    """A part enters a state. Entering the state it is in changes nothing."""
    p, s = r.plan, r.state
    part = p[p[AT_STATE] + state * 2 + S_PART]
    before = s[p[AT_PART_STATE] + part]
    if before == state:
        return
    close(r, p[AT_BINS], at_ns)
    s[G_CODE] += p[p[AT_STATE] + state * 2 + S_WEIGHT] - p[p[AT_STATE] + before * 2 + S_WEIGHT]
    s[G_SLOT] = -1
    s[p[AT_PART_STATE] + part] = state
    s[p[AT_ENTRIES] + state] += 1
    if p[p[AT_REST] + part] == state:
        s[G_MOVED] &= ~(1 << part)
    else:
        s[G_MOVED] |= 1 << part


def give_back(r: Run, mask: int, at_ns: int) -> None:
    """Parts are free from now on and return to rest."""
    p, s = r.plan, r.state
    if mask == 0:
        return
    left, part = mask, 0
    while left:
        if left & 1:
            enter(r, p[p[AT_REST] + part], at_ns)
        left >>= 1
        part += 1
    s[G_FREE] |= mask
    if s[G_WAITING] > 0:
        s[G_ARMED] = 1


def note(r: Run, task: int) -> None:
    """The row of the task's present activation, and what its outcome means for its event."""
    p, s = r.plan, r.state
    own = s[p[AT_JOB] + task * JOB_WIDTH:]
    spec = p[p[AT_TASK] + task * TASK_WIDTH:]
    event, outcome = own[J_EVENT], own[J_OUTCOME]
    cascade = spec[T_CASCADE]
    if cascade >= 0 and event >= 0 and outcome != DONE_OUTCOME:
        code = NOT_SAMPLED if own[J_LATE] and outcome not in (BUSY, CUT) else outcome
        if code < r.seen[event, cascade]:
            r.seen[event, cascade] = code
    if event < 0 and outcome != DETECTED and not spec[T_RECORDS]:
        return
    number = s[G_ROWS]
    s[G_ROWS] = number + 1
    row = r.row
    row[number, W_TASK] = task
    row[number, W_ORDINAL] = own[J_ORDINAL]
    row[number, W_EVENT] = event
    row[number, W_PARENT] = own[J_PARENT]
    row[number, W_RELEASED] = own[J_RELEASED]
    row[number, W_STARTED] = own[J_STARTED]
    row[number, W_DECIDED] = own[J_DECIDED]
    row[number, W_ACTION] = own[J_ACTION]
    row[number, W_OUTCOME] = outcome
    ended = own[J_RELEASED]
    for stage in range(STAGES):
        spent = own[J_STAGES + stage]
        row[number, W_STAGES + stage] = spent
        ended += spent
    row[number, W_ENDED] = -1 if outcome in (CUT, BUSY) or own[J_STARTED] < 0 else ended
