"""Fits of a cell's parameters to measurements, by plain least squares."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from powerplan.batteries.pack import Curve
from powerplan.kernels import battery as physics

FloatArray = NDArray[np.float64]
KNOTS = np.array([0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0])


class FitError(ValueError):
    """The measurements cannot tell the parameters apart."""


@dataclass(frozen=True)
class DischargeLog:
    """One discharge from full to the cut-off: time, current out of the cell and terminal voltage."""

    time_s: FloatArray
    current_a: FloatArray
    voltage_v: FloatArray
    temperature_c: float = 20.0

    def __post_init__(self) -> None:
        if not (self.time_s.shape == self.current_a.shape == self.voltage_v.shape) or self.time_s.size < 10:
            raise FitError("a discharge log needs at least 10 samples of time, current and voltage")
        if np.any(np.diff(self.time_s) <= 0.0):
            raise FitError("the times of a discharge log must rise")
        if not all(np.isfinite(part).all() for part in (self.time_s, self.current_a, self.voltage_v)):
            raise FitError("a discharge log must be finite throughout")

    @property
    def used_c(self) -> FloatArray:
        """Charge taken out until each sample; a current holds until the next sample. [C]"""
        steps = self.current_a[:-1] * np.diff(self.time_s)
        return np.concatenate([[0.0], np.cumsum(steps)])


@dataclass(frozen=True)
class CurveFit:
    """A cell fitted to a discharge log, and how far it is from the log."""

    capacity_c: float
    curve: Curve
    well_share_fraction: float
    rate_per_s: float
    rms_error_v: float
    largest_error_v: float


@dataclass(frozen=True)
class WellsFit:
    """Two wells fitted to capacities at several currents."""

    capacity_c: float
    well_share_fraction: float
    rate_per_s: float
    predicted_c: FloatArray
    relative_error: FloatArray


def least_squares(
    residuals: Callable[[FloatArray], FloatArray], start: FloatArray, turns: int = 200, enough: float = 1e-12
) -> tuple[FloatArray, float]:
    """Parameters with the least sum of squares and that sum, by Levenberg and Marquardt's damped steps.

    The derivatives are differences, so give parameters of order one (logarithms, shares).
    """
    at, damping = np.array(start, float), 1e-2
    now = residuals(at)
    cost = float(now @ now)
    for _ in range(turns):
        slopes = np.empty((now.size, at.size))
        for column in range(at.size):
            nudged = at.copy()
            nudged[column] += 1e-5
            slopes[:, column] = (residuals(nudged) - now) / 1e-5
        square, downhill = slopes.T @ slopes, slopes.T @ now
        improved = False
        for _ in range(12):
            step = np.linalg.solve(square + damping * np.diag(np.diag(square) + 1e-12), -downhill)
            there = residuals(at + step)
            if np.isfinite(there).all() and float(there @ there) < cost:
                improved = True
                break
            damping *= 4.0
        if not improved:
            break
        gain = cost - float(there @ there)
        at, now, cost, damping = at + step, there, float(there @ there), damping / 3.0
        if gain <= enough * cost:
            break
    return at, cost


def share_of(parameter: float) -> float:
    """A share between 0 and 1 from a free parameter (logistic)."""
    return 1.0 / (1.0 + math.exp(-min(max(parameter, -30.0), 30.0)))


def bounded_exp(parameter: float) -> float:
    """A positive number from a free parameter, kept where it can be computed with."""
    return math.exp(min(max(parameter, -35.0), 35.0))


def fit_wells(current_a: FloatArray, delivered_c: FloatArray) -> WellsFit:
    """Capacity, share and rate of two wells from capacities delivered at constant currents.

    Relative errors are made small together; three currents give an exact fit, fewer are refused.
    """
    if current_a.size < 3 or current_a.shape != delivered_c.shape:
        raise FitError("two wells have three parameters: give capacities at three currents or more")

    def predicted(parameters: FloatArray) -> FloatArray:
        capacity_c, rate = bounded_exp(parameters[0]), bounded_exp(parameters[2])
        return physics.kibam_capacity(capacity_c, current_a, share_of(parameters[1]), rate)

    def residuals(parameters: FloatArray) -> FloatArray:
        return predicted(parameters) / delivered_c - 1.0

    best: tuple[FloatArray, float] | None = None
    slowest_s = float((delivered_c / current_a).max())
    for rate in np.geomspace(0.3 / slowest_s, 300.0 / slowest_s, 7):
        for share in (-1.5, 0.0, 1.5):
            start = np.array([math.log(float(delivered_c.max()) * 1.02), share, math.log(rate)])
            found = least_squares(residuals, start)
            if best is None or found[1] < best[1]:
                best = found
    if best is None:
        raise FitError("no start of the fit gave finite numbers")
    parameters = best[0]
    given = predicted(parameters)
    return WellsFit(
        math.exp(parameters[0]), share_of(parameters[1]), math.exp(parameters[2]), given, given / delivered_c - 1.0
    )


def fit_log(log: DischargeLog, kinetics: bool = True, knots: FloatArray = KNOTS) -> CurveFit:
    """Open-circuit voltage and resistance over depth of discharge, and the wells, from one discharge log.

    For given wells the voltage is linear in the values at the knots, V = Σ φ(depth) E − I Σ φ(depth) R, so only the
    wells are searched. A log with one current only cannot tell the voltage from the resistance and is refused.
    """
    spread = float(np.ptp(log.current_a))
    if spread < 0.05 * float(np.abs(log.current_a).max()):
        raise FitError("the log holds one current only: open-circuit voltage and resistance need two loads or more")
    capacity_c = float(log.used_c[-1])
    if capacity_c <= 0.0:
        raise FitError("the log takes no charge out of the cell")
    best = _curve_given_wells(log, capacity_c, 1.0, 1e-3, knots)
    if kinetics:
        span_s = float(log.time_s[-1] - log.time_s[0])

        def residuals(parameters: FloatArray) -> FloatArray:
            wells = (share_of(parameters[1]), bounded_exp(parameters[2]))
            return _curve_given_wells(log, capacity_c * math.exp(parameters[0]), *wells, knots)[1]

        starts = [
            least_squares(residuals, np.array([0.05, 0.5, math.log(turns / span_s)]), 25, 1e-4)
            for turns in (1.0, 10.0, 100.0)
        ]
        parameters, cost = min(starts, key=lambda start: start[1])
        if cost < 0.98 * float(best[1] @ best[1]):
            wells = (share_of(parameters[1]), bounded_exp(parameters[2]))
            capacity = capacity_c * math.exp(parameters[0])
            return _as_fit(log, _curve_given_wells(log, capacity, *wells, knots), capacity, *wells)
    return _as_fit(log, best, capacity_c, 1.0, 1e-3)


def _as_fit(
    log: DischargeLog, found: tuple[FloatArray, FloatArray, FloatArray], capacity_c: float, share: float, rate: float
) -> CurveFit:
    values, errors, knots = found
    curve = Curve(log.temperature_c, knots, values[: knots.size], np.maximum(values[knots.size :], 0.0))
    return CurveFit(capacity_c, curve, share, rate, float(np.sqrt(np.mean(errors**2))), float(np.abs(errors).max()))


def _curve_given_wells(
    log: DischargeLog, capacity_c: float, share: float, rate: float, knots: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Values at the knots, errors in volts at the samples, knots."""
    depth = np.clip(1.0 - _heads(log, capacity_c, share, rate) / capacity_c, 0.0, 1.0)
    hats = np.array([np.interp(depth, knots, row) for row in np.eye(knots.size)]).T
    typical_a = float(np.abs(log.current_a).max())
    matrix = np.hstack([hats, -log.current_a[:, None] / typical_a * hats])
    # Knots the log hardly visits lean on their neighbours: a little curvature costs a little.
    bend = 1e-3 * math.sqrt(log.time_s.size) * np.diff(np.eye(knots.size), 2, axis=0)
    smooth = np.kron(np.eye(2), bend.T @ bend) + 1e-12 * np.eye(2 * knots.size)
    # Thirty unknowns: their normal equations are quick and the columns of one size. Plain sums, because a threaded
    # product of matrices this small waits longer for its threads than it computes.
    square = np.einsum("ki,kj->ij", matrix, matrix)
    values = np.linalg.solve(square + smooth, np.einsum("ki,k->i", matrix, log.voltage_v))
    errors = np.einsum("ki,i->k", matrix, values) - log.voltage_v
    values[knots.size :] /= typical_a
    return values, errors, knots


