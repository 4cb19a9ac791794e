"""The battery at one moment: its curves, the voltage under its pulses, what a gauge shows.

Everything here stays in the numba subset; `fast` compiles it as it stands.
"""

from __future__ import annotations

import math

from powerplan.batteries import layout as at
from powerplan.batteries.layout import Cell, Gauge, Load, Pace, Slots
from powerplan.kernels.battery import loaded_voltage
from powerplan.kernels.supply import pulse_impedance


def cell_at(cell: Cell, slots: Slots, slot: int, depth: float, grown: float) -> tuple[float, float]:
    """Open-circuit voltage and resistance at a depth of discharge in a slot of the year. [V, ohm]

    `grown` is the factor of age and sample on the resistance.
    """
    columns = slots.columns
    last = cell.point_count - 1
    place = min(max(depth, 0.0), 1.0) * last
    index = min(int(place), last - 1)
    part = place - index
    here = int(columns[at.CURVE][slot]) * cell.point_count + index
    open_v = cell.ocv_v[here] + part * (cell.ocv_v[here + 1] - cell.ocv_v[here])
    inner_ohm = cell.resistance_ohm[here] + part * (cell.resistance_ohm[here + 1] - cell.resistance_ohm[here])
    inner_ohm *= columns[at.LOW_WEIGHT][slot]
    if cell.curve_count > 1:
        here += cell.point_count
        next_v = cell.ocv_v[here] + part * (cell.ocv_v[here + 1] - cell.ocv_v[here])
        next_ohm = cell.resistance_ohm[here] + part * (cell.resistance_ohm[here + 1] - cell.resistance_ohm[here])
        open_v += columns[at.OCV_WEIGHT][slot] * (next_v - open_v)
        inner_ohm += columns[at.HIGH_WEIGHT][slot] * next_ohm
    return open_v, inner_ohm * grown


def growth(cell: Cell, fade: float) -> float:
    """Factor of age and sample on the resistance. [1]"""
    return cell.resistance_factor * (1.0 + cell.resistance_growth * fade)


def look(
    cell: Cell, slots: Slots, load: Load, slot: int, level: int, head_c: float, fade: float
) -> tuple[float, float]:
    """Depth of discharge of the available well and the lowest voltage over all pulses. [1, V]

    `head_c` is the head of the available well. The depth is counted of what is usable at this temperature and age,
    so the curve's end is reached earlier.
    """
    depth = (1.0 - head_c / cell.capacity_c) * slots.columns[at.PER_USABLE][slot] / (1.0 - fade)
    open_v, inner_ohm = cell_at(cell, slots, slot, depth, growth(cell, fade))
    worst_v = at.NEVER_V
    for number in range(level * load.check_count, (level + 1) * load.check_count):
        pulse = load.checks[number]
        impedance = inner_ohm
        if load.capacitance_f > 0.0:
            impedance = pulse_impedance(inner_ohm, load.capacitance_f, load.esr_ohm, pulse[2])
        worst_v = min(worst_v, loaded_voltage(open_v, impedance, pulse[0], pulse[1]))
    return depth, worst_v


def pulse_loss(load: Load, level: int, open_v: float, inner_ohm: float, mean_v: float) -> float:
    """How much more charge the constant power takes because part of it comes in pulses. [1]"""
    more = 0.0
    for number in range(level * load.pulse_count, (level + 1) * load.pulse_count):
        pulse = load.pulses[number]
        impedance = inner_ohm
        if load.capacitance_f > 0.0:
            impedance = pulse_impedance(inner_ohm, load.capacitance_f, load.esr_ohm, pulse[2])
        by = 1.0 + pulse[4] * (load.factor - 1.0)
        under_v = loaded_voltage(open_v, impedance, pulse[0] * by, pulse[1] * by)
        if under_v > 0.0:
            more += pulse[3] * max(0.0, mean_v / under_v - 1.0)
    return more


def gauged(
    gauge: Gauge, cell: Cell, slots: Slots, slot: int, left: float, lag: float, fade: float
) -> float:
    """What the gauge shows. [1: share of the stated or of the usable charge; V]

    Usable is what is left until the charge ends or the worst pulse meets the brown-out at this temperature, as a share
    of that from full.
    """
    if gauge.kind == at.BY_CHARGE:
        return float(left / cell.capacity_c)
    head_c = left - (1.0 - cell.well_share) * lag
    depth = (1.0 - head_c / cell.capacity_c) * slots.columns[at.PER_USABLE][slot] / (1.0 - fade)
    if gauge.kind == at.BY_USABLE:
        return float(1.0 - depth / slots.columns[at.END_DEPTH][slot])
    open_v, inner_ohm = cell_at(cell, slots, slot, depth, growth(cell, fade))
    return loaded_voltage(open_v, inner_ohm, gauge.current_a, gauge.power_w)


def level_for(load: Load, level: int, shown: float) -> int:
    """Demand level at what the gauge shows, with hysteresis."""
    while level < load.level_count - 1 and shown < load.enter_at[level]:
        level += 1
    while level > 0 and shown > load.leave_at[level - 1]:
        level -= 1
    return level


def look_later(
    cell: Cell, slots: Slots, load: Load, slot: int, level: int, left: float, lag: float, fade: float, net_a: float,
    time_s: float,
) -> tuple[float, float]:  # fmt: skip
    """The look after a time under a net current. [1, V]"""
    rate, leak_a = slots.columns[at.RATE][slot], slots.columns[at.SELF_DISCHARGE][slot] * cell.leak_factor
    decay = math.exp(-rate * time_s)
    lag_then = lag * decay + net_a * (1.0 - decay) / (cell.well_share * rate)
    head_c = left - (net_a + leak_a) * time_s - (1.0 - cell.well_share) * lag_then
    return look(cell, slots, load, slot, level, head_c, fade)


def crossing(
    cell: Cell, slots: Slots, load: Load, pace: Pace, slot: int, level: int, left: float, lag: float, fade: float,
    net_a: float, span_s: float,
) -> tuple[float, int]:  # fmt: skip
    """When inside a step the battery is spent, and by which of the two. [s, reason]"""
    early_s, late_s, at_s = 0.0, span_s, 0.0
    while late_s - early_s > 1e-12 * span_s:
        depth, worst_v = look_later(cell, slots, load, slot, level, left, lag, fade, net_a, at_s)
        if depth >= 1.0 or worst_v < pace.brown_out_v:
            late_s = at_s
        else:
            early_s = at_s
        at_s = 0.5 * (early_s + late_s)
    depth, worst_v = look_later(cell, slots, load, slot, level, left, lag, fade, net_a, late_s)
    return late_s, at.CHARGE if depth >= 1.0 else at.VOLTAGE
