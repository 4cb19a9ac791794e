"""Small devices whose every integer is worked out by hand, in every engine."""

from __future__ import annotations

import numpy as np
import pytest

from powerplan.components.base import PowerState
from powerplan.plan.builder import UNBOUNDED, CascadeSpec, Phase, PlanBuilder, TaskSpec
from powerplan.plan.codes import NS_PER_HOUR, Guard, Mark, Outcome, Stage
from powerplan.plan.plan import END
from powerplan.plan.world import Activations, Events, World, no_activations
from tests.engines.conftest import RunEngine


def periodic(start: int, period: int, count: int, *candidates: tuple[int, int, float, float],
             duration: int = 0, attempts: int = 1) -> Activations:
    """A run of releases; candidates are (ordinal, event, score 1, score 2)."""
    score = np.array([given[2:] for given in candidates], np.float64).reshape(len(candidates), 2)
    ordinal, event = (np.array([given[n] for given in candidates], np.int64) for n in (0, 1))
    return Activations(np.array([start]), np.array([period]), np.array([count]), ordinal, event, score, score - 1,
                       np.full(len(candidates), duration), np.full(len(candidates), attempts))


def world(horizon: int, *activations: Activations, events: tuple[tuple[int, int], ...] = (), cascades: int = 0,
          spawn_attempts: tuple[int, ...] = (), bins: int = 24) -> World:
    onset, end = (np.array([event[n] for event in events], np.int64) for n in (0, 1))
    shape = (len(events), cascades)
    drawn = tuple(np.array(spawn_attempts, np.int64) for _ in activations)
    return World(horizon, bins, Events(("e",), np.zeros(len(events), np.int64), onset, end, np.ones(shape, bool),
                                       np.zeros(shape, bool)), activations, drawn)


def one_part(*names: str) -> PlanBuilder:
    plan = PlanBuilder()
    for name in names or ("cpu",):
        plan.part(name, "main", [PowerState("rest"), PowerState("run")])
    return plan


def work(duration: int, *parts: str, **more: object) -> Phase:
    names = parts or ("cpu",)
    return Phase(duration, Stage.OTHER, frozenset(names), tuple((name, "run") for name in names), **more)  # type: ignore[arg-type]


def cascade(plan: PlanBuilder, rules: CascadeSpec, action: str | None = None, low: float = 0.5, queue: int = UNBOUNDED,
            **more: object) -> None:
    """Level 1 takes 4, level 2 takes 6, each on the cpu."""
    plan.cascades.append(rules)
    levels = [plan.level(rules.name, 0, low, np.inf), plan.level(rules.name, 1, 0.5, np.inf)]
    plan.tasks.append(TaskSpec("look", [
        work(4, guard=Guard.LEVEL, level=levels[0], marks=Mark.SAMPLE), work(6, guard=Guard.LEVEL, level=levels[1]),
        Phase(guard=Guard.DECIDE, spawn=action, on_pass=END, on_fail=END)], queue_count=queue, cascade=rules.name,
        **more))  # type: ignore[arg-type]


def test_one_periodic_task(engine: RunEngine) -> None:
    plan = one_part()
    plan.tasks.append(TaskSpec("tick", [work(3)], records=False))
    found = engine(plan.build(), world(100, periodic(5, 10, 10)))
    assert found.task_finished.tolist() == [10]
    assert found.state_ns.tolist() == [70, 30]
    assert found.state_entries.tolist() == [10, 10]
    assert found.joint_entries.tolist() == [11, 10]
    assert found.joint_longest_ns.tolist() == [7, 3]


def test_short_bursts_are_charged_in_full(engine: RunEngine) -> None:
    """A meter that samples every second sees nothing of 5 ms bursts between its samples."""
    plan = one_part()
    plan.tasks.append(TaskSpec("burst", [work(5_000_000)], records=False))
    found = engine(plan.build(), world(3_600 * 10**9, periodic(100, 10**9, 3_600)))
    assert found.state_ns.tolist() == [3_600 * 995_000_000, 3_600 * 5_000_000]


def test_the_past_interval_is_closed_before_a_state_changes(engine: RunEngine) -> None:
    """The long rest before the burst is charged to rest, not to the burst."""
    plan = one_part()
    plan.tasks.append(TaskSpec("late", [work(1)]))
    found = engine(plan.build(), world(1_000, periodic(999, 1, 1)))
    assert found.state_ns.tolist() == [999, 1]


