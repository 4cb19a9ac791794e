"""Makes `published.csv` and `calibration.json` from the facts: python -m cascade.cost.calibrate --facts DIR"""

from __future__ import annotations

import argparse
import csv
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from cascade.cost.calibration import LEVELS, Floats, KernelModel, Observation, Spreads, observations_of
from cascade.cost.facts import read_layers, read_measurements
from cascade.cost.layers import fit_layers, layer_rules_data
from cascade.cost.published import COLUMNS, Measurement
from cascade.cost.reference_models import mobilenet_v1
from cascade.cost.work import GROUPS, Work, model_work, operator_work
from cascade.tflite import read_model

MODEL_FILES: Final = {
    "ad": "ad01_int8.tflite",
    "ic": "pretrainedResnet_quant.tflite",
    "kws": "kws_ref_model.tflite",
    "vww": "vww_96_int8.tflite",
    "ww": "str_ww_ref_model.tflite",
    "ic_large": "pretrainedResnet_large_int8.tflite",
}
FITTED_GROUPS: Final = ("conv_kxk", "conv_shallow", "conv_1x1", "depthwise", "fully_connected", "output", "element",
                        "operator")
START_CYCLES: Final = {
    "conv_kxk": 1.4, "conv_shallow": 2.2, "conv_1x1": 1.2, "depthwise": 2.5, "fully_connected": 2.4, "output": 12.0,
    "element": 10.0, "operator": 1500.0, "softmax": 714.0, "lookup": 669.0, "move": 27.0, "convert": 60.0,
    "resize": 60.0,
}
"""Cycles per unit on a Cortex-M4F with tuned kernels before the fit. softmax, lookup, move and convert are the CPU
cycles per value of the layers that the EFR32xG24 runs on its Cortex-M33; resize is assumed like convert."""
BOARD_SPREADS: Final = tuple(float(spread) for spread in np.geomspace(0.03, 1.0, 15))
BOARD_PRIOR: Final = (0.305, 6)
"""Spread between boards of one core and library, and its degrees of freedom, from boards that the published
measurements do not have: the cycles of the small CIFAR-10 model in sipeed/TinyMaix benchmark.md (Cortex-M4: AT32F403A
7.2 M, STM32G474 7.3 M, STM32F411 11.3 M, STM32L496 13.0 M, nRF52832 13.9 M; Cortex-M3: MM32F3270 24.7 M, STM32F103
32.0 M; Cortex-M0+: SAMD21 33.6 M, RP2040 56.0 M; rows marked as unconfirmed left out), pooled within a core."""
START_SPREADS: Final = {
    "core": (0.7, 0.40), "library": (0.4, 0.20), "version": (0.2, 0.20), "core_library": (0.06, 0.07),
    "core_version": (0.05, 0.05), "device": (BOARD_PRIOR[0], 0.04), "device_version": (0.03, 0.03),
    "model": (0.10, 0.0), "model_version": (0.06, 0.0),
}
START_NOISE: Final = 0.06
NOISES: Final = (0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.13)
PRIOR_WIDTH: Final = 0.7
"""Standard deviation of the logarithm of a base cycle or spread around its start."""
ROUNDS: Final = 6
PASSES: Final = 2
ACCELERATORS: Final = frozenset({"gap9", "hifi3-dsp"})
"""Cores with one library of their own: nothing tells core and library apart, so the spreads leave them out."""


def model_works(models: Path) -> dict[str, Work]:
    """Work of every published model, from its file or by formula."""
    works = {name: model_work(read_model(models / file)) for name, file in MODEL_FILES.items()}
    person = mobilenet_v1(0.25, 96, 1, 2)
    works["person_detect"] = np.sum([operator_work(operator) for operator in person], axis=0)
    return works


def fit_spreads(observations: Sequence[Observation]) -> Spreads:
    """Base cycles and spreads of the highest posterior density, by a coordinate search on their logarithms.

    The noise and the spread between boards, of which the likelihood of all results together knows little, then follow
    from leaving results and boards out of these observations.
    """
    observations = [one for one in observations if one.place.core not in ACCELERATORS]
    boards, rows = _boards(observations), _single_rows(observations)
    values = _start_values()
    start = dict(values)
    board_spread, noise = BOARD_PRIOR[0], START_NOISE

    def cost() -> float:
        prior = sum(((values[key] - start[key]) / PRIOR_WIDTH) ** 2 for key in start) / 2.0
        return prior - KernelModel(observations, _spreads_of(values, board_spread, noise)).log_likelihood()

    for _ in range(PASSES):
        _coordinate_search(values, cost)
        found = _spreads_of(values, board_spread, noise)
        noises = [replace(found, noise=one) for one in NOISES]
        found = noises[int(np.argmax(_scores(observations, noises, rows)))]
        found = _with_board_spread(observations, found, boards)
        board_spread, noise = found.scale["device"], found.noise
    return found


LeftOut = tuple[list[int], list[bool]]
"""Observations that are left out together, and which of them are judged."""


def _scores(observations: Sequence[Observation], candidates: Sequence[Spreads], groups: Sequence[LeftOut]) -> Floats:
    """Logarithm of the density with which the groups, each left out in turn, are predicted under each candidate."""
    models = [KernelModel(observations, spreads) for spreads in candidates]
    return np.array([sum(_mean_log_density(model, group) for group in groups) for model in models])


