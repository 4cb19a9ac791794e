"""The processor cores and kernel libraries that a cost can be estimated for, under the names people write."""

from __future__ import annotations

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


_ARM: Final = ("reference", "cmsis-nn", "microtvm", "vendor", "x-cube-ai", "plumerai", "hale", "tuned")
_ACCELERATED: Final = (*_ARM, "mvp", "ethos-u")
_ESP: Final = ("reference", "esp-nn")

CORES: Final = {
    core.name: core
    for core in (
        Core("cortex-m0+", "reference", ("reference", "hale")),
        Core("cortex-m3", "cmsis-nn", ("reference", "cmsis-nn")),
        Core("cortex-m4f", "cmsis-nn", _ARM),
        Core("cortex-m7", "cmsis-nn", _ARM),
        Core("cortex-m33", "cmsis-nn", _ACCELERATED),
        Core("cortex-m55", "cmsis-nn", (*_ARM, "ethos-u")),
        Core("cortex-m85", "cmsis-nn", (*_ARM, "ethos-u")),
        Core("xtensa-lx6", "esp-nn", _ESP),
        Core("xtensa-lx7", "esp-nn", _ESP),
        Core("risc-v", "reference", ("reference", "esp-nn", "vendor")),
        Core("gap9", "ne16", ("ne16",)),
        Core("syntiant-core2", "syntiant", ("syntiant",)),
    )
}

_CORE_NAMES: Final = {"cortex-m4": "cortex-m4f", "cortex-m33f": "cortex-m33", "cortex-m0": "cortex-m0+"}


def find_core(name: str) -> Core:
    """The core that a profile calls `name`, or `UnknownCore`."""
    lowered = name.strip().lower()
    lowered = _CORE_NAMES.get(lowered, lowered)
    if lowered.startswith(("risc", "rv32", "rv64")):
        lowered = "risc-v"
    if lowered not in CORES:
        raise UnknownCore(name)
    return CORES[lowered]


def find_library(core: Core, runtime: str | None) -> str:
    """The kernel library meant by `runtime` on this core; its default where `runtime` is None."""
    if runtime is None:
        return core.default_library
    return runtime.strip().lower()
