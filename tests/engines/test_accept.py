"""A sample so sure at level 1 that level 2 is not run: by hand in every engine, and from file to closed form."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from powerplan.engines import fast, reference
from powerplan.engines.closed_form import closed_form
from powerplan.errors import InputError
from powerplan.files.scenario import load_scenario
from powerplan.lowering.lower import Lowering, lower
from powerplan.plan.builder import CascadeSpec, Phase, TaskSpec
from powerplan.plan.codes import NS_PER_DAY, Guard, Outcome
from powerplan.plan.plan import END
from powerplan.workload.draw import draw_world
from tests.engines.conftest import RunEngine
from tests.engines.test_cases import one_part, periodic, work, world

LOCK = Path(__file__).parents[2] / "scenarios" / "smart_lock_camera_fp.yaml"


def test_reject_escalate_accept_by_hand(engine: RunEngine) -> None:
    plan = one_part()
    plan.cascades.append(CascadeSpec("seen"))
    first, second = plan.level("seen", 0, 0.4, np.inf), plan.level("seen", 1, 0.5, np.inf)
    sure = plan.level("seen", -1, 0.9, np.inf, column=0)
    plan.tasks.append(TaskSpec("look", [
        work(4, guard=Guard.LEVEL, level=first),
        Phase(holds=frozenset({"cpu"}), guard=Guard.ACCEPT, level=sure, on_pass=3, on_fail=2),
        work(6, guard=Guard.LEVEL, level=second),
        Phase(guard=Guard.DECIDE, on_pass=END, on_fail=END)], cascade="seen"))
    scores = ((0, -1, 0.39, 0.9), (1, -1, 0.4, 0.4), (2, -1, 0.89, 0.6), (3, -1, 0.9, 0.0), (4, -1, 1.0, 0.9))
    found = engine(plan.build(), world(100, periodic(0, 20, 5, *scores), cascades=1))
    assert found.rows.outcome.tolist() == [
        Outcome.REJECTED_BY_LEVEL_1, Outcome.REJECTED_BY_LEVEL_2, Outcome.DETECTED, Outcome.DETECTED, Outcome.DETECTED]
    assert found.rows.ended_ns.tolist() == [4, 30, 50, 64, 84]
    assert found.level_seen.tolist() == [5, 2, 4]
    assert found.level_passed.tolist() == [4, 1, 2]
    assert found.state_ns.tolist() == [100 - 5 * 4 - 2 * 6, 5 * 4 + 2 * 6]


def lowered(folder: Path, level: str) -> Lowering:
    copytree(LOCK.parent, folder, dirs_exist_ok=True)
    path = folder / "variant.yaml"
    path.write_text(f"powerplan: 1\nbased_on: {LOCK.name}\ncascade: {{face: {{{level}}}}}\n", encoding="utf-8")
    loaded = load_scenario(path)
    return lower(loaded.scenario, loaded.parts, loaded.inputs)


def test_a_scenario_that_accepts_early(tmp_path: Path) -> None:
    accepting = lowered(tmp_path, "level1: {accept: 0.8}")
    always = lowered(tmp_path, "level1: {accept: 0.8}, level2: {threshold: 0}")
    days = 400
    played = draw_world(accepting.world, days * NS_PER_DAY, 1)
    short = draw_world(accepting.world, 20 * NS_PER_DAY, 1)
    record = fast.run(accepting.plan, played)
    assert fast.run(accepting.plan, short).differences(reference.run(accepting.plan, short)[0]) == []
    first, second, sure = record.level_seen.tolist()
    assert sure == record.level_passed[0]
    assert second == record.level_passed[0] - record.level_passed[2]
    assert 0 < record.level_passed[2] < sure < first
    expected = closed_form(accepting.plan, accepting.world)
    per_day = expected.level_seen_per_s * 86_400 * days
    assert record.level_seen == pytest.approx(per_day, rel=0.1)
    assert record.level_passed == pytest.approx(expected.level_passed_per_s * 86_400 * days, rel=0.15)
    escalated = fast.run(always.plan, draw_world(always.world, days * NS_PER_DAY, 1))
    assert escalated.level_seen.tolist() == [first, second, sure]


@pytest.mark.parametrize(("level", "says"), [
    pytest.param("level1: {accept: 0.3}", "must lie above `threshold: 0.35`", id="below the threshold"),
    pytest.param("level1: {accept: 0.8, escalate: below}", "escalates above its threshold", id="escalates below"),
    pytest.param("level2: {accept: 0.8}", "the last level has none", id="last level"),
])
def test_what_accept_cannot_mean(tmp_path: Path, level: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        lowered(tmp_path, level)
