"""Distributions: quantiles, moments, ends, and what a scenario is uncertain about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powerplan.files.scenario import load_scenario
from powerplan.study.draws import Draws, Uncertain, scenario_amounts, uncertainties, with_amounts
from powerplan.study.run import prepare
from tests.whole.test_run import SMALL, write_small

RANGED = SMALL.replace("rate: 40/day", "rate: {typ: 40/day, distribution: lognormal, sigma: 0.3}").replace(
    "parts:\n", "environment: {temperature: {min: 5 degC, typ: 20 degC, max: 30 degC}}\nparts:\n", 1)


def one(shape: str, typ: float = 2.0, low: float | None = None, high: float | None = None,
        sigma: float | None = None, weakest: int = 1, dimension: str = "current") -> Uncertain:
    return Uncertain(("part", "figure"), typ, low, high, shape, sigma, dimension, "user", "", weakest)


def sampled(uncertain: Uncertain) -> np.ndarray:
    return np.array([uncertain.at((n + 0.5) / 4000) for n in range(4000)])


@pytest.mark.parametrize(("uncertain", "mean", "deviation"), [
    pytest.param(one("uniform", 2, 1, 3), 2.0, 2 / 12**0.5, id="uniform"),
    pytest.param(one("triangular", 2, 1, 4), 7 / 3, (7 / 18) ** 0.5, id="triangular"),
    pytest.param(one("normal", 2, sigma=0.1), 2.0, 0.1, id="normal"),
    pytest.param(one("lognormal", 2, sigma=0.3), 2 * np.exp(0.045), 2 * np.exp(0.045) * (np.exp(0.09) - 1) ** 0.5,
                 id="lognormal with typ as median"),
    pytest.param(one("normal", 1, sigma=0.1, weakest=2), 1 - 0.1 * 0.5642, 0.1 * 0.8256, id="weaker of two cells"),
])
def test_moments(uncertain: Uncertain, mean: float, deviation: float) -> None:
    values = sampled(uncertain)
    assert values.mean() == pytest.approx(mean, rel=1e-3)
    assert values.std() == pytest.approx(deviation, rel=5e-3)
    assert (np.diff(values) >= 0).all()


@pytest.mark.parametrize(("uncertain", "low", "high"), [
    pytest.param(one("normal", 1e-6, sigma=1e-5), 0.0, np.inf, id="a current is not negative"),
    pytest.param(one("normal", 2, 1.9, 2.2, 1.0), 1.9, 2.2, id="cut off at the range"),
    pytest.param(one("normal", 0.9, sigma=0.5, dimension="fraction"), 0.0, 1.0, id="a share is at most 1"),
    pytest.param(one("triangular", 2, None, 3), 2.0, 3.0, id="one end only"),
    pytest.param(one("lognormal", 2, 1.0, 4.0, 2.0), 1.0, 4.0, id="lognormal cut off"),
])
def test_ends(uncertain: Uncertain, low: float, high: float) -> None:
    values = sampled(uncertain)
    assert values.min() >= low - 1e-9
    assert values.max() <= high + 1e-9
    assert np.isfinite([uncertain.at(0.0), uncertain.at(1.0)]).all()


def test_what_a_scenario_is_uncertain_about(tmp_path: Path) -> None:
    loaded = load_scenario(write_small(tmp_path, RANGED))
    lowering, profiles = prepare(loaded)
    found = {one.name: one for one in uncertainties(loaded.scenario, loaded.parts, profiles, lowering.figures)}
    assert any(one.basis == "user" and one.name.startswith("mcu.") for one in found.values())
    assert found["scenario.workload.events.visitor.rate"].changes_times
    assert not found["scenario.environment.temperature"].changes_times
    assert found["cell-to-cell capacity"].sigma == pytest.approx(0.07)


def test_with_amounts_replaces_only_what_is_named(tmp_path: Path) -> None:
    scenario = load_scenario(write_small(tmp_path, RANGED)).scenario
    path = "workload.events.visitor.rate"
    other = with_amounts(scenario, {path: 1.0})
    assert other.workload.events["visitor"].rate.typ == 1.0
    assert other.workload.events["leaf"] == scenario.workload.events["leaf"]
    paths = {path for path, _, _ in scenario_amounts(scenario)}
    assert {"tasks.alive.when.every", "tasks.watch.on_detect.0.for", "cascade.person.refractory"} <= paths


def test_draws_of_one_thing_do_not_depend_on_others() -> None:
    two = (one("uniform", 2, 1, 3), Uncertain(("x", "y"), 1, 0, 2, "uniform", None, "current", "user"))
    both, alone = Draws.random(two, 5, 1), Draws.random(two[1:], 9, 1)
    assert both.share[:, 1].tolist() == alone.share[:5, 0].tolist()
