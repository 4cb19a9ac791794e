"""A regulator between battery and rail: linear, step-down, step-up, or a load switch."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from powerplan.components.base import MissingFigure, Use
from powerplan.components.spec import ProfileSpec, Strict
from powerplan.kernels import supply
from powerplan.model.amount import Current, Duration, Fraction, Voltage
from powerplan.model.figure import Basis, Figure

FloatArray = NDArray[np.float64]

SWITCHING = ("buck", "boost", "buck_boost")


class EfficiencyCurve(Strict):
    """Efficiency over load at one pair of voltages, with the converter's own consumption in it."""

    output: Voltage
    input: Voltage
    columns: tuple[Literal["load_a"], Literal["efficiency"]]
    rows: tuple[tuple[float, float], ...]
    source: str
    where: str = ""
    basis: Basis
    note: str = ""

    @model_validator(mode="after")
    def _rises(self) -> Self:
        loads = [load for load, _ in self.rows]
        if len(loads) < 2 or loads != sorted(set(loads)) or loads[0] <= 0.0:
            raise ValueError("an efficiency curve needs at least two rising loads above zero")
        if not all(0.0 < efficiency <= 1.0 for _, efficiency in self.rows):
            raise ValueError("an efficiency lies above 0 and not above 1")
        return self


class GroundCurrent(Strict):
    """What a linear regulator wastes to ground, as a share of the load."""

    load: Current
    fraction: Figure[Fraction]


class RegulatorProfile(ProfileSpec):
    """Profile of a regulator. `supply_min` and `supply_max` bound its input."""

    kind: Literal["regulator"]
    topology: Literal["ldo", "buck", "boost", "buck_boost", "load_switch"]
    quiescent_current: Figure[Current]
    """At the input, enabled and without load. Of a load switch: what it leaks when off."""
    output_quiescent_current: Figure[Current] | None = None
    """Drawn from the output (feedback pin); referred to the input by the voltages."""
    pass_through_current: Figure[Current] | None = None
    shutdown_current: Figure[Current] | None = None
    output_current_max: Figure[Current] | None = None
    dropout: Figure[Voltage] | None = None
    """At the largest output current; taken in proportion to the load."""
    ground_current: tuple[GroundCurrent, ...] = ()
    efficiency: tuple[EfficiencyCurve, ...] = ()
    start_time: Figure[Duration] | None = None

    @model_validator(mode="after")
    def _fits_topology(self) -> Self:
        if self.topology in SWITCHING and not self.efficiency:
            raise ValueError(f"a {self.topology} converter needs an efficiency curve")
        if self.topology == "ldo" and self.efficiency:
            raise ValueError("a linear regulator has no efficiency curve: its input current is its load current")
        return self


def regulator_demand(
    profile: RegulatorProfile, output_v: float, load_a: FloatArray | float, battery_v: float, use: Use
) -> tuple[FloatArray, FloatArray]:
    """Demand at the battery terminals of a load current at the rail. ([A] constant current, [W] constant power)

    A linear regulator passes current, a switching one power. `battery_v` picks the efficiency curve and turns the
    quiescent current of a switching converter into power; take the pack's voltage at half charge.
    """
    load = np.atleast_1d(np.asarray(load_a, float))
    quiescent_a = use("quiescent_current")
    if profile.topology == "load_switch":
        return supply.direct_input_current(load, quiescent_a), np.zeros_like(load)
    if profile.topology == "ldo":
        if not profile.ground_current:
            return supply.ldo_input_current(load, quiescent_a), np.zeros_like(load)
        loads = np.array([row.load.typ for row in profile.ground_current])
        shares = np.array([use(f"ground_current.{n}.fraction") for n in range(loads.size)])
        return supply.ldo_input_current(load, quiescent_a, loads, shares), np.zeros_like(load)
    idle_w = quiescent_a * battery_v
    if profile.output_quiescent_current is not None:
        idle_w += use("output_quiescent_current") * output_v
    loads, efficiency = efficiency_at(profile, output_v, battery_v)
    power_w = supply.converter_input_power(load, output_v, loads, efficiency, idle_w)
    return np.zeros_like(load), power_w


def efficiency_at(profile: RegulatorProfile, output_v: float, input_v: float) -> tuple[FloatArray, FloatArray]:
    """Efficiency over load at a pair of voltages. ([A], [1]), shape (points,)

    Curves of one output voltage are mixed by the input voltage, then by the output voltage; outside the measured
    voltages the nearest curve stands.
    """
    loads = np.unique(np.array([load for curve in profile.efficiency for load, _ in curve.rows]))
    outputs = sorted({curve.output.typ for curve in profile.efficiency})
    by_output = []
    for output in outputs:
        same = sorted((curve for curve in profile.efficiency if curve.output.typ == output), key=lambda c: c.input.typ)
        table = np.array([np.interp(np.log(loads), *_log_rows(curve)) for curve in same])
        inputs = np.array([curve.input.typ for curve in same])
        by_output.append([np.interp(input_v, inputs, column) for column in table.T])
    rows = np.array(by_output)
    return loads, np.array([np.interp(output_v, outputs, column) for column in rows.T])


def lowest_battery_voltage(
    profile: RegulatorProfile, output_v: float, peak_load_a: float, use: Use, lowest_rail_v: float | None = None
) -> float:
    """Battery voltage below which the rail is lost. [V]

    A rail that may sag to `lowest_rail_v` (the highest minimum of the parts on it) is held down to that voltage and
    the dropout; a step-up converter needs only its own minimum input.
    """
    least_v = 0.0 if profile.supply_min is None else use("supply_min")
    if profile.topology in ("boost", "buck_boost"):
        if profile.supply_min is None:
            raise MissingFigure(profile.name, "supply_min", "a step-up converter needs its least input voltage")
        return least_v
    held_v = output_v if lowest_rail_v is None else min(output_v, lowest_rail_v)
    if profile.topology == "load_switch":
        return supply.lowest_input_voltage(held_v, 0.0, least_v)
    dropout_v = 0.0
    if profile.dropout is not None and profile.output_current_max is not None:
        dropout_v = use("dropout") * min(1.0, peak_load_a / use("output_current_max"))
    return supply.lowest_input_voltage(held_v, dropout_v, least_v)


def _log_rows(curve: EfficiencyCurve) -> tuple[FloatArray, FloatArray]:
    loads, efficiency = np.array(curve.rows, dtype=float).T
    return np.log(loads), efficiency
