"""All settings of two thresholds at once: clusters of candidates, each played once per rectangle of settings.

The run in which level 1 rejects everything is played once, from cluster to cluster. From each cluster's start the
same device is played again for every rectangle of settings in which the cluster's members pass alike, and what it
counts beyond the first run is added to 2-D difference arrays. A cluster ends where every one of these runs is back in
the state of the first run; that is checked, and a cluster that has not ended is joined with the next one.
"""

from __future__ import annotations

from typing import NamedTuple

from powerplan.engines.compiled import layout as at
from powerplan.engines.compiled.books import close, moment
from powerplan.engines.compiled.layout import Floats, Ints, Run, bare
from powerplan.engines.compiled.walk import cut, play

PERCOLATES = 9
"""Status: a cluster asks for more rectangles than allowed, or for more room than there is."""
MATCHES, DIFFERS = 0, 1
PERCOLATED = 1 << 40

# Member columns: release, event, first setting that each score does not pass (level 1 and 2, in time and late)
M_RELEASE, M_EVENT, M_FIRST, M_FIRST_LATE, M_SECOND, M_SECOND_LATE = range(6)


class Sweep(NamedTuple):
    """One sweep of two thresholds of a cascade."""

    member: Ints
    """Candidates of the cascade in the order of their release (members, columns)."""
    last_member: Ints
    """Last member of each event (events,)."""
    grid_1: Floats
    grid_2: Floats
    number: Ints
    """Cascade, level 1, level 2 (-1: none), longest reach of a member, rectangles a cluster may have, horizon; scratch:
    sign of what is added, rectangles to play."""
    child: Ints
    """Action whose start ends the latency of a task's detections, -1: the decision (tasks,)."""
    event: Ints
    """Onset, end, target, missed (events, 4)."""
    latency_edge: Ints
    counts: Ints
    """Difference planes of all counts (counts, settings + 1, settings + 1)."""
    times: Ints
    """Difference planes of the time in each joint state (codes, ...)."""
    codes: Ints
    """Joint code of each time plane, -1 where unused (codes,)."""
    reasons: Ints
    """Difference planes of the outcomes of events (outcomes, ...)."""
    latencies: Ints
    """Difference planes of the latency histogram (bins, ...)."""
    edges_1: Ints
    edges_2: Ints
    """Scratch: settings at which a cluster's outcome may change."""
    slots: Ints
    """Slots of the ledger in use, their time in the first run, and that at the cluster's start (3, slots).

    The first column holds their number."""


def add(plane: Ints, top: int, bottom: int, left: int, right: int, value: int) -> None:
    """Add a value to a rectangle of settings of a difference plane."""
    plane[top, left] += value
    plane[bottom, left] -= value
    plane[top, right] -= value
    plane[bottom, right] += value


def copy(source: Ints, target: Ints) -> None:
    """Copy an array into another."""
    for place in range(source.shape[0]):
        target[place] = source[place]


def play_until(r: Run, until_ns: int, horizon_ns: int) -> int:
    """Play a run to a moment, to its very end when that is the horizon. Rows of the past are given up."""
    s = r.state
    while True:
        status = play(r, until_ns)
        if status == at.ROWS_FULL:
            s[at.G_ROWS] = 0
        elif status != at.DONE:
            return PERCOLATES
        else:
            break
    if until_ns >= horizon_ns and cut(r, horizon_ns) != at.DONE:
        return PERCOLATES
    close(r, r.plan[at.AT_BINS], until_ns)
    return at.DONE


def note_slots(r: Run, w: Sweep) -> bool:
    """List slots that have come into use, with no time yet; False when there are too many."""
    count = w.slots[0, 0]
    if r.state[at.G_CODES] == count:
        return True
    if r.state[at.G_CODES] >= w.slots.shape[1]:
        return False
    for slot in range(r.ledger.shape[0]):
        if r.ledger[slot, at.K_CODE] < 0:
            continue
        known = False
        for number in range(1, count + 1):
            known |= w.slots[0, number] == slot
        if not known:
            count += 1
            w.slots[0, count], w.slots[1, count], w.slots[2, count] = slot, 0, 0
    w.slots[0, 0] = count
    return True


