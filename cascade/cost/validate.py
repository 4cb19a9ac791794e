"""How wrong the estimates are: python -m cascade.cost.validate --facts DIR --out docs/inference-error.md

Every published measurement is predicted by a model that was fitted without it: without its model, without its board,
without its stack. The page says what came out, also where a goal is missed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from cascade.cost.calibrate import fit_spreads, model_works
from cascade.cost.calibration import (
    INTERVAL_Z,
    OUTSIDE_KERNEL_MODEL,
    KernelModel,
    Observation,
    Spreads,
    observations_of,
    shipped_spreads,
)
from cascade.cost.energy import MEASURED_POWER_SPREAD
from cascade.cost.facts import read_layers, read_measurements
from cascade.cost.layers import LAYERS_CLOCK_HZ, Layer, LayerRules, fit_layers, left_out_errors, shipped_layer_rules
from cascade.cost.published import Measurement
from cascade.cost.work import GROUPS, Work

MICROCONTROLLER_CORES: Final = frozenset({"cortex-m0+", "cortex-m4f", "cortex-m7", "cortex-m33", "cortex-m85"})


@dataclass(frozen=True)
class Case:
    """One left-out measurement, predicted and measured."""

    row: Measurement
    predicted: float
    measured: float
    low: float
    high: float

    @property
    def relative_error(self) -> float:
        """|predicted - measured| / measured. [1]"""
        return abs(self.predicted / self.measured - 1.0)

    @property
    def covered(self) -> bool:
        """Whether the measurement lies in the predicted range."""
        return self.low <= self.measured <= self.high


@dataclass(frozen=True)
class Split:
    """One way to leave measurements out."""

    name: str
    group: Callable[[Measurement], object]
    eligible: Callable[[Measurement, Sequence[Measurement]], bool]
    """Whether a left-out row may be judged given the rest."""
    latency_goal: tuple[float, ...]
    """Median and P90 that are asked for; empty where nothing is."""
    energy_goal: tuple[float, ...]
    power_of_stack: bool
    """Whether the power of the same stack is known; otherwise that of the device with any stack."""
    refit: bool
    """Whether base cycles and spreads are fitted again too."""


def _same_stack(row: Measurement, rest: Sequence[Measurement]) -> bool:
    return any(other.device == row.device and other.stack == row.stack for other in rest)


def _same_core_and_library(row: Measurement, rest: Sequence[Measurement]) -> bool:
    return any(other.core == row.core and other.library == row.library for other in rest)


def _same_core(row: Measurement, rest: Sequence[Measurement]) -> bool:
    return any(other.core == row.core for other in rest)


SPLITS: Final = (
    Split("model, on its device and stack (the model stays known elsewhere)",
          lambda row: (row.device, row.stack, row.model), _same_stack, (0.10, 0.25), (0.12, 0.30), True, False),
    Split("model, everywhere (never seen on any device)", lambda row: row.model, _same_stack,
          (0.10, 0.25), (0.12, 0.30), True, True),
    Split("board (core and library known from another board)", lambda row: row.device, _same_core_and_library,
          (0.20,), (0.25,), True, True),
    Split("version of a stack", lambda row: row.stack, _same_core, (), (), False, True),
    Split("stack (the library never seen)", lambda row: row.library, _same_core, (), (), False, True),
)


def kernel_rows(measurements: Sequence[Measurement]) -> list[Measurement]:
    """The measurements the kernel model is for; of repeated ones the last, with its energy where there is one."""
    kept: dict[tuple[str, str, str, float | None], Measurement] = {}
    for row in measurements:
        if row.dtype == "int8" and row.library not in OUTSIDE_KERNEL_MODEL:
            kept[row.device, row.stack, row.model, row.supply_v if row.energy_j else None] = row
    with_energy = {(row.device, row.stack, row.model) for row in kept.values() if row.energy_j}
    return [row for row in kept.values() if row.energy_j or (row.device, row.stack, row.model) not in with_energy]


def left_out_cases(
    rows: Sequence[Measurement], works: Mapping[str, Work], spreads: Spreads | None, split: Split
) -> list[Case]:
    """Every row predicted from the rows outside its group; without `spreads` these are fitted to the rest each time."""
    cases = []
    for group in dict.fromkeys(split.group(row) for row in rows):
        rest = [row for row in rows if split.group(row) != group]
        judged = [row for row in rows if split.group(row) == group and split.eligible(row, rest)]
        if not judged:
            continue
        observations = observations_of(rest, works)
        model = KernelModel(observations, spreads or fit_spreads(observations))
        cases += [_case(row, model, works) for row in judged]
    return cases


def _case(row: Measurement, model: KernelModel, works: Mapping[str, Work]) -> Case:
    one: Observation = observations_of([row], works)[0]
    mean, spread = model.predict(one.work, one.place, row.model)
    low, high = mean - INTERVAL_Z * spread, mean + INTERVAL_Z * spread
    return Case(row, float(np.exp(mean)), row.cycles, float(np.exp(low)), float(np.exp(high)))


def energy_cases(cases: Sequence[Case], rows: Sequence[Measurement], split: Split) -> list[Case]:
    """Energy of the same cases: predicted latency times the network power of other rows of the device at this supply.

    Where the split leaves the whole device out, its network power is the one figure that its profile must bring.
    """
    found = []
    for case in cases:
        row = case.row
        if row.energy_j is None or row.power_w is None:
            continue
        powers = [
            other.power_w for other in rows
            if other.power_w is not None and other.device == row.device and other.supply_v == row.supply_v
            and other.clock_hz == row.clock_hz and other.model != row.model and _near_stack(other, row, split)
        ]
        if not powers:
            continue
        power_w = float(np.median(powers))
        scale = power_w / row.clock_hz
        found.append(
            Case(row, case.predicted * scale, row.energy_j, case.low * scale * (1.0 - MEASURED_POWER_SPREAD),
                 case.high * scale * (1.0 + MEASURED_POWER_SPREAD))
        )
    return found


def _near_stack(other: Measurement, row: Measurement, split: Split) -> bool:
    return other.stack == row.stack or not split.power_of_stack


def summary(cases: Sequence[Case]) -> str:
    """Count, median, P90 and coverage as table cells."""
    if not cases:
        return "0 | – | – | –"
    errors = np.array([case.relative_error for case in cases])
    covered = np.mean([case.covered for case in cases])
    return f"{len(cases)} | {np.median(errors):.1%} | {np.quantile(errors, 0.9):.1%} | {covered:.0%}"


def verdict(cases: Sequence[Case], goals: Sequence[float]) -> str:
    """Each goal, met or missed."""
    errors = [case.relative_error for case in cases]
    if not errors:
        return ""
    cells = []
    for name, share, goal in zip(("median", "P90"), (0.5, 0.9), goals, strict=False):
        met = "met" if float(np.quantile(errors, share)) <= goal else "**missed**"
        cells.append(f"{name} {goal:.0%} {met}")
    return ", ".join(cells)


def layer_cases(layers: Sequence[Layer]) -> list[tuple[str, float, float]]:
    """Each model of the layer data with its predicted and measured time, its layers left out. [s]"""
    measured = {name: sum(one.time_s for one in layers if one.model == name) for name in _models(layers)}
    return [(name, measured[name] * float(np.exp(error)), measured[name])
            for name, error in left_out_errors(layers).items()]


def _models(layers: Sequence[Layer]) -> list[str]:
    return list(dict.fromkeys(one.model for one in layers))


def write_page(facts: Path, out: Path) -> None:
    """Write the page and its picture beside it."""
    measurements = read_measurements(facts / "inference" / "mlperf_tiny.csv")
    works = model_works(facts / "models")
    layers = read_layers(facts / "inference" / "efr32xg24_layers.csv")
    spreads = shipped_spreads()
    rows = kernel_rows(measurements)
    results = [(split, left_out_cases(rows, works, None if split.refit else spreads, split)) for split in SPLITS]
    picture = out.with_suffix(".png")
    out.parent.mkdir(parents=True, exist_ok=True)
    _plot(results, picture)
    out.write_text(_page(results, rows, layers, spreads, picture.name), encoding="utf-8")


def _page(results: Sequence[tuple[Split, list[Case]]], rows: Sequence[Measurement], layers: Sequence[Layer],
          spreads: Spreads, picture: str) -> str:
    lines = [_INTRODUCTION.format(count=len(rows), devices=len({row.device for row in rows}))]
    for title, cores in (
        ("Cortex-M microcontrollers", MICROCONTROLLER_CORES),
        ("Everything, with accelerators and rare cores", frozenset(row.core for row in rows)),
    ):
        lines += [f"\n## {title}\n", _HEAD]
        for split, cases in results:
            chosen = [case for case in cases if case.row.core in cores]
            energies = energy_cases(chosen, rows, split)
            cells = (split.name, summary(chosen), verdict(chosen, split.latency_goal), summary(energies),
                     verdict(energies, split.energy_goal))
            lines.append(f"| {' | '.join(cells)} |")
    lines.append(_layer_section(layers))
    lines.append(f"\n## Predicted against measured\n\n![Predicted against measured]({picture})\n")
    lines.append(_worst_section(results))
    lines.append(_coefficients_section(spreads))
    lines.append(_LIMITS)
    return "\n".join(lines)


_INTRODUCTION = """# Error of the inference estimates

