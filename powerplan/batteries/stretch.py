"""Many steps at once: what a walk does while it is far from the end.

The voltage moves so little from step to step that the currents of a whole stretch can be had from the last voltage and
corrected once: the charge at the middle of each step, from it the curves, the voltages and the currents again. The same
sums as step by step (to about 1e-8 of the charge), but in loops that a processor does side by side. Where a step of
the stretch would meet the end, an alarm or another demand level, nothing is taken and the walk goes step by step.
"""

from __future__ import annotations

from typing import Any

from powerplan.batteries import layout as at
from powerplan.batteries.layout import Cell, Load, Pace, Slots
from powerplan.batteries.moment import growth, level_for
from powerplan.kernels.battery import loaded_voltage
from powerplan.kernels.supply import pulse_impedance


def curves(cell: Cell, slots: Slots, slot: int, count: int, grown: float, depth: Any, open_v: Any, inner_ohm: Any
           ) -> None:
    """Open-circuit voltage and resistance at the depths of a stretch, into `open_v` and `inner_ohm`."""
    stop, last, points = slot + count, cell.point_count - 1, cell.point_count
    curve, low = slots.columns[at.CURVE][slot:stop], slots.columns[at.LOW_WEIGHT][slot:stop]
    for k in range(count):
        place = min(max(depth[k], 0.0), 1.0) * last
        index = min(int(place), last - 1)
        part = place - index
        here = int(curve[k]) * points + index
        open_v[k] = cell.ocv_v[here] + part * (cell.ocv_v[here + 1] - cell.ocv_v[here])
        ohm = cell.resistance_ohm[here] + part * (cell.resistance_ohm[here + 1] - cell.resistance_ohm[here])
        inner_ohm[k] = ohm * low[k] * grown
    if cell.curve_count > 1:
        weight, high = slots.columns[at.OCV_WEIGHT][slot:stop], slots.columns[at.HIGH_WEIGHT][slot:stop]
        for k in range(count):
            place = min(max(depth[k], 0.0), 1.0) * last
            index = min(int(place), last - 1)
            part = place - index
            here = (int(curve[k]) + 1) * points + index
            next_v = cell.ocv_v[here] + part * (cell.ocv_v[here + 1] - cell.ocv_v[here])
            next_ohm = cell.resistance_ohm[here] + part * (cell.resistance_ohm[here + 1] - cell.resistance_ohm[here])
            open_v[k] += weight[k] * (next_v - open_v[k])
            inner_ohm[k] += high[k] * next_ohm * grown


def seen_by(load: Load, duration_s: float, count: int, inner_ohm: Any, seen_ohm: Any) -> None:
    """Resistance that a pulse of a duration meets, into `seen_ohm`: a capacitor helps short ones."""
    for k in range(count):
        seen_ohm[k] = inner_ohm[k]
    if load.capacitance_f > 0.0:
        for k in range(count):
            seen_ohm[k] = pulse_impedance(inner_ohm[k], load.capacitance_f, load.esr_ohm, duration_s)


def middles(state: Any, cell: Cell, slots: Slots, pace: Pace, slot: int, count: int, drawn: Any, depth: Any) -> None:
    """Depth of discharge at the middle of each step under the drawn currents, into `depth`."""
    columns, stop = slots.columns, slot + count
    leak, per_usable = columns[at.SELF_DISCHARGE][slot:stop], columns[at.PER_USABLE][slot:stop]
    decay, fed = columns[at.DECAY][slot:stop], columns[at.FED][slot:stop]
    left, lag, half = state[at.LEFT], state[at.LAG], 0.5 * (1.0 - cell.well_share)
    aged, per_capacity = 1.0 / (1.0 - state[at.FADE]), 1.0 / cell.capacity_c
    for k in range(count):
        gone_c = (drawn[k] + leak[k] * cell.leak_factor) * pace.step_s
        lag_then = lag * decay[k] + drawn[k] * fed[k]
        depth[k] = (1.0 - (left - 0.5 * gone_c - half * (lag + lag_then)) * per_capacity) * per_usable[k] * aged
        left, lag = left - gone_c, lag_then


