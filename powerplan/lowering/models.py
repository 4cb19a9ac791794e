"""What the models of a cascade cost: time on their processor, flash and RAM, each with its basis."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from powerplan.components.base import NS_PER_S
from powerplan.errors import PowerplanError
from powerplan.lowering.parts import FigureLog, FigureUse, LoweredPart
from powerplan.model.scenario import Level

if TYPE_CHECKING:
    from cascade.arena import Arena
    from cascade.cost.flash import FlashWaits
    from cascade.cost.table import Throughput
    from cascade.tflite import ModelFacts


@dataclass(frozen=True)
class LevelCost:
    """Cost of one inference of one level."""

    cascade: str
    level: str
    processor: str
    latency_ns: int
    low_s: float
    high_s: float
    basis: str
    macs: int | None
    flash_bytes: int | None
    arena_bytes: int | None
    unsupported: tuple[str, ...] = ()
    """Operators the runtime does not have."""
    arena_in: str | None = None
    """Memory outside the processor that holds the activations."""
    state_bytes: int = 0
    """What the model keeps from one inference to the next."""
    arena_basis: str = ""
    """Where the size of the arena comes from."""


class UnknownCost(PowerplanError):
    """Neither a latency nor a model file nor a MAC count is given."""

    def __init__(self, cascade: str, level: str, message: str) -> None:
        super().__init__(cascade, level, message)
        self.cascade, self.level, self.message = cascade, level, message

    def __str__(self) -> str:
        return f"cascade.{self.cascade}.{self.level}: {self.message}"


def level_cost(cascade: str, name: str, level: Level, facts: ModelFacts | None, processor: LoweredPart,
               log: FigureLog, measured: Path | None = None, own_arena: Arena | None = None) -> LevelCost:
    """Cost of a level, by order of trust: the user's own latency, another tool's result, an estimate from the model."""
    macs = facts.macs if facts else level.macs
    flash = facts.file_bytes if facts else (round(level.flash.typ) if level.flash else None)
    arena, arena_basis = _arena(level, facts, own_arena, processor)
    where = f"cascade.{cascade}.{name}"
    extras = getattr(processor.part.options, "extras", [])
    if level.arena is not None and level.arena not in extras:
        raise UnknownCost(cascade, name, f"arena: parts.{processor.name} does not use {level.arena!r}; write "
                          f"extras: [{level.arena}] there, used: {', '.join(extras) or 'none'}")
    if level.latency is not None:
        given = level.latency
        entry = FigureUse(where, "latency", given.typ, given.low, given.high, "duration", "the scenario", "", "user")
    elif measured is not None:
        entry = _imported(where, measured, processor, cascade, name)
    else:
        if macs is None:
            raise UnknownCost(cascade, name, "its time is unknown; give `latency: 30 ms`, a `.tflite` file as "
                              "`model`, or `macs`")
        entry = _estimated(where, macs, facts, level, processor, cascade, name)
    latency_s = log.note(entry)
    return LevelCost(cascade, name, processor.name, round(latency_s * NS_PER_S), entry.low or entry.value,
                     entry.high or entry.value, entry.basis, macs, flash, arena, _unsupported(facts, level.runtime),
                     level.arena, facts.state_bytes if facts else 0, arena_basis)


def _arena(level: Level, facts: ModelFacts | None, own: Arena | None, processor: LoweredPart
           ) -> tuple[int | None, str]:
    """Arena of a level [bytes] and its basis: as stated, for its processor's kernels, or the least it can be."""
    if level.ram is not None:
        return round(level.ram.typ), "stated"
    if facts is None:
        return None, ""
    from cascade.device_arena import device_arenas, library_of

    stated = getattr(processor.part.spec, "core", None)
    library = library_of(str(stated.value) if stated is not None else "", level.runtime)
    found = {one.kernels: one for one in device_arenas(facts, own)} if own is not None else {}
    if library in found:
        how = "estimate" if found[library].scratch_bytes else "measured"
        return found[library].arena_bytes, f"{how}, {library} kernels"
    why = ("not measured: extra `arena`" if own is None else "TFLite-Micro does not run it" if not found
           else f"no rules for {level.runtime} kernels" if library is None else "")
    return facts.arena_lower_bound_bytes, f"lower bound: {why}"


