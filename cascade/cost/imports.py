"""Results of other tools as costs: Vela, Silicon Labs MLTK, ST Edge AI, and profiler logs of TFLM on a device."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cascade.cost.estimate import Estimate
from cascade.errors import CascadeError

TEXT_BYTES_LIMIT: Final = 4_000_000
MEASURED_SPREAD: Final = 0.03
ESTIMATOR_SPREAD: Final = 0.25
"""Half width of the range around another tool's estimate; Vela's own documents state no error, an assumption."""


class ImportProblem(CascadeError):
    """A result of another tool cannot be used; names the file, the line and what was expected."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(file, line, message)
        self.file, self.line, self.message = file, line, message

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: error {self.message}"


@dataclass(frozen=True)
class LayerCost:
    """One layer of an imported result."""

    name: str
    time_s: float | None
    cycles: float | None


@dataclass(frozen=True)
class ImportedCost:
    """Latency, and energy where it was measured, of a model by another tool or the user."""

    latency_s: float
    clock_hz: float | None
    energy_j: float | None
    spread: float
    """Half width of the range, as a fraction."""
    basis: str
    source: str
    layers: tuple[LayerCost, ...] = ()
    arena_bytes: int | None = None

    def at_clock(self, clock_hz: float) -> Estimate:
        """The latency as an estimate at a clock. [s]"""
        ratio = self.clock_hz / clock_hz if self.clock_hz else 1.0
        typical_s = self.latency_s * ratio
        basis = self.basis if ratio == 1.0 else f"{self.basis}, scaled from {self.clock_hz or 0.0:g} to {clock_hz:g} Hz"
        return Estimate(typical_s * (1.0 - self.spread), typical_s, typical_s * (1.0 + self.spread), basis, self.source)


def own_measurement(latency_s: float, energy_j: float | None = None, clock_hz: float | None = None,
                    source: str = "the user") -> ImportedCost:
    """The user's own measurement, which comes before everything else."""
    if not (latency_s > 0.0 and math.isfinite(latency_s)):
        raise ImportProblem(source, 0, f"a measured latency is a positive number of seconds, given {latency_s}")
    return ImportedCost(latency_s, clock_hz, energy_j, MEASURED_SPREAD, "measured by the user", source)


