"""The walk through the hours of a battery's life: one loop, the same for the plain and the compiled run.

A step knows its mean demand; the charge moves by the closed form of the two wells with the current at mid-step, then
every pulse is checked at the end of the step. Tables are flat sequences, arrays when compiled and lists when plain.
The functions here and in the kernels stay in the numba subset; `fast` compiles them as they stand.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from powerplan.kernels.battery import loaded_voltage, source_current
from powerplan.kernels.supply import pulse_impedance

GOING, CHARGE, VOLTAGE, HORIZON, TOUCHED = 0, 1, 2, 3, 4

# Places in `state`, which carries a walk from one call to the next.
STEP_AT, TIME, LEFT, LAG, LEVEL, FADE = 0, 1, 2, 3, 4, 5
MINIMUM_V, ROW_MINIMUM_V, NEXT_ROW_S, ROW_STRIDE_S, ROW_COUNT = 6, 7, 8, 9, 10
USED_C, CHARGED_C, SELF_C, LOAD_J, HEAT_J, SELF_J, HARVEST_J, SPILLED_J = 11, 12, 13, 14, 15, 16, 17, 18
ALARM_S, ALARM_USED_C, LOADED_V = 19, 20, 21
STATE_SIZE = 22

ROW_WIDTH = 5  # time, state of charge, open-circuit voltage, loaded voltage, worst pulse since the row before
NEVER_V = 1e9


class Cell(NamedTuple):
    """The pack in numbers: curves on an even grid of depth of discharge, one stretch per measured temperature."""

    ocv_v: Any
    resistance_ohm: Any
    point_count: int
    capacity_c: float
    well_share: float
    fade_per_c: float
    resistance_growth: float
    charge_efficiency: float
    largest_charge_a: float
    resistance_factor: float
    leak_factor: float
    """How this pack's resistance and self-discharge differ from the nominal one."""


class Air(NamedTuple):
    """What temperature and sun do, by slot of the year (hours, days, or one slot)."""

    slot_count: int
    temperature_c: Any
    curve: Any
    """Number of the measured curve at or below this temperature."""
    ocv_weight: Any
    """Weight of the next curve in the open-circuit voltage."""
    low_weight: Any
    high_weight: Any
    """Weights of the two curves in the resistance."""
    per_usable: Any
    """One over the usable share of the capacity."""
    rate_per_s: Any
    decay: Any
    """What is left of the lag of the wells after one usual step."""
    fed: Any
    """Lag that one ampere builds up in one usual step, in seconds."""
    self_discharge_a: Any
    fade_per_s: Any
    harvest_w: Any


class Load(NamedTuple):
    """Demand by level and hour, the pulses that carry energy, the pulses that decide the lowest voltage."""

    bin_count: int
    level_count: int
    current_a: Any
    power_w: Any
    pulse_count: int
    pulse_a: Any
    pulse_w: Any
    pulse_s: Any
    pulse_share: Any
    check_count: int
    check_a: Any
    check_w: Any
    check_s: Any
    enter_fraction: Any
    leave_fraction: Any
    capacitance_f: float
    esr_ohm: float
    factor: float
    """How the mean demand differs from the nominal one; the pulses keep their height."""


class Pace(NamedTuple):
    """How far and how finely to walk."""

    step_s: float
    steps_per_slot: int
    end_s: float
    brown_out_v: float
    alarm_fraction: float
    margin_c: float
    """Charge held back in the check, for what happens inside a coarse step."""
    coarse: bool
    """Steps of days: one that touches its envelope is not taken."""


