"""Cameras: the start is phases, the rest state decides which, modes have figures of their own."""

import pytest

from powerplan.components.base import MissingFigure, UnknownRequest
from powerplan.components.modes import UnknownMode
from powerplan.components.spec import PartError
from tests.components.parts import charge_c, part, states, steps

MS = 1_000_000


def test_start_is_boot_power_on_init_and_settle_frames() -> None:
    built = part({"profile": "ov2640", "mode": "qvga", "power_on": "20 ms", "init": "300 ms", "settle_frames": 7})
    found = [(step.state, step.duration_ns) for step in steps(built, "capture", frames=3)]
    assert found == [
        ("inrush", 5 * MS),
        ("power_on", 15 * MS),
        ("init", 300 * MS),
        ("stream_qvga", 7 * 40 * MS),
        ("stream_qvga", 3 * 40 * MS),
    ]


def test_every_step_is_in_a_state_and_in_the_capture_stage() -> None:
    for mode in ("uxga_jpeg", "svga", "vga", "qvga", "qqvga"):
        built = part({"profile": "ov2640", "mode": mode})
        for step in steps(built, "capture", frames=1):
            assert step.state in states(built)
            assert step.stage == "capture"


def test_ov2640_starts_in_a_third_of_a_second_to_two_seconds() -> None:
    taken = steps(part({"profile": "ov2640"}), "capture", frames=0)
    start_s = sum(step.duration_ns for step in taken) * 1e-9
    assert 0.3 <= start_s <= 2.0


@pytest.mark.parametrize(
    ("rest", "first"),
    [
        pytest.param("off", ["inrush", "power_on", "init", "stream_qvga", "stream_qvga"], id="power-gated"),
        pytest.param("standby", ["standby_exit", "stream_qvga", "stream_qvga"], id="standby"),
        pytest.param("on", ["stream_qvga"], id="always on"),
    ],
)
def test_the_rest_state_decides_the_start(rest: str, first: list[str]) -> None:
    built = part({"profile": "ov2640", "rest": rest})
    assert [step.state for step in steps(built, "capture", frames=1)] == first
    assert next(iter(states(built))) == ("stream_qvga" if rest == "on" else rest)


def test_start_charge_per_cycle_is_exact() -> None:
    built = part({"profile": "ov2640", "power_on": "20 ms", "init": "300 ms", "settle_frames": 7})
    start_c = charge_c(built, steps(built, "capture", frames=0))
    assert start_c == pytest.approx(0.005 * 0.150 + 0.315 * 0.061 + 7 / 25 * 0.061, rel=1e-12)


def test_resolution_changes_the_draw_but_not_in_proportion() -> None:
    found = states(part({"profile": "hm01b0"}))
    small, large = found["stream_qqvga"].power_w, found["stream_qvga"].power_w
    pixels = (160 * 120) / (324 * 244)
    assert small < large
    assert small / large > 2 * pixels


def test_always_on_beats_gating_below_the_break_even_interval() -> None:
    built = part({"profile": "ov2640"})
    break_even_s = built.break_even_s(built.use_typical, 3.3)  # type: ignore[attr-defined]
    start_j = built.start_energy_j(built.use_typical, 3.3)  # type: ignore[attr-defined]
    assert start_j / (0.9 * break_even_s) > 600e-6 * 3.3 > start_j / (1.1 * break_even_s)


def test_frames_may_stay_in_the_camera() -> None:
    built = part({"profile": "ov2640", "hold": "standby"})
    assert built.lower(built.use_typical).keep == "standby"
    assert part({"profile": "ov2640"}).lower(built.use_typical).keep is None


def test_a_slow_bus_sets_the_time_per_frame_and_holds_the_processor() -> None:
    built = part({"profile": "hm01b0", "rest": "on", "readout": {"clock": "500 kHz", "bits": 8}})
    (step,) = steps(built, "capture", frames=1)
    assert step.duration_ns == round(324 * 244 / 500e3 * 1e9)
    assert step.needs_cpu


def test_a_lower_frame_rate_takes_longer() -> None:
    built = part({"profile": "hm01b0", "rest": "on", "frame_rate": "2 fps"})
    (step,) = steps(built, "capture", frames=1)
    assert step.duration_ns == 500 * MS
    with pytest.raises(PartError, match="up to 30 fps"):
        steps(part({"profile": "hm01b0", "rest": "on", "frame_rate": "31 fps"}), "capture", frames=1)


def test_a_camera_without_profile() -> None:
    built = part(
        {
            "kind": "camera",
            "boot": "100 ms",
            "init": "300 ms",
            "settle_frames": 2,
            "frame_rate": "10 fps",
            "current": "120 mA",
            "start_current": "80 mA",
        }
    )
    taken = steps(built, "capture", frames=1)
    assert [(step.state, step.duration_ns // MS) for step in taken] == [
        ("boot", 100),
        ("init", 300),
        ("stream_picture", 200),
        ("stream_picture", 100),
    ]
    assert charge_c(built, taken) == pytest.approx(0.4 * 0.080 + 0.3 * 0.120, rel=1e-12)


def test_a_mode_can_be_asked_for_by_the_task() -> None:
    taken = steps(part({"profile": "ov2640"}), "capture", frames=1, mode="uxga_jpeg")
    assert taken[-1].state == "stream_uxga_jpeg"
    with pytest.raises(UnknownMode, match="qvga"):
        steps(part({"profile": "ov2640"}), "capture", frames=1, mode="qvgaa")


def test_standby_without_a_figure_is_refused() -> None:
    with pytest.raises(MissingFigure, match=r"standby\.current"):
        states(part({"profile": "hm01b0", "rest": "standby"}))


def test_a_camera_cannot_send() -> None:
    with pytest.raises(UnknownRequest, match="capture"):
        steps(part({"profile": "ov2640"}), "send", data_bytes=1)


def test_a_stream_starts_the_camera_and_holds_it() -> None:
    built = part({"profile": "hm01b0"})
    taken = steps(built, "listen", duration_ns=0)
    assert (taken[-1].state, taken[-1].duration_ns) == ("stream_qvga", 0)
    assert built.stream_state() == "stream_qvga"  # type: ignore[attr-defined]
    assert [step.state for step in steps(part({"profile": "hm01b0", "rest": "on"}), "listen")] == ["stream_qvga"]


@pytest.mark.parametrize(
    ("held", "states_passed"),
    [
        pytest.param("off", ["inrush", "power_on", "init", "stream_qvga", "stream_qvga"], id="let go of"),
        pytest.param("standby", ["standby_exit", "stream_qvga", "stream_qvga"], id="held in standby"),
        pytest.param("stream_qvga", ["stream_qvga"], id="held running"),
    ],
)
def test_a_second_picture_starts_from_where_the_camera_is(held: str, states_passed: list[str]) -> None:
    taken = steps(part({"profile": "ov2640"}), "capture", frames=2, from_state=held)
    assert [step.state for step in taken] == states_passed
