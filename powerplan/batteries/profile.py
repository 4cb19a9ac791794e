"""The profile of a cell: its figures with sources, and how a pack is built from them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from powerplan.batteries.pack import DEFAULT_RATE_PER_S, Ageing, Curve, Pack
from powerplan.components.base import Use
from powerplan.components.spec import ProfileSpec, Strict
from powerplan.kernels.battery import SECONDS_PER_YEAR
from powerplan.model.amount import (
    Charge,
    Current,
    Duration,
    Fraction,
    FractionRate,
    Number,
    Rate,
    Resistance,
    Temperature,
    Voltage,
)
from powerplan.model.figure import Basis, Figure

CURVE_COLUMNS = ("depth_of_discharge", "open_circuit_v", "resistance_ohm")


class CurveTable(Strict):
    """Open-circuit voltage and resistance over depth of discharge at one temperature."""

    temperature: Temperature
    columns: tuple[Literal["depth_of_discharge"], Literal["open_circuit_v"], Literal["resistance_ohm"]]
    rows: tuple[tuple[float, float, float], ...] = ()
    table: str | None = None
    """A CSV file beside the profile with these columns, instead of rows."""
    source: str
    where: str = ""
    basis: Basis
    note: str = ""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if bool(self.rows) == (self.table is not None):
            raise ValueError("a curve has either rows or a table (a CSV file beside the profile)")
        if self.rows:
            self.curve(None)
        return self

    def curve(self, folder: Path | None) -> Curve:
        """The curve in numbers."""
        rows = self.rows or read_curve(self.table or "", folder)
        depth, open_v, inner_ohm = np.array(rows, dtype=float).T
        return Curve(self.temperature.typ, depth.copy(), open_v.copy(), inner_ohm.copy())


class Wells(Strict):
    """Two-well kinetics (KiBaM): how much charge is at hand, and how fast the rest follows."""

    share: Figure[Fraction]
    """c, the share of the available well."""
    rate: Figure[Rate]
    """k' = k / (c (1 − c)); a paper that prints k is converted before it is written here."""
    activation_kj_per_mol: Figure[Number] | None = None
    """How k' falls in the cold (Arrhenius)."""


class Usable(Strict):
    """Share of the capacity that can be used at a temperature, also at small load."""

    temperature: Temperature
    fraction: Figure[Fraction]


class AgeingSpec(Strict):
    """Wear of a rechargeable cell."""

    calendar_fade: Figure[FractionRate]
    cycle_fade: Figure[Fraction]
    """Capacity lost per full cycle."""
    resistance_growth: Figure[Number] | None = None
    """Relative growth of the resistance per capacity lost."""


class Charging(Strict):
    """Limits and losses of charging."""

    voltage: Figure[Voltage]
    current_max: Figure[Current] | None = None
    efficiency: Figure[Fraction] | None = None
    """Charge that comes back out per charge put in."""
    temperature_min: Figure[Temperature] | None = None
    temperature_max: Figure[Temperature] | None = None


class Protection(Strict):
    """Protection circuit: opens at a voltage, draws a little always."""

    voltage: Figure[Voltage]
    current: Figure[Current] | None = None


class Passivation(Strict):
    """The film that grows on the lithium of Li-SOCl2 cells at rest and at microamperes."""

    resistance: Figure[Resistance]
    """What it adds at the first pulse after long storage; it breaks within seconds of load."""


class Spread(Strict):
    """How cells of one type differ, as standard deviations of the relative value."""

    capacity: Figure[Fraction]
    resistance: Figure[Fraction] | None = None


class RatedPoint(Strict):
    """A published capacity under a stated load; kept for checks and fits, not used in a run."""

    load: Current | Resistance | None = None
    temperature: Temperature
    capacity: Figure[Charge]


