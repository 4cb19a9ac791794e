"""The memory that a model's tensors take on a device: measured by TensorFlow Lite Micro, or its lower bound."""

from __future__ import annotations

import importlib.util
import os
import re
from dataclasses import dataclass
from typing import Literal

from cascade.errors import ModelRejected
from cascade.interpreter import Interpreter
from cascade.tflite import read_model
from cascade.worker import WorkerLimits

RECORD = re.compile(r"Arena allocation (total|head|tail) (\d{1,12}) bytes")
POINTERS = re.compile(r"'(?:TfLiteEvalTensor data|NodeAndRegistration struct)' used \d{1,12} bytes .{1,60}requested "
                      r"(\d{1,12}) bytes")
"""Tables of nothing but words as wide as a pointer: 24 and 64 bytes an entry here, 12 and 32 on a 32-bit device."""


@dataclass(frozen=True)
class Arena:
    """Tensor arena of one model."""

    arena_bytes: int
    basis: Literal["measured", "lower bound"]
    head_bytes: int
    """Activations and scratch memory."""
    tail_bytes: int
    """What the interpreter keeps; with the pointers of this host, so larger than on a 32-bit device."""
    note: str
    narrow_tail_bytes: int = 0
    """The tail on a 32-bit device: the interpreter's tables of pointers are half as wide; 0 for a lower bound."""


def tensor_arena(path: str | os.PathLike[str], limits: WorkerLimits | None = None) -> Arena:
    """Arena of a model file: measured where the package tflite-micro is installed and runs the model."""
    if importlib.util.find_spec("tflite_micro") is None:
        return _lower_bound(path, "the package tflite-micro is not installed (extra: arena)")
    try:
        with Interpreter(path, kernels="micro", limits=limits) as model:
            said = model.messages()
        found = {part: int(size) for part, size in RECORD.findall(said)}
    except ModelRejected as problem:
        return _lower_bound(path, f"TensorFlow Lite Micro does not run it: {problem.reason}")
    if set(found) != {"total", "head", "tail"} or found["total"] < found["head"]:
        return _lower_bound(path, "TensorFlow Lite Micro gave no account of its arena")
    return Arena(found["total"], "measured", found["head"], found["tail"],
                 "recorded by TensorFlow Lite Micro on this host; its tail is larger than on a 32-bit device",
                 found["tail"] - sum(int(size) for size in POINTERS.findall(said)) // 2)


def _lower_bound(path: str | os.PathLike[str], reason: str) -> Arena:
    facts = read_model(path)
    size = facts.arena_lower_bound_bytes
    return Arena(size, "lower bound", size, 0, f"peak of live tensors; {reason}")
