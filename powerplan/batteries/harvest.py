"""What the sun gives the battery by hour of the year: from a table, or from a place with pvlib."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powerplan.errors import PowerplanError

FloatArray = NDArray[np.float64]

HOURS_PER_YEAR = 8_760
MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
FULL_SUN_W_PER_M2 = 1_000.0


class MissingExtra(PowerplanError):
    """A feature needs a package that is installed on request."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(feature, extra)
        self.feature, self.extra = feature, extra

    def __str__(self) -> str:
        return (
            f'{self.feature} needs an extra: pip install "powerplan[{self.extra}]"; or give a table by month and hour'
        )


@dataclass(frozen=True)
class Charger:
    """Between panel and battery."""

    efficiency_fraction: float
    cold_start_w: float = 0.0
    """Below this the panel gives nothing."""
    largest_w: float = float("inf")
    """Most it delivers to the battery."""


def month_hours(by_month_and_hour: FloatArray) -> FloatArray:
    """Hours of the year from a table by month and hour of the day. Shape (8760,) from (12, 24)"""
    if by_month_and_hour.shape != (12, 24):
        raise ValueError(f"a table by month and hour has 12 rows of 24, got shape {by_month_and_hour.shape}")
    if not np.isfinite(by_month_and_hour).all() or (by_month_and_hour < 0.0).any():
        raise ValueError("a harvest is not below zero and finite")
    return np.repeat(by_month_and_hour, MONTH_DAYS, axis=0).reshape(HOURS_PER_YEAR)


def monthly_days(energy_j_per_day: FloatArray, day_shape: FloatArray | None = None) -> FloatArray:
    """Power by hour of the year from the energy of a day in each month. [W], shape (8760,)

    The shape of the day is a half sine from 6 to 18 o'clock unless one is given.
    """
    if energy_j_per_day.shape != (12,):
        raise ValueError("give the energy of a day for each of the 12 months")
    shape = np.clip(np.sin(np.pi * (np.arange(24) + 0.5 - 6.0) / 12.0), 0.0, None) if day_shape is None else day_shape
    if shape.shape != (24,) or shape.sum() <= 0.0:
        raise ValueError("the shape of a day has 24 hours and some sun")
    return month_hours(np.outer(energy_j_per_day, shape / shape.sum()) / 3_600.0)


def delivered_w(panel_w: FloatArray, charger: Charger) -> FloatArray:
    """Power at the battery terminals. [W], shape of panel_w"""
    awake_w = np.where(panel_w >= charger.cold_start_w, panel_w, 0.0)
    return np.minimum(awake_w * charger.efficiency_fraction, charger.largest_w)


def without_sun(harvest_w: FloatArray, first_day: int, day_count: int) -> FloatArray:
    """The same year with some days dark. [W], shape (8760,)"""
    dark = harvest_w.copy()
    days = (first_day + np.arange(day_count)) % 365
    dark.reshape(365, 24)[days] = 0.0
    return dark


def clear_sky_panel_w(
    latitude_deg: float,
    longitude_deg: float,
    peak_power_w: float,
    tilt_deg: float,
    azimuth_deg: float = 180.0,
    altitude_m: float = 0.0,
    clearness_by_month: FloatArray | None = None,
    loss_per_k: float = 0.0,
    temperature_c: FloatArray | float = 25.0,
) -> FloatArray:
    """Power of a panel by hour of the year in local solar time. [W], shape (8760,)

    Clear sky (Ineichen) and plane-of-array irradiance by pvlib; `clearness_by_month` is the share of it that clouds
    and shade let through. Hours run from midnight UTC, shifted to local time by the longitude.
    """
    try:
        import pandas
        from pvlib import irradiance, location
    except ImportError as error:
        raise MissingExtra("the sun at a place", "sun") from error
    site = location.Location(latitude_deg, longitude_deg, tz="UTC", altitude=altitude_m)
    shift = pandas.Timedelta(hours=-longitude_deg / 15.0)
    times = pandas.date_range("2025-01-01 00:30", periods=HOURS_PER_YEAR, freq="h", tz="UTC") + shift
    sky = site.get_clearsky(times, model="ineichen", linke_turbidity=3.0)
    sun = site.get_solarposition(times)
    plane = irradiance.get_total_irradiance(
        tilt_deg, azimuth_deg, sun["apparent_zenith"], sun["azimuth"], sky["dni"], sky["ghi"], sky["dhi"]
    )
    light = np.nan_to_num(np.asarray(plane["poa_global"], float))
    clear = np.ones(12) if clearness_by_month is None else clearness_by_month
    warm = 1.0 - loss_per_k * np.maximum(0.0, np.asarray(temperature_c, float) - 25.0)
    return np.asarray(
        np.maximum(0.0, peak_power_w * light / FULL_SUN_W_PER_M2 * np.repeat(clear, MONTH_DAYS * 24) * warm)
    )
