"""What the shapes and types of an operator's tensors must be, per kind; the reason as text where they are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cascade.tflite_schema import PADDING_SAME, RawOperator, RawTensor, words

Shapes = Sequence["RawTensor | None"]
Rule = Callable[[RawOperator, Shapes, Sequence[RawTensor]], str]

BIAS_DTYPES = {"int8": ("int32",), "int16": ("int64", "int32"), "uint8": ("int32",), "float32": ("float32",)}
WEIGHT_DTYPES = {
    "int8": ("int8", "int4", "int2"), "int16": ("int8", "int4"), "uint8": ("uint8",),
    "float32": ("float32", "int8", "int4", "float16", "uint8"),
}
MANY = 1 << 16


@dataclass(frozen=True)
class ShapeRule:
    """Least and most inputs and outputs of a kind, and what is wrong with given ones."""

    input_count: tuple[int, int]
    output_count: tuple[int, int]
    problem: Rule


def window_output(size: int, window: int, stride: int, dilation: int, padding: int) -> int:
    """Positions of a window along one axis. [count]"""
    reach = (window - 1) * dilation + 1
    return -(-size // stride) if padding == PADDING_SAME else (size - reach) // stride + 1


def _shape(tensor: RawTensor | None) -> tuple[int, ...]:
    return () if tensor is None else tensor.shape


def _dtype(tensor: RawTensor | None) -> str:
    return "" if tensor is None else tensor.dtype


def _weights_problem(inputs: Shapes, outputs: Sequence[RawTensor], channels: int) -> str:
    """Types, quantization and bias length of an operator with weights."""
    given, weights = inputs[0], inputs[1]
    bias = inputs[2] if len(inputs) > 2 else None
    if given is None or weights is None:
        return "its input or its weights are missing"
    if weights.dtype not in WEIGHT_DTYPES.get(given.dtype, ()):
        return f"weights of type {weights.dtype} do not go with an input of type {given.dtype}"
    if outputs[0].dtype != given.dtype:
        return f"its output is {outputs[0].dtype} and its input {given.dtype}"
    if given.dtype != "float32" and not (given.scales and weights.scales and outputs[0].scales):
        return "a quantized operator needs a scale for its input, weights and output"
    if len(weights.scales) not in (0, 1, channels):
        return f"{len(weights.scales)} weight scales for {channels} output channels"
    if bias is not None:
        if bias.element_count != channels:
            return f"{bias.element_count} bias values for {channels} output channels"
        if bias.dtype not in BIAS_DTYPES.get(given.dtype, ()):
            return f"a bias of type {bias.dtype} does not go with an input of type {given.dtype}"
    return ""


def _window_problem(operator: RawOperator, inputs: Shapes, outputs: Sequence[RawTensor], height: int, width: int,
                    channels: int) -> str:
    """Whether the output has the shape that window, stride and padding give."""
    batch, in_height, in_width, _ = _shape(inputs[0])
    options = operator.options
    expected = (
        batch,
        window_output(in_height, height, options["stride_h"], options.get("dilation_h", 1), options["padding"]),
        window_output(in_width, width, options["stride_w"], options.get("dilation_w", 1), options["padding"]),
        channels,
    )
    return "" if outputs[0].shape == expected else f"its output is {list(outputs[0].shape)}, not {list(expected)}"


def _convolution(operator: RawOperator, inputs: Shapes, outputs: Sequence[RawTensor]) -> str:
    given, weights = _shape(inputs[0]), _shape(inputs[1])
    if len(given) != 4 or len(weights) != 4:
        return f"its input {list(given)} and weights {list(weights)} must have 4 dimensions"
    channels, height, width, depth = weights
    if given[3] % depth or channels % (given[3] // depth):
        return f"weights for {depth} input channels, the input has {given[3]}"
    return _weights_problem(inputs, outputs, channels) or _window_problem(
        operator, inputs, outputs, height, width, channels
    )


def _depthwise(operator: RawOperator, inputs: Shapes, outputs: Sequence[RawTensor]) -> str:
    given, weights = _shape(inputs[0]), _shape(inputs[1])
    if len(given) != 4 or len(weights) != 4 or weights[0] != 1:
        return f"its input {list(given)} must have 4 dimensions, its weights {list(weights)} be [1, h, w, channels]"
    _, height, width, channels = weights
    multiplier = operator.options["multiplier"]
    if channels % given[3] or multiplier not in (0, channels // given[3]):
        return f"{channels} weight channels and multiplier {multiplier} for {given[3]} input channels"
    return _weights_problem(inputs, outputs, channels) or _window_problem(
        operator, inputs, outputs, height, width, channels
    )


def _fully_connected(_: RawOperator, inputs: Shapes, outputs: Sequence[RawTensor]) -> str:
    given, weights = inputs[0], inputs[1]
    if given is None or weights is None or len(weights.shape) != 2:
        return "its weights must have 2 dimensions"
    units, depth = weights.shape
    if given.element_count % depth:
        return f"weights for {depth} values, the input has {given.element_count}"
    if outputs[0].element_count != given.element_count // depth * units:
        return f"its output is {list(outputs[0].shape)}, not {given.element_count // depth} times {units} values"
    return _weights_problem(inputs, outputs, units)


def _transpose_convolution(_: RawOperator, inputs: Shapes, outputs: Sequence[RawTensor]) -> str:
    weights, given = _shape(inputs[1]), _shape(inputs[2])
    if len(given) != 4 or len(weights) != 4 or len(outputs[0].shape) != 4:
        return "its input, weights and output must have 4 dimensions"
    if weights[3] != given[3] or weights[0] != outputs[0].shape[3] or given[0] != outputs[0].shape[0]:
        return f"weights {list(weights)} do not fit input {list(given)} and output {list(outputs[0].shape)}"
    return "" if _shape(inputs[0]) == (4,) else "its output shape must be 4 numbers"


def _pool(operator: RawOperator, inputs: Shapes, outputs: Sequence[RawTensor]) -> str:
    given = _shape(inputs[0])
    if len(given) != 4:
        return f"its input {list(given)} must have 4 dimensions"
    if _dtype(inputs[0]) != outputs[0].dtype:
        return "its input and output have different types"
    options = operator.options
    return _window_problem(operator, inputs, outputs, options["filter_h"], options["filter_w"], given[3])


def _same_shape(_: RawOperator, inputs: Shapes, outputs: Sequence[RawTensor]) -> str:
    given = _shape(inputs[0])
    if given and outputs[0].shape and outputs[0].shape != given:
        return f"its output is {list(outputs[0].shape)}, its input {list(given)}"
    return ""


def _same_count(_: RawOperator, inputs: Shapes, outputs: Sequence[RawTensor]) -> str:
    given = inputs[0]
    if given is not None and outputs[0].shape and given.element_count != outputs[0].element_count:
        return f"its output {list(outputs[0].shape)} has not the element count of its input {list(given.shape)}"
    if _dtype(given) != outputs[0].dtype:
        return "its input and output have different types"
    return ""


def _broadcast(_: RawOperator, inputs: Shapes, outputs: Sequence[RawTensor]) -> str:
    one, two = _shape(inputs[0]), _shape(inputs[1])
    rank = max(len(one), len(two))
    pairs = list(zip((1,) * (rank - len(one)) + one, (1,) * (rank - len(two)) + two, strict=True))
    if any(a != b and 1 not in (a, b) for a, b in pairs):
        return f"shapes {list(one)} and {list(two)} do not go together"
    expected = tuple(max(pair) for pair in pairs)
    if outputs[0].shape and outputs[0].shape != expected:
        return f"its output is {list(outputs[0].shape)}, not {list(expected)}"
    if _dtype(inputs[0]) != _dtype(inputs[1]) or _dtype(inputs[0]) != outputs[0].dtype:
        return "its inputs and output have different types"
    if _dtype(inputs[0]) in ("int8", "int16", "uint8") and not outputs[0].scales:
        return "a quantized operator needs a scale for its output"
    return ""


def _concatenation(operator: RawOperator, inputs: Shapes, outputs: Sequence[RawTensor]) -> str:
    out = outputs[0].shape
    axis = operator.options["axis"]
    axis = axis + len(out) if axis < 0 else axis
    if not 0 <= axis < len(out):
        return f"axis {operator.options['axis']} of a result with {len(out)} dimensions"
    for tensor in inputs:
        shape = _shape(tensor)
        if len(shape) != len(out) or shape[:axis] != out[:axis] or shape[axis + 1 :] != out[axis + 1 :]:
            return f"input {list(shape)} does not fit output {list(out)} along axis {axis}"
        if _dtype(tensor) != outputs[0].dtype:
            return "its inputs and output have different types"
    total = sum(_shape(tensor)[axis] for tensor in inputs)
    return "" if total == out[axis] else f"its inputs add up to {total} along axis {axis}, its output has {out[axis]}"


def _split(operator: RawOperator, _: Shapes, outputs: Sequence[RawTensor]) -> str:
    count = operator.options["count"]
    return "" if count == len(outputs) else f"it splits into {count} and names {len(outputs)} outputs"


def _nothing(_: RawOperator, __: Shapes, ___: Sequence[RawTensor]) -> str:
    return ""


def _rank_four(_: RawOperator, inputs: Shapes, outputs: Sequence[RawTensor]) -> str:
    return "" if len(_shape(inputs[0])) == len(outputs[0].shape) == 4 else "input and output must have 4 dimensions"


def _pad(_: RawOperator, inputs: Shapes, outputs: Sequence[RawTensor]) -> str:
    given, pads = _shape(inputs[0]), _shape(inputs[1])
    if pads != (len(given), 2) or len(outputs[0].shape) != len(given):
        return f"pads {list(pads)} for an input with {len(given)} dimensions"
    if any(a < b for a, b in zip(outputs[0].shape, given, strict=True)):
        return "its output is smaller than its input"
    return "" if _dtype(inputs[1]) in ("int32", "int64") else "its pads must be integers"


def _integers_second(_: RawOperator, inputs: Shapes, __: Sequence[RawTensor]) -> str:
    return "" if _dtype(inputs[1]) in ("int32", "int64") else "its second input must be integers"


def _variable(_: RawOperator, inputs: Shapes, __: Sequence[RawTensor]) -> str:
    return "" if _dtype(inputs[0]) == "resource" else "its first input must be a variable"


def _svdf(operator: RawOperator, inputs: Shapes, outputs: Sequence[RawTensor]) -> str:
    given, features, times = _shape(inputs[0]), _shape(inputs[1]), _shape(inputs[2])
    rank = operator.options["rank"]
    if len(given) != 2 or len(features) != 2 or len(times) != 2:
        return "its input and weights must have 2 dimensions"
    if features[1] != given[1] or times[0] != features[0] or features[0] % rank:
        return f"weights {list(features)}, {list(times)} of rank {rank} do not fit input {list(given)}"
    state = inputs[4]
    if state is None or state.shape != (given[0], times[1] * features[0]):
        return "its state has the wrong shape"
    return "" if outputs[0].shape == (given[0], features[0] // rank) else "its output has the wrong shape"


_ELEMENTWISE = words(
    "RELU RELU6 RELU_N1_TO_1 RELU_0_TO_1 LOGISTIC TANH SOFTMAX LOG_SOFTMAX ABS NEG EXP LOG SQRT RSQRT SQUARE FLOOR"
    " CEIL ROUND SIN COS ELU GELU HARD_SWISH LEAKY_RELU L2_NORMALIZATION QUANTIZE DEQUANTIZE CAST LOGICAL_NOT"
)
_INTEGER_SECOND = words(
    "MEAN SUM REDUCE_MAX REDUCE_MIN REDUCE_PROD REDUCE_ANY REDUCE_ALL TRANSPOSE EXPAND_DIMS TILE"
    " GATHER ARG_MAX ARG_MIN"
)

SHAPE_RULES: dict[str, ShapeRule] = {
    "CONV_2D": ShapeRule((2, 3), (1, 1), _convolution),
    "DEPTHWISE_CONV_2D": ShapeRule((2, 3), (1, 1), _depthwise),
    "FULLY_CONNECTED": ShapeRule((2, 3), (1, 1), _fully_connected),
    "TRANSPOSE_CONV": ShapeRule((3, 4), (1, 1), _transpose_convolution),
    "SVDF": ShapeRule((5, 5), (1, 1), _svdf),
    "SQUEEZE": ShapeRule((1, 1), (1, 1), _same_count),
    "RESHAPE": ShapeRule((1, 2), (1, 1), _same_count),
    "CONCATENATION": ShapeRule((1, MANY), (1, 1), _concatenation),
    "SPLIT": ShapeRule((2, 2), (1, MANY), _split),
    "SPLIT_V": ShapeRule((3, 3), (1, MANY), _split),
    "UNPACK": ShapeRule((1, 1), (1, MANY), _split),
    "PACK": ShapeRule((1, MANY), (1, 1), _nothing),
    "PAD": ShapeRule((2, 2), (1, 1), _pad),
    "PADV2": ShapeRule((3, 3), (1, 1), _pad),
    "MIRROR_PAD": ShapeRule((2, 2), (1, 1), _pad),
    "STRIDED_SLICE": ShapeRule((4, 4), (1, 1), _integers_second),
    "SLICE": ShapeRule((3, 3), (1, 1), _integers_second),
    "READ_VARIABLE": ShapeRule((1, 1), (1, 1), _variable),
    "ASSIGN_VARIABLE": ShapeRule((2, 2), (0, 0), _variable),
    "RESIZE_BILINEAR": ShapeRule((2, 2), (1, 1), _rank_four),
    "RESIZE_NEAREST_NEIGHBOR": ShapeRule((2, 2), (1, 1), _rank_four),
    "SPACE_TO_DEPTH": ShapeRule((1, 1), (1, 1), _rank_four),
    "DEPTH_TO_SPACE": ShapeRule((1, 1), (1, 1), _rank_four),
    "PRELU": ShapeRule((2, 2), (1, 1), _nothing),
    "BATCH_MATMUL": ShapeRule((2, 2), (1, 1), _nothing),
    "ADD_N": ShapeRule((1, MANY), (1, 1), _nothing),
    **{kind: ShapeRule((2, 2), (1, 1), _broadcast) for kind in ("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM")},
    **{kind: ShapeRule((1, 1), (1, 1), _pool) for kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D")},
    **{kind: ShapeRule((1, 1), (1, 1), _same_shape) for kind in _ELEMENTWISE},
    **{kind: ShapeRule((2, 2), (1, 1), _integers_second) for kind in _INTEGER_SECOND},
}
