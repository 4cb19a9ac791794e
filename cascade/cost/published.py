"""Published measurements of inference, one row each with its source: what the cost model rests on."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass, fields
from importlib import resources


@dataclass(frozen=True)
class Measurement:
    """One published latency (and energy, where it was measured) of a known model."""

    model: str
    """Name of a model in the calibration file: ad, ic, kws, vww of MLPerf Tiny, or person_detect of TFLM."""
    dtype: str
    device: str
    """As the device profiles are named; further microcontrollers by their part name in lower case."""
    board: str
    core: str
    library: str
    version: str
    clock_hz: float
    supply_v: float | None
    latency_s: float
    energy_j: float | None
    power_w: float | None
    source: str

    @property
    def cycles(self) -> float:
        """Clock cycles of one inference. [count]"""
        return self.latency_s * self.clock_hz

    @property
    def stack(self) -> str:
        """Kernel library with its version."""
        return f"{self.library} {self.version}".strip()


COLUMNS = tuple(field.name for field in fields(Measurement))


@functools.cache
def published_measurements() -> tuple[Measurement, ...]:
    """Every published measurement that ships with the package."""
    text = resources.files("cascade.cost").joinpath("published.csv").read_text(encoding="utf-8")
    return tuple(_measurement(row) for row in csv.DictReader(text.splitlines()))


def _measurement(row: dict[str, str]) -> Measurement:
    def number(name: str) -> float | None:
        return float(row[name]) if row[name] else None

    return Measurement(
        row["model"], row["dtype"], row["device"], row["board"], row["core"], row["library"], row["version"],
        float(row["clock_hz"]), number("supply_v"), float(row["latency_s"]), number("energy_j"), number("power_w"),
        row["source"],
    )