def _with_board_spread(observations: Sequence[Observation], spreads: Spreads, boards: Sequence[LeftOut]) -> Spreads:
    """The spread between boards: root of the mean square over what other boards and these leave possible.

    The mode of a variance known from few boards would believe that boards hardly differ (Gelman, Bayesian Analysis 1,
    2006, 515), so its posterior is averaged; its prior is a scaled inverse chi-square.
    """
    squares = np.square(BOARD_SPREADS)
    candidates = [replace(spreads, scale={**spreads.scale, "device": spread}) for spread in BOARD_SPREADS]
    prior_spread, freedom = BOARD_PRIOR
    logs = _scores(observations, candidates, boards) - freedom / 2 * (np.log(squares) + prior_spread**2 / squares)
    board_spread = float(np.sqrt(np.average(squares, weights=np.exp(logs - logs.max()))))
    return replace(spreads, scale={**spreads.scale, "device": board_spread})


def _mean_log_density(model: KernelModel, group: LeftOut) -> float:
    """Of the judged observations of a group, so that a board counts once however often it was measured."""
    errors, spreads = model.left_out(group[0])
    return float(np.mean((-0.5 * (errors / spreads) ** 2 - np.log(spreads))[group[1]]))


def _single_rows(observations: Sequence[Observation]) -> list[LeftOut]:
    """Every observation whose device was measured with the same stack on another model."""
    places = [one.place for one in observations]
    return [([number], [True]) for number, place in enumerate(places) if places.count(place) > 1]


def _boards(observations: Sequence[Observation]) -> list[LeftOut]:
    """The observations of each board; judged are those whose core and library were measured on another board too."""
    boards: dict[str | None, list[int]] = {}
    for number, one in enumerate(observations):
        boards.setdefault(one.place.device, []).append(number)
    groups = [(rows, [_known_elsewhere(observations, number) for number in rows]) for rows in boards.values()]
    return [group for group in groups if any(group[1])]


def _known_elsewhere(observations: Sequence[Observation], number: int) -> bool:
    mine = observations[number].place
    return any(
        (place.core, place.library) == (mine.core, mine.library) and place.device != mine.device
        for place in (one.place for one in observations)
    )


def _start_values() -> dict[tuple[str, str], float]:
    values = {("base", group): math.log(START_CYCLES[group]) for group in FITTED_GROUPS}
    for level, (scale, share) in START_SPREADS.items():
        if level != "device":
            values["scale", level] = math.log(scale)
        if share:
            values["share", level] = math.log(share)
    return values


def _spreads_of(values: dict[tuple[str, str], float], board_spread: float, noise: float) -> Spreads:
    """The spreads that a point of the search stands for."""
    base = {**START_CYCLES, **{group: math.exp(values["base", group]) for group in FITTED_GROUPS}}
    scales = {level: math.exp(values["scale", level]) for level in LEVELS if level != "device"}
    return Spreads(
        tuple(base[group] for group in GROUPS),
        {level: scales.get(level, board_spread) for level in LEVELS},
        {level: math.exp(values["share", level]) if ("share", level) in values else 0.0 for level in LEVELS},
        noise,
    )


def _coordinate_search(values: dict[tuple[str, str], float], cost: Callable[[], float]) -> None:
    best = cost()
    step = dict.fromkeys(values, 0.3)
    for _ in range(ROUNDS):
        for key in values:
            before, improved = values[key], False
            for change in (step[key], -step[key]):
                values[key] = before + change
                found = cost()
                if found < best - 1e-6:
                    best, improved = found, True
                    break
                values[key] = before
            step[key] *= 1.3 if improved else 0.5


def calibrate(facts: Path) -> tuple[tuple[Measurement, ...], dict[str, Any]]:
    """The published measurements and the calibration made from the facts."""
    works = model_works(facts / "models")
    measurements = read_measurements(facts / "inference" / "mlperf_tiny.csv")
    observations = observations_of(measurements, works)
    spreads = fit_spreads(observations)
    layers = read_layers(facts / "inference" / "efr32xg24_layers.csv")
    data = {
        "made_by": "python -m cascade.cost.calibrate --facts DIR",
        "sources": [
            "MLPerf Tiny v0.5 to v1.3, mlcommons/tiny_results_v*: the rows of published.csv",
            "Silicon Labs MLTK profiles of ten models on an EFR32xG24 (efr32xg24_layers.csv): the layer rules",
        ],
        "kernels": {
            "base_cycles": {group: _short(cycles) for group, cycles in zip(GROUPS, spreads.base_cycles, strict=True)},
            "spreads": {
                level: {"scale": _short(spreads.scale[level]), "share": _short(spreads.share[level])}
                for level in LEVELS
            },
            "noise": _short(spreads.noise),
        },
        "layers": {"mvp": layer_rules_data(fit_layers(layers), layers)},
        "models": {
            name: {"work": {group: int(amount) for group, amount in zip(GROUPS, work, strict=True) if amount}}
            for name, work in works.items()
        },
    }
    return measurements, data


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the two files beside this module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    given = parser.parse_args(arguments)
    measurements, data = calibrate(given.facts)
    with open(given.out / "published.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in measurements:
            writer.writerow(["" if getattr(row, name) is None else _text(getattr(row, name)) for name in COLUMNS])
    text = json.dumps(data, indent=1, ensure_ascii=False)
    (given.out / "calibration.json").write_text(text + "\n", encoding="utf-8")


def _text(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
