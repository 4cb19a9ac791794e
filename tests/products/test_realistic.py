"""Every shipped scenario is read, runs, judges all its lines, and says where its scores come from."""

from __future__ import annotations

from pathlib import Path

import pytest

import powerplan
from powerplan.files.library import data_root
from powerplan.files.scenario import load_scenario
from powerplan.study import templates
from powerplan.study.run import run
from powerplan.study.verdicts import FAIL, MARGINAL, NOT_EVALUATED, NOT_FEASIBLE, PASS

SCENARIOS = data_root() / "scenarios"
NAMES = sorted(path.stem for path in SCENARIOS.glob("*.yaml"))
PRODUCTS = {name.partition(".")[0] for name in NAMES}
FAST_DAYS = {"cat_counter": 0.2, "fall_band": 0.2, "wake_word_remote": 0.2, "forest_listener": 0.2,
             "tortoise_tracker": 1.0, "vibration_monitor": 2.0}
"""Products that look many times a second run for hours, the others for a week."""
VARIANTS = {"smart_lock_camera_fp": "ab", "wake_word_remote": "abc", "cat_counter": "abc", "glacier_watch": "abcd",
            "tortoise_tracker": "ab", "doorbell_camera": "abc", "vibration_monitor": "ab", "forest_listener": "abc",
            "fall_band": "abc", "water_meter_reader": "abc"}


