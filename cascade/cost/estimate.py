"""Time of one inference on a device, as a range with its basis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cascade.cost.cores import UnknownCore, UnknownRuntime, find_core, find_library
from cascade.errors import DataError

if TYPE_CHECKING:
    from cascade.tflite import ModelFacts

__all__ = ["Estimate", "UnknownCore", "UnknownRuntime", "estimate_latency"]


@dataclass(frozen=True)
class Estimate:
    """A latency as a range that holds nine times in ten, never as one number."""

    low_s: float
    typical_s: float
    high_s: float
    basis: str
    """One sentence: the method, the core, the kernel library and the data it rests on."""
    source: str


_CYCLES_PER_MAC: Final = {
    ("cortex-m0+", "reference"): (25.0, 60.0, 180.0),
    ("cortex-m0+", "hale"): (6.0, 9.0, 14.0),
    ("cortex-m3", "reference"): (25.0, 45.0, 180.0),
    ("cortex-m3", "cmsis-nn"): (5.0, 12.0, 30.0),
    ("cortex-m4f", "reference"): (25.0, 40.0, 180.0),
    ("cortex-m4f", "cmsis-nn"): (3.5, 5.5, 9.6),
    ("cortex-m4f", "tuned"): (1.4, 3.0, 9.6),
    ("cortex-m7", "reference"): (15.0, 30.0, 155.0),
    ("cortex-m7", "cmsis-nn"): (1.3, 2.5, 5.0),
    ("cortex-m33", "reference"): (20.0, 40.0, 180.0),
    ("cortex-m33", "cmsis-nn"): (2.5, 4.0, 8.0),
    ("cortex-m55", "cmsis-nn"): (0.3, 0.7, 2.0),
    ("cortex-m85", "cmsis-nn"): (0.3, 0.7, 2.0),
    ("xtensa-lx6", "reference"): (70.0, 137.0, 200.0),
    ("xtensa-lx6", "esp-nn"): (8.0, 12.7, 20.0),
    ("xtensa-lx7", "reference"): (40.0, 77.0, 150.0),
    ("xtensa-lx7", "esp-nn"): (1.2, 1.8, 4.0),
    ("risc-v", "reference"): (15.0, 35.0, 80.0),
    ("risc-v", "esp-nn"): (5.0, 9.5, 16.0),
}
_FAMILY: Final = (1.4, 4.0, 20.0)


def estimate_latency(
    macs: int, facts: ModelFacts | None, core: str, fpu: bool, clock_hz: float, runtime: str | None
) -> Estimate:
    """Time of one inference of a model on a core. [s]"""
    if macs < 0 or not clock_hz > 0.0:
        raise DataError(f"an inference needs macs >= 0 and clock_hz > 0; given {macs} and {clock_hz}")
    found = find_core(core)
    library = find_library(found, runtime)
    low, typical, high = _CYCLES_PER_MAC.get((found.name, library), _FAMILY)
    basis = f"{low:g} to {high:g} cycles per multiply-accumulate of {library} on {found.name}, MLPerf Tiny results"
    return Estimate(
        macs * low / clock_hz, macs * typical / clock_hz, macs * high / clock_hz, basis, "MLPerf Tiny v0.5 to v1.3"
    )
