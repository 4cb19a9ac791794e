"""A commented profile to start from: every key of a kind, with what it means and an example value."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from powerplan.components.spec import ProfileSpec, Stated
from powerplan.dimensions import DIMENSIONS
from powerplan.model.amount import Amount, dimension_of
from powerplan.model.documented import meanings
from powerplan.model.figure import Figure

HEAD_KEYS = ("kind", "name", "vendor", "summary", "sources")
EXAMPLE_KEY = "example"


def template(kind_name: str, model: type[ProfileSpec]) -> str:
    """Text of a profile of a kind: the head is filled in, every figure stands as a comment."""
    lines = [
        f"# A profile of kind {kind_name}. Take the # off the lines you know; leave out what nobody published.",
        '# A figure is {value: 640 uA, source: ds, where: "table 4, p. 9", basis: datasheet}; also min:, max:, at:,',
        "# note:, others:. basis is datasheet, measured, derived or assumed. `extends: NAME` takes over a profile.",
        f"kind: {kind_name}",
        "name: My part",
        "vendor: My vendor",
        'summary: "one line for lists"',
        "sources:",
        '  ds: "My vendor, My part datasheet, revision and date"',
    ]
    for name, text in meanings(model).items():
        if name not in HEAD_KEYS:
            lines.extend(f"# {line}".rstrip() for line in _lines(name, model.model_fields[name], text))
    return "\n".join(lines) + "\n"


def _lines(name: str, field: FieldInfo, text: str) -> Iterator[str]:
    """One key with its meaning; maps and models go on with their own keys."""
    if text:
        yield f"-- {' '.join(text.split())}"
    bare = _without_none(field.annotation)
    dimension = dimension_of(field)
    if _is_amount(bare) and dimension is not None:
        yield f"{name}: {_example(bare, dimension)}"
        return
    origin = get_origin(bare)
    if origin is dict:
        inner = get_args(bare)[1]
        yield f"{name}:"
        yield from _indented(_inner(EXAMPLE_KEY, inner))
    elif origin is list:
        yield f"{name}: []"
    elif origin is Literal:
        yield f"{name}: {' | '.join(str(choice) for choice in get_args(bare))}"
    elif isinstance(bare, type) and issubclass(bare, Stated):
        yield f"{name}: {{value: ..., source: ds, basis: datasheet}}"
    elif isinstance(bare, type) and issubclass(bare, BaseModel):
        yield f"{name}:"
        yield from _indented(_fields(bare))
    else:
        yield f"{name}: {'true' if bare is bool else '...'}"


def _inner(key: str, annotation: Any) -> Iterator[str]:
    """An entry of a map, under an example name."""
    bare = _without_none(annotation)
    if isinstance(bare, type) and issubclass(bare, BaseModel) and not _is_amount(bare):
        yield f"{key}:"
        yield from _indented(_fields(bare))
        return
    dimension = dimension_of(annotation)
    yield f"{key}: {_example(bare, dimension) if dimension else '...'}"


def _fields(model: type[BaseModel]) -> Iterator[str]:
    for name, text in meanings(model).items():
        yield from _lines(name, model.model_fields[name], text)


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _without_none(annotation: Any) -> Any:
    """The annotation without Optional and Annotated around it."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _without_none(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        kept = [arm for arm in get_args(annotation) if arm is not type(None)]
        return _without_none(kept[0])
    return annotation


def _is_amount(bare: Any) -> bool:
    return isinstance(bare, type) and issubclass(bare, Amount)


def _example(bare: Any, dimension: str) -> str:
    example = DIMENSIONS[dimension].examples[0]
    if issubclass(bare, Figure):
        return f"{{value: {example}, source: ds, basis: datasheet}}"
    return str(example)