def _heads(log: DischargeLog, capacity_c: float, share: float, rate: float) -> FloatArray:
    """Head of the available well at each sample. [C]"""
    left_c = capacity_c - log.used_c
    if share >= 1.0:
        return np.asarray(left_c)
    spans_s = np.diff(log.time_s)
    decay = np.exp(-rate * spans_s)
    grown = log.current_a[:-1] / (share * rate) * -np.expm1(-rate * spans_s)
    lag = [0.0]
    for fallen, more in zip(decay.tolist(), grown.tolist(), strict=True):
        lag.append(lag[-1] * fallen + more)
    return np.asarray(left_c - (1.0 - share) * np.array(lag))


def read_log(path: Path, temperature_c: float = 20.0) -> DischargeLog:
    """A discharge log from a CSV file with the columns time_s, current_a, voltage_v. Raises FitError.

    Lines before the column names that begin with # say where the log is from.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        lines = stream.readlines()
        said = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
        reader = csv.DictReader(lines[said:])
        missing = {"time_s", "current_a", "voltage_v"} - set(reader.fieldnames or ())
        if missing:
            raise FitError(f"{path.name}: no column {', '.join(sorted(missing))}; needed: time_s,current_a,voltage_v")
        try:
            rows = [[float(row["time_s"]), float(row["current_a"]), float(row["voltage_v"])] for row in reader]
        except (TypeError, ValueError) as error:
            raise FitError(f"{path.name}:{said + reader.line_num}: not a number: {error}") from error
    if not rows:
        raise FitError(f"{path.name}: no samples")
    time_s, current_a, voltage_v = np.array(rows, float).T
    return DischargeLog(time_s.copy(), current_a.copy(), voltage_v.copy(), temperature_c)
