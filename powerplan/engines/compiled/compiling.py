"""Compiles the functions of this package. Only here is numba imported.

Each function is copied with the functions it calls replaced by their compiled twins. numba's disk cache watches the
file of a function but not what it calls, so the name it is kept under holds a digest of all functions as loaded.
Arrays are handed over without reference counting, which would cost more than the step itself.
"""

from __future__ import annotations

import hashlib
import sys
import types
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

from powerplan.engines.compiled import activation, books, clusters, layout, releases, skip, templates, waiting, walk
from powerplan.kernels import kept
from powerplan.kernels.loaded import digest_of

_INNER = (
    books.slot_of, books.count, books.spend, books.move_to, books.close, books.enter, books.give_back, books.note,
    books.write_row, books.note_walked, books.moment, releases.settle, releases.listed, releases.met,
    releases.take_release, releases.load_release, releases.load_waiting, releases.last_place, releases.drop,
    releases.admit, releases.spawn, releases.arrives, releases.next_waiting, activation.reset,
    activation.sleep_through, activation.sleeps, activation.begin, activation.enter_phase, activation.attempts_of,
    activation.confirmed, activation.inside, activation.judged, activation.level_passes, activation.detected,
    activation.end_phase, templates.book, templates.book_all, templates.find_slots, templates.charge_leaf,
    templates.choose, templates.known, templates.replay, skip.after_run, skip.last_ordinal, skip.fitting,
    skip.quick_leaf, skip.tally, skip.fits, skip.quick_ordinal, skip.candidate_leaf, skip.charge_stretch,
    skip.count_on, skip.skip, waiting.before, waiting.grant, waiting.grant_alone, waiting.undisturbed_until,
    waiting.let_wait, walk.room, walk.earliest, walk.walk_on, walk.play, walk.cut,
)
_RARE = (books.slot_of, releases.settle, releases.drop, activation.sleep_through, templates.book,
         templates.book_all, templates.find_slots, skip.count_on, waiting.before, waiting.let_wait, walk.walk_on,
         walk.play, walk.cut)
"""Called seldom, or too large to be copied into every caller."""
_OUTER = (walk.settle_all, walk.advance, walk.finish, books.list_rows)


def compile_all(functions: tuple[Callable[..., Any], ...], modules: tuple[types.ModuleType, ...],
                known: dict[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Compiled twins by name, on top of those already known; kept on disk where a place is writable."""
    import numba

    from powerplan.engines.compiled import bare

    stamp = digest_of((*modules, bare, sys.modules[__name__]))
    done = dict(known)
    for function in functions:
        twin = types.FunctionType(function.__code__, {**function.__globals__, **done}, function.__name__,
                                  function.__defaults__)
        twin.__module__, twin.__qualname__ = function.__module__, f"{function.__qualname__}_{stamp}"
        inner = function in _INNER and function is not books.slot_of
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False, "boundscheck": False,
                                   "no_cpython_wrapper": inner, "no_cfunc_wrapper": True,
                                   "forceinline": function in _INNER and function not in _RARE}
        try:
            done[function.__name__] = numba.njit(cache=True, **options)(twin)
        except RuntimeError:  # no writable place for the cache
            done[function.__name__] = numba.njit(**options)(twin)
    return done


MODULES = (layout, books, releases, activation, templates, skip, waiting, walk)
KEPT = ("settle_all", "advance", "finish", "list_rows")


@cache
def compiled() -> dict[str, Callable[..., Any]]:
    """The functions that are called from outside, by name: as object code where it is kept, else by numba."""
    found = kept.load("engine", _stamp(), _twins)
    return {"slot_of": lambda *given: _twins()["slot_of"](*given), **found} if found else _twins()


def keep() -> bool:
    """Keep what ran in this process as object code; False where that cannot be."""
    stamp = _stamp()
    if kept.load("engine", stamp, _twins):
        return True
    # A source that changed after it was read must not give its name to the code of the one before.
    _stamp.cache_clear()
    return stamp == _stamp() and kept.keep("engine", stamp, _twins(), KEPT)


@cache
def _stamp() -> str:
    """Of all sources of the engine's functions; `bare` cannot be loaded without numba."""
    bare = Path(__file__).with_name("bare.py")
    text = bare.read_bytes() if bare.is_file() else b""
    return digest_of((*MODULES, sys.modules[__name__])) + hashlib.sha256(text).hexdigest()


@cache
def _twins() -> dict[str, Callable[..., Any]]:
    """All functions of the engine by name, by numba."""
    return compile_all((*_INNER, *_OUTER), MODULES, {"bare": _bare()})


def _bare() -> Callable[..., Any]:
    """`layout.bare` for compiled code."""
    import numba

    from powerplan.engines.compiled import bare as own

    run, flat, fixed = layout.Run, cast(Any, own.flat), cast(Any, own.fixed)

    def bare(r: layout.Run) -> layout.Run:
        return run(fixed(r.plan), flat(r.state), flat(r.queue), flat(r.ledger), flat(r.row), flat(r.walked),
                   flat(r.seen), fixed(r.candidate), fixed(r.event), fixed(r.score), fixed(r.late), flat(r.limit))

    options: dict[str, Any] = {"nogil": True, "_nrt": False, "forceinline": True, "no_cpython_wrapper": True,
                               "no_cfunc_wrapper": True}
    return cast(Callable[..., Any], numba.njit(**options)(bare))


_SWEEP = (
    clusters.add, clusters.copy, clusters.note_slots, clusters.play_until, clusters.time_plane, clusters.same_future,
    clusters.outcome_of, clusters.latency_bin, clusters.insert, clusters.add_latencies, clusters.add_events,
    clusters.rectangle, clusters.first_edges, clusters.second_edges, clusters.rectangles, clusters.reach,
    clusters.sweep_on, clusters.sweep_all,
)


@cache
def sweeping() -> dict[str, Callable[..., Any]]:
    """The sweep engine's functions by name."""
    return compile_all(_SWEEP, (*MODULES, clusters), _twins())
