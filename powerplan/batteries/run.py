"""Calling the walk: the compiled one on arrays, or the plain one on lists, which plain Python reads faster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from powerplan.batteries import layout as at
from powerplan.batteries.many import walk_many
from powerplan.batteries.tables import BLOCK_DAYS, LONGEST_STRETCH, Levels

FloatArray = NDArray[np.float64]
Engine = Literal["auto", "plain", "compiled"]
NEVER_STEP = 1 << 40


@dataclass(frozen=True)
class Walked:
    """What a walk wrote: when and why each life ended, and the course of the last one."""

    life_s: FloatArray
    reason_code: NDArray[np.int64]
    state: FloatArray
    rows: FloatArray
    level_s: FloatArray


def walk_lives(engine: str, tables: Levels, begin: int, fresh: FloatArray, factors: FloatArray, row_count: int
               ) -> Walked:
    """Walk the lives of packs that differ by factors, shape (4, lives), from a fresh state."""
    lives, level_count = factors.shape[1], tables.hours.load.level_count
    walked = Walked(np.zeros(lives), np.zeros(lives, np.int64), fresh.copy(), np.zeros(row_count * at.ROW_WIDTH),
                    np.zeros(level_count))
    written = (walked.life_s, walked.reason_code)
    carried = (walked.state, walked.rows, walked.level_s)
    scratch = np.zeros((at.SCRATCH_ROWS, LONGEST_STRETCH))
    turns = np.array([[BLOCK_DAYS, 24, 1], [NEVER_STEP] * 3])
    given = (turns, tables.cell, begin, (tables.blocks, tables.days, tables.hours))
    if engine == "compiled":
        from powerplan.batteries.fast import compiled

        compiled()(factors, *written, fresh, *carried, scratch, *given)
        return walked
    lists = [array.tolist() for array in (*written, *carried)]
    walk: Any = walk_many
    walk(factors.tolist(), *lists[:2], fresh.tolist(), *lists[2:], scratch.tolist(), *listed(given))
    for array, values in zip((*written, *carried), lists, strict=True):
        array[:] = values
    return walked


def listed(argument: Any) -> Any:
    """Arrays as lists; everything else as it is."""
    if isinstance(argument, tuple):
        parts = [listed(part) for part in argument]
        kind: Any = type(argument)
        return kind(*parts) if hasattr(argument, "_fields") else tuple(parts)
    return argument.tolist() if isinstance(argument, np.ndarray) else argument
