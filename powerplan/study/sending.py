"""One decision, three ways: compute it on the device, send what it was made from, or send only its result."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from powerplan.components.base import NS_PER_S, Request, UnknownRequest
from powerplan.components.camera import Camera
from powerplan.components.microphone import Microphone
from powerplan.components.spec import PartError
from powerplan.lowering.parts import LoweredPart
from powerplan.model.scenario import Do, Task
from powerplan.results.tables import Table
from powerplan.study.counters import steps_of
from powerplan.study.crossover import NothingToCompare, inference_j, message_j, payload_at
from powerplan.study.run import RunResult
from powerplan.study.supply import SupplyChain
from powerplan.study.tables import table

SAMPLE_BYTES = 2
"""A sound sample of 16 bits."""
RESULT_BYTES = 20
"""What a result is taken to need where the scenario sends none."""
RAW = "send the raw data"
Row = tuple[Any, ...]


def sending_table(result: RunResult) -> Table:
    """Energy and time above rest of every way, for every cascade and radio. Raises NothingToCompare."""
    lowering, chain = result.lowering, result.chain
    radios = {name: part for name, part in lowering.parts.items() if _sends(part)}
    computing = inference_j(lowering, chain)
    if not radios or not computing:
        missing = "no radio that sends by the byte" if not radios else "no cascade"
        raise NothingToCompare(f"{result.loaded.path.name} has {missing}")
    rows: list[Row] = []
    for cascade, levels in computing.items():
        total_j, total_s = 0.0, 0.0
        for level, energy_j, processor in levels:
            cost = next(one for one in lowering.costs if (one.cascade, one.level) == (cascade, level))
            total_j, total_s = total_j + energy_j, total_s + cost.latency_ns / NS_PER_S
            equals = [payload_at(total_j, partial(_message_j, part, chain)) for part in radios.values()]
            equal = min((found for found in equals if found is not None), default=None)
            rows.append((cascade, f"compute up to {level}", processor, 0, total_j, total_s, equal))
        for name, part in radios.items():
            for choice, size in _messages(result, cascade, name):
                energy_j = message_j(part, size, chain)
                if choice != RAW or energy_j > message_j(part, 1, chain):  # else the profile knows one size of message
                    rows.append((cascade, choice, name, size, energy_j, _time_s(part, size), None))
    return table("sending", rows)


def _sends(part: LoweredPart) -> bool:
    try:
        return bool(part.steps(Request("send", {"data_bytes": 1})))
    except (UnknownRequest, StopIteration, PartError):  # a session whose length the scenario states at each message
        return False


def _message_j(part: LoweredPart, chain: SupplyChain, data_bytes: int) -> float:
    return message_j(part, data_bytes, chain)


def _time_s(part: LoweredPart, data_bytes: int) -> float:
    """Time of one message, tails included, one try. [s]"""
    return sum(step.duration_ns for step in part.steps(Request("send", {"data_bytes": data_bytes}))) / NS_PER_S


def _messages(result: RunResult, cascade: str, radio: str) -> Iterator[tuple[str, int]]:
    """What could be sent for one decision: the result, and the raw data where their size is known."""
    tasks = [task for task in result.loaded.scenario.tasks.values()
             if any(step.cascade == cascade for step in steps_of(task.do))]
    sent = [step for task in tasks for step in steps_of(task.on_detect or []) if step.send == radio]
    size = next((round(step.bytes.typ) for step in sent if step.bytes is not None), RESULT_BYTES)
    yield ("send the result" if sent else "send a result", size)
    for task in tasks:
        raw = _raw_bytes(result, task, cascade)
        if raw is not None:
            yield RAW, raw
            return


def _raw_bytes(result: RunResult, task: Task, cascade: str) -> int | None:
    """Bytes one decision is made from: the frames of its picture, or the sound of one hop at 16 bits. [byte]"""
    source = result.loaded.scenario.cascade[cascade].input
    part = result.lowering.parts[source].part if source in result.lowering.parts else None
    if isinstance(part, Camera):
        mode = part.spec.modes[part.mode_name()]
        captures: list[Do] = [step for step in steps_of(task.do) if step.capture == source]
        if mode.width is None or mode.height is None or not captures:
            return None
        return round(mode.width * mode.height * mode.bytes_per_pixel)
    if isinstance(part, Microphone) and task.when.hop is not None:
        rate = part.spec.modes[part.mode_name()].sample_rate
        return round(rate.typ * task.when.hop.typ * SAMPLE_BYTES * part.options.count) if rate is not None else None
    return None