def time_plane(w: Sweep, code: int) -> int:
    """Plane of a joint code, -1 when there is none left."""
    for number in range(w.codes.shape[0]):
        if w.codes[number] == code:
            return number
        if w.codes[number] < 0:
            w.codes[number] = code
            return number
    return -1


def same_future(base: Run, other: Run, at_ns: int) -> bool:
    """Whether two runs cannot be told apart from a moment on."""
    p, one, two = base.plan, base.state, other.state
    for scalar in (at.G_CODE, at.G_FREE, at.G_MOVED, at.G_WAITING, at.G_ARMED, at.G_CLOSING):
        if one[scalar] != two[scalar]:
            return False
    for cascade in range(p[at.AT_CASCADES]):
        place = p[at.AT_REFRACTORY_UNTIL] + cascade
        if max(one[place], at_ns) != max(two[place], at_ns):
            return False
    for place in range(p[at.AT_PART_STATE], p[at.AT_REFRACTORY_UNTIL]):
        if one[place] != two[place]:
            return False
    for task in range(p[at.AT_TASKS]):
        mine, yours = one[p[at.AT_JOB] + task * at.JOB_WIDTH:], two[p[at.AT_JOB] + task * at.JOB_WIDTH:]
        for column in (at.J_STATE, at.R_ORDINAL, at.R_RUN, at.R_TIME, at.Q_COUNT, at.Q_ARRIVING):
            if mine[column] != yours[column]:
                return False
        if mine[at.Q_COUNT] > 0 or mine[at.Q_ARRIVING] > 0:
            return False
        if mine[at.J_STATE] != at.IDLE:
            for column in (at.J_PHASE, at.J_HELD, at.J_END, at.J_ORDINAL, at.J_CANDIDATE, at.J_LASTS, at.J_ATTEMPT):
                if mine[column] != yours[column]:
                    return False
        cascade = p[p[at.AT_TASK] + task * at.TASK_WIDTH + at.T_CASCADE]
        of = p[p[at.AT_CASCADE] + cascade * at.CASCADE_WIDTH + at.C_OF] if cascade >= 0 else 1
        for column in (at.H_LAST, at.M_LOST, at.M_SLEPT):
            recent = max(mine[column], yours[column]) + of >= mine[at.R_ORDINAL]
            if mine[column] != yours[column] and recent and of > 1:
                return False
        if of > 1 and mine[at.H_BITS] != yours[at.H_BITS] and mine[at.H_LAST] + of >= mine[at.R_ORDINAL]:
            return False
    return True


def outcome_of(w: Sweep, event: int, code: int, horizon_ns: int) -> int:
    """Outcome of an event from the smallest code of its activations."""
    if w.event[event, 1] > horizon_ns:
        return at.CUT
    if w.event[event, 3] and code != at.DETECTED:
        return at.TRIGGER_MISSED
    return at.NOT_SAMPLED if code == at.NEVER else code


def latency_bin(w: Sweep, r: Run, row: int) -> int:
    """Bin of the latency of a first true detection, -1 where its action never came."""
    event, child = r.row[row, at.W_EVENT], w.child[r.row[row, at.W_TASK]]
    end_ns = moment(r, row, at.DECIDED)
    if child >= 0:
        end_ns = -1
        for other in range(r.state[at.G_ROWS]):
            mine = r.row[other, at.W_TASK] == child and r.row[other, at.W_PARENT] == r.row[row, at.W_ORDINAL]
            if mine and moment(r, other, at.ENDED) >= 0:
                end_ns = moment(r, other, at.ACTED)
    if end_ns < 0:
        return -1
    latency_ns, bin_number = end_ns - w.event[event, 0], 0
    while bin_number < w.latency_edge.shape[0] and latency_ns >= w.latency_edge[bin_number]:
        bin_number += 1
    return bin_number


def insert(edges: Ints, count: int, value: int) -> int:
    """Put a value into a sorted list unless it is there; returns the new length."""
    at = count
    while at > 0 and edges[at - 1] >= value:
        at -= 1
    if at < count and edges[at] == value:
        return count
    for place in range(count, at, -1):
        edges[place] = edges[place - 1]
    edges[at] = value
    return count + 1


