"""Walks of several finenesses, and many lives in one call."""

from __future__ import annotations

from typing import Any

from powerplan.batteries import layout as at
from powerplan.batteries.layout import Cell, Level, Load, Pace
from powerplan.batteries.walk import walk

FROM_BLOCKS, FROM_DAYS, BY_HOURS = 0, 1, 2
"""Level a walk begins with."""


def walk_levels(
    begin: int, state: Any, rows: Any, level_s: Any, scratch: Any, cell: Cell, levels: Any, turns: Any
) -> int:
    """Walk by blocks of days far from the end, by days near it, by hours where a day is touched. Returns the reason.

    The coldest hour decides a brown-out, so daily steps alone can be wrong by a year; with its envelope they are not.
    A touched step is taken again in steps of the next level, `turns[0]` of them; `turns[1]` is where a level hands
    back to the coarser one.
    """
    level = begin
    while True:
        reason = walk(state, rows, level_s, scratch, cell, levels[level], turns[1][level])
        if reason == at.TOUCHED:
            step = int(state[at.STEP_AT])
            state[at.STEP_AT] = step * turns[0][level]
            turns[1][level + 1] = (step + 1) * turns[0][level]
            level += 1
        elif reason == at.GOING:
            level -= 1
            state[at.STEP_AT] = state[at.STEP_AT] // turns[0][level]
        else:
            return reason


def walk_many(
    factors: Any, life_s: Any, reasons: Any, fresh: Any, state: Any, rows: Any, level_s: Any, scratch: Any,
    turns: Any, cell: Cell, begin: int, levels: tuple[Level, Level, Level],
) -> None:  # fmt: skip
    """Lives of packs that differ from the nominal one by factors; writes `life_s` and `reasons`.

    `factors` are rows of capacity, resistance, load and self-discharge; `begin` is the coarsest level. The state and
    the rows are those of the last life.
    """
    for number in range(len(life_s)):
        size, by = factors[0][number], factors[2][number]
        for place in range(len(fresh)):
            state[place] = fresh[place]
        state[at.LEFT] = fresh[at.LEFT] * size
        one = Cell(
            cell.ocv_v, cell.resistance_ohm, cell.point_count, cell.curve_count, cell.capacity_c * size,
            cell.well_share, cell.fade_per_c / size, cell.resistance_growth, cell.charge_efficiency,
            cell.largest_charge_a * size, factors[1][number], size * factors[3][number],
        )  # fmt: skip
        under = (scaled(levels[0], by), scaled(levels[1], by), scaled(levels[2], by))
        reasons[number] = walk_levels(begin, state, rows, level_s, scratch, one, under, turns)
        life_s[number] = state[at.TIME]


def scaled(given: Level, factor: float) -> Level:
    """The same level with its mean demand scaled."""
    load, pace = given.load, given.pace
    more = Load(
        load.bin_count, load.level_count, load.current_a, load.power_w, load.pulse_count, load.pulses,
        load.check_count, load.checks, load.enter_at, load.leave_at, load.capacitance_f, load.esr_ohm, factor,
    )  # fmt: skip
    held = Pace(
        pace.step_s, pace.steps_per_slot, pace.stretch_count, pace.round_count, pace.most_spent_fraction,
        pace.end_s, pace.brown_out_v, pace.alarm, pace.policy, pace.margin_c * factor, pace.coarse,
    )  # fmt: skip
    return Level(given.mean, given.worst, more, held)
