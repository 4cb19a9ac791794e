"""A pack of cells as the walk needs it: curves, wells, and what temperature and age do to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from powerplan.batteries.air import Air
from powerplan.batteries.layout import Cell
from powerplan.batteries.moment import cell_at
from powerplan.kernels import battery as physics

FloatArray = NDArray[np.float64]

GRID_POINTS = 1001
HOURS_PER_YEAR = 8760
DEFAULT_RATE_PER_S = 1e-3
"""With one well (share 1) the rate has no effect; it only must not be zero."""


@dataclass(frozen=True)
class Curve:
    """Open-circuit voltage and resistance of a cell over depth of discharge, measured at one temperature."""

    temperature_c: float
    depth_fraction: FloatArray
    ocv_v: FloatArray
    resistance_ohm: FloatArray

    def __post_init__(self) -> None:
        if not (self.depth_fraction.shape == self.ocv_v.shape == self.resistance_ohm.shape):
            raise ValueError("a discharge curve needs as many voltages and resistances as depths")
        if self.depth_fraction.size < 2 or np.any(np.diff(self.depth_fraction) <= 0.0):
            raise ValueError("the depths of a discharge curve must rise, with at least two points")
        if np.any(self.ocv_v <= 0.0) or np.any(self.resistance_ohm < 0.0):
            raise ValueError("a discharge curve needs voltages above zero and resistances not below zero")

    def on_grid(self) -> tuple[FloatArray, FloatArray]:
        """Voltage and resistance on the even grid from full to empty. ([V], [ohm]), shape (GRID_POINTS,)"""
        grid = np.linspace(0.0, 1.0, GRID_POINTS)
        return (
            np.interp(grid, self.depth_fraction, self.ocv_v),
            np.interp(grid, self.depth_fraction, self.resistance_ohm),
        )


@dataclass(frozen=True)
class Ageing:
    """How a rechargeable cell wears."""

    calendar_fade_per_year: float = 0.0
    calendar_doubling_k: float = 10.0
    cycle_fade_fraction: float = 0.0
    """Capacity lost per full cycle."""
    resistance_growth: float = 0.0
    """Relative growth of the resistance per capacity lost."""


@dataclass(frozen=True)
class Pack:
    """Cells in series and parallel, in the figures of the whole pack."""

    name: str
    capacity_c: float
    """Charge to the end of the curve at small load and the reference temperature."""
    curves: tuple[Curve, ...]
    """One per measured temperature, rising."""
    well_share_fraction: float = 1.0
    """Share c of the available well; 1 leaves the kinetics out."""
    rate_per_s: float = DEFAULT_RATE_PER_S
    """k' = k / (c (1 − c)) at the reference temperature."""
    reference_c: float = 20.0
    rate_activation_j_per_mol: float = 0.0
    resistance_activation_j_per_mol: float = 0.0
    """Carries the resistance beyond the measured temperatures."""
    derating_c: FloatArray | None = None
    derating_fraction: FloatArray | None = None
    """Usable share of the capacity by temperature, where small loads lose charge in the cold as well."""
    self_discharge_per_year: float = 0.0
    """Share of the stated capacity lost per year at the reference temperature."""
    self_discharge_doubling_k: float | None = None
    protection_v: float = 0.0
    """A protection circuit or the charger's gauge opens here, whatever the device could still do."""
    protection_a: float = 0.0
    rechargeable: bool = False
    ageing: Ageing = Ageing()
    largest_charge_a: float = float("inf")
    charge_efficiency_fraction: float = 1.0
    charge_c: tuple[float, float] = (-273.0, 1000.0)
    """Temperatures between which it may be charged."""
    passivation_ohm: tuple[float, float, float] | None = None
    """What a film adds to the resistance at the first pulse after long rest: typical, least, most."""

    def __post_init__(self) -> None:
        if not self.capacity_c > 0.0:
            raise ValueError(f"{self.name}: capacity must be above zero, got {self.capacity_c} C")
        if not 0.0 < self.well_share_fraction <= 1.0 or not self.rate_per_s > 0.0:
            raise ValueError(f"{self.name}: needs a well share in (0, 1] and a rate above zero")
        if not self.curves or list(self.curves) != sorted(self.curves, key=lambda c: c.temperature_c):
            raise ValueError(f"{self.name}: needs discharge curves by rising temperature")

    @property
    def nominal_v(self) -> float:
        """Open-circuit voltage at half charge and the reference temperature."""
        return self.open_circuit(0.5, self.reference_c)[0]

    def open_circuit(
        self, state_of_charge_fraction: float, temperature_c: float, fade_fraction: float = 0.0
    ) -> tuple[float, float]:
        """Open-circuit voltage and resistance at rest, of a pack that has lost some of its capacity. [V, ohm]"""
        air = self.air(np.array([temperature_c]))
        depth = min(1.0, (1.0 - state_of_charge_fraction) * float(air.per_usable[0]) / (1.0 - fade_fraction))
        open_v, inner_ohm = cell_at(self.cell, air.slots(self.well_share_fraction, 1.0), 0, depth,
                                    1.0 + self.ageing.resistance_growth * fade_fraction)  # fmt: skip
        return float(open_v), float(inner_ohm)

    def varied(self, capacity_factor: float = 1.0, resistance_factor: float = 1.0) -> Pack:
        """The same pack with another capacity and resistance (one sample of the cell-to-cell spread)."""
        curves = tuple(replace(curve, resistance_ohm=curve.resistance_ohm * resistance_factor) for curve in self.curves)
        return replace(self, capacity_c=self.capacity_c * capacity_factor, curves=curves)

    @cached_property
    def cell(self) -> Cell:
        """Curves on an even grid and scalars, for the walk."""
        on_grid = [curve.on_grid() for curve in self.curves]
        return Cell(
            ocv_v=np.concatenate([voltage for voltage, _ in on_grid]),
            resistance_ohm=np.concatenate([resistance for _, resistance in on_grid]),
            point_count=GRID_POINTS,
            curve_count=len(self.curves),
            capacity_c=self.capacity_c,
            well_share=self.well_share_fraction,
            fade_per_c=self.ageing.cycle_fade_fraction / self.capacity_c,
            resistance_growth=self.ageing.resistance_growth,
            charge_efficiency=self.charge_efficiency_fraction,
            largest_charge_a=self.largest_charge_a,
            resistance_factor=1.0,
            leak_factor=1.0,
        )

    def air(self, temperature_c: FloatArray, harvest_w: FloatArray | None = None) -> Air:
        """Tables by slot for temperatures (and harvest) by slot of the year."""
        temperature_c = np.asarray(temperature_c, float)
        measured_c = np.array([curve.temperature_c for curve in self.curves])
        last = max(0, len(measured_c) - 2)
        lower = np.clip(np.searchsorted(measured_c, temperature_c, side="right") - 1, 0, last)
        ocv_weight = np.zeros_like(temperature_c)
        low_weight, high_weight = np.ones_like(temperature_c), np.zeros_like(temperature_c)
        if len(measured_c) > 1:
            inside_c = np.clip(temperature_c, measured_c[0], measured_c[-1])
            low_c, high_c = measured_c[lower], measured_c[lower + 1]
            ocv_weight = (inside_c - low_c) / (high_c - low_c)
            low_weight, high_weight = self._resistance_weights(inside_c, low_c, high_c)
        edge_c = np.clip(temperature_c, measured_c[0], measured_c[-1])
        activation = self.resistance_activation_j_per_mol
        beyond = physics.arrhenius(edge_c, self.reference_c, activation) / physics.arrhenius(
            temperature_c, self.reference_c, activation
        )
        usable = np.ones_like(temperature_c)
        if self.derating_c is not None and self.derating_fraction is not None:
            usable = physics.derating(temperature_c, self.derating_c, self.derating_fraction)
        leak = np.full_like(temperature_c, self.capacity_c * self.self_discharge_per_year / physics.SECONDS_PER_YEAR)
        if self.self_discharge_doubling_k is not None:
            leak *= physics.doubling(temperature_c, self.reference_c, self.self_discharge_doubling_k)
        sun = np.zeros_like(temperature_c) if harvest_w is None else harvest_w
        sun = np.where((temperature_c < self.charge_c[0]) | (temperature_c > self.charge_c[1]), 0.0, sun)
        rate = self.rate_per_s * physics.arrhenius(temperature_c, self.reference_c, self.rate_activation_j_per_mol)
        aged = self.ageing.calendar_fade_per_year / physics.SECONDS_PER_YEAR
        return Air(
            slot_count=len(temperature_c),
            temperature_c=temperature_c,
            curve=lower.astype(np.int64),
            ocv_weight=ocv_weight,
            low_weight=low_weight * beyond,
            high_weight=high_weight * beyond,
            per_usable=1.0 / usable,
            rate_per_s=rate,
            self_discharge_a=leak,
            fade_per_s=aged * physics.doubling(temperature_c, self.reference_c, self.ageing.calendar_doubling_k),
            harvest_w=sun,
        )

    def _resistance_weights(
        self, temperature_c: FloatArray, low_c: FloatArray, high_c: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Weights of the two measured curves, so that resistance runs between them like exp(Ea/RT).

        The activation energy between two curves is taken at half charge; a straight mixture of the curves with
        these weights keeps both measured ends exact at every depth.
        """
        curves = {curve.temperature_c: float(np.interp(0.5, curve.depth_fraction, curve.resistance_ohm))
                  for curve in self.curves}  # fmt: skip
        low_ohm = np.array([curves[float(value)] for value in low_c])
        high_ohm = np.array([curves[float(value)] for value in high_c])
        inverse = 1.0 / (temperature_c + physics.ZERO_C_K)
        low_inverse, high_inverse = 1.0 / (low_c + physics.ZERO_C_K), 1.0 / (high_c + physics.ZERO_C_K)
        part = (inverse - low_inverse) / (high_inverse - low_inverse)
        ratio = np.where(low_ohm > 0.0, high_ohm / np.maximum(low_ohm, 1e-12), 1.0)
        flat = np.abs(ratio - 1.0) < 1e-9
        weight = np.where(flat, part, (ratio**part - 1.0) / np.where(flat, 1.0, ratio - 1.0))
        return 1.0 - weight, weight


@dataclass(frozen=True)
class IdealCell:
    """A cell that drains by charge at one voltage: days = capacity / (load + capacity · r / 365), exactly."""

    name: str
    capacity_c: float
    nominal_v: float
    self_discharge_per_year: float = 0.0
    """Share of the stated capacity lost per year, at any temperature."""

    def __post_init__(self) -> None:
        if not self.capacity_c > 0.0 or not self.nominal_v > 0.0:
            raise ValueError(f"{self.name}: capacity and voltage must be above zero")

    def as_pack(self) -> Pack:
        """The same cell for the walk: flat voltage, no resistance, one well."""
        flat = Curve(20.0, np.array([0.0, 1.0]), np.full(2, self.nominal_v), np.zeros(2))
        return Pack(self.name, self.capacity_c, (flat,), self_discharge_per_year=self.self_discharge_per_year)
