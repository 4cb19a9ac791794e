"""Every pair of thresholds on one score table; the best pair under constraints, or the nearest and its misses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from cascade.decision import NEVER, BoolArray, decided_class
from cascade.errors import EXIT_NOT_FEASIBLE, DataError
from cascade.evaluate import Setting, acted, escalated_rows, evaluate_setting, uninformative
from cascade.scores import ScoreTable
from cascade.statistics import Interval, rate_interval, rule_of_three, wilson_interval

THRESHOLD_COUNT = 40
FINE_THRESHOLD_COUNT = 256
PAIR_COUNT_LIMIT = 250_000
ACCEPT_COUNT = 12


@dataclass(frozen=True)
class SweepRow:
    """What one pair of thresholds gives; nothing where the table cannot say."""

    threshold_1: float
    threshold_2: float
    escalation: float
    recall: float | None = None
    recall_low: float | None = None
    recall_high: float | None = None
    false_accepts: float | None = None
    false_accepts_low: float | None = None
    """Ends by Wilson, over clips where rows of one clip hang together."""
    false_accepts_high: float | None = None
    false_alarms_per_hour: float | None = None
    false_alarms_low: float | None = None
    false_alarms_high: float | None = None
    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    accept: float | None = None
    """Level-1 score from which on a detection needs no level 2; nothing where every detection needs it."""


@dataclass(frozen=True)
class Constraints:
    """What a pair must keep; nothing where it is free."""

    least_recall: float | None = None
    most_false_alarms_per_hour: float | None = None
    most_false_accepts: float | None = None
    most_escalation: float | None = None
    least_accuracy: float | None = None


@dataclass(frozen=True)
class Recommendation:
    """The pair that keeps every constraint with the least escalation, or the one that misses them by least."""

    row: SweepRow
    is_feasible: bool
    misses: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0, or that of a design that is not feasible."""
        return 0 if self.is_feasible else EXIT_NOT_FEASIBLE

    @property
    def text(self) -> str:
        """One line for the user."""
        pair = f"threshold 1 {_shown(self.row.threshold_1)}, threshold 2 {_shown(self.row.threshold_2)}"
        if self.row.accept is not None:
            pair += f", accept from {_shown(self.row.accept)}"
        return pair if self.is_feasible else f"infeasible, nearest is {pair}, misses {'; '.join(self.misses)}"


