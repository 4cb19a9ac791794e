"""Requirements against an answer: PASS, FAIL, MARGINAL, NOT EVALUATED, NOT FEASIBLE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cascade.statistics import wilson_interval
from powerplan.engines.record import Record
from powerplan.lowering.lower import Lowering
from powerplan.model.requirement import Requirement, in_percent
from powerplan.plan.plan import FloatArray
from powerplan.results.metric import Gate, Metric, Verdict
from powerplan.study.metrics import resolvable_false_alarms_per_day, times_needed

PASS, FAIL, MARGINAL = "PASS", "FAIL", "MARGINAL"
NOT_EVALUATED, NOT_FEASIBLE = "NOT EVALUATED", "NOT FEASIBLE"
PROBABILITY_CONFIDENCE_FRACTION = 0.95
SI_OF_UNIT = {"d": 86_400.0, "1/d": 1.0 / 86_400.0}
"""Factor from the unit a metric is stated in to SI."""
YEAR_S = 365 * 86_400.0


@dataclass(frozen=True)
class Evidence:
    """What requirements are judged by."""

    lowering: Lowering
    record: Record
    metrics: Mapping[str, Metric]
    samples: Mapping[str, FloatArray]
    """Metric name -> its samples, in SI units, where uncertainty was sampled."""
    gates: Sequence[Gate]
    unseen_after_s: float | None = None
    """Where the calculation of a life stops, None where nothing lasts so long. [s]"""


def verdicts(requirements: Sequence[Requirement], evidence: Evidence) -> list[Verdict]:
    """One verdict per requirement line."""
    feasible = all(gate.passes for gate in evidence.gates)
    return [_judge(requirement, evidence, feasible) for requirement in requirements]


def _judge(requirement: Requirement, evidence: Evidence, feasible: bool) -> Verdict:
    if requirement.together:
        return _never_together(requirement, evidence, feasible)
    metric = evidence.metrics.get(requirement.metric)
    if metric is None:
        return _verdict(requirement, NOT_EVALUATED if feasible else NOT_FEASIBLE, None, "", None,
                        "nothing in this scenario measures it")
    factor = SI_OF_UNIT.get(metric.unit, 1.0)
    note = _unresolvable(requirement, metric, evidence)
    if not feasible:
        return _verdict(requirement, NOT_FEASIBLE, metric, metric.unit, None, "")
    if note:
        return _verdict(requirement, NOT_EVALUATED, metric, metric.unit, None, note)
    samples = evidence.samples.get(requirement.metric)
    if samples is not None and len(samples):
        meets = int(sum(requirement.holds(float(sample)) for sample in samples))
        wanted = requirement.confidence_fraction if requirement.confidence_fraction is not None else 0.5
        share = wilson_interval(meets, len(samples), PROBABILITY_CONFIDENCE_FRACTION)
        if requirement.confidence_fraction is None:
            found = PASS if meets == len(samples) else FAIL if meets == 0 else MARGINAL
        else:
            found = PASS if share.low > wanted or meets == len(samples) else FAIL if share.high < wanted else MARGINAL
        return _verdict(requirement, found, metric, metric.unit, meets / len(samples), _of_samples(
            requirement, found, meets, len(samples), share.low, share.high))
    ends = [requirement.holds(bound * factor) for bound in (metric.low, metric.high)]
    found = PASS if all(ends) else FAIL if not any(ends) else MARGINAL
    note = _interval_text(requirement, metric) if found == MARGINAL else ""
    return _verdict(requirement, found, metric, metric.unit, None, note)


def _interval_text(requirement: Requirement, metric: Metric) -> str:
    if in_percent(requirement.text):
        return f"its interval is {100 * metric.low:.4g} to {100 * metric.high:.4g} %"
    unit = {"1": "", "1/d": "/day"}.get(metric.unit, f" {metric.unit}")
    return f"its interval is {metric.low:.4g} to {metric.high:.4g}{unit}"


def _of_samples(requirement: Requirement, found: str, meets: int, count: int, low: float, high: float) -> str:
    """What a share of few samples says of all devices, where that decides; empty where it does not."""
    if found != MARGINAL or requirement.confidence_fraction is None:
        return ""
    return (f"{meets / count:.0%} of {count} samples, so {low:.0%} to {high:.0%} of all; "
            f"{requirement.confidence_fraction:.0%} asked for")


def _verdict(requirement: Requirement, found: str, metric: Metric | None, unit: str, probability: float | None,
             note: str) -> Verdict:
    factor = SI_OF_UNIT.get(unit, 1.0)
    margin = requirement.margin(metric.value * factor) if metric is not None else None
    return Verdict(requirement.id, requirement.text, requirement.metric, found, metric.value if metric else None,
                   requirement.limit / factor, unit, margin, probability, note)


def _unresolvable(requirement: Requirement, metric: Metric, evidence: Evidence) -> str:
    """Why a line cannot be judged by the negative data there are, or by the years calculated; empty where it can."""
    head, _, name = requirement.metric.partition(".")
    end_s = evidence.unseen_after_s
    if head == "battery_life" and end_s is not None and requirement.limit > end_s:
        unseen = metric.value * SI_OF_UNIT["d"] >= end_s
        return f"the calculation ends after {end_s / YEAR_S:.3g} years, before the battery does" if unseen else ""
    if head != "false_alarms" or requirement.operator not in ("<=", "<"):
        return ""
    smallest = resolvable_false_alarms_per_day(evidence.lowering, evidence.record, name)
    limit_per_day = requirement.limit / SI_OF_UNIT["1/d"]
    if limit_per_day >= smallest or metric.low > limit_per_day:
        return ""
    return (f"the negative data show nothing below {smallest:.3g}/day (3 / negatives x decisions a day); "
            f"{times_needed(smallest, limit_per_day)}")


def _never_together(requirement: Requirement, evidence: Evidence, feasible: bool) -> Verdict:
    plan, record = evidence.lowering.plan, evidence.record
    parts = [plan.part_names.index(name) for name in requirement.together]
    overlap_ns = 0
    for joint, code in enumerate(record.joint_code):
        states = plan.states_of_code(int(code))
        busy = [int(states[part]) != int(plan.part_rest_state[part]) for part in parts]
        if sum(busy) > 1:
            overlap_ns += int(record.joint_ns[:, joint].sum())
    found = (PASS if overlap_ns == 0 else FAIL) if feasible else NOT_FEASIBLE
    seconds = overlap_ns / 1e9
    return Verdict(requirement.id, requirement.text, requirement.metric, found, seconds, 0.0, "s", -seconds, None,
                   "" if overlap_ns == 0 else f"together for {seconds:.3g} s")


def sample_interval(samples: FloatArray) -> tuple[float, float]:
    """P5 and P95 of samples."""
    low, high = np.percentile(samples, [5.0, 95.0])
    return float(low), float(high)
