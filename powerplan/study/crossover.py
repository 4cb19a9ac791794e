"""Sending against computing: the payload whose transmission takes as much energy as deciding on the device."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from powerplan.components.base import NS_PER_S, Request, UnknownRequest
from powerplan.errors import PowerplanError
from powerplan.files.scenario import load_scenario
from powerplan.lowering.lower import Lowering
from powerplan.lowering.parts import FigureLog, LoweredPart
from powerplan.results.document import number
from powerplan.study.run import prepare
from powerplan.study.supply import SupplyChain, supply_chain
from powerplan.units import format_quantity

SIZES_BYTES = (1, 20, 200, 2_000, 20_000)
LARGEST_BYTES = 1_000_000
"""Beyond a megabyte nothing is searched."""


class NothingToCompare(PowerplanError):
    """A scenario without a radio or without a cascade."""


def power_w(part: LoweredPart, state: str, chain: SupplyChain) -> float:
    """Power of a part in a state, at its rail. [W]"""
    rail = chain.rails[part.rail]
    volts = rail.voltage_v if rail.profile is not None else chain.battery_v
    found = next(one for one in part.lowered.states if one.name == state)
    return found.current_a * volts + found.power_w


def message_j(part: LoweredPart, data_bytes: int, chain: SupplyChain) -> float:
    """Energy of one message above the radio's rest, one try. [J]"""
    rest_w = power_w(part, part.lowered.states[0].name, chain)
    steps = part.steps(Request("send", {"data_bytes": data_bytes}))
    return sum((power_w(part, step.state, chain) - rest_w) * step.duration_ns / NS_PER_S for step in steps)


def inference_j(lowering: Lowering, chain: SupplyChain) -> dict[str, list[tuple[str, float, str]]]:
    """Cascade -> (level, energy above the processor's rest [J], processor)."""
    found: dict[str, list[tuple[str, float, str]]] = {}
    for cost in lowering.costs:
        part = lowering.parts[cost.processor]
        above_w = power_w(part, "run", chain) - power_w(part, part.lowered.states[0].name, chain)
        found.setdefault(cost.cascade, []).append((cost.level, above_w * cost.latency_ns / NS_PER_S, cost.processor))
    return found


def payload_at(energy_j: float, sending: Callable[[int], float]) -> int | None:
    """Smallest payload that takes at least this energy to send. [byte], None beyond the largest"""
    if sending(LARGEST_BYTES) < energy_j:
        return None
    low, high = 0, LARGEST_BYTES
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if sending(middle) < energy_j else (low, middle)
    return 1 if sending(1) >= energy_j else high


def crossover(path: Path) -> dict[str, Any]:
    """Energies of both sides and the payload at which they are equal. Raises InputError, NothingToCompare."""
    loaded = load_scenario(path)
    lowering, profiles = prepare(loaded)
    chain = supply_chain(loaded.scenario, profiles, lowering.parts, FigureLog())
    radios = {}
    for name, part in lowering.parts.items():
        try:
            message_j(part, 1, chain)
        except (UnknownRequest, StopIteration):
            continue
        radios[name] = part
    computing = inference_j(lowering, chain)
    if not radios or not computing:
        missing = "no radio that sends bytes" if not radios else "no cascade"
        raise NothingToCompare(f"{path.name} has {missing}, so sending and computing cannot be compared")
    rows: list[dict[str, Any]] = []
    for cascade, levels in computing.items():
        total_j = 0.0
        for level, energy_j, processor in levels:
            total_j += energy_j
            rows.extend({"cascade": cascade, "up_to": level, "processor": processor, "compute_j": number(total_j),
                         "radio": radio, "payload_bytes": payload_at(total_j, _sender(part, chain))}
                        for radio, part in radios.items())
    return {"schema_version": 1, "scenario": path.name, "battery_v": number(chain.battery_v), "crossover": rows,
            "messages": [{"radio": radio, "bytes": size, "energy_j": number(message_j(part, size, chain))}
                         for radio, part in radios.items() for size in SIZES_BYTES]}


def _sender(part: LoweredPart, chain: SupplyChain) -> Callable[[int], float]:
    return lambda data_bytes: message_j(part, data_bytes, chain)


def crossover_lines(document: dict[str, Any]) -> list[str]:
    """The answer as people read it."""
    said = []
    for row in document["crossover"]:
        energy = format_quantity(row["compute_j"], "energy")
        payload = row["payload_bytes"]
        said.append(f"{row['cascade']} up to {row['up_to']} takes {energy} on {row['processor']}: "
                    + (f"as much as sending {payload:,} bytes by {row['radio']}" if payload is not None else
                       f"more than sending {LARGEST_BYTES:,} bytes by {row['radio']}"))
    said.append("")
    said += [f"{row['radio']} sends {row['bytes']:>6,} bytes with {format_quantity(row['energy_j'], 'energy')}"
             for row in document["messages"]]
    return [*said, "", "energies above rest, at the rail of each part; one try per message, sensors left out"]
