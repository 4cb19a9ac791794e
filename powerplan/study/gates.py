"""Feasibility before arithmetic: flash, RAM, operators, processor time and supply voltage, in this order."""

from __future__ import annotations

from collections.abc import Sequence

from powerplan.batteries.demand import Demand
from powerplan.batteries.life import pulse_voltages
from powerplan.batteries.pack import IdealCell
from powerplan.components.base import MissingFigure
from powerplan.engines.closed_form import ClosedForm
from powerplan.files.scenario import FirmwareSize
from powerplan.lowering.lower import PROCESSOR_KINDS, Lowering
from powerplan.lowering.models import LevelCost
from powerplan.lowering.parts import LoweredPart
from powerplan.plan.codes import NS_PER_S
from powerplan.results.metric import Gate, Metric
from powerplan.study.supply import SupplyChain
from powerplan.workload.spec import Stream

FRAMEWORK_FLASH_BYTES = 22_000
"""Interpreter core and the kernels of a small model: TFLite-Micro's own figure for micro_speech, 22 KB (assumed to
hold for other small models too; measured firmware replaces it)."""
FRAMEWORK_RAM_BYTES = 4_096
"""Static data and stack beside the arenas, assumed; `firmware:` in the scenario replaces it."""


def gates(lowering: Lowering, closed: ClosedForm, firmware: FirmwareSize | None = None) -> list[Gate]:
    """Memory, operator and processor gates of every processor."""
    found: list[Gate] = []
    for part in lowering.parts.values():
        if part.part.spec.kind not in PROCESSOR_KINDS:
            continue
        costs = [cost for cost in lowering.costs if cost.processor == part.name]
        found.extend(_memory(part, costs, firmware))
        found.extend(_outside(part, costs))
        found.extend(_state(part, costs))
        unsupported = sorted({name for cost in costs for name in cost.unsupported})
        if unsupported:
            found.append(Gate(f"operators.{part.name}", False, len(unsupported), 0, "", ", ".join(unsupported)))
        found.append(_processor(part.name, lowering, closed))
    return found + [gate for part in lowering.parts.values() if (gate := _duty_cycle(part, lowering, closed))]


def _duty_cycle(part: LoweredPart, lowering: Lowering, closed: ClosedForm) -> Gate | None:
    """Share of the time a LoRa radio transmits against what its region allows, in the mean."""
    region = getattr(part.part.options, "region", None)
    path = f"lora.duty_cycle_limit.{region}"
    if region is None or not part.part.has(path) or not part.has_state("tx"):
        return None
    sending = lowering.plan.state_names.index(f"{part.name}.tx")
    share, limit = float(closed.state_share[sending]), part.use(path)
    return Gate(f"duty_cycle.{part.name}", share <= limit, share, limit, "",
                f"on the air {share:.3%} of the time, {region} allows {limit:.3%}")


def _memory(part: LoweredPart, costs: Sequence[LevelCost], firmware: FirmwareSize | None) -> list[Gate]:
    """Flash and RAM: the models, and the program around them, measured where an image is given."""
    found = []
    program = firmware or FirmwareSize(None, None, False, "")
    for name, sizes, assumed, measured in (
        ("flash", [cost.flash_bytes for cost in costs], FRAMEWORK_FLASH_BYTES, program.flash_bytes),
        ("ram", [cost.arena_bytes for cost in costs if cost.arena_in is None], FRAMEWORK_RAM_BYTES, program.ram_bytes),
    ):
        models = [] if program.models_included and measured else [size for size in sizes if size is not None]
        if not models and not measured:
            continue
        try:
            available = part.use(name)
        except MissingFigure:
            continue
        around = measured if measured is not None else assumed
        needed = sum(models) + around
        listed = [f"models {' + '.join(f'{size / 1024:.1f}' for size in models)} KiB"] if models else []
        if models and name == "ram":
            listed[0] += _arena_bases(costs)
        listed.append(f"program {around / 1024:.1f} KiB ({program.source if measured is not None else 'assumed'})")
        found.append(Gate(f"{name}.{part.name}", needed <= available, needed, available, "B",
                          f"{' + '.join(listed)} of {available / 1024:.0f} KiB"))
    return found


