"""Cycles per multiply-accumulate where no fit is possible: reference builds, floating point, 16-bit activations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cascade.errors import DataError


@dataclass(frozen=True)
class CycleRange:
    """A range of cycles per multiply-accumulate, or of a factor on them, with what it rests on."""

    low: float
    typical: float
    high: float
    basis: str
    source: str


_REFERENCE_ARM: Final = (
    "a sensible build takes three to four times CMSIS-NN (20 to 40 cycles), an unoptimised one 182 were measured"
)
_ARM_SOURCES: Final = "tensorflow/tflite-micro issue 2473; Samsung/ONE issue 7598"

_REFERENCE: Final = {
    "cortex-m0+": CycleRange(30.0, 90.0, 330.0, "no measurement; up to 1.8 times a Cortex-M4 assumed", "assumed"),
    "cortex-m3": CycleRange(23.5, 70.0, 220.0, f"as on a Cortex-M4, up to 1.2 times: {_REFERENCE_ARM}", _ARM_SOURCES),
    "cortex-m4f": CycleRange(23.5, 60.0, 182.0, _REFERENCE_ARM, _ARM_SOURCES),
    "cortex-m33": CycleRange(23.5, 60.0, 182.0, f"as on a Cortex-M4: {_REFERENCE_ARM}", _ARM_SOURCES),
    "cortex-m7": CycleRange(12.0, 40.0, 155.0, "half of a Cortex-M4 assumed for a sensible build, 151 measured for an "
                            "unoptimised one", "tensorflow/tflite-micro issue 3209"),
    "cortex-m55": CycleRange(10.0, 35.0, 155.0, "no measurement; as on a Cortex-M7 assumed", "assumed"),
    "cortex-m85": CycleRange(8.0, 30.0, 155.0, "no measurement; as on a Cortex-M7 assumed", "assumed"),
    "xtensa-lx6": CycleRange(90.0, 137.0, 200.0, "137 measured on an ESP32 for one model", "espressif/esp-nn README"),
    "xtensa-lx7": CycleRange(50.0, 77.0, 115.0, "77 measured on an ESP32-S3 for one model", "espressif/esp-nn README"),
    "risc-v": CycleRange(17.0, 45.0, 85.0, "17 to 41 measured on an RV32IMAC core, 75 on an ESP32-C3",
                         "MLPerf Tiny v0.5 PengChengLaboratory; espressif/esp-nn README"),
    "rxv2": CycleRange(15.0, 50.0, 180.0, "no measurement; as on a Cortex-M4 assumed", "assumed"),
}

_HALE_FLOAT: Final = "MLPerf Tiny v1.2 bosch (HALE float32)"
_PLAIN_FLOAT: Final = "no measurement; as plain float loops on a Cortex-M4F assumed"
_FLOAT_WITH_FPU: Final = {
    "cortex-m4f": CycleRange(5.0, 9.0, 25.0, "generated float32 code took 5.8 to 9.5 cycles, TFLM's float kernels are "
                             "plain loops", _HALE_FLOAT),
    "cortex-m33": CycleRange(4.5, 9.0, 25.0, "as on a Cortex-M4F: 5.8 to 9.5 cycles for generated code, more for plain "
                             "loops", _HALE_FLOAT),
    "cortex-m7": CycleRange(2.5, 5.0, 15.0, "generated float32 code took 2.8 cycles, TFLM's float kernels are plain "
                            "loops", _HALE_FLOAT),
    "cortex-m55": CycleRange(0.8, 4.0, 15.0, "no measurement; between vectorised Helium code and a Cortex-M7 assumed",
                             "assumed"),
    "cortex-m85": CycleRange(0.7, 3.5, 12.0, "no measurement; between vectorised Helium code and a Cortex-M7 assumed",
                             "assumed"),
    "xtensa-lx6": CycleRange(5.0, 12.0, 40.0, _PLAIN_FLOAT, "assumed"),
    "xtensa-lx7": CycleRange(4.0, 10.0, 40.0, _PLAIN_FLOAT, "assumed"),
    "risc-v": CycleRange(5.0, 12.0, 40.0, _PLAIN_FLOAT, "assumed"),
    "rxv2": CycleRange(5.0, 12.0, 40.0, _PLAIN_FLOAT, "assumed"),
}

_SOFTWARE: Final = (
    "no FPU and no published measurement: a float multiplication and an addition in software, each a call of some "
    "30 to 120 instructions; measure it on the device"
)
_FLOAT_IN_SOFTWARE: Final = {
    "cortex-m0+": CycleRange(110.0, 220.0, 500.0, _SOFTWARE, "assumed"),
    "cortex-m3": CycleRange(65.0, 120.0, 280.0, _SOFTWARE, "assumed"),
}
_FLOAT_IN_SOFTWARE_ELSEWHERE: Final = CycleRange(60.0, 130.0, 320.0, _SOFTWARE, "assumed")

INT16X8: Final = CycleRange(
    1.2, 1.8, 4.0, "16-bit activations with 8-bit weights taken as 1.2 to 4 times int8, an assumption", "assumed"
)
EXTERNAL_ARENA: Final = CycleRange(
    1.15, 1.7, 3.5, "activations in external memory, 1.15 times (ESP32-S3) to 3.5 times (SDRAM of an STM32F767)",
    "espressif/esp-nn README; Samsung/ONE issue 7598",
)


RELATIVES: Final = {
    "cortex-m55": ("cortex-m85", CycleRange(0.9, 1.25, 2.2, "a Cortex-M55 taken as 0.9 to 2.2 times a Cortex-M85, both "
                                            "with Helium", "assumed")),
    "cortex-m3": ("cortex-m4f", CycleRange(1.4, 2.5, 5.0, "a Cortex-M3 without DSP instructions taken as 1.4 to 5 "
                                           "times a Cortex-M4, the Cortex-M0+ being 4.5 times", "assumed")),
}
"""Cores without a measurement: the core they are taken from, and the factor on its cycles."""


def reference_rule(core: str) -> CycleRange:
    """Cycles per multiply-accumulate of the plain int8 kernels of TFLM on a core."""
    if core not in _REFERENCE:
        raise DataError(f"no reference kernels are known for {core}")
    return _REFERENCE[core]


def float_rule(core: str, fpu: bool) -> CycleRange:
    """Cycles per multiply-accumulate of a float32 model on a core, with or without an FPU."""
    if not fpu or core in _FLOAT_IN_SOFTWARE:
        return _FLOAT_IN_SOFTWARE.get(core, _FLOAT_IN_SOFTWARE_ELSEWHERE)
    if core not in _FLOAT_WITH_FPU:
        raise DataError(f"the latency of float32 kernels on {core} is unknown; measure it on the device")
    return _FLOAT_WITH_FPU[core]