def candidate_thresholds(score: npt.NDArray[np.float64], count: int = THRESHOLD_COUNT) -> tuple[float, ...]:
    """Thresholds between which no decision changes, thinned to about `count`, with 0 and never."""
    distinct = np.unique(score)
    if len(distinct) > count:
        # Half of them even in value, half in rank: neither crowded nor empty ranges are passed over.
        ranks = np.unique(np.quantile(score, np.linspace(0, 1, count // 2), method="nearest"))
        evenly = distinct[np.searchsorted(distinct, np.linspace(distinct[0], distinct[-1], count // 2))]
        distinct = np.union1d(ranks, evenly)
    return (*np.union1d([0.0], distinct).tolist(), NEVER)


def sweep(table: ScoreTable, setting: Setting, thresholds_1: tuple[float, ...] = (),
          thresholds_2: tuple[float, ...] = ()) -> tuple[SweepRow, ...]:
    """A row for every pair of thresholds; `setting` gives everything else. Its rule's lower edge is threshold 1."""
    _check(table)
    first = thresholds_1 or candidate_thresholds(table.score[:, 0])
    second = thresholds_2 or (candidate_thresholds(table.score[:, 1]) if setting.positive else (0.0,))
    if len(first) * len(second) > PAIR_COUNT_LIMIT:
        raise DataError(f"{len(first)} x {len(second)} pairs are more than the limit of {PAIR_COUNT_LIMIT}")
    counting = _Counting(table, setting)
    rows = []
    for threshold_1 in first:
        if setting.rule.kind == "band" and threshold_1 > setting.rule.high:
            continue
        if threshold_1 > setting.rule.accept:
            continue
        held = replace(setting, rule=replace(setting.rule, low=threshold_1))
        escalated = escalated_rows(table, held)
        rows += counting.rows(held, escalated, second)
    return tuple(rows)


def _check(table: ScoreTable) -> None:
    reason = uninformative(table)
    if reason:
        raise DataError(f"nothing can be swept: {reason}")
    if table.level_count < 2:
        raise DataError("the table has scores of one level; a cascade has two")


class _Counting:
    """What does not depend on the thresholds, counted once; then all second thresholds of a first one together."""

    def __init__(self, table: ScoreTable, setting: Setting) -> None:
        self.table, self.setting = table, setting
        none: BoolArray = np.zeros(table.row_count, np.bool_)
        self.is_positive: BoolArray = np.isin(table.label, np.array(setting.positive)) if setting.positive else none
        _, clip = np.unique(table.clip_id[self.is_positive], return_inverse=True)
        self.clip = clip
        self.clip_count = int(clip.max()) + 1 if len(clip) else 0
        self.negative_count = int((~self.is_positive).sum())
        self.negative_clip_count = len(np.unique(table.clip_id[~self.is_positive]))
        self.negative_hours = self.negative_count * setting.hop_s / 3600 if setting.hop_s else 0.0

    def rows(self, held: Setting, escalated: BoolArray, second: tuple[float, ...]) -> list[SweepRow]:
        """A row for each second threshold."""
        table = self.table
        escalation = float(escalated.mean())
        accuracy = self._accuracy(escalated)
        if held.rule.accept < NEVER:
            accuracy["accept"] = held.rule.accept
        if not held.positive:
            return [SweepRow(held.rule.low, threshold_2, escalation, **accuracy) for threshold_2 in second]
        early = held.rule.accepts_early(table.score[:, 0])
        # A row is a detection at every second threshold up to this score.
        reach = np.where(early, np.inf, np.where(escalated, table.score[:, 1], -np.inf))
        accepts = _reached(reach[~self.is_positive], second)
        if is_exact(held):
            best = np.full(self.clip_count, -np.inf)
            np.maximum.at(best, self.clip, reach[self.is_positive])
            hits, alarms = _reached(best, second), accepts
        else:
            found = [acted(table, held, reach >= threshold_2 if threshold_2 < NEVER else early)
                     for threshold_2 in second]
            hits = [len(np.unique(self.clip[rows[self.is_positive]])) for rows in found]
            alarms = [int((rows & ~self.is_positive).sum()) for rows in found]
        return [
            SweepRow(held.rule.low, threshold_2, escalation, **self._recall(hit), **self._false(accept, alarm),
                     **accuracy)
            for threshold_2, hit, accept, alarm in zip(second, hits, accepts, alarms, strict=True)
        ]

    def _recall(self, hits: int) -> dict[str, float]:
        if not self.clip_count:
            return {}
        ends = _share_ends(hits, self.clip_count)
        return {"recall": hits / self.clip_count, "recall_low": ends.low, "recall_high": ends.high}

    def _false(self, accepts: int, alarms: int) -> dict[str, float]:
        found = {}
        if self.negative_count:
            share = accepts / self.negative_count
            ends = _share_ends(round(share * self.negative_clip_count), self.negative_clip_count)
            found = {"false_accepts": share, "false_accepts_low": min(share, ends.low),
                     "false_accepts_high": max(share, ends.high)}
        if self.negative_hours:
            ends = _rate_ends(alarms, self.negative_hours)
            found |= {"false_alarms_per_hour": alarms / self.negative_hours, "false_alarms_low": ends.low,
                      "false_alarms_high": ends.high}
        return found

    def _accuracy(self, escalated: BoolArray) -> dict[str, float]:
        classes = self.table.decided_class
        if classes is None:
            return {}
        hits = int((decided_class(classes[:, 0], classes[:, 1], escalated) == self.table.label).sum())
        ends = _share_ends(hits, self.table.row_count)
        return {"accuracy": hits / self.table.row_count, "accuracy_low": ends.low, "accuracy_high": ends.high}


def is_exact(setting: Setting) -> bool:
    """Whether all second thresholds are counted at once, so that every distinct score can be tried."""
    return setting.refractory_s <= 0 and not (setting.confirm_at_final and setting.confirm_of > 1)


def _reached(reach: npt.NDArray[np.float64], thresholds: tuple[float, ...]) -> list[int]:
    """How many of the rows pass each threshold; only what needs no second level passes `never`."""
    ordered = np.sort(reach)
    return [int(count) for count in len(ordered) - np.searchsorted(ordered, np.array(thresholds), side="left")]


@lru_cache(maxsize=100_000)
def _share_ends(hits: int, trials: int) -> Interval:
    return wilson_interval(hits, trials)


@lru_cache(maxsize=100_000)
def _rate_ends(count: int, hours: float) -> Interval:
    return rate_interval(count, hours)


def sweep_and_recommend(table: ScoreTable, setting: Setting, constraints: Constraints,
                        threshold_count: int = THRESHOLD_COUNT, accepts: tuple[float, ...] = ()
                        ) -> tuple[tuple[SweepRow, ...], Recommendation]:
    """(every pair of about `threshold_count` thresholds per level, the pair to take).

    The pair to take is chosen among all distinct scores, of which an int8 model has at most 256. With `accepts` the
    edge from which level 1 accepts alone is tried at each of them as well.
    """
    _check(table)
    first = candidate_thresholds(table.score[:, 0], threshold_count)
    second = candidate_thresholds(table.score[:, 1], threshold_count) if setting.positive else (0.0,)
    settings = [replace(setting, rule=replace(setting.rule, low=0.0, accept=accept)) for accept in accepts] or [setting]
    if len(first) * len(second) * len(settings) > PAIR_COUNT_LIMIT:
        raise DataError(f"{len(first)} x {len(second)} x {len(settings)} settings are more than the limit of "
                        f"{PAIR_COUNT_LIMIT}; try fewer --thresholds")
    rows = tuple(row for one in settings for row in sweep(table, one, first, second))
    best = recommend(table, setting, rows, constraints)
    if not is_exact(setting) or threshold_count >= FINE_THRESHOLD_COUNT:
        return rows, best
    edge = setting.rule.accept if not accepts else NEVER if best.row.accept is None else best.row.accept
    chosen = replace(setting, rule=replace(setting.rule, low=0.0, accept=edge))
    fine_2 = candidate_thresholds(table.score[:, 1], FINE_THRESHOLD_COUNT) if setting.positive else (0.0,)
    fine = sweep(table, chosen, candidate_thresholds(table.score[:, 0], FINE_THRESHOLD_COUNT), fine_2)
    best = recommend(table, setting, fine, constraints)
    return (rows if best.row in rows else (*rows, best.row)), best


def compare(table: ScoreTable, setting: Setting, row: SweepRow) -> dict[str, dict[str, float]]:
    """By metric: what the pair gives, what independent levels would claim, what level 2 alone would give."""
    edge = NEVER if row.accept is None else row.accept
    rule = replace(setting.rule, low=row.threshold_1, accept=edge)
    metrics = evaluate_setting(table, replace(setting, rule=rule, threshold_2=row.threshold_2)).metrics
    found: dict[str, dict[str, float]] = {}
    for name, alone in (("recall_rows", "recall_level_2_alone"), ("false_accepts", "false_accepts_level_2_alone"),
                        ("accuracy", "accuracy_level_2_alone")):
        listed = {"pair": name, "if_independent": f"{name}_if_independent", "level_2_alone": alone}
        values = {key: metrics[metric].value for key, metric in listed.items() if metric in metrics}
        known = {key: value for key, value in values.items() if value is not None}
        if len(known) > 1:
            found[name] = known
    return found


def candidate_accepts(table: ScoreTable, count: int = ACCEPT_COUNT) -> tuple[float, ...]:
    """Edges from which level 1 may accept alone, in the upper half of its scores, and never."""
    listed = np.unique(table.score[:, 0])
    upper = listed[listed >= np.median(table.score[:, 0])]
    places = np.unique(np.linspace(0, len(upper) - 1, count).astype(int))
    return (*upper[places].tolist(), NEVER)


def recommend(table: ScoreTable, setting: Setting, rows: tuple[SweepRow, ...],
              constraints: Constraints) -> Recommendation:
    """Of the pairs that keep every constraint the one with the least escalation, then the best recall or accuracy."""
    if not rows:
        raise DataError("there is no pair of thresholds to choose from")
    warnings = _too_short(table, setting, constraints)
    judged = [(sum(size for size, _ in _violations(row, constraints)), row.escalation, index)
              for index, row in enumerate(rows)]
    kept = [rows[index] for missing, _, index in judged if missing == 0.0]
    if kept:
        best = min(kept, key=lambda row: (row.escalation, -(row.recall or 0.0), -(row.accuracy or 0.0),
                                          row.false_accepts or 0.0))
        return Recommendation(best, True, (), warnings)
    nearest = rows[min(judged)[2]]
    return Recommendation(nearest, False, tuple(text for _, text in _violations(nearest, constraints)), warnings)


def _violations(row: SweepRow, constraints: Constraints) -> list[tuple[float, str]]:
    """(how far off, from 0 to 1: the share of the larger of value and limit; in words) of every miss of a pair."""
    found = []
    for name, value, limit, least in (
        ("recall", row.recall, constraints.least_recall, True),
        ("accuracy", row.accuracy, constraints.least_accuracy, True),
        ("false alarms per hour", row.false_alarms_per_hour, constraints.most_false_alarms_per_hour, False),
        ("false accepts", row.false_accepts, constraints.most_false_accepts, False),
        ("escalation", row.escalation, constraints.most_escalation, False),
    ):
        if limit is None:
            continue
        if value is None:
            more = "; give --hop-s, the seconds that a row stands for" if name == "false alarms per hour" else ""
            raise DataError(f"{name} has a limit, but this table cannot say what it is{more}")
        missing = limit - value if least else value - limit
        if missing > 0:
            found.append((missing / max(limit, value), f"{name} {limit:g} by {missing:.3g}"))
    return found


def _too_short(table: ScoreTable, setting: Setting, constraints: Constraints) -> tuple[str, ...]:
    """Whether the negative data could prove the false-alarm limit at all."""
    limit = constraints.most_false_alarms_per_hour
    if limit is None or setting.hop_s is None or not setting.positive:
        return ()
    hours = float((~np.isin(table.label, np.array(setting.positive))).sum()) * setting.hop_s / 3600
    if not hours or rule_of_three(hours) <= limit:
        return ()
    needed = f"at least {rule_of_three(1.0) / limit:.3g} h are needed" if limit > 0 else "no data can prove 0"
    return (f"the {hours:.3g} h of negative data prove at most {rule_of_three(hours):.3g} false alarms per hour even "
            f"without a single alarm; the limit is {limit:g} ({needed})",)


def pareto_front(rows: tuple[SweepRow, ...]) -> tuple[SweepRow, ...]:
    """Pairs that no other pair beats in escalation, recall (or accuracy) and false alarms at once; equals once."""
    first_of: dict[tuple[float, float, float], SweepRow] = {}
    for row in rows:
        gain = row.recall if row.recall is not None else row.accuracy or 0.0
        loss = row.false_alarms_per_hour if row.false_alarms_per_hour is not None else row.false_accepts or 0.0
        first_of.setdefault((row.escalation, -gain, loss), row)
    kept: list[SweepRow] = []
    best: list[tuple[float, float]] = []
    for cost in sorted(first_of):
        # Sorted by escalation, so only earlier ones can beat this one.
        if not any(gain <= cost[1] and loss <= cost[2] for gain, loss in best):
            kept.append(first_of[cost])
            best.append(cost[1:])
    return tuple(kept)


def _shown(threshold: float) -> str:
    return "never" if threshold == NEVER else f"{threshold:.4g}"
