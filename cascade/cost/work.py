"""What a model asks of a processor, counted per kind of operator: the quantities that a cost is proportional to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from cascade.tflite import ModelFacts

Work = npt.NDArray[np.float64]

GROUPS: Final = (
    "conv_kxk",
    "conv_shallow",
    "conv_1x1",
    "depthwise",
    "fully_connected",
    "output",
    "element",
    "softmax",
    "lookup",
    "move",
    "convert",
    "resize",
    "operator",
)
"""Multiply-accumulates of convolutions (window above 1 x 1; with fewer than 4 input channels; 1 x 1), of depthwise
convolutions and of fully connected or recurrent layers; requantized outputs of these; values of elementwise, pooling
and reducing operators; of softmax; of logistic and other looked-up or exponential functions; bytes moved; values
quantized or dequantized; values resized; operators run."""

MAC_GROUPS: Final = GROUPS[:5]
SHALLOW_CHANNELS: Final = 4
_RECURRENT: Final = frozenset(
    {"SVDF", "LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM", "RNN",
     "UNIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_RNN"}
)
_FREE: Final = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS"})
_MOVES: Final = frozenset(
    {"PAD", "PADV2", "MIRROR_PAD", "CONCATENATION", "TRANSPOSE", "SLICE", "STRIDED_SLICE", "SPLIT", "SPLIT_V", "PACK",
     "UNPACK", "GATHER", "GATHER_ND", "TILE", "BROADCAST_TO", "SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "SPACE_TO_BATCH_ND",
     "BATCH_TO_SPACE_ND", "REVERSE_V2", "FILL", "READ_VARIABLE", "ASSIGN_VARIABLE"}
)
_CONVERSIONS: Final = frozenset({"QUANTIZE", "DEQUANTIZE", "CAST"})
_LOOKUPS: Final = frozenset({"LOGISTIC", "TANH", "EXP", "LOG", "SQRT", "RSQRT", "SIN", "COS", "GELU", "ELU", "POW"})
_SOFTMAXES: Final = frozenset({"SOFTMAX", "LOG_SOFTMAX", "L2_NORMALIZATION"})
_RESIZES: Final = frozenset({"RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"})
_READS_ALL: Final = frozenset(
    {"AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D", "MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD",
     "ARG_MAX", "ARG_MIN"}
)


class Operator(Protocol):
    """The part of `OperatorFacts` that a cost needs."""

    @property
    def kind(self) -> str: ...
    @property
    def macs(self) -> int: ...
    @property
    def input_shapes(self) -> tuple[tuple[int, ...], ...]: ...
    @property
    def output_shapes(self) -> tuple[tuple[int, ...], ...]: ...
    @property
    def kernel(self) -> tuple[int, int] | None: ...


def elements(shapes: Iterable[Sequence[int]]) -> int:
    """Values in tensors of these shapes. [count]"""
    return sum(math.prod(shape) for shape in shapes)


def operator_work(operator: Operator) -> Work:
    """Amount of each group that one run of an operator takes. [count, one value per group]"""
    amounts = dict.fromkeys(GROUPS, 0.0)
    amounts["operator"] = 1.0
    output_count = elements(operator.output_shapes)
    group = _mac_group(operator)
    if group:
        amounts[group] = float(operator.macs)
        amounts["output"] = float(output_count)
    elif operator.kind not in _FREE:
        read = operator.kind in _READS_ALL
        amounts[_other_group(operator.kind)] = float(elements(operator.input_shapes[:1]) if read else output_count)
    return np.array([amounts[name] for name in GROUPS])


def _mac_group(operator: Operator) -> str | None:
    if operator.kind in ("FULLY_CONNECTED", "BATCH_MATMUL") or operator.kind in _RECURRENT:
        return "fully_connected"
    if operator.kind == "DEPTHWISE_CONV_2D":
        return "depthwise"
    if operator.kind not in ("CONV_2D", "TRANSPOSE_CONV"):
        return None
    if operator.kernel == (1, 1):
        return "conv_1x1"
    channels = operator.input_shapes[-1][-1] if operator.input_shapes and operator.input_shapes[-1] else 1
    return "conv_shallow" if channels < SHALLOW_CHANNELS else "conv_kxk"


def _other_group(kind: str) -> str:
    for kinds, group in (
        (_SOFTMAXES, "softmax"), (_LOOKUPS, "lookup"), (_MOVES, "move"), (_CONVERSIONS, "convert"),
        (_RESIZES, "resize"),
    ):
        if kind in kinds:
            return group
    return "element"


def model_work(facts: ModelFacts) -> Work:
    """Amount of each group that one inference of a model takes. [count, one value per group]"""
    total = np.zeros(len(GROUPS))
    for operator in facts.operators:
        total += operator_work(operator)
    return total
