"""The life of a battery under a demand: until charge, brown-out, shelf life or the horizon, whichever comes first."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from powerplan.batteries import layout as at
from powerplan.batteries.demand import Capacitor, Demand, Limits, Meter, Policy, Pulse, constant_demand
from powerplan.batteries.ideal import ideal_life_s
from powerplan.batteries.many import BY_HOURS, FROM_DAYS
from powerplan.batteries.pack import HOURS_PER_YEAR, IdealCell, Pack
from powerplan.batteries.run import Engine, Walked, walk_lives
from powerplan.batteries.tables import Step, first_state, levels
from powerplan.kernels import supply
from powerplan.kernels.battery import loaded_voltage
from powerplan.units import format_quantity

__all__ = [
    "Capacitor", "Demand", "Engine", "IdealCell", "Life", "Limits", "Meter", "Pack", "Policy", "Pulse", "Step",
    "autonomy_s", "constant_demand", "life", "needs_events", "pulse_voltages",
]  # fmt: skip

FloatArray = NDArray[np.float64]
Reason = Literal["charge", "voltage", "shelf", "horizon"]
REASONS: dict[str, str] = {
    "charge": "the charge is used up",
    "voltage": "the worst pulse pulls the voltage below brown-out",
    "shelf": "the shelf life is over",
    "horizon": "the horizon of the calculation is reached",
}
"""Why a life ends, in words."""

SECONDS_PER_DAY = 86_400.0
TABLE_ROWS = 2_000
FIRST_ROW_STRIDE_S = 3_600.0
MONTH_HOURS = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) * 24


@dataclass(frozen=True)
class LifeTable:
    """The course of a life, from new to the end."""

    time_s: FloatArray
    state_of_charge_fraction: FloatArray
    open_circuit_v: FloatArray
    loaded_v: FloatArray
    """Under the mean demand of the hour."""
    worst_pulse_v: FloatArray
    """Lowest under any pulse since the row before."""


@dataclass(frozen=True)
class Life:
    """How long a battery lasts, why it ends, and where its charge and energy went."""

    life_s: float
    reason: Reason
    table: LifeTable
    minimum_v: float
    """Lowest voltage under any pulse from new to the end."""
    charge_used_c: float
    self_discharge_c: float
    charge_left_c: float
    charged_c: float
    """Put in by the harvest."""
    energy_drawn_j: float
    """At the terminals: load and leakage."""
    heat_j: float
    """Lost in the battery's own resistance."""
    self_discharge_j: float
    harvest_j: float
    spilled_j: float
    """Harvest that found the battery full."""
    alarm_s: float | None
    after_alarm_s: float | None
    after_alarm_c: float | None
    first_empty_s: float | None
    """With a harvest: when it first ran empty; None if it never did."""
    fade_fraction: float
    """Capacity lost by age and cycles at the end."""
    net_energy_j: FloatArray
    """Harvest less demand by month of the first year, whatever the battery holds. Shape (12,)."""
    level_fraction: FloatArray
    """Share of the life spent in each demand level."""
    engine: Literal["plain", "compiled", "closed form"]

    def minimum_until(self, time_s: float) -> float:
        """Lowest voltage under any pulse from new to a time. [V]"""
        last = min(int(np.searchsorted(self.table.time_s, time_s)), self.table.time_s.size - 1)
        return float(self.table.worst_pulse_v[: last + 1].min())


def life(
    pack: Pack | IdealCell,
    demand: Demand | Policy,
    temperature_c: FloatArray | float,
    limits: Limits,
    capacitor: Capacitor | None = None,
    harvest_w: FloatArray | None = None,
    step: Step = "hour",
    engine: Engine = "auto",
    start_fraction: float = 1.0,
) -> Life:
    """Life of a pack from new.

    `temperature_c` is one value or 8,760 by hour of the year; `harvest_w` is what the charger delivers at the
    battery terminals by hour of the year. `day_hour` walks by days and takes a day by hours when its coldest
    hour comes near the brown-out; it falls back to hours where harvest or a policy couples faster than a day.
    """
    policy = demand if isinstance(demand, Policy) else Policy((demand,), (), ())
    temperatures = _slots(temperature_c, "temperature_c")
    sun = None if harvest_w is None else _slots(harvest_w, "harvest_w")
    if sun is not None and temperatures.size != sun.size:
        temperatures = np.full(sun.size, temperatures[0]) if temperatures.size == 1 else temperatures
        sun = np.full(temperatures.size, sun[0]) if sun.size == 1 else sun
    end_s = limits.end_s
    if isinstance(pack, IdealCell):
        if sun is None and len(policy.levels) == 1 and start_fraction == 1.0 and limits.alarm_meter.kind != "voltage":
            return _ideal(pack, policy.levels[0], limits, end_s, capacitor)
        limits = replace(limits, brown_out_v=0.0)
        pack = pack.as_pack()
    by_days = step == "day_hour" and sun is None and len(policy.levels) == 1 and limits.alarm_meter.kind == "charge"
    step = "hour" if step == "day_hour" and not by_days else step
    tables = levels(pack, policy, temperatures, sun, limits, end_s, capacitor, step)
    chosen = _engine(engine, step, end_s if sun is not None else _expected_s(pack, policy.levels[0], end_s))
    walked = walk_lives(chosen, tables, FROM_DAYS if by_days else BY_HOURS,
                        first_state(pack, start_fraction, FIRST_ROW_STRIDE_S), np.ones((4, 1)), TABLE_ROWS)
    return _result(walked, limits, policy, pack, sun, chosen)