def _arena_bases(costs: Sequence[LevelCost]) -> str:
    """In brackets, where the sizes of the arenas come from."""
    bases = dict.fromkeys(cost.arena_basis for cost in costs if cost.arena_in is None and cost.arena_basis)
    return f" ({'; '.join(bases)})" if bases else ""


def _outside(part: LoweredPart, costs: Sequence[LevelCost]) -> list[Gate]:
    """Memory outside the processor: the arenas that lie in it."""
    found = []
    for name in dict.fromkeys(cost.arena_in for cost in costs if cost.arena_in is not None):
        memory = part.part.spec.extras[name].memory
        needed = sum(cost.arena_bytes or 0 for cost in costs if cost.arena_in == name)
        if memory is not None and needed:
            text = f"arenas {needed / 1024:.1f} KiB of {memory.typ / 1024:.0f} KiB"
            found.append(Gate(f"ram.{part.name}.{name}", needed <= memory.typ, needed, memory.typ, "B", text))
    return found


def _state(part: LoweredPart, costs: Sequence[LevelCost]) -> list[Gate]:
    """Models with state, such as streaming ones: what they keep has to outlive the sleep between two windows."""
    keeping = [cost for cost in costs if cost.state_bytes and cost.arena_in is None]
    rest = part.lowered.states[0]
    if not keeping or rest.ram_kept_bytes is None:
        return []
    needed = sum(cost.state_bytes for cost in keeping)
    names = ", ".join(f"{cost.cascade}.{cost.level}" for cost in keeping)
    text = (f"{names} keeps {needed:,} B between windows; {part.name} rests in {rest.name}, which keeps "
            f"{rest.ram_kept_bytes:,} B of RAM")
    return [Gate(f"state.{part.name}", needed <= rest.ram_kept_bytes, needed, rest.ram_kept_bytes, "B", text)]


def utilisation(processor: str, lowering: Lowering, closed: ClosedForm) -> float:
    """Share of the time a processor is busy while all streams are open, with typical escalation."""
    plan = lowering.plan
    bit = 1 << plan.part_names.index(processor)
    run_s = plan.phase_duration_ns / NS_PER_S * ((plan.phase_holds & bit) != 0)
    share = 0.0
    for task, world in enumerate(lowering.world.tasks):
        own = plan.phase_task == task
        busy_s = float((closed.phase_visits * run_s)[own].sum())
        rate = NS_PER_S / world.release.hop_ns if isinstance(world.release, Stream) else closed.task_rate_per_s[task]
        share += float(rate) * busy_s
    return share


def processor_metrics(lowering: Lowering, closed: ClosedForm) -> dict[str, Metric]:
    """How busy every processor is, and the busiest."""
    shares = {part.name: utilisation(part.name, lowering, closed) for part in lowering.parts.values()
              if part.part.spec.kind in PROCESSOR_KINDS}
    method = "closed form, streams open, typical escalation"
    found = {f"cpu_utilisation.{name}": Metric(share, "1", share, share, method) for name, share in shares.items()}
    if shares:
        worst = max(shares.values())
        found["cpu_utilisation"] = Metric(worst, "1", worst, worst, method)
    return found


def _processor(name: str, lowering: Lowering, closed: ClosedForm) -> Gate:
    share = utilisation(name, lowering, closed)
    return Gate(f"cpu.{name}", share <= 1.0, share, 1.0, "1",
                f"busy {share:.1%} of the time while its streams are open")


def voltage_gate(chain: SupplyChain, demand: Demand) -> Gate | None:
    """Lowest voltage of a fresh pack at the coldest temperature under its worst pulse."""
    if isinstance(chain.pack, IdealCell) or not demand.pulses:
        return None
    found = pulse_voltages(chain.pack, demand, chain.coldest_c, 1.0, chain.capacitor)
    worst = min(found, key=lambda name: found[name])
    return Gate("voltage", found[worst] >= chain.limits.brown_out_v, chain.limits.brown_out_v, found[worst], "V",
                f"fresh at {chain.coldest_c:g} °C under {worst}")