def currents(load: Load, level: int, load_a: Any, load_w: Any, count: int, scratch: Any) -> float:
    """Voltages under the mean demand and the currents drawn, into the scratch; returns the lowest voltage. [V]"""
    open_v, inner_ohm, seen_ohm = scratch[at.OPEN], scratch[at.OHM], scratch[at.SEEN_OHM]
    loaded, drawn, lowest_v = scratch[at.LOADED], scratch[at.DRAWN], at.NEVER_V
    for k in range(count):
        loaded[k] = loaded_voltage(open_v[k], inner_ohm[k], load_a[k] * load.factor, load_w[k] * load.factor)
        drawn[k] = 1.0
    for k in range(count):
        lowest_v = min(lowest_v, loaded[k])
    if lowest_v <= 0.0:
        return 0.0
    for number in range(level * load.pulse_count, (level + 1) * load.pulse_count):
        pulse = load.pulses[number]
        by, share = 1.0 + pulse[4] * (load.factor - 1.0), pulse[3]
        pulse_a, pulse_w = pulse[0] * by, pulse[1] * by
        seen_by(load, pulse[2], count, inner_ohm, seen_ohm)
        for k in range(count):
            under_v = loaded_voltage(open_v[k], seen_ohm[k], pulse_a, pulse_w)
            if under_v > 0.0:
                drawn[k] += share * max(0.0, loaded[k] / under_v - 1.0)
    for k in range(count):
        drawn[k] = (load_a[k] + load_w[k] / loaded[k] * drawn[k]) * load.factor
    return lowest_v


def ends(
    state: Any, cell: Cell, mean: Slots, worst: Slots, pace: Pace, slot: int, count: int, scratch: Any
) -> float:
    """Depth at the deeper end of each step and the charge left after it, into the scratch; returns the lag. [C]"""
    drawn, depth, left_then = scratch[at.DRAWN], scratch[at.END_DEPTHS], scratch[at.LEFT_THEN]
    columns, stop = mean.columns, slot + count
    leak, decay, fed = columns[at.SELF_DISCHARGE][slot:stop], columns[at.DECAY][slot:stop], columns[at.FED][slot:stop]
    per_usable = worst.columns[at.PER_USABLE][slot:stop]
    left, lag, bound = state[at.LEFT], state[at.LAG], 1.0 - cell.well_share
    aged, per_capacity = 1.0 / (1.0 - state[at.FADE]), 1.0 / cell.capacity_c
    head_c = left - bound * lag
    for k in range(count):
        left -= (drawn[k] + leak[k] * cell.leak_factor) * pace.step_s
        lag = lag * decay[k] + drawn[k] * fed[k]
        head_then = left - bound * lag
        depth[k] = (1.0 - (min(head_c, head_then) - pace.margin_c) * per_capacity) * per_usable[k] * aged
        left_then[k] = left
        head_c = head_then
    return float(lag)


def passes(load: Load, pace: Pace, level: int, count: int, scratch: Any) -> bool:
    """Whether no step of a stretch meets the end; writes the lowest voltages under pulses into the scratch."""
    depth, open_v, lowest = scratch[at.END_DEPTHS], scratch[at.END_OPEN], scratch[at.WORST]
    seen_ohm = scratch[at.SEEN_OHM]
    for k in range(count):
        lowest[k] = at.NEVER_V
    for number in range(level * load.check_count, (level + 1) * load.check_count):
        pulse = load.checks[number]
        pulse_a, pulse_w = pulse[0], pulse[1]
        seen_by(load, pulse[2], count, scratch[at.END_OHM], seen_ohm)
        for k in range(count):
            lowest[k] = min(lowest[k], loaded_voltage(open_v[k], seen_ohm[k], pulse_a, pulse_w))
    deepest, lowest_v = 0.0, at.NEVER_V
    for k in range(count):
        deepest, lowest_v = max(deepest, depth[k]), min(lowest_v, lowest[k])
    return deepest < 1.0 and lowest_v >= pace.brown_out_v


