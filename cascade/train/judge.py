"""Thresholds from the validation split, figures from the test split; both from score tables alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.scores import ScoreTable
from cascade.statistics import Interval, bootstrap_ratio, rate_interval, wilson_interval
from cascade.train.recipe import ThresholdRule

REFRACTORY_S = 2.0
"""Passing windows of a clip closer than this to the last alarm are the same alarm."""


@dataclass(frozen=True)
class Thresholds:
    """A window passes a level when its score is at least the threshold."""

    level_1: float
    level_2: float


def choose(table: ScoreTable, positive: str, rule: ThresholdRule) -> Thresholds:
    """Thresholds that the rule asks for on this table."""
    is_positive = table.label == positive
    clips = table.clip_id[is_positive]
    if rule.recall_of == "windows":
        clips = np.arange(len(clips)).astype(np.str_)
    level_1 = _threshold_for(table.score[:, 0][is_positive], clips, rule.level_1_recall)
    joint = np.where(table.score[:, 0] >= level_1, table.score[:, 1], -1.0)
    if rule.target == "recall":
        return Thresholds(level_1, _threshold_for(joint[is_positive], clips, rule.value))
    hours = _hours(table, ~is_positive)
    for level_2 in np.unique(joint[joint >= 0]):
        alarms = count_alarms(table, (joint >= level_2) & ~is_positive)
        if alarms / hours <= rule.value:
            return Thresholds(level_1, float(level_2))
    raise ValueError(f"no threshold keeps false alarms at {rule.value} per hour")


def _threshold_for(score: npt.NDArray[np.float64], clips: npt.NDArray[np.str_], recall_fraction: float) -> float:
    """Highest threshold at which this share of clips has a window that passes."""
    best = np.sort(_best_per_clip(score, clips))[::-1]
    needed = max(1, int(np.ceil(recall_fraction * len(best) - 1e-9)))
    threshold = float(best[needed - 1])
    if threshold < 0:
        raise ValueError(f"level 1 loses more than the allowed {1 - recall_fraction:.1%} of the positives")
    return threshold


def _best_per_clip(score: npt.NDArray[np.float64], clips: npt.NDArray[np.str_]) -> npt.NDArray[np.float64]:
    names, place = np.unique(clips, return_inverse=True)
    best = np.full(len(names), -np.inf)
    np.maximum.at(best, place, score)
    return best


def count_alarms(table: ScoreTable, passed: npt.NDArray[np.bool_]) -> int:
    """Alarms that the passing windows raise when each alarm silences its clip for a while."""
    times = table.time_s if table.time_s is not None else np.zeros(table.row_count)
    alarms, last_clip, last_s = 0, "", 0.0
    for row in np.flatnonzero(passed):
        clip, time_s = str(table.clip_id[row]), float(times[row])
        if clip != last_clip or time_s - last_s >= REFRACTORY_S:
            alarms, last_clip, last_s = alarms + 1, clip, time_s
    return alarms


def figures(table: ScoreTable, positive: str, thresholds: Thresholds, is_stream: bool) -> dict[str, Any]:
    """What the card states: accuracy of both levels and of the cascade, each with its 95 % interval."""
    is_positive = table.label == positive
    pass_1 = table.score[:, 0] >= thresholds.level_1
    pass_2 = table.score[:, 1] >= thresholds.level_2
    result: dict[str, Any] = {
        "positive_clips": len(np.unique(table.clip_id[is_positive])),
        "positive_windows": int(is_positive.sum()),
        "negative_clips": len(np.unique(table.clip_id[~is_positive])),
        "negative_windows": int((~is_positive).sum()),
        "escalated_of_negative_windows": _share(table, pass_1, ~is_positive),
    }
    for name, passed, score in (
        ("level_1", pass_1, table.score[:, 0]),
        ("level_2_alone", pass_2, table.score[:, 1]),
        ("cascade", pass_1 & pass_2, None),
    ):
        entry: dict[str, Any] = {
            "recall_of_clips": _clip_recall(table, passed, is_positive),
            "recall_of_windows": _share(table, passed, is_positive),
            "passing_negative_windows": _share(table, passed, ~is_positive),
            "accuracy_of_windows": _share(table, passed == is_positive, np.ones_like(is_positive)),
        }
        if score is not None:
            auc = area_under_curve(score[is_positive], score[~is_positive])
            entry["area_under_curve"] = round(auc, 5)
        if is_stream:
            entry["false_alarms"] = _alarm_rate(table, passed & ~is_positive, ~is_positive)
        result[name] = entry
    return result


def _clip_recall(table: ScoreTable, passed: npt.NDArray[np.bool_], among: npt.NDArray[np.bool_]) -> dict[str, Any]:
    best = _best_per_clip(passed[among].astype(np.float64), table.clip_id[among])
    hits = int(best.sum())
    return _entry(hits, len(best), wilson_interval(hits, len(best)))


def _share(table: ScoreTable, passed: npt.NDArray[np.bool_], among: npt.NDArray[np.bool_]) -> dict[str, Any]:
    clips, hits = table.clip_id[among], passed[among]
    clip_count, hit_count, count = len(np.unique(clips)), int(hits.sum()), len(hits)
    if count == clip_count:
        return _entry(hit_count, count, wilson_interval(hit_count, count))
    if clip_count < 2:
        return _entry(hit_count, count, Interval(0.0, 1.0, "one clip says nothing about others"))
    if hit_count in (0, count):
        # Every draw of a bootstrap would agree too; whole clips are the independent trials there are.
        ends = wilson_interval(clip_count if hit_count else 0, clip_count)
        return _entry(hit_count, count, replace(ends, method="Wilson over clips"))
    return _entry(hit_count, count, bootstrap_ratio(hits, np.ones(count), clips))


def _entry(hits: int, count: int, ends: Interval) -> dict[str, Any]:
    return {
        "hits": hits, "count": count, "value": round(hits / count, 6),
        "low": round(ends.low, 6), "high": round(ends.high, 6), "method": ends.method,
    }  # fmt: skip


def area_under_curve(positive: npt.NDArray[np.float64], negative: npt.NDArray[np.float64]) -> float:
    """Probability that a positive scores above a negative, ties counting half. [fraction]"""
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    up_to = np.searchsorted(ordered, positive, side="right")
    return float((below + up_to).mean() / 2 / len(ordered))


def _alarm_rate(table: ScoreTable, passed: npt.NDArray[np.bool_], among: npt.NDArray[np.bool_]) -> dict[str, Any]:
    alarms = count_alarms(table, passed)
    hours = _hours(table, among)
    ends = rate_interval(alarms, hours)
    return {
        "alarms": alarms, "hours": round(hours, 4), "per_hour": round(alarms / hours, 4),
        "low": round(ends.low, 4), "high": round(ends.high, 4), "method": ends.method,
    }  # fmt: skip


def _hours(table: ScoreTable, among: npt.NDArray[np.bool_]) -> float:
    """Time that the rows stand for, one hop each. [h]"""
    if table.hop_s is None:
        raise ValueError("a rate per hour needs a table with times")
    return int(among.sum()) * table.hop_s / 3600
