"""Scores made by the real models: from the user's data, kept by hash, or a few shipped ones to prove the table."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from powerplan.errors import ModelError

if TYPE_CHECKING:
    from cascade.scores import ScoreTable

PROVEN_ROWS = 64
"""Shipped samples that a run plays through the models again."""
SCORE_TOLERANCE = 1e-6


def cache_folder(kind: str) -> Path:
    """Where `scores` or `arenas` are kept: in `XDG_CACHE_HOME`, else `.cache` at home, else a temporary folder."""
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        folder = (Path(base) if base else Path.home() / ".cache") / "powerplan" / kind
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        folder = Path(tempfile.gettempdir()) / f"powerplan-{kind}"
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def scored(models: Sequence[Path], data: Path) -> ScoreTable:
    """Paired scores of a data set by two models, in child processes; made once for the same bytes.

    Raises CascadeError of the cascade package: a rejected or crashed model, data that cannot be used.
    """
    from cascade.data import read_data
    from cascade.runtime import Level, score_data
    from cascade.scores import read_scores, write_scores

    digest = hashlib.sha256()
    for path in (*models, data):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    kept = cache_folder("scores") / f"{digest.hexdigest()}.parquet"
    if kept.is_file():
        return read_scores(kept)
    first, second = models[0], models[-1]
    table = score_data(Level(first), Level(second), read_data(data)).table
    temporary = kept.with_name(f".{os.getpid()}.{kept.name}")
    write_scores(table, temporary)
    os.replace(temporary, kept)
    return table


@dataclass(frozen=True)
class Proof:
    """Shipped samples played through the shipped models again."""

    cascade: str
    row_count: int
    largest_difference: float

    def text(self) -> str:
        """What was proven, in a sentence."""
        return (f"cascade {self.cascade}: both models played {self.row_count} shipped samples again in child "
                "processes; every score equals the table's")


def prove(name: str, models: Sequence[Path], data: Path, table: ScoreTable) -> Proof:
    """Play some rows of the shipped data through the shipped models and compare. Raises ModelError."""
    from cascade.data import DataSet, read_data
    from cascade.errors import CascadeError
    from cascade.runtime import Level, score_data

    full = read_data(data)
    count = min(PROVEN_ROWS, len(full.label))
    some = DataSet(full.input_1[:count], full.input_2[:count], full.label[:count],
                   None, None, None if full.sample_id is None else full.sample_id[:count], full.origin, full.sha256)
    try:
        found = score_data(Level(models[0]), Level(models[-1]), some).table
    except CascadeError as error:
        raise ModelError(f"cascade {name}: {error}") from None
    row_of = {str(sample): row for row, sample in enumerate(table.sample_id)}
    rows = [row_of.get(str(sample), -1) for sample in found.sample_id]
    known = np.array(rows) >= 0
    levels = min(table.level_count, found.level_count)
    difference = np.abs(table.score[np.array(rows)[known], :levels] - found.score[known, :levels])
    largest = float(difference.max()) if difference.size else 0.0
    if not known.any() or largest > SCORE_TOLERANCE:
        raise ModelError(f"cascade {name}: the shipped models do not give the shipped scores (they differ by "
                         f"{largest:.3g}); the installation is damaged, or its interpreter computes differently")
    return Proof(name, int(known.sum()), largest)
