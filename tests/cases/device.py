"""A device as a published worked example gives it, planned by powerplan.

A worked example names currents and times, nothing else. Here it becomes a scenario of plain loads, lowered and put
into the closed form as any product is; the battery is then an ideal cell in `life`.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from powerplan.batteries.life import IdealCell, Limits, constant_demand, life
from powerplan.engines.closed_form import closed_form
from powerplan.files.scenario import load_scenario
from powerplan.study.run import prepare

MAH, HOUR_S, DAY_S = 3.6, 3_600.0, 86_400.0
YEAR_S = 365 * DAY_S

Phases = tuple[tuple[float, float], ...]
"""(current in A, duration in s), one after the other."""


def scenario_text(standing_a: float, tasks: tuple[tuple[float, Phases], ...]) -> str:
    """The scenario of loads that stand at a current and run in turn, each task with its period."""
    parts, lines = [f"  standing: {{kind: load, current: 0 A, rest_current: {standing_a!r} A}}"], []
    for number, (period_s, phases) in enumerate(tasks):
        steps = []
        for place, (current_a, duration_s) in enumerate(phases):
            name = f"load_{number}_{place}"
            parts.append(f"  {name}: {{kind: load, current: {current_a!r} A}}")
            steps.append(f"{{run: {name}, for: {duration_s!r} s}}")
        lines.append(f"  task_{number}: {{when: {{every: {period_s!r} s}}, do: [{', '.join(steps)}]}}")
    return "\n".join([
        "powerplan: 1", "product: {name: worked example}",
        "supply: {battery: {capacity: 1 Ah, ideal: true, voltage: 3 V}}",
        "parts:", *parts, "tasks:", *lines, "workload: {variance: none}", "",
    ])  # fmt: skip


@cache
def mean_current_a(standing_a: float, *tasks: tuple[float, Phases]) -> float:
    """Mean current of the device. [A]"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "example.yaml"
        path.write_text(scenario_text(standing_a, tasks or ((DAY_S, ((0.0, 1.0),)),)), encoding="utf-8")
        lowering, _profiles = prepare(load_scenario(path))
    return closed_form(lowering.plan, lowering.world).part_current_a


def cycle_current_a(*phases: tuple[float, float]) -> float:
    """Mean current of a device that goes through its phases without a gap. [A]"""
    return mean_current_a(0.0, (sum(duration_s for _, duration_s in phases), phases))


def charge_mah(*phases: tuple[float, float]) -> float:
    """Charge of one pass through the phases, at once an hour. [mAh]"""
    return mean_current_a(0.0, (HOUR_S, phases)) * HOUR_S / MAH


def life_s(capacity_mah: float, mean_a: float, self_discharge_per_year: float = 0.0, shelf_s: float | None = None,
           voltage_v: float = 3.0, power_w: float = 0.0) -> float:
    """Life of an ideal cell. [s]"""
    pack = IdealCell("example", capacity_mah * MAH, voltage_v, self_discharge_per_year)
    limits = Limits(0.0, shelf_life_s=shelf_s, horizon_s=200 * YEAR_S)
    return life(pack, constant_demand(mean_a, power_w), 20.0, limits).life_s


def life_h(capacity_mah: float, mean_a: float) -> float:
    return life_s(capacity_mah, mean_a) / HOUR_S


def life_days(capacity_mah: float, mean_a: float) -> float:
    return life_s(capacity_mah, mean_a) / DAY_S
