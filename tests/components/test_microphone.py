"""Microphones: arrays, start-up, waiting for a sound."""

import pytest

from powerplan.components.base import MissingFigure, UnknownRequest
from powerplan.components.microphone import array_current_a, processing_current_a
from powerplan.components.spec import PartError
from tests.components.parts import part, states, steps

MS = 1_000_000


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_an_array_draws_count_times_one_microphone_exactly(count: int) -> None:
    one = states(part({"profile": "ics43434"}))
    many = states(part({"profile": "ics43434", "count": count}))
    for name, state in one.items():
        assert many[name].current_a == count * state.current_a


def test_eight_ics43434_as_in_the_published_example() -> None:
    found = states(part({"profile": "ics43434", "count": 8, "rest": "sleep"}))
    assert found["listen_high_performance"].current_a == pytest.approx(3.92e-3, rel=1e-12)
    assert found["listen_low_power"].current_a == pytest.approx(1.84e-3, rel=1e-12)
    assert found["sleep"].current_a == pytest.approx(96e-6, rel=1e-12)


@pytest.mark.parametrize(
    ("count", "expected_a"),
    [pytest.param(1, 0.8e-3, id="one"), pytest.param(4, 1.16e-3, id="four, as in product 8")],
)
def test_processing_grows_by_a_share_per_microphone(count: int, expected_a: float) -> None:
    assert processing_current_a(0.8e-3, 0.15, count) == pytest.approx(expected_a, rel=1e-12)
    entry = {
        "profile": "generic_pdm",
        "count": count,
        "processing": {"current": "0.8 mA", "extra_channel": "15 %"},
    }
    listening = states(part(entry))["listen"].current_a
    assert listening == pytest.approx(array_current_a(650e-6, count) + expected_a, rel=1e-12)


def test_a_later_level_may_use_the_whole_array() -> None:
    found = states(part({"profile": "generic_pdm", "count": 4, "listening": 1}))
    assert found["listen"].current_a == pytest.approx(650e-6, rel=1e-12)
    assert found["listen_all"].current_a == pytest.approx(2.6e-3, rel=1e-12)


def test_recording_starts_with_the_start_up() -> None:
    found = [(step.state, step.duration_ns) for step in steps(part({"profile": "inmp441"}), "capture", duration_ns=MS)]
    assert found == [("start_normal_1v8", 85 * MS), ("listen_normal_1v8", MS)]
    always_on = steps(part({"profile": "inmp441", "rest": "on"}), "listen", duration_ns=MS)
    assert [step.state for step in always_on] == ["listen_normal_1v8"]


def test_only_a_microphone_that_waits_for_a_sound_interrupts() -> None:
    entry = {
        "profile": "t5838",
        "rest": "wake_on_sound",
        "wake_on_sound": {"detection": 0.9, "delay": "10 ms", "spurious": "20/day"},
    }
    built = part(entry)
    found = built.interrupt(built.use_typical)
    assert found is not None
    assert (found.detection_fraction, found.delay_ns) == (0.9, 10 * MS)
    assert found.spurious_per_s == pytest.approx(20 / 86_400, rel=1e-12)
    assert states(built)["wake_on_sound"].current_a == pytest.approx(20e-6, rel=1e-12)
    listening = part({"profile": "t5838", "rest": "off"})
    assert listening.interrupt(listening.use_typical) is None


def test_a_part_that_can_only_wait_does_so() -> None:
    built = part({"profile": "generic_wake_on_sound"})
    assert next(iter(states(built))) == "wake_on_sound"
    assert built.interrupt(built.use_typical) is not None


def test_one_of_an_array_waits_the_others_are_off() -> None:
    built = part({"profile": "t5838", "count": 4, "rest": "wake_on_sound"})
    assert states(built)["wake_on_sound"].current_a == pytest.approx(20e-6, rel=1e-12)


def test_supply_voltage_is_part_of_the_mode() -> None:
    found = states(part({"profile": "inmp441"}))
    ratio = found["listen_normal_3v3"].current_a / found["listen_normal_1v8"].current_a
    assert ratio == pytest.approx(1.57, abs=0.01)


def test_missing_start_up_is_refused_not_zero() -> None:
    with pytest.raises(MissingFigure, match="start_up"):
        steps(part({"profile": "mp34dt05"}), "capture", duration_ns=MS)
    given = part({"profile": "mp34dt05", "start_up": "10 ms"})
    assert steps(given, "capture", duration_ns=MS)[0].duration_ns == 10 * MS


def test_refusals() -> None:
    with pytest.raises(PartError, match="low_power"):
        steps(part({"profile": "ics43434", "mode": "low_powr"}), "capture", duration_ns=MS)
    with pytest.raises(PartError, match="1 to 2"):
        states(part({"profile": "generic_pdm", "count": 2, "listening": 3}))
    with pytest.raises(UnknownRequest, match="capture"):
        steps(part({"profile": "ics43434"}), "capture")