Generated by `python -m cascade.cost.validate --facts DIR --out docs/inference-error.md`; do not edit.

{count} published int8 measurements on {devices} devices (MLPerf Tiny v0.5 to v1.3, espressif/esp-nn, Samsung/ONE) are
each predicted by a model fitted without them. Errors are |predicted - measured| / measured; coverage is the share of
measurements inside the 90 % range (goal 85 to 95 %). Resubmissions of one result count once. Everything is fitted
again on the rest, base cycles and spreads included; only where a single measurement is left out (the first line of
each table) the base cycles and spreads of `cascade/cost/calibration.json` stay, which one measurement hardly moves.
"""
_HEAD = """| left out in turn | n | latency median | P90 | coverage | goal | n | energy median | P90 | coverage | goal |
|---|---|---|---|---|---|---|---|---|---|---|"""
_LIMITS = """
## What this does not show

- Energy takes the network power of the same device, supply and clock from its other models: that is the figure a
  profile must bring. Without a measured network power the headline run current is taken 1.0 to 2.3 times and the
  range says so; no error can be stated for that. The board line has eight energies, all of one board.
- Four models are few. A model of fully connected layers only (ad) is judged by what convolutional ones say about it
  when it is left out everywhere, which is the worst case in the table.
- Two boards with one core differ by their flash and bus: PSoC 6 takes about 1.4 times the cycles of an STM32L4R5 with
  the same kernels, and nothing in a data sheet tells which way. Most of the board line is this one pair. How far
  boards of one core lie apart is taken from nine boards that are not among these measurements (`BOARD_PRIOR` in
  `cascade/cost/calibrate.py`) and from the boards that are not left out; the noise of a result from leaving single
  results out of the rest. Nothing was chosen after looking at this page.