def test_horizons_cut_in_two_agree(engine: RunEngine) -> None:
    """The same device looked at for twice as long spends twice the time: no step size hides anywhere."""
    plan = one_part()
    plan.tasks.append(TaskSpec("tick", [work(7)], records=False))
    half, whole = (engine(plan.build(), world(n * NS_PER_HOUR, periodic(0, 1_000_000_007, 3_600 * n), bins=2))
                   for n in (1, 2))
    assert whole.joint_ns[0].tolist() == half.joint_ns[0].tolist()
    assert whole.joint_ns.sum() == 2 * half.joint_ns.sum()


@pytest.mark.parametrize(("queue", "finished", "dropped", "busy"), [
    pytest.param(UNBOUNDED, 4, 0, 48, id="all wait"),
    pytest.param(1, 4, 1, 48, id="one may wait"),
    pytest.param(0, 3, 3, 36, id="none may wait"),
])
def test_queue_and_drop(engine: RunEngine, queue: int, finished: int, dropped: int, busy: int) -> None:
    """Six releases every 8, each activation takes 12."""
    plan = one_part()
    plan.tasks.append(TaskSpec("slow", [work(12)], queue_count=queue))
    found = engine(plan.build(), world(49, periodic(0, 8, 6)))
    assert found.task_released.tolist() == [6]
    assert (int(found.task_finished[0]), int(found.task_dropped[0])) == (finished, dropped)
    assert (found.rows.outcome == Outcome.BUSY).sum() == dropped
    assert found.state_ns[1] - (1 if queue else 0) == busy


@pytest.mark.parametrize(("ranks", "first"), [
    pytest.param((0, 0), 0, id="equal ranks: the smaller number"),
    pytest.param((1, 0), 1, id="the smaller rank"),
])
def test_two_tasks_want_the_cpu_at_once(engine: RunEngine, ranks: tuple[int, int], first: int) -> None:
    plan = one_part()
    for name, rank in zip(("a", "b"), ranks, strict=True):
        plan.tasks.append(TaskSpec(name, [work(10)], rank=rank))
    found = engine(plan.build(), world(100, periodic(5, 1, 1), periodic(5, 1, 1)))
    assert found.rows.started_ns.tolist() == [5 + 10 * (first == 1), 5 + 10 * (first == 0)]
    assert found.rows.stage_ns[1 - first, Stage.QUEUE] == 10


def test_exclusive_parts_are_taken_together_or_not_at_all(engine: RunEngine) -> None:
    """Motor and camera exclude each other; a task waiting for both holds neither."""
    plan = one_part("motor", "camera")
    plan.tasks.append(TaskSpec("turn", [work(20, "motor")]))
    plan.tasks.append(TaskSpec("both", [work(5, "motor", "camera")]))
    plan.tasks.append(TaskSpec("look", [work(30, "camera")], rank=1))
    found = engine(plan.build(), world(100, periodic(0, 1, 1), periodic(1, 1, 1), periodic(2, 1, 1)))
    assert found.rows.started_ns.tolist() == [0, 32, 2]


def test_releases_wait_for_the_part_that_is_held(engine: RunEngine) -> None:
    plan = one_part()
    plan.tasks.append(TaskSpec("tick", [work(3)]))
    plan.tasks.append(TaskSpec("long", [work(30), work(20)], rank=1))
    found = engine(plan.build(), world(100, periodic(5, 20, 5), periodic(10, 1, 1)))
    ticks = found.rows.task == 0
    assert found.rows.released_ns[ticks].tolist() == [5, 25, 45, 65, 85]
    assert found.rows.started_ns[ticks].tolist() == [5, 60, 63, 66, 85]
    assert found.rows.stage_ns[ticks, Stage.QUEUE].tolist() == [0, 35, 18, 1, 0]
    assert found.state_entries.tolist() == [6, 6]


def test_a_part_asked_for_in_the_end_goes_to_the_smaller_rank(engine: RunEngine) -> None:
    plan = one_part("cpu", "radio")
    plan.tasks.append(TaskSpec("listen", [work(5, "radio"), work(0)], rank=1))
    plan.tasks.append(TaskSpec("send", [work(10, "cpu", "radio")]))
    found = engine(plan.build(), world(100, periodic(0, 1, 1), periodic(2, 1, 1)))
    assert found.rows.ended_ns.tolist() == [15, 15]