class BatteryProfile(ProfileSpec):
    """Profile of one cell."""

    kind: Literal["battery"]
    chemistry: str
    rechargeable: bool = False
    nominal_voltage: Figure[Voltage]
    capacity: Figure[Charge]
    """To the end of the curve, at small load and the temperature of the curve."""
    cutoff: Figure[Voltage] | None = None
    """Down to which the capacity is stated."""
    curves: tuple[CurveTable, ...] = Field(min_length=1)
    reference_temperature: Temperature
    resistance_activation_kj_per_mol: Figure[Number] | None = None
    """Carries the resistance beyond the measured temperatures (Arrhenius)."""
    wells: Wells | None = None
    usable: tuple[Usable, ...] = ()
    self_discharge: Figure[FractionRate] | None = None
    self_discharge_doubling_k: Figure[Number] | None = None
    """Kelvins that double the self-discharge."""
    shelf_life: Figure[Duration] | None = None
    continuous_current_max: Figure[Current] | None = None
    pulse_current_max: Figure[Current] | None = None
    temperature_min: Figure[Temperature] | None = None
    temperature_max: Figure[Temperature] | None = None
    ageing: AgeingSpec | None = None
    charging: Charging | None = None
    protection: Protection | None = None
    passivation: Passivation | None = None
    spread: Spread | None = None
    rated: tuple[RatedPoint, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        temperatures = [table.temperature.typ for table in self.curves]
        if temperatures != sorted(set(temperatures)):
            raise ValueError("curves stand by rising temperature, one for each")
        usable = [row.temperature.typ for row in self.usable]
        if usable != sorted(set(usable)):
            raise ValueError("usable stands by rising temperature, one row for each")
        if self.rechargeable and self.charging is None:
            raise ValueError("a rechargeable cell needs charging")
        return self


def read_curve(name: str, folder: Path | None) -> tuple[tuple[float, float, float], ...]:
    """Rows of a curve from a CSV file beside its profile. Raises ValueError."""
    if folder is None or Path(name).name != name:
        raise ValueError(f"curve table {name!r} must be a file beside the profile")
    with (folder / name).open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        header = tuple(next(reader, ()))
        if header != CURVE_COLUMNS:
            raise ValueError(f"{name}: first line must be {','.join(CURVE_COLUMNS)}, found {','.join(header)}")
        return tuple((float(depth), float(open_v), float(inner_ohm)) for depth, open_v, inner_ohm in reader)


def pack_from(
    profile: BatteryProfile,
    series: int = 1,
    parallel: int = 1,
    use: Use | None = None,
    capacity_c: float | None = None,
    folder: Path | None = None,
) -> Pack:
    """The pack of `series` × `parallel` cells of a profile.

    `use` gives the value of a figure by its key path, so that the caller can draw from ranges and log what was used;
    without it the typical values stand. `capacity_c` puts in a cell of the same build and another size: its
    resistance runs inversely to its capacity.
    """
    take: Use = use or (lambda path: figure_of(profile, path).typ)

    def maybe(path: str, otherwise: float) -> float:
        return otherwise if _find(profile, path) is None else take(path)

    stated_c = take("capacity")
    cell_c = stated_c if capacity_c is None else capacity_c
    resistance_by = stated_c / cell_c * series / parallel
    curves = tuple(
        Curve(one.temperature_c, one.depth_fraction, one.ocv_v * series, one.resistance_ohm * resistance_by)
        for one in (table.curve(folder) for table in profile.curves)
    )
    usable = [(row.temperature.typ, take(f"usable.{n}.fraction")) for n, row in enumerate(profile.usable)]
    ageing = Ageing()
    if profile.ageing is not None:
        ageing = Ageing(
            calendar_fade_per_year=take("ageing.calendar_fade") * SECONDS_PER_YEAR,
            cycle_fade_fraction=take("ageing.cycle_fade"),
            resistance_growth=maybe("ageing.resistance_growth", 0.0),
        )
    return Pack(
        name=_pack_name(profile.name, series, parallel),
        capacity_c=cell_c * parallel,
        curves=curves,
        well_share_fraction=maybe("wells.share", 1.0),
        rate_per_s=maybe("wells.rate", DEFAULT_RATE_PER_S),
        reference_c=profile.reference_temperature.typ,
        rate_activation_j_per_mol=1_000.0 * maybe("wells.activation_kj_per_mol", 0.0),
        resistance_activation_j_per_mol=1_000.0 * maybe("resistance_activation_kj_per_mol", 0.0),
        derating_c=np.array([row[0] for row in usable]) if usable else None,
        derating_fraction=np.array([row[1] for row in usable]) if usable else None,
        self_discharge_per_year=maybe("self_discharge", 0.0) * SECONDS_PER_YEAR,
        self_discharge_doubling_k=maybe("self_discharge_doubling_k", 0.0) or None,
        protection_v=maybe("protection.voltage", 0.0) * series,
        protection_a=maybe("protection.current", 0.0),
        rechargeable=profile.rechargeable,
        ageing=ageing,
        largest_charge_a=maybe("charging.current_max", float("inf")) * parallel,
        charge_efficiency_fraction=maybe("charging.efficiency", 1.0),
        charge_c=(maybe("charging.temperature_min", -273.0), maybe("charging.temperature_max", 1_000.0)),
        passivation_ohm=_passivation(profile, take, resistance_by),
    )


def _passivation(profile: BatteryProfile, take: Use, resistance_by: float) -> tuple[float, float, float] | None:
    """Typical, least and most resistance of the film of a pack. [ohm]"""
    if profile.passivation is None:
        return None
    given, typical = profile.passivation.resistance, take("passivation.resistance")
    low, high = given.min if given.min is not None else typical, given.max if given.max is not None else typical
    return typical * resistance_by, min(low, typical) * resistance_by, max(high, typical) * resistance_by


def shelf_life_s(profile: BatteryProfile, use: Use | None = None) -> float | None:
    """Shelf life of a cell. [s], None where none is stated"""
    if profile.shelf_life is None:
        return None
    return profile.shelf_life.typ if use is None else use("shelf_life")


def outside_range(profile: BatteryProfile, temperature_c: float) -> str | None:
    """Why a temperature is beyond what the profile stands for, None where it is inside."""
    low, high = profile.temperature_min, profile.temperature_max
    if low is not None and temperature_c < low.typ:
        return f"{profile.name} is specified from {low.typ:g} degC, the product reaches {temperature_c:g} degC"
    if high is not None and temperature_c > high.typ:
        return f"{profile.name} is specified up to {high.typ:g} degC, the product reaches {temperature_c:g} degC"
    return None


def carried(profile: BatteryProfile, temperature_c: float) -> str | None:
    """How the resistance at a temperature was found when it was not measured, None inside the measured range."""
    measured = [table.temperature.typ for table in profile.curves]
    if measured[0] - 3.0 <= temperature_c <= measured[-1] + 3.0:
        return None
    return (
        f"measured at {', '.join(f'{value:g}' for value in measured)} degC, "
        f"carried to {temperature_c:g} degC by the Arrhenius law of its chemistry"
    )


def figure_of(profile: BatteryProfile, path: str) -> Any:
    """The figure at a key path. Raises KeyError."""
    found = _find(profile, path)
    if found is None:
        raise KeyError(f"{profile.name} has no figure {path}")
    return found


def _find(profile: BatteryProfile, path: str) -> Any:
    at: Any = profile
    for key in path.split("."):
        if at is None:
            return None
        at = at[int(key)] if key.isdigit() else getattr(at, key, None)
    return at


def _pack_name(name: str, series: int, parallel: int) -> str:
    shape = "" if series == parallel == 1 else f"{series} × " if parallel == 1 else f"{series}s{parallel}p "
    return f"{shape}{name}"
