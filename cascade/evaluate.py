"""What a pair of thresholds gives on a score table: shares and rates with intervals, or why there is no answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cascade.decision import (
    NEVER,
    BoolArray,
    EscalationRule,
    after_refractory,
    confirmed,
    decided_class,
    passes,
)
from cascade.errors import DataError
from cascade.scores import ScoreTable
from cascade.statistics import bootstrap_ratio, rate_interval, rule_of_three, wilson_interval

NOT_EVALUABLE = "not evaluable"
BOOTSTRAP_RESAMPLE_COUNT = 500


@dataclass(frozen=True)
class Metric:
    """A value with its interval, or nothing and the reason."""

    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    method: str = ""
    note: str = ""

    @property
    def is_evaluable(self) -> bool:
        """Whether there is an answer."""
        return self.value is not None


@dataclass(frozen=True)
class Setting:
    """Everything a decision needs beside the table."""

    rule: EscalationRule
    """Which level-1 scores go on; its lower edge is threshold 1."""
    threshold_2: float
    positive: tuple[Any, ...]
    """Labels that should be detected; none for a table whose classes are what counts."""
    confirm_windows: int = 1
    confirm_of: int = 1
    confirm_at_final: bool = False
    """Whether confirmation counts final decisions instead of level-1 windows."""
    refractory_s: float = 0.0
    hop_s: float | None = None
    """Time that each row stands for; from the table's times where it has them. [s]"""


@dataclass(frozen=True)
class Evaluation:
    """Metrics of one setting, by name."""

    setting: Setting
    metrics: dict[str, Metric]
    notes: tuple[str, ...]

    def value(self, name: str) -> float | None:
        """Value of a metric, None where it cannot be evaluated."""
        return self.metrics[name].value


def positive_labels(table: ScoreTable, wanted: tuple[Any, ...] | None = None) -> tuple[Any, ...]:
    """The labels to detect: those asked for or named by the table, 1 of 0 and 1, or none (a table of classes)."""
    labels = table.labels
    named = table.metadata.get("positive")
    if wanted is None and named is not None and _as_label(table, named) in labels:
        return (_as_label(table, named),)
    if wanted is not None:
        chosen = tuple(_as_label(table, value) for value in wanted)
        unknown = [value for value in chosen if value not in labels]
        if unknown:
            raise DataError(f"no row has the label {unknown[0]!r}; the labels are {_some(labels)}")
        return chosen
    if set(labels) <= {0, 1}:
        return (1,)
    if table.decided_class is not None:
        return ()
    raise DataError(f"the table has the labels {_some(labels)}: say which of them is to be detected, as in "
                    "--positive NAME")


def _some(labels: tuple[Any, ...]) -> str:
    return ", ".join(str(label) for label in labels[:12]) + (", ..." if len(labels) > 12 else "")


def _as_label(table: ScoreTable, value: Any) -> Any:
    if table.label.dtype.kind in "iu":
        try:
            return int(value)
        except ValueError:
            return value
    return str(value)


def evaluate(table: ScoreTable, threshold_1: float, threshold_2: float, *, escalate: str = "above",
             high_1: float | None = None, accept_early: bool = False, accept: float = NEVER,
             positive: tuple[Any, ...] | None = None,
             confirm_windows: int = 1, confirm_of: int = 1, confirm_at_final: bool = False,
             refractory_s: float = 0.0, hop_s: float | None = None) -> Evaluation:
    """Metrics of two levels at two thresholds."""
    rule = escalation_rule(escalate, threshold_1, high_1, accept_early, accept)
    setting = Setting(rule, threshold_2, positive_labels(table, positive), confirm_windows, confirm_of,
                      confirm_at_final, refractory_s, hop_s or table.hop_s)
    return evaluate_setting(table, setting)


def escalation_rule(kind: str, low: float, high: float | None = None, accept_early: bool = False,
                    accept: float = NEVER) -> EscalationRule:
    """A rule from its name and edges."""
    if kind not in ("above", "below", "band") or (kind == "band") != (high is not None):
        raise DataError("escalate is above, below or band; a band takes an upper edge, the others take none")
    chosen: Literal["above", "below", "band"] = "above" if kind == "above" else "below" if kind == "below" else "band"
    return EscalationRule(chosen, low, NEVER if high is None else high, accept_early, accept)


def parse_confirm(text: str) -> tuple[int, int]:
    """(windows, of) from a text such as 2/3."""
    windows, _, of = text.partition("/")
    if not (windows.strip().isdecimal() and of.strip().isdecimal()) or not 1 <= int(windows) <= int(of):
        raise DataError(f"confirmation is written as windows/of, such as 2/3, got {text!r}")
    return int(windows), int(of)


