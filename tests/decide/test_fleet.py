"""The fleet: deaths by month, against direct draws and by conservation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from powerplan.errors import ExitCode
from powerplan.files.scenario import load_scenario
from powerplan.study.fleet import Fleet, FleetProblem, fleet
from tests.decide.test_draws import RANGED
from tests.whole.test_commands import call
from tests.whole.test_run import SMALL, write_small


def test_months_add_up(tmp_path: Path) -> None:
    found = fleet(write_small(tmp_path, RANGED), 500, "1 year", days=1)
    months = found.by_month()
    assert sum(deaths for _, deaths, _ in months) == months[-1][2] == found.dead_count
    assert len(months) == 12
    low, high = found.between_groups()
    assert low <= found.dead_count / 500 <= high


def test_sites_and_use_differ_by_group_and_cells_by_unit(tmp_path: Path) -> None:
    """Temperature and rate have a range: groups of units differ in them, units of a group only in their cells."""
    found = fleet(write_small(tmp_path, RANGED), 480, "1 year", days=1)
    varied = {"scenario.environment.temperature", "scenario.workload.events.visitor.rate", "cell-to-cell capacity"}
    assert varied <= set(found.varied)
    groups = [found.life_s[found.group_of == group] for group in range(int(found.group_of.max()) + 1)]
    assert len(groups) == 48
    assert all(len(set(lives.tolist())) > 1 for lives in groups)
    same_site = fleet(write_small(tmp_path), 480, "1 year", days=1)
    means = [np.array([one.life_s[one.group_of == group].mean() for group in range(48)]) for one in (found, same_site)]
    assert means[0].std() > 1.2 * means[1].std()


def test_same_seed_same_fleet(tmp_path: Path) -> None:
    path = write_small(tmp_path, RANGED)
    one, two = (fleet(path, 60, "1 year", days=1).life_s.tolist() for _ in range(2))
    assert one == two


def test_the_limit_is_that_of_the_scenario(tmp_path: Path) -> None:
    path = write_small(tmp_path)
    line = next(line for line in load_scenario(path).requirements if line.metric == "battery_life")
    assert fleet(path, 20, days=1).limit_s == line.limit
    silent = tmp_path / "silent.yaml"
    silent.write_text("\n".join(row for row in path.read_text(encoding="utf-8").splitlines()
                                if "battery_life" not in row), encoding="utf-8")
    with pytest.raises(FleetProblem, match="asks for no battery_life; say before when"):
        fleet(silent, 20, days=1)


def test_a_world_without_variance_has_one_life(tmp_path: Path) -> None:
    text = SMALL.replace("{min: 3 mA, typ: 4 mA, max: 5 mA}", "4 mA").replace(
        "workload:\n", "workload:\n  variance: none\n").replace("  REQ-2: recall.person >= 0.5\n", "").replace(
        "    scores: scores.csv\n    labels: {person: 1, none: 0}\n    background: {none: rest}\n",
        "    outcomes: {escalate: 50 %, detect: 50 %}\n")
    found = fleet(write_small(tmp_path, text), 300, "10 years", days=1)
    assert len(set(found.life_s.tolist())) == 1
    assert found.varied == ()


def test_deaths_on_the_edges_of_months() -> None:
    month_s = 365 / 12 * 86_400
    lives = np.array([0.5 * month_s, month_s, 1.5 * month_s, 2.0 * month_s, 5 * month_s])
    found = Fleet("x", lives, 2 * month_s, np.zeros(5, int), 1, 1.0, ())
    assert found.by_month() == [(1, 1, 1), (2, 2, 3)]
    assert found.dead_count == 3


@pytest.mark.parametrize("limit", ["2 parsecs", "-1 year", "0 s"])
def test_bad_limits_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: str) -> None:
    code, _, error = call("fleet", str(write_small(tmp_path)), "--limit", limit, capsys=capsys)
    assert code == ExitCode.DATA
    assert "--limit" in error


def test_fleet_prints_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_small(tmp_path, RANGED)
    arguments = ("fleet", str(path), "--units", "100", "--limit", "100 days", "--days", "1")
    code, out, _ = call(*arguments, "--json", capsys=capsys)
    assert code == ExitCode.OK
    found = json.loads(out)
    assert found["units"] == 100
    assert found["months"][-1]["deaths_so_far"] == found["dead"]
    assert "of 100 units die before" in call(*arguments, capsys=capsys)[1]