def add_latencies(other: Run, w: Sweep, top: int, bottom: int, left: int, right: int, sign: int) -> None:
    """The first detection of every target event, by the bin of its latency."""
    p, row = other.plan, other.row
    for number in range(other.state[at.G_ROWS]):
        event = row[number, at.W_EVENT]
        if row[number, at.W_OUTCOME] != at.DETECTED or event < 0 or moment(other, number, at.ENDED) < 0:
            continue
        cascade = p[p[at.AT_TASK] + row[number, at.W_TASK] * at.TASK_WIDTH + at.T_CASCADE]
        if cascade != w.number[0] or not w.event[event, 2]:
            continue
        again = False
        for earlier in range(number):
            again |= (row[earlier, at.W_EVENT] == event and row[earlier, at.W_TASK] == row[number, at.W_TASK]
                      and row[earlier, at.W_OUTCOME] == at.DETECTED)
        place = -1 if again else latency_bin(w, other, number)
        if place >= 0:
            add(w.latencies[place], top, bottom, left, right, sign)


def add_events(base: Run, other: Run, w: Sweep, first: int, last: int, top: int, bottom: int, left: int, right: int,
               sign: int) -> None:
    """Outcomes of the cluster's events where they differ from the first run."""
    cascade, horizon_ns = w.number[0], w.number[5]
    for member in range(first, last):
        event = w.member[member, M_EVENT]
        if event < 0 or w.last_member[event] != member or not w.event[event, 2]:
            continue
        before = outcome_of(w, event, base.seen[event, cascade], horizon_ns)
        now = outcome_of(w, event, other.seen[event, cascade], horizon_ns)
        if before != now:
            add(w.reasons[before], top, bottom, left, right, -sign)
            add(w.reasons[now], top, bottom, left, right, sign)


def rectangle(base: Run, other: Run, w: Sweep, start: Ints, first: int, last: int, end_ns: int, top: int, bottom: int,
              left: int, right: int, sign: int) -> int:
    """Play a cluster for one rectangle of settings and add what it does beyond the first run."""
    p, s = base.plan, other.state
    copy(start, s)
    s[at.G_CODES] = base.state[at.G_CODES]
    s[at.G_ROWS] = 0
    other.limit[w.number[1], 0] = w.grid_1[top]
    if w.number[2] >= 0:
        other.limit[w.number[2], 0] = w.grid_2[left]
    for member in range(first, last):
        event = w.member[member, M_EVENT]
        if event >= 0:
            for cascade in range(p[at.AT_CASCADES]):
                other.seen[event, cascade] = at.NEVER
    for number in range(1, w.slots[0, 0] + 1):
        w.slots[1, number] = base.ledger[w.slots[0, number], at.K_BINS]
    horizon_ns = w.number[5]
    if play(other, end_ns) != at.DONE or (end_ns >= horizon_ns and cut(other, horizon_ns) != at.DONE):
        return PERCOLATES
    close(other, p[at.AT_BINS], end_ns)
    if not note_slots(other, w):
        return PERCOLATES
    base.state[at.G_CODES] = s[at.G_CODES]
    matches = end_ns >= horizon_ns or same_future(base, other, end_ns)
    for number in range(1, w.slots[0, 0] + 1):
        slot = w.slots[0, number]
        spent_ns = base.ledger[slot, at.K_BINS] - 2 * w.slots[1, number] + w.slots[2, number]
        base.ledger[slot, at.K_BINS] = w.slots[1, number]
        if matches and spent_ns != 0:
            plane = time_plane(w, base.ledger[slot, at.K_CODE])
            if plane < 0:
                return PERCOLATES
            add(w.times[plane], top, bottom, left, right, sign * spent_ns)
    if not matches:
        return DIFFERS
    begin = p[at.AT_COUNT_TASK]
    for place in range(begin, p[at.AT_ENTRIES]):
        value = s[place] - base.state[place]
        if value != 0:
            add(w.counts[place - begin], top, bottom, left, right, sign * value)
    add_events(base, other, w, first, last, top, bottom, left, right, sign)
    add_latencies(other, w, top, bottom, left, right, sign)
    return MATCHES


def first_edges(w: Sweep, first: int, last: int) -> int:
    """Settings of threshold 1 at which a member stops passing, after 0; returns how many there are."""
    count = insert(w.edges_1, 0, 0)
    for member in range(first, last):
        count = insert(w.edges_1, count, w.member[member, M_FIRST])
        count = insert(w.edges_1, count, w.member[member, M_FIRST_LATE])
    return count