def evaluate_setting(table: ScoreTable, setting: Setting) -> Evaluation:
    """Metrics of one setting on one table."""
    if table.level_count < 2:
        raise DataError("the table has scores of one level; a cascade has two")
    score_1, score_2 = table.score[:, 0], table.score[:, 1]
    escalated = escalated_rows(table, setting)
    metrics = {"escalation": _share(escalated, np.ones(table.row_count, np.bool_), table, "no rows")}
    if setting.positive:
        metrics |= _detection_metrics(table, setting, escalated, score_1, score_2)
    if table.decided_class is not None:
        metrics |= _class_metrics(table, table.decided_class, escalated)
    reason = uninformative(table)
    if reason:
        metrics = {name: _unanswered(metric.unit, reason) for name, metric in metrics.items()}
    return Evaluation(setting, metrics, table.notes)


def uninformative(table: ScoreTable) -> str:
    """Why no metric of a table means anything, or nothing."""
    if table.row_count == 1:
        return "the table has one row"
    constant = [level + 1 for level in range(table.level_count) if np.ptp(table.score[:, level]) == 0]
    return f"score_{constant[0]} is the same in every row" if constant else ""


def _detection_metrics(table: ScoreTable, setting: Setting, escalated: BoolArray, score_1: npt.NDArray[Any],
                       score_2: npt.NDArray[Any]) -> dict[str, Metric]:
    """Recall counts clips, false alarms count what refractory time leaves; everything else is a share of rows."""
    is_positive: BoolArray = np.isin(table.label, np.array(setting.positive))
    passed_2 = passes(score_2, setting.threshold_2)
    early = setting.rule.accepts_early(score_1)
    detected = early | (escalated & passed_2)
    found = acted(table, setting, detected)
    no_positive = f"no row has the label {_some(setting.positive)}"
    no_negative = f"every row has the label {_some(setting.positive)}"
    metrics = {
        "recall": _recall(table, setting, found, is_positive, no_positive),
        "false_accepts": _share(detected & ~is_positive, ~is_positive, table, no_negative),
        "false_alarms_per_hour": _alarms_per_hour(found & ~is_positive, ~is_positive, setting.hop_s),
        "precision": _share(detected & is_positive, detected, table, "nothing is detected",
                            note="at the class balance of this table, which is no rate of events"),
        "escalation_positives": _share(escalated & is_positive, is_positive, table, no_positive),
        "escalation_negatives": _share(escalated & ~is_positive, ~is_positive, table, no_negative),
        "recall_rows": _share(detected & is_positive, is_positive, table, no_positive),
        "recall_level_1": _share((escalated | early) & is_positive, is_positive, table, no_positive),
        "recall_level_2_alone": _share(passed_2 & is_positive, is_positive, table, no_positive),
        "false_accepts_level_2_alone": _share(passed_2 & ~is_positive, ~is_positive, table, no_negative),
    }
    if setting.rule.can_accept:
        metrics |= {
            "accepted_early_positives": _share(early & is_positive, is_positive, table, no_positive),
            "accepted_early_negatives": _share(early & ~is_positive, ~is_positive, table, no_negative),
        }
    return metrics | _independence(early, escalated, passed_2, is_positive)


def _independence(early: BoolArray, escalated: BoolArray, passed_2: BoolArray, is_positive: BoolArray
                  ) -> dict[str, Metric]:
    """What multiplying the levels' own shares of rows would claim, beside what the paired scores show."""
    result = {}
    for name, rows in (("recall_rows", is_positive), ("false_accepts", ~is_positive)):
        if not rows.any():
            continue
        paired = float((early | (escalated & passed_2))[rows].mean())
        product = float(early[rows].mean() + escalated[rows].mean() * passed_2[rows].mean())
        result[f"{name}_if_independent"] = Metric(product, "1", method="product of both levels' shares",
                                                  note=f"paired scores give {paired:.4g}")
    return result


def _class_metrics(table: ScoreTable, classes: npt.NDArray[Any], escalated: BoolArray) -> dict[str, Metric]:
    every = np.ones(table.row_count, np.bool_)
    chosen = decided_class(classes[:, 0], classes[:, 1], escalated)
    return {
        name: _share(given == table.label, every, table, "no rows")
        for name, given in (("accuracy", chosen), ("accuracy_level_1_alone", classes[:, 0]),
                            ("accuracy_level_2_alone", classes[:, 1]))
    }


def acted(table: ScoreTable, setting: Setting, detected: BoolArray) -> BoolArray:
    """Detections after confirmation of final decisions and refractory time."""
    found = detected
    if setting.confirm_of > 1 and setting.confirm_at_final:
        found = confirmed(found, setting.confirm_windows, setting.confirm_of, table.clip_id)
    if setting.refractory_s > 0:
        if table.time_s is None:
            raise DataError("a refractory time needs the column time_s in the score table")
        found = after_refractory(found, table.time_s, setting.refractory_s, table.clip_id)
    return found