def cell_at(cell: Cell, air: Air, slot: int, depth: float, grown: float) -> tuple[float, float]:
    """Open-circuit voltage and resistance at a depth of discharge in a slot of the year. [V, ohm]

    `grown` is the factor of age and sample on the resistance.
    """
    last = cell.point_count - 1
    place = min(max(depth, 0.0), 1.0) * last
    index = min(int(place), last - 1)
    part = place - index
    at = air.curve[slot] * cell.point_count + index
    open_v = cell.ocv_v[at] + part * (cell.ocv_v[at + 1] - cell.ocv_v[at])
    inner_ohm = cell.resistance_ohm[at] + part * (cell.resistance_ohm[at + 1] - cell.resistance_ohm[at])
    inner_ohm *= air.low_weight[slot]
    if air.high_weight[slot] > 0.0:
        at += cell.point_count
        next_v = cell.ocv_v[at] + part * (cell.ocv_v[at + 1] - cell.ocv_v[at])
        next_ohm = cell.resistance_ohm[at] + part * (cell.resistance_ohm[at + 1] - cell.resistance_ohm[at])
        open_v += air.ocv_weight[slot] * (next_v - open_v)
        inner_ohm += air.high_weight[slot] * next_ohm
    return open_v, inner_ohm * grown


def growth(cell: Cell, fade: float) -> float:
    """Factor of age and sample on the resistance. [1]"""
    return cell.resistance_factor * (1.0 + cell.resistance_growth * fade)


def look(
    cell: Cell, air: Air, load: Load, slot: int, level: int, left: float, lag: float, fade: float
) -> tuple[float, float]:
    """Depth of discharge of the available well and the lowest voltage over all pulses. [1, V]

    The depth is counted of what is usable at this temperature and age, so the curve's end is reached earlier.
    """
    head = left - (1.0 - cell.well_share) * lag
    depth = (1.0 - head / cell.capacity_c) * air.per_usable[slot] / (1.0 - fade)
    open_v, inner_ohm = cell_at(cell, air, slot, depth, growth(cell, fade))
    worst_v = NEVER_V
    for pulse in range(level * load.check_count, (level + 1) * load.check_count):
        impedance = inner_ohm
        if load.capacitance_f > 0.0:
            impedance = pulse_impedance(inner_ohm, load.capacitance_f, load.esr_ohm, load.check_s[pulse])
        worst_v = min(worst_v, loaded_voltage(open_v, impedance, load.check_a[pulse], load.check_w[pulse]))
    return depth, worst_v


def pulse_loss(load: Load, level: int, open_v: float, inner_ohm: float, mean_v: float) -> float:
    """How much more charge the constant power takes because part of it comes in pulses. [1]"""
    more = 0.0
    for pulse in range(level * load.pulse_count, (level + 1) * load.pulse_count):
        impedance = inner_ohm
        if load.capacitance_f > 0.0:
            impedance = pulse_impedance(inner_ohm, load.capacitance_f, load.esr_ohm, load.pulse_s[pulse])
        under_v = loaded_voltage(open_v, impedance, load.pulse_a[pulse], load.pulse_w[pulse])
        if under_v > 0.0:
            more += load.pulse_share[pulse] * max(0.0, mean_v / under_v - 1.0)
    return more


def level_for(load: Load, level: int, charge_fraction: float) -> int:
    """Demand level at a state of charge, with hysteresis."""
    while level < load.level_count - 1 and charge_fraction < load.enter_fraction[level]:
        level += 1
    while level > 0 and charge_fraction > load.leave_fraction[level - 1]:
        level -= 1
    return level


def crossing(
    cell: Cell, air: Air, load: Load, pace: Pace, slot: int, level: int, left: float, lag: float, fade: float,
    net_a: float, span_s: float,
) -> tuple[float, int]:  # fmt: skip
    """When inside a step the battery is spent, and by which of the two. [s, reason]"""
    rate, leak_a = air.rate_per_s[slot], air.self_discharge_a[slot] * cell.leak_factor
    early_s, late_s = 0.0, span_s
    depth, worst_v = look(cell, air, load, slot, level, left, lag, fade)
    if depth >= 1.0 or worst_v < pace.brown_out_v:
        late_s = 0.0
    while late_s - early_s > 1e-12 * span_s:
        at_s = 0.5 * (early_s + late_s)
        decay = math.exp(-rate * at_s)
        lag_then = lag * decay + net_a * (1.0 - decay) / (cell.well_share * rate)
        depth, worst_v = look(cell, air, load, slot, level, left - (net_a + leak_a) * at_s, lag_then, fade)
        if depth >= 1.0 or worst_v < pace.brown_out_v:
            late_s = at_s
        else:
            early_s = at_s
    decay = math.exp(-rate * late_s)
    lag_then = lag * decay + net_a * (1.0 - decay) / (cell.well_share * rate)
    depth, worst_v = look(cell, air, load, slot, level, left - (net_a + leak_a) * late_s, lag_then, fade)
    return late_s, CHARGE if depth >= 1.0 else VOLTAGE


