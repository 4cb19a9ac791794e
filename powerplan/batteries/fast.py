"""The walk, compiled. Only this module imports numba, and only when it is asked for.

The plain functions are taken as they stand: each is copied with its helpers replaced by their compiled twins, so
both runs have the same source and give the same numbers. The disk cache of numba watches the file of each function,
not the files of its helpers, so the name it is kept under holds a digest of all of them.
"""

from __future__ import annotations

import hashlib
import types
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from powerplan.batteries import walk as plain
from powerplan.kernels import battery, supply

_SCALAR = (battery.loaded_voltage, battery.source_current, supply.pulse_impedance)
_INNER = (plain.cell_at, plain.growth, plain.look, plain.pulse_loss)
_OUTER = (
    plain.level_for, plain.crossing, plain.write_row, plain.walk, plain.scaled, plain.with_margin,
    plain.walk_two_levels, plain.walk_many,
)  # fmt: skip


@cache
def compiled() -> dict[str, Callable[..., Any]]:
    """The functions of the walk by name, compiled and cached on disk where the place is writable."""
    import numba

    files = (battery.__file__, supply.__file__, plain.__file__, __file__)
    stamp = hashlib.sha256(b"".join(Path(name).read_bytes() for name in files)).hexdigest()[:8]
    done: dict[str, Callable[..., Any]] = {}
    for function in (*_SCALAR, *_INNER, *_OUTER):
        twin = types.FunctionType(
            function.__code__, {**function.__globals__, **done}, function.__name__, function.__defaults__
        )
        twin.__module__, twin.__qualname__ = function.__module__, f"{function.__qualname__}_{stamp}"
        # A call that hands over the tables costs more than the step itself, and so does counting references.
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
        options["forceinline"] = function in _SCALAR or function in _INNER
        try:
            done[function.__name__] = numba.njit(cache=True, **options)(twin)
        except RuntimeError:  # no writable place for the cache
            done[function.__name__] = numba.njit(**options)(twin)
    return done