- Reference kernels, floating point, 16-bit activations, external memory and feature extraction are costed by rules
  of `cascade/cost/rules.py` and `preprocessing.py` with wide ranges, part of them assumed; too few measurements exist
  to cross-validate them.
"""


def _layer_section(layers: Sequence[Layer]) -> str:
    cases = layer_cases(layers)
    spread = shipped_layer_rules("mvp").spread
    errors = np.array([abs(predicted / measured - 1.0) for _, predicted, measured in cases])
    inside = [abs(np.log(predicted / measured)) <= INTERVAL_Z * spread for _, predicted, measured in cases]
    covered = np.mean(inside)
    lines = [
        f"\n## Layer by layer: EFR32xG24 with MVP, {len(layers)} layers of {len(cases)} models, each model left out\n",
        f"Median {np.median(errors):.1%} (goal 10 %), P90 {np.quantile(errors, 0.9):.1%} (goal 25 %), "
        f"coverage {covered:.0%}. A model with a kind of operator that no other model has is predicted by a "
        "typical one.\n",
        "| model | predicted ms | measured ms | error |", "|---|---|---|---|",
    ]
    lines += [f"| {name} | {predicted * 1e3:.2f} | {measured * 1e3:.2f} | {predicted / measured - 1.0:+.1%} |"
              for name, predicted, measured in cases]
    rules = LayerRules(fit_layers(layers), 0.0)
    long = [one for one in layers if one.time_s > 2e-4]
    fitted = np.array([abs(rules.operator_cycles(one) / LAYERS_CLOCK_HZ / one.time_s - 1.0) for one in long])
    lines.append(f"\nSingle layers above 0.2 ms, in the fit: median {np.median(fitted):.1%}, "
                 f"P90 {np.quantile(fitted, 0.9):.1%}.")
    return "\n".join(lines)


def _worst_section(results: Sequence[tuple[Split, list[Case]]]) -> str:
    lines = ["\n## The ten worst of the first two tables\n",
             "| left out | device | core | stack | model | predicted / measured |", "|---|---|---|---|---|---|"]
    for split, cases in results[:2]:
        worst = sorted(cases, key=lambda case: -abs(np.log(case.predicted / case.measured)))[:10]
        lines += [
            f"| {split.name.split(',')[0]}, {split.name.split(',')[1].split('(')[0].strip()} | {one.row.device} | "
            f"{one.row.core} | {one.row.stack} | {one.row.model} | {one.predicted / one.measured:.2f} |"
            for one in worst
        ]
    return "\n".join(lines)


def _coefficients_section(spreads: Spreads) -> str:
    lines = ["\n## Base cycles per unit of work (Cortex-M4F, tuned kernels, before the effects)\n",
             "| group | cycles |", "|---|---|"]
    lines += [f"| {group} | {cycles:g} |" for group, cycles in zip(GROUPS, spreads.base_cycles, strict=True)]
    lines += ["", "| effect | spread of its scale | of its corrections per group |", "|---|---|---|"]
    lines += [f"| {level} | {scale:.3f} | {spreads.share[level]:.3f} |" for level, scale in spreads.scale.items()]
    return "\n".join(lines)


def _plot(results: Sequence[tuple[Split, list[Case]]], path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.0, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    for place, (split, cases) in zip(figure.subplots(1, 3), results[:3], strict=True):
        for core in sorted({case.row.core for case in cases}):
            mine = [case for case in cases if case.row.core == core]
            measured = [1e3 * case.measured / case.row.clock_hz for case in mine]
            predicted = [1e3 * case.predicted / case.row.clock_hz for case in mine]
            place.loglog(measured, predicted, "o", markersize=4, label=core)
        ends = [0.1, 5000.0]
        place.plot(ends, ends, color="black", linewidth=0.8)
        place.fill_between(ends, [0.8 * end for end in ends], [1.25 * end for end in ends], color="grey", alpha=0.2)
        place.set(title=f"left out: {split.name.split('(')[0].strip()}", xlabel="measured latency, ms",
                  ylabel="predicted latency, ms")
        place.legend(fontsize=6)
    figure.savefig(path, dpi=90, metadata={"Software": None})


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page of errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    write_page(given.facts, given.out)


if __name__ == "__main__":
    main()
