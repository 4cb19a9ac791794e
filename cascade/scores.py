"""The score table: both levels' scores of every sample, paired, made once and reused by every threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.errors import RowProblem, ScoresError

__all__ = ["ScoreTable", "read_scores", "score_table", "write_scores"]

ROW_COUNT_LIMIT = 50_000_000
LEVEL_COUNT_LIMIT = 16


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """Paired scores. All columns have one entry per row; `score` and `decided_class` have one column per level."""

    sample_id: npt.NDArray[Any]
    clip_id: npt.NDArray[Any]
    """Rows of one clip follow each other in time; a table without clips has one row per clip."""
    time_s: npt.NDArray[np.float64] | None
    """Start of the row within its clip. [s]"""
    label: npt.NDArray[Any]
    """Numbers, or texts where the file has texts."""
    score: npt.NDArray[np.float64]
    """Shape (rows, levels), from 0 to 1."""
    decided_class: npt.NDArray[Any] | None
    """Class each level names, shape (rows, levels); only multi-class tables have it."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """origin, level1_sha256, level2_sha256, data_sha256, positive, and whatever else its maker wrote."""
    notes: tuple[str, ...] = ()
    """What makes a metric of this table not evaluable."""

    @property
    def row_count(self) -> int:
        """Rows. [count]"""
        return len(self.label)

    @property
    def level_count(self) -> int:
        """Levels. [count]"""
        return int(self.score.shape[1])

    @property
    def clip_count(self) -> int:
        """Clips. [count]"""
        return len(np.unique(self.clip_id))

    @property
    def labels(self) -> tuple[Any, ...]:
        """The labels that occur, in order."""
        return tuple(np.unique(self.label).tolist())

    @property
    def hop_s(self) -> float | None:
        """Time from one row of a clip to the next, None where the table has no times. [s]"""
        if self.time_s is None:
            return None
        same_clip = self.clip_id[1:] == self.clip_id[:-1]
        steps = np.diff(self.time_s)[same_clip]
        return float(np.median(steps)) if len(steps) else None


def score_table(label: npt.NDArray[Any], score: npt.NDArray[np.float64], *,
                sample_id: npt.NDArray[Any] | None = None, clip_id: npt.NDArray[Any] | None = None,
                time_s: npt.NDArray[np.float64] | None = None, decided_class: npt.NDArray[Any] | None = None,
                metadata: Mapping[str, str] | None = None, file: str = "scores") -> ScoreTable:
    """A checked table from columns; `ScoresError` with every problem where they do not make one.

    Without `clip_id` every row is a clip of its own; without `sample_id` rows are numbered from 0.
    """
    count = len(label)
    columns: dict[str, npt.NDArray[Any]] = {
        "sample_id": np.arange(count) if sample_id is None else sample_id,
        "clip_id": np.arange(count) if clip_id is None else clip_id,
    }
    score = np.asarray(score, np.float64)
    problems = _shape_problems(count, score, columns, time_s, decided_class, file)
    if not problems:
        problems = _order_problems(columns["clip_id"], time_s, file)
    if problems:
        raise ScoresError(problems)
    return ScoreTable(
        sample_id=_frozen(columns["sample_id"]), clip_id=_frozen(columns["clip_id"]),
        time_s=None if time_s is None else _frozen(time_s), label=_frozen(label), score=_frozen(score),
        decided_class=None if decided_class is None else _frozen(decided_class),
        metadata=dict(metadata or {}), notes=_notes(label, score),
    )


def _frozen(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A copy that nobody can write to."""
    copy = np.array(values)
    copy.setflags(write=False)
    return copy


def _shape_problems(count: int, score: npt.NDArray[np.float64], columns: dict[str, npt.NDArray[Any]],
                    time_s: npt.NDArray[np.float64] | None, decided_class: npt.NDArray[Any] | None,
                    file: str) -> list[RowProblem]:
    if not count:
        return [RowProblem(file, 0, "", "the table has no rows")]
    if score.ndim != 2 or len(score) != count or not 1 <= score.shape[1] <= LEVEL_COUNT_LIMIT:
        return [RowProblem(file, 0, "score", f"scores of shape {score.shape} for {count} rows")]
    problems = []
    if decided_class is not None and decided_class.shape != score.shape:
        problems.append(RowProblem(file, 0, "class", f"classes of shape {decided_class.shape} for {score.shape}"))
    given = {**columns, **({} if time_s is None else {"time_s": time_s})}
    for name, values in given.items():
        if len(values) != count:
            problems.append(RowProblem(file, 0, name, f"{len(values)} entries for {count} rows"))
    bad = ~((score >= 0) & (score <= 1))
    for row, level in np.argwhere(bad)[:100]:
        text = f"{score[row, level]:g} is no score from 0 to 1 (row {row + 1})"
        problems.append(RowProblem(file, 0, f"score_{level + 1}", text))
    return problems


def _order_problems(clip_id: npt.NDArray[Any], time_s: npt.NDArray[np.float64] | None,
                    file: str) -> list[RowProblem]:
    """Rows of a clip must lie together, in rising time."""
    problems = []
    starts = np.flatnonzero(np.concatenate([[True], clip_id[1:] != clip_id[:-1]]))
    _, first, count = np.unique(clip_id[starts], return_index=True, return_counts=True)
    for position in first[count > 1][:20]:
        text = f"the rows of clip {clip_id[starts[position]]} do not lie together"
        problems.append(RowProblem(file, 0, "clip_id", text))
    if time_s is not None and not problems:
        same = clip_id[1:] == clip_id[:-1]
        for row in np.flatnonzero(same & ~(np.diff(time_s) > 0))[:20]:
            text = f"time does not rise within clip {clip_id[row]} (row {row + 2})"
            problems.append(RowProblem(file, 0, "time_s", text))
    return problems


def _notes(label: npt.NDArray[Any], score: npt.NDArray[np.float64]) -> tuple[str, ...]:
    """What leaves a metric without an answer."""
    if len(label) == 1:
        return ("the table has one row: nothing can be estimated from it",)
    notes = []
    values = np.unique(label)
    if len(values) == 1:
        notes.append(f"every row has the label {values[0]}: recall or false alarms cannot be evaluated")
    for level in range(score.shape[1]):
        if (score[:, level] == score[0, level]).all():
            notes.append(f"score_{level + 1} is {score[0, level]:g} in every row: no threshold separates anything")
    return tuple(notes)


def read_scores(path: Any) -> ScoreTable:
    """A score table from CSV or Parquet, told apart by content; `ScoresError` lists what is wrong, with lines."""
    from cascade.scores_files import read_scores_file

    return read_scores_file(path)


def write_scores(table: ScoreTable, path: Any) -> None:
    """Write a table as CSV, or as Parquet where the name ends in .parquet; in place of an old file only when whole."""
    from cascade.scores_files import write_scores_file

    write_scores_file(table, path)
