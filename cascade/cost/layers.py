"""Cost by layer of an accelerator whose layers have been measured: time per operator kind from its shapes."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cascade.cost.calibration import calibration_data
from cascade.cost.work import SHALLOW_CHANNELS, Operator, elements

Floats = npt.NDArray[np.float64]

TERMS: Final = ("operator", "mac", "output", "input")
"""What the time of a layer is proportional to: its being run, its multiply-accumulates, its values out and in."""
LAYERS_CLOCK_HZ: Final = 78e6
CLOCK_TICK_S: Final = 3e-5
"""Resolution of the measured layer times: one tick of a 32,768 Hz clock."""


@dataclass(frozen=True)
class Layer:
    """One measured layer."""

    model: str
    kind: str
    macs: int
    input_shapes: tuple[tuple[int, ...], ...]
    output_shapes: tuple[tuple[int, ...], ...]
    kernel: tuple[int, int] | None
    time_s: float


@dataclass(frozen=True)
class LayerRules:
    """Cycles per term for each kind of layer; `typical` stands in for a kind that was not measured."""

    cycles: Mapping[str, tuple[float, ...]]
    spread: float
    """Standard deviation of the logarithm of a left-out model's time."""

    def operator_cycles(self, operator: Operator) -> float:
        """Cycles of one run of an operator. [count]"""
        rule = self.cycles.get(layer_kind(operator)) or self.cycles["typical"]
        return float(np.dot(rule, layer_terms(operator)))

    def covers(self, operator: Operator) -> bool:
        """Whether this kind of layer has been measured."""
        return layer_kind(operator) in self.cycles


def layer_kind(operator: Operator) -> str:
    """Kind of a layer as its cost distinguishes it."""
    kind = operator.kind.lower()
    if kind != "conv_2d":
        return kind
    if operator.kernel == (1, 1):
        return "conv_1x1"
    return "conv_shallow" if operator.input_shapes[0][-1] < SHALLOW_CHANNELS else "conv_kxk"


def layer_terms(operator: Operator) -> Floats:
    """The terms of a layer, in the order of `TERMS`. [count]"""
    return np.array(
        [1.0, float(operator.macs), float(elements(operator.output_shapes)), float(elements(operator.input_shapes[:1]))]
    )


def fit_layers(layers: Sequence[Layer]) -> dict[str, tuple[float, ...]]:
    """Cycles per term of each kind, by non-negative least squares on the relative error of each layer."""
    rules = {kind: _fit_kind([one for one in layers if layer_kind(one) == kind]) for kind in _kinds(layers)}
    rules["typical"] = (2000.0, 2.0, 20.0, 5.0)
    return rules


def _kinds(layers: Iterable[Layer]) -> list[str]:
    return sorted({layer_kind(one) for one in layers})


def _fit_kind(layers: Sequence[Layer]) -> tuple[float, ...]:
    times = np.array([max(one.time_s, CLOCK_TICK_S) for one in layers])
    weights = 1.0 / (times + CLOCK_TICK_S)
    terms = np.array([layer_terms(one) for one in layers])
    if not terms[:, 1].any():
        terms[:, 1] = 0.0
    if len(layers) < len(TERMS):
        terms[:, [0, 3]] = 0.0
    return tuple(non_negative_least_squares(terms * weights[:, None], times * LAYERS_CLOCK_HZ * weights))


def non_negative_least_squares(terms: Floats, values: Floats, rounds: int = 600) -> Floats:
    """The x >= 0 that makes |terms x - values| smallest, by coordinate descent."""
    square, product = terms.T @ terms, terms.T @ values
    found = np.zeros(terms.shape[1])
    for _ in range(rounds):
        before = found.copy()
        for column in range(len(found)):
            if square[column, column] > 0.0:
                gradient = product[column] - square[column] @ found
                found[column] = max(0.0, found[column] + gradient / square[column, column])
        if np.array_equal(before, found):
            break
    return found


def left_out_errors(layers: Sequence[Layer]) -> dict[str, float]:
    """Logarithm of predicted over measured time of each model, its layers left out of the fit."""
    errors = {}
    for model in dict.fromkeys(one.model for one in layers):
        rules = LayerRules(fit_layers([one for one in layers if one.model != model]), 0.0)
        mine = [one for one in layers if one.model == model]
        predicted_s = sum(rules.operator_cycles(one) for one in mine) / LAYERS_CLOCK_HZ
        errors[model] = float(np.log(predicted_s / sum(one.time_s for one in mine)))
    return errors


def layer_rules_data(rules: Mapping[str, tuple[float, ...]], layers: Sequence[Layer]) -> dict[str, Any]:
    """Rules of a fit as they stand in the calibration file."""
    errors = np.array(list(left_out_errors(layers).values()))
    spread = float(1.4826 * np.median(np.abs(errors)))
    return {
        "terms": list(TERMS),
        "cycles": {kind: [float(f"{value:.4g}") for value in rule] for kind, rule in rules.items()},
        "layer_counts": {kind: sum(layer_kind(one) == kind for one in layers) for kind in _kinds(layers)},
        "spread": float(f"{max(spread, 0.05):.3g}"),
    }


@functools.cache
def shipped_layer_rules(accelerator: str) -> LayerRules:
    """Rules of an accelerator from the calibration file."""
    data = calibration_data()["layers"][accelerator]
    return LayerRules({kind: tuple(rule) for kind, rule in data["cycles"].items()}, float(data["spread"]))