def add_up(
    state: Any, cell: Cell, mean: Slots, load_a: Any, load_w: Any, by: float, step_s: float, slot: int, count: int,
    scratch: Any,
) -> None:  # fmt: skip
    """Charge and energy of a stretch into the sums of the state."""
    drawn, open_v, loaded, lowest = scratch[at.DRAWN], scratch[at.OPEN], scratch[at.LOADED], scratch[at.WORST]
    leak, fading = mean.columns[at.SELF_DISCHARGE][slot:slot + count], mean.columns[at.FADE_RATE][slot:slot + count]
    used_a = leak_a = load_w_sum = leak_w = out_w = fade_rate = 0.0
    for k in range(count):
        used_a += drawn[k]
        leak_a += leak[k]
        load_w_sum += load_a[k] * loaded[k] + load_w[k]
        leak_w += leak[k] * open_v[k]
        out_w += drawn[k] * open_v[k]
        fade_rate += fading[k]
        state[at.MINIMUM_V] = min(state[at.MINIMUM_V], lowest[k])
    state[at.USED_C] += used_a * step_s
    state[at.SELF_C] += leak_a * cell.leak_factor * step_s
    state[at.LOAD_J] += load_w_sum * by * step_s
    state[at.SELF_J] += leak_w * cell.leak_factor * step_s
    state[at.HEAT_J] += (out_w - load_w_sum * by) * step_s
    state[at.FADE] = min(0.95, state[at.FADE] + (fade_rate + cell.fade_per_c * used_a) * step_s)


def stretch(
    state: Any, level_s: Any, scratch: Any, cell: Cell, mean: Slots, worst: Slots, load: Load, pace: Pace, slot: int,
    hour: int, count: int,
) -> bool:  # fmt: skip
    """Take a stretch of steps at once. False, and nothing taken, where they have to be taken one by one."""
    level = int(state[at.LEVEL])
    first = level * load.bin_count + hour
    load_a, load_w = load.current_a[first:first + count], load.power_w[first:first + count]
    grown, drawn, depth = growth(cell, state[at.FADE]), scratch[at.DRAWN], scratch[at.DEPTH]
    for k in range(count):
        drawn[k] = (load_a[k] + load_w[k] / state[at.LOADED_V]) * load.factor
    for _ in range(pace.round_count):
        middles(state, cell, mean, pace, slot, count, drawn, depth)
        curves(cell, mean, slot, count, grown, depth, scratch[at.OPEN], scratch[at.OHM])
        if currents(load, level, load_a, load_w, count, scratch) <= 0.0:
            return False
    lag = ends(state, cell, mean, worst, pace, slot, count, scratch)
    left = scratch[at.LEFT_THEN][count - 1]
    if state[at.LEFT] - left > pace.most_spent_fraction * cell.capacity_c:
        return False
    if state[at.ALARM_S] < 0.0 and left <= pace.alarm.level * cell.capacity_c:
        return False
    if load.level_count > 1 and level_for(load, level, left / cell.capacity_c) != level:
        return False
    curves(cell, worst, slot, count, grown, scratch[at.END_DEPTHS], scratch[at.END_OPEN], scratch[at.END_OHM])
    if not passes(load, pace, level, count, scratch):
        return False
    add_up(state, cell, mean, load_a, load_w, load.factor, pace.step_s, slot, count, scratch)
    state[at.LEFT], state[at.LAG], state[at.LOADED_V] = left, lag, scratch[at.LOADED][count - 1]
    state[at.STEP_AT] += count
    state[at.TIME] = state[at.STEP_AT] * pace.step_s
    level_s[level] += count * pace.step_s
    return True