def _engine(engine: Engine, step: Step, span_s: float) -> str:
    """Compiled where the walk is long: loading the compiler costs more than a short walk in plain Python."""
    if engine != "auto":
        return engine
    step_count = span_s / {"hour": 3_600.0, "10min": 600.0, "day_hour": 20_000.0}[step]
    ready = "powerplan.batteries.fast" in sys.modules
    return "compiled" if step_count > (5_000 if ready else 400_000) else "plain"


def _expected_s(pack: Pack, demand: Demand, end_s: float) -> float:
    """About how long the walk will be. [s]"""
    mean_a = float(demand.current_a.mean() + demand.power_w.mean() / pack.nominal_v) + demand.leakage_a
    return min(end_s, pack.capacity_c / max(mean_a, 1e-12))


def _slots(values: FloatArray | float, name: str) -> FloatArray:
    slots = np.atleast_1d(np.asarray(values, float))
    if slots.shape not in ((1,), (HOURS_PER_YEAR,)):
        raise ValueError(f"{name} must be one value or {HOURS_PER_YEAR} by hour, got shape {slots.shape}")
    if not np.isfinite(slots).all():
        raise ValueError(f"{name} must be finite in every hour")
    return slots


def _result(
    walked: Walked, limits: Limits, policy: Policy, pack: Pack, sun: FloatArray | None, engine: str
) -> Life:
    state, rows, level_s, reason = walked.state, walked.rows, walked.level_s, int(walked.reason_code[0])
    life_s = float(state[at.TIME])
    why: Reason = "charge" if reason == at.CHARGE else "voltage"
    if reason == at.HORIZON:
        why = "shelf" if limits.unseen_after_s is None else "horizon"
    count = int(state[at.ROW_COUNT])
    columns = rows[: count * at.ROW_WIDTH].reshape(count, at.ROW_WIDTH).T.copy()
    alarm = float(state[at.ALARM_S])
    rang = limits.alarm_at is not None and alarm >= 0.0
    return Life(
        life_s=life_s,
        reason=why,
        table=LifeTable(*columns),
        minimum_v=float(state[at.MINIMUM_V]),
        charge_used_c=float(state[at.USED_C]),
        self_discharge_c=float(state[at.SELF_C]),
        charge_left_c=float(state[at.LEFT]),
        charged_c=float(state[at.CHARGED_C]),
        energy_drawn_j=float(state[at.LOAD_J]),
        heat_j=float(state[at.HEAT_J]),
        self_discharge_j=float(state[at.SELF_J]),
        harvest_j=float(state[at.HARVEST_J]),
        spilled_j=float(state[at.SPILLED_J]),
        alarm_s=alarm if rang else None,
        after_alarm_s=life_s - alarm if rang else None,
        after_alarm_c=float(state[at.USED_C] - state[at.ALARM_USED_C]) if rang else None,
        first_empty_s=life_s if sun is not None and why in ("charge", "voltage") else None,
        fade_fraction=float(state[at.FADE]),
        net_energy_j=net_energy(policy.levels[0], pack.nominal_v, sun),
        level_fraction=level_s / max(level_s.sum(), 1e-300),
        engine="compiled" if engine == "compiled" else "plain",
    )


def _ideal(pack: IdealCell, demand: Demand, limits: Limits, end_s: float, capacitor: Capacitor | None) -> Life:
    """The hand check: closed form, voltage never the reason."""
    extra_a = demand.leakage_a + (capacitor.leakage_a if capacitor else 0.0)
    draw_a = demand.current_a + demand.power_w / pack.nominal_v + extra_a
    leak_a = pack.capacity_c * pack.self_discharge_per_year / (365.0 * SECONDS_PER_DAY)
    by_charge_s = ideal_life_s(pack.capacity_c, draw_a + leak_a)
    life_s = min(by_charge_s, end_s)
    why: Reason = "charge"
    if by_charge_s > end_s:
        why = "shelf" if limits.unseen_after_s is None else "horizon"
    self_c = leak_a * life_s
    used_c = pack.capacity_c - self_c if why == "charge" else _charge_by(draw_a, life_s)
    left_c = max(0.0, pack.capacity_c - self_c - used_c)
    soc = np.array([1.0, left_c / pack.capacity_c])
    volts = np.full(2, pack.nominal_v)
    alarm_s = None
    if limits.alarm_at is not None:
        to_alarm_s = ideal_life_s(pack.capacity_c * (1.0 - limits.alarm_at), draw_a + leak_a)
        alarm_s = to_alarm_s if to_alarm_s <= life_s else None
    return Life(
        life_s=life_s, reason=why, table=LifeTable(np.array([0.0, life_s]), soc, volts, volts, volts),
        minimum_v=pack.nominal_v, charge_used_c=used_c, self_discharge_c=self_c, charge_left_c=left_c, charged_c=0.0,
        energy_drawn_j=used_c * pack.nominal_v, heat_j=0.0, self_discharge_j=self_c * pack.nominal_v, harvest_j=0.0,
        spilled_j=0.0, alarm_s=alarm_s, after_alarm_s=None if alarm_s is None else life_s - alarm_s,
        after_alarm_c=None if alarm_s is None else used_c - _charge_by(draw_a, alarm_s), first_empty_s=None,
        fade_fraction=0.0,
        net_energy_j=net_energy(demand, pack.nominal_v, None), level_fraction=np.ones(1), engine="closed form",
    )  # fmt: skip


