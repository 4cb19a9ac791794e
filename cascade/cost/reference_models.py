"""Operator lists of well-known networks, built by formula: for figures published without a model file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_MOBILENET_BLOCKS: Final = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
    (1024, 2), (1024, 1),
)
"""Channels at width 1.0 and stride of the depthwise separable blocks (Howard et al., arXiv 1704.04861, table 1)."""


@dataclass(frozen=True)
class PlainOperator:
    """One operator of a network that exists as a formula; the fields of `OperatorFacts` that a cost needs."""

    kind: str
    macs: int
    input_shapes: tuple[tuple[int, ...], ...]
    output_shapes: tuple[tuple[int, ...], ...]
    kernel: tuple[int, int] | None = None
    weight_bytes: int = 0


def mobilenet_v1(width: float, size: int, channels: int, class_count: int) -> tuple[PlainOperator, ...]:
    """Operators of MobileNet v1 for a square image, with int8 weights and 32-bit biases."""
    return tuple(_mobilenet_v1(width, size, channels, class_count))


def _mobilenet_v1(width: float, size: int, channels: int, class_count: int) -> Iterator[PlainOperator]:
    depth = _channels(32, width)
    side = -(-size // 2)
    yield _convolution(size, channels, side, depth, 3)
    for wide, stride in _MOBILENET_BLOCKS:
        given, out = side, _channels(wide, width)
        side = -(-side // stride)
        yield PlainOperator(
            "DEPTHWISE_CONV_2D", side * side * depth * 9, ((1, given, given, depth),), ((1, side, side, depth),),
            (3, 3), 9 * depth + 4 * depth,
        )
        yield _convolution(side, depth, side, out, 1)
        depth = out
    yield PlainOperator("AVERAGE_POOL_2D", 0, ((1, side, side, depth),), ((1, 1, 1, depth),), (side, side))
    yield PlainOperator("RESHAPE", 0, ((1, 1, 1, depth),), ((1, depth),))
    yield PlainOperator(
        "FULLY_CONNECTED", depth * class_count, ((1, depth),), ((1, class_count),), None,
        depth * class_count + 4 * class_count,
    )
    yield PlainOperator("SOFTMAX", 0, ((1, class_count),), ((1, class_count),))


def _channels(full: int, width: float) -> int:
    return max(8, round(full * width))


def _convolution(given: int, depth: int, side: int, out: int, kernel: int) -> PlainOperator:
    weights = kernel * kernel * depth * out
    return PlainOperator(
        "CONV_2D", side * side * weights, ((1, given, given, depth),), ((1, side, side, out),), (kernel, kernel),
        weights + 4 * out,
    )


def total_macs(operators: tuple[PlainOperator, ...]) -> int:
    """Multiply-accumulates of one inference. [count]"""
    return sum(operator.macs for operator in operators)


def largest_activation_bytes(operators: tuple[PlainOperator, ...]) -> int:
    """Largest input plus output of one operator with int8 activations: no arena can be smaller. [bytes]"""
    return max(_values(one.input_shapes) + _values(one.output_shapes) for one in operators)


def _values(shapes: tuple[tuple[int, ...], ...]) -> int:
    total = 0
    for shape in shapes:
        count = 1
        for side in shape:
            count *= side
        total += count
    return total