def _recall(table: ScoreTable, setting: Setting, found: BoolArray, is_positive: BoolArray, reason: str) -> Metric:
    """Share of positive clips with a detection in one of their positive rows; of rows where no clip has several."""
    if not is_positive.any():
        return _unanswered("1", reason)
    if len(np.unique(table.clip_id)) == table.row_count:
        return _share(found & is_positive, is_positive, table, reason)
    clips, clip = np.unique(table.clip_id[is_positive], return_inverse=True)
    hit = np.zeros(len(clips), np.bool_)
    np.logical_or.at(hit, clip, found[is_positive])
    ends = wilson_interval(int(hit.sum()), len(clips))
    note = "" if setting.confirm_of == 1 else f"{setting.confirm_windows} of {setting.confirm_of} windows"
    return Metric(float(hit.mean()), "1", ends.low, ends.high, f"{ends.method}, {len(clips)} clips", note)


def _share(hits: BoolArray, trials: BoolArray, table: ScoreTable, reason: str, note: str = "") -> Metric:
    """Share of rows; the interval draws clips where rows of one clip hang together."""
    hit_count, trial_count = int((hits & trials).sum()), int(trials.sum())
    if not trial_count:
        return _unanswered("1", reason)
    value = hit_count / trial_count
    clip_count = len(np.unique(table.clip_id[trials]))
    if clip_count == trial_count:
        ends = wilson_interval(hit_count, trial_count)
        return Metric(value, "1", ends.low, ends.high, f"{ends.method}, {trial_count} rows", note)
    if clip_count < 2 or hit_count in (0, trial_count):
        # A bootstrap of all or nothing has no width; clips are what is independent.
        ends = wilson_interval(round(value * clip_count), clip_count)
        return Metric(value, "1", min(ends.low, value), max(ends.high, value), f"Wilson, {clip_count} clips", note)
    ends = bootstrap_ratio((hits & trials).astype(float), trials.astype(float), table.clip_id,
                           resample_count=BOOTSTRAP_RESAMPLE_COUNT)
    return Metric(value, "1", ends.low, ends.high, f"{ends.method}, {clip_count} clips", note)


def detection_times_s(table: ScoreTable, setting: Setting) -> list[tuple[Any, float]]:
    """(clip, time) of each detection after confirmation and refractory time; times in seconds."""
    if table.time_s is None:
        raise DataError("detections have no times: the score table has no column time_s")
    found = final_detections(table, setting)
    return [(table.clip_id[row].item(), float(table.time_s[row])) for row in np.flatnonzero(found)]


def final_detections(table: ScoreTable, setting: Setting) -> BoolArray:
    """Rows at which the cascade acts. Shape (rows,)"""
    escalated = escalated_rows(table, setting)
    passed_2 = passes(table.score[:, 1], setting.threshold_2)
    return acted(table, setting, setting.rule.accepts_early(table.score[:, 0]) | (escalated & passed_2))


def escalated_rows(table: ScoreTable, setting: Setting) -> BoolArray:
    """Rows that reach level 2, after confirmation of level-1 windows."""
    escalated = setting.rule.escalates(table.score[:, 0])
    if setting.confirm_of > 1 and not setting.confirm_at_final:
        return confirmed(escalated, setting.confirm_windows, setting.confirm_of, table.clip_id)
    return escalated


def _alarms_per_hour(alarms: BoolArray, negatives: BoolArray, hop_s: float | None) -> Metric:
    if hop_s is None:
        return _unanswered("1/h", "the table has no times and no hop was given, so its rows have no duration")
    hours = float(negatives.sum()) * hop_s / 3600
    if not hours:
        return _unanswered("1/h", "there are no negative rows")
    count = int(alarms.sum())
    ends = rate_interval(count, hours)
    note = "" if count else f"no alarm in {hours:.3g} h only proves at most {rule_of_three(hours):.3g} per hour"
    return Metric(count / hours, "1/h", ends.low, ends.high, f"{ends.method}, {count} in {hours:.3g} h", note)


def _unanswered(unit: str, reason: str) -> Metric:
    return Metric(None, unit, note=f"{NOT_EVALUABLE}: {reason}")


def top_one_accuracy(classes: npt.NDArray[Any], labels: npt.NDArray[Any]) -> Metric:
    """Share of rows whose class is their label. [1]"""
    if not len(labels):
        return _unanswered("1", "no rows")
    hits = int((classes == labels).sum())
    ends = wilson_interval(hits, len(labels))
    return Metric(hits / len(labels), "1", ends.low, ends.high, f"{ends.method}, {len(labels)} rows")
