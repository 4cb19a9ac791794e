"""The blocks `supply` and `environment` of the scenario file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from powerplan.model.amount import (
    Capacitance,
    Charge,
    Current,
    Duration,
    Energy,
    Fraction,
    FractionRate,
    Power,
    Resistance,
    Temperature,
    Voltage,
)
from powerplan.model.block import Block, Name, Text


class Battery(Block):
    """The cells: a profile by name, or the numbers of an ideal cell."""

    profile: Text | None = None
    """Name of a battery profile; `powerplan profiles list --kind battery` shows them."""
    series: Annotated[int, Field(ge=1, le=100)] = 1
    parallel: Annotated[int, Field(ge=1, le=100)] = 1
    capacity: Charge | None = None
    """Usable capacity of one cell; replaces the profile's."""
    ideal: bool = False
    """Drain by charge alone: no voltage curve, no resistance. For runs checked by hand."""
    voltage: Voltage | None = None
    """Voltage of an ideal cell."""
    self_discharge: FractionRate | None = None
    """Share of the stated capacity lost per time; replaces the profile's."""
    shelf_life: Duration | None = None
    """Age at which the cell is done whatever is left; replaces the profile's."""

    @model_validator(mode="after")
    def _either(self) -> Battery:
        if self.profile is None and self.capacity is None:
            raise ValueError("a battery needs `profile: NAME`, or `capacity: 1000 mAh` with `ideal: true`")
        if self.profile is None and not self.ideal:
            raise ValueError("a battery without a profile needs `ideal: true`: only its charge is known")
        return self


class Regulator(Block):
    """A converter between the battery and a rail."""

    profile: Text
    output: Voltage | None = None
    """Output voltage of the rail."""


class Rail(Block):
    """A supply rail; the rail `main` stands directly under `supply`."""

    regulator: Text | Regulator | None = None
    voltage: Voltage | None = None


class Capacitor(Block):
    """Hold-up capacitor across the battery."""

    capacitance: Capacitance
    esr: Resistance | None = None
    leakage: Current | None = None


class Place(Block):
    """Where a solar panel stands, and how. Needs the extra `sun` (pvlib)."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    """Degrees, north positive."""
    longitude: Annotated[float, Field(ge=-180, le=180)]
    """Degrees, east positive."""
    tilt: Annotated[float, Field(ge=0, le=90)] = 30.0
    """Degrees from horizontal."""
    azimuth: Annotated[float, Field(ge=0, le=360)] = 180.0
    """Degrees from north; 180 looks south."""
    altitude: Annotated[float, Field(ge=-500, le=9_000)] = 0.0
    """Metres above the sea."""
    clearness: Annotated[list[Fraction], Field(min_length=12, max_length=12)] | None = None
    """Share of clear-sky light that clouds and shade let through in each month, January first."""


class Charger(Block):
    """Between panel and battery; what is not stated comes from the harvester profile."""

    efficiency: Fraction | None = None
    cold_start: Power | None = None
    """Panel power below which nothing arrives."""
    power_max: Power | None = None
    """Most it delivers to the battery."""
    quiescent: Current | None = None
    """Drawn from the battery day and night."""


HARVEST_SOURCES = ("charge_per_day", "energy_per_day", "table", "place")
"""Ways to say what comes in."""


class Harvest(Block):
    """Energy from outside: charge per day at the battery, or power of a panel through its charger."""

    charge_per_day: Charge | None = None
    """At the battery, behind the charger, spread evenly over the hours."""
    monthly: Annotated[list[Fraction], Field(min_length=12, max_length=12)] | None = None
    """With `charge_per_day`: share of the stated yield in each month, January first."""
    profile: Text | None = None
    """Panel and charger; needed for `place` unless `peak_power` is stated."""
    energy_per_day: Annotated[list[Energy], Field(min_length=12, max_length=12)] | None = None
    """Of the panel in a day of each month; the day is a half sine from 6 to 18 o'clock."""
    table: Annotated[list[Annotated[list[Power], Field(min_length=24, max_length=24)]],
                     Field(min_length=12, max_length=12)] | None = None
    """Power of the panel by month (rows) and hour of the day."""
    place: Place | None = None
    """Sun of a place."""
    peak_power: Power | None = None
    """Of the panel at 1,000 W/m²; replaces the profile's."""
    charger: Charger = Charger()
    dark_days: Annotated[int, Field(ge=0, le=365)] = 0
    """Days in a row without any harvest, every year."""
    dark_from: Annotated[int, Field(ge=1, le=365)] = 340
    """Day of the year on which they begin."""

    @model_validator(mode="after")
    def _one_source(self) -> Harvest:
        given = [name for name in HARVEST_SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) if given else "none"
            raise ValueError(f"a harvest has exactly one of {', '.join(HARVEST_SOURCES)}; found {found}")
        if self.monthly is not None and self.charge_per_day is None:
            raise ValueError("`monthly` goes with `charge_per_day`")
        if self.place is not None and self.profile is None and self.peak_power is None:
            raise ValueError("`place` needs the panel: `peak_power: 1 W` or a harvester `profile`")
        if self.charge_per_day is None and self.profile is None and self.charger.efficiency is None:
            raise ValueError("power of a panel needs its charger: `charger: {efficiency: 80 %}` or a harvester "
                             "`profile`")
        return self


