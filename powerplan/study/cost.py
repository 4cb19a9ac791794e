"""Time and energy of a model on devices of the library, and what a firmware image takes."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from powerplan.components.mcu import SWITCHING, Mcu
from powerplan.components.spec import choices
from powerplan.errors import PowerplanError
from powerplan.study.models import of_cascade
from powerplan.units import UnitError, format_quantity, parse_quantity

if TYPE_CHECKING:
    from cascade.cost.energy import EnergyEstimate
    from cascade.cost.imports import ImportedCost
    from cascade.cost.table import DeviceFigures

Progress = Callable[[str, float], None]
PROCESSOR_KINDS = ("mcu", "board")
ETHOS = "ethos-u"
USUAL_MODEL = "vww"
TOP_SYMBOLS = 12
USUAL_SUPPLY_V = 3.0
"""Where neither the profile nor the user says a supply voltage."""
FULL_BASIS_ROWS = 3
SHORT_BASIS_LETTERS = 48


def device_figures(name: str, runtime: str | None = None, clock: str | None = None, supply: str | None = None,
                   arena: str | None = None) -> DeviceFigures:
    """Figures of a device profile as the cost model takes them. Raises InputError, PowerplanError."""
    from cascade.cost.table import DeviceFigures
    from powerplan.components.board import BoardSpec
    from powerplan.components.registry import build
    from powerplan.files.library import load_profile
    from powerplan.lowering.models import flash_waits_of, published_runs

    profile = load_profile(name, beside=Path())
    if profile.kind not in PROCESSOR_KINDS:
        raise PowerplanError(f"--device {name}: a {profile.kind} runs no model; powerplan profiles list --kind mcu")
    part = build(name, {"profile": name}, profile)
    core = part.spec.core if isinstance(part, Mcu) else None
    if not isinstance(part, Mcu) or core is None:
        raise PowerplanError(f"--device {name}: its profile states no core; nothing can be estimated")
    spec = part.spec
    clock_hz = _given(clock, "frequency", "--clock") or part.clock_hz
    if clock_hz is None:
        raise PowerplanError(f"--device {name}: its profile states no clock; give --clock 80MHz")
    if spec.clock_max is not None and clock_hz > spec.clock_max.high * (1.0 + 1e-9):
        raise PowerplanError(f"--device {name}: --clock {clock_hz / 1e6:g} MHz is above its highest clock, "
                             f"{spec.clock_max.high / 1e6:g} MHz")
    point = part.run_point()
    published_v = point.supply.typ if point and point.supply else None
    supply_v = _given(supply, "voltage", "--supply") or published_v or USUAL_SUPPLY_V
    current = point.current.typ if point and point.current else None
    power = point.power.typ if point and point.power else None
    workload: Any = point.workload if point and point.workload in ("neural_network", "typical") else "headline"
    beside_a = spec.parasitic.current.typ if isinstance(spec, BoardSpec) and spec.parasitic.current else 0.0
    outside = None
    ram_bytes = spec.ram.typ if spec.ram else None
    if arena is not None:
        if arena not in spec.extras:
            raise PowerplanError(f"--arena {arena}: {name} has no such memory; {choices(spec.extras)}")
        outside = spec.extras[arena]
        ram_bytes = outside.memory.typ if outside.memory else None
        drawn = outside.run or outside.sleep
        beside_a += drawn.typ if drawn else 0.0
    return DeviceFigures(
        name, core.value, spec.fpu is not None and spec.fpu.value != "none", clock_hz, supply_v, current, power,
        published_v, point.clock.typ if point else None,
        "smps" if point and point.regulator in SWITCHING else "ldo", workload,
        round(spec.flash.typ) if spec.flash else None, round(ram_bytes) if ram_bytes else None,
        waiting_power_w=beside_a * supply_v, external_arena=outside is not None, runtime=runtime,
        throughput=published_runs(spec), flash_waits=flash_waits_of(part))


def _given(text: str | None, dimension: str, option: str) -> float | None:
    if text is None:
        return None
    try:
        return parse_quantity(text, dimension)
    except UnitError as error:
        raise PowerplanError(f"{option}: {error}") from None


def device_names() -> list[str]:
    """Every shipped processor and board."""
    from powerplan.files.library import list_profiles

    return [listed.name for kind in PROCESSOR_KINDS for listed in list_profiles(kind)]


def other_tool(file: Path, devices: Sequence[str], runtime: str | None, clock_hz: float | None,
               measured: Path | None) -> ImportedCost | None:
    """A result that comes before the estimate: an imported file, or Vela's for `--runtime ethos-u55-128`.

    Raises PowerplanError where a device has no Ethos-U, and what `cascade.cost` raises.
    """
    from cascade.cost.imports import read_result
    from cascade.cost.vela import vela_cost

    if measured is not None:
        return read_result(measured, clock_hz)
    if runtime is None or not runtime.lower().startswith(ETHOS):
        return None
    for name in devices:
        npu = _npu(name)
        if ETHOS not in npu.lower():
            raise PowerplanError(f"--device {name}: {runtime} is an accelerator it does not have; its profile says "
                                 f"npu: {npu or 'none'}")
    return vela_cost(file, runtime.lower())


def _is_bare_board(name: str) -> bool:
    """Whether this is a board without a figure for what it draws beside its chip."""
    from powerplan.components.board import BoardSpec
    from powerplan.files.library import load_profile

    spec = load_profile(name, beside=Path()).spec
    return isinstance(spec, BoardSpec) and spec.parasitic.current is None


def _npu(name: str) -> str:
    from powerplan.files.library import load_profile

    stated = getattr(load_profile(name, beside=Path()).spec, "npu", None)
    return "" if stated is None else str(stated.value)


def usual_inference(device: str) -> EnergyEstimate | None:
    """Energy of MLPerf Tiny's visual wake words (int8) on a device by the order of trust; None where it is unknown."""
    from cascade.cost.calibration import known_models
    from cascade.cost.estimate import Demand
    from cascade.cost.table import device_energy, device_latency
    from cascade.cost.work import MAC_GROUPS
    from cascade.errors import CascadeError

    work = known_models()[USUAL_MODEL]
    demand = Demand(int(work[: len(MAC_GROUPS)].sum()), work, "int8")
    try:
        figures = device_figures(device)
        return device_energy(device_latency(demand, figures), figures, None, USUAL_MODEL)
    except (CascadeError, PowerplanError):
        return None


