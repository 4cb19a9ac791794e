"""What a model costs on several devices: one row each, sorted by energy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cascade.cost.cores import UnknownCore, UnknownRuntime, find_stack, measured_name
from cascade.cost.energy import EnergyEstimate, Regulator, RunPower, Workload, inference_energy, published_power
from cascade.cost.estimate import Demand, Estimate, Target, demand_of, estimate_demand, model_name
from cascade.cost.flash import FlashWaits
from cascade.cost.imports import ImportedCost
from cascade.cost.memory import model_memory
from cascade.cost.published import Measurement, published_measurements
from cascade.errors import DataError

if TYPE_CHECKING:
    from cascade.tflite import ModelFacts


@dataclass(frozen=True)
class Throughput:
    """One published run of a model on this device, as device profiles list them."""

    model: str
    """As in the profiles: mlperf_tiny_ad, mlperf_tiny_ic, mlperf_tiny_kws, mlperf_tiny_vww, tflm_person_detection."""
    dtype: str
    runtime: str
    clock_hz: float
    latency_s: float
    energy_j: float | None = None
    source: str = ""


@dataclass(frozen=True)
class DeviceFigures:
    """Plain figures of a device; a caller fills them from its own profiles."""

    name: str
    core: str
    fpu: bool
    clock_hz: float
    supply_v: float | None = None
    run_current_a: float | None = None
    run_power_w: float | None = None
    run_supply_v: float | None = None
    """Supply at which the run figure was taken; the device's supply where it is None."""
    run_clock_hz: float | None = None
    regulator: Regulator = "ldo"
    workload: Workload = "headline"
    """What the run figure was taken with."""
    flash_bytes: int | None = None
    ram_bytes: int | None = None
    waiting_power_w: float = 0.0
    """Of everything else that stays on during an inference."""
    external_arena: bool = False
    flash_waits: FlashWaits | None = None
    runtime: str | None = None
    throughput: tuple[Throughput, ...] = field(default=())


def cost_table(
    facts: ModelFacts,
    devices: Iterable[DeviceFigures],
    *,
    arena_bytes: int | None = None,
    registered: Sequence[str] | None = None,
    measured: ImportedCost | None = None,
) -> list[dict[str, Any]]:
    """One row per device, the least energy first, the unknown ones last.

    `measured` is the user's own measurement or another tool's result; it comes before every estimate. A row of a
    device whose core or kernels are unknown carries the reason in `basis` and no figures.
    """
    rows = [_row(facts, device, arena_bytes, registered, measured) for device in devices]
    return sorted(rows, key=_order)


def _order(row: dict[str, Any]) -> tuple[bool, float, str]:
    energy = row["energy_uj"]
    return energy is None, energy["typical"] if energy else 0.0, row["device"]


def _row(facts: ModelFacts, device: DeviceFigures, arena_bytes: int | None, registered: Sequence[str] | None,
         measured: ImportedCost | None) -> dict[str, Any]:
    memory = model_memory(facts, arena_bytes, device.flash_bytes, device.ram_bytes, registered)
    row: dict[str, Any] = {
        "device": device.name, "runtime": device.runtime, "clock_mhz": device.clock_hz / 1e6,
        "supply_v": device.supply_v, "latency_ms": None, "energy_uj": None, "fits": memory.fits, "basis": "",
        "source": "", "flash_bytes": memory.flash_used_bytes, "ram_bytes": memory.ram_used_bytes,
        "reasons": list(memory.reasons),
    }
    try:
        row["runtime"] = device.runtime if measured is not None else _runtime_name(device)
        latency = device_latency(demand_of(facts), device, measured)
    except (UnknownCore, UnknownRuntime, DataError) as problem:
        row["basis"] = str(problem)
        return row
    energy = device_energy(latency, device, measured, model_name(demand_of(facts)))
    row["latency_ms"] = _range(latency.low_s, latency.typical_s, latency.high_s, 1e3)
    row["basis"], row["source"] = latency.basis, latency.source
    if energy is not None:
        row["energy_uj"] = _range(energy.low_j, energy.typical_j, energy.high_j, 1e6)
        row["basis"] = f"{latency.basis}; energy: {energy.basis}"
    elif device.supply_v is None:
        row["basis"] = f"{latency.basis}; energy unknown: no supply voltage is given"
    else:
        row["basis"] = f"{latency.basis}; energy unknown: the profile has no run current or power"
    return row


