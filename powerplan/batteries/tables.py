"""From packs, demands and temperatures to the tables the walk reads, by hours and by days."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from powerplan.batteries import walk as steps
from powerplan.batteries.demand import Capacitor, Demand, Policy, Pulse
from powerplan.batteries.pack import Pack
from powerplan.batteries.walk import Air, Load, Pace
from powerplan.kernels.supply import battery_share

FloatArray = NDArray[np.float64]

SECONDS_PER_DAY = 86_400.0
DAYS_PER_YEAR = 365


def first_state(pack: Pack, charge_fraction: float, row_stride_s: float) -> FloatArray:
    """The state of a rested pack at a state of charge."""
    state = np.zeros(steps.STATE_SIZE)
    state[steps.LEFT] = pack.capacity_c * charge_fraction
    state[steps.MINIMUM_V] = state[steps.ROW_MINIMUM_V] = steps.NEVER_V
    state[steps.ROW_STRIDE_S] = row_stride_s
    state[steps.ALARM_S] = -1.0
    state[steps.LOADED_V] = pack.open_circuit(charge_fraction, pack.reference_c)[0]
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
    moved = np.array([_padded([(p.current_a, p.power_w, p.duration_s, share) for p, share in found], most_moving)
                      for found in moving]).reshape(len(moving) * most_moving, 4)  # fmt: skip
    checks = np.array([_padded([(p.current_a, p.power_w, p.duration_s) for p in found], most_deciding)
                       for found in deciding]).reshape(len(deciding) * most_deciding, 3)  # fmt: skip
    return Load(
        bin_count=policy.levels[0].current_a.size,
        level_count=len(policy.levels),
        current_a=np.concatenate([level.current_a + level.leakage_a + leak_a for level in policy.levels]),
        power_w=np.concatenate([level.power_w for level in policy.levels]),
        pulse_count=most_moving,
        pulse_a=moved[:, 0].copy(),
        pulse_w=moved[:, 1].copy(),
        pulse_s=moved[:, 2].copy(),
        pulse_share=moved[:, 3].copy(),
        check_count=most_deciding,
        check_a=checks[:, 0].copy(),
        check_w=checks[:, 1].copy(),
        check_s=checks[:, 2].copy(),
        enter_fraction=np.array(policy.enter_fraction, float),
        leave_fraction=np.array(policy.leave_fraction, float),
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
    width = len(rows[0]) if rows else 4
    return rows + [(0.0,) * width] * (count - len(rows))


def coarse_tables(hours: Air, load: Load, pace: Pace, well_share: float, days: int = 1) -> tuple[Air, Air, Load, Pace]:
    """The same by days or blocks of days: means that move the charge, and what the pulses meet at worst.

    That is the coldest hour of the block, and a margin for the charge by which its hours run ahead of its mean.
    """
    least_v = max(1.0, pace.brown_out_v)
    drawn_a = load.current_a + load.power_w / least_v
    per_level = (load.level_count, load.bin_count)
    turns = (-1, 24) if days == 1 else per_level
    ahead_a = drawn_a.reshape(turns) - drawn_a.reshape(turns).mean(axis=1, keepdims=True)
    ahead = np.cumsum(ahead_a, axis=1)
    margin_c = 3_600.0 * max(0.0, float((ahead.max(axis=1) - np.minimum(ahead.min(axis=1), 0.0)).max()))
    coarse_load = load._replace(
        bin_count=load.bin_count // 24 if days == 1 else 1,
        current_a=load.current_a.reshape(turns).mean(axis=1),
        power_w=load.power_w.reshape(turns).mean(axis=1),
    )
    step_s = days * SECONDS_PER_DAY
    coarse_pace = pace._replace(step_s=step_s, margin_c=margin_c, coarse=True)
    if hours.slot_count == 1:
        slots = _wells(hours, well_share, step_s)
        return slots, slots, coarse_load, coarse_pace
    return _wells(_mean(hours, days), well_share, step_s), _worst(hours, days), coarse_load, coarse_pace


def _wells(slots: Air, well_share: float, step_s: float) -> Air:
    """What the wells do in a step."""
    fallen = -np.expm1(-slots.rate_per_s * step_s)
    return slots._replace(decay=1.0 - fallen, fed=fallen / (well_share * slots.rate_per_s))


def _blocks(values: FloatArray, days: int) -> FloatArray:
    return values.reshape(DAYS_PER_YEAR // days, 24 * days)


def _mean(hours: Air, days: int) -> Air:
    """Means over each block; one that crosses a measured temperature takes the lowest pair of curves."""
    curve = _blocks(hours.curve, days).min(axis=1)
    # An hour above the pair of its block is counted at the upper curve of that pair.
    above = np.repeat(curve, 24 * days) != hours.curve
    low = np.where(above, 0.0, hours.low_weight)
    high = np.where(above, hours.low_weight + hours.high_weight, hours.high_weight)

    def mean(values: FloatArray) -> FloatArray:
        return np.asarray(_blocks(values, days).mean(axis=1))

    return hours._replace(
        slot_count=curve.size,
        temperature_c=mean(hours.temperature_c),
        curve=curve,
        ocv_weight=mean(np.where(above, 1.0, hours.ocv_weight)),
        low_weight=mean(low),
        high_weight=mean(high),
        per_usable=mean(hours.per_usable),
        rate_per_s=mean(hours.rate_per_s),
        self_discharge_a=mean(hours.self_discharge_a),
        fade_per_s=mean(hours.fade_per_s),
        harvest_w=np.zeros(curve.size),
    )


def _worst(hours: Air, days: int) -> Air:
    """The coldest hour of each block: highest resistance, slowest wells, least usable charge."""
    coldest = _blocks(hours.temperature_c, days).argmin(axis=1)
    at = coldest + 24 * days * np.arange(DAYS_PER_YEAR // days)
    picked = {name: getattr(hours, name)[at] for name in Air._fields if name not in ("slot_count", "harvest_w")}
    return Air(slot_count=at.size, harvest_w=np.zeros(at.size), **picked)
