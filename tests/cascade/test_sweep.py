"""A sweep says of every pair what evaluating that pair says, and recommends what keeps the constraints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.decision import NEVER
from cascade.errors import DataError
from cascade.evaluate import Setting, escalation_rule, evaluate_setting
from cascade.scores import read_scores, score_table
from cascade.sweep import (
    Constraints,
    candidate_accepts,
    candidate_thresholds,
    compare,
    pareto_front,
    recommend,
    sweep,
    sweep_and_recommend,
)
from tests.shared import shared_path


def _clips(seed: int, clip_count: int = 12, clip_rows: int = 5):
    generator = np.random.default_rng(seed)
    label = np.repeat(generator.integers(0, 2, clip_count), clip_rows)
    label[:clip_rows], label[clip_rows : 2 * clip_rows] = 0, 1
    score = np.round(np.clip(generator.normal(0.4 + 0.3 * label[:, None], 0.25, (len(label), 2)), 0, 1), 1)
    return score_table(label, score, clip_id=np.repeat(np.arange(clip_count), clip_rows),
                       time_s=np.tile(np.arange(clip_rows) * 0.5, clip_count))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["above", "below", "band"]), st.booleans(), st.sampled_from([1, 2]),
       st.booleans(), st.sampled_from([0.0, 0.75]), st.sampled_from([0.5, 0.8, NEVER]))
def test_a_sweep_is_every_single_evaluation(seed, kind, early, windows, at_final, refractory_s, accept):
    table = _clips(seed)
    rule = escalation_rule(kind, 0.0, 0.7 if kind == "band" else None, early, accept if kind == "above" else NEVER)
    setting = Setting(rule, 0.0, (1,), windows, 3 if windows > 1 else 1, at_final, refractory_s, table.hop_s)
    for row in sweep(table, setting, (0.0, 0.5, NEVER), (0.0, 0.6, NEVER)):
        held = replace(setting, rule=replace(rule, low=row.threshold_1), threshold_2=row.threshold_2)
        single = evaluate_setting(table, held)
        assert row.escalation == pytest.approx(single.value("escalation"), rel=1e-12)
        assert row.recall == pytest.approx(single.value("recall"), rel=1e-12)
        assert row.false_accepts == pytest.approx(single.value("false_accepts"), rel=1e-12)
        assert row.false_accepts_low <= row.false_accepts <= row.false_accepts_high
        assert row.false_alarms_per_hour == pytest.approx(single.value("false_alarms_per_hour"), rel=1e-12)
        assert row.false_alarms_high == pytest.approx(single.metrics["false_alarms_per_hour"].high, rel=1e-12)


def test_accepting_early_asks_level_2_less_often_and_finds_no_fewer():
    """Rows by hand: 0.95 and 0.9 need no level 2, which would have rejected one of them."""
    score = np.array([(.95, .9), (.9, .2), (.6, .8), (.6, .3), (.2, .9), (.97, .1), (.5, .6), (.1, .1)])
    table = score_table(np.array([1, 1, 1, 1, 0, 0, 0, 0]), score)
    plain = evaluate_setting(table, Setting(escalation_rule("above", 0.5), 0.5, (1,)))
    early = evaluate_setting(table, Setting(escalation_rule("above", 0.5, accept=0.9), 0.5, (1,)))
    assert (plain.value("recall"), early.value("recall")) == (2 / 4, 3 / 4)
    assert (plain.value("escalation"), early.value("escalation")) == (6 / 8, 3 / 8)
    assert (plain.value("false_accepts"), early.value("false_accepts")) == (1 / 4, 2 / 4)
    assert early.value("accepted_early_positives") == 2 / 4
    assert early.value("accepted_early_negatives") == 1 / 4
    assert early.value("recall_level_1") == 1.0
    # 2 of 4 accepted, 2 of 4 escalated, of which level 2 passes half of all.
    assert early.value("recall_rows_if_independent") == 2 / 4 + 2 / 4 * 2 / 4


def test_the_edge_to_accept_is_tried_and_recommended():
    table = read_scores(shared_path("facts", "scores", "kws_yes_no_micro_speech_ds_cnn.csv"))
    setting = Setting(escalation_rule("above", 0.0), 0.0, (1,))
    limits = Constraints(least_recall=0.85, most_false_accepts=0.02)
    _, without = sweep_and_recommend(table, setting, limits)
    rows, best = sweep_and_recommend(table, setting, limits, accepts=candidate_accepts(table))
    assert best.is_feasible
    assert best.row.accept is not None
    assert best.row.escalation < without.row.escalation
    assert f"accept from {best.row.accept:.4g}" in best.text
    assert {row.accept for row in rows} > {None, best.row.accept}
    single = evaluate_setting(table, replace(setting, threshold_2=best.row.threshold_2, rule=escalation_rule(
        "above", best.row.threshold_1, accept=best.row.accept)))
    assert single.value("escalation") == best.row.escalation
    assert single.value("recall") == best.row.recall


def test_the_pair_beside_independent_levels_and_level_2_alone():
    table = read_scores(shared_path("facts", "scores", "kws_yes_no_micro_speech_ds_cnn.csv"))
    setting = Setting(escalation_rule("above", 0.0), 0.0, (1,))
    row = next(one for one in sweep(table, setting, (0.5,), (0.5,)))
    found = compare(table, setting, row)
    assert found["false_accepts"]["pair"] == pytest.approx(0.0085, abs=5e-5)
    assert found["false_accepts"]["if_independent"] < found["false_accepts"]["pair"] / 2
    assert found["recall_rows"]["level_2_alone"] > found["recall_rows"]["pair"]


@pytest.mark.parametrize(("score", "count", "expected"), [
    pytest.param([0.2, 0.2, 0.7], 10, (0.0, 0.2, 0.7, NEVER), id="distinct scores"),
    pytest.param([0.0, 1.0], 10, (0.0, 1.0, NEVER), id="ends are there once"),
])
def test_candidate_thresholds(score, count, expected):
    assert candidate_thresholds(np.array(score), count) == expected


def test_many_scores_are_thinned_to_scores_that_occur():
    score = np.random.default_rng(3).random(5000) ** 4
    found = candidate_thresholds(score, 40)
    assert 20 < len(found) <= 42
    assert set(found[1:-1]) <= set(score.tolist())


KEYWORD = ("facts", "scores", "kws_yes_no_micro_speech_ds_cnn.csv")


def _keyword():
    table = read_scores(shared_path(*KEYWORD))
    return table, Setting(escalation_rule("above", 0.0), 0.0, (1,), hop_s=1.0)


def test_the_keyword_pair_is_in_the_sweep_of_all_scores():
    table, setting = _keyword()
    rows = sweep(table, setting, (0.5,), (0.5,))
    assert [round(value, 4) for value in (rows[0].escalation, rows[0].recall, rows[0].false_accepts)] == [
        0.388, 0.8876, 0.0085]


def test_the_recommended_pair_keeps_every_constraint_with_least_escalation():
    table, setting = _keyword()
    rows, best = sweep_and_recommend(table, setting, Constraints(least_recall=0.9, most_false_accepts=0.02))
    assert best.is_feasible
    assert best.exit_code == 0
    assert best.row.recall >= 0.9
    assert best.row.false_accepts <= 0.02
    every = sweep(table, setting, candidate_thresholds(table.score[:, 0], 256),
                  candidate_thresholds(table.score[:, 1], 256))
    kept = [row for row in every if row.recall >= 0.9 and row.false_accepts <= 0.02]
    assert best.row.escalation == min(row.escalation for row in kept)
    assert best.row in rows


def test_what_is_infeasible_names_the_nearest_and_by_how_much_it_misses():
    table, setting = _keyword()
    _, best = sweep_and_recommend(table, setting, Constraints(least_recall=0.999, most_false_accepts=0.001))
    assert not best.is_feasible
    assert best.exit_code == 4
    assert best.text.startswith("infeasible, nearest is threshold 1 ")
    assert " by " in best.misses[0]


@pytest.mark.parametrize(("limit", "warned"), [
    pytest.param(100.0, False, id="long enough"),
    pytest.param(1.0, True, id="too short"),
    pytest.param(0.0, True, id="zero cannot be proved"),
])
def test_negative_data_too_short_to_prove_the_limit(limit, warned):
    table, setting = _keyword()
    best = recommend(table, setting, sweep(table, setting), Constraints(most_false_alarms_per_hour=limit))
    assert bool(best.warnings) == warned


def test_images_trade_accuracy_for_escalation():
    table = read_scores(shared_path("facts", "scores", "cifar10_resnet_small_large.csv"))
    setting = Setting(escalation_rule("below", 0.0), 0.0, ())
    rows, best = sweep_and_recommend(table, setting, Constraints(least_accuracy=0.91))
    assert best.row.accuracy >= 0.91
    assert best.row.escalation <= 0.2140
    assert all(row.recall is None for row in rows)


def test_no_pair_of_the_front_is_beaten():
    table, setting = _keyword()
    rows = sweep(table, setting)
    front = pareto_front(rows)
    costs = [(row.escalation, -row.recall, row.false_alarms_per_hour) for row in rows]
    for row in front:
        own = (row.escalation, -row.recall, row.false_alarms_per_hour)
        assert not any(all(a <= b for a, b in zip(cost, own, strict=True)) and cost != own for cost in costs)
    assert len({(row.escalation, row.recall, row.false_alarms_per_hour) for row in front}) == len(front)


@pytest.mark.parametrize(("score", "says"), [
    pytest.param([[0.5, 0.1], [0.5, 0.2]], "score_1 is the same in every row", id="constant"),
    pytest.param([[0.5, 0.1]], "one row", id="one row"),
    pytest.param([[0.5], [0.6]], "one level", id="one level"),
])
def test_what_cannot_be_swept(score, says):
    table = score_table(np.arange(len(score)) % 2, np.array(score))
    with pytest.raises(DataError, match=says):
        sweep(table, Setting(escalation_rule("above", 0.0), 0.0, (1,)))


def test_a_limit_on_what_the_table_cannot_say():
    table, setting = _keyword()
    with pytest.raises(DataError, match="accuracy has a limit, but this table cannot say"):
        recommend(table, setting, sweep(table, setting, (0.5,), (0.5,)), Constraints(least_accuracy=0.9))
    with pytest.raises(DataError, match="pairs are more than the limit"):
        sweep(table, setting, tuple(np.linspace(0, 1, 600)), tuple(np.linspace(0, 1, 600)))
