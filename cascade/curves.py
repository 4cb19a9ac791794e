"""ROC and DET curves of each level alone and of the cascade, with the point at which it is run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cascade.decision import FloatArray
from cascade.errors import DataError
from cascade.evaluate import Setting, escalated_rows
from cascade.scores import ScoreTable

POINT_COUNT_LIMIT = 2000


@dataclass(frozen=True)
class Curve:
    """Shares at every threshold, from the threshold that passes nothing to the one that passes all."""

    name: str
    threshold: tuple[float, ...]
    false_accepts: tuple[float, ...]
    """Share of negative rows that pass."""
    recall: tuple[float, ...]
    """Share of positive rows that pass."""

    @property
    def area(self) -> float:
        """Area under the ROC curve; of a cascade's curve only as far as level 1 lets it go. [1]"""
        return float(np.trapezoid(self.recall, self.false_accepts))


@dataclass(frozen=True)
class Curves:
    """The curves of one table and setting."""

    level_1: Curve
    level_2: Curve
    cascade: Curve
    point: tuple[float, float]
    """(false accepts, recall) of the setting, by rows."""
    positives: int
    negatives: int


def curves(table: ScoreTable, setting: Setting) -> Curves:
    """Curves by rows. The cascade's keeps threshold 1 and moves threshold 2."""
    if table.level_count < 2 or not setting.positive:
        raise DataError("a curve needs scores of two levels and a label to detect")
    is_positive = np.isin(table.label, np.array(setting.positive))
    if not is_positive.any() or is_positive.all():
        raise DataError("a curve needs positive and negative rows; the table has only one kind")
    score_1, score_2 = table.score[:, 0], table.score[:, 1]
    early = setting.rule.accepts_early(score_1)
    joint = np.where(early, np.inf, np.where(escalated_rows(table, setting), score_2, -np.inf))
    found = joint >= setting.threshold_2 if np.isfinite(setting.threshold_2) else early
    point = (float(found[~is_positive].mean()), float(found[is_positive].mean()))
    return Curves(_curve("level 1", score_1, is_positive), _curve("level 2 alone", score_2, is_positive),
                  _curve("cascade", joint, is_positive), point, int(is_positive.sum()), int((~is_positive).sum()))


def _curve(name: str, score: FloatArray, is_positive: npt.NDArray[np.bool_]) -> Curve:
    """Every distinct score as a threshold; rows that never pass (-inf) are in no point."""
    distinct = np.unique(score[np.isfinite(score)])[::-1]
    if len(distinct) > POINT_COUNT_LIMIT:
        distinct = distinct[np.unique(np.linspace(0, len(distinct) - 1, POINT_COUNT_LIMIT).astype(int))]
    thresholds = np.concatenate([[np.inf], distinct])
    shares = []
    for rows in (~is_positive, is_positive):
        ordered = np.sort(score[rows])
        shares.append((len(ordered) - np.searchsorted(ordered, thresholds, side="left")) / len(ordered))
    return Curve(name, tuple(thresholds.tolist()), tuple(shares[0].tolist()), tuple(shares[1].tolist()))
