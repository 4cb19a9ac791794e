"""The calibrated kernel model: cycles of a model on a core with a kernel library, with their spread.

The model is log-linear: log(cycles) = log(base . work) + the effects of core, library, version and device. An effect
has a scale and a correction per group of work, weighted by the group's share of the base cycles. All effects are
Gaussian with mean 0 and the spreads of the calibration file, so a prediction is the conditional mean given the
published measurements (kriging; Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, eq. 2.23) and
its spread is known: narrow on a known device and library, wide where only the family is known.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cascade.cost.published import Measurement, published_measurements
from cascade.cost.work import GROUPS, Work

Floats = npt.NDArray[np.float64]

LEVELS: Final = (
    "core", "library", "version", "core_library", "core_version", "device", "device_version", "model", "model_version",
)
INTERVAL_Z: Final = 1.645
"""Standard deviations to either side that hold nine in ten of a Gaussian."""

OUTSIDE_KERNEL_MODEL: Final = frozenset({"reference", "mvp"})
"""Libraries with a cost rule of their own: a reference build spreads with its compiler flags, the MVP is known by
layer."""


@dataclass(frozen=True)
class Place:
    """Where a model runs, as far as it is known; None is unknown."""

    core: str
    library: str | None = None
    version: str | None = None
    device: str | None = None

    @property
    def stack(self) -> str:
        """Kernel library with its version."""
        return f"{self.library or 'any'} {self.version or ''}".strip()

    def keys(self, model: str | None) -> dict[str, tuple[str, ...] | None]:
        """Name of this place at each level of effects; None where it is unknown."""
        whole = None if self.version is None else f"{self.library} {self.version}"
        parts: dict[str, tuple[str | None, ...]] = {
            "core": (self.core,),
            "library": (self.library,),
            "version": (whole,),
            "core_library": (self.core, self.library),
            "core_version": (self.core, whole),
            "device": (self.device,),
            "device_version": (self.device, whole),
            "model": (model,),
            "model_version": (model, whole),
        }
        return {
            level: None if None in names else tuple(name for name in names if name is not None)
            for level, names in parts.items()
        }


@dataclass(frozen=True)
class Observation:
    """One measured model at one place."""

    place: Place
    model: str
    work: Work
    cycles: float

    def keys(self) -> dict[str, tuple[str, ...] | None]:
        """Its name at each level of effects."""
        return self.place.keys(self.model)


@dataclass(frozen=True)
class Spreads:
    """Base cycles per unit of each group, and the standard deviation of the effects of each level."""

    base_cycles: tuple[float, ...]
    scale: Mapping[str, float]
    share: Mapping[str, float]
    noise: float

    def base(self, work: Work) -> tuple[float, Floats]:
        """Logarithm of the base cycles of some work, and the share of each group in them."""
        cycles = work * np.asarray(self.base_cycles)
        total = float(cycles.sum())
        return float(np.log(total)), cycles / total


class KernelModel:
    """Cycles at any place, given measurements at some places."""

    def __init__(self, observations: Sequence[Observation], spreads: Spreads) -> None:
        self.observations, self.spreads = tuple(observations), spreads
        keys = [one.keys() for one in self.observations]
        names: list[dict[tuple[str, ...] | None, int]] = [
            {name: number for number, name in enumerate(dict.fromkeys(one[level] for one in keys))} for level in LEVELS
        ]
        self._numbers = [
            {name: number for name, number in known.items() if name is not None} for known in names
        ]
        columns = [[known[one[level]] for one in keys] for known, level in zip(names, LEVELS, strict=True)]
        self._codes = np.array(columns).T
        base = [spreads.base(one.work) for one in self.observations]
        self._shares = np.array([shares for _, shares in base])
        self._departure = np.array(
            [np.log(one.cycles) - log_base for one, (log_base, _) in zip(self.observations, base, strict=True)]
        )
        self._inverse = np.linalg.inv(self._covariance() + spreads.noise**2 * np.eye(len(keys)))

    def _covariance(self) -> Floats:
        """Covariance of the log cycles of the observations with each other."""
        alike: Floats = self._shares @ self._shares.T
        total: Floats = np.zeros(alike.shape)
        for column, level in enumerate(LEVELS):
            codes = self._codes[:, column]
            effect = self.spreads.scale[level] ** 2 + self.spreads.share[level] ** 2 * alike
            known = np.isin(codes, list(self._numbers[column].values()))
            total += np.where((codes[:, None] == codes[None, :]) & known[:, None], effect, 0.0)
        return total

    def _between(self, keys: Mapping[str, tuple[str, ...] | None], shares: Floats) -> Floats:
        """Covariance of the log cycles at a place with those of every observation."""
        alike = self._shares @ shares
        total = np.zeros(len(alike))
        for column, level in enumerate(LEVELS):
            name = keys[level]
            number = None if name is None else self._numbers[column].get(name)
            if number is not None:
                effect = self.spreads.scale[level] ** 2 + self.spreads.share[level] ** 2 * alike
                total += np.where(self._codes[:, column] == number, effect, 0.0)
        return total

    def predict(self, work: Work, place: Place, model: str | None = None) -> tuple[float, float]:
        """Logarithm of the cycles of some work at a place, and its standard deviation."""
        log_base, shares = self.spreads.base(work)
        between = self._between(place.keys(model), shares)
        mean = log_base + float(between @ self._inverse @ self._departure)
        alike = float(shares @ shares)
        prior = sum(self.spreads.scale[one] ** 2 + self.spreads.share[one] ** 2 * alike for one in LEVELS)
        variance = prior + self.spreads.noise**2 - float(between @ self._inverse @ between)
        return mean, float(np.sqrt(max(variance, self.spreads.noise**2)))

    def knows(self, place: Place) -> int:
        """Measurements with the same core and library. [count]"""
        return sum(one.place.core == place.core and one.place.library == place.library for one in self.observations)

    def left_out(self, rows: Sequence[int]) -> tuple[Floats, Floats]:
        """Errors of the log cycles of some observations predicted without them, and their standard deviations.

        With P the inverse covariance, leaving the rows g out gives the errors (P_gg)^-1 (P y)_g with the covariance
        (P_gg)^-1 (Rasmussen and Williams, 2006, section 5.4.2, for a block of rows).
        """
        chosen = list(rows)
        covariance = np.linalg.inv(self._inverse[np.ix_(chosen, chosen)])
        errors: Floats = covariance @ (self._inverse @ self._departure)[chosen]
        return errors, np.sqrt(np.diag(covariance))

    def log_likelihood(self) -> float:
        """Logarithm of the probability density of the measurements under the spreads, up to a constant."""
        _, log_determinant = np.linalg.slogdet(self._inverse)
        return float(0.5 * log_determinant - 0.5 * self._departure @ self._inverse @ self._departure)


@functools.cache
def calibration_data() -> Mapping[str, Any]:
    """The calibration file of the package."""
    text = resources.files("cascade.cost").joinpath("calibration.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


@functools.cache
def shipped_spreads() -> Spreads:
    """Base cycles and spreads of the calibration file."""
    kernels = calibration_data()["kernels"]
    return Spreads(
        tuple(float(kernels["base_cycles"][group]) for group in GROUPS),
        {level: float(kernels["spreads"][level]["scale"]) for level in LEVELS},
        {level: float(kernels["spreads"][level]["share"]) for level in LEVELS},
        float(kernels["noise"]),
    )


@functools.cache
def known_models() -> Mapping[str, Work]:
    """Work of each published model, by its name."""
    return {
        name: np.array([float(counts["work"].get(group, 0.0)) for group in GROUPS])
        for name, counts in calibration_data()["models"].items()
    }


def observations_of(measurements: Sequence[Measurement], models: Mapping[str, Work]) -> tuple[Observation, ...]:
    """The int8 measurements that the kernel model is calibrated on; repeated ones become their geometric mean."""
    cycles: dict[tuple[Place, str], list[float]] = {}
    for row in measurements:
        if row.dtype == "int8" and row.library not in OUTSIDE_KERNEL_MODEL:
            place = Place(row.core, row.library, row.version, row.device)
            cycles.setdefault((place, row.model), []).append(row.cycles)
    return tuple(
        Observation(place, model, models[model], float(np.exp(np.mean(np.log(values)))))
        for (place, model), values in cycles.items()
    )


@functools.cache
def shipped_kernel_model() -> KernelModel:
    """The kernel model with every published measurement."""
    return KernelModel(observations_of(published_measurements(), known_models()), shipped_spreads())
