"""Charging time to joint states, changing states, and writing rows. The past interval is closed before a change."""

from __future__ import annotations

from powerplan.engines.compiled import layout as at
from powerplan.engines.compiled.layout import Ints, Run, bare


def slot_of(r: Run, code: int) -> int:
    """Place of a joint code in the hash table, taken if it is new."""
    s = r.state
    mask = r.ledger.shape[0] - 1
    slot = ((code * 0x1E3779B97F4A7C15) >> 20) & mask
    while r.ledger[slot, at.K_CODE] != code:
        if r.ledger[slot, at.K_CODE] < 0:
            r.ledger[slot, at.K_CODE] = code
            s[at.G_CODES] += 1
            break
        slot = (slot + 1) & mask
    return int(slot)


def count(r: Run, slot: int, times: int, lasts_ns: int) -> None:
    """Count so many stays of one length."""
    r.ledger[slot, at.K_ENTRIES] += times
    if lasts_ns > r.ledger[slot, at.K_LONGEST]:
        r.ledger[slot, at.K_LONGEST] = lasts_ns


def spend(r: Run, bins: int, slot: int, start_ns: int, end_ns: int, hour_end_ns: int, hour_bin: int) -> None:
    """Charge the time of a stay to a slot; the hour given is the one its start lies in."""
    while end_ns > hour_end_ns:
        r.ledger[slot, at.K_BINS + hour_bin] += hour_end_ns - start_ns
        start_ns = hour_end_ns
        hour_end_ns += at.HOUR_NS
        hour_bin += 1
        if hour_bin == bins:
            hour_bin = 0
    r.ledger[slot, at.K_BINS + hour_bin] += end_ns - start_ns


def close(r: Run, bins: int, at_ns: int) -> None:
    """Charge the time since the last change."""
    s = r.state
    since = s[at.G_SINCE]
    if at_ns <= since:
        return
    slot = s[at.G_SLOT]
    if slot < 0:
        slot = slot_of(r, s[at.G_CODE])
        s[at.G_SLOT] = slot
    count(r, slot, 1, at_ns - since)
    spend(r, bins, slot, since, at_ns, s[at.G_HOUR_END], s[at.G_BIN])
    move_to(r, bins, at_ns)


def move_to(r: Run, bins: int, at_ns: int) -> None:
    """The open stay starts here."""
    s = r.state
    s[at.G_SINCE] = at_ns
    if at_ns >= s[at.G_HOUR_END]:
        hour = at_ns // at.HOUR_NS
        s[at.G_HOUR_END] = (hour + 1) * at.HOUR_NS
        s[at.G_BIN] = hour % bins


def enter(r: Run, state: int, at_ns: int) -> None:
    """A part enters a state. Entering the state it is in changes nothing."""
    p, s = r.plan, r.state
    part = p[p[at.AT_STATE] + state * 2 + at.S_PART]
    before = s[p[at.AT_PART_STATE] + part]
    if before == state:
        return
    close(r, p[at.AT_BINS], at_ns)
    s[at.G_CODE] += p[p[at.AT_STATE] + state * 2 + at.S_WEIGHT] - p[p[at.AT_STATE] + before * 2 + at.S_WEIGHT]
    s[at.G_SLOT] = -1
    s[p[at.AT_PART_STATE] + part] = state
    s[p[at.AT_ENTRIES] + state] += 1
    if p[p[at.AT_REST] + part] == state:
        s[at.G_MOVED] &= ~(1 << part)
    else:
        s[at.G_MOVED] |= 1 << part


def give_back(r: Run, mask: int, at_ns: int) -> None:
    """Parts are free from now on and return to rest."""
    p, s = r.plan, r.state
    if mask == 0:
        return
    left, part = mask, 0
    while left:
        if left & 1:
            enter(r, p[p[at.AT_REST] + part], at_ns)
        left >>= 1
        part += 1
    s[at.G_FREE] |= mask
    if s[at.G_WAITING] > 0:
        s[at.G_ARMED] = 1


