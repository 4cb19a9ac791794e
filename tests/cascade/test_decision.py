"""The decision rule at its edges, and the two published cascades from their score tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.decision import (
    NEVER,
    EscalationRule,
    after_refractory,
    confirmed,
    decided_class,
    detections,
    parse_threshold,
    passes,
)
from cascade.errors import DataError
from cascade.evaluate import evaluate, positive_labels
from cascade.scores import read_scores, score_table
from tests.shared import shared_path

SCORES = np.array([0.0, 0.3, 0.5, 0.8, 1.0])


@pytest.mark.parametrize(("threshold", "expected"), [
    pytest.param(0.0, [True] * 5, id="0 passes all"),
    pytest.param(0.5, [False, False, True, True, True], id="equal passes"),
    pytest.param(np.nextafter(0.5, 1), [False, False, False, True, True], id="just above"),
    pytest.param(1.0, [False] * 4 + [True], id="1 passes 1"),
    pytest.param(NEVER, [False] * 5, id="never"),
])
def test_passes(threshold, expected):
    assert passes(SCORES, threshold).tolist() == expected


@pytest.mark.parametrize(("rule", "escalates", "accepts"), [
    pytest.param(EscalationRule("above", 0.5), [0, 0, 1, 1, 1], [0, 0, 0, 0, 0], id="above"),
    pytest.param(EscalationRule("below", 0.5), [1, 1, 0, 0, 0], [0, 0, 0, 0, 0], id="below"),
    pytest.param(EscalationRule("below", 0.5, accept_early=True), [1, 1, 0, 0, 0], [0, 0, 1, 1, 1],
                 id="below, the sure ones accepted"),
    pytest.param(EscalationRule("band", 0.3, 0.8), [0, 1, 1, 1, 0], [0, 0, 0, 0, 0], id="band, both edges in"),
    pytest.param(EscalationRule("band", 0.3, 0.5, True), [0, 1, 1, 0, 0], [0, 0, 0, 1, 1], id="band, early"),
    pytest.param(EscalationRule("band", 0.5, 0.5), [0, 0, 1, 0, 0], [0, 0, 0, 0, 0], id="band of one score"),
    pytest.param(EscalationRule("above", NEVER), [0, 0, 0, 0, 0], [0, 0, 0, 0, 0], id="never"),
    pytest.param(EscalationRule("above", 0.3, accept=0.8), [0, 1, 1, 0, 0], [0, 0, 0, 1, 1], id="three bands"),
    pytest.param(EscalationRule("above", 0.5, accept=0.5), [0, 0, 0, 0, 0], [0, 0, 1, 1, 1], id="level 1 alone"),
])
def test_escalation(rule, escalates, accepts):
    assert rule.escalates(SCORES).astype(int).tolist() == escalates
    assert rule.accepts_early(SCORES).astype(int).tolist() == accepts


@pytest.mark.parametrize(("kind", "accept"), [
    pytest.param("above", 0.2, id="below the threshold"), pytest.param("below", 0.9, id="another rule"),
])
def test_edges_to_accept_that_make_no_sense(kind, accept):
    with pytest.raises(DataError, match="an edge to accept belongs to `above`"):
        EscalationRule(kind, 0.5, accept=accept)


@pytest.mark.parametrize("text", ["-0.1", "1.5", "often", "nan", ""])
def test_what_is_no_threshold(text):
    with pytest.raises(DataError, match="a threshold is a number from 0 to 1 or `never`"):
        parse_threshold(text)


@pytest.mark.parametrize(("text", "value"), [("never", NEVER), (" Never ", NEVER), ("0.25", 0.25), (1, 1.0)])
def test_thresholds(text, value):
    assert parse_threshold(text) == value


@pytest.mark.parametrize(("passed", "windows", "of", "clip", "expected"), [
    pytest.param("10110", 2, 3, None, "00110", id="2 of 3"),
    pytest.param("10110", 1, 1, None, "10110", id="no confirmation"),
    pytest.param("11111", 3, 3, None, "00111", id="3 of 3"),
    pytest.param("110110", 2, 2, "aaabbb", "010010", id="2 of 2 in two clips"),
    pytest.param("1111", 2, 3, "aabb", "0101", id="history is empty in each clip"),
    pytest.param("1001", 2, 4, None, "0001", id="the first still counts"),
    pytest.param("", 2, 3, None, "", id="no rows"),
])
def test_confirmation(passed, windows, of, clip, expected):
    given_rows = np.array([letter == "1" for letter in passed], np.bool_)
    clips = None if clip is None else np.array(list(clip))
    result = confirmed(given_rows, windows, of, clips)
    assert "".join("01"[int(value)] for value in result) == expected


@given(st.lists(st.booleans(), max_size=40), st.integers(1, 5), st.integers(0, 4))
def test_confirmation_is_what_counting_gives(passed, windows, more):
    of = windows + more
    expected = [now and sum(passed[max(0, i - of + 1) : i + 1]) >= windows for i, now in enumerate(passed)]
    assert confirmed(np.array(passed, np.bool_), windows, of).tolist() == expected


def test_confirmation_needs_as_many_windows_as_it_asks_for():
    with pytest.raises(DataError, match="1 <= windows <= of"):
        confirmed(np.array([True]), 3, 2)


@pytest.mark.parametrize(("refractory_s", "expected"), [
    pytest.param(0.0, [1, 1, 1, 1, 1], id="none"),
    pytest.param(1.0, [1, 1, 1, 1, 1], id="one hop: the next is just outside"),
    pytest.param(1.5, [1, 0, 1, 1, 0], id="counts from the kept detection and ends with the clip"),
    pytest.param(100.0, [1, 0, 0, 1, 0], id="long"),
])
def test_refractory(refractory_s, expected):
    clips, time_s = np.array([0, 0, 0, 1, 1]), np.array([0.0, 1.0, 2.0, 0.0, 1.0])
    kept = after_refractory(np.ones(5, np.bool_), time_s, refractory_s, clips)
    assert kept.astype(int).tolist() == expected


def test_images_escalated_below_four_fifths():
    table = read_scores(shared_path("facts", "scores", "cifar10_resnet_small_large.csv"))
    result = evaluate(table, 0.8, 0.0, escalate="below")
    assert round(result.value("escalation"), 3) == 0.214
    assert round(result.value("accuracy"), 3) == 0.910
    assert round(result.value("accuracy_level_1_alone"), 3) == 0.879
    assert round(result.value("accuracy_level_2_alone"), 3) == 0.915
    assert "recall" not in result.metrics


def test_keyword_gate_at_one_half():
    table = read_scores(shared_path("facts", "scores", "kws_yes_no_micro_speech_ds_cnn.csv"))
    result = evaluate(table, 0.5, 0.5)
    assert result.value("escalation") == pytest.approx(0.388, rel=1e-12)
    assert round(result.value("recall"), 3) == 0.888
    assert round(result.value("false_accepts"), 4) == 0.0085
    assert result.metrics["recall"].low < 0.888 < result.metrics["recall"].high
    # Independence claims fewer hits and four times fewer false accepts than the paired scores show.
    assert result.value("recall_rows_if_independent") < result.value("recall_rows")
    assert result.value("recall_rows") == result.value("recall")
    assert result.value("false_accepts_if_independent") < result.value("false_accepts") / 3
    assert not result.metrics["false_alarms_per_hour"].is_evaluable


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_threshold_never_finds_more(low, high, threshold_2):
    generator = np.random.default_rng(5)
    score = generator.random((200, 2))
    low, high = min(low, high), max(low, high)
    loose = detections(score[:, 0], score[:, 1], EscalationRule("above", low), threshold_2)
    strict = detections(score[:, 0], score[:, 1], EscalationRule("above", high), threshold_2)
    assert not (strict & ~loose).any()
    assert (loose <= passes(score[:, 0], low)).all()


def test_ends_of_the_scale():
    generator = np.random.default_rng(2)
    table = score_table(np.arange(100) % 2, generator.random((100, 2)))
    all_on = evaluate(table, 0.0, 0.5)
    assert all_on.value("escalation") == 1.0
    assert all_on.value("recall") == all_on.value("recall_level_2_alone")
    none = evaluate(table, NEVER, 0.5)
    assert (none.value("escalation"), none.value("recall"), none.value("false_accepts")) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("labels", "score", "unanswered"), [
    pytest.param([1, 1, 1], [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]],
                 ["false_accepts", "false_alarms_per_hour", "false_accepts_level_2_alone"], id="only positives"),
    pytest.param([0, 0, 0], [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], ["recall", "recall_level_1"], id="only negatives"),
    pytest.param([0, 1, 0], [[0.5, 0.2], [0.5, 0.4], [0.5, 0.6]], ["recall", "false_accepts", "escalation"],
                 id="constant scores"),
    pytest.param([1], [[0.9, 0.9]], ["recall", "false_accepts", "escalation", "precision"], id="one row"),
])
def test_what_cannot_be_evaluated_is_neither_0_nor_1(labels, score, unanswered):
    result = evaluate(score_table(np.array(labels), np.array(score)), 0.2, 0.3, hop_s=1.0)
    for name in unanswered:
        assert result.metrics[name].value is None, name
        assert result.metrics[name].note.startswith("not evaluable: "), name


def test_false_alarms_per_hour_and_their_proof():
    # 3,600 negative windows of 1 s hold three alarms in a row; refractory time makes them one.
    score = np.full((3610, 2), 0.1)
    score[100:103] = 0.9
    score[3600:] = 0.8
    label = (np.arange(3610) >= 3600).astype(int)
    clip = np.where(label == 1, 1, 0)
    time_s = np.concatenate([np.arange(3600.0), np.arange(10.0)])
    table = score_table(label, score, clip_id=clip, time_s=time_s)
    plain = evaluate(table, 0.5, 0.5).metrics["false_alarms_per_hour"]
    assert plain.value == pytest.approx(3.0, rel=1e-12)
    assert (plain.low, plain.high) == (pytest.approx(0.6187, rel=1e-3), pytest.approx(8.7673, rel=1e-4))
    assert evaluate(table, 0.5, 0.5, refractory_s=5.0).value("false_alarms_per_hour") == pytest.approx(1.0, rel=1e-12)
    confirmed_twice = evaluate(table, 0.5, 0.5, confirm_windows=4, confirm_of=4)
    silent = confirmed_twice.metrics["false_alarms_per_hour"]
    assert silent.value == 0.0
    assert "only proves at most 3 per hour" in silent.note
    assert confirmed_twice.value("recall") == 1.0
    assert confirmed_twice.value("escalation") == pytest.approx(7 / 3610, rel=1e-12)


def test_labels_to_detect():
    table = score_table(np.array(["yes", "no", "noise"]), np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]))
    assert positive_labels(table, ("yes", "no")) == ("yes", "no")
    with pytest.raises(DataError, match="say which of them is to be detected"):
        positive_labels(table)
    with pytest.raises(DataError, match="no row has the label 'maybe'; the labels are no, noise, yes"):
        positive_labels(table, ("maybe",))


def test_decided_class_is_level_two_where_it_was_asked():
    assert decided_class(np.array([1, 2, 3]), np.array([4, 5, 6]), np.array([False, True, False])).tolist() == [1, 5, 3]