def write_row(state: Any, rows: Any, time_s: float, charge_fraction: float, open_v: float, loaded_v: float) -> None:
    """Append a row; a full table keeps every other row and goes on half as often."""
    count = int(state[ROW_COUNT])
    if (count + 1) * ROW_WIDTH > len(rows):
        kept = 1
        for row in range(2, count, 2):
            for column in range(ROW_WIDTH - 1):
                rows[kept * ROW_WIDTH + column] = rows[row * ROW_WIDTH + column]
            rows[kept * ROW_WIDTH + 4] = min(rows[(row - 1) * ROW_WIDTH + 4], rows[row * ROW_WIDTH + 4])
            kept += 1
        if count % 2 == 0:
            state[ROW_MINIMUM_V] = min(state[ROW_MINIMUM_V], rows[(count - 1) * ROW_WIDTH + 4])
        count = kept
        state[ROW_STRIDE_S] *= 2.0
    at = count * ROW_WIDTH
    rows[at] = time_s
    rows[at + 1] = charge_fraction
    rows[at + 2] = open_v
    rows[at + 3] = loaded_v
    rows[at + 4] = state[ROW_MINIMUM_V]
    state[ROW_COUNT] = count + 1
    state[ROW_MINIMUM_V] = NEVER_V
    state[NEXT_ROW_S] = time_s + state[ROW_STRIDE_S]