@pytest.mark.parametrize(("score", "seen", "passed", "outcome"), [
    pytest.param((0.49, 1.0), [1, 0], [0, 0], Outcome.REJECTED_BY_LEVEL_1, id="below level 1"),
    pytest.param((0.5, 0.49), [1, 1], [1, 0], Outcome.REJECTED_BY_LEVEL_2, id="level 1 exactly, below level 2"),
    pytest.param((0.5, 0.5), [1, 1], [1, 1], Outcome.DETECTED, id="both exactly"),
    pytest.param((np.nan, 1.0), [1, 0], [0, 0], Outcome.REJECTED_BY_LEVEL_1, id="no score passes nothing"),
])
def test_a_score_at_the_threshold_passes(engine: RunEngine, score: tuple[float, float], seen: list[int],
                                         passed: list[int], outcome: Outcome) -> None:
    plan = one_part()
    cascade(plan, CascadeSpec("c"))
    found = engine(plan.build(), world(100, periodic(10, 1, 1, (0, 0, *score)), events=((5, 80),), cascades=1))
    assert found.level_seen.tolist() == seen
    assert found.level_passed.tolist() == passed
    assert found.rows.outcome.tolist() == [outcome]
    assert found.event_outcome.tolist() == [[outcome]]
    assert found.rows.decided_ns.tolist() == [10 + 4 * seen[0] + 6 * seen[1]]


@pytest.mark.parametrize(("final", "passing", "detected"), [
    pytest.param(False, (0, 1), [1], id="two in a row"),
    pytest.param(False, (0, 2), [2], id="two of three"),
    pytest.param(False, (0, 3), [], id="too far apart"),
    pytest.param(False, (0, 1, 2), [1, 2], id="each further one"),
    pytest.param(True, (0, 2), [2], id="two final decisions of three"),
])
def test_confirmation(engine: RunEngine, final: bool, passing: tuple[int, ...], detected: list[int]) -> None:
    plan = one_part()
    cascade(plan, CascadeSpec("c", confirm_count=2, confirm_of=3, confirm_final=final))
    hits = tuple((ordinal, -1, 0.9, 0.9) for ordinal in passing)
    found = engine(plan.build(), world(1_000, periodic(0, 20, 10, *hits), cascades=1))
    assert found.rows.ordinal[found.rows.outcome == Outcome.DETECTED].tolist() == detected
    assert found.detections.tolist() == [len(detected)]


def test_confirmation_does_not_reach_over_a_dropped_window(engine: RunEngine) -> None:
    """Windows every 5; window 0 takes 10, so 1 is dropped, and 2 is the first of its kind."""
    plan = one_part()
    cascade(plan, CascadeSpec("c", confirm_count=2, confirm_of=3, confirm_final=True), queue=0)
    hits = tuple((ordinal, -1, 0.9, 0.9) for ordinal in (0, 2))
    found = engine(plan.build(), world(1_000, periodic(0, 5, 3, *hits), cascades=1))
    assert found.task_dropped.tolist() == [1]
    assert found.detections.tolist() == [0]


@pytest.mark.parametrize(("sleeps", "seen", "suppressed"), [
    pytest.param(False, [10, 3], 1, id="windows are computed and suppressed"),
    pytest.param(True, [4, 2], 0, id="windows are slept through"),
])
def test_refractory_time(engine: RunEngine, sleeps: bool, seen: list[int], suppressed: int) -> None:
    """Detected at 10; nothing until 65, so that 40 is lost and 80 detected at 90; then nothing until 145."""
    plan = one_part()
    cascade(plan, CascadeSpec("c", refractory_ns=55, sleeps_refractory=sleeps), records=False)
    hits = tuple((ordinal, -1, 0.9, 0.9) for ordinal in (0, 2, 4))
    found = engine(plan.build(), world(200, periodic(0, 20, 10, *hits), cascades=1))
    assert found.detections.tolist() == [2]
    assert found.false_alarms.tolist() == [2]
    assert found.suppressed.tolist() == [suppressed]
    assert found.level_seen.tolist() == seen


def test_the_first_detection_of_an_event_is_a_hit_later_ones_are_repeats(engine: RunEngine) -> None:
    plan = one_part()
    cascade(plan, CascadeSpec("c"))
    hits = tuple((ordinal, 0 if ordinal < 2 else -1, 0.9, 0.9) for ordinal in range(3))
    found = engine(plan.build(), world(100, periodic(0, 20, 3, *hits), events=((0, 45),), cascades=1))
    assert (found.hits.tolist(), found.repeats.tolist(), found.false_alarms.tolist()) == ([1], [1], [1])


