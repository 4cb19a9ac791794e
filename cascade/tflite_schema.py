"""The part of the TensorFlow Lite file schema that powerplan reads, as numbers and names.

Source: tensorflow/compiler/mlir/lite/schema/schema.fbs (Apache-2.0), schema version 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np


def words(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


OPERATOR_NAMES: Final = words("""
ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP FLOOR
FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC
LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX
SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD
UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE
UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE
BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL
LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT
RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT
UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR
LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK
ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4
NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM BATCH_MATMUL
PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS
HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE
READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL
GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2
UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT
""")
"""Builtin operator codes 0 to 161; those of StableHLO above them are not for microcontrollers."""

DTYPE_NAMES: Final = words(
    "float32 float16 int32 uint8 int64 string bool int16 complex64 int8 float64 complex128 uint64 resource variant"
    " uint32 uint16 int4 bfloat16 int2 uint4"
)
DTYPE_BITS: Final = {
    "float32": 32, "float16": 16, "int32": 32, "uint8": 8, "int64": 64, "bool": 8, "int16": 16, "complex64": 64,
    "int8": 8, "float64": 64, "complex128": 128, "uint64": 64, "resource": 32, "uint32": 32, "uint16": 16,
    "int4": 4, "bfloat16": 16, "int2": 2, "uint4": 4,
}
INTEGER_RANGES: Final = {
    "int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767), "int32": (-(2**31), 2**31 - 1),
    "int4": (-8, 7), "uint4": (0, 15), "int2": (-2, 1),
}
NUMPY_DTYPES: Final = {
    "float32": np.float32, "int8": np.int8, "uint8": np.uint8, "int16": np.int16, "int32": np.int32,
    "int64": np.int64, "bool": np.bool_,
}

VARIABLE_OPERATORS: Final = frozenset({"VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"})
SAME_BYTES_OPERATORS: Final = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS"})
"""Their output may be their input's memory."""
PADDING_SAME: Final = 0


class ModelSlot:
    """Field numbers of the table Model."""

    OPERATOR_CODES, SUBGRAPHS, DESCRIPTION, BUFFERS = 1, 2, 3, 4


class OperatorCodeSlot:
    """Field numbers of the table OperatorCode."""

    DEPRECATED_CODE, CUSTOM_CODE, VERSION, CODE = 0, 1, 2, 3


class SubgraphSlot:
    """Field numbers of the table SubGraph."""

    TENSORS, INPUTS, OUTPUTS, OPERATORS = 0, 1, 2, 3


class TensorSlot:
    """Field numbers of the table Tensor."""

    SHAPE, TYPE, BUFFER, NAME, QUANTIZATION, IS_VARIABLE, SPARSITY, EXTERNAL_BUFFER = 0, 1, 2, 3, 4, 5, 6, 10


class QuantizationSlot:
    """Field numbers of the table QuantizationParameters."""

    SCALE, ZERO_POINT, DETAILS_TYPE, DIMENSION = 2, 3, 4, 6


class OperatorSlot:
    """Field numbers of the table Operator."""

    CODE_INDEX, INPUTS, OUTPUTS, OPTIONS_TYPE, OPTIONS, INTERMEDIATES = 0, 1, 2, 3, 4, 8


class BufferSlot:
    """Field numbers of the table Buffer."""

    DATA, OFFSET, SIZE = 0, 1, 2


OPTION_SLOTS: Final[dict[str, dict[str, tuple[int, str, int]]]] = {
    "CONV_2D": {
        "padding": (0, "b", 0), "stride_w": (1, "i", 0), "stride_h": (2, "i", 0),
        "dilation_w": (4, "i", 1), "dilation_h": (5, "i", 1),
    },
    "DEPTHWISE_CONV_2D": {
        "padding": (0, "b", 0), "stride_w": (1, "i", 0), "stride_h": (2, "i", 0), "multiplier": (3, "i", 0),
        "dilation_w": (5, "i", 1), "dilation_h": (6, "i", 1),
    },
    "TRANSPOSE_CONV": {"padding": (0, "b", 0), "stride_w": (1, "i", 0), "stride_h": (2, "i", 0)},
    "AVERAGE_POOL_2D": {
        "padding": (0, "b", 0), "stride_w": (1, "i", 0), "stride_h": (2, "i", 0),
        "filter_w": (3, "i", 0), "filter_h": (4, "i", 0),
    },
    "CONCATENATION": {"axis": (0, "i", 0)},
    "SPLIT": {"count": (0, "i", 0)},
    "SPLIT_V": {"count": (0, "i", 0)},
    "PACK": {"count": (0, "i", 0), "axis": (1, "i", 0)},
    "UNPACK": {"count": (0, "i", 0), "axis": (1, "i", 0)},
    "GATHER": {"axis": (0, "i", 0), "batch_dims": (1, "i", 0)},
    "SPACE_TO_DEPTH": {"block": (0, "i", 0)},
    "DEPTH_TO_SPACE": {"block": (0, "i", 0)},
    "SVDF": {"rank": (0, "i", 0)},
    "CALL_ONCE": {"subgraph": (0, "i", 0)},
}
"""Per operator kind: option -> (slot, struct form, default)."""
OPTION_SLOTS["MAX_POOL_2D"] = OPTION_SLOTS["L2_POOL_2D"] = OPTION_SLOTS["AVERAGE_POOL_2D"]

OPTION_TYPES: Final = {
    "CONV_2D": 1, "DEPTHWISE_CONV_2D": 2, "TRANSPOSE_CONV": 49, "AVERAGE_POOL_2D": 5, "MAX_POOL_2D": 5,
    "L2_POOL_2D": 5, "CONCATENATION": 10, "SPLIT": 35, "SPLIT_V": 79, "PACK": 59, "UNPACK": 64, "GATHER": 23,
    "SPACE_TO_DEPTH": 19, "DEPTH_TO_SPACE": 94, "SVDF": 6, "CALL_ONCE": 103, "FULLY_CONNECTED": 8,
}
"""Member of the union BuiltinOptions that each kind must carry."""


@dataclass(frozen=True)
class RawTensor:
    """A tensor as the file states it."""

    index: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    buffer_bytes: int
    data_start: int
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    quantized_dimension: int
    is_variable: bool

    @property
    def element_count(self) -> int:
        """Product of the shape."""
        count = 1
        for size in self.shape:
            count *= size
        return count

    @property
    def is_constant(self) -> bool:
        """Whether the file holds its values."""
        return self.buffer_bytes > 0

    @property
    def size_bytes(self) -> int:
        """Bytes of its values in memory. [bytes]"""
        return (self.element_count * DTYPE_BITS[self.dtype] + 7) // 8


@dataclass(frozen=True)
class RawOperator:
    """An operator as the file states it."""

    index: int
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, int]
    has_options: bool


@dataclass(frozen=True)
class RawGraph:
    """One subgraph."""

    tensors: tuple[RawTensor, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operators: tuple[RawOperator, ...]


@dataclass(frozen=True)
class RawModel:
    """A parsed file: its main graph first, then those that CALL_ONCE runs."""

    data: bytes
    graphs: tuple[RawGraph, ...]

    @property
    def main(self) -> RawGraph:
        """The graph that an inference runs."""
        return self.graphs[0]
