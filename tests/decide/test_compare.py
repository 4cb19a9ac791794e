"""Designs against each other: paired worlds, differences by hand, causes, cost, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from powerplan.errors import ExitCode
from powerplan.report.plot_compare import draw_compare
from powerplan.report.style import to_svg
from powerplan.study.causes import groups_of
from powerplan.study.compare import CompareProblem, Comparison, compare
from powerplan.study.compare_text import blocks_of, compare_lines
from powerplan.study.sides import Incomparable, flat
from tests.decide.test_solve import LAMP, write_lamp
from tests.report.made import FACTS
from tests.whole.test_commands import call
from tests.whole.test_run import SMALL, write_small

LINES = """
requirements:
  REQ-1: battery_life >= 80 days
  REQ-2: average_current <= 20 uA
"""
LIT = LAMP + LINES
"""100 mAh; 10 mA for 1 s every 10 min = 16.7 uA: 250 days."""


def changed(folder: Path, *changes: tuple[str, str]) -> list[Path]:
    """The lamp, and the lamp with some texts replaced."""
    text = LIT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return [write_lamp(folder, "a.yaml", LIT), write_lamp(folder, "b.yaml", text)]


def against(found: Comparison) -> dict:  # type: ignore[type-arg]
    [other] = found.document()["against_baseline"]
    return dict(other)


def test_differences_by_hand(tmp_path: Path) -> None:
    found = compare(changed(tmp_path, ("every: 10 min", "every: 5 min")), days=1)
    rows = {row["metric"]: row for row in found.document()["metrics"]}
    assert rows["battery_life"]["values"] == pytest.approx([250.0, 125.0], rel=1e-3)
    assert rows["battery_life"]["deltas"][0]["fraction"] == pytest.approx(-0.5, rel=1e-3)
    assert rows["average_current"]["deltas"][0]["delta"] == pytest.approx(10e-3 / 600, rel=1e-3)
    moved = {line["id"]: line for line in against(found)["moved"]}
    assert (moved["REQ-2"]["from"], moved["REQ-2"]["to"]) == ("PASS", "FAIL")
    assert (moved["REQ-1"]["from"], moved["REQ-1"]["to"]) == ("PASS", "PASS")
    assert list(moved) == ["REQ-2", "REQ-1"], "a changed verdict comes first"
    [cause] = moved["REQ-2"]["because"]
    assert cause["key"] == "tasks.blink.when.every"
    assert cause["fraction_of_move"] == 1.0


def test_causes_by_hand(tmp_path: Path) -> None:
    """Twice the current alone: +16.7 uA; half the interval alone: +16.7 uA; together +50 uA: a third acts together."""
    found = compare(changed(tmp_path, ("every: 10 min", "every: 5 min"), ("current: 10 mA", "current: 20 mA")), days=1)
    moved = next(line for line in against(found)["moved"] if line["id"] == "REQ-2")
    assert {cause["key"] for cause in moved["because"]} == {"tasks.blink", "parts.lamp"}
    for cause in moved["because"]:
        assert cause["delta"] == pytest.approx(10e-3 / 600, rel=1e-3)
        assert cause["fraction_of_move"] == pytest.approx(1 / 3, rel=1e-3)


def test_a_part_goes_with_what_names_it(tmp_path: Path) -> None:
    more = LIT.replace("  lamp:", "  bell: {kind: load, current: 5 mA}\n  lamp:") + \
        "run: {days: 1}\n"
    more = more.replace("tasks:\n", "tasks:\n  ring: {when: {every: 1 h}, do: [{run: bell, for: 2 s}]}\n")
    paths = [write_lamp(tmp_path, "a.yaml", LIT), write_lamp(tmp_path, "b.yaml", more)]
    why = next(line for line in against(compare(paths, days=1))["moved"] if line["id"] == "REQ-2")["because"]
    assert [cause["key"] for cause in why] == ["parts.bell (with tasks.ring)"]


@pytest.mark.parametrize(("one", "two", "expected"), [
    pytest.param({"a.b.c": 1}, {"a.b.c": 2}, {"a.b.c": ("a.b.c",)}, id="one value"),
    pytest.param({"a.b.c": 1, "a.b.d": 1}, {"a.b.c": 2, "a.b.d": 2}, {"a.b.c": ("a.b.c",), "a.b.d": ("a.b.d",)},
                 id="finer where only values differ"),
    pytest.param({"a.b.c": 1}, {"a.b.c": 2, "a.b.d": 2}, {"a.b": ("a.b.c", "a.b.d")}, id="a new key in its block"),
    pytest.param({"a.b.c": 1, "x.y": 1}, {"a.b.c": 2, "x.y": 2}, {"a.b": ("a.b.c",), "x.y": ("x.y",)}, id="two blocks"),
    pytest.param({"a": 1}, {"a": 1}, {}, id="nothing"),
])
def test_groups(one: dict[str, int], two: dict[str, int], expected: dict[str, tuple[str, ...]]) -> None:
    assert groups_of(one, two) == expected


def test_plain_data_is_flattened_by_key_path() -> None:
    assert dict(flat({"a": {"b": [1, 2], "c": [{"d": 3}], "e": {}}, "f": None})) == {
        "a.b": [1, 2], "a.c.0.d": 3, "a.e": {}, "f": None}


@pytest.mark.parametrize(("change", "reason"), [
    pytest.param(("variance: none", "variance: random"), "workload", id="workload"),
    pytest.param(("battery_life >= 80 days", "battery_life >= 90 days"), "requirements", id="requirement text"),
])
def test_what_cannot_be_compared_is_refused(tmp_path: Path, change: tuple[str, str], reason: str,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    paths = changed(tmp_path, change)
    with pytest.raises(Incomparable) as refusal:
        compare(paths, days=1)
    assert [text.split(":")[0] for text in refusal.value.reasons] == [reason]
    code, _, err = call("compare", *map(str, paths), "--days", "1", capsys=capsys)
    assert code == ExitCode.DATA
    assert f"--allow {reason}" in err
    assert compare(paths, days=1, allow=(reason,)).sides


def test_stated_horizons_must_agree(tmp_path: Path) -> None:
    paths = [write_lamp(tmp_path, f"{days}.yaml", LIT + f"run: {{days: {days}}}\n") for days in (1, 2)]
    with pytest.raises(Incomparable, match="horizon"):
        compare(paths)
    assert compare(paths, days=1).days == 1
    assert compare(paths, allow=("horizon",)).days == 1


def test_one_scenario_is_no_comparison(tmp_path: Path) -> None:
    with pytest.raises(CompareProblem):
        compare([write_lamp(tmp_path)])


def test_a_design_against_itself_does_not_move(tmp_path: Path) -> None:
    """Same world, same draws: no difference anywhere, and none of the life either."""
    path = write_small(tmp_path)
    twin = tmp_path / "twin.yaml"
    twin.write_text(SMALL)
    found = compare([path, twin], days=2)
    assert against(found)["moved"] == []
    assert against(found)["changed"] == []
    life = against(found)["life"]
    assert life["draws"] > 1
    assert (life["p5"], life["p95"]) == (0.0, 0.0)
    assert all(one["delta"] in (0.0, None) for row in found.document()["metrics"] for one in row["deltas"])


def test_draws_are_paired(tmp_path: Path) -> None:
    """The cell spread is far wider than the difference of two designs that share their cells."""
    path = write_small(tmp_path)
    other = tmp_path / "other.yaml"
    other.write_text(SMALL.replace("rest_current: 1 uA", "rest_current: 1.2 uA"))
    found = compare([path, other], days=2)
    life = against(found)["life"]
    spread = found.designs[0].life_days.max() - found.designs[0].life_days.min()
    assert life["longer_fraction"] == 0.0
    assert life["p95"] - life["p5"] < 0.5 * spread
    assert life["p95"] < 0.0


PRICES = (("{kind: mcu,", "{kind: mcu, figures: {unit_cost: 2 USD, mass: 1 g},"),
          ("{kind: load, current: 10 mA}", "{kind: load, current: 10 mA, figures: {unit_cost: 0.5 USD}}"))


def test_cost_names_what_is_missing(tmp_path: Path) -> None:
    found = compare(changed(tmp_path, *PRICES), days=1)
    first, second = (side.bill for side in found.sides)
    assert first["unit_cost"] is None, "nothing is stated, so nothing is 0"
    assert second["unit_cost"]["value"] == pytest.approx(2.5)
    assert second["unit_cost"]["unit"] == "USD"
    assert second["unit_cost"]["missing"] == ["battery"]
    assert second["mass"]["missing"] == ["lamp", "battery"]
    assert second["cost_per_year"]["value"] == pytest.approx(2.5 * 365 / 250, rel=1e-3)


def test_a_year_of_life_costs_its_cells(tmp_path: Path) -> None:
    paths = [write_small(tmp_path)]
    text = SMALL.replace("{profile: cr2032}", "{profile: cr2450}")
    paths.append(tmp_path / "big.yaml")
    paths[1].write_text(text)
    for side in compare(paths, days=2, why=False).sides:
        cells, life = side.bill["cells_per_year"], side.metrics["battery_life"]["value"]
        battery = next(item for item in side.bill["items"] if item["name"] == "battery")
        assert cells["value"] == pytest.approx(battery["unit_cost"] * 365 / life)
        assert cells["unit"] == "USD/year"


def test_aged_and_coldest_are_beside_new(tmp_path: Path) -> None:
    """The first day, the end of the life and the coldest week of two designs stand in one table."""
    path, cold = write_small(tmp_path), tmp_path / "cold.yaml"
    cold.write_text(SMALL.replace("parts:\n", "environment: {temperature: -5 degC}\nparts:\n", 1))
    document = compare([path, cold], days=1, why=False).document()
    rows = {row["metric"]: row["values"] for row in document["metrics"]}
    for name in ("pulse_voltage_new", "pulse_voltage_aged", "coldest_week_voltage"):
        assert rows[name][0] > rows[name][1], name
    assert any("pulse_voltage_aged" in line for line in compare_lines(document))


def test_prices_in_two_currencies_are_not_added(tmp_path: Path) -> None:
    found = compare(changed(tmp_path, PRICES[0], (PRICES[1][0], PRICES[1][1].replace("USD", "EUR"))), days=1)
    assert "nothing is converted" in found.sides[1].bill["unit_cost"]["note"]
    assert "cost_per_year" not in found.sides[1].bill


def test_command_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = changed(tmp_path, ("every: 10 min", "every: 5 min"))
    out = tmp_path / "out"
    code, printed, _ = call("compare", *map(str, paths), "--days", "1", "--out", str(out), capsys=capsys)
    assert code == ExitCode.OK
    assert "because of tasks.blink.when.every, the only input that differs" in printed
    assert {path.name for path in out.iterdir()} == {
        "compare.json", "compare.md", "compare.parquet", "compare_requirements.parquet", "compare.png", "compare.svg",
        "compare.csv"}
    code, printed, _ = call("compare", *map(str, paths), "--days", "1", "--json", "--no-why", capsys=capsys)
    assert json.loads(printed)["baseline"] == "a.yaml"
    code, printed, _ = call("compare", *map(str, paths), "--days", "1", "--md", capsys=capsys)
    assert "| battery\\_life | 250 d | 125 d | −125 d (−50.0 %) |" in printed


def test_unknown_allowance_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, _ = call("compare", *map(str, changed(tmp_path)), "--allow", "everything", capsys=capsys)
    assert code == ExitCode.USAGE


def test_same_inputs_same_bytes(tmp_path: Path) -> None:
    paths = changed(tmp_path, ("every: 10 min", "every: 5 min"))
    one, two = (compare(paths, days=1) for _ in range(2))
    assert one.document() == two.document()
    assert to_svg(draw_compare(one.tables(), FACTS), "x") == to_svg(draw_compare(two.tables(), FACTS), "x")


@pytest.mark.parametrize("name", [
    pytest.param("a", id="short"), pytest.param("很长的中文设计名称" * 12, id="long Chinese"),
    pytest.param("$x_{1}$ <b>", id="markup"),
])
def test_the_plot_takes_any_name(tmp_path: Path, name: str) -> None:
    tables = compare(changed(tmp_path, ("every: 10 min", "every: 5 min")), days=1, why=False).tables()
    for table in tables.values():
        table.columns["design"][:] = [name if cell == "b.yaml" else cell  # type: ignore[index]
                                      for cell in table.columns["design"]]
    assert "<svg" in to_svg(draw_compare(tables, FACTS), "compare")


def test_a_comparison_shows_in_a_notebook(tmp_path: Path) -> None:
    found = compare(changed(tmp_path, ("every: 10 min", "every: 5 min"), ("a lamp", "<script>a lamp")), days=1)
    html = found._repr_html_()
    assert "<table>" in html
    assert "<script>" not in html


@pytest.mark.parametrize(("text", "cell", "shown"), [
    pytest.param("count_error.cats <= 10 %", {"verdict": "FAIL", "value": 0.101, "unit": "1"}, "FAIL 10.1 %",
                 id="limit in per cent"),
    pytest.param("recall.cats >= 0.9", {"verdict": "PASS", "value": 0.934, "unit": "1"}, "PASS 0.934", id="number"),
    pytest.param("battery_life >= 1 year", {"verdict": "PASS", "value": 7_300.0, "unit": "d"},
                 "PASS more than 7,300 d", id="life longer than the calculation"),
    pytest.param("autonomy >= 1 day", {"verdict": "PASS", "value": 14.0, "unit": "d"}, "PASS 14 d", id="another time"),
    pytest.param("count_error.cats <= 10 %", None, "not asked for", id="not asked for"),
])
def test_a_requirement_of_a_design(text: str, cell: dict[str, Any] | None, shown: str) -> None:
    document = {"designs": [{"name": "a", "end_reason": "horizon", "gates": [], "bill": {}}], "metrics": [],
                "requirements": [{"id": "R1", "text": text, "cells": [cell]}], "against_baseline": []}
    assert blocks_of(document)[0].rows == ((f"R1  {text}", shown),)
