"""Every kind of part runs in a shipped scenario."""

from __future__ import annotations

from functools import cache

import pytest

from powerplan.components.registry import kind_names
from powerplan.files.library import data_root, list_profiles, profile_kinds
from powerplan.files.scenario import load_scenario
from powerplan.study.run import prepare, run

PRODUCTS = ("cat_counter", "fall_band", "fall_band.board", "forest_listener.sun", "glacier_watch",
            "smart_lock_camera_fp", "wake_word_remote")
"""Enough of the shipped scenarios to meet every kind."""


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
    assert kind in kinds_in_products()
    assert list_profiles(kind)


def test_a_board_draws_more_than_its_chip() -> None:
    chip, board = (run(data_root() / "scenarios" / f"fall_band{name}.yaml", days=0.1) for name in ("", ".board"))
    extra_a = board.metrics["average_current"].value - chip.metrics["average_current"].value
    assert 0.8e-3 < extra_a < 0.95e-3
    assert board.metrics["battery_life"].value < 0.15 * chip.metrics["battery_life"].value


def test_a_panel_by_profile_pays_for_its_charger() -> None:
    stated, panel = (run(data_root() / "scenarios" / f"forest_listener{name}.yaml", days=0.2) for name in ("", ".sun"))
    assert panel.life.harvest_j == pytest.approx(stated.life.harvest_j, rel=0.1)
    quiescent = next(one for one in panel.figures if one.figure == "charger_quiescent_current")
    assert (quiescent.value, quiescent.basis) == (pytest.approx(488e-9), "datasheet")