def walk(
    state: Any, rows: Any, level_s: Any, cell: Cell, mean: Air, worst: Air, load: Load, pace: Pace,
    last_step: int,
) -> int:  # fmt: skip
    """Walk until the battery is spent, the end is reached or a daily step touches its envelope; returns which.

    `mean` moves the charge, `worst` is what the pulses meet: the same tables for hourly steps, the coldest hour of
    each day for daily ones. A daily step that touches is not taken; the caller walks that day by hours.
    """
    step, level = int(state[STEP_AT]), int(state[LEVEL])
    left, lag, fade, loaded_v = state[LEFT], state[LAG], state[FADE], state[LOADED_V]
    bound = 1.0 - cell.well_share
    per_capacity = 1.0 / cell.capacity_c
    # Slot of the year and hour of the demand are counted along: dividing costs more than the physics.
    turn = step // pace.steps_per_slot
    slot, hour, within = turn % mean.slot_count, turn % load.bin_count, step % pace.steps_per_slot
    time_s = step * pace.step_s
    reason = GOING
    while step < last_step:
        if time_s >= pace.end_s:
            reason = HORIZON
            break
        span_s = min(pace.step_s, pace.end_s - time_s)
        rate, decay, fed = mean.rate_per_s[slot], mean.decay[slot], mean.fed[slot]
        if span_s != pace.step_s:
            decay = math.exp(-rate * span_s)
            fed = (1.0 - decay) / (cell.well_share * rate)
        here = level * load.bin_count + hour
        load_a, load_w = load.current_a[here] * load.factor, load.power_w[here] * load.factor
        leak_a, sun_w = mean.self_discharge_a[slot] * cell.leak_factor, mean.harvest_w[slot]

        # The state at the middle of the step, from the last voltage; its current then carries the whole step.
        guess_a = load_a + (load_w - sun_w) / loaded_v
        half_left = left - 0.5 * (guess_a + leak_a) * span_s
        half_lag = 0.5 * (lag + lag * decay + guess_a * fed)
        depth = (1.0 - (half_left - bound * half_lag) * per_capacity) * mean.per_usable[slot] / (1.0 - fade)
        open_v, inner_ohm = cell_at(cell, mean, slot, depth, growth(cell, fade))
        loaded_v = loaded_voltage(open_v, inner_ohm, load_a, load_w)
        net_a, sun_a = load_a, 0.0
        if loaded_v <= 0.0:
            net_a = source_current(open_v, inner_ohm, load_a, load_w)
            loaded_v = 1e-3
        elif load_w > 0.0:
            net_a += load_w / loaded_v
            if load.pulse_count > 0:
                net_a += load_w / loaded_v * pulse_loss(load, level, open_v, inner_ohm, loaded_v)
        if sun_w > 0.0:
            sun_a = min(sun_w / loaded_v, net_a + cell.largest_charge_a)
            net_a -= sun_a
            if net_a < 0.0:
                net_a *= cell.charge_efficiency
        new_left = left - (net_a + leak_a) * span_s
        new_lag = lag * decay + net_a * fed
        if sun_w > 0.0 and new_left - bound * new_lag > cell.capacity_c:
            full_a = (left - leak_a * span_s - bound * lag * decay - cell.capacity_c) / (span_s + bound * fed)
            spilled_a = min(sun_a, (full_a - net_a) / cell.charge_efficiency)
            sun_a -= spilled_a
            state[SPILLED_J] += spilled_a * loaded_v * span_s
            net_a = full_a
            new_left = left - (net_a + leak_a) * span_s
            new_lag = lag * decay + net_a * fed

        depth, worst_v = look(cell, worst, load, slot, level, new_left - pace.margin_c, new_lag, fade)
        failed = depth >= 1.0 or worst_v < pace.brown_out_v
        if not failed and new_left - bound * new_lag > left - bound * lag:
            # The cell recovers during this step, so its start is the worse end.
            depth, start_v = look(cell, worst, load, slot, level, left - pace.margin_c, lag, fade)
            failed = depth >= 1.0 or start_v < pace.brown_out_v
            worst_v = min(worst_v, start_v)
        if failed:
            if pace.coarse:
                reason = TOUCHED
                break
            span_s, reason = crossing(cell, mean, load, pace, slot, level, left, lag, fade, net_a, span_s)
            decay = math.exp(-rate * span_s)
            new_left = left - (net_a + leak_a) * span_s
            new_lag = lag * decay + net_a * (1.0 - decay) / (cell.well_share * rate)
            depth, worst_v = look(cell, worst, load, slot, level, new_left, new_lag, fade)

        load_j = (load_a * loaded_v + load_w) * span_s
        sun_j = sun_a * loaded_v * span_s
        state[USED_C] += max(0.0, net_a) * span_s
        state[CHARGED_C] += max(0.0, -net_a) * span_s
        state[SELF_C] += leak_a * span_s
        state[LOAD_J] += load_j
        state[HARVEST_J] += sun_j
        state[SELF_J] += leak_a * open_v * span_s
        state[HEAT_J] += open_v * net_a * span_s - load_j + sun_j
        state[MINIMUM_V] = min(state[MINIMUM_V], worst_v)
        state[ROW_MINIMUM_V] = min(state[ROW_MINIMUM_V], worst_v)
        level_s[level] += span_s
        fade = min(0.95, fade + mean.fade_per_s[slot] * span_s + cell.fade_per_c * max(0.0, net_a) * span_s)
        alarm_c = pace.alarm_fraction * cell.capacity_c
        if state[ALARM_S] < 0.0 and new_left <= alarm_c:
            part = (left - alarm_c) / (left - new_left) if left > alarm_c else 0.0
            state[ALARM_S] = time_s + part * span_s
            state[ALARM_USED_C] = state[USED_C] - (1.0 - part) * max(0.0, net_a) * span_s
        left, lag = new_left, new_lag
        if reason == GOING:
            step += 1
            time_s = step * pace.step_s if span_s == pace.step_s else pace.end_s
            within += 1
            if within == pace.steps_per_slot:
                within, slot, hour = 0, slot + 1, hour + 1
                slot = 0 if slot == mean.slot_count else slot
                hour = 0 if hour == load.bin_count else hour
        else:
            time_s += span_s
        if load.level_count > 1:
            level = level_for(load, level, left / cell.capacity_c)
        if len(rows) > 0 and (time_s >= state[NEXT_ROW_S] or reason != GOING or time_s >= pace.end_s):
            write_row(state, rows, time_s, left / cell.capacity_c, open_v, loaded_v)
        if reason != GOING:
            break
    if reason == GOING and time_s >= pace.end_s:
        reason = HORIZON
    state[STEP_AT], state[TIME], state[LEVEL] = step, time_s, level
    state[LEFT], state[LAG], state[FADE], state[LOADED_V] = left, lag, fade, loaded_v
    return reason


