"""The tables of one answer, as `powerplan.results.schema` lists them."""

from __future__ import annotations

from typing import Any

import numpy as np

from powerplan.plan.codes import NS_PER_DAY, NS_PER_S, OUTCOME_NAMES, Outcome
from powerplan.results.schema import COLUMNS
from powerplan.results.tables import Table
from powerplan.study.metrics import ENDS, latencies
from powerplan.study.run import SECONDS_PER_DAY, RunResult

LATENCY_ROWS_PER_TASK = 2_000
ROUNDING = 1e-13
"""Of a sum: less is no loss."""
SHOWN_STAGES = ("wait", "queue", "wake", "capture", "features", "level1", "level2", "level3", "level4", "send")


def tables_of(result: RunResult) -> dict[str, Table]:
    """Every table of a run by name."""
    made: dict[str, list[tuple[Any, ...]]] = {
        "summary": [(name, m.value, m.unit, m.low, m.high, m.method) for name, m in result.metrics.items()],
        "requirements": [(v.id, v.text, v.metric, v.verdict, v.value, v.unit, v.limit, v.margin, v.probability, v.note)
                         for v in result.verdicts],
        "gates": [(g.name, g.passes, g.needed, g.available, g.unit, g.detail) for g in result.gates],
        "energy": _energy(result),
        "battery": _battery(result),
        "pulses": [(p.name, p.current_a, p.power_w, p.duration_s, p.per_day) for p in result.demand.pulses],
        "latency": _latency(result),
        "misses": _misses(result),
        "timeline": _timeline(result),
        "figures": [(f.part, f.figure, f.value, f.low, f.high, f.dimension, f.source, f.where, f.basis)
                    for f in result.figures],
        "models": [(c.cascade, c.level, c.processor, c.latency_ns / NS_PER_S, c.low_s, c.high_s, c.basis, c.macs,
                    c.flash_bytes, c.arena_bytes) for c in result.lowering.costs],
        "closed_form": _closed(result),
        "uncertainty": _uncertainty(result),
        "advice": [(a.requirement, a.text) for a in result.advice],
    }
    return {name: table(name, rows) for name, rows in made.items()}


def table(name: str, rows: list[tuple[Any, ...]]) -> Table:
    """A table of the schema from its rows."""
    columns = COLUMNS[name]
    return Table(name, {column: [row[place] for row in rows] for place, column in enumerate(columns)})


def _uncertainty(result: RunResult) -> list[tuple[Any, ...]]:
    """P5, P50 and P95 of every metric: of samples where they were asked for, else over the replicas."""
    sampled, rows = result.sampled or result.spread, []
    for name in sampled.samples if sampled is not None else ():
        ends = sampled.interval(name) if sampled is not None else None
        if sampled is not None and ends is not None:
            rows.append((name, sampled.units[name], *ends, int(np.isfinite(sampled.samples[name]).sum())))
    return rows


def _energy(result: RunResult) -> list[tuple[Any, ...]]:
    """Charge and energy of every part and state, and what the supply itself takes.

    Parts on a converter are stated at their rail; the loss of conversion is what the battery gives beyond that. The
    fractions are of all that the cell loses, self-discharge included, so they add up to one.
    """
    plan, record, chain = result.lowering.plan, result.record, result.chain
    days = record.horizon_ns / NS_PER_DAY
    battery_j = result.metrics["energy_per_day"].value
    life_days = result.life.life_s / SECONDS_PER_DAY
    self_j = result.life.self_discharge_c / life_days * chain.battery_v if life_days else 0.0
    drawn_j = battery_j + self_j
    rows, parts_j = [], 0.0
    for state, name in enumerate(plan.state_names):
        part = int(plan.state_part[state])
        if plan.part_names[part] not in result.lowering.parts:
            continue
        rail = chain.rails[plan.rail_names[int(plan.part_rail[part])]]
        rail_v = rail.voltage_v if rail.profile is not None else chain.battery_v
        time_s = float(record.state_ns[state]) / NS_PER_S
        energy_j = (plan.state_current_a[state] * rail_v + plan.state_power_w[state]) * time_s / days
        parts_j += float(energy_j)
        rows.append((plan.part_names[part], name.split(".", 1)[1], rail.name, time_s, int(record.state_entries[state]),
                     time_s * NS_PER_S / record.horizon_ns, float(energy_j / rail_v), float(energy_j),
                     float(energy_j) / drawn_j if drawn_j else 0.0))
    leakage_j = chain.standing_a * chain.battery_v * SECONDS_PER_DAY
    loss_j = battery_j - parts_j - leakage_j
    if abs(loss_j) < ROUNDING * battery_j:
        loss_j = 0.0  # no converter: what is left is the rounding of the sums
    horizon_s = record.horizon_ns / NS_PER_S
    for name, energy_j in (("conversion loss", loss_j), ("leakage", leakage_j),
                           ("self-discharge", self_j)):
        rows.append(("supply", name, "battery", horizon_s, 0, 1.0, energy_j / chain.battery_v, energy_j,
                     energy_j / drawn_j if drawn_j else 0.0))
    return rows