def test_an_event_over_at_the_sample_is_not_sampled(engine: RunEngine) -> None:
    """Another task keeps the cpu until 30; the event ended at 30, so what is sampled then is not the event."""
    plan = one_part()
    cascade(plan, CascadeSpec("c"))
    plan.tasks.append(TaskSpec("block", [work(30)]))
    found = engine(plan.build(), world(100, periodic(5, 1, 1, (0, 0, 0.9, 0.9)), periodic(0, 1, 1),
                                       events=((0, 30),), cascades=1))
    assert found.event_outcome.tolist() == [[Outcome.NOT_SAMPLED]]
    assert found.rows.outcome.tolist()[0] == Outcome.REJECTED_BY_LEVEL_1


def test_actions_and_radio_attempts(engine: RunEngine) -> None:
    """Two detections; the first action needs two attempts of 7, the second one, on a radio of its own."""
    plan = one_part("cpu", "radio")
    cascade(plan, CascadeSpec("c"), action="send")
    plan.tasks.append(TaskSpec("send", [work(7, "radio", guard=Guard.ATTEMPT, on_fail=0, marks=Mark.ACTION)],
                               parent="look"))
    hits = ((0, -1, 0.9, 0.9), (2, -1, 0.9, 0.9))
    found = engine(plan.build(), world(200, periodic(0, 20, 5, *hits), no_activations(), cascades=1,
                                       spawn_attempts=(2, 1)))
    action = found.rows.task == 1
    assert found.rows.parent_ordinal[action].tolist() == [0, 2]
    assert found.rows.action_ns[action].tolist() == [10, 50]
    assert found.rows.ended_ns[action].tolist() == [24, 57]


def test_a_drawn_duration_and_phases_without_any(engine: RunEngine) -> None:
    plan = one_part()
    plan.tasks.append(TaskSpec("listen", [work(0), work(0, drawn=True), work(0)]))
    found = engine(plan.build(), world(100, periodic(10, 50, 2, (0, -1, 0.0, 0.0), duration=33)))
    assert found.rows.ended_ns.tolist() == [43, 60]
    assert found.state_ns.tolist() == [67, 33]
    assert found.state_entries.tolist() == [2, 2]


def test_an_end_comes_before_a_release_of_the_same_instant(engine: RunEngine) -> None:
    plan = one_part()
    plan.tasks.append(TaskSpec("full", [work(10)], queue_count=0))
    found = engine(plan.build(), world(100, periodic(0, 10, 10)))
    assert found.task_dropped.tolist() == [0]
    assert found.state_ns.tolist() == [0, 100]
    assert found.rows.outcome.tolist() == [Outcome.DONE] * 9 + [Outcome.CUT]


def test_the_horizon_cuts_what_is_under_way_and_what_waits(engine: RunEngine) -> None:
    plan = one_part()
    cascade(plan, CascadeSpec("c"))
    hits = tuple((ordinal, 0, 0.9, 0.9) for ordinal in range(3))
    found = engine(plan.build(), world(8, periodic(0, 3, 3, *hits), events=((0, 8),), cascades=1))
    assert found.task_released.tolist() == [3]
    assert found.rows.outcome.tolist() == [Outcome.CUT] * 3
    assert found.rows.started_ns.tolist() == [0, -1, -1]
    assert found.event_outcome.tolist() == [[Outcome.CUT]]


def test_a_deadline_is_counted_from_the_release(engine: RunEngine) -> None:
    plan = one_part()
    cascade(plan, CascadeSpec("c"), deadline_ns=12)
    plan.tasks.append(TaskSpec("block", [work(5)]))
    hits = tuple((ordinal, -1, 0.9, 0.9) for ordinal in range(2))
    found = engine(plan.build(), world(100, periodic(2, 50, 2, *hits), periodic(0, 1, 1), cascades=1))
    assert found.rows.outcome.tolist()[:2] == [Outcome.DEADLINE, Outcome.DETECTED]


def test_time_is_split_at_the_hour(engine: RunEngine) -> None:
    plan = one_part()
    plan.tasks.append(TaskSpec("long", [work(1_000)], records=False))
    start = NS_PER_HOUR - 600
    found = engine(plan.build(), world(2 * NS_PER_HOUR, periodic(start, 1_000_000, 2), bins=2))
    assert found.joint_ns[:, 1].tolist() == [600, 1_400]
    assert found.joint_ns.sum(axis=1).tolist() == [NS_PER_HOUR, NS_PER_HOUR]


def test_a_device_without_tasks_rests(engine: RunEngine) -> None:
    record = engine(one_part().build(), world(1_000))
    assert record.state_ns.tolist() == [1_000, 0]
    assert not len(record.rows)