def read_result(path: str | Path, clock_hz: float | None = None) -> ImportedCost:
    """A result file of a known tool, recognised by its content. `clock_hz` is the device's, for logs of cycles."""
    file = str(path)
    try:
        data = Path(path).read_bytes() if Path(path).stat().st_size <= TEXT_BYTES_LIMIT else None
    except OSError as problem:
        raise ImportProblem(file, 0, f"cannot be read: {problem.strerror}") from None
    if data is None:
        raise ImportProblem(file, 0, f"larger than {TEXT_BYTES_LIMIT:,} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ImportProblem(file, 0, "not UTF-8 text") from None
    for recognised, parse in _PARSERS:
        if recognised(text):
            return parse(text, file, clock_hz)
    raise ImportProblem(file, 0, "not a Vela summary, an MLTK profile, an ST Edge AI report or a TFLM profiler log")


def parse_vela(text: str, file: str, clock_hz: float | None = None) -> ImportedCost:
    """Summary CSV of Vela (`<name>_summary_<config>.csv`): its inference time. [s]"""
    del clock_hz
    reader = csv.DictReader(io.StringIO(text))
    _need(reader.fieldnames, ("inference_time", "core_clock"), file)
    rows = list(reader)
    if len(rows) != 1:
        raise ImportProblem(file, 1, f"a Vela summary has one row, found {len(rows)}")
    row = rows[0]
    clock = _number(row, "core_clock", file, 2)
    name = row.get("accelerator_configuration") or "an Ethos-U"
    sram = _optional(row, "sram_memory_used", file, 2)
    return ImportedCost(
        _positive(_number(row, "inference_time", file, 2), "inference_time", file, 2), clock, None, ESTIMATOR_SPREAD,
        f"Vela's estimate for {name} with {row.get('system_config') or 'its default system'}",
        f"{file}, Vela summary", (), None if sram is None else round(sram * 1024),
    )


def parse_mltk(text: str, file: str, clock_hz: float | None = None) -> ImportedCost:
    """Layer CSV of Silicon Labs MLTK's profiler (columns op, time_s or time). [s]"""
    del clock_hz
    reader = csv.DictReader(io.StringIO(text))
    column = "time_s" if reader.fieldnames and "time_s" in reader.fieldnames else "time"
    _need(reader.fieldnames, ("op", column), file)
    layers, energies = [], []
    for line, row in enumerate(reader, start=2):
        time_s = _number(row, column, file, line)
        if time_s < 0.0:
            raise ImportProblem(file, line, f"{column}: a time is not negative, given {time_s}")
        layers.append(LayerCost(row["op"], time_s, None))
        energies.append(_optional(row, "energy_J", file, line))
    total_s = _positive(sum(one.time_s or 0.0 for one in layers), column, file, 0)
    known = [one for one in energies if one is not None]
    energy_j = sum(known) if len(known) == len(layers) and any(known) else None
    return ImportedCost(total_s, None, energy_j, MEASURED_SPREAD, "measured per layer by Silicon Labs MLTK",
                        f"{file}, MLTK profile", tuple(layers))


_ST_DURATION: Final = re.compile(r"^\s*(?:duration|inference time)\s*:\s*([0-9.]+)\s*ms", re.IGNORECASE)
_ST_CYCLES: Final = re.compile(r"^\s*CPU cycles\s*:\s*([0-9]+)", re.IGNORECASE)
_ST_CLOCK: Final = re.compile(r"@\s*([0-9.]+)\s*MHz", re.IGNORECASE)


def parse_st(text: str, file: str, clock_hz: float | None = None) -> ImportedCost:
    """Report of ST Edge AI (X-CUBE-AI) after a run on the target: duration, cycles, clock. [s]"""
    duration_ms = cycles = None
    for line, content in enumerate(text.splitlines(), start=1):
        found = _ST_DURATION.match(content)
        if found:
            duration_ms = _positive(_float(found.group(1), file, line), "duration", file, line)
        found = _ST_CYCLES.match(content)
        if found:
            cycles = float(found.group(1))
        found = _ST_CLOCK.search(content)
        if found:
            clock_hz = _float(found.group(1), file, line) * 1e6
    if duration_ms is None:
        raise ImportProblem(file, 0, "an ST Edge AI report with a line `duration : 12.3 ms` was expected; validate the "
                            "model on the target, the analysis alone has no time")
    if cycles:
        clock_hz = cycles / (duration_ms * 1e-3)
    return ImportedCost(duration_ms * 1e-3, clock_hz, None, MEASURED_SPREAD, "measured on the target by ST Edge AI",
                        f"{file}, ST Edge AI report")


_TICKS: Final = re.compile(r"^\s*([A-Z][A-Z0-9_]+)\s+took\s+(\d+)\s+ticks\b(?:\s*\((\d+)\s*ms\))?")
_TFLM_CSV: Final = re.compile(r'^\s*"?(\d+)"?,\s*"?([A-Z][A-Z0-9_]+)"?,\s*"?(\d+)"?\s*$')


def parse_profiler(text: str, file: str, clock_hz: float | None = None) -> ImportedCost:
    """Log of TFLM's MicroProfiler, from a serial port or Zephyr: `CONV_2D took 123456 ticks (12 ms).` per operator,
    or its CSV form. Ticks are cycles of the given clock. [s]"""
    layers = []
    for content in text.splitlines():
        found = _TICKS.search(content.split("] ")[-1])
        if found:
            layers.append(LayerCost(found.group(1), None, float(found.group(2))))
            continue
        row = _TFLM_CSV.match(content)
        if row:
            layers.append(LayerCost(row.group(2), None, float(row.group(3))))
    cycles = sum(one.cycles or 0.0 for one in layers)
    if not layers or cycles <= 0.0:
        raise ImportProblem(file, 0, "no line like `CONV_2D took 123456 ticks (12 ms).` was found")
    if not clock_hz or clock_hz <= 0.0:
        raise ImportProblem(file, 0, "a profiler log counts ticks; the clock they were counted at is needed")
    return ImportedCost(cycles / clock_hz, clock_hz, None, MEASURED_SPREAD,
                        f"measured by TFLM's profiler, {len(layers)} operators", f"{file}, TFLM profiler log",
                        tuple(layers))


def _looks_like_vela(text: str) -> bool:
    return "inference_time" in text.partition("\n")[0]


def _looks_like_mltk(text: str) -> bool:
    head = text.partition("\n")[0].split(",")
    return "op" in head and ("time_s" in head or "time" in head)


def _looks_like_st(text: str) -> bool:
    return any(mark in text for mark in ("ST Edge AI", "STEdgeAI", "X-CUBE-AI", "STM.ai", "stedgeai"))


def _looks_like_profiler(text: str) -> bool:
    return " ticks" in text or any(_TFLM_CSV.match(line) for line in text.splitlines()[:50])


Parser = Callable[[str, str, float | None], ImportedCost]
_PARSERS: Final[tuple[tuple[Callable[[str], bool], Parser], ...]] = (
    (_looks_like_vela, parse_vela),
    (_looks_like_mltk, parse_mltk),
    (_looks_like_st, parse_st),
    (_looks_like_profiler, parse_profiler),
)


def _need(names: object, wanted: tuple[str, ...], file: str) -> None:
    given = list(names) if isinstance(names, list | tuple) else []
    missing = [name for name in wanted if name not in given]
    if missing:
        raise ImportProblem(file, 1, f"columns are missing: {', '.join(missing)}; found: {', '.join(given[:20])}")


def _number(row: dict[str, str], name: str, file: str, line: int) -> float:
    text = row.get(name)
    if text is None or not text.strip():
        raise ImportProblem(file, line, f"{name}: a number is missing")
    return _float(text, file, line, name)


def _optional(row: dict[str, str], name: str, file: str, line: int) -> float | None:
    text = row.get(name)
    return _float(text, file, line, name) if text and text.strip() else None


def _float(text: str, file: str, line: int, name: str = "value") -> float:
    try:
        value = float(text)
    except ValueError:
        raise ImportProblem(file, line, f"{name}: not a number: {text[:40]!r}") from None
    if not math.isfinite(value):
        raise ImportProblem(file, line, f"{name}: not a finite number: {text[:40]!r}")
    return value


def _positive(value: float, name: str, file: str, line: int) -> float:
    if value <= 0.0:
        raise ImportProblem(file, line, f"{name}: must be above 0, given {value:g}")
    return value
