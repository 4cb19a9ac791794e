"""Every kind of part runs: in a shipped product, or, for boards and panels, in the scenario of this file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from powerplan.components.registry import kind_names
from powerplan.files.library import data_root, list_profiles, profile_kinds
from powerplan.files.scenario import load_scenario
from powerplan.study.run import prepare, run

PRODUCTS = ("cat_counter", "fall_band", "glacier_watch", "smart_lock_camera_fp", "wake_word_remote")
"""Enough of the ten to meet every kind."""
WITHOUT_A_PRODUCT = {"board", "harvester"}
BOARD_AND_PANEL = f"""
powerplan: 1
product: {{name: A board with a panel}}
supply:
  battery: {{profile: lipo}}
  harvest: {{profile: bq25570_panel_1w, energy_per_day: [{', '.join(['1 Wh'] * 12)}]}}
parts:
  board: {{profile: arduino_nano_33_ble_sense}}
  motor: {{profile: lock_motor}}
tasks: {{turn: {{when: {{every: 1 h}}, do: [{{compute: board, for: 100 ms}}, {{run: motor}}]}}}}
workload: {{variance: none}}
run: {{days: 1}}
"""


@cache
def kinds_in_products() -> frozenset[str]:
    """Kinds of the profiles and parts that the shipped products are lowered with."""
    found: set[str] = set()
    for name in PRODUCTS:
        path = data_root() / "scenarios" / f"{name}.yaml"
        lowering, supply = prepare(load_scenario(path))
        found |= {part.part.spec.kind for part in lowering.parts.values()}
        found |= {profile.kind for profile in supply.values()}
    return frozenset(found)


@pytest.mark.parametrize("kind", sorted({*kind_names(), *profile_kinds()}))
def test_every_kind_is_used(kind: str) -> None:
    assert (kind in kinds_in_products()) != (kind in WITHOUT_A_PRODUCT)
    assert list_profiles(kind)


def test_a_board_and_a_panel(tmp_path: Path) -> None:
    path = tmp_path / "board.yaml"
    path.write_text(BOARD_AND_PANEL, encoding="utf-8")
    found = run(path)
    assert found.life.reason == "horizon"
    assert found.life.harvest_j > 0
    motor_a = 0.25 / 3600
    assert found.metrics["average_current"].value == pytest.approx(0.9e-3 + motor_a, rel=0.01)