def _charge_by(draw_a: FloatArray, time_s: float) -> float:
    """Charge drawn until a time by a demand that repeats. [C]"""
    hours, part = divmod(time_s, 3_600.0)
    turns, rest = divmod(int(hours), draw_a.size)
    whole = turns * float(draw_a.sum()) + float(draw_a[:rest].sum())
    return 3_600.0 * whole + float(draw_a[rest]) * part


def net_energy(demand: Demand, nominal_v: float, harvest_w: FloatArray | None) -> FloatArray:
    """Harvest less demand by month of the year at the nominal voltage. [J], shape (12,)"""
    mean_w = (demand.current_a + demand.leakage_a) * nominal_v + demand.power_w
    needed_w = np.resize(mean_w, HOURS_PER_YEAR)
    given_w = np.zeros(1) if harvest_w is None else harvest_w
    net_w = np.broadcast_to(given_w, (HOURS_PER_YEAR,)) - needed_w
    return np.asarray(np.add.reduceat(net_w, MONTH_HOURS[:-1]) * 3_600.0)


def autonomy_s(
    pack: Pack | IdealCell, demand: Demand, temperature_c: float, limits: Limits,
    capacitor: Capacitor | None = None, start_fraction: float = 1.0,
) -> float:  # fmt: skip
    """How long a full battery carries the demand without any sun. [s]"""
    return life(pack, demand, temperature_c, limits, capacitor, step="hour", start_fraction=start_fraction).life_s


def pulse_voltages(
    pack: Pack | IdealCell, demand: Demand, temperature_c: float, state_of_charge_fraction: float = 1.0,
    capacitor: Capacitor | None = None, fade_fraction: float = 0.0, film_ohm: float = 0.0,
) -> dict[str, float]:  # fmt: skip
    """Voltage at the end of each pulse of a rested pack, by name. [V]

    At full charge and the coldest temperature this is the supply gate. `film_ohm` is what a passivation film adds.
    """
    if isinstance(pack, IdealCell):
        return {pulse.name: pack.nominal_v for pulse in demand.pulses}
    open_v, inner_ohm = pack.open_circuit(state_of_charge_fraction, temperature_c, fade_fraction)
    inner_ohm += film_ohm
    farad, esr_ohm = (capacitor.capacitance_f, capacitor.esr_ohm) if capacitor else (0.0, 0.0)
    found = {}
    for pulse in demand.pulses:
        impedance = supply.pulse_impedance(inner_ohm, farad, esr_ohm, pulse.duration_s)
        found[pulse.name] = loaded_voltage(open_v, impedance, pulse.current_a, pulse.power_w)
    return found


def needs_events(pack: Pack, demand: Demand, temperature_c: float, capacitor: Capacitor | None) -> str | None:
    """Why hourly steps are too coarse here and the window must be simulated event by event; None where they hold.

    The hourly walk takes each pulse from a recovered capacitor and a battery whose charge hardly moves in an hour.
    """
    inner_ohm = pack.open_circuit(0.1, temperature_c)[1]
    if capacitor is not None:
        full_s = supply.recovery_time(inner_ohm, capacitor.capacitance_f, capacitor.esr_ohm)
        mean_a = float((demand.current_a + demand.power_w / pack.nominal_v).mean())
        for pulse in demand.pulses:
            if pulse.current_a + pulse.power_w / pack.nominal_v <= mean_a:
                continue
            if pulse.per_day > 0.0 and SECONDS_PER_DAY / pulse.per_day - pulse.duration_s < full_s:
                every_s = SECONDS_PER_DAY / pulse.per_day
                every, full = (format_quantity(one_s, "duration") for one_s in (every_s, full_s))
                return f"{pulse.name} comes every {every}, the capacitor needs {full} to recover"
    hourly_c = 3_600.0 * float(np.max(demand.current_a + demand.power_w / pack.nominal_v + demand.leakage_a))
    if hourly_c > 0.05 * pack.capacity_c:
        return f"one hour takes {hourly_c / pack.capacity_c:.0%} of the charge"
    return None
