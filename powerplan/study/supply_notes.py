"""What a reader should know about the supply: alarm, policies, and where hourly steps are too coarse."""

from __future__ import annotations

import numpy as np

from powerplan.batteries.demand import Demand, Policy, Pulse
from powerplan.batteries.events import walk_events
from powerplan.batteries.life import Life, life, needs_events, pulse_voltages
from powerplan.batteries.pack import IdealCell, Pack
from powerplan.kernels.supply import recovery_time
from powerplan.plan.codes import NS_PER_DAY
from powerplan.study.event_window import Played, Segments, busiest
from powerplan.study.meter import level_words, never_words
from powerplan.study.supply import SupplyChain

SECONDS_PER_DAY = 86_400.0
LONGEST_WINDOW_S = 2 * SECONDS_PER_DAY
MOST_PULSES = 2_000
"""More of one kind in the window count as its mean demand."""
CHECKED_CHARGE_FRACTION = 0.1
TOO_COARSE_DAYS = 0.01


def supply_notes(chain: SupplyChain, asked: Demand | Policy, life_found: Life, played: Played | None = None
                 ) -> tuple[str, ...]:
    """Notes on alarm, policy levels and the check event by event, in the busiest hours of what was played."""
    first = asked.levels[0] if isinstance(asked, Policy) else asked
    found = [*_alarm(chain, life_found), *(_levels(chain, asked, life_found) if isinstance(asked, Policy) else [])]
    return (*found, *_film(chain, first), *_events(chain, first, asked, life_found, played))


def _alarm(chain: SupplyChain, found: Life) -> list[str]:
    if chain.limits.alarm_at is None:
        return []
    at = f"the alarm at {level_words(chain.limits.alarm_at, chain.limits.alarm_meter)}"
    if found.alarm_s is None or found.after_alarm_s is None or found.after_alarm_c is None:
        left = found.charge_left_c / chain.pack.capacity_c
        return [f"{at} never rings before the end, at which {left:.0%} of the stated charge is left"
                f"{never_words(chain.limits) if left > chain.limits.alarm_at else ''}"]
    return [f"{at} rings after {found.alarm_s / SECONDS_PER_DAY:,.0f} d; after it the device runs "
            f"{found.after_alarm_s / SECONDS_PER_DAY:,.3g} d more and draws {found.after_alarm_c / 3.6:,.3g} mAh"]


def _film(chain: SupplyChain, demand: Demand) -> list[str]:
    """What a passivation film may do to the first pulse after storage."""
    if isinstance(chain.pack, IdealCell) or chain.pack.passivation_ohm is None or not demand.pulses:
        return []
    volts = [min(pulse_voltages(chain.pack, demand, chain.coldest_c, 1.0, chain.capacitor, 0.0, film).values())
             for film in chain.pack.passivation_ohm]
    if volts[2] >= chain.limits.brown_out_v:
        return []
    return [f"passivation: after long rest the first pulse at {chain.coldest_c:g} °C may fall to {volts[0]:.2f} V "
            f"({volts[2]:.2f} to {volts[1]:.2f} V), below the brown-out of {chain.limits.brown_out_v:.3g} V, until the "
            "film breaks: wake the cell with a load before, or hold the pulse with a capacitor"]


def _levels(chain: SupplyChain, policy: Policy, found: Life) -> list[str]:
    said = []
    for number, (demand, share) in enumerate(zip(policy.levels, found.level_fraction, strict=True)):
        mean_a = float(demand.current_a.mean() + demand.power_w.mean() / chain.battery_v) + chain.standing_a
        when = "at first" if not number else f"below {level_words(policy.enter_at[number - 1], policy.meter)}"
        said.append(f"policy {when}: {mean_a * 24e3:.3g} mAh/day, {share:.1%} of the life")
    return [*said, "policy: accuracy, latency and charge a day are those of the first level"]


