"""From packs, demands and temperatures to the tables the walk reads, by hours, by days and by blocks of days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from powerplan.batteries import layout as at
from powerplan.batteries.air import Air
from powerplan.batteries.demand import Capacitor, Demand, Limits, Meter, Policy, Pulse
from powerplan.batteries.layout import Cell, Gauge, Level, Load, Pace, Slots
from powerplan.batteries.moment import cell_at
from powerplan.batteries.pack import Pack
from powerplan.kernels.battery import loaded_voltage
from powerplan.kernels.supply import battery_share, pulse_impedance

FloatArray = NDArray[np.float64]
Step = Literal["hour", "day_hour", "10min"]

SECONDS_PER_DAY = 86_400.0
BLOCK_DAYS = 5
"""Divides the year, so that its slots stay those of the calendar."""
BLOCKS_PER_YEAR = 365 // BLOCK_DAYS
HOURS_PER_STRETCH, BLOCKS_PER_STRETCH = 24, 37
LONGEST_STRETCH = max(HOURS_PER_STRETCH, BLOCKS_PER_STRETCH)
GAUGES = {"charge": at.BY_CHARGE, "usable": at.BY_USABLE, "voltage": at.BY_VOLTAGE}
NO_ALARM = Gauge(at.BY_CHARGE, -1.0, 0.0, 0.0)
USABLE_POINTS = 49
"""Temperatures at which the end under the worst pulse is looked for; between them it is interpolated."""


def first_state(pack: Pack, charge_fraction: float, row_stride_s: float) -> FloatArray:
    """The state of a rested pack at a state of charge."""
    state = np.zeros(at.STATE_SIZE)
    state[at.LEFT] = pack.capacity_c * charge_fraction
    state[at.MINIMUM_V] = state[at.ROW_MINIMUM_V] = at.NEVER_V
    state[at.ROW_STRIDE_S] = row_stride_s
    state[at.ALARM_S] = -1.0
    state[at.LOADED_V] = pack.open_circuit(charge_fraction, pack.reference_c)[0]
    return state


def load_tables(policy: Policy, pack: Pack, capacitor: Capacitor | None, fresh_ohm: float) -> Load:
    """Demand by level and hour, with what leaks, and the pulses that matter."""
    farad, esr_ohm, leak_a = (0.0, 0.0, 0.0)
    if capacitor is not None:
        farad, esr_ohm, leak_a = capacitor.capacitance_f, capacitor.esr_ohm, capacitor.leakage_a
    leak_a += pack.protection_a
    moving = [_moving(level, farad, esr_ohm, fresh_ohm) for level in policy.levels]
    deciding = [_deciding(level, leak_a) for level in policy.levels]
    most_moving = max(len(found) for found in moving)
    most_deciding = max(len(found) for found in deciding)
    moved = np.array([_padded([(p.current_a, p.power_w, p.duration_s, share, 0.0) for p, share in found],
                               most_moving) for found in moving]).reshape(len(moving) * most_moving, 5)  # fmt: skip
    checks = np.array([_padded([(p.current_a, p.power_w, p.duration_s) for p in found], most_deciding)
                       for found in deciding]).reshape(len(deciding) * most_deciding, 3)  # fmt: skip
    return Load(
        bin_count=policy.levels[0].current_a.size,
        level_count=len(policy.levels),
        current_a=np.concatenate([level.current_a + level.leakage_a + leak_a for level in policy.levels]),
        power_w=np.concatenate([level.power_w for level in policy.levels]),
        pulse_count=most_moving,
        pulses=moved,
        check_count=most_deciding,
        checks=checks,
        enter_at=np.array(policy.enter_at, float),
        leave_at=np.array(policy.leave_at, float),
        capacitance_f=farad,
        esr_ohm=esr_ohm,
        factor=1.0,
    )


def _moving(demand: Demand, farad: float, esr_ohm: float, fresh_ohm: float) -> list[tuple[Pulse, float]]:
    """Pulses of constant power with the share of the mean power they bring, as far as the cell sees them."""
    mean_w = float(demand.power_w.mean())
    if mean_w <= 0.0:
        return []
    shares = [
        (pulse, pulse.power_w * pulse.duration_s * pulse.per_day / SECONDS_PER_DAY / mean_w)
        for pulse in demand.pulses
        if pulse.power_w > 0.0 and pulse.per_day > 0.0
    ]
    total = max(1.0, sum(share for _, share in shares))
    return [
        (pulse, share / total * battery_share(fresh_ohm, farad, esr_ohm, pulse.duration_s)) for pulse, share in shares
    ]


def _deciding(demand: Demand, leak_a: float) -> list[Pulse]:
    """The pulses no other pulse outdoes, and the heaviest hour as a pulse that lasts."""
    heaviest = int(np.argmax(demand.current_a + demand.power_w))
    steady = Pulse(
        "mean demand",
        float(demand.current_a[heaviest]) + demand.leakage_a + leak_a,
        float(demand.power_w[heaviest]),
        3_600.0,
    )
    kept: list[Pulse] = []
    for pulse in (*demand.pulses, steady):
        if not any(_outdoes(other, pulse) for other in kept):
            kept = [other for other in kept if not _outdoes(pulse, other)] + [pulse]
    return kept


def _outdoes(one: Pulse, other: Pulse) -> bool:
    return one.current_a >= other.current_a and one.power_w >= other.power_w and one.duration_s >= other.duration_s


def _padded(rows: list[tuple[float, ...]], count: int) -> list[tuple[float, ...]]:
    width = len(rows[0]) if rows else 5
    return rows + [(0.0,) * width] * (count - len(rows))


@dataclass(frozen=True)
class Levels:
    """The tables of every fineness; the coarse ones stand for the fine one where a walk begins with hours."""

    cell: Cell
    blocks: Level
    days: Level
    hours: Level


def levels(
    pack: Pack, policy: Policy, temperature_c: FloatArray, harvest_w: FloatArray | None, limits: Limits, end_s: float,
    capacitor: Capacitor | None, step: Step, from_blocks: bool = False,
) -> Levels:  # fmt: skip
    """Tables for a walk by hours or ten minutes, or one that begins with days or with blocks of days."""
    air = pack.air(temperature_c, harvest_w)
    load = load_tables(policy, pack, capacitor, pack.open_circuit(1.0, float(temperature_c.mean()))[1])
    step_s, per_slot = (600.0, 6) if step == "10min" else (3_600.0, 1)
    brown_out_v = max(limits.brown_out_v, pack.protection_v)
    alarm = NO_ALARM if limits.alarm_at is None else _gauge(limits.alarm_meter, limits.alarm_at)
    plain = alarm.kind == at.BY_CHARGE and policy.meter.kind == "charge"
    one_by_one = harvest_w is not None or per_slot > 1 or not plain
    pace = Pace(step_s, per_slot, 1 if one_by_one else HOURS_PER_STRETCH, 1, 0.02, end_s, brown_out_v, alarm,
                _gauge(policy.meter, 0.0), 0.0, False)  # fmt: skip
    end_depth = None
    if "usable" in (limits.alarm_meter.kind, policy.meter.kind):
        end_depth = _end_depth(pack, load, temperature_c, brown_out_v)
    slots = air.slots(pack.well_share_fraction, step_s, HOURS_PER_STRETCH, end_depth)
    hours = Level(slots, slots, load, pace)
    if step != "day_hour":
        return Levels(pack.cell, hours, hours, hours)
    days = _coarse(pack, air, load, pace, 1)
    return Levels(pack.cell, _coarse(pack, air, load, pace, BLOCK_DAYS) if from_blocks else days, days, hours)


def _gauge(meter: Meter, level: float) -> Gauge:
    return Gauge(GAUGES[meter.kind], float(level), float(meter.current_a), float(meter.power_w))


def _coarse(pack: Pack, air: Air, load: Load, pace: Pace, days: int) -> Level:
    """By days or blocks of days: means that move the charge, and what the pulses meet at worst.

    That is the coldest hour of the block, and a margin for the charge by which its hours run ahead of its mean.
    """
    drawn_a = load.current_a + load.power_w / max(1.0, pace.brown_out_v)
    turns = (-1, 24 * days) if load.bin_count % (24 * days) == 0 else (load.level_count, load.bin_count)
    ahead_a = drawn_a.reshape(turns) - drawn_a.reshape(turns).mean(axis=1, keepdims=True)
    ahead = np.cumsum(ahead_a, axis=1)
    margin_c = 3_600.0 * max(0.0, float((ahead.max(axis=1) - np.minimum(ahead.min(axis=1), 0.0)).max()))
    count = 1 if days == 1 else BLOCKS_PER_STRETCH
    step_s = days * SECONDS_PER_DAY
    # Wear within a long stretch would not be seen by its checks.
    wears = bool(air.fade_per_s.any()) or pack.ageing.cycle_fade_fraction > 0.0
    stretch = 1 if wears or pace.stretch_count == 1 else count
    slots = air.mean(days).slots(pack.well_share_fraction, step_s, count)
    worst = slots if air.slot_count == 1 else air.coldest(days).slots(pack.well_share_fraction, step_s, count)
    bins = load.current_a.reshape(turns).shape[0] // load.level_count
    repeat = BLOCKS_PER_YEAR if bins == 1 and days > 1 else 1
    coarse = load._replace(
        pulse_count=load.pulse_count + 1,
        pulses=_with_busy_hours(load),
        bin_count=bins * repeat,
        current_a=np.repeat(load.current_a.reshape(turns).mean(axis=1), repeat),
        power_w=np.repeat(load.power_w.reshape(turns).mean(axis=1), repeat),
    )
    slower = pace._replace(step_s=step_s, stretch_count=stretch, round_count=2, most_spent_fraction=0.1,
                           margin_c=margin_c, coarse=True)  # fmt: skip
    return Level(slots, worst, coarse, slower)


def _with_busy_hours(load: Load) -> FloatArray:
    """The pulses of every level and one more for its busy hours, whose higher current costs more than their mean.

    To first order in the resistance the loss of hours of power p is that of a pulse of power Σp²/Σp that brings all
    the energy which the pulses do not bring.
    """
    power_w = load.power_w.reshape(load.level_count, load.bin_count)
    current_a = load.current_a.reshape(load.level_count, load.bin_count)
    per_level = load.pulses.reshape(load.level_count, load.pulse_count, 5)
    total_w = np.maximum(power_w.sum(axis=1), 1e-300)
    busy = np.stack([(power_w * current_a).sum(axis=1) / total_w, (power_w**2).sum(axis=1) / total_w,
                     np.full(load.level_count, 3_600.0), 1.0 - per_level[:, :, 3].sum(axis=1),
                     np.ones(load.level_count)], axis=1)  # fmt: skip
    return np.concatenate([per_level, busy[:, None, :]], axis=1).reshape(-1, 5)


def _end_depth(pack: Pack, load: Load, temperature_c: FloatArray, brown_out_v: float) -> FloatArray:
    """Depth of discharge, of what is usable, at which the worst pulse of a new pack meets the brown-out. [1]"""
    coldest_c, warmest_c = float(temperature_c.min()), float(temperature_c.max())
    grid_c = np.linspace(coldest_c, warmest_c, USABLE_POINTS if warmest_c > coldest_c else 1)
    slots = pack.air(grid_c).slots(pack.well_share_fraction, 3_600.0)
    found = [_end_at(pack.cell, slots, load, slot, brown_out_v) for slot in range(grid_c.size)]
    return np.asarray(np.interp(temperature_c, grid_c, found))


def _end_at(cell: Cell, slots: Slots, load: Load, slot: int, brown_out_v: float) -> float:
    low, high = 1e-6, 1.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        open_v, inner_ohm = cell_at(cell, slots, slot, middle, 1.0)
        volts = [loaded_voltage(open_v, pulse_impedance(inner_ohm, load.capacitance_f, load.esr_ohm, pulse[2]),
                                pulse[0], pulse[1]) for pulse in load.checks[: load.check_count]]
        low, high = (middle, high) if min(volts) >= brown_out_v else (low, middle)
    return high if high < 1.0 - 1e-9 else 1.0