def _range(low: float, typical: float, high: float, scale: float) -> dict[str, float]:
    return {"low": low * scale, "typical": typical * scale, "high": high * scale}


def _runtime_name(device: DeviceFigures) -> str:
    _, runtime = find_stack(device.core, device.runtime, device.name)
    return f"{runtime.library} {runtime.version}" if runtime.version else runtime.library


def device_latency(demand: Demand, device: DeviceFigures, measured: ImportedCost | None = None) -> Estimate:
    """Time of one inference on a device by the order of trust. [s]"""
    if measured is not None:
        return measured.at_clock(device.clock_hz)
    target = Target(device.core, device.fpu, device.clock_hz, device.runtime, device.name, device.external_arena,
                    device.flash_waits)
    return estimate_demand(demand, target, profile_measurements(device))


_MODEL_NAMES = {"tflm_person_detection": "person_detect"}


def profile_measurements(device: DeviceFigures) -> tuple[Measurement, ...]:
    """The published runs of a device's own profile, as measurements the estimate can rest on."""
    rows = []
    for run in device.throughput:
        model = _MODEL_NAMES.get(run.model, run.model.removeprefix("mlperf_tiny_"))
        try:
            core, runtime = find_stack(device.core, run.runtime, device.name)
        except UnknownRuntime:
            continue
        if not runtime.chosen or _ships_already(device.name, model, run):
            continue
        rows.append(
            Measurement(model, run.dtype, measured_name(device.name) or device.name, device.name, core.name,
                        runtime.library, runtime.version or "", run.clock_hz, device.supply_v, run.latency_s,
                        run.energy_j, None, run.source or "the profile")
        )
    return tuple(rows)


def _ships_already(device: str, model: str, run: Throughput) -> bool:
    return any(
        row.device == measured_name(device) and row.model == model and abs(row.latency_s / run.latency_s - 1.0) < 0.01
        for row in published_measurements()
    )


def device_energy(latency: Estimate, device: DeviceFigures, measured: ImportedCost | None = None,
                  model: str | None = None) -> EnergyEstimate | None:
    """Energy of one inference on a device; None where neither a power nor a measurement is known. [J]

    `model` is the name of a published model, whose own power is taken where it was measured.
    """
    if measured is not None and measured.energy_j is not None:
        spread = measured.spread
        return EnergyEstimate(measured.energy_j * (1.0 - spread), measured.energy_j, measured.energy_j * (1.0 + spread),
                              measured.basis)
    run = _run_power(device, model, None if measured is not None else _library(device))
    if device.supply_v is None or run is None:
        return None
    return inference_energy(latency, run, device.supply_v, device.clock_hz, device.waiting_power_w)


def _library(device: DeviceFigures) -> str:
    return find_stack(device.core, device.runtime, device.name)[1].library


def _run_power(device: DeviceFigures, model: str | None, library: str | None) -> RunPower | None:
    """Network power measured with these kernels, else the profile's measured one, else any measured, else its run
    figure."""
    if device.supply_v is None:
        return None
    name = measured_name(device.name) or device.name
    of_library = library and published_power(name, library, device.clock_hz, device.supply_v, model)
    if of_library:
        return of_library
    stated = device.run_current_a is not None or device.run_power_w is not None
    if not stated or device.workload != "neural_network":
        of_any = published_power(name, None, device.clock_hz, device.supply_v, model)
        if of_any is not None:
            return of_any
    if not stated:
        return None
    return RunPower(device.run_current_a, device.run_power_w, device.run_supply_v or device.supply_v, device.regulator,
                    device.workload, device.run_clock_hz or 0.0)
