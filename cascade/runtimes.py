"""Which operators of a model a runtime cannot run, and which it runs without its fast kernels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cascade.tflite import ModelFacts, OperatorFacts
from cascade.tflite_schema import words

MICRO: Final = frozenset(words("""
ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND BROADCAST_ARGS
BROADCAST_TO CALL_ONCE CAST CEIL CONCATENATION CONV_2D COS CUMSUM DEPTH_TO_SPACE DEPTHWISE_CONV_2D DEQUANTIZE DIV
DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP EQUAL EXP EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD FULLY_CONNECTED GATHER
GATHER_ND GREATER GREATER_EQUAL HARD_SWISH IF L2_NORMALIZATION L2_POOL_2D LEAKY_RELU LESS LESS_EQUAL LOG LOGICAL_AND
LOGICAL_NOT LOGICAL_OR LOGISTIC LOG_SOFTMAX MAXIMUM MAX_POOL_2D MEAN MINIMUM MIRROR_PAD MUL NEG NOT_EQUAL PACK PAD
PADV2 PRELU QUANTIZE READ_VARIABLE REDUCE_MAX REDUCE_MIN RELU RELU6 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR
REVERSE_V2 ROUND RSQRT SELECT_V2 SHAPE SIN SLICE SOFTMAX SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPLIT SPLIT_V SQRT SQUARE
SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM SVDF TANH TRANSPOSE TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM
UNPACK VAR_HANDLE WHILE ZEROS_LIKE
"""))
CMSIS_NN: Final = frozenset(words("""
ADD AVERAGE_POOL_2D BATCH_MATMUL CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED MAXIMUM MAX_POOL_2D MINIMUM MUL PAD SOFTMAX
SVDF TRANSPOSE TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM
"""))
ESP_NN: Final = frozenset(words("""
ADD AVERAGE_POOL_2D CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED MAX_POOL_2D MUL SOFTMAX
"""))
ETHOS_U: Final = frozenset(words("""
ABS ADD ARG_MAX AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D EXP EXPAND_DIMS FULLY_CONNECTED HARD_SWISH
LEAKY_RELU LOGISTIC MAXIMUM MAX_POOL_2D MEAN MINIMUM MIRROR_PAD MUL PACK PAD PRELU QUANTIZE RELU RELU6 RELU_N1_TO_1
RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR RSQRT SHAPE SLICE SOFTMAX SPLIT SPLIT_V SQUARED_DIFFERENCE SQUEEZE
STRIDED_SLICE SUB TANH TRANSPOSE TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK
"""))
X_CUBE_AI: Final = frozenset(words("""
ABS ADD ARG_MAX ARG_MIN AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND CAST CEIL CONCATENATION CONV_2D COS
DEPTHWISE_CONV_2D DEQUANTIZE DIV ELU EQUAL EXP EXPAND_DIMS FLOOR FULLY_CONNECTED GATHER GREATER GREATER_EQUAL
HARD_SWISH LEAKY_RELU LESS LESS_EQUAL LOCAL_RESPONSE_NORMALIZATION LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC
MAXIMUM MAX_POOL_2D MEAN MINIMUM MUL NEG NOT_EQUAL PACK PAD POW PRELU QUANTIZE REDUCE_MAX REDUCE_MIN REDUCE_PROD RELU
RELU6 RELU_N1_TO_1 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR ROUND RSQRT SHAPE SIN SLICE SOFTMAX
SPACE_TO_BATCH_ND SPLIT SPLIT_V SQRT SQUARE SQUEEZE STRIDED_SLICE SUB SUM TANH TILE TRANSPOSE TRANSPOSE_CONV UNPACK
"""))
FREE: Final = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS", "QUANTIZE", "DEQUANTIZE", "SHAPE", "VAR_HANDLE",
                         "CALL_ONCE", "READ_VARIABLE", "ASSIGN_VARIABLE"})
"""Operators that compute next to nothing: a missing fast kernel for them is not worth a word."""


@dataclass(frozen=True)
class Runtime:
    """A runtime of microcontrollers: what it runs, and what it runs fast."""

    name: str
    runs: frozenset[str]
    fast: frozenset[str]
    fast_dtypes: frozenset[str]
    """Of the activations, for the fast kernels."""
    source: str
    assumed: bool = False
    """Whether the list of operators was not read from its source."""


MICRO_SOURCE: Final = "operators of tensorflow/tflite-micro, micro_mutable_op_resolver.h"
QUANTIZED: Final = frozenset({"int8", "int16"})
RUNTIMES: Final = (
    Runtime("tflm", MICRO, MICRO, frozenset({"float32", "int8", "int16"}), MICRO_SOURCE),
    Runtime("cmsis_nn", MICRO, CMSIS_NN, QUANTIZED,
            f"{MICRO_SOURCE}; fast ones: folder kernels/cmsis_nn of the same"),
    Runtime("esp_nn", MICRO, ESP_NN, frozenset({"int8"}),
            f"{MICRO_SOURCE}; fast ones: folder kernels/esp_nn of espressif/esp-tflite-micro"),
    Runtime("ethos_u", MICRO, ETHOS_U, QUANTIZED,
            "SUPPORTED_OPS.md of ethos-u-vela 3.11; what is not listed runs on the CPU; constraints of single "
            "operators are not checked"),
    Runtime("x_cube_ai", X_CUBE_AI, X_CUBE_AI, frozenset({"float32", "int8"}),
            "list not read from a source; check stedgeai-dc.st.com, supported_ops_tflite.html", assumed=True),
)


@dataclass(frozen=True)
class Finding:
    """Operators of one kind that a runtime does not run, or not with its fast kernels."""

    kind: str
    count: int
    reason: str


@dataclass(frozen=True)
class Support:
    """What one runtime makes of one model."""

    runtime: str
    unsupported: tuple[Finding, ...]
    slow: tuple[Finding, ...]
    """Run by reference kernels or by the CPU beside the accelerator."""
    source: str
    assumed: bool

    @property
    def runs(self) -> bool:
        """Whether the runtime runs the whole model."""
        return not self.unsupported


def support(facts: ModelFacts) -> tuple[Support, ...]:
    """What every runtime makes of a model."""
    return tuple(_support(runtime, facts) for runtime in RUNTIMES)


def _support(runtime: Runtime, facts: ModelFacts) -> Support:
    unsupported = _findings(facts, lambda operator: _why_not(runtime, operator))
    slow = _findings(facts, lambda operator: "" if _why_not(runtime, operator) else _why_slow(runtime, operator))
    return Support(runtime.name, unsupported, slow, runtime.source, runtime.assumed)


def _findings(facts: ModelFacts, reason_of: Callable[[OperatorFacts], str]) -> tuple[Finding, ...]:
    found: dict[tuple[str, str], int] = {}
    for operator in facts.operators:
        reason = reason_of(operator)
        if reason:
            found[operator.kind, reason] = found.get((operator.kind, reason), 0) + 1
    return tuple(Finding(kind, count, reason) for (kind, reason), count in found.items())


def _why_not(runtime: Runtime, operator: OperatorFacts) -> str:
    if operator.kind not in runtime.runs:
        return "no such operator"
    if operator.activation_dtype == "float32" and operator.dtype == "int8" and operator.macs:
        return "int8 weights with float activations (dynamic range)"
    if operator.dtype == "float16" and operator.macs:
        return "float16 weights"
    if runtime.name == "x_cube_ai" and operator.activation_dtype == "int16" and operator.macs:
        return "int16 activations"
    return ""


def _why_slow(runtime: Runtime, operator: OperatorFacts) -> str:
    if operator.kind in FREE:
        return ""
    if operator.kind not in runtime.fast:
        return "no fast kernel"
    if operator.macs and operator.activation_dtype not in runtime.fast_dtypes:
        return f"no fast kernel for {operator.activation_dtype}"
    return ""
