"""Physics between the rail and the battery: regulators, load switches, hold-up capacitors.

A load is referred to the battery terminals as a constant current (direct, linear regulator) or a constant power
(switching converter); the battery then solves V·i = P with its own resistance.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from powerplan.kernels.battery import loaded_voltage

FloatArray = NDArray[np.float64]


def direct_input_current(load_a: FloatArray | float, leakage_a: float = 0.0) -> FloatArray:
    """Battery current of a load wired to the battery, with what a load switch leaks. [A], shape of load_a"""
    return np.asarray(load_a, float) + leakage_a


def ldo_input_current(
    load_a: FloatArray | float,
    quiescent_a: float,
    ground_load_a: FloatArray | None = None,
    ground_fraction: FloatArray | None = None,
) -> FloatArray:
    """Battery current of a load behind a linear regulator: load, quiescent and ground current. [A]

    The ground current as a share of the load is interpolated on the logarithm of the load, where a table is given.
    """
    load = np.asarray(load_a, float)
    if ground_load_a is None or ground_fraction is None:
        return load + quiescent_a
    share = np.interp(np.log(np.maximum(load, 1e-15)), np.log(ground_load_a), ground_fraction)
    return np.asarray(load + np.maximum(quiescent_a, load * share))


def converter_efficiency(
    load_a: FloatArray | float, table_load_a: FloatArray, table_efficiency: FloatArray
) -> FloatArray:
    """Efficiency interpolated on the logarithm of the load, held outside the table. [1], shape of load_a"""
    load = np.maximum(np.asarray(load_a, float), 1e-15)
    return np.asarray(np.interp(np.log(load), np.log(table_load_a), table_efficiency))


def converter_input_power(
    load_a: FloatArray | float,
    output_v: float,
    table_load_a: FloatArray,
    table_efficiency: FloatArray,
    quiescent_w: float,
) -> FloatArray:
    """Battery power of a load behind a switching converter. [W], shape of load_a

    Inside the table the efficiency already holds the converter's own consumption. Below its first point the loss
    runs straight to the quiescent power at no load: an efficiency cannot say what an idle converter draws.
    """
    load = np.asarray(load_a, float)
    output_w = output_v * load
    from_table_w = output_w / converter_efficiency(load, table_load_a, table_efficiency)
    first_a = float(table_load_a[0])
    first_loss_w = output_v * first_a * (1.0 / float(table_efficiency[0]) - 1.0)
    near_zero_w = output_w + quiescent_w + (first_loss_w - quiescent_w) * load / first_a
    return np.asarray(np.where(load < first_a, near_zero_w, from_table_w))


def refer_through(load_a: float, output_v: float, efficiency_fraction: float, input_v: float) -> float:
    """Current at the input of a converter of known efficiency. [A]"""
    return load_a * output_v / efficiency_fraction / input_v


def lowest_input_voltage(output_v: float, dropout_v: float, minimum_input_v: float) -> float:
    """Lowest battery voltage at which a linear or step-down regulator still holds its output. [V]"""
    return max(output_v + dropout_v, minimum_input_v)


def pulse_impedance(resistance_ohm: float, capacitance_f: float, esr_ohm: float, duration_s: float) -> float:
    """Voltage lost per ampere at the end of a pulse, with a capacitor across the cell. [ohm]

    Source E behind R, capacitor C behind its series resistance r: the drop runs from I·(R∥r) to I·R with the time
    constant (R + r)·C, so Z(d) = R (1 − R/(R + r) e^(−d/((R + r)C))).
    """
    if capacitance_f <= 0.0 or resistance_ohm <= 0.0:
        return resistance_ohm
    loop_ohm = resistance_ohm + esr_ohm
    return resistance_ohm * (1.0 - resistance_ohm / loop_ohm * math.exp(-duration_s / (loop_ohm * capacitance_f)))


def battery_share(resistance_ohm: float, capacitance_f: float, esr_ohm: float, duration_s: float) -> float:
    """Share of a pulse's charge that the cell itself delivers while the pulse lasts. [1]"""
    if capacitance_f <= 0.0 or resistance_ohm <= 0.0 or duration_s <= 0.0:
        return 1.0
    loop_ohm = resistance_ohm + esr_ohm
    turns = duration_s / (loop_ohm * capacitance_f)
    return 1.0 - resistance_ohm / loop_ohm * -math.expm1(-turns) / turns


def recovery_time(resistance_ohm: float, capacitance_f: float, esr_ohm: float, left_fraction: float = 0.01) -> float:
    """Time until the capacitor is back to all but a fraction of its droop. [s]"""
    return (resistance_ohm + esr_ohm) * capacitance_f * math.log(1.0 / left_fraction)


def smallest_capacitance(
    open_v: float,
    resistance_ohm: float,
    current_a: float,
    power_w: float,
    duration_s: float,
    esr_ohm: float,
    lowest_v: float,
) -> float:
    """Smallest capacitor that keeps one pulse at or above a voltage. [F], inf where none can

    At the allowed voltage the load draws I + P/V, so the impedance may be (E − V)/(I + P/V); the law of
    `pulse_impedance` is then solved for C.
    """
    drawn_a = current_a + power_w / lowest_v
    if drawn_a <= 0.0:
        return 0.0
    allowed_ohm = (open_v - lowest_v) / drawn_a
    if allowed_ohm >= resistance_ohm:
        return 0.0
    loop_ohm = resistance_ohm + esr_ohm
    held = (1.0 - allowed_ohm / resistance_ohm) * loop_ohm / resistance_ohm
    if held >= 1.0:
        return math.inf
    return duration_s / (loop_ohm * -math.log(held))


def capacitor_trace(
    open_v: float,
    resistance_ohm: float,
    capacitance_f: float,
    esr_ohm: float,
    duration_s: FloatArray,
    current_a: FloatArray,
    power_w: FloatArray,
    start_v: float | None = None,
    steps_per_constant: int = 50,
) -> tuple[FloatArray, FloatArray]:
    """Lowest terminal voltage and final capacitor voltage of each step of a load. ([V], [V]), shape (steps,)

    Resolves what the hourly walk cannot: bursts that come before the capacitor has recovered. A step is cut into
    pieces well below the time constant; in each the load current is constant and the exact exponential is used.
    """
    if capacitance_f <= 0.0:
        raise ValueError("a capacitor trace needs a capacitance above zero")
    stored_v = open_v if start_v is None else start_v
    loop_ohm = resistance_ohm + esr_ohm
    constant_s = loop_ohm * capacitance_f
    source_ohm = resistance_ohm * esr_ohm / loop_ohm
    lowest, ends = np.empty(len(duration_s)), np.empty(len(duration_s))
    for number, (time_s, load_a, load_w) in enumerate(zip(duration_s, current_a, power_w, strict=True)):
        pieces = max(1, min(100_000, math.ceil(steps_per_constant * time_s / constant_s)))
        decay = math.exp(-time_s / pieces / constant_s)
        worst_v = math.inf
        for piece in range(pieces + 1):
            thevenin_v = (open_v * esr_ohm + stored_v * resistance_ohm) / loop_ohm
            terminal_v = loaded_voltage(thevenin_v, source_ohm, float(load_a), float(load_w))
            worst_v = min(worst_v, terminal_v)
            if terminal_v <= 0.0 or piece == pieces:
                break
            drawn_a = load_a + load_w / terminal_v
            target_v = open_v - resistance_ohm * drawn_a
            stored_v = target_v + (stored_v - target_v) * decay
        lowest[number], ends[number] = worst_v, stored_v
    return lowest, ends
