"""The processor cores and kernel libraries that a cost can be estimated for, under the names people write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from cascade.errors import CascadeError


class UnknownCore(CascadeError):
    """No figure is known for this core; the text names the cores that are known."""

    def __init__(self, core: str) -> None:
        super().__init__(core)
        self.core = core

    def __str__(self) -> str:
        return f"no inference cost is known for the core {self.core!r}; known cores: {', '.join(CORES)}"


class UnknownRuntime(CascadeError):
    """No figure is known for this kernel library, or it does not exist for this core."""

    def __init__(self, runtime: str, core: str, allowed: tuple[str, ...], hint: str = "") -> None:
        super().__init__(runtime, core, allowed, hint)
        self.runtime, self.core, self.allowed, self.hint = runtime, core, allowed, hint

    def __str__(self) -> str:
        text = f"no kernels {self.runtime!r} for {self.core}; allowed: {', '.join(self.allowed)}"
        return f"{text} ({self.hint})" if self.hint else text


@dataclass(frozen=True)
class Core:
    """A processor core as the estimator knows it."""

    name: str
    default_library: str
    """Kernel library that is taken where none is named."""
    libraries: tuple[str, ...]


_ARM: Final = ("reference", "cmsis-nn", "x-cube-ai", "plumerai", "hale", "tuned")
_ESP: Final = ("reference", "esp-nn")

CORES: Final = {
    core.name: core
    for core in (
        Core("cortex-m0+", "cmsis-nn", ("reference", "cmsis-nn", "hale", "x-cube-ai", "tuned")),
        Core("cortex-m3", "cmsis-nn", ("reference", "cmsis-nn", "x-cube-ai", "tuned")),
        Core("cortex-m4f", "cmsis-nn", _ARM),
        Core("cortex-m7", "cmsis-nn", _ARM),
        Core("cortex-m33", "cmsis-nn", (*_ARM, "renesas", "mvp")),
        Core("cortex-m55", "cmsis-nn", (*_ARM, "renesas")),
        Core("cortex-m85", "cmsis-nn", (*_ARM, "renesas")),
        Core("xtensa-lx6", "esp-nn", _ESP),
        Core("xtensa-lx7", "esp-nn", _ESP),
        Core("risc-v", "reference", (*_ESP, "andes", "tuned")),
        Core("gap9", "ne16", ("ne16",)),
        Core("hifi3-dsp", "syntiant", ("syntiant",)),
        Core("rxv2", "renesas", ("reference", "renesas")),
    )
}

_CORE_NAMES: Final = {
    "cortex-m0": "cortex-m0+", "cortex-m0plus": "cortex-m0+", "cortex-m4": "cortex-m4f", "cortex-m7f": "cortex-m7",
    "cortex-m33f": "cortex-m33", "xtensa": "xtensa-lx6", "esp32": "xtensa-lx6", "esp32s3": "xtensa-lx7",
    "ndp120": "hifi3-dsp",
}
_RISC_V_PREFIXES: Final = ("risc", "rv32", "rv64")

_MARKS: Final = (
    ("cmsis", "cmsis-nn"), ("microtvm", "cmsis-nn"), ("cube", "x-cube-ai"), ("stedgeai", "x-cube-ai"),
    ("st edge", "x-cube-ai"), ("plumerai", "plumerai"), ("hale", "hale"), ("esp-nn", "esp-nn"), ("esp_nn", "esp-nn"),
    ("mvp", "mvp"), ("silicon labs", "mvp"), ("ne16", "ne16"), ("gap", "ne16"), ("syntiant", "syntiant"),
    ("renesas", "renesas"),
    ("andes", "andes"), ("ethos", "ethos-u"), ("reference", "reference"), ("plain", "reference"),
    ("tuned", "tuned"), ("not stated", "tuned"), ("self-developed", "tuned"),
)
"""Parts of the names that people write, the more telling first, and the library each means."""
_FRAMEWORKS: Final = ("tensorflow lite", "tflite", "tflm", "default")
"""Names that leave the kernels open: the usual ones of the core are meant."""
_VENDOR: Final = {
    "cortex-m0+": "x-cube-ai", "cortex-m3": "x-cube-ai", "cortex-m4f": "x-cube-ai", "cortex-m7": "x-cube-ai",
    "cortex-m33": "x-cube-ai", "cortex-m55": "renesas", "cortex-m85": "renesas", "rxv2": "renesas", "risc-v": "andes",
    "xtensa-lx6": "esp-nn", "xtensa-lx7": "esp-nn", "gap9": "ne16", "hifi3-dsp": "syntiant",
}
_REFUSED: Final = {
    "armnn": "Arm NN does not support Cortex-M; its kernels for Cortex-M are CMSIS-NN",
    "arm nn": "Arm NN does not support Cortex-M; its kernels for Cortex-M are CMSIS-NN",
    "ell": "the Embedded Learning Library does not run on microcontrollers of this size",
    "ethos-u": "the time on an Ethos-U comes from Vela: run it with cascade.cost.vela, or import its summary CSV",
}


def find_core(name: str) -> Core:
    """The core that a profile calls `name`, or `UnknownCore`."""
    lowered = name.strip().lower()
    lowered = _CORE_NAMES.get(lowered, lowered)
    if lowered.startswith(_RISC_V_PREFIXES):
        lowered = "risc-v"
    if lowered not in CORES:
        raise UnknownCore(name)
    return CORES[lowered]


@dataclass(frozen=True)
class Runtime:
    """A kernel library and, where it was named, its version."""

    library: str
    version: str | None
    chosen: bool
    """False where the user named none and the default of the core was taken."""


def find_runtime(core: Core, runtime: str | None) -> Runtime:
    """The kernel library meant by `runtime` on this core; its default where `runtime` is None."""
    lowered = "" if runtime is None else runtime.strip().lower()
    if runtime is None or not lowered:
        return Runtime(core.default_library, None, False)
    if lowered in ("vendor", "vendor codegen", "codegen"):
        return Runtime(_VENDOR[core.name], None, True)
    library = next((name for mark, name in _MARKS if mark in lowered), lowered)
    if library == lowered and any(mark in lowered for mark in _FRAMEWORKS):
        return Runtime(core.default_library, _version(core.default_library, lowered), False)
    if library not in core.libraries:
        raise UnknownRuntime(runtime, core.name, core.libraries, _REFUSED.get(library, ""))
    return Runtime(library, _version(library, lowered), True)


DEVICE_STACKS: Final = {
    "gap9": ("gap9", "ne16"), "efr32mg24": ("cortex-m33", "mvp"), "ndp120": ("hifi3-dsp", "syntiant"),
    "esp32c3": ("risc-v", "esp-nn"), "esp32c6": ("risc-v", "esp-nn"),
}
"""Devices whose usual kernels are not those of their core: the accelerator on the chip, the vendor's library."""
SAME_DIE: Final = {"stm32u585": "stm32u575"}
"""Devices that were measured under another name; they differ in peripherals only."""


def find_stack(core: str, runtime: str | None, device: str | None) -> tuple[Core, Runtime]:
    """Core and kernel library of a device; an accelerator with kernels of its own stands for the core."""
    usual = DEVICE_STACKS.get(device or "")
    asked = (runtime or "").lower()
    if usual is not None and (not asked or usual[1] in asked):
        named, library = usual
        return CORES[named], Runtime(library, None, bool(asked))
    found = CORES["gap9"] if "ne16" in asked or "gapflow" in asked else find_core(core)
    return found, find_runtime(found, runtime)


def measured_name(device: str | None) -> str | None:
    """Name under which a device stands in the published measurements."""
    return None if device is None else SAME_DIE.get(device, device)


def _version(library: str, text: str) -> str | None:
    """Version in the text, as the published measurements write it."""
    if library == "cmsis-nn":
        return "microtvm" if "microtvm" in text else "tflm-2.3.1" if "2.3.1" in text else None
    digits = re.search(r"\d+(?:\.\d+)*", text.split(library)[-1].replace("x-cube-ai", ""))
    return digits.group() if digits else None
