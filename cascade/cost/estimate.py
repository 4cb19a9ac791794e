"""Time of one inference on a device, as a range with its basis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

from cascade.cost.calibration import (
    INTERVAL_Z,
    KernelModel,
    Observation,
    Place,
    known_models,
    shipped_kernel_model,
)
from cascade.cost.cores import Core, Runtime, UnknownCore, UnknownRuntime, find_core, find_stack, measured_name
from cascade.cost.flash import FlashWaits, clock_effect
from cascade.cost.layers import shipped_layer_rules
from cascade.cost.published import Measurement, published_measurements
from cascade.cost.rules import EXTERNAL_ARENA, INT16X8, RELATIVES, CycleRange, float_rule, reference_rule
from cascade.cost.work import GROUPS, MAC_GROUPS, Operator, Work, model_work, operator_work
from cascade.errors import DataError

if TYPE_CHECKING:
    from cascade.tflite import ModelFacts

__all__ = [
    "Demand",
    "Estimate",
    "Target",
    "UnknownCore",
    "UnknownRuntime",
    "demand_of",
    "demand_of_operators",
    "estimate_demand",
    "estimate_latency",
]

MEASURED_SPREAD: Final = 0.03
"""Half width, as a fraction, of the range around a published measurement of the same model, device and stack."""
KERNEL_SOURCE: Final = "MLPerf Tiny v0.5 to v1.3 and espressif/esp-nn results, published.csv"
MANY_STACKS: Final = 5
"""From so many measured stacks on, their spread is that of tuned kernels; of fewer each one's own counts as well."""
NORMAL_QUANTILES: Final = tuple(NormalDist().inv_cdf((n + 0.5) / 20) for n in range(20))
"""Twenty equally likely values of a standard normal distribution."""
MIXES: Final = ("ic", "kws", "vww")
"""Models whose mixes of operators stand in where only the number of multiply-accumulates is known."""


@dataclass(frozen=True)
class Estimate:
    """A latency as a range that holds nine times in ten, never as one number."""

    low_s: float
    typical_s: float
    high_s: float
    basis: str
    """One sentence: the method, the core, the kernel library and the data it rests on."""
    source: str

    def times(self, factor: CycleRange | None) -> Estimate:
        """The same estimate with a factor on its range and the factor's basis; itself where there is none."""
        if factor is None:
            return self
        found = self.scaled(factor.low, factor.typical, factor.high)
        return replace(found, basis=f"{self.basis}; {factor.basis}", source=f"{self.source}; {factor.source}")

    def scaled(self, low: float, typical: float, high: float) -> Estimate:
        """The same estimate with its range multiplied."""
        return replace(
            self, low_s=self.low_s * low, typical_s=self.typical_s * typical, high_s=self.high_s * high
        )


@dataclass(frozen=True)
class Demand:
    """What a model asks of a processor."""

    macs: int
    work: Work | None
    """None where only the multiply-accumulates are known."""
    quantization: str
    operators: tuple[Operator, ...] = ()


@dataclass(frozen=True)
class Target:
    """The processor, its clock and its kernels."""

    core: str
    fpu: bool
    clock_hz: float
    runtime: str | None = None
    device: str | None = None
    """Name of the device profile, where it is known."""
    external_arena: bool = False
    """Whether the activations lie in external memory."""
    flash_waits: FlashWaits | None = None
    """Wait states of the flash over the clock, where they are known."""


def demand_of(facts: ModelFacts) -> Demand:
    """What a model file asks of a processor."""
    return Demand(facts.macs, model_work(facts), facts.quantization, facts.operators)


def demand_of_operators(operators: Sequence[Operator], quantization: str = "int8") -> Demand:
    """What a list of operators asks of a processor."""
    work: Work = np.sum([operator_work(operator) for operator in operators], axis=0)
    return Demand(sum(one.macs for one in operators), work, quantization, tuple(operators))


def estimate_latency(
    macs: int, facts: ModelFacts | None, core: str, fpu: bool, clock_hz: float, runtime: str | None
) -> Estimate:
    """Time of one inference of a model on a core. [s]

    With `facts` every operator is costed by its kind and shapes; with `macs` alone the usual mixes of operators give
    a wider range, for an int8 model. `runtime` names the kernel library; None takes the core's usual one.
    """
    demand = demand_of(facts) if facts is not None else Demand(macs, None, "int8")
    return estimate_demand(demand, Target(core, fpu, clock_hz, runtime))


def estimate_demand(demand: Demand, target: Target, known: Sequence[Measurement] = ()) -> Estimate:
    """Time of one inference. [s] `known` are further measurements, of this device or others, that it rests on."""
    _check(demand, target)
    core, runtime = find_stack(target.core, target.runtime, target.device)
    target = replace(target, device=measured_name(target.device))
    measured = _published(demand, target, runtime, known)
    if measured is None:
        found = _by_trust(demand, target, core, runtime, known)
        found = found.times(clock_effect(target.flash_waits, target.clock_hz, None))
    else:
        found, known_hz = measured
        found = found.times(clock_effect(target.flash_waits, target.clock_hz, known_hz))
    return found.times(EXTERNAL_ARENA if target.external_arena else None)


