"""A window of the battery resolved event by event, where hourly means are too coarse.

Bursts that come before a capacitor has recovered, a brown-out that resets the device, storage of the size of one
burst: `life.needs_events` says when this is due. Plain Python, for days rather than years.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powerplan.batteries.demand import Capacitor
from powerplan.batteries.pack import GRID_POINTS, Pack
from powerplan.kernels import battery as physics

FloatArray = NDArray[np.float64]

LONGEST_PIECE_S = 600.0
PIECES_PER_CONSTANT = 40


@dataclass(frozen=True)
class Window:
    """What a battery did in a window."""

    lowest_v: FloatArray
    """Terminal voltage at the worst moment of each segment."""
    used_c: float
    """Out of the cell, with what charged the capacitor."""
    load_c: float
    self_discharge_c: float
    left_c: float
    lag_c: float
    stored_v: float
    """On the capacitor at the end; the terminal voltage where there is none."""
    brown_out_s: float | None
    """When the terminal voltage first fell below the limit."""


def walk_events(
    pack: Pack,
    duration_s: FloatArray,
    current_a: FloatArray,
    power_w: FloatArray,
    temperature_c: float,
    brown_out_v: float,
    capacitor: Capacitor | None = None,
    charge_fraction: float = 1.0,
    lag_c: float = 0.0,
) -> Window:
    """Walk segments of constant load in turn, each cut where the battery or the capacitor moves.

    Segments are the total demand at the terminals (constant current, constant power) and how long it lasts.
    """
    volts, ohms = _rest_curves(pack, temperature_c)
    air = pack.air(np.array([temperature_c]))
    rate, leak_a, usable = float(air.rate_per_s[0]), float(air.self_discharge_a[0]), float(air.per_usable[0])
    share, size_c = pack.well_share_fraction, pack.capacity_c
    farad, esr_ohm, extra_a = (0.0, 0.0, 0.0)
    if capacitor is not None:
        farad, esr_ohm, extra_a = capacitor.capacitance_f, capacitor.esr_ohm, capacitor.leakage_a
    left, lag, time_s, used_c, load_c, self_c = size_c * charge_fraction, lag_c, 0.0, 0.0, 0.0, 0.0
    stored_v, brown_out_s, lowest = -1.0, None, np.empty(len(duration_s))
    for number, (whole_s, load_a, load_w) in enumerate(zip(duration_s, current_a, power_w, strict=True)):
        worst_v, gone_s = math.inf, 0.0
        while gone_s < whole_s:
            depth = (1.0 - (left - (1.0 - share) * lag) / size_c) * usable
            open_v, inner_ohm = physics.interpolate(volts, depth), physics.interpolate(ohms, depth)
            loop_ohm = inner_ohm + esr_ohm
            piece_s = min(whole_s - gone_s, LONGEST_PIECE_S)
            if farad > 0.0:
                piece_s = min(piece_s, max(loop_ohm * farad / PIECES_PER_CONSTANT, whole_s * 1e-3))
            stored_v = open_v if stored_v < 0.0 else stored_v
            source_v, source_ohm = open_v, inner_ohm
            if farad > 0.0:
                source_v = (open_v * esr_ohm + stored_v * inner_ohm) / loop_ohm
                source_ohm = inner_ohm * esr_ohm / loop_ohm
            terminal_v = physics.loaded_voltage(source_v, source_ohm, float(load_a) + extra_a, float(load_w))
            drawn_a = physics.source_current(source_v, source_ohm, float(load_a) + extra_a, float(load_w))
            taken_c = drawn_a * piece_s
            if farad > 0.0:
                target_v = open_v - inner_ohm * drawn_a
                after_v = target_v + (stored_v - target_v) * math.exp(-piece_s / (loop_ohm * farad))
                taken_c += farad * (after_v - stored_v)
                stored_v = after_v
                end_v = (open_v * esr_ohm + stored_v * inner_ohm) / loop_ohm
                terminal_v = min(
                    terminal_v, physics.loaded_voltage(end_v, source_ohm, float(load_a) + extra_a, float(load_w))
                )
            worst_v = min(worst_v, terminal_v)
            if brown_out_s is None and (terminal_v < brown_out_v or depth >= 1.0):
                brown_out_s = time_s + gone_s
            left, lag = physics.kibam_step(left, lag, taken_c / piece_s, share, rate, piece_s)
            left -= leak_a * piece_s
            used_c, load_c, self_c = used_c + taken_c, load_c + drawn_a * piece_s, self_c + leak_a * piece_s
            gone_s += piece_s
        lowest[number] = worst_v
        time_s += float(whole_s)
    return Window(
        lowest, used_c, load_c, self_c, left, lag, stored_v if farad > 0.0 else float(lowest[-1]), brown_out_s
    )


def _rest_curves(pack: Pack, temperature_c: float) -> tuple[FloatArray, FloatArray]:
    """Voltage and resistance over depth of discharge at one temperature, on the even grid."""
    cell, air = pack.cell, pack.air(np.array([temperature_c]))
    low = int(air.curve[0]) * GRID_POINTS
    volts = cell.ocv_v[low : low + GRID_POINTS].copy()
    ohms = cell.resistance_ohm[low : low + GRID_POINTS] * air.low_weight[0]
    if air.high_weight[0] > 0.0:
        above = slice(low + GRID_POINTS, low + 2 * GRID_POINTS)
        volts += air.ocv_weight[0] * (cell.ocv_v[above] - volts)
        ohms = ohms + air.high_weight[0] * cell.resistance_ohm[above]
    return volts, np.asarray(ohms)