def second_edges(w: Sweep, first: int, last: int, top: int) -> int:
    """The same for threshold 2, of the members that pass threshold 1 at a setting."""
    count = insert(w.edges_2, insert(w.edges_2, 0, 0), w.grid_2.shape[0])
    for member in range(first, last):
        if w.member[member, M_FIRST] > top or w.member[member, M_FIRST_LATE] > top:
            count = insert(w.edges_2, count, w.member[member, M_SECOND])
            count = insert(w.edges_2, count, w.member[member, M_SECOND_LATE])
    return count


def rectangles(base: Run, other: Run, w: Sweep, start: Ints, first: int, last: int, end_ns: int) -> int:
    """Play a cluster's rectangles, as many as allowed; returns how many were in order, or -1 - that number."""
    done, allowed, limit, sign = 0, w.number[4], w.number[7], w.number[6]
    rows = first_edges(w, first, last)
    for one in range(rows - 1):
        top, bottom = w.edges_1[one], w.edges_1[one + 1]
        columns = second_edges(w, first, last, top)
        for two in range(columns - 1):
            if done == limit:
                return done
            if done > allowed:
                return -1 - PERCOLATED
            status = rectangle(base, other, w, start, first, last, end_ns, top, bottom, w.edges_2[two],
                               w.edges_2[two + 1], sign)
            if status == PERCOLATES:
                return -1 - PERCOLATED
            if status == DIFFERS:
                return -1 - done
            done += 1
    return done


def reach(w: Sweep, first: int, last: int, end_ns: int) -> tuple[int, int]:
    """Member after, and end of, the cluster that starts with `first` and lasts at least until `end_ns`."""
    span_ns, needed = w.number[3], last
    for member in range(first, last):
        if w.member[member, M_EVENT] >= 0:
            needed = max(needed, w.last_member[w.member[member, M_EVENT]] + 1)
    while last < w.member.shape[0] and (last < needed or w.member[last, M_RELEASE] < end_ns):
        end_ns = max(end_ns, w.member[last, M_RELEASE] + span_ns)
        if w.member[last, M_EVENT] >= 0:
            needed = max(needed, w.last_member[w.member[last, M_EVENT]] + 1)
        last += 1
    return last, min(end_ns, w.number[5])


def sweep_all(base: Run, other: Run, w: Sweep, start: Ints) -> int:
    """Play all clusters and the first run to its end."""
    return sweep_on(bare(base), bare(other), w, start)


def sweep_on(base: Run, other: Run, w: Sweep, start: Ints) -> int:
    """Cluster after cluster."""
    member, horizon_ns = 0, w.number[5]
    base.state[at.G_ROWS] = 0
    while member < w.member.shape[0] and w.member[member, M_RELEASE] < horizon_ns:
        begin_ns = w.member[member, M_RELEASE]
        if play_until(base, begin_ns, horizon_ns) != at.DONE or not note_slots(base, w):
            return PERCOLATES
        for task in range(base.plan[at.AT_TASKS]):
            own = base.state[base.plan[at.AT_JOB] + task * at.JOB_WIDTH:]
            if own[at.Q_COUNT] > 0 or own[at.Q_ARRIVING] > 0:
                return PERCOLATES
        copy(base.state, start)
        for number in range(1, w.slots[0, 0] + 1):
            w.slots[2, number] = base.ledger[w.slots[0, number], at.K_BINS]
        last, end_ns = reach(w, member, member, begin_ns + 1)
        while True:
            if play_until(base, end_ns, horizon_ns) != at.DONE or not note_slots(base, w):
                return PERCOLATES
            w.number[6], w.number[7] = 1, at.NEVER
            found = rectangles(base, other, w, start, member, last, end_ns)
            if found >= 0:
                break
            if found == -1 - PERCOLATED:
                return PERCOLATES
            w.number[6], w.number[7] = -1, -1 - found
            rectangles(base, other, w, start, member, last, end_ns)
            last, end_ns = reach(w, member, last, end_ns + (end_ns - begin_ns) + 1)
        member = last
        if end_ns >= horizon_ns:
            return at.DONE
    return play_until(base, horizon_ns, horizon_ns)