def model_cost(file: Path, devices: Sequence[str], runtime: str | None = None, clock: str | None = None,
               supply: str | None = None, measured: Path | None = None, progress: Progress | None = None,
               memory: str | None = None) -> list[dict[str, Any]]:
    """Latency and energy of a model on devices, the least energy first. Raises ModelError, PowerplanError."""
    from cascade.arena import tensor_arena
    from cascade.cost.table import cost_table
    from cascade.tflite import read_model

    if not devices and (runtime or "").lower().startswith(ETHOS):
        devices = [name for name in device_names() if ETHOS in _npu(name).lower()]
    with of_cascade():
        facts = read_model(file)
        arena = tensor_arena(file)
        figures, refused = [], []
        names = list(devices or device_names())
        for number, name in enumerate(names):
            if progress is not None:
                progress(name, number / len(names))
            try:
                figures.append(device_figures(name, runtime, clock, supply, memory))
            except PowerplanError as error:
                if devices:
                    raise
                refused.append((name, str(error)))
        own = other_tool(file, devices, runtime, figures[0].clock_hz, measured) if figures else None
        rows = cost_table(facts, figures, arena_bytes=arena.arena_bytes, measured=own)
    for row in rows:
        if row["energy_uj"] is not None and _is_bare_board(row["device"]):
            row["basis"] += "; of the chip alone: nobody published what the board draws beside it"
    rows.extend({"device": name, "runtime": runtime, "clock_mhz": None, "supply_v": None, "latency_ms": None,
                 "energy_uj": None, "fits": None, "basis": text} for name, text in refused)
    return rows


