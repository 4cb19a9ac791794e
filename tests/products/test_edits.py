"""What an edit of a product must do to its answer, whatever the product: nothing, a longer life, a shorter life."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import powerplan
from powerplan.files.library import data_root
from powerplan.results.metric import Metric

SCENARIOS = data_root() / "scenarios"
PRODUCTS = sorted({path.stem.partition(".")[0] for path in SCENARIOS.glob("*.yaml")})
DAYS = 1.0
Edit = Callable[[dict[str, Any]], None]


def _answer(product: str, folder: Path, edit: Edit | None = None) -> dict[str, Metric]:
    """Numbers of a product after an edit of its file."""
    scenario = YAML().load((SCENARIOS / f"{product}.yaml").read_text(encoding="utf-8"))
    if edit is not None:
        edit(scenario)
    if not (folder / "scores").exists():
        shutil.copytree(SCENARIOS / "scores", folder / "scores")
    path = folder / f"{product}.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(scenario, file)
    return powerplan.run(path, days=DAYS, seed=5).metrics


def _turned_over(scenario: dict[str, Any]) -> None:
    """Another name, another order, a part that draws nothing, a line that is met anyway.

    Tasks stay in their order: where two of one rank want a part at the same instant, it says who is first.
    """
    scenario["product"]["name"] = "Another name"
    scenario["parts"]["spare_sensor"] = {"kind": "sensor", "rest_current": "0 uA", "current": "1 mA"}
    workload = scenario.get("workload") or {}
    for holder, key in ((scenario, "parts"), (scenario, "cascade"), (workload, "events"), (workload, "states")):
        if holder.get(key):
            holder[key] = dict(reversed(list(holder[key].items())))
    scenario["requirements"]["REQ-99"] = "average_current <= 100 A"
    sections = list(scenario.items())
    scenario.clear()
    scenario.update(reversed(sections))


def _doubled(scenario: dict[str, Any]) -> None:
    """Twice the cells."""
    battery = scenario["supply"]["battery"]
    battery["parallel"] = 2 * int(battery.get("parallel", 1))


def _leaking(scenario: dict[str, Any]) -> None:
    """A milliampere that nobody thought of."""
    scenario["parts"]["forgotten"] = {"kind": "load", "current": "0 uA", "rest_current": "1 mA"}


@pytest.mark.slow
@pytest.mark.parametrize("product", PRODUCTS)
def test_edits(product: str, tmp_path: Path) -> None:
    before = _answer(product, tmp_path)
    turned = _answer(product, tmp_path, _turned_over)
    assert set(before) == set(turned)
    for name, metric in before.items():
        for end in ("value", "low", "high"):
            left, right = getattr(metric, end), getattr(turned[name], end)
            assert math.isclose(left, right, rel_tol=1e-9) or (math.isnan(left) and math.isnan(right)), (name, end)
    life = before["battery_life"].value
    assert _answer(product, tmp_path, _doubled)["battery_life"].value >= life
    leaking = _answer(product, tmp_path, _leaking)
    assert leaking["battery_life"].value <= life
    assert leaking["average_current"].value > before["average_current"].value
