"""The walk through the hours of a battery's life: one loop, the same for the plain and the compiled run.

A step knows its mean demand; the charge moves by the closed form of the two wells with the current at mid-step, then
every pulse is checked at the deeper end of the step. Far from the end many steps are taken at once (`stretch`).
The functions here and in the kernels stay in the numba subset; `fast` compiles them as they stand.
"""

from __future__ import annotations

import math
from typing import Any

from powerplan.batteries import layout as at
from powerplan.batteries.layout import Cell, Level, Load, Pace, Slots
from powerplan.batteries.moment import cell_at, crossing, gauged, growth, level_for, look, pulse_loss
from powerplan.batteries.stretch import stretch
from powerplan.kernels.battery import loaded_voltage, source_current


def write_row(state: Any, rows: Any, time_s: float, charge_fraction: float, open_v: float, loaded_v: float) -> None:
    """Append a row; a full table keeps every other row and goes on half as often."""
    count = int(state[at.ROW_COUNT])
    if (count + 1) * at.ROW_WIDTH > len(rows):
        kept = 1
        for row in range(2, count, 2):
            for column in range(at.ROW_WIDTH - 1):
                rows[kept * at.ROW_WIDTH + column] = rows[row * at.ROW_WIDTH + column]
            rows[kept * at.ROW_WIDTH + 4] = min(rows[(row - 1) * at.ROW_WIDTH + 4], rows[row * at.ROW_WIDTH + 4])
            kept += 1
        if count % 2 == 0:
            state[at.ROW_MINIMUM_V] = min(state[at.ROW_MINIMUM_V], rows[(count - 1) * at.ROW_WIDTH + 4])
        count = kept
        state[at.ROW_STRIDE_S] *= 2.0
    here = count * at.ROW_WIDTH
    rows[here] = time_s
    rows[here + 1] = charge_fraction
    rows[here + 2] = open_v
    rows[here + 3] = loaded_v
    rows[here + 4] = state[at.ROW_MINIMUM_V]
    state[at.ROW_COUNT] = count + 1
    state[at.ROW_MINIMUM_V] = at.NEVER_V
    state[at.NEXT_ROW_S] = time_s + state[at.ROW_STRIDE_S]


def write_rows(state: Any, rows: Any, scratch: Any, capacity_c: float, pace: Pace, count: int) -> None:
    """Append the rows of a stretch that are due."""
    begun_s = state[at.TIME] - count * pace.step_s
    left_then, lowest = scratch[at.LEFT_THEN], scratch[at.WORST]
    open_v, loaded = scratch[at.OPEN], scratch[at.LOADED]
    for k in range(count):
        state[at.ROW_MINIMUM_V] = min(state[at.ROW_MINIMUM_V], lowest[k])
        time_s = begun_s + (k + 1) * pace.step_s
        if time_s >= state[at.NEXT_ROW_S] or time_s >= pace.end_s:
            write_row(state, rows, time_s, left_then[k] / capacity_c, open_v[k], loaded[k])


def ring(state: Any, cell: Cell, slots: Slots, pace: Pace, slot: int, time_s: float, span_s: float, left: float,
         new_left: float, new_lag: float, drawn_a: float) -> None:  # fmt: skip
    """Note when the alarm rings: inside the step where the gauge counts charge, at its end for other gauges."""
    part = 1.0
    if pace.alarm.kind == at.BY_CHARGE:
        alarm_c = pace.alarm.level * cell.capacity_c
        if new_left > alarm_c:
            return
        part = (left - alarm_c) / (left - new_left) if left > alarm_c else 0.0
    elif gauged(pace.alarm, cell, slots, slot, new_left, new_lag, state[at.FADE]) > pace.alarm.level:
        return
    state[at.ALARM_S] = time_s + part * span_s
    state[at.ALARM_USED_C] = state[at.USED_C] - (1.0 - part) * max(0.0, drawn_a) * span_s


