"""Every published case as the page says, and the page as the numbers are."""

from __future__ import annotations

import re
from functools import cache

import pytest

from powerplan.files.library import list_profiles
from powerplan.files.scenario import load_scenario
from powerplan.study.run import run_loaded
from tests.cases.case import Case
from tests.cases.collect import ELSEWHERE, NOT_PREDICTED, Found, all_cases
from tests.cases.device import DAY_S, mean_current_a, scenario_text
from tests.cases.page import GOALS, PAGE, PICTURE, goal_lines, row, share
from tests.shared import shared_path

ALL = all_cases()


@cache
def predicted(case: Case) -> float:
    """Each case once for all tests."""
    if case.facts:
        shared_path("facts", "traces", "otii-battery-profiles")
    return case.predict()


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case.case} {case.what}") for case in ALL])
def test_case_is_as_the_page_says(case: Case) -> None:
    found = Found(case, predicted(case))
    assert row(found) in PAGE.read_text(encoding="utf-8").splitlines(), "run `python -m tests.cases.page`"
    assert found.inside != bool(case.miss), "a miss is explained, and only a miss"


def test_the_counts_on_the_page() -> None:
    found = [Found(case, predicted(case)) for case in ALL]
    text = PAGE.read_text(encoding="utf-8")
    assert all(line in text for line in goal_lines(found))
    assert PICTURE.stat().st_size > 10_000
    inside, total = share(one for one in found if one.case.kind == "arithmetic")
    assert inside >= GOALS["arithmetic"] * total


def test_every_open_case_is_here() -> None:
    text = shared_path("facts", "cases", "CASES.md").read_text(encoding="utf-8")
    wanted = set(re.findall(r"^### ([A-D]\d+)", text, re.MULTILINE))
    assert len(wanted) == 68
    assert {case.case for case in ALL} - {"rule"} | set(NOT_PREDICTED) | set(ELSEWHERE) == wanted


def test_no_figure_of_an_implausible_source_is_used() -> None:
    """B19: a part whose published energy cannot be is not in the library."""
    assert not [listed for listed in list_profiles() if "mspm0" in listed.name.lower()]


def test_a_worked_example_simulated_is_its_closed_form(tmp_path) -> None:
    """A27 with an event a minute, ten days of the reference engine."""
    tasks = ((1203.9, ((55.03e-3, 3.9), (287.21e-6, 1200.0))),)
    path = tmp_path / "a27.yaml"
    path.write_text(scenario_text(0.0, tasks), encoding="utf-8")
    found = run_loaded(load_scenario(path), days=1203.9 * 72 * 10 / DAY_S)
    assert found.metrics["average_current"].value == pytest.approx(mean_current_a(0.0, *tasks), rel=2e-3)