def _check(demand: Demand, target: Target) -> None:
    if demand.macs < 0 or (not demand.macs if demand.work is None else not demand.work.any()):
        raise DataError(f"an inference needs its operators or a number of multiply-accumulates; given {demand.macs}")
    if not (target.clock_hz > 0.0 and math.isfinite(target.clock_hz)):
        raise DataError(f"a clock is a positive number of hertz; given {target.clock_hz}")


def _by_trust(
    demand: Demand, target: Target, core: Core, runtime: Runtime, known: Sequence[Measurement]
) -> Estimate:
    if demand.quantization in ("float32", "float16 weights", "dynamic range"):
        return _from_rule(demand, target, float_rule(core.name, target.fpu), f"{demand.quantization} model")
    if demand.quantization not in ("int8", "uint8", "int16x8", "mixed"):
        raise DataError(f"the latency of {demand.quantization} kernels is unknown; measure it on the device")
    if runtime.library == "reference":
        found = _from_rule(demand, target, reference_rule(core.name), "reference kernels" + _default(runtime))
    elif runtime.library == "mvp":
        found = _by_layer(demand, target)
    elif core.name in RELATIVES and not any(row.core == core.name for row in known):
        relative, factor = RELATIVES[core.name]
        found = _by_kernels(demand, target, find_core(relative), runtime, known)
        found = found.times(factor)
    else:
        found = _by_kernels(demand, target, core, runtime, known)
    if demand.quantization == "int16x8":
        found = found.times(INT16X8)
    return found


def _default(runtime: Runtime) -> str:
    return "" if runtime.chosen else " (the default of this core)"


def _published(
    demand: Demand, target: Target, runtime: Runtime, known: Sequence[Measurement]
) -> tuple[Estimate, float] | None:
    """The published measurement of the same model on the same device and stack, scaled by the clock; its own clock."""
    model = model_name(demand)
    if model is None or target.device is None:
        return None
    dtype = "float32" if demand.quantization == "float32" else "int8"
    rows = [
        row for row in (*known, *published_measurements())
        if row.model == model and row.dtype == dtype and row.device == target.device
        and row.library == runtime.library and _same_version(row.version, runtime.version)
    ]
    if not rows:
        return None
    times_s = [row.cycles / target.clock_hz for row in rows]
    stacks = list(dict.fromkeys(row.stack for row in rows))
    newest = rows[-1] if not known or rows[0] not in known else rows[0]
    clock = "" if newest.clock_hz == target.clock_hz else f", measured at {newest.clock_hz / 1e6:g} MHz and scaled"
    several = f"; its range covers {', '.join(stacks)}" if len(stacks) > 1 else ""
    found = Estimate(
        min(times_s) * (1.0 - MEASURED_SPREAD), newest.cycles / target.clock_hz, max(times_s) * (1.0 + MEASURED_SPREAD),
        f"published measurement of this model on {target.device} with {newest.stack}{clock}{several}", newest.source,
    )
    return found, newest.clock_hz


def _same_version(published: str, wanted: str | None) -> bool:
    if wanted is None or published == wanted:
        return True
    return bool(published) and (published.startswith(f"{wanted}.") or wanted.startswith(f"{published}."))


def model_name(demand: Demand) -> str | None:
    """Name of the published model that has exactly this work, if there is one."""
    if demand.work is None:
        return None
    return next((name for name, work in known_models().items() if np.array_equal(work, demand.work)), None)


def _from_rule(demand: Demand, target: Target, rule: CycleRange, what: str) -> Estimate:
    per_s = _rule_units(demand) / target.clock_hz
    basis = f"{what}, {rule.low:g} to {rule.high:g} cycles per multiply-accumulate: {rule.basis}"
    return Estimate(per_s * rule.low, per_s * rule.typical, per_s * rule.high, basis, rule.source)


def _rule_units(demand: Demand) -> float:
    """Multiply-accumulates, and the values of operators without them, which count as one each. [count]"""
    if demand.work is None:
        return float(demand.macs)
    others = [GROUPS.index(name) for name in ("element", "softmax", "lookup", "move", "convert", "resize", "operator")]
    return float(demand.macs + demand.work[others].sum())


def _by_layer(demand: Demand, target: Target) -> Estimate:
    if not demand.operators:
        raise DataError("the time on an MVP needs the operators of the model, not only its multiply-accumulates")
    rules = shipped_layer_rules("mvp")
    typical_s = sum(rules.operator_cycles(one) for one in demand.operators) / target.clock_hz
    missing = sorted({one.kind for one in demand.operators if not rules.covers(one)})
    factor = math.exp(INTERVAL_Z * (rules.spread + 0.2 * bool(missing)))
    basis = "calibrated per layer on ten models measured on an EFR32xG24 with its MVP accelerator"
    if missing:
        basis += f"; not measured there: {', '.join(missing)}"
    return Estimate(
        typical_s / factor, typical_s, typical_s * factor, basis, "Silicon Labs MLTK profiles, efr32xg24_layers.csv"
    )


