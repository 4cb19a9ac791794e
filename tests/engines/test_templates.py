"""Templates hold every way through a task, and say where they do not."""

from __future__ import annotations

import numpy as np
import pytest

from powerplan.engines import bench_devices, fast
from powerplan.engines.compiled import layout as at
from powerplan.engines.templates import ATTEMPTS, templates
from powerplan.plan.builder import CascadeSpec, Phase, PlanBuilder, TaskSpec
from powerplan.plan.codes import Guard
from powerplan.plan.plan import END
from powerplan.plan.world import no_activations
from tests.engines.random_pairs import random_pair
from tests.engines.test_cases import one_part, periodic, work, world


def test_ways_of_a_doorbell() -> None:
    look, ring, live = templates(bench_devices.doorbell_plan())
    milliseconds = [leaf.duration_ns // 1_000_000 for leaf in look.leaves]
    assert milliseconds == [1223, 1223, 1223, 523]
    assert [leaf.spawn for leaf in look.leaves] == [1, -1, -1, -1]
    assert look.leaves[3].duration_ns == sum(look.leaves[3].stage_ns)
    assert [leaf.sample_ns // 1_000_000 for leaf in look.leaves] == [303] * 4
    assert (len(ring.leaves), len(live.leaves)) == (1, 1)
    assert look.whole
    assert look.plain
    assert look.tries == 0


def test_a_template_is_made_once() -> None:
    plan = bench_devices.doorbell_plan()
    assert templates(plan) is templates(plan)


def _mid_way() -> PlanBuilder:
    plan = one_part()
    plan.cascades.append(CascadeSpec("seen"))
    level = plan.level("seen", 0, 0.5, np.inf)
    plan.tasks.append(TaskSpec("look", [
        work(4, guard=Guard.LEVEL, level=level), Phase(guard=Guard.DECIDE, spawn="act", on_pass=2, on_fail=END),
        work(3)], cascade="seen", records=False))
    plan.tasks.append(TaskSpec("act", [work(1)], parent="look"))
    return plan


def _awake_afterwards() -> PlanBuilder:
    plan = one_part()
    plan.tasks.append(TaskSpec("tick", [Phase(3, sets=(("cpu", "run"),))], records=False))
    return plan


@pytest.mark.parametrize(("made", "idle"), [
    pytest.param(_mid_way(), 2, id="an action before the end"),
    pytest.param(_awake_afterwards(), -1, id="a part does not rest in the end"),
])
def test_what_no_template_holds_is_walked(made: PlanBuilder, idle: int) -> None:
    template = templates(made.build())[0]
    assert not template.whole
    assert template.idle == idle


def test_attempts_are_held_up_to_a_limit() -> None:
    plan = one_part()
    plan.tasks.append(TaskSpec("send", [work(5, guard=Guard.ATTEMPT, on_pass=END, on_fail=0)]))
    template = templates(plan.build())[0]
    assert [leaf.duration_ns for leaf in template.leaves] == [5 * n for n in range(1, ATTEMPTS + 1)]
    assert template.tries == ATTEMPTS


def test_most_random_tasks_have_whole_templates() -> None:
    found = [template.whole for seed in range(200) for template in templates(random_pair(seed)[0])]
    assert 0.3 < np.mean(found) < 0.95


CPU, RADIO = 1, 2


@pytest.mark.parametrize(("phases", "held"), [
    pytest.param([work(5), work(3)], CPU, id="one part all the time"),
    pytest.param([work(5, "cpu", "radio"), work(3)], CPU, id="the other is given back on the way"),
    pytest.param([work(5, "radio"), work(3)], 0, id="one after the other"),
    pytest.param([work(5), Phase(), work(3)], 0, id="given back for no time on the way"),
    pytest.param([work(5), Phase()], CPU, id="given back in the end"),
    pytest.param([work(5, "radio"), work(0)], 0, id="another is asked for in the end"),
    pytest.param([Phase(5)], 0, id="no part at all"),
])
def test_parts_held_from_the_start_to_the_end(phases: list[Phase], held: int) -> None:
    plan = one_part("cpu", "radio")
    plan.tasks.append(TaskSpec("work", phases))
    assert templates(plan.build())[0].held == held


def test_an_answer_is_not_walked_though_windows_come_meanwhile() -> None:
    plan, month = bench_devices.wake_word_plan(), bench_devices.wake_word_world(30.0)
    found = fast.play(fast.started(plan, month), month.horizon_ns)
    assert found.state[at.G_ROWS] > 2_000
    assert found.state[at.G_WALKED] == 0


def test_rows_that_are_given_up_take_their_stages_along() -> None:
    windows = periodic(0, 20, 600, *((number, -1, 1.0, 1.0) for number in range(600)))
    plan, drawn = _mid_way().build(), world(12_000, windows, no_activations(), cascades=1)
    found, walked = fast.started(plan, drawn), 0
    for day in range(1, 31):
        found = fast.play(found, drawn.horizon_ns * day // 30)
        assert found.state[at.G_WALKED] <= found.state[at.G_ROWS]
        walked += int(found.state[at.G_WALKED])
        found.state[at.G_ROWS] = 0
    assert walked > 100
