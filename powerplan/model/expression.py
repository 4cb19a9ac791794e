"""Expressions over metrics, as a scenario's own `metrics:` state them: numbers, names, + - * / and parentheses."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from itertools import product

from powerplan.errors import PowerplanError

LENGTH_LIMIT = 200
NAMES_LIMIT = 6
OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
EXAMPLE = "example: wrong_readings: detections.reading / releases.read"


class ExpressionError(PowerplanError):
    """An expression over metrics cannot be read."""

    def __init__(self, message: str, hint: str = EXAMPLE) -> None:
        super().__init__(message, hint)
        self.message, self.hint = message, hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}"


def names_in(text: str) -> tuple[str, ...]:
    """Metrics an expression uses, in order. Raises ExpressionError where it cannot be read."""
    found: list[str] = []
    _walk(_tree(text), found)
    if len(set(found)) > NAMES_LIMIT:
        raise ExpressionError(f"{len(set(found))} metrics in one expression", f"allowed: up to {NAMES_LIMIT}")
    return tuple(dict.fromkeys(found))


def evaluate(text: str, values: Mapping[str, float]) -> float:
    """Value of an expression; not a number where it divides by 0."""
    try:
        return _value(_tree(text), values)
    except ZeroDivisionError:
        return float("nan")


def bounds(text: str, values: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    """Lowest and highest value over all corners of the metrics' intervals."""
    names = names_in(text)
    corners = [evaluate(text, dict(zip(names, corner, strict=True)))
               for corner in product(*(values[name] for name in names))]
    known = [corner for corner in corners if corner == corner]
    return (min(known), max(known)) if known else (float("nan"), float("nan"))


def _tree(text: str) -> ast.expr:
    if len(text) > LENGTH_LIMIT:
        raise ExpressionError(f"{len(text)} characters in one expression", f"allowed: up to {LENGTH_LIMIT}")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"cannot read {text!r}") from None


def _name(node: ast.expr) -> str | None:
    """Dotted name of a metric, None where it is something else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _name(node.value)
        return None if before is None else f"{before}.{node.attr}"
    return None


def _walk(node: ast.expr, found: list[str]) -> None:
    name = _name(node)
    if name is not None:
        found.append(name)
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        _walk(node.left, found)
        _walk(node.right, found)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        _walk(node.operand, found)
    elif not (isinstance(node, ast.Constant) and type(node.value) in (int, float)):
        raise ExpressionError(f"cannot use {ast.unparse(node)[:40]!r} here",
                              "allowed: numbers, metrics, + - * / and parentheses")


def _value(node: ast.expr, values: Mapping[str, float]) -> float:
    name = _name(node)
    if name is not None:
        return values[name]
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand, values)
    if not isinstance(node, ast.BinOp):
        raise ExpressionError(f"cannot use {ast.unparse(node)[:40]!r} here")
    left, right = _value(node.left, values), _value(node.right, values)
    sign = OPERATORS[type(node.op)]
    return left + right if sign == "+" else left - right if sign == "-" else left * right if sign == "*" \
        else left / right