def _by_kernels(
    demand: Demand, target: Target, core: Core, runtime: Runtime, known: Sequence[Measurement]
) -> Estimate:
    model = kernel_model_with(known)
    if runtime.library == "tuned":
        return _over_stacks(demand, target, core, model)
    place = _place(core, runtime, target, model)
    name = model_name(demand)
    works = [demand.work] if demand.work is not None else _mixes(demand.macs)
    logs = [model.predict(work, place, name) for work in works]
    low = min(mean - INTERVAL_Z * spread for mean, spread in logs)
    high = max(mean + INTERVAL_Z * spread for mean, spread in logs)
    typical = float(np.mean([mean for mean, _ in logs]))
    return Estimate(
        math.exp(low) / target.clock_hz, math.exp(typical) / target.clock_hz, math.exp(high) / target.clock_hz,
        _kernel_basis(model, place, runtime, core, demand.work is None), KERNEL_SOURCE,
    )


def _over_stacks(demand: Demand, target: Target, core: Core, model: KernelModel) -> Estimate:
    """The range that holds nine in ten of the stacks that were measured on this core."""
    works = [demand.work] if demand.work is not None else _mixes(demand.macs)
    places = {
        one.place.stack: Place(core.name, one.place.library, one.place.version, target.device)
        for one in model.observations if one.place.core == core.name
    }
    if not places:
        raise UnknownRuntime("tuned", core.name, core.libraries, "no tuned kernels were measured on this core")
    found = {stack: [model.predict(work, place) for work in works] for stack, place in places.items()}
    logs = {stack: float(np.mean([mean for mean, _ in each])) for stack, each in found.items()}
    fastest, slowest = min(logs, key=lambda stack: logs[stack]), max(logs, key=lambda stack: logs[stack])
    of_each = [mean + spread * z for each in found.values() for mean, spread in each for z in NORMAL_QUANTILES]
    spread_out = list(logs.values()) if len(logs) >= MANY_STACKS else of_each
    low, typical, high = (float(value) for value in np.quantile(spread_out, [0.05, 0.5, 0.95]))
    return Estimate(
        math.exp(low) / target.clock_hz, math.exp(typical) / target.clock_hz, math.exp(high) / target.clock_hz,
        f"nine in ten of the calibrated estimates for the {len(logs)} tuned stacks measured on "
        f"{core.name}, the fastest {fastest}, the slowest {slowest}",
        KERNEL_SOURCE,
    )


def _mixes(macs: int) -> list[Work]:
    """Work of the usual mixes of operators with this many multiply-accumulates."""
    works = [known_models()[name] for name in MIXES]
    return [work * (macs / float(work[: len(MAC_GROUPS)].sum())) for work in works]


def kernel_model_with(known: Sequence[Measurement]) -> KernelModel:
    """The shipped kernel model, with further measurements where there are any."""
    shipped = shipped_kernel_model()
    seen = {(one.place, one.model) for one in shipped.observations}
    more = [
        Observation(Place(row.core, row.library, row.version, row.device), row.model, known_models()[row.model],
                    row.cycles)
        for row in known
        if row.dtype == "int8" and row.model in known_models()
    ]
    more = [one for one in more if (one.place, one.model) not in seen]
    return KernelModel((*shipped.observations, *more), shipped.spreads) if more else shipped


def _place(core: Core, runtime: Runtime, target: Target, model: KernelModel) -> Place:
    """The target as the kernel model knows it; a version is matched by its first part."""
    library = runtime.library
    of_library = [one.place for one in model.observations if one.place.library == library]
    versions = {place.version for place in of_library}
    on_device = {place.version for place in of_library if target.device and place.device == target.device}
    if runtime.version is not None:
        matching = [one for one in versions if one is not None and _same_version(one, runtime.version)]
        version: str | None = matching[0] if len(matching) == 1 else runtime.version
    else:
        version = next((next(iter(found)) for found in (on_device, versions) if len(found) == 1), None)
    return Place(core.name, library, version, target.device)


def _kernel_basis(model: KernelModel, place: Place, runtime: Runtime, core: Core, mixes: bool) -> str:
    count = model.knows(place)
    library = runtime.library if runtime.version is None else f"{runtime.library} {runtime.version}"
    data = (
        f"{count} published measurements of this core and library"
        if count
        else f"{len(model.observations)} published measurements of other cores or libraries, a family estimate"
    )
    text = f"calibrated estimate for {library}{_default(runtime)} on {core.name}, resting on {data}"
    return f"{text}; from the number of multiply-accumulates and the usual mixes of operators" if mixes else text
