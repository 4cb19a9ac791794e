"""Race to sleep: what one inference takes at each clock of a processor, alone and while something waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from powerplan.components.mcu import RUN_WORKLOADS, SWITCHING, Mcu
from powerplan.errors import PowerplanError
from powerplan.study.cost import device_figures
from powerplan.study.models import of_cascade
from powerplan.units import UnitError, format_quantity, parse_quantity

if TYPE_CHECKING:
    from cascade.cost.table import DeviceFigures


def race(file: Path, device: str, waiting: str | None = None, runtime: str | None = None, supply: str | None = None
         ) -> dict[str, Any]:
    """Energy of one inference at every clock with a published run figure. Raises ModelError, PowerplanError.

    `waiting` is the power or the current (at the supply) of what stays on until the inference is done.
    """
    from cascade.cost.estimate import demand_of
    from cascade.cost.table import device_latency
    from cascade.tflite import read_model

    figures = device_figures(device, runtime, None, supply)
    points = list(_points(device, figures))
    if not points:
        raise PowerplanError(f"--device {device}: no run current at any clock is published; nothing can be compared")
    waiting_w = _power_w(waiting, figures.supply_v or 0.0)
    with of_cascade():
        demand = demand_of(read_model(file))
        rows = [_row(point, device_latency(demand, point), waiting_w) for point in points]
    return {"schema_version": 1, "file": str(file), "device": device, "supply_v": figures.supply_v,
            "waiting_w": waiting_w, "clocks": rows,
            "best_alone_mhz": min(rows, key=lambda row: row["energy_uj"]["typical"])["clock_mhz"],
            "best_waiting_mhz": min(rows, key=lambda row: row["waiting_uj"]["typical"])["clock_mhz"]}


def _points(device: str, figures: DeviceFigures) -> Iterator[DeviceFigures]:
    """The device at each clock it has a figure for; of several at one clock the nearest to neural-network work."""
    from powerplan.components.registry import build
    from powerplan.files.library import load_profile

    profile = load_profile(device, beside=Path())
    part = build(device, {"profile": device}, profile)
    runs = part.spec.run if isinstance(part, Mcu) else {}
    named = [point for point in runs.values() if point.workload in RUN_WORKLOADS and (point.current or point.power)]
    for clock_hz in sorted({point.clock.typ for point in named}):
        here = [point for point in named if point.clock.typ == clock_hz]
        best = min(here, key=lambda point: RUN_WORKLOADS.index(point.workload))
        workload: Any = best.workload if best.workload in ("neural_network", "typical") else "headline"
        yield replace(figures, clock_hz=clock_hz, run_current_a=best.current.typ if best.current else None,
                      run_power_w=best.power.typ if best.power else None,
                      run_supply_v=best.supply.typ if best.supply else None, run_clock_hz=clock_hz,
                      regulator="smps" if best.regulator in SWITCHING else "ldo", workload=workload)


def _power_w(waiting: str | None, supply_v: float) -> float:
    """Power of what waits, from a power or a current. [W]"""
    if waiting is None:
        return 0.0
    try:
        return parse_quantity(waiting, "power")
    except UnitError as no_power:
        try:
            return parse_quantity(waiting, "current") * supply_v
        except UnitError:
            raise PowerplanError(f"--waiting: {no_power}, or a current such as 60 mA") from None


def _row(point: DeviceFigures, latency: Any, waiting_w: float) -> dict[str, Any]:
    from cascade.cost.table import device_energy

    alone, beside = (device_energy(latency, replace(point, waiting_power_w=point.waiting_power_w + more_w))
                     for more_w in (0.0, waiting_w))
    return {"clock_mhz": point.clock_hz / 1e6,
            "latency_ms": _range(latency.low_s, latency.typical_s, latency.high_s, 1e3),
            "energy_uj": alone and _range(alone.low_j, alone.typical_j, alone.high_j, 1e6),
            "waiting_uj": beside and _range(beside.low_j, beside.typical_j, beside.high_j, 1e6),
            "basis": f"{latency.basis}; energy: {alone.basis if alone else 'unknown'}"}


def _range(low: float, typical: float, high: float, scale: float) -> dict[str, float]:
    return {"low": low * scale, "typical": typical * scale, "high": high * scale}


def race_text(document: dict[str, Any]) -> Iterator[str]:
    """The same as lines."""
    waits = document["waiting_w"]
    said = f", with {format_quantity(waits, 'power')} waiting" if waits else ""
    yield f"{document['device']} at {document['supply_v']:g} V{said}"
    for row in document["clocks"]:
        beside = f", {_said(row['waiting_uj'], 'energy', 1e-6)} with what waits" if waits else ""
        yield (f"  {row['clock_mhz']:>6g} MHz  {_said(row['latency_ms'], 'duration', 1e-3)}  "
               f"{_said(row['energy_uj'], 'energy', 1e-6)} alone{beside}")
    yield f"least energy alone: {document['best_alone_mhz']:g} MHz"
    if waits:
        yield f"least energy with what waits: {document['best_waiting_mhz']:g} MHz"
    yield f"basis: {document['clocks'][-1]['basis']}"


def _said(found: dict[str, float], dimension: str, scale: float) -> str:
    low, typical, high = (format_quantity(found[key] * scale, dimension) for key in ("low", "typical", "high"))
    return f"{typical} ({low} to {high})"


def race_picture(document: dict[str, Any], path: Path) -> Path:
    """Energy over the clock as PNG or SVG."""
    from powerplan.report.plot_cost import draw_race
    from powerplan.report.style import to_png, to_svg
    from powerplan.results.tables import write_atomically

    figure = draw_race(document)
    write_atomically(path, to_svg(figure, "race").encode() if path.suffix == ".svg" else to_png(figure))
    return path
