"""The draw of the World: ranges of windows, samplers against their laws, streams that do not disturb each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powerplan.components.base import Interrupt
from powerplan.plan.codes import NS_PER_DAY, NS_PER_S
from powerplan.workload.arrivals import Spans, Stretch, open_gate
from powerplan.workload.draw import draw_world
from powerplan.workload.ranges import Ranges, Runs, windows_inside
from powerplan.workload.scores import even_outcomes
from powerplan.workload.sources import Bouts
from powerplan.workload.spec import (
    DETECTED_ROW,
    CascadeWorld,
    EvenOutcomes,
    EventKind,
    Length,
    OnInterrupt,
    Periodic,
    StateKind,
    Stream,
    TaskWorld,
    WorldSpec,
    clips_from,
)
from powerplan.workload.streams import Streams

FLAT = (1.0,) * 24


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


@pytest.mark.parametrize(("other", "common", "without"), [
    pytest.param([(2, 4)], [2, 3], [0, 1, 4, 8, 9], id="inside one"),
    pytest.param([(4, 9)], [4, 8], [0, 1, 2, 3, 9], id="over a gap"),
    pytest.param([], [], [0, 1, 2, 3, 4, 8, 9], id="nothing"),
    pytest.param([(0, 10)], [0, 1, 2, 3, 4, 8, 9], [], id="everything"),
])
def test_ranges_are_sets(other: list[tuple[int, int]], common: list[int], without: list[int]) -> None:
    own = Ranges(ints(0, 8), ints(5, 10))
    given = Ranges(ints(*(a for a, _ in other)), ints(*(b for _, b in other)))
    for found, expected in zip(own.split(given), (common, without), strict=True):
        assert found.count == len(expected)
        assert found.number(np.arange(found.count)).tolist() == expected


def test_windows_inside_agree_with_counting_one_by_one() -> None:
    runs = Runs(ints(3, 50, 90), ints(7, 5, 1), ints(4, 3, 20))
    spans = Spans(ints(0, 17, 60, 95), ints(11, 52, 61, 300))
    ends = [int(s) + k * int(p) + 2 for s, p, c in zip(runs.start_ns, runs.period_ns, runs.count, strict=True)
            for k in range(int(c))]
    expected = [n for n, end in enumerate(ends)
                if any(a <= end < b for a, b in zip(spans.start_ns, spans.end_ns, strict=True))]
    found = windows_inside(runs, spans, 2)
    assert found.number(np.arange(found.count)).tolist() == expected


def spec(**changes: object) -> WorldSpec:
    """A PIR that sees two kinds of event, and a stream with a background."""
    generator = np.random.default_rng(3)
    background = clips_from([row[None, :] for row in generator.random((5_000, 2))], 2)
    target = clips_from([0.5 + 0.5 * generator.random((3, 2)) for _ in range(50)], 2)
    cascade = CascadeWorld("person", 2, "person", {"person": target, "none": background}, None, {"none": None},
                           "sequence", 0, 0.9, np.inf)
    made = WorldSpec(
        tasks=(TaskWorld("watch", OnInterrupt("pir"), "person"), TaskWorld("beat", Periodic(NS_PER_S * 3600, 0)),
               TaskWorld("listen", Stream(NS_PER_S, NS_PER_S // 4, 0, 0), "person")),
        events=(EventKind("visitor", 40 / 86_400, Length(8 * NS_PER_S), {"person": "person"}, FLAT, ("pir",)),
                EventKind("leaf", 100 / 86_400, Length(3 * NS_PER_S), {}, FLAT, ("pir",))),
        sensors={"pir": Interrupt(detection_fraction=0.9, spurious_per_s=10 / 86_400)}, cascades=(cascade,))
    return replace(made, **changes)  # type: ignore[arg-type]


def z_of(count: float, mean: float, variance: float) -> float:
    return float((count - mean) / np.sqrt(variance))


def test_counts_follow_their_laws() -> None:
    """z-tests over replicas with fixed seeds: Poisson events, binomial detections, Poisson spurious interrupts."""
    days, replicas = 28, 20
    visitors = leaves = noticed = spurious = total = 0
    for replica in range(replicas):
        world = draw_world(spec(tasks=spec().tasks[:1]), days * NS_PER_DAY, 11, replica)
        visitors += int((world.events.kind == 0).sum())
        leaves += int((world.events.kind == 1).sum())
        event = world.activations[0].event
        noticed += int((event >= 0).sum())
        spurious += int((event < 0).sum())
        total += len(world.events)
    span = days * replicas
    assert abs(z_of(visitors, 40 * span, 40 * span)) < 4
    assert abs(z_of(leaves, 100 * span, 100 * span)) < 4
    assert abs(z_of(noticed, 0.9 * total, 0.09 * total)) < 4
    assert abs(z_of(spurious, 10 * span, 10 * span)) < 4


def test_thinned_background_has_the_share_of_the_table() -> None:
    made = spec()
    world = draw_world(made, NS_PER_DAY, 5)
    background = made.cascades[0].clips["none"].score
    drawn = world.activations[2]
    alone = drawn.event < 0
    share = float((background[:, 0] >= 0.9).mean())
    count = drawn.release_count - int((~alone).sum())
    assert abs(z_of(int(alone.sum()), share * count, share * (1 - share) * count)) < 4


def test_a_lower_floor_adds_candidates_and_moves_none() -> None:
    high = spec()
    low = spec(cascades=(replace(high.cascades[0], low_score=0.3),))
    above, below = (draw_world(made, NS_PER_DAY, 5).activations[2] for made in (high, low))
    kept = {(int(o), *map(float, s)) for o, s in zip(above.candidate, above.score, strict=True)}
    more = {(int(o), *map(float, s)) for o, s in zip(below.candidate, below.score, strict=True)}
    assert len(kept) > 1_000
    assert kept < more


def test_same_key_same_world_and_replicas_differ() -> None:
    one, two, other = (draw_world(spec(), NS_PER_DAY, 5, replica) for replica in (0, 0, 1))
    assert one.events.onset_ns.tolist() == two.events.onset_ns.tolist()
    assert one.activations[2].candidate.tolist() == two.activations[2].candidate.tolist()
    assert one.events.onset_ns.tolist() != other.events.onset_ns.tolist()


def test_changing_one_rate_leaves_the_other_events_alone() -> None:
    base = spec()
    busier = spec(events=(base.events[0], replace(base.events[1], rate_per_s=1_000 / 86_400)))
    one, two = (draw_world(made, NS_PER_DAY, 5).events for made in (base, busier))
    assert one.onset_ns[one.kind == 0].tolist() == two.onset_ns[two.kind == 0].tolist()


def test_hour_weights_keep_the_daily_rate() -> None:
    weights = tuple(3.0 if 7 <= hour < 9 else 0.5 for hour in range(24))
    mean = sum(weights) / 24
    kind = replace(spec().events[0], rate_per_s=2_000 / 86_400, hour_weights=tuple(w / mean for w in weights))
    events = draw_world(spec(events=(kind,), tasks=spec().tasks[:1]), 20 * NS_PER_DAY, 2).events
    hour = (events.onset_ns // (3_600 * NS_PER_S)) % 24
    inside = int(((hour >= 7) & (hour < 9)).sum())
    share = 6.0 / sum(weights)
    assert abs(z_of(len(events), 40_000, 40_000)) < 4
    assert abs(z_of(inside, share * len(events), share * (1 - share) * len(events))) < 4


def test_states_are_active_their_share() -> None:
    state = StateKind("sound", 4 / 24, 60 * NS_PER_S, ("pir",))
    horizon = 200 * NS_PER_DAY
    whole = Stretch(0, 0, horizon)
    spans = Bouts(state, even=False).advance(whole, Streams(4)).within(whole)
    share = float((spans.end_ns - spans.start_ns).sum()) / horizon
    assert share == pytest.approx(4 / 24, rel=0.03)
    even = Bouts(state, even=True).advance(whole, Streams(4))
    assert float((even.end_ns - even.start_ns).sum()) / horizon == pytest.approx(4 / 24, rel=1e-9)


def test_states_go_on_over_the_border_of_a_stretch() -> None:
    """Bouts of ten days drawn day by day: as long and as frequent as they should be, none cut at midnight."""
    state, streams = StateKind("fault", 0.5, 10 * NS_PER_DAY), [Streams(4, 0, day) for day in range(20_000)]
    bouts = Bouts(state, even=False)
    begun = [bouts.advance(Stretch(day, day * NS_PER_DAY, (day + 1) * NS_PER_DAY), streams[day]).end_ns.max(initial=0)
             for day in range(20_000)]
    starts = len(set(begun)) - 1
    assert abs(z_of(starts, 1_000, 1_000)) < 4
    inside = sum(int(end > (day + 1) * NS_PER_DAY) for day, end in enumerate(begun))
    assert inside / 20_000 == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize(("escalate", "detect", "count"), [
    pytest.param(1728 / 57_600, 40 / 1728, 57_600, id="wake word"),
    pytest.param(8 / 30, 0.0, 30, id="nothing detected"),
    pytest.param(1.0, 1.0, 7, id="all pass"),
    pytest.param(0.0, 1.0, 7, id="none pass"),
])
def test_even_outcomes_count_exactly(escalate: float, detect: float, count: int) -> None:
    found = even_outcomes(EvenOutcomes(escalate, detect), count, 2)
    assert len(found.ordinal) == round(escalate * count)
    assert int((found.row == DETECTED_ROW).sum()) == round(detect * round(escalate * count))


def test_gates_merge_and_hold() -> None:
    from powerplan.workload.arrivals import Interrupts

    found = Interrupts(ints(10, 15, 40), ints(-1, -1, -1), ints(20, 18, 41))
    spans = open_gate(found, 5, 1_000)
    assert list(zip(spans.start_ns.tolist(), spans.end_ns.tolist(), strict=True)) == [(10, 25), (40, 46)]