def walk_two_levels(
    state: Any, rows: Any, level_s: Any, cell: Cell, day_mean: Air, day_worst: Air, day_load: Load, day_pace: Pace,
    hours: Air, load: Load, pace: Pace, last_day: int,
) -> int:  # fmt: skip
    """Walk by days; a day whose envelope is touched is walked by hours. Returns the reason of the end.

    The coldest hour decides a brown-out, so daily steps alone can be wrong by a year; with its envelope they are not.
    """
    while True:
        reason = walk(state, rows, level_s, cell, day_mean, day_worst, day_load, day_pace, last_day)
        if reason != TOUCHED:
            return reason
        day = int(state[STEP_AT])
        state[STEP_AT] = day * 24
        reason = walk(state, rows, level_s, cell, hours, hours, load, pace, (day + 1) * 24)
        if reason != GOING:
            return reason
        state[STEP_AT] = day + 1


def walk_many(
    capacity_factor: Any, resistance_factor: Any, load_factor: Any, self_factor: Any, life_s: Any, reasons: Any,
    fresh: Any, scratch: Any, level_s: Any, cell: Cell,
    block_mean: Air, block_worst: Air, block_load: Load, block_pace: Pace, block_days: int,
    day_mean: Air, day_worst: Air, day_load: Load, day_pace: Pace,
    hours: Air, load: Load, pace: Pace,
) -> None:  # fmt: skip
    """Lives of many packs that differ from the nominal one by factors; writes `life_s` and `reasons`.

    Walks by blocks of days far from the end, by days near it and by hours where a day is touched.
    """
    for number in range(len(life_s)):
        size, by = capacity_factor[number], load_factor[number]
        for place in range(len(fresh)):
            scratch[place] = fresh[place]
        scratch[LEFT] = fresh[LEFT] * size
        one = Cell(
            cell.ocv_v, cell.resistance_ohm, cell.point_count, cell.capacity_c * size, cell.well_share,
            cell.fade_per_c / size, cell.resistance_growth, cell.charge_efficiency, cell.largest_charge_a * size,
            resistance_factor[number], size * self_factor[number],
        )  # fmt: skip
        by_block, by_day = with_margin(block_pace, by), with_margin(day_pace, by)
        block_one, day_one, hour_one = scaled(block_load, by), scaled(day_load, by), scaled(load, by)
        reason, never = GOING, block_days << 40
        while reason == GOING:
            reason = walk(scratch, level_s[:0], level_s, one, block_mean, block_worst, block_one, by_block, never)
            if reason == TOUCHED:
                block = int(scratch[STEP_AT])
                scratch[STEP_AT] = block * block_days
                reason = walk_two_levels(
                    scratch, level_s[:0], level_s, one, day_mean, day_worst, day_one, by_day,
                    hours, hour_one, pace, (block + 1) * block_days,
                )  # fmt: skip
                scratch[STEP_AT] = block + 1
        reasons[number] = reason
        life_s[number] = scratch[TIME]


def with_margin(pace: Pace, factor: float) -> Pace:
    """The same pace with its margin scaled."""
    return Pace(
        pace.step_s,
        pace.steps_per_slot,
        pace.end_s,
        pace.brown_out_v,
        pace.alarm_fraction,
        pace.margin_c * factor,
        pace.coarse,
    )


def scaled(load: Load, factor: float) -> Load:
    """The same load with its mean demand scaled."""
    return Load(
        load.bin_count, load.level_count, load.current_a, load.power_w, load.pulse_count, load.pulse_a, load.pulse_w,
        load.pulse_s, load.pulse_share, load.check_count, load.check_a, load.check_w, load.check_s,
        load.enter_fraction, load.leave_fraction, load.capacitance_f, load.esr_ohm, factor,
    )  # fmt: skip