def _events(chain: SupplyChain, demand: Demand, asked: Demand | Policy, found: Life, played: Played | None
            ) -> list[str]:
    """The reason why hourly steps are too coarse and what finer ones say; nothing where they hold."""
    if isinstance(chain.pack, IdealCell):
        return []
    why = needs_events(chain.pack, demand, chain.coldest_c, chain.capacitor)
    if why is None:
        return []
    if chain.capacitor is None:
        finer = life(chain.pack, asked, chain.temperature_c, chain.limits, None, chain.harvest_w, "10min").life_s
        change = finer / found.life_s - 1.0 if found.life_s else 0.0
        return [f"{why}: walked by ten minutes the life is {finer / SECONDS_PER_DAY:,.3g} d, {change:+.2%}"]
    train_v, window_s = train_voltage(chain.pack, demand, chain)
    apart_v = min(pulse_voltages(chain.pack, demand, chain.coldest_c, CHECKED_CHARGE_FRACTION,
                                 chain.capacitor).values())
    segments = busiest(played, window_s) if played is not None else None
    lowest_v = train_v if segments is None else min(train_v, window_voltage(chain.pack, segments, chain))
    side = "holds" if lowest_v >= chain.limits.brown_out_v else "falls below"
    where = f"over {window_s / 3600:.3g} h"
    if segments is not None:
        begun_d = segments.begun_ns / NS_PER_DAY
        where = (f"in the busiest {window_s / 3600:.3g} h as simulated (from day {begun_d:.3g} on, "
                 f"{segments.duration_s.size:,} states in turn) and in pulses that all fall due together")
    return [f"{why}. Event by event {where}, at {chain.coldest_c:g} °C and "
            f"{CHECKED_CHARGE_FRACTION:.0%} charge, the supply goes down to {lowest_v:.3f} V ({apart_v:.3f} V when "
            f"each pulse finds the capacitor recovered): it {side} the brown-out of {chain.limits.brown_out_v:.3g} V"]


def window_voltage(pack: Pack, segments: Segments, chain: SupplyChain) -> float:
    """Lowest voltage of a stretch of the simulation. [V]"""
    walked = walk_events(pack, segments.duration_s, segments.current_a + chain.leakage_a, segments.power_w,
                         chain.coldest_c, chain.limits.brown_out_v, chain.capacitor, CHECKED_CHARGE_FRACTION)
    return float(walked.lowest_v.min())


def train_voltage(pack: Pack, demand: Demand, chain: SupplyChain) -> tuple[float, float]:
    """(lowest voltage, length of the window) of the pulses in turn, those of one burst without a pause. ([V], [s])

    Every kind of pulse comes evenly spaced by its rate; kinds that fall due together follow each other at once,
    and each comes at least once at the end, which is the worst that can meet.
    """
    capacitor = chain.capacitor
    farad, esr_ohm = (capacitor.capacitance_f, capacitor.esr_ohm) if capacitor else (0.0, 0.0)
    inner_ohm = pack.open_circuit(CHECKED_CHARGE_FRACTION, chain.coldest_c)[1]
    window_s = min(max(3.0 * recovery_time(inner_ohm, farad, esr_ohm), 3_600.0), LONGEST_WINDOW_S)
    single = [pulse for pulse in demand.pulses if above_mean(pulse, demand, pack)
              and pulse.per_day * window_s / SECONDS_PER_DAY <= MOST_PULSES]
    due = sorted((float(at_s), number) for number, pulse in enumerate(single) if pulse.per_day > 0.0
                 for at_s in np.arange(window_s, 0.0, -SECONDS_PER_DAY / pulse.per_day))
    once = [number for number, pulse in enumerate(single) if pulse.per_day <= 0.0]
    due += [(window_s, number) for number in once]
    moved_a = sum(p.current_a * p.duration_s * p.per_day for p in single) / SECONDS_PER_DAY
    moved_w = sum(p.power_w * p.duration_s * p.per_day for p in single) / SECONDS_PER_DAY
    base_a = max(0.0, float(demand.current_a.mean()) - moved_a) + demand.leakage_a
    base_w = max(0.0, float(demand.power_w.mean()) - moved_w)
    segments, now_s = [], 0.0
    for at_s, number in due:
        if at_s > now_s:
            segments.append((at_s - now_s, base_a, base_w))
            now_s = at_s
        pulse = single[number]
        segments.append((pulse.duration_s, pulse.current_a + demand.leakage_a, pulse.power_w))
        now_s += pulse.duration_s
    if not segments:
        segments = [(window_s, base_a, base_w)]
    duration_s, current_a, power_w = np.array(segments, float).T
    walked = walk_events(pack, duration_s, current_a, power_w, chain.coldest_c, chain.limits.brown_out_v, capacitor,
                         CHECKED_CHARGE_FRACTION)
    return float(walked.lowest_v.min()), window_s


def above_mean(pulse: Pulse, demand: Demand, pack: Pack) -> bool:
    """Whether a joint state draws more than the mean, so that it is a pulse and not the rest."""
    volts = pack.nominal_v
    mean_a = float((demand.current_a + demand.power_w / volts).mean())
    return pulse.current_a + pulse.power_w / volts > mean_a and pulse.duration_s > 0.0
