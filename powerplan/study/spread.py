"""Uncertainty of the battery life: figures drawn from their ranges, the simulated times kept.

The states' currents, the converters and the cell are drawn anew for every sample; how long each state lasts is the
simulation's. That is exact for currents and cells and leaves out ranges of durations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from powerplan.components.spec import Part, Profile
from powerplan.engines.record import Record
from powerplan.lowering.lower import Lowering
from powerplan.lowering.parts import FigureLog, FigureUse, lower_parts
from powerplan.plan.plan import FloatArray, Plan
from powerplan.study.policy import LevelRun, with_levels
from powerplan.study.supply import battery_life, demand_of, loads_of, supply_chain
from powerplan.workload.streams import Streams

SAMPLE_COUNT = 64
Progress = Callable[[float], None]


def drawn_figures(figures: tuple[FigureUse, ...], seed: int, sample: int) -> dict[tuple[str, str], float]:
    """One value for every figure with a range: triangular from low over typical to high."""
    streams = Streams(seed, sample)
    drawn = {}
    for figure in figures:
        if figure.low is None and figure.high is None:
            continue
        low = figure.value if figure.low is None else figure.low
        high = figure.value if figure.high is None else figure.high
        if high > low:
            generator = streams.generator("figure", f"{figure.part}/{figure.figure}")
            drawn[figure.part, figure.figure] = float(generator.triangular(low, figure.value, high))
    return drawn


def with_states(plan: Plan, parts: Mapping[str, Any]) -> Plan:
    """The same Plan with the currents and powers of other lowered parts."""
    current, power = plan.state_current_a.copy(), plan.state_power_w.copy()
    position = {name: number for number, name in enumerate(plan.state_names)}
    for part in parts.values():
        for state in part.lowered.states:
            number = position[f"{part.name}.{state.name}"]
            current[number], power[number] = state.current_a, state.power_w
    return replace(plan, state_current_a=current, state_power_w=power)


def life_samples(lowering: Lowering, parts: Mapping[str, Part[Any, Any]], profiles: Mapping[str, Profile],
                 record: Record, figures: tuple[FigureUse, ...], seed: int, count: int = SAMPLE_COUNT, *,
                 levels: tuple[LevelRun, ...] = (),
                 progress: Progress | None = None) -> FloatArray:
    """Battery lives over drawn figures; empty where no figure has a range. [s]"""
    if not drawn_figures(figures, seed, 0):
        return np.empty(0)
    lives = np.empty(count)
    for sample in range(count):
        log = FigureLog(drawn_figures(figures, seed, sample))
        lowered = lower_parts(parts, log, _refuse)
        plan = with_states(lowering.plan, lowered)
        chain = supply_chain(lowering.scenario, profiles, lowered, log)
        first = demand_of(plan, record, chain, loads_of(plan, record, chain))
        below = [replace(level, plan=with_states(level.plan, lowered)) for level in levels]
        asked = with_levels(first, below, chain, lowering.scenario.policies)
        lives[sample] = battery_life(chain, asked, step="day_hour").life_s
        if progress:
            progress((sample + 1) / count)
    return lives


def _refuse(_name: str, error: Exception) -> None:
    raise error