def one_step(
    state: Any, rows: Any, level_s: Any, cell: Cell, mean: Slots, worst: Slots, load: Load, pace: Pace, slot: int,
    hour: int, span_s: float,
) -> int:  # fmt: skip
    """Take one step, or find where inside it the battery is spent; returns why the walk stops, if it does."""
    columns, bound, per_capacity = mean.columns, 1.0 - cell.well_share, 1.0 / cell.capacity_c
    level, time_s = int(state[at.LEVEL]), state[at.TIME]
    left, lag, fade, loaded_v = state[at.LEFT], state[at.LAG], state[at.FADE], state[at.LOADED_V]
    rate, decay, fed = columns[at.RATE][slot], columns[at.DECAY][slot], columns[at.FED][slot]
    if span_s != pace.step_s:
        decay = math.exp(-rate * span_s)
        fed = (1.0 - decay) / (cell.well_share * rate)
    here = level * load.bin_count + hour
    load_a, load_w = load.current_a[here] * load.factor, load.power_w[here] * load.factor
    leak_a, sun_w = columns[at.SELF_DISCHARGE][slot] * cell.leak_factor, columns[at.HARVEST][slot]

    # The state at the middle of the step, from the last voltage; its current then carries the whole step.
    guess_a = load_a + (load_w - sun_w) / loaded_v
    half_left = left - 0.5 * (guess_a + leak_a) * span_s
    half_lag = 0.5 * (lag + lag * decay + guess_a * fed)
    depth = (1.0 - (half_left - bound * half_lag) * per_capacity) * columns[at.PER_USABLE][slot] / (1.0 - fade)
    open_v, inner_ohm = cell_at(cell, mean, slot, depth, growth(cell, fade))
    loaded_v = loaded_voltage(open_v, inner_ohm, load_a, load_w)
    net_a, sun_a = load_a, 0.0
    if loaded_v <= 0.0:
        net_a = source_current(open_v, inner_ohm, load_a, load_w)
        loaded_v = 1e-3
    elif load_w > 0.0:
        net_a += load_w / loaded_v * (1.0 + pulse_loss(load, level, open_v, inner_ohm, loaded_v))
    if sun_w > 0.0:
        sun_a = min(sun_w / loaded_v, net_a + cell.largest_charge_a)
        net_a -= sun_a
        if net_a < 0.0:
            net_a *= cell.charge_efficiency
    new_left = left - (net_a + leak_a) * span_s
    new_lag = lag * decay + net_a * fed
    spilled_a = 0.0
    if sun_w > 0.0 and new_left - bound * new_lag > cell.capacity_c:
        full_a = (left - leak_a * span_s - bound * lag * decay - cell.capacity_c) / (span_s + bound * fed)
        spilled_a = min(sun_a, (full_a - net_a) / cell.charge_efficiency)
        sun_a -= spilled_a
        net_a = full_a
        new_left = left - (net_a + leak_a) * span_s
        new_lag = lag * decay + net_a * fed

    # A cell that recovers during the step is weaker at its start.
    head_c = min(new_left - bound * new_lag, left - bound * lag) - pace.margin_c
    depth, worst_v = look(cell, worst, load, slot, level, head_c, fade)
    reason = at.GOING
    if depth >= 1.0 or worst_v < pace.brown_out_v:
        if pace.coarse:
            return at.TOUCHED
        span_s, reason = crossing(cell, mean, load, pace, slot, level, left, lag, fade, net_a, span_s)
        decay = math.exp(-rate * span_s)
        new_left = left - (net_a + leak_a) * span_s
        new_lag = lag * decay + net_a * (1.0 - decay) / (cell.well_share * rate)
        depth, worst_v = look(cell, worst, load, slot, level, new_left - bound * new_lag, fade)

    load_j = (load_a * loaded_v + load_w) * span_s
    sun_j = sun_a * loaded_v * span_s
    state[at.USED_C] += max(0.0, net_a) * span_s
    state[at.CHARGED_C] += max(0.0, -net_a) * span_s
    state[at.SELF_C] += leak_a * span_s
    state[at.LOAD_J] += load_j
    state[at.HARVEST_J] += sun_j
    state[at.SPILLED_J] += spilled_a * loaded_v * span_s
    state[at.SELF_J] += leak_a * open_v * span_s
    state[at.HEAT_J] += open_v * net_a * span_s - load_j + sun_j
    state[at.MINIMUM_V] = min(state[at.MINIMUM_V], worst_v)
    state[at.ROW_MINIMUM_V] = min(state[at.ROW_MINIMUM_V], worst_v)
    level_s[level] += span_s
    wear = columns[at.FADE_RATE][slot] + cell.fade_per_c * max(0.0, net_a)
    state[at.FADE] = min(0.95, fade + wear * span_s)
    state[at.LEFT], state[at.LAG], state[at.LOADED_V] = new_left, new_lag, loaded_v
    if state[at.ALARM_S] < 0.0:
        ring(state, cell, mean, pace, slot, time_s, span_s, left, new_left, new_lag, net_a)
    state[at.TIME] = time_s + span_s
    if reason == at.GOING:
        state[at.STEP_AT] += 1
        state[at.TIME] = state[at.STEP_AT] * pace.step_s if span_s == pace.step_s else pace.end_s
    if load.level_count > 1:
        state[at.LEVEL] = level_for(load, level, gauged(pace.policy, cell, mean, slot, new_left, new_lag, fade))
    ended = reason != at.GOING or state[at.TIME] >= pace.end_s
    if len(rows) > 0 and (ended or state[at.TIME] >= state[at.NEXT_ROW_S]):
        write_row(state, rows, state[at.TIME], new_left / cell.capacity_c, open_v, loaded_v)
    return reason


