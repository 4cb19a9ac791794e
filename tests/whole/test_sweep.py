"""`powerplan sweep`: counts equal to a run of the same pair, requirements judged, files, messages."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from powerplan.cli.app import main
from powerplan.files.scenario import load_scenario
from powerplan.model.requirement import parse_requirement
from powerplan.report.facts import ReportFacts
from powerplan.report.plot_sweep import draw_sweep, sweep_title
from powerplan.report.style import to_svg
from powerplan.study.run import prepare, run_loaded
from powerplan.study.sweep import sweep_scenario, with_pair
from powerplan.study.sweep_document import sweep_table
from powerplan.study.sweep_edges import latency_notes, latency_start
from powerplan.study.threshold_pair import PairRow, answers, judged, pareto_front, recommended

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
DAYS = 1.0
FACTS = ReportFacts(product="Cats", scenario="cat_counter.yaml", seed=1)


@pytest.fixture(scope="module")
def cats():
    loaded = load_scenario(SCENARIOS / "cat_counter.yaml")
    return loaded, sweep_scenario(loaded, thresholds=10, days=DAYS)


def test_every_pair_is_there_and_the_scenarios_own(cats):
    _, found = cats
    first, second = ({getattr(row, name) for row in found.rows} for name in ("threshold_1", "threshold_2"))
    assert len(found.rows) == len(first) * len(second)
    assert {0.0, 0.5, float("inf")} <= first & second
    assert (found.own.threshold_1, found.own.threshold_2) == (0.5, 0.5)


@pytest.mark.parametrize("which", ["own", "chosen"])
def test_a_pair_counts_as_a_run_of_it(cats, which):
    loaded, found = cats
    row = getattr(found, which)
    full = run_loaded(with_pair(loaded, "cats", row), days=DAYS)
    assert row.recall == full.metrics["recall.cats"].value
    assert row.false_alarms_per_day == pytest.approx(full.metrics["false_alarms.cats"].value, rel=1e-9)
    assert row.escalation == pytest.approx(full.metrics["escalation.cats"].value, rel=1e-9)
    assert row.average_current_a == pytest.approx(full.metrics["average_current"].value, rel=1e-6)
    assert row.battery_life_days == pytest.approx(full.metrics["battery_life"].value, rel=0.02)


def test_life_and_accuracy_move_as_they_must(cats):
    _, found = cats
    by_pair = {(row.threshold_1, row.threshold_2): row for row in found.rows}
    first = sorted({row.threshold_1 for row in found.rows})
    for second in {row.threshold_2 for row in found.rows}:
        column = [by_pair[one, second] for one in first]
        for low, high in pairwise(column):
            assert low.escalation >= high.escalation
            assert low.average_current_a >= high.average_current_a * (1 - 1e-9)
    assert by_pair[0.0, 0.5].escalation == 1.0
    # Recall need not fall with a threshold: an alarm too many silences the device for 20 s, and a cat is missed.
    assert by_pair[0.0, 0.0].recall < by_pair[0.5, 0.5].recall
    assert found.level_2_alone.battery_life_days < found.own.battery_life_days


def test_the_recommended_pair_lives_longest_among_those_that_meet(cats):
    _, found = cats
    assert found.feasible
    assert "battery_life >= 180 days @ 90 %" in found.judged
    assert "bytes_sent <= 100 B" in found.not_judged
    able = [row for row in found.rows if row.meets]
    surest = min(len(row.unsure) for row in able)
    assert len(found.chosen.unsure) == surest
    assert found.chosen.battery_life_days == max(row.battery_life_days for row in able if len(row.unsure) == surest)
    assert found.chosen in pareto_front(found.rows) or found.chosen.recall == 1.0
    assert any("too short to prove 1/day" in text for text in found.warnings)


def test_levels_are_judged_as_a_run_of_the_pair_judges_them():
    loaded = load_scenario(SCENARIOS / "smart_lock_camera_fp.yaml")
    found = sweep_scenario(loaded, "face", thresholds=4, days=4.0)
    lines = [line for line in loaded.requirements if ".level" in line.metric]
    assert len(lines) == 2
    assert {line.text for line in lines} < set(found.judged)
    verdicts = set()
    able = [row for row in found.rows if row.recall]
    for row in (able[0], able[-1], found.own, found.chosen):
        full = run_loaded(with_pair(loaded, "face", row), days=4.0)
        for line in lines:
            holds = line.holds(full.metrics[line.metric].value)
            assert holds != any(text.startswith(line.text) for text in row.misses)
            verdicts.add(holds)
    assert verdicts == {True, False}


LINE = parse_requirement("REQ-1", "false_alarms.face <= 1/day", {"cascades": ("face",)})
ROW = PairRow(0.5, 0.5, 0.9, 0.8, 0.95, 1.0, 0.5, 1.9, 0.1, 9.0, 1.0, 2.0, 3.0, 1e-4, 365.0)


@pytest.mark.parametrize(("alarms", "misses", "unsure"), [
    pytest.param((1.2, 0.6, 2.1), 1, 0, id="missed"),
    pytest.param((1.0, 0.5, 1.9), 0, 1, id="met as counted"),
    pytest.param((0.3, 0.1, 0.9), 0, 0, id="met over the whole interval"),
])
def test_a_line_is_judged_by_its_interval(alarms, misses, unsure):
    value, low, high = alarms
    row = replace(ROW, false_alarms_per_day=value, false_alarms_low=low, false_alarms_high=high)
    found = judged(row, [LINE], answers(row, "face", [], {}))
    assert (len(found.misses), len(found.unsure)) == (misses, unsure)


def test_a_pair_that_stands_on_the_limit_is_not_recommended_where_another_is_inside():
    edge = replace(ROW, battery_life_days=400.0, unsure=("false_alarms.face <= 1/day",))
    inside = replace(ROW, battery_life_days=390.0)
    assert recommended([edge, inside]) is inside
    assert recommended([edge, replace(inside, misses=("recall.face >= 0.99 by 9%",))]) is edge


def test_infeasible_names_the_nearest_and_its_misses(tmp_path):
    (tmp_path / "scores").mkdir()
    (tmp_path / "scores" / "cat_counter.csv").write_bytes((SCENARIOS / "scores" / "cat_counter.csv").read_bytes())
    text = (SCENARIOS / "cat_counter.yaml").read_text().replace("battery_life >= 180 days", "battery_life >= 9000 days")
    (tmp_path / "cats.yaml").write_text(text)
    found = sweep_scenario(load_scenario(tmp_path / "cats.yaml"), thresholds=3, days=0.3)
    assert not found.feasible
    assert found.text.startswith("infeasible, nearest is threshold 1 ")
    assert "misses battery_life >= 9000 days @ 90 % by 9" in found.text
    assert "No pair of thresholds meets" in sweep_title(sweep_table(found))


def test_independence_is_compared_by_rows(cats):
    _, found = cats
    table = found.comparison
    assert 0 < table.recall <= 1
    assert table.recall_if_independent != table.recall


def test_the_map_is_the_same_text_each_time(cats):
    _, found = cats
    table = sweep_table(found)
    assert to_svg(draw_sweep(table, FACTS), "map") == to_svg(draw_sweep(table, FACTS), "map")
    assert len(table) == len(found.rows)


def test_the_command_writes_its_files(tmp_path, capsys):
    code = main(["sweep", str(SCENARIOS / "cat_counter.yaml"), "--thresholds", "3", "--days", "0.3", "--no-check",
                 "--out", str(tmp_path), "--json"])
    document = json.loads(capsys.readouterr().out)
    assert code == (0 if document["feasible"] else 4)
    assert {path.name for path in tmp_path.iterdir()} == {"sweep.json", "sweep.csv", "sweep.parquet", "sweep_map.png",
                                                          "sweep_map.svg"}
    assert len(document["rows"]) == len((tmp_path / "sweep.csv").read_text().splitlines()) - 1


@pytest.mark.parametrize(("arguments", "says"), [
    pytest.param(["cat_counter.yaml", "--cascade", "dogs"], "there is no such cascade; there is: cats", id="name"),
    pytest.param(["water_meter_reader.yaml"], "have a score table", id="no scores"),
])
def test_messages(arguments, says, capsys):
    assert main(["sweep", str(SCENARIOS / arguments[0]), *arguments[1:]]) == 65
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(("stated", "said"), [
    pytest.param("window", ("`latency.listen` starts at the end of the window that is decided on",), id="elsewhere"),
    pytest.param("onset", (), id="at the onset too"),
])
def test_latencies_of_the_map_say_where_they_start(stated: str, said: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "remote.yaml"
    text = (SCENARIOS / "wake_word_remote.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("latency_from: window", f"latency_from: {stated}"), encoding="utf-8")
    lowering, _ = prepare(load_scenario(path))
    notes = latency_notes(lowering, "word", latency_start(lowering, "word"))
    assert len(notes) == len(said)
    assert all(text in note for text, note in zip(said, notes, strict=True))
