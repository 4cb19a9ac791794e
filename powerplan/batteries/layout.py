"""What the walk through the years reads and writes: its tables, the state it carries, why it stops.

Tables are flat or nested sequences: arrays when compiled, lists when plain.
"""

from __future__ import annotations

from typing import Any, NamedTuple

GOING, CHARGE, VOLTAGE, HORIZON, TOUCHED = 0, 1, 2, 3, 4
"""Why a walk stops; TOUCHED is a coarse step that came too near the end and is taken again in finer ones."""

# Places in the state, which carries a walk from one call to the next.
STEP_AT, TIME, LEFT, LAG, LEVEL, FADE = 0, 1, 2, 3, 4, 5
MINIMUM_V, ROW_MINIMUM_V, NEXT_ROW_S, ROW_STRIDE_S, ROW_COUNT = 6, 7, 8, 9, 10
USED_C, CHARGED_C, SELF_C, LOAD_J, HEAT_J, SELF_J, HARVEST_J, SPILLED_J = 11, 12, 13, 14, 15, 16, 17, 18
ALARM_S, ALARM_USED_C, LOADED_V = 19, 20, 21
STATE_SIZE = 22

ROW_WIDTH = 5  # time, state of charge, open-circuit voltage, loaded voltage, worst pulse since the row before
NEVER_V = 1e9

# Columns of the slots of the year.
CURVE = 0  # number of the measured curve at or below this temperature
OCV_WEIGHT = 1  # of the next curve in the open-circuit voltage
LOW_WEIGHT, HIGH_WEIGHT = 2, 3  # of the two curves in the resistance
PER_USABLE = 4  # one over the usable share of the capacity
RATE = 5  # of the wells [1/s]
DECAY = 6  # what is left of the lag of the wells after one usual step
FED = 7  # lag that one ampere builds up in one usual step [s]
SELF_DISCHARGE = 8  # [A]
FADE_RATE = 9  # of the capacity [1/s]
HARVEST = 10  # [W]
END_DEPTH = 11  # depth of discharge at which the worst pulse meets the brown-out
SLOT_COLUMNS = 12

# Rows of the scratch table of a stretch, one value for each of its steps: at the middle of the step, then at its end.
DRAWN, DEPTH, OPEN, OHM, LOADED, SEEN_OHM, END_DEPTHS, END_OPEN, END_OHM, WORST, LEFT_THEN = range(11)
SCRATCH_ROWS = 11

BY_CHARGE, BY_USABLE, BY_VOLTAGE = 0, 1, 2


class Cell(NamedTuple):
    """The pack in numbers: curves on an even grid of depth of discharge, one stretch per measured temperature."""

    ocv_v: Any
    resistance_ohm: Any
    point_count: int
    curve_count: int
    capacity_c: float
    well_share: float
    fade_per_c: float
    resistance_growth: float
    charge_efficiency: float
    largest_charge_a: float
    resistance_factor: float
    leak_factor: float
    """How this pack's resistance and self-discharge differ from the nominal one."""


class Slots(NamedTuple):
    """What temperature and sun do by slot of the year: hours, days, blocks of days."""

    slot_count: int
    columns: Any
    """Shape (SLOT_COLUMNS, slot_count)."""


class Load(NamedTuple):
    """Demand by level and hour, the pulses that carry energy, the pulses that decide the lowest voltage."""

    bin_count: int
    level_count: int
    current_a: Any
    power_w: Any
    """Shape (level_count · bin_count,)."""
    pulse_count: int
    pulses: Any
    """Current, power, duration, share of the mean power, 1 where the height follows `factor`.

    Shape (level_count · pulse_count, 5).
    """
    check_count: int
    checks: Any
    """Current, power and duration. Shape (level_count · check_count, 3)."""
    enter_at: Any
    leave_at: Any
    capacitance_f: float
    esr_ohm: float
    factor: float
    """How the mean demand differs from the nominal one; pulses of the device keep their height."""


class Gauge(NamedTuple):
    """What the device measures to know how full its battery is."""

    kind: int
    level: float
    """Where the alarm rings."""
    current_a: float
    power_w: float
    """The load under which the voltage is measured."""


class Pace(NamedTuple):
    """How far and how finely to walk."""

    step_s: float
    steps_per_slot: int
    stretch_count: int
    """So many steps are tried at once; 1 where charge coming in or a gauge of voltage needs them one by one."""
    round_count: int
    """How often the currents of a stretch are corrected."""
    most_spent_fraction: float
    """A stretch that takes more of the charge is walked step by step."""
    end_s: float
    brown_out_v: float
    alarm: Gauge
    policy: Gauge
    margin_c: float
    """Charge held back in the check, for what happens inside a coarse step."""
    coarse: bool
    """Steps of days: one that touches its envelope is not taken."""


class Level(NamedTuple):
    """One fineness of the walk: what moves the charge, what the pulses meet at worst, the demand, the pace."""

    mean: Slots
    worst: Slots
    load: Load
    pace: Pace