def walk(state: Any, rows: Any, level_s: Any, scratch: Any, cell: Cell, given: Level, last_step: int) -> int:
    """Walk until the battery is spent, the end is reached or a daily step touches its envelope; returns which.

    `given.mean` moves the charge, `given.worst` is what the pulses meet: the same tables for hourly steps, the coldest
    hour of each day for daily ones. A daily step that touches is not taken; the caller walks that day by hours.
    """
    mean, worst, load, pace = given.mean, given.worst, given.load, given.pace
    step, alone = int(state[at.STEP_AT]), 0
    # Slot of the year and hour of the demand are counted along: dividing costs more than the physics.
    turn = step // pace.steps_per_slot
    slot, hour, within = turn % mean.slot_count, turn % load.bin_count, step % pace.steps_per_slot
    while step < last_step:
        time_s = step * pace.step_s
        if time_s >= pace.end_s:
            return at.HORIZON
        state[at.TIME] = time_s
        count = min(pace.stretch_count, mean.slot_count - slot, load.bin_count - hour, last_step - step)
        if count > 1 and alone == 0 and (step + count) * pace.step_s <= pace.end_s:
            if stretch(state, level_s, scratch, cell, mean, worst, load, pace, slot, hour, count):
                if len(rows) > 0:
                    write_rows(state, rows, scratch, cell.capacity_c, pace, count)
                step, slot, hour = step + count, slot + count, hour + count
                slot = 0 if slot == mean.slot_count else slot
                hour = 0 if hour == load.bin_count else hour
                continue
            alone = count
        span_s = min(pace.step_s, pace.end_s - time_s)
        reason = one_step(state, rows, level_s, cell, mean, worst, load, pace, slot, hour, span_s)
        if reason != at.GOING:
            return reason
        step, alone, within = step + 1, max(0, alone - 1), within + 1
        if within == pace.steps_per_slot:
            within, slot, hour = 0, slot + 1, hour + 1
            slot = 0 if slot == mean.slot_count else slot
            hour = 0 if hour == load.bin_count else hour
    return at.HORIZON if state[at.TIME] >= pace.end_s else at.GOING
