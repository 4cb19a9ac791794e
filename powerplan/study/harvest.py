"""What the harvest of a scenario brings to the battery, by hour of the year."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from powerplan.batteries.harvest import (
    Charger,
    MissingExtra,
    clear_sky_panel_w,
    delivered_w,
    month_hours,
    monthly_days,
    without_sun,
)
from powerplan.components.harvester import HarvesterProfile
from powerplan.model.supply import Harvest, Place
from powerplan.plan.plan import FloatArray

SECONDS_PER_DAY = 86_400.0
MONTH_HOURS = np.array((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)) * 24

__all__ = ["Harvested", "MissingExtra", "harvested"]


@dataclass(frozen=True)
class Harvested:
    """Power at the battery by hour of the year, and what the charger takes for itself all the time."""

    power_w: FloatArray
    quiescent_a: float


def harvested(harvest: Harvest, profile: HarvesterProfile | None, use: Callable[[str], float], battery_v: float,
              temperature_c: FloatArray | float) -> Harvested:
    """The harvest of a scenario. `use` takes a figure of the profile. Raises MissingExtra."""

    def figure(stated: object, path: str, otherwise: float) -> float:
        if stated is not None:
            return float(stated.typ)  # type: ignore[attr-defined]
        return use(path) if profile is not None and getattr(profile, path) is not None else otherwise

    quiescent_a = figure(harvest.charger.quiescent, "charger_quiescent_current", 0.0)
    if harvest.charge_per_day is not None:
        mean_w = harvest.charge_per_day.typ * battery_v / SECONDS_PER_DAY
        shares = [1.0] * 12 if harvest.monthly is None else [share.typ for share in harvest.monthly]
        power_w = np.repeat([share * mean_w for share in shares], MONTH_HOURS)
    else:
        largest_a = figure(None, "charger_current_max", float("inf"))
        charger = Charger(
            figure(harvest.charger.efficiency, "charger_efficiency", 1.0),
            figure(harvest.charger.cold_start, "cold_start_power", 0.0),
            min(figure(harvest.charger.power_max, "charger_power_max", float("inf")), largest_a * battery_v))
        peak_w = figure(harvest.peak_power, "peak_power", 0.0) if harvest.place is not None else 0.0
        loss = figure(None, "temperature_loss_per_k", 0.0) if harvest.place is not None else 0.0
        power_w = delivered_w(_panel_w(harvest, peak_w, loss, temperature_c), charger)
    if harvest.dark_days:
        power_w = without_sun(power_w, harvest.dark_from - 1, harvest.dark_days)
    return Harvested(np.asarray(power_w, float), quiescent_a)


def _panel_w(harvest: Harvest, peak_w: float, loss_per_k: float, temperature_c: FloatArray | float) -> FloatArray:
    """Power of the panel by hour of the year. [W]"""
    if harvest.table is not None:
        return month_hours(np.array([[hour.typ for hour in month] for month in harvest.table], float))
    if harvest.energy_per_day is not None:
        return monthly_days(np.array([energy.typ for energy in harvest.energy_per_day], float))
    if harvest.place is None:
        return np.zeros(int(MONTH_HOURS.sum()))
    light = _light(harvest.place.model_dump_json())
    warm = 1.0 - loss_per_k * np.maximum(0.0, np.asarray(temperature_c, float) - 25.0)
    return np.asarray(np.maximum(0.0, peak_w * light * warm))


@cache
def _light(place: str) -> FloatArray:
    """Power of a panel of one watt at a place; kept, because every sample of a run asks for it again. [W]"""
    where = Place.model_validate_json(place)
    clearness = None if where.clearness is None else np.array([share.typ for share in where.clearness])
    return clear_sky_panel_w(where.latitude, where.longitude, 1.0, where.tilt, where.azimuth, where.altitude, clearness)
