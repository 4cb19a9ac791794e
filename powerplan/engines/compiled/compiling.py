"""Compiles the functions of this package. Only here is numba imported.

Each function is copied with the functions it calls replaced by their compiled twins. numba's disk cache watches the
file of a function but not the files of what it calls, so the name it is kept under holds a digest of all of them.
Arrays are handed over without reference counting, which would cost more than the step itself.
"""

from __future__ import annotations

import hashlib
import types
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from powerplan.engines.compiled import books, clusters, layout, skip, walk

_INNER = (
    books.slot_of, books.charge, books.move_to, books.close, books.enter, books.give_back, books.note,
    skip.settle, skip.confirmed, skip.levels_passed, skip.count_path, skip.charge_counts, skip.charge_gaps,
    skip.charge_across, skip.find_slots, skip.after_run, skip.last_ordinal, skip.fitting, skip.count_on, skip.skip,
    walk.take_release, walk.load_release, walk.load_waiting, walk.last_place, walk.drop, walk.admit, walk.spawn,
    walk.reset, walk.begin, walk.enter_phase, walk.wakes, walk.arrives, walk.attempts_of, walk.level_passes,
    walk.detected, walk.end_phase, walk.before, walk.grant, walk.next_waiting, walk.room, walk.earliest,
)
_RARE = (books.slot_of, skip.settle, skip.charge_across, skip.find_slots, skip.count_on, skip.last_ordinal,
         walk.drop, walk.arrives, walk.grant, walk.before, walk.spawn)
"""Called seldom, or too large to be copied into every caller."""
_OUTER = (walk.advance, walk.finish)


def compile_all(functions: tuple[Callable[..., Any], ...], files: tuple[str, ...],
                known: dict[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Compiled twins by name, on top of those already known; kept on disk where a place is writable."""
    import numba

    stamp = hashlib.sha256(b"".join(Path(name).read_bytes() for name in files)).hexdigest()[:8]
    done = dict(known)
    for function in functions:
        twin = types.FunctionType(function.__code__, {**function.__globals__, **done}, function.__name__,
                                  function.__defaults__)
        twin.__module__, twin.__qualname__ = function.__module__, f"{function.__qualname__}_{stamp}"
        inner = function in _INNER and function not in (books.slot_of, skip.settle)
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False, "boundscheck": False,
                                   "no_cpython_wrapper": inner, "no_cfunc_wrapper": True,
                                   "forceinline": function in _INNER and function not in _RARE}
        try:
            done[function.__name__] = numba.njit(cache=True, **options)(twin)
        except RuntimeError:  # no writable place for the cache
            done[function.__name__] = numba.njit(**options)(twin)
    return done


FILES = (layout.__file__, books.__file__, skip.__file__, walk.__file__, __file__)


@cache
def compiled() -> dict[str, Callable[..., Any]]:
    """The engine's functions by name."""
    return compile_all((*_INNER, *_OUTER), FILES, {})


_SWEEP = (
    clusters.add, clusters.copy, clusters.note_slots, clusters.play_until, clusters.time_plane, clusters.same_future,
    clusters.outcome_of, clusters.latency_bin, clusters.insert, clusters.add_latencies, clusters.add_events,
    clusters.rectangle, clusters.first_edges, clusters.second_edges, clusters.rectangles, clusters.reach,
    clusters.sweep_all,
)


@cache
def sweeping() -> dict[str, Callable[..., Any]]:
    """The sweep engine's functions by name."""
    return compile_all(_SWEEP, (*FILES, clusters.__file__), compiled())
