"""A schedule window: a periodic task only in hours of the day."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powerplan.engines import fast, reference
from powerplan.engines.closed_form import closed_form
from powerplan.errors import InputError
from powerplan.files.scenario import load_scenario
from powerplan.plan.codes import NS_PER_DAY, NS_PER_HOUR, NS_PER_S
from powerplan.study.run import prepare, run
from powerplan.workload.draw import Draw, draw_world
from powerplan.workload.spec import Periodic, TaskWorld, WorldSpec
from tests.products.test_language import BASE

LOOK = """
tasks:
  look:
    when: {every: 10 min, hours: 7-19}
    do: [{run: card, for: 2 s}]
"""


def releases(periodic: Periodic, days: int, even: bool = False) -> np.ndarray:
    """All release times of a task. [ns]"""
    world = draw_world(WorldSpec((TaskWorld("look", periodic),), even=even), days * NS_PER_DAY, 1)
    drawn = world.activations[0]
    first = np.repeat(drawn.run_start_ns, drawn.run_count)
    turn = np.arange(len(first)) - np.repeat(np.cumsum(drawn.run_count) - drawn.run_count, drawn.run_count)
    return first + turn * np.repeat(drawn.run_period_ns, drawn.run_count)


@pytest.mark.parametrize("even", [False, True])
@pytest.mark.parametrize(("hours", "offset_s", "per_day", "first_hours"), [
    pytest.param(((7, 19),), 0, 72, {*range(7, 19)}, id="one span"),
    pytest.param(((6, 9), (17, 22)), 0, 48, {6, 7, 8, 17, 18, 19, 20, 21}, id="two spans"),
    pytest.param(((0, 24),), 0, 144, {*range(24)}, id="all day"),
    pytest.param(((12, 13),), 1_800, 3, {12}, id="offset into the span"),
])
def test_releases_lie_in_the_hours(hours: tuple[tuple[int, int], ...], offset_s: int, per_day: int,
                                   first_hours: set[int], even: bool) -> None:
    found = releases(Periodic(600 * NS_PER_S, offset_s * NS_PER_S, hours), 40, even)
    assert len(found) == 40 * per_day
    assert set((found // NS_PER_HOUR % 24).tolist()) == first_hours
    assert (np.diff(found) > 0).all()
    assert found[0] == hours[0][0] * NS_PER_HOUR + offset_s * NS_PER_S


def test_a_period_that_does_not_fit_begins_anew_every_day() -> None:
    found = releases(Periodic(7 * NS_PER_HOUR, 0, ((8, 20),)), 3)
    assert (found // NS_PER_HOUR).tolist() == [8, 15, 32, 39, 56, 63]


def test_stretches_make_no_difference() -> None:
    spec = WorldSpec((TaskWorld("look", Periodic(600 * NS_PER_S, 0, ((0, 6), (22, 24)))),))
    daily = [block.world.activations[0] for block in Draw(spec, 5 * NS_PER_DAY, 1, 0).blocks(NS_PER_DAY, 24)]
    whole = draw_world(spec, 5 * NS_PER_DAY, 1).activations[0]
    assert np.concatenate([part.run_start_ns for part in daily]).tolist() == whole.run_start_ns.tolist()
    assert sum(part.release_count for part in daily) == whole.release_count == 5 * 48


def test_engines_and_the_closed_form_agree(tmp_path: Path) -> None:
    path = tmp_path / "test.yaml"
    path.write_text(BASE + LOOK)
    lowering, _ = prepare(load_scenario(path))
    world = draw_world(lowering.world, 10 * NS_PER_DAY, 1)
    one = fast.run(lowering.plan, world)
    assert one.differences(reference.run(lowering.plan, world, None, skipping=True)[0]) == []
    assert int(one.task_finished[0]) == 720
    assert closed_form(lowering.plan, lowering.world).task_rate_per_s[0] * 86_400 == pytest.approx(72)
    found = run(path, days=7)
    assert found.metrics["releases.look"].value == pytest.approx(72)
    assert found.demand.current_a[3] < found.demand.current_a[12]


@pytest.mark.parametrize(("when", "message"), [
    pytest.param("{interrupt: touch, hours: 7-19}", "`hours` goes with `every`", id="not periodic"),
    pytest.param("{every: 10 min, hours: 19-7}", "no span of hours of a day", id="backwards"),
    pytest.param("{every: 10 min, hours: [7-12, 11-13]}", "overlap", id="overlapping"),
    pytest.param("{every: 10 min, hours: 7-9, offset: 2 h}", "`offset` is as long as a span", id="offset too long"),
    pytest.param("{every: 10 min, hours: noon}", "is no span of hours", id="no number"),
])
def test_what_cannot_be_is_refused(when: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "test.yaml"
    path.write_text(BASE + LOOK.replace("{every: 10 min, hours: 7-19}", when))
    with pytest.raises(InputError) as caught:
        load_scenario(path)
    assert message in str(caught.value)
