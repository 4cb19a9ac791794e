"""What stands in memory of a module: a digest of its functions and constants as they were loaded.

Compiled code is kept on disk under it. The files may have changed since they were loaded (an update while a service
runs, an editor), and code kept under the digest of the new files would then be that of the old ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType, ModuleType

SHORT = 8


def digest_of(modules: Iterable[ModuleType]) -> str:
    """Eight digits that differ when a function or a plain constant of the modules does."""
    found = hashlib.sha256()
    for module in modules:
        for name, value in sorted(vars(module).items()):
            for text in _texts(module, name, value):
                found.update(text.encode())
    return found.hexdigest()[:SHORT]


def _texts(module: ModuleType, name: str, value: object) -> Iterator[str]:
    # numba keeps the plain function of an intrinsic or a compiled one.
    function = getattr(value, "_defn", None) or getattr(value, "py_func", None) or value
    if isinstance(function, FunctionType):
        if function.__module__ == module.__name__:
            yield f"{name} {function.__defaults__!r} "
            yield from _code(function.__code__)
    elif isinstance(value, type):
        yield f"{name} {getattr(value, '_fields', '')} "
        if value.__module__ == module.__name__:
            for own, method in sorted(vars(value).items()):
                yield from _texts(module, own, method) if isinstance(method, FunctionType) else ()
    elif isinstance(value, int | float | str | tuple) and not name.startswith("__"):
        yield f"{name} {_plain(value)} "


def _plain(value: object) -> str:
    """A constant as text without addresses in memory."""
    if isinstance(value, tuple):
        return f"({' '.join(map(_plain, value))})"
    return repr(value) if isinstance(value, int | float | str) else str(getattr(value, "__qualname__", type(value)))


def _code(code: CodeType) -> Iterator[str]:
    yield f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {code.co_freevars} "
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code(constant)
        else:
            yield f"{sorted(map(repr, constant)) if isinstance(constant, frozenset) else constant!r} "
