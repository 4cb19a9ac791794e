"""The hand results of the ten products: days, verdict, processor load and latency, and the closed form to 0.1 %."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pytest

from powerplan.files.library import data_root
from powerplan.study.run import RunResult, run

HAND = data_root() / "scenarios" / "hand"
PUBLISHED_TOLERANCE = 0.02
CLOSED_FORM_TOLERANCE = 0.001
SHELF_LIFE_DAYS = 15 * 365.0


@dataclass(frozen=True)
class Hand:
    """What PRODUCTS.md states for one variant."""

    name: str
    life_days: float | None
    verdict: str
    days: float
    """Simulated: long enough for every activity to come as often as it is counted."""
    charge_mah: float | None = None
    """A day, self-discharge included."""
    metrics: dict[str, float] = field(default_factory=dict)
    reason: str = "charge"


CASES = (
    Hand("smart_lock_camera_fp", 425, "PASS", 28, 4.710,
         {"latency.approach.decision.p95": 3.25, "latency.unlock.p95": 0.7, "cycles.unlock": 4250.0}),
    Hand("smart_lock_camera_fp.b", 358, "FAIL", 28, 5.592, {"latency.approach.decision.p95": 2.10}),
    Hand("wake_word_remote", 127, "PASS", 0.25, 7.880, {"latency.listen.p95": 0.281, "cpu_utilisation": 0.356}),
    Hand("wake_word_remote.b", None, "NOT FEASIBLE", 0.05, None, {"cpu_utilisation": 1.196}),
    Hand("wake_word_remote.c", 49, "FAIL", 0.25, 20.40, {"latency.listen.p95": 0.281, "cpu_utilisation": 0.356}),
    Hand("cat_counter", 201, "PASS", 1, 13.44),
    Hand("cat_counter.b", 26.5, "FAIL", 1, 101.9),
    Hand("cat_counter.c", SHELF_LIFE_DAYS, "PASS", 28, 0.466, {}, "shelf"),
    Hand("glacier_watch", 207, "FAIL", 28, 48.40, {"latency.look.delivered.p95": 763.0}),
    Hand("glacier_watch.b", 1217, "PASS", 28, 8.218),
    Hand("glacier_watch.c", 1689, "PASS", 28, 5.921),
    Hand("glacier_watch.d", 1774, "PASS", 28, 5.638),
    Hand("glacier_watch.l475", None, "NOT FEASIBLE", 1),
    Hand("tortoise_tracker", 741, "PASS", 2, 4.857),
    Hand("tortoise_tracker.b", 167, "FAIL", 2, 21.52),
    Hand("doorbell_camera", 116.5, "PASS", 7, 46.34),
    Hand("doorbell_camera.b", 21.1, "FAIL", 7, 256.1),
    Hand("doorbell_camera.c", 197, "PASS", 7, 27.41),
    Hand("vibration_monitor", 1214, "PASS", 2, 1.647),
    Hand("vibration_monitor.b", 981, "FAIL", 2, 2.039),
    Hand("forest_listener", None, "PASS", 1, 45.42, {"autonomy": 198.0, "net_charge_per_day": 22.6 * 3.6}, "horizon"),
    Hand("forest_listener.b", None, "FAIL", 1, 100.9, {"autonomy": 89.0, "net_charge_per_day": -32.9 * 3.6}),
    Hand("forest_listener.c", None, "PASS", 1, 18.62, {"autonomy": 483.0, "net_charge_per_day": 49.4 * 3.6},
         "horizon"),
    Hand("fall_band", 31.5, "PASS", 0.25, 3.020),
    Hand("fall_band.b", 6.06, "FAIL", 0.25, 15.67),
    Hand("fall_band.c", 30.6, "PASS", 0.25, 3.108),
    Hand("water_meter_reader", SHELF_LIFE_DAYS, "PASS", 28, 1.916, {}, "shelf"),
    Hand("water_meter_reader.b", 3734, "MARGINAL", 28, 3.750),
    Hand("water_meter_reader.c", 871, "FAIL", 28, 16.08),
)


DAYS = {case.name: case.days for case in CASES}


@cache
def answer(name: str) -> RunResult:
    """One run per overlay, shared by the tests."""
    return run(HAND / f"{name}.yaml", days=DAYS[name])


def charge_mah_per_day(result: RunResult) -> float:
    """Charge a day at the battery with its self-discharge. [mAh]"""
    pack = result.chain.pack
    lost_c = pack.capacity_c * pack.self_discharge_per_year / 365.0
    return (result.metrics["charge_per_day"].value + lost_c) / 3.6


def rail_charge_error(result: RunResult) -> float:
    """Closed form against simulation, as a share of the mean current of all parts."""
    plan, record = result.lowering.plan, result.record
    simulated_a = float(record.state_ns @ plan.state_current_a) / record.horizon_ns
    return result.closed.part_current_a / simulated_a - 1.0


def first_line(result: RunResult) -> str:
    """Verdict of the battery line, or of the energy line of a product that harvests."""
    return result.verdicts[0].verdict


def test_every_overlay_is_listed() -> None:
    """Nobody adds a variant without its hand result."""
    assert sorted(path.stem for path in HAND.glob("*.yaml")) == sorted(case.name for case in CASES)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_hand_result(case: Hand) -> None:
    """Days within 2 %, the stated verdict, load and latency within 2 %, the closed form within 0.1 %."""
    result = answer(case.name)
    assert first_line(result) == case.verdict, result.verdicts[0]
    assert abs(rail_charge_error(result)) <= CLOSED_FORM_TOLERANCE
    for name, value in case.metrics.items():
        assert result.metrics[name].value == pytest.approx(value, rel=PUBLISHED_TOLERANCE), name
    if case.verdict == "NOT FEASIBLE":
        assert any(not gate.passes for gate in result.gates)
        return
    assert result.life.reason == case.reason
    if case.life_days is not None:
        assert result.metrics["battery_life"].value == pytest.approx(case.life_days, rel=PUBLISHED_TOLERANCE)
    if case.charge_mah is not None:
        assert charge_mah_per_day(result) == pytest.approx(case.charge_mah, rel=0.002)


@pytest.mark.parametrize(
    "name", [pytest.param(case.name, id=case.name) for case in CASES if case.verdict == "FAIL"])
def test_failures_name_the_drain_and_a_change(name: str) -> None:
    """Every FAIL of the battery line says what draws most, and what would be enough."""
    result = answer(name)
    failed = result.verdicts[0].id
    texts = [advice.text for advice in result.advice if advice.requirement == failed]
    assert any("top drain" in text for text in texts)
    assert any("meets" in text for text in texts)


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [
        pytest.param("glacier_watch.c", "glacier_watch.d", 0.952, id="a cascade saves 5 % once inference is fast"),
        pytest.param("fall_band", "fall_band.c", 1.029, id="a model five times slower costs 3 % behind a cascade"),
        pytest.param("tortoise_tracker", "tortoise_tracker.b", 4.43, id="messages cost more than all models"),
    ],
)
def test_lesson(first: str, second: str, ratio: float) -> None:
    """What two variants of a product teach: the ratio of their charges a day."""
    found = charge_mah_per_day(answer(second)) / charge_mah_per_day(answer(first))
    assert found == pytest.approx(ratio, rel=0.005)


def test_joint_states_add_up() -> None:
    """The motor and the light of the lock never run together, in every instant of four weeks."""
    result = answer("smart_lock_camera_fp")
    plan, record = result.lowering.plan, result.record
    parts = [plan.part_names.index(name) for name in ("motor", "ir_led")]
    states = np.array([plan.states_of_code(int(code)) for code in record.joint_code])
    busy = states[:, parts] != plan.part_rest_state[parts]
    assert int(record.joint_ns[:, busy.all(axis=1)].sum()) == 0
    assert int(record.joint_ns[:, busy[:, 0]].sum()) > 0