def _unsupported(facts: ModelFacts | None, runtime: str | None) -> tuple[str, ...]:
    """Operators of a model that its runtime does not have; TFLite-Micro's list where none, or another, is named."""
    if facts is None:
        return ()
    from cascade.runtimes import support

    found = {one.runtime: one for one in support(facts)}
    chosen = found.get((runtime or "tflm").replace("-", "_"), found["tflm"])
    return tuple(f"{finding.kind} ({finding.reason}) in {chosen.runtime}" for finding in chosen.unsupported)


def _imported(where: str, measured: Path, processor: LoweredPart, cascade: str, name: str) -> FigureUse:
    """Time by another tool's result, at the clock of the processor."""
    from cascade.cost.imports import ESTIMATOR_SPREAD, read_result
    from cascade.errors import CascadeError

    clock_hz = getattr(processor.part, "clock_hz", None)
    try:
        imported = read_result(measured, clock_hz)
        found = imported.at_clock(clock_hz or imported.clock_hz or 1.0)
    except CascadeError as error:
        raise UnknownCost(cascade, name, f"measured: {error}") from None
    basis = "derived" if imported.spread >= ESTIMATOR_SPREAD else "measured"
    return FigureUse(where, "latency", found.typical_s, found.low_s, found.high_s, "duration", measured.name,
                     found.basis, basis)


def published_runs(spec: Any) -> tuple[Throughput, ...]:
    """The inference results in a processor's profile as the cost model takes them."""
    from cascade.cost.table import Throughput

    return tuple(
        Throughput(row.model, row.dtype, row.runtime, row.clock.typ, row.latency.typ,
                   row.energy.typ if row.energy else None, spec.sources.get(row.source, row.source))
        for row in getattr(spec, "throughput", ()))


def flash_waits_of(part: Any) -> FlashWaits | None:
    """Wait states of a processor's flash as the cost model takes them; None where its profile says nothing."""
    from cascade.cost.flash import FlashWaits

    stated = getattr(part.spec, "flash_waits", None)
    return stated and FlashWaits(tuple(limit.typ for limit in stated.limits), stated.cached)


def _estimated(where: str, macs: int, facts: ModelFacts | None, level: Level, processor: LoweredPart,
               cascade: str, name: str) -> FigureUse:
    from cascade.cost.estimate import Demand, Target, demand_of, estimate_demand
    from cascade.cost.table import DeviceFigures, profile_measurements
    from cascade.errors import CascadeError

    part = processor.part
    core = part.spec.core.value if getattr(part.spec, "core", None) else None
    clock_hz = getattr(part, "clock_hz", None)
    if core is None or clock_hz is None:
        raise UnknownCost(cascade, name, f"parts.{processor.name} states no core and clock to estimate its time; "
                          "give `latency: 30 ms`")
    fpu = part.spec.fpu.value if getattr(part.spec, "fpu", None) else "none"
    profile = getattr(part, "profile", None)
    target = Target(core, fpu != "none", clock_hz, level.runtime, profile.name if profile else None,
                    level.arena is not None, flash_waits_of(part))
    device = DeviceFigures(profile.name if profile else "", core, target.fpu, clock_hz,
                           throughput=published_runs(part.spec))
    try:
        known = profile_measurements(device) if profile else ()
        found = estimate_demand(demand_of(facts) if facts else Demand(macs, None, level.dtype), target, known)
    except CascadeError as error:
        raise UnknownCost(cascade, name, str(error)) from None
    return FigureUse(where, "latency", found.typical_s, found.low_s, found.high_s, "duration", found.source,
                     found.basis, "derived")