def test_all_products_and_variants_are_there() -> None:
    """Ten products with the variants their description has, and one overlay each."""
    assert set(VARIANTS) == PRODUCTS
    for product, letters in VARIANTS.items():
        for letter in letters:
            name = product if letter == "a" else f"{product}.{letter}"
            assert (SCENARIOS / f"{name}.yaml").is_file()
            assert (SCENARIOS / "hand" / f"{name}.yaml").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_has_the_editor_line(name: str) -> None:
    """Editors find the schema by the first line."""
    first = (SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=scenario.schema.json"


@pytest.mark.parametrize("name", NAMES)
def test_starts_elsewhere(name: str, tmp_path: Path) -> None:
    """`powerplan new` writes all that a product needs into another folder."""
    templates.write(name, tmp_path / "mine.yaml")
    assert load_scenario(tmp_path / "mine.yaml").scenario.product.name


@pytest.mark.parametrize("name", NAMES)
def test_scores_say_where_they_come_from(name: str) -> None:
    """A score table has an origin; a cascade without one states its shares as assumed."""
    loaded = load_scenario(SCENARIOS / f"{name}.yaml")
    for cascade, given in loaded.inputs.items():
        if given.table is None:
            assert loaded.scenario.cascade[cascade].outcomes is not None
        else:
            assert given.table.metadata.get("origin"), cascade


@pytest.mark.parametrize("name", NAMES)
def test_runs_and_judges(name: str) -> None:
    """Every line gets a verdict, and a failed battery line its advice."""
    result = run(SCENARIOS / f"{name}.yaml", days=FAST_DAYS.get(name.partition(".")[0], 7.0))
    assert result.verdicts
    assert {verdict.verdict for verdict in result.verdicts} <= {PASS, FAIL, MARGINAL, NOT_EVALUATED, NOT_FEASIBLE}
    assert result.metrics["battery_life"].value > 0
    for verdict in result.verdicts:
        if verdict.verdict == FAIL and verdict.metric == "battery_life":
            assert any(advice.requirement == verdict.id for advice in result.advice)
    if name in ("glacier_watch.l475", "wake_word_remote.b"):
        assert not result.feasible


@pytest.mark.parametrize(("name", "days", "says"), [
    pytest.param("glacier_watch", 28.0, "with typical figures (for 90% of the samples", id="90 % asked for"),
    pytest.param("hand/cat_counter.b", 1.0, "the smallest single change that meets it: ", id="no confidence"),
])
def test_a_change_says_for_whom_it_is_enough(name: str, days: float, says: str) -> None:
    """Half the batteries that last long enough are not the 90 % that a line asks for."""
    result = run(SCENARIOS / f"{name}.yaml", days=days)
    assert any(says in advice.text for advice in result.advice)


@pytest.mark.parametrize("limit", ["0 mAh", "5 mAh"])
def test_the_advised_harvest_is_enough_and_no_more(limit: str, tmp_path: Path) -> None:
    """Self-discharge counts: what the advice asks for turns the line, a percent less does not."""
    templates.write("forest_listener", tmp_path / "forest_listener.yaml")
    text = (tmp_path / "forest_listener.yaml").read_text(encoding="utf-8")
    (tmp_path / "forest_listener.yaml").write_text(text.replace(">= 0 mAh", f">= {limit}"), encoding="utf-8")
    found = run(tmp_path / "forest_listener.yaml", days=0.2)
    assert found.verdicts[0].verdict == FAIL
    assert found.metrics["net_energy"].value > 0.0, "without self-discharge January would be enough"
    text = next(advice.text for advice in found.advice if "times the harvest" in advice.text)
    factor = float(text.split(" times the harvest")[0])
    for share, verdict in ((1.01, PASS), (0.99, FAIL)):
        path = tmp_path / f"{verdict}.yaml"
        path.write_text("powerplan: 1\nbased_on: forest_listener.yaml\n"
                        f"supply: {{harvest: {{charge_per_day: {88.0 * factor * share} mAh}}}}\n", encoding="utf-8")
        assert run(path, days=0.2).verdicts[0].verdict == verdict


def test_a_marginal_line_says_why() -> None:
    """A value above its limit is MARGINAL by its interval, and other thresholds would not help."""
    result = run(SCENARIOS / "cat_counter.yaml", days=3.0)
    line = next(verdict for verdict in result.verdicts if verdict.metric == "count_error.cats")
    assert line.verdict == MARGINAL
    assert line.note.startswith("its interval is 0 to 1")
    [advice] = [one.text for one in result.advice if one.requirement == line.id]
    assert advice.startswith("the counted value meets it")


def test_a_sweep_without_an_event_says_so(tmp_path: Path) -> None:
    """One sick day a month and none of them in a day: no pair of thresholds is to blame."""
    templates.write("tortoise_tracker", tmp_path / "mine.yaml")
    told = powerplan.sweep(tmp_path / "mine.yaml", thresholds=3, days=1.0).text
    assert "no event in the days swept" in told
    assert "nothing is detected" not in told


def test_the_leakage_of_a_capacitor_is_shown(tmp_path: Path) -> None:
    """What shortens the life stands in the mean current and among the drains: 100 uA are 2.4 mAh a day."""
    templates.write("water_meter_reader", tmp_path / "mine.yaml")
    found = {}
    for leakage in ("0 uA", "100 uA"):
        path = tmp_path / "leak.yaml"
        path.write_text("powerplan: 1\nbased_on: mine.yaml\n"
                        f"supply: {{capacitor: {{leakage: {leakage}}}}}\n", encoding="utf-8")
        found[leakage] = powerplan.run(path, days=7.0)
    dry, wet = found.values()
    more_a = wet.metrics["average_current"].value - dry.metrics["average_current"].value
    assert more_a == pytest.approx(100e-6, rel=1e-6)
    row = next(row for row in wet.tables()["energy"].rows() if (row["part"], row["state"]) == ("supply", "leakage"))
    assert row["charge_c_per_day"] == pytest.approx(100e-6 * 86_400, rel=1e-6)
    assert wet.metrics["battery_life"].value < dry.metrics["battery_life"].value


def test_the_latency_that_is_judged_is_drawn() -> None:
    """A report by the clock has no detection; its line says up to where it is counted."""
    result = powerplan.run(SCENARIOS / "cat_counter.yaml", days=5.0)
    totals = [row["duration_s"] for row in result.tables()["latency"].rows() if row["stage"] == "total"]
    assert len(totals) == 5
    assert max(totals) == pytest.approx(result.metrics["latency.report.delivered.p95"].value, rel=0.2)


@pytest.mark.parametrize(("years", "verdict"), [(15, PASS), (20, PASS), (25, "NOT EVALUATED")])
def test_a_life_beyond_the_years_calculated_is_not_judged(years: int, verdict: str, tmp_path: Path) -> None:
    """Its battery outlives the calculation, so nobody knows about the 25 years."""
    templates.write("forest_listener", tmp_path / "forest_listener.yaml")
    path = tmp_path / "long.yaml"
    path.write_text("powerplan: 1\nbased_on: forest_listener.yaml\n"
                    f"requirements: {{LONG: battery_life >= {years} years}}\n", encoding="utf-8")
    [line] = [one for one in run(path, days=0.2).verdicts if one.id == "LONG"]
    assert line.verdict == verdict
    assert ("the calculation ends after 20 years" in line.note) == (verdict != PASS)


def test_a_policy_tells_the_mean_current_that_the_answer_tells() -> None:
    """The leakage of its 22 F is in both."""
    result = powerplan.run(SCENARIOS / "glacier_watch.supercap.yaml", days=7.0)
    said = next(note for note in result.notes() if note.startswith("policy at first: "))
    shown = float(said.removeprefix("policy at first: ").split(" mAh/day")[0])
    assert shown == pytest.approx(result.metrics["average_current"].value * 24e3, rel=0.01)
