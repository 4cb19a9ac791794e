"""The walk, compiled. Only this module imports numba, and only when it is asked for.

The plain functions are taken as they stand: each is copied with its helpers replaced by their compiled twins, so
both runs have the same source and give the same numbers. The disk cache of numba watches the file of each function,
not its helpers, so the name it is kept under holds a digest of all of them as loaded.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from functools import cache
from typing import Any

from powerplan.batteries import layout, many, moment, stretch, walk
from powerplan.kernels import battery, kept, supply
from powerplan.kernels.loaded import digest_of

_INLINED = (
    battery.loaded_voltage, battery.source_current, supply.pulse_impedance, moment.cell_at, moment.growth,
    moment.look, moment.pulse_loss, moment.level_for, stretch.curves, stretch.seen_by, stretch.middles,
    stretch.currents, stretch.ends, stretch.passes, stretch.add_up, many.scaled,
)  # fmt: skip
_CALLED = (
    moment.gauged, moment.look_later, moment.crossing, stretch.stretch, walk.write_row, walk.write_rows, walk.ring,
    walk.one_step, walk.walk, many.walk_levels, many.walk_many,
)  # fmt: skip
"""Each after those it calls; only the last is called from outside."""


@cache
def compiled() -> Callable[..., None]:
    """`walk_many`: as object code where it is kept, else by numba."""
    found = kept.load("battery", _stamp(), _twins)
    return (found or _twins())["walk_many"]


def keep() -> bool:
    """Keep what ran in this process as object code; False where that cannot be."""
    return bool(kept.load("battery", _stamp(), _twins)) or kept.keep("battery", _stamp(), _twins(), ("walk_many",))


@cache
def _stamp() -> str:
    return digest_of((battery, supply, layout, many, moment, stretch, walk, sys.modules[__name__]))


@cache
def _twins() -> dict[str, Callable[..., Any]]:
    """The functions by name, compiled and cached on disk where the place is writable."""
    import numba

    stamp = _stamp()
    done: dict[str, Callable[..., Any]] = {}
    for function in (*_INLINED, *_CALLED):
        twin = types.FunctionType(
            function.__code__, {**function.__globals__, **done}, function.__name__, function.__defaults__
        )
        twin.__module__, twin.__qualname__ = function.__module__, f"{function.__qualname__}_{stamp}"
        # Counting references costs more than a step, and so does code that nobody calls from Python.
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
        if function in _INLINED or function is walk.one_step:
            options["forceinline"] = True
        if function is not many.walk_many:
            options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        try:
            done[function.__name__] = numba.njit(cache=True, **options)(twin)
        except RuntimeError:  # no writable place for the cache
            done[function.__name__] = numba.njit(**options)(twin)
    return done
