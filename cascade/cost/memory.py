"""Whether a model with its framework fits a device: flash and RAM, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cascade.tflite import ModelFacts

FRAMEWORK_FLASH_BYTES: Final = 9_732
"""TFLM interpreter without kernels on a Cortex-M3 (tensorflow/tflite-micro, memory_footprint guide)."""
FRAMEWORK_RAM_BYTES: Final = 1_200
"""Static and interpreter data outside the arena; an assumption of the size of the TFLM objects on a 32-bit core."""
STACK_BYTES: Final = 2_048
"""Stack of an inference; an assumption, measure it with a painted stack."""
STACK_HEADROOM_FRACTION: Final = 0.20
"""Part of the RAM that must stay free for the stack to grow into (CLAIMS E09)."""
ARENA_TAIL_PER_TENSOR_BYTES: Final = 96
"""Persistent bookkeeping per tensor on a 32-bit device. On a 64-bit host KWS takes 8,272 bytes for 32 tensors and VWW
29,952 for 89: 258 to 337 bytes per tensor, whose pointers are half as wide on a device; an assumption."""
ARENA_SCRATCH_FRACTION: Final = 0.15
"""Head above the lower bound for scratch buffers and alignment: VWW 73,728 bytes against 55,296, KWS 16,000 both."""

KERNEL_FLASH_BYTES: Final = {
    "CONV_2D": 6_000, "DEPTHWISE_CONV_2D": 6_500, "FULLY_CONNECTED": 3_500, "SOFTMAX": 3_000, "AVERAGE_POOL_2D": 2_500,
    "MAX_POOL_2D": 2_500, "ADD": 2_500, "MUL": 2_000, "RESHAPE": 500, "QUANTIZE": 1_500, "DEQUANTIZE": 1_000,
    "LOGISTIC": 2_500, "PAD": 2_000, "MEAN": 3_000, "CONCATENATION": 2_000, "SVDF": 4_000,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 9_000,
}
KERNEL_FLASH_ELSE_BYTES: Final = 2_500
"""Code of one registered kernel; assumptions of the order of TFLM builds: micro_speech's operators and the core
take 22 KB together (tensorflow.org/lite/microcontrollers)."""
ALL_KERNELS_FLASH_BYTES: Final = 200_000
"""Code of every operator of TFLM, where all are registered; an assumption."""


@dataclass(frozen=True)
class MemoryPart:
    """One part of a memory, with what its size rests on."""

    name: str
    size_bytes: int
    basis: str


@dataclass(frozen=True)
class MemoryFit:
    """Flash and RAM of a firmware with its model against a device."""

    flash: tuple[MemoryPart, ...]
    ram: tuple[MemoryPart, ...]
    flash_bytes: int | None
    ram_bytes: int | None
    """Of the device; None where it is not known."""

    @property
    def flash_used_bytes(self) -> int:
        """Flash of all parts. [bytes]"""
        return sum(part.size_bytes for part in self.flash)

    @property
    def ram_used_bytes(self) -> int:
        """RAM of all parts. [bytes]"""
        return sum(part.size_bytes for part in self.ram)

    @property
    def fits(self) -> bool | None:
        """Whether both fit; None where a size of the device is not known and the other fits."""
        answers = [_fits(self.flash_used_bytes, self.flash_bytes), _fits(self.ram_used_bytes, self.ram_bytes)]
        return False if False in answers else None if None in answers else True

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it does not fit, each with the two numbers."""
        found = []
        for name, used, available in (
            ("flash", self.flash_used_bytes, self.flash_bytes), ("RAM", self.ram_used_bytes, self.ram_bytes),
        ):
            if available is not None and used > available:
                found.append(f"{name}: {used:,} bytes needed, {available:,} there")
        return tuple(found)


DECLARED = ("declare the arena and large buffers as global or static objects: the linker then counts them and refuses "
            "what does not fit, and the stack cannot grow into them unseen")
"""Advice that goes with every count of RAM."""


def _fits(used: int, available: int | None) -> bool | None:
    return None if available is None else used <= available


def model_memory(facts: ModelFacts, arena_bytes: int | None, flash_bytes: int | None, ram_bytes: int | None,
                 registered: Sequence[str] | None = None) -> MemoryFit:
    """Flash and RAM of a model file with TFLM around it. `arena_bytes` is a measured arena; `registered` the operators
    whose kernels are linked, by default those of the model; ("all",) stands for every one."""
    kinds = sorted(facts.operator_counts) if registered is None else list(registered)
    if arena_bytes is None:
        tensors = 3 * len(facts.operators) + len(facts.inputs)
        head = facts.arena_lower_bound_bytes * (1.0 + ARENA_SCRATCH_FRACTION)
        arena = MemoryPart("arena", round(head + tensors * ARENA_TAIL_PER_TENSOR_BYTES),
                           "estimate from the lower bound of the file; measure it with the TFLM allocator")
    else:
        arena = MemoryPart("arena", arena_bytes, "measured")
    model = MemoryPart("model", facts.file_bytes, "size of the file")
    return memory_fit(model, arena, kinds, flash_bytes, ram_bytes)


def memory_fit(model: MemoryPart, arena: MemoryPart, kinds: Sequence[str], flash_bytes: int | None,
               ram_bytes: int | None) -> MemoryFit:
    """Flash and RAM of a model and an arena with the framework, its kernels and a stack with headroom."""
    flash = (model, MemoryPart("framework", FRAMEWORK_FLASH_BYTES, "TFLM memory footprint guide, Cortex-M3"),
             kernel_code(kinds))
    static = (arena, MemoryPart("framework", FRAMEWORK_RAM_BYTES, "assumed"))
    headroom = STACK_BYTES
    if ram_bytes is not None:
        headroom = max(STACK_BYTES, round(STACK_HEADROOM_FRACTION * (ram_bytes - sum(x.size_bytes for x in static))))
    ram = (*static, MemoryPart("stack and headroom", headroom, "2 KB, or a fifth of the RAM that is left"))
    return MemoryFit(flash, ram, flash_bytes, ram_bytes)


def kernel_code(kinds: Sequence[str]) -> MemoryPart:
    """Code of the registered kernels. [bytes]"""
    if list(kinds) == ["all"]:
        return MemoryPart("kernels", ALL_KERNELS_FLASH_BYTES, "every operator registered; register those needed only")
    size = sum(KERNEL_FLASH_BYTES.get(kind, KERNEL_FLASH_ELSE_BYTES) for kind in dict.fromkeys(kinds))
    return MemoryPart("kernels", size, f"{len(set(kinds))} operators, assumed sizes of TFLM kernels")


def weight_reuse(facts: ModelFacts) -> float:
    """How often a weight byte is used in one inference: size and time are two different things. [1]"""
    return facts.macs / max(1, facts.weight_bytes)


def layer_rows(facts: ModelFacts) -> list[dict[str, int | str]]:
    """Weight bytes and multiply-accumulates of each operator side by side."""
    return [
        {"index": one.index, "kind": one.kind, "weight_bytes": one.weight_bytes, "macs": one.macs,
         "activation_bytes": one.activation_bytes}
        for one in facts.operators
    ]


__all__ = ["MemoryFit", "MemoryPart", "kernel_code", "layer_rows", "memory_fit", "model_memory",
           "weight_reuse"]