def cost_rows(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same as texts for a table; of many devices the basis in short, `--json` has it whole."""
    def basis(text: str) -> str:
        return text if len(rows) <= FULL_BASIS_ROWS else textwrap.shorten(text, SHORT_BASIS_LETTERS, placeholder=" …")

    return [{"device": row["device"], "runtime": row["runtime"] or "", "clock": _text(row["clock_mhz"], "{:.0f} MHz"),
             "latency": _range(row["latency_ms"], 1e-3, "duration"), "energy": _range(row["energy_uj"], 1e-6, "energy"),
             "fits": {True: "yes", False: "no", None: "?"}[row["fits"]], "basis": basis(row["basis"])} for row in rows]


def _text(value: float | None, pattern: str) -> str:
    return "" if value is None else pattern.format(value)


def _range(found: dict[str, float] | None, scale: float, dimension: str) -> str:
    if found is None:
        return "not known"
    low, typical, high = (format_quantity(found[key] * scale, dimension)
                          for key in ("low", "typical", "high"))
    return f"{typical} ({low} to {high})"


def cost_picture(rows: Sequence[dict[str, Any]], path: Path) -> Path:
    """Latency against energy of all devices, with their ranges, as PNG or SVG."""
    from powerplan.report.plot_cost import draw_cost
    from powerplan.report.style import to_png, to_svg
    from powerplan.results.tables import write_atomically

    known = [row for row in rows if row["latency_ms"] is not None]
    if not known:
        raise PowerplanError("no device has figures to draw")
    figure = draw_cost(known)
    write_atomically(path, to_svg(figure, "cost").encode() if path.suffix == ".svg" else to_png(figure))
    return path


def firmware(file: Path, baseline: Path | None = None) -> dict[str, Any]:
    """Flash and RAM of a firmware image by section, its largest symbols, and what changed. Raises PowerplanError."""
    from cascade.cost.elf import compare, read_footprint

    with of_cascade():
        after = read_footprint(file)
        document: dict[str, Any] = {
            "file": file.name, "machine": after.machine, "flash_bytes": after.flash_bytes, "ram_bytes": after.ram_bytes,
            "framework_flash_bytes": after.framework_flash_bytes(),
            "sections": [{"name": s.name, "kind": s.kind, "bytes": s.size_bytes} for s in after.sections],
            "symbols": [{"name": s.name, "bytes": s.size_bytes} for s in after.symbols[:TOP_SYMBOLS]]}
        if baseline is not None:
            before = read_footprint(baseline)
            sections, symbols = compare(before, after)
            document["baseline"] = {
                "file": baseline.name, "flash_bytes": after.flash_bytes - before.flash_bytes,
                "ram_bytes": after.ram_bytes - before.ram_bytes,
                "sections": [{"name": c.name, "bytes": c.change_bytes} for c in sections],
                "symbols": [{"name": c.name, "bytes": c.change_bytes} for c in symbols[:TOP_SYMBOLS]]}
    return document


def firmware_text(document: dict[str, Any]) -> Iterator[str]:
    """The same as lines."""
    from cascade.cost.memory import DECLARED

    yield (f"{document['file']} ({document['machine']}): flash {document['flash_bytes']:,} B, RAM "
           f"{document['ram_bytes']:,} B; TFLite-Micro and kernels take {document['framework_flash_bytes']:,} B of it")
    for section in document["sections"]:
        yield f"  {section['name']:<20} {section['kind']:<8} {section['bytes']:>10,} B"
    yield "largest symbols"
    for symbol in document["symbols"]:
        yield f"  {symbol['bytes']:>10,} B  {symbol['name']}"
    yield f"the RAM is what the linker knows of; {DECLARED}"
    if "baseline" in document:
        changed = document["baseline"]
        yield (f"against {changed['file']}: flash {changed['flash_bytes']:+,} B, RAM {changed['ram_bytes']:+,} B")
        for symbol in changed["symbols"]:
            yield f"  {symbol['bytes']:>+10,} B  {symbol['name']}"
