"""The walk, compiled. Only this module imports numba, and only when it is asked for.

The plain functions are taken as they stand: each is copied with its helpers replaced by their compiled twins, so
both runs have the same source and give the same numbers. The disk cache of numba watches the file of each function,
not the files of its helpers; `compiled` therefore keys it by the age of all of them.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import cache
from typing import Any

from powerplan.batteries import walk as plain
from powerplan.kernels import battery, supply

_SCALAR = (battery.loaded_voltage, battery.source_current, supply.pulse_impedance)
_INNER = (
    plain.cell_at, plain.depth_of, plain.look, plain.pulse_loss, plain.level_for, plain.crossing, plain.write_row,
)  # fmt: skip
_OUTER = (plain.walk, plain.scaled, plain.walk_two_levels, plain.walk_many)


@cache
def compiled() -> dict[str, Callable[..., Any]]:
    """The functions of the walk by name, compiled and cached on disk where the place is writable."""
    import numba

    done: dict[str, Callable[..., Any]] = {"max": max, "min": min}
    for function in (*_SCALAR, *_INNER, *_OUTER):
        twin = types.FunctionType(
            function.__code__, {**function.__globals__, **done}, function.__name__, function.__defaults__
        )
        twin.__module__, twin.__qualname__ = function.__module__, function.__qualname__
        # Inner functions only read arrays: without reference counting they cost nothing to call.
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
        if function in _INNER or function in _SCALAR:
            options["_nrt"] = False
        try:
            done[function.__name__] = numba.njit(cache=True, **options)(twin)
        except RuntimeError:  # no writable place for the cache
            done[function.__name__] = numba.njit(**options)(twin)
    return done