class BatteryLevel(Block):
    """How full the battery is, as a device can know it. Exactly one of charge, usable and voltage."""

    charge: Fraction | None = None
    """Counted out of the stated capacity; a share alone means the same."""
    usable: Fraction | None = None
    """Of what can be drawn, from full, until the charge ends or the worst pulse meets the brown-out at the temperature
    of the hour: a gauge that knows its battery."""
    voltage: Voltage | None = None
    """At the battery's terminals under `load`."""
    load: Current | None = None
    """Drawn from the battery while the voltage is measured; default: none, the battery at rest."""

    @property
    def kind(self) -> Literal["charge", "usable", "voltage"]:
        """What is measured."""
        if self.usable is not None:
            return "usable"
        return "charge" if self.voltage is None else "voltage"

    @property
    def typ(self) -> float:
        """The value. [1 or V]"""
        return next(given.typ for given in (self.charge, self.usable, self.voltage) if given is not None)

    @property
    def load_a(self) -> float:
        """Current while the voltage is measured. [A]"""
        return self.load.typ if self.load else 0.0

    @model_validator(mode="after")
    def _one_measure(self) -> BatteryLevel:
        if [self.charge, self.usable, self.voltage].count(None) != 2:
            raise ValueError("a level of the battery is exactly one of `charge: 10 %`, `usable: 10 %` and "
                             "`voltage: 2.2 V` (with `load: 5 mA`)")
        if self.load is not None and self.voltage is None:
            raise ValueError("`load` goes with `voltage`")
        return self


class Supply(Block):
    """Battery, converters, rails and what holds the voltage up."""

    battery: Battery
    regulator: Text | Regulator | None = None
    """Converter of the rail `main`; without one the parts hang on the battery."""
    rails: dict[Name, Rail] = {}
    capacitor: Capacitor | None = None
    leakage: Current | None = None
    brown_out: Voltage | None = None
    """Battery voltage below which the product resets; default: the highest minimum of its parts."""
    alarm_at: Fraction | BatteryLevel | None = None
    """Where the product warns: `10 %` of the stated capacity, `{usable: 10 %}`, `{voltage: 2.2 V, load: 5 mA}`."""
    harvest: Harvest | None = None


class MonthlyTemperature(Block):
    """One temperature a month, January first."""

    monthly: Annotated[list[Temperature], Field(min_length=12, max_length=12)]


class HourlyTemperature(Block):
    """One temperature an hour of the day, midnight first."""

    hourly: Annotated[list[Temperature], Field(min_length=24, max_length=24)]


class Environment(Block):
    """Where the product lives."""

    temperature: Temperature | MonthlyTemperature | HourlyTemperature | None = None
    """Default 21 degC."""
