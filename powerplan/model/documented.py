"""What the keys of a model mean: the strings below its fields, read when a schema or a template asks for them.

pydantic's own `use_attribute_docstrings` parses the source of every model whenever its class is made: a tenth of the
time of a short command, and only these two need it.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from typing import Any

from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic_core import CoreSchema


class Documented(BaseModel):
    """A model whose JSON Schema describes each key with the string below its field."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The schema with descriptions."""
        shown = handler(schema)
        properties = handler.resolve_ref_schema(shown).get("properties", {})
        for name, text in meanings(cls).items():
            key = name if name in properties else cls.model_fields[name].alias
            if text and key in properties:
                properties[key] = {**properties[key], "description": text}
        return shown


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """Meaning of every field of a model, "" where nobody wrote it down."""
    found = dict.fromkeys(model.model_fields, "")
    for kind in reversed(model.__mro__):
        if issubclass(kind, Documented) and kind is not Documented:
            found.update(_written(kind.__module__).get(kind.__qualname__, {}))
    return {name: field.description or found[name] for name, field in model.model_fields.items()}


@cache
def _written(module: str) -> dict[str, dict[str, str]]:
    """The string below each annotated name, by class; from the source of a module, as far as it is there."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (KeyError, OSError, TypeError):
        return {}
    return dict(_classes(tree, ""))


def _classes(tree: ast.AST, prefix: str) -> list[tuple[str, dict[str, str]]]:
    found = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            found.append((prefix + node.name, _fields(node.body)))
            found.extend(_classes(node, f"{prefix}{node.name}."))
        elif isinstance(node, ast.FunctionDef):
            found.extend(_classes(node, f"{prefix}{node.name}.<locals>."))
    return found


def _fields(body: list[ast.stmt]) -> dict[str, str]:
    found = {}
    for node, after in zip(body, (*body[1:], None), strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            below = after.value if isinstance(after, ast.Expr) else None
            text = below.value if isinstance(below, ast.Constant) and isinstance(below.value, str) else ""
            found[node.target.id] = inspect.cleandoc(text)
    return found
