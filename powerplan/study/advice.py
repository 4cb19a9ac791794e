"""What to do about it: the largest drain, and the smallest change of one value that turns a FAIL into a PASS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from powerplan.batteries.demand import Demand
from powerplan.batteries.life import Life
from powerplan.engines.record import Record
from powerplan.lowering.lower import Lowering
from powerplan.model.requirement import Requirement
from powerplan.plan.codes import NS_PER_DAY, STAGE_NAMES
from powerplan.plan.plan import FloatArray
from powerplan.results.metric import Verdict
from powerplan.study.cells import self_discharge_c_per_day
from powerplan.study.supply import SupplyChain, battery_life, demand_of, loads_of
from powerplan.units import format_quantity

BISECTIONS = 24
LARGEST_FACTOR = 64.0
SECONDS_PER_DAY = 86_400.0
OF_CHARGE = ("battery_life", "average_current", "charge_per_day", "energy_per_day", "cycles", "net_energy",
             "net_charge_per_day", "autonomy")
OF_THRESHOLDS = ("recall", "false_alarms", "precision", "false_rejects", "count_error")


@dataclass(frozen=True)
class Advice:
    """One sentence about one requirement, or about the whole."""

    requirement: str
    text: str


@dataclass(frozen=True)
class Drain:
    """A state of a part and its share of the charge."""

    part: str
    state: str
    charge_c_per_day: float
    fraction: float


def drains(lowering: Lowering, record: Record, battery_v: float) -> list[Drain]:
    """Charge a day of every state of every part at its rail, largest first."""
    plan = lowering.plan
    days = record.horizon_ns / NS_PER_DAY
    current_a = plan.state_current_a + plan.state_power_w / battery_v
    charge = current_a * record.state_ns / 1e9 / days
    total = float(charge.sum()) or 1.0
    order = np.argsort(-charge, kind="stable")
    return [Drain(plan.part_names[int(plan.state_part[n])], plan.state_names[n].split(".", 1)[1], float(charge[n]),
                  float(charge[n]) / total) for n in order if charge[n] > 0]


def advise(lowering: Lowering, record: Record, chain: SupplyChain, demand: Demand, life: Life,
           judged: Sequence[Verdict], requirements: Sequence[Requirement]) -> list[Advice]:
    """Advice for every requirement that is not met."""
    found: list[Advice] = []
    ranked = drains(lowering, record, chain.battery_v)
    for verdict, requirement in zip(judged, requirements, strict=True):
        if verdict.verdict not in ("FAIL", "MARGINAL") or verdict.value is None:
            continue
        head = requirement.metric.partition(".")[0]
        if ranked and head in OF_CHARGE:
            top = ranked[0]
            per_day = format_quantity(top.charge_c_per_day, "charge")
            found.append(Advice(requirement.id, f"the top drain is {top.part} while {top.state}: {per_day} a day, "
                                f"{top.fraction:.0%} of the charge"))
        if head in ("battery_life", "cycles"):
            found.extend(_of_life(lowering, record, chain, life, requirement, verdict, ranked))
        elif head == "latency":
            found.append(_latency_change(lowering, record, requirement, verdict.value))
        elif head in OF_THRESHOLDS and verdict.verdict == "MARGINAL" and (verdict.margin or 0.0) > 0.0:
            found.append(Advice(requirement.id, "the counted value meets it, its interval reaches beyond: more events "
                                "(`--days`) or a larger table of scores tell"))
        elif head in OF_THRESHOLDS:
            found.append(Advice(requirement.id, "compare other thresholds with `powerplan sweep`"))
        elif head in ("net_energy", "net_charge_per_day") and chain.harvest_w is not None:
            found.append(_harvest_change(chain, life, requirement))
        elif head == "autonomy":
            factor = requirement.limit / SECONDS_PER_DAY / verdict.value
            found.append(Advice(requirement.id, f"a battery with {factor:.3g} times the capacity meets it"))
        elif head in ("supply_voltage", "supply_dip"):
            found.append(_pulse_change(chain, demand, life, requirement))
        elif head in ("messages", "releases", "detections"):
            found.append(Advice(requirement.id, f"{verdict.limit:.3g} instead of {verdict.value:.3g} a day meet it"))
    return found


def _of_life(lowering: Lowering, record: Record, chain: SupplyChain, life: Life, requirement: Requirement,
             verdict: Verdict, ranked: Sequence[Drain]) -> list[Advice]:
    """Changes for a line about the life, or about activations within the life."""
    value = verdict.value or 0.0
    wanted = requirement
    if requirement.metric != "battery_life":
        wanted = replace(requirement, limit=requirement.limit / max(value, 1e-12) * life.life_s)
    if wanted.holds(life.life_s):
        share = "" if verdict.probability is None else f", {verdict.probability:.0%} of the samples do"
        return [Advice(requirement.id, f"with typical figures it is met{share}: cells with a narrower spread, or a "
                       "larger margin, are needed")]
    return _life_changes(lowering, record, chain, wanted, ranked)


def _harvest_change(chain: SupplyChain, life: Life, requirement: Requirement) -> Advice:
    """How much more must come in, so that every month meets the line."""
    from powerplan.batteries.life import MONTH_HOURS

    days = np.diff(MONTH_HOURS) / 24.0
    given_w = np.zeros(1) if chain.harvest_w is None else chain.harvest_w
    given_j = np.add.reduceat(np.broadcast_to(given_w, (MONTH_HOURS[-1],)), MONTH_HOURS[:-1]) * 3_600.0
    taken_j, wanted_j = given_j - life.net_energy_j, np.full(len(days), requirement.limit)
    if requirement.metric == "net_charge_per_day":
        taken_j = taken_j + days * self_discharge_c_per_day(chain) * chain.pack.nominal_v
        wanted_j = days * requirement.limit * chain.pack.nominal_v
    if (given_j <= 0.0).any():
        return Advice(requirement.id, "nothing comes in during the worst month")
    factor = float(((taken_j + wanted_j) / given_j).max())
    return Advice(requirement.id, f"{factor:.3g} times the harvest, or 1/{factor:.3g} of the demand, meets it"
                  if requirement.limit == 0.0 else f"{factor:.3g} times the harvest meets it")


def _pulse_change(chain: SupplyChain, demand: Demand, life: Life, requirement: Requirement) -> Advice:
    """The pulse that pulls lowest, and by how much it must fall."""
    from powerplan.batteries.life import pulse_voltages

    found = pulse_voltages(chain.pack, demand, chain.coldest_c, 1.0, chain.capacitor)
    if not found:
        return Advice(requirement.id, "nothing draws a pulse")
    worst = min(found, key=lambda name: found[name])
    row = int(np.argmin(life.table.worst_pulse_v))
    rest_v, loaded_v = float(life.table.open_circuit_v[row]), float(life.table.worst_pulse_v[row])
    allowed_v = requirement.limit if requirement.metric == "supply_dip" else rest_v - requirement.limit
    if allowed_v <= 0.0 or rest_v <= loaded_v:
        return Advice(requirement.id, f"the worst pulse is {worst}; at its lowest the resting battery has "
                      f"{rest_v:.3g} V, so one more cell in series is needed")
    return Advice(requirement.id, f"the worst pulse is {worst}; at its lowest the battery falls from {rest_v:.3g} to "
                  f"{loaded_v:.3g} V: a pulse of {allowed_v / (rest_v - loaded_v):.0%} of it meets the line")


def _life_changes(lowering: Lowering, record: Record, chain: SupplyChain, requirement: Requirement,
                  ranked: Sequence[Drain]) -> list[Advice]:
    """The smallest change of one current, or of the capacity, that meets the line."""
    options: list[tuple[float, str]] = []
    plan = lowering.plan
    loads = loads_of(plan, record, chain)
    needed = _factor(lambda k: _holds(requirement, _bigger(chain, k), demand_of(plan, record, chain, loads)))
    if needed is not None:
        options.append((needed, f"a battery with {_factor_text(needed)} times the capacity"))
    for drain in ranked[:8]:
        number = plan.state_names.index(f"{drain.part}.{drain.state}")

        def with_less(k: float, number: int = number) -> bool:
            scale = np.ones(len(plan.state_names))
            scale[number] = 1.0 / k
            scaled = _scaled(lowering, scale)
            return _holds(requirement, chain, demand_of(scaled.plan, record, chain,
                                                        loads_of(scaled.plan, record, chain)))

        factor = _factor(with_less)
        if factor is not None:
            before = plan.state_current_a[number] + plan.state_power_w[number] / chain.battery_v
            before_text, after_text = (format_quantity(a, "current") for a in (before, before / factor))
            options.append((factor, f"{drain.part} while {drain.state} at {after_text} instead of {before_text}, or "
                            f"that much shorter ({1 - 1 / factor:.0%} less)"))
    if not options:
        return [Advice(requirement.id, "no single current or capacity, changed up to 64-fold, meets this line")]
    factor, text = min(options)
    return [Advice(requirement.id, f"the smallest single change that meets it{_of_whom(requirement)}: {text}")]


def _of_whom(requirement: Requirement) -> str:
    """Changes are tried at typical figures; a line with a confidence asks for more than that."""
    if requirement.confidence_fraction is None:
        return ""
    return f" with typical figures (for {requirement.confidence_fraction:.0%} of the samples ask `powerplan solve`)"


def _scaled(lowering: Lowering, scale: FloatArray) -> Lowering:
    plan = replace(lowering.plan, state_current_a=lowering.plan.state_current_a * scale,
                   state_power_w=lowering.plan.state_power_w * scale)
    return replace(lowering, plan=plan)


def _bigger(chain: SupplyChain, factor: float) -> SupplyChain:
    return replace(chain, pack=replace(chain.pack, capacity_c=chain.pack.capacity_c * factor))


def _holds(requirement: Requirement, chain: SupplyChain, demand: Demand) -> bool:
    return requirement.holds(battery_life(chain, demand).life_s)


def _factor_text(factor: float) -> str:
    """A factor just above 1 with the digits that tell it from 1."""
    return f"{factor:.3g}" if factor >= 1.01 else f"{factor:.4f}"


def _factor(meets: object) -> float | None:
    """Smallest factor above 1 for which a monotone condition holds, None beyond the largest."""
    if not meets(LARGEST_FACTOR):  # type: ignore[operator]
        return None
    low, high = 1.0, LARGEST_FACTOR
    for _ in range(BISECTIONS):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if meets(middle) else (middle, high)  # type: ignore[operator]
    return high


QUEUED = np.array([name == "queue" for name in STAGE_NAMES])
"""Which stage is waiting for what is busy."""


def _latency_change(lowering: Lowering, record: Record, requirement: Requirement, value: float) -> Advice:
    """The stage that takes longest, and how much of it has to go."""
    task = requirement.metric.split(".")[1]
    number = lowering.plan.task_names.index(task)
    own = (record.rows.task == number) & (record.rows.ended_ns >= 0)
    if not own.any():
        return Advice(requirement.id, "no activation came to its end")
    mean_s = record.rows.stage_ns[own].mean(axis=0) / 1e9
    children = np.flatnonzero(lowering.plan.task_parent == number)
    actions = np.isin(record.rows.task, children) & (record.rows.ended_ns >= 0)
    if actions.any():
        after_s = record.rows.stage_ns[actions].mean(axis=0) / 1e9
        # An action starts with its first try; what comes later counts only for what is delivered.
        mean_s = mean_s + after_s if ".delivered." in requirement.metric else mean_s + after_s * QUEUED
    longest = int(np.argmax(mean_s))
    excess = value - requirement.limit
    if excess <= 0.0:
        return Advice(requirement.id, "the counted value meets it, its interval reaches beyond: more days tell")
    return Advice(requirement.id, f"the longest stage is {STAGE_NAMES[longest]} with "
                  f"{format_quantity(float(mean_s[longest]), 'duration')} on average; "
                  f"{format_quantity(excess, 'duration')} less meets the line")