def _battery(result: RunResult) -> list[tuple[Any, ...]]:
    course = result.life.table
    columns = (course.time_s, course.state_of_charge_fraction, course.open_circuit_v, course.loaded_v,
               course.worst_pulse_v)
    return [tuple(float(value) for value in row) for row in zip(*columns, strict=True)]


def _latency(result: RunResult) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for task, spec in result.lowering.scenario.tasks.items():
        acts = spec.on_detect or spec.when.interrupt or spec.when.event
        end = "action" if acts else _judged_end(result, task)
        if end is None:
            continue
        for stage in (*SHOWN_STAGES, "total"):
            values = latencies(result.lowering, result.record, result.world, task,
                               end if stage == "total" else stage)[:LATENCY_ROWS_PER_TASK]
            if stage == "total" or (len(values) and values.max() > 0):
                rows.extend((task, number, stage, float(value)) for number, value in enumerate(values))
    return rows


def _judged_end(result: RunResult, task: str) -> str | None:
    """Up to where a requirement counts the latency of a task, None where no requirement names it."""
    for line in result.loaded.requirements:
        head, *rest = line.metric.split(".")
        if head == "latency" and rest[0] == task:
            return next((end for end in ENDS if end in rest[1:]), "action")
    return None


def _misses(result: RunResult) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for number, name in enumerate(result.lowering.plan.cascade_names):
        if not len(result.world.events):
            continue
        codes, count = np.unique(result.record.event_outcome[:, number], return_counts=True)
        rows.extend((name, OUTCOME_NAMES[int(code)], int(n)) for code, n in zip(codes, count, strict=True)
                    if code != Outcome.CUT)
    return rows


def _timeline(result: RunResult) -> list[tuple[Any, ...]]:
    """Every part's states inside the trace window, with its power at the rail."""
    plan, chain = result.lowering.plan, result.chain
    if not result.trace:
        return []
    since: dict[int, tuple[int, int]] = {}
    rows: list[tuple[Any, ...]] = []
    end_ns = max(at for at, _ in result.trace) + NS_PER_S // 2
    for at_ns, state in [*result.trace, *((end_ns, -1 - part) for part in range(len(plan.part_names)))]:
        part = int(plan.state_part[state]) if state >= 0 else -1 - state
        if part in since:
            before, start_ns = since[part]
            rail = chain.rails[plan.rail_names[int(plan.part_rail[part])]]
            power_w = float(plan.state_current_a[before] * rail.voltage_v + plan.state_power_w[before])
            if at_ns > start_ns and plan.part_names[part] in result.lowering.parts:
                rows.append((plan.part_names[part], plan.state_names[before].split(".", 1)[1], start_ns / NS_PER_S,
                             at_ns / NS_PER_S, power_w))
        since[part] = (state, at_ns)
    return sorted(rows, key=lambda row: (row[2], row[0]))


def _closed(result: RunResult) -> list[tuple[Any, ...]]:
    """The closed form beside the simulation."""
    plan, record, closed = result.lowering.plan, result.record, result.closed
    simulated_a = float(plan.state_current_a @ record.state_ns) / record.horizon_ns
    simulated_w = float(plan.state_power_w @ record.state_ns) / record.horizon_ns
    days = record.horizon_ns / NS_PER_DAY
    rows = [("current of all parts", simulated_a, closed.part_current_a, "A")]
    if simulated_w or closed.part_power_w:
        rows.append(("constant power of all parts", simulated_w, closed.part_power_w, "W"))
    for task, name in enumerate(plan.task_names):
        rows.append((f"activations of {name}", float(record.task_released[task]) / days,
                     float(closed.task_rate_per_s[task]) * SECONDS_PER_DAY, "1/d"))
    return [(name, one, two, (one - two) / two if two else 0.0, unit) for name, one, two, unit in rows]


