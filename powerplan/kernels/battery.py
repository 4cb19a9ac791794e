"""Physics of a cell as plain functions: two-well kinetics, resistance, temperature, self-discharge, ageing.

The scalar functions stay in the numba subset: the compiled and the plain walk through the years call the same ones.
Charge of the two wells is carried as `left_c`, all charge left, and `lag_c`, how far the head of the bound well
stands above that of the available well. Both are linear in the current, so a step has a closed form.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

GAS_J_PER_MOL_K = 8.314462618
ZERO_C_K = 273.15
SECONDS_PER_YEAR = 365.0 * 86_400.0


def loaded_voltage(ocv_v: float, resistance_ohm: float, current_a: float, power_w: float) -> float:
    """Terminal voltage under a constant current and a constant power together. [V]

    The upper root of V² − (E − R·I)·V + R·P = 0; 0 where the source cannot deliver the power at any voltage.
    """
    open_v = ocv_v - resistance_ohm * current_a
    square = open_v * open_v - 4.0 * resistance_ohm * power_w
    if open_v <= 0.0 or square < 0.0:
        return 0.0
    return 0.5 * (open_v + math.sqrt(square))


def source_current(ocv_v: float, resistance_ohm: float, current_a: float, power_w: float) -> float:
    """Current out of a source that carries a constant current and a constant power. [A]

    Where the power cannot be delivered: the current at which the source delivers most, so that a walk goes on
    until the voltage check ends it.
    """
    voltage_v = loaded_voltage(ocv_v, resistance_ohm, current_a, power_w)
    if voltage_v > 0.0:
        return current_a + power_w / voltage_v
    if resistance_ohm <= 0.0:
        return current_a
    return max(current_a, 0.5 * ocv_v / resistance_ohm)


def interpolate(grid: FloatArray, position: float) -> float:
    """Value of an evenly spaced curve at a position from 0 (first point) to 1 (last point), held outside."""
    last = grid.shape[0] - 1
    scaled = position * last
    if scaled <= 0.0:
        return float(grid[0])
    if scaled >= last:
        return float(grid[last])
    index = int(scaled)
    part = scaled - index
    return float(grid[index] + part * (grid[index + 1] - grid[index]))


def kibam_rate(well_share_fraction: float, conductance_per_s: float) -> float:
    """Rate k' at which the two wells level, from the conductance k between them. [1/s]

    k' = k / (c (1 − c)); papers print either, and taking one for the other changes every answer.
    Manwell and McGowan, Solar Energy 50 (1993) 399.
    """
    return conductance_per_s / (well_share_fraction * (1.0 - well_share_fraction))


def kibam_lag(lag_c: float, current_a: float, well_share_fraction: float, rate_per_s: float, time_s: float) -> float:
    """Head difference of the two wells after a constant current. [C]

    δ(t) = δ₀ e^(−k't) + I/(c k') (1 − e^(−k't)). Jongerden and Haverkort, IET Software 3 (2009) 445.
    """
    decay = math.exp(-rate_per_s * time_s)
    return lag_c * decay - current_a / (well_share_fraction * rate_per_s) * math.expm1(-rate_per_s * time_s)


def kibam_available(left_c: float, lag_c: float, well_share_fraction: float) -> float:
    """Charge in the available well. [C]"""
    return well_share_fraction * (left_c - (1.0 - well_share_fraction) * lag_c)


def kibam_step(
    left_c: float, lag_c: float, current_a: float, well_share_fraction: float, rate_per_s: float, time_s: float
) -> tuple[float, float]:
    """Charge left and head difference after a constant current, in closed form. [C, C]"""
    return left_c - current_a * time_s, kibam_lag(lag_c, current_a, well_share_fraction, rate_per_s, time_s)


def kibam_time_to_empty(
    left_c: float, lag_c: float, current_a: float, well_share_fraction: float, rate_per_s: float
) -> float:
    """Time until the available well is empty under a constant current. [s], inf without a current

    The available charge falls throughout or rises to one maximum first, so a positive start has one crossing.
    """
    if kibam_available(left_c, lag_c, well_share_fraction) <= 0.0:
        return 0.0
    if current_a <= 0.0:
        return math.inf
    low_s, high_s = 0.0, left_c / current_a
    for _ in range(200):
        middle_s = 0.5 * (low_s + high_s)
        if middle_s in (low_s, high_s):
            break
        left, lag = kibam_step(left_c, lag_c, current_a, well_share_fraction, rate_per_s, middle_s)
        if kibam_available(left, lag, well_share_fraction) <= 0.0:
            high_s = middle_s
        else:
            low_s = middle_s
    return high_s


def kibam_capacity(
    capacity_c: float | FloatArray, current_a: float | FloatArray, well_share_fraction: float, rate_per_s: float
) -> FloatArray:
    """Charge a full cell delivers at constant currents until the available well is empty. [C], shape of current_a"""
    capacities, currents = np.broadcast_arrays(np.asarray(capacity_c, float), np.asarray(current_a, float))
    given = [
        capacity if current <= 0.0
        else current * kibam_time_to_empty(capacity, 0.0, current, well_share_fraction, rate_per_s)
        for capacity, current in zip(capacities.ravel().tolist(), currents.ravel().tolist(), strict=True)
    ]  # fmt: skip
    return np.array(given).reshape(currents.shape)


def kibam_largest_current(
    left_c: float, lag_c: float, well_share_fraction: float, rate_per_s: float, time_s: float
) -> float:
    """Constant current that empties the available well exactly after a time. [A]"""
    share = well_share_fraction
    fed = -math.expm1(-rate_per_s * time_s) / (share * rate_per_s)
    head = left_c - (1.0 - share) * lag_c * math.exp(-rate_per_s * time_s)
    return head / (time_s + (1.0 - share) * fed)


def arrhenius(temperature_c: FloatArray | float, reference_c: float, activation_j_per_mol: float) -> FloatArray:
    """Factor of a thermally activated rate against its value at the reference temperature. [1]

    exp(−Ea/R (1/T − 1/T₀)): above 1 when warmer. A resistance takes the inverse.
    """
    kelvin = np.asarray(temperature_c, float) + ZERO_C_K
    return np.asarray(np.exp(-activation_j_per_mol / GAS_J_PER_MOL_K * (1.0 / kelvin - 1.0 / (reference_c + ZERO_C_K))))


def doubling(temperature_c: FloatArray | float, reference_c: float, doubling_k: float) -> FloatArray:
    """Factor of a rate that doubles every so many kelvins. [1]"""
    return np.asarray(np.exp2((np.asarray(temperature_c, float) - reference_c) / doubling_k))


def derating(temperature_c: FloatArray | float, table_c: FloatArray, table_fraction: FloatArray) -> FloatArray:
    """Usable share of the capacity at a temperature, interpolated and held outside the table. [1]"""
    return np.asarray(np.interp(np.asarray(temperature_c, float), table_c, table_fraction))


def calendar_fade(time_s: float, fade_per_year: float) -> float:
    """Capacity lost by standing, linear in time. [1]"""
    return fade_per_year * time_s / SECONDS_PER_YEAR


def series_parallel(capacity_fraction: FloatArray, resistance_fraction: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Capacity and resistance of packs against the nominal pack. ([1], [1]), shape (...,)

    Takes factors of single cells, shape (..., series, parallel): cells in parallel share by adding, the weakest
    group of the series ends the string, resistances of groups add.
    """
    group_capacity = capacity_fraction.mean(axis=-1)
    group_resistance = 1.0 / (1.0 / resistance_fraction).mean(axis=-1)
    return group_capacity.min(axis=-1), group_resistance.mean(axis=-1)
