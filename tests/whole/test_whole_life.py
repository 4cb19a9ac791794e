"""A life from new until the battery is empty: exactly that time is simulated, and nothing after it counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from powerplan.engines import fast
from powerplan.plan.codes import NS_PER_DAY, NS_PER_S, Outcome
from powerplan.results.document import to_json
from powerplan.study import whole_life
from powerplan.study.run import RunResult, run
from powerplan.study.session import plan
from powerplan.study.supply import battery_life
from powerplan.workload.arrivals import STRETCH_NS
from powerplan.workload.draw import draw_world
from tests.whole.test_run import SMALL, write_small

HUNGRY = SMALL.replace("sleep_current: 2 uA", "sleep_current: 100 uA")
"""About 90 days of a coin cell."""
STREAM = HUNGRY.replace("{interrupt: pir}", "{every: 250 ms}").replace(
    "background: {none: rest}", "background: {none: rest}\n    within_event: same")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return run(write_small(tmp_path_factory.mktemp("lived"), HUNGRY))


def test_exactly_the_life_is_simulated(lived: RunResult) -> None:
    assert (lived.extent, lived.replica_count) == ("whole life", 8)
    assert lived.record.horizon_ns == round(lived.life.life_s * NS_PER_S)
    assert lived.days == pytest.approx(lived.life.life_s / 86_400.0)
    assert int(lived.record.joint_ns.sum()) == lived.record.horizon_ns
    assert 60 < lived.days < 120
    assert lived.days % 28 > 1


def test_it_is_the_record_of_the_world_cut_at_the_end(lived: RunResult) -> None:
    """One World drawn for all its months and played at once up to the end gives the same integers."""
    stretches = -(-lived.record.horizon_ns // STRETCH_NS)
    world = draw_world(lived.lowering.world, stretches * STRETCH_NS, lived.seed)
    expected = fast.run(lived.lowering.plan, replace(world, horizon_ns=lived.record.horizon_ns))
    assert expected.differences(lived.record) == []


def test_nothing_after_the_end_counts(lived: RunResult) -> None:
    end_ns = lived.record.horizon_ns
    late = lived.world.events.end_ns > end_ns
    assert late.sum() > 10
    assert (lived.record.event_outcome[late] == Outcome.CUT).all()
    assert lived.record.rows.released_ns.max() < end_ns
    per_day = lived.record.task_released[lived.lowering.plan.task_names.index("alive")] / lived.days
    assert per_day == pytest.approx(24, rel=1e-3)


def test_every_hour_has_its_own_load(lived: RunResult) -> None:
    hours = lived.demand.current_a
    assert len(hours) == 672 * -(-lived.record.horizon_ns // STRETCH_NS)
    first, later = hours[:168], hours[168:336]
    assert not np.array_equal(first, later)
    assert np.mean(hours) == pytest.approx(lived.metrics["average_current"].value, rel=0.01)
    assert battery_life(lived.chain, lived.demand).life_s == lived.life.life_s


def test_replicas_differ_and_the_same_seed_gives_the_same_bytes(lived: RunResult, tmp_path: Path) -> None:
    assert lived.spread is not None
    for name in ("battery_life", "average_current", "recall.person", "latency.watch.p95", "releases.watch"):
        ends = lived.spread.interval(name)
        assert ends is not None
        assert ends[0] <= ends[1] <= ends[2]
    assert np.std(lived.spread.samples["recall.person"]) > 0
    assert len(lived.spread.samples["recall.person"]) == 8
    again = plan(write_small(tmp_path, HUNGRY))
    assert to_json(again.document()["metrics"]) == to_json(plan(write_small(tmp_path, HUNGRY)).document()["metrics"])
    assert again.metrics == lived.metrics
    assert again.document()["percentiles"]["metrics"]["recall.person"]["p50"] > 0


def test_the_first_replica_is_the_same_however_many_there_are(lived: RunResult, tmp_path: Path) -> None:
    alone = plan(write_small(tmp_path, HUNGRY), replicas=1)
    assert alone.result.record.differences(lived.record) == []
    assert alone.result.life.life_s == lived.life.life_s
    assert alone.command.endswith("--seed 1 --replicas 1")
    assert "the whole life of one replica" in alone.notes()[0]
    assert "nothing after the end counts" in alone.notes()[0]
    assert alone.document()["horizon"] == {"extent": "whole life", "days": pytest.approx(lived.days), "replicas": 1}


@pytest.mark.parametrize(("change", "days", "engine"), [
    pytest.param(("", ""), 14.0, "auto", id="stated days"),
    pytest.param(("workload:", "workload:\n  variance: none"), None, "auto", id="evenly spaced"),
    pytest.param(("", ""), None, "reference", id="reference engine"),
])
def test_a_window_is_carried_on(change: tuple[str, str], days: float | None, engine: str, tmp_path: Path) -> None:
    found = plan(write_small(tmp_path, HUNGRY.replace(*change) if change[0] else HUNGRY), days=days, engine=engine,
                 replicas=2)
    assert found.result.extent == "window"
    assert "carried on by hour of week" in found.notes()[0]
    assert f"--days {found.result.days:g}" in found.command
    assert found.result.days == (days or 28.0)
    assert found.result.replica_count == (2 if days else 1)


def test_a_life_beyond_the_budget_repeats_its_months(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_life, "ACTIVATION_BUDGET", 8_000)
    found = plan(write_small(tmp_path, SMALL), replicas=2)
    assert found.result.extent == "months"
    assert found.result.days % 28 == 0
    assert found.result.life.life_s > found.result.days * 86_400.0
    assert "these days repeat until the end" in found.notes()[0]
    assert len(found.result.demand.current_a) == found.result.days * 24


def test_rows_are_kept_up_to_a_limit_and_counts_of_everything(lived: RunResult, tmp_path: Path,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_life, "ROWS_LIMIT", 6_000)
    found = run(write_small(tmp_path, HUNGRY), replica_count=1)
    assert found.record.rows.released_ns.max() < 28 * NS_PER_DAY
    assert replace(found.record, rows=lived.record.rows).differences(lived.record) == []
    assert found.metrics["recall.person"] == lived.metrics["recall.person"]
    short, whole = found.metrics["count_error.person"], lived.metrics["count_error.person"]
    assert short.method.startswith("mean of 28 days")
    assert whole.method.startswith(f"mean of {int(lived.days)} days")


def test_idle_activations_leave_no_rows_and_change_nothing(tmp_path: Path) -> None:
    text = STREAM.replace("every: 250 ms", "every: 10 s")
    found = run(write_small(tmp_path, text), replica_count=1)
    stretches = -(-found.record.horizon_ns // STRETCH_NS)
    world = draw_world(found.lowering.world, stretches * STRETCH_NS, found.seed)
    expected = fast.run(found.lowering.plan, replace(world, horizon_ns=found.record.horizon_ns))
    assert len(found.record.rows) < len(expected.rows) / 3
    assert replace(expected, rows=found.record.rows).differences(found.record) == []


def test_policy_levels_live_with_the_battery(tmp_path: Path) -> None:
    text = HUNGRY + "policies:\n  - {below: 50 %, every: {alive: 4 h}}\n"
    found = run(write_small(tmp_path, text), replica_count=2)
    assert found.extent == "whole life"
    assert len(found.levels) == 1
    assert 0.3 < found.life.level_fraction[1] < 0.7
    alive = found.lowering.plan.task_names.index("alive")
    assert found.levels[0].record.task_released[alive] < found.record.task_released[alive] / 3