def note(r: Run, task: int, event: int, outcome: int, late: bool) -> bool:
    """What an outcome means for its event; whether the activation has a row."""
    p = r.plan
    spec = p[p[at.AT_TASK] + task * at.TASK_WIDTH:]
    cascade = spec[at.T_CASCADE]
    if cascade >= 0 and event >= 0 and outcome != at.FINISHED:
        code = at.NOT_SAMPLED if late and outcome not in (at.BUSY, at.CUT) else outcome
        if code < r.seen[event, cascade]:
            r.seen[event, cascade] = code
    return bool(event >= 0 or outcome == at.DETECTED or spec[at.T_RECORDS])


def write_row(r: Run, task: int, ordinal: int, event: int, parent: int, released_ns: int, started_ns: int,
              outcome: int, way: int) -> None:
    """One more row."""
    number = r.state[at.G_ROWS]
    r.state[at.G_ROWS] = number + 1
    row = r.row[number]
    row[at.W_TASK] = task
    row[at.W_ORDINAL] = ordinal
    row[at.W_EVENT] = event
    row[at.W_PARENT] = parent
    row[at.W_RELEASED] = released_ns
    row[at.W_STARTED] = started_ns
    row[at.W_OUTCOME] = outcome
    row[at.W_WAY] = way


def note_walked(r: Run, task: int) -> None:
    """The row of an activation that was walked, with what it noted on the way."""
    p, s = r.plan, r.state
    own = s[p[at.AT_JOB] + task * at.JOB_WIDTH:]
    outcome = own[at.J_OUTCOME]
    if not note(r, task, own[at.J_EVENT], outcome, own[at.J_LATE] > 0):
        return
    number = s[at.G_WALKED]
    s[at.G_WALKED] = number + 1
    walked, ended_ns = r.walked[number], own[at.J_RELEASED]
    for stage in range(at.STAGES):
        ended_ns += own[at.J_STAGES + stage]
        walked[stage] = own[at.J_STAGES + stage]
    walked[at.STAGES + at.DECIDED] = own[at.J_DECIDED]
    walked[at.STAGES + at.ACTED] = own[at.J_ACTION]
    walked[at.STAGES + at.ENDED] = ended_ns
    if outcome in (at.CUT, at.BUSY) or own[at.J_STARTED] < 0:
        walked[at.STAGES + at.ENDED] = -1
    write_row(r, task, own[at.J_ORDINAL], own[at.J_EVENT], own[at.J_PARENT], own[at.J_RELEASED], own[at.J_STARTED],
              outcome, -1 - number)


def moment(r: Run, number: int, which: int) -> int:
    """When the activation of a row decided, acted or ended; -1 where it never did."""
    p, way = r.plan, r.row[number, at.W_WAY]
    if way < 0:
        return int(r.walked[-1 - way, at.STAGES + which])
    if way == 0 or p[p[at.AT_LEAF] + (way - 1) * at.LEAF_WIDTH + which] < 0:
        return -1
    return int(r.row[number, at.W_STARTED] + p[p[at.AT_LEAF] + (way - 1) * at.LEAF_WIDTH + which])


def list_rows(r: Run, table: Ints, stages: Ints, place: Ints) -> bool:
    """Write the rows by task and ordinal into the columns of a table, and their time by stage into columns of zeros.

    False when the rows of a task are not in the order of their ordinals. `place` is scratch, one per task and one.
    """
    b = bare(r)
    p, s = b.plan, b.state
    rows, ordered = s[at.G_ROWS], True
    for number in range(rows):
        place[b.row[number, at.W_TASK] + 1] += 1
    for task in range(p[at.AT_TASKS]):
        place[task + 1] += place[task]
    for number in range(rows):
        task = b.row[number, at.W_TASK]
        to, way = place[task], b.row[number, at.W_WAY]
        place[task] = to + 1
        for column in range(at.W_WAY):
            table[column, to] = b.row[number, column]
        for which in range(at.MOMENTS):
            table[at.W_WAY + which, to] = moment(b, number, which)
        first = p[at.AT_LEAF_STAGE] + way * at.STAGES
        for column in range(at.STAGES):
            spent_ns = p[first + column] if way >= 0 else b.walked[-1 - way, column]
            if spent_ns:
                stages[column, to] = spent_ns
        if way > 0:
            stages[at.QUEUED, to] += b.row[number, at.W_STARTED] - b.row[number, at.W_RELEASED]
        if to > 0 and table[at.W_TASK, to - 1] == task and table[at.W_ORDINAL, to - 1] > table[at.W_ORDINAL, to]:
            ordered = False
    return ordered
