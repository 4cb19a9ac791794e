"""Microcontrollers and boards: which run current, which sleep state, what is refused."""

import pytest

from powerplan.components.base import MissingFigure, UnknownRequest
from powerplan.components.spec import PartError
from tests.components.parts import part, states, steps


@pytest.mark.parametrize(
    ("entry", "current_a", "power_w"),
    [
        pytest.param({"profile": "stm32u585"}, 0.0, 23.3e-3, id="measured network power, not the headline"),
        pytest.param(
            {"profile": "stm32u585", "run": "headline_160mhz"}, 0.0, 3.12e-3 * 3.3, id="headline only by name"
        ),
        pytest.param({"profile": "stm32l4r5"}, 22.6e-3, 0.0, id="fed by LDO: a constant current"),
        pytest.param({"profile": "stm32l4r5", "regulator": "smps"}, 0.0, 5.16e-3 * 3.3, id="external SMPS"),
        pytest.param({"profile": "stm32l475", "clock": "80 MHz"}, 8.96e-3, 0.0, id="L475 at 80 MHz"),
        pytest.param({"profile": "stm32l475", "clock": "26 MHz"}, 2.6e-3, 0.0, id="L475 at 26 MHz"),
        pytest.param({"profile": "nrf52840"}, 0.0, 3.3e-3 * 3.0, id="nRF52840 behind its DC/DC"),
        pytest.param({"profile": "nrf52840", "regulator": "ldo"}, 6.3e-3, 0.0, id="nRF52840 without inductor"),
        pytest.param({"profile": "esp32s3", "clock": "80 MHz"}, 35.1e-3, 0.0, id="ESP32-S3, vector code"),
        pytest.param({"profile": "apollo3"}, 0.0, 0.29e-3 * 3.3, id="Apollo3 behind its buck"),
        pytest.param({"profile": "stm32u585", "run_current": "9 mA"}, 9e-3, 0.0, id="the user's own figure"),
        pytest.param(
            {"profile": "stm32l475", "figures": {"run.run_range1_80mhz.current": "10 mA"}}, 10e-3, 0.0, id="overridden"
        ),
    ],
)
def test_running_draw(entry: dict[str, object], current_a: float, power_w: float) -> None:
    run = states(part(entry))["run"]
    assert run.current_a == pytest.approx(current_a, rel=1e-12)
    assert run.power_w == pytest.approx(power_w, rel=1e-12)


def test_between_two_clocks_of_one_kind_the_draw_is_interpolated() -> None:
    run = states(part({"profile": "stm32l475", "clock": "53 MHz"}))["run"]
    assert run.current_a == pytest.approx((2.6e-3 + 8.96e-3) / 2, rel=1e-12)


def test_the_rest_state_names_what_it_keeps() -> None:
    built = part({"profile": "stm32u585", "sleep": "stop2_16k"})
    rest = next(iter(built.lower(built.use_typical).states))
    assert (rest.name, rest.ram_kept_bytes) == ("stop2_16k", 16 * 1024)
    assert rest.current_a == pytest.approx(4e-6, rel=1e-12)


def test_waking_takes_its_time_and_a_reset_boots() -> None:
    quick = part({"profile": "stm32l475", "sleep": "stop2"})
    assert quick.wake_step(quick.use_typical).duration_ns == 7_000  # type: ignore[attr-defined]
    slow = part({"profile": "stm32l475", "sleep": "standby", "boot_time": "30 ms"})
    assert slow.wake_step(slow.use_typical).duration_ns == 30_014_000  # type: ignore[attr-defined]


def test_extras_add_to_sleep() -> None:
    bare = states(part({"profile": "esp32s3"}))["light_sleep"].current_a
    with_memory = states(part({"profile": "esp32s3", "extras": ["psram_8mb_octal"]}))["light_sleep"].current_a
    assert with_memory - bare == pytest.approx(140e-6, rel=1e-9)


def test_a_processor_without_profile() -> None:
    built = part(
        {
            "kind": "mcu",
            "run_current": "3.3 mA",
            "sleep_current": "3 uA",
            "sleep_ram_kept": "64 KiB",
            "wake_time": "5 us",
            "flash": "1 MiB",
            "ram": "256 KiB",
        }
    )
    rest, run = built.lower(built.use_typical).states
    assert (rest.current_a, rest.ram_kept_bytes, run.current_a) == (3e-6, 65536, 3.3e-3)
    assert built.ram_bytes(built.use_typical) == 262_144  # type: ignore[attr-defined]
    assert built.figures["run_current"].basis == "user"


def test_compute_holds_the_core() -> None:
    (step,) = steps(part({"profile": "stm32l475"}), "compute", duration_ns=5, stage="level1")
    assert (step.state, step.duration_ns, step.stage, step.needs_cpu) == ("run", 5, "level1", True)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        pytest.param(
            {"profile": "stm32u585", "clock": "100 MHz"}, ["100 MHz", "160 MHz", "run_current"], id="unknown clock"
        ),
        pytest.param({"profile": "stm32u585", "sleep": "stop22"}, ["stop22", '"stop2"'], id="unknown sleep state"),
        pytest.param({"profile": "stm32u585", "run": "fast"}, ["fast", "headline_160mhz"], id="unknown run point"),
        pytest.param({"profile": "esp32s3", "extras": ["psram"]}, ["psram", "psram_8mb_octal"], id="unknown extra"),
        pytest.param(
            {"profile": "stm32u585", "figures": {"sleep.stop2.curent": "1 uA"}}, ["sleep.stop2.current"], id="a slip"
        ),
        pytest.param({"profile": "stm32u585", "figures": {"ram": "5 V"}}, ["figures.ram", "5 V"], id="a wrong unit"),
    ],
)
def test_refused_options_name_what_is_allowed(entry: dict[str, object], words: list[str]) -> None:
    with pytest.raises(PartError) as refusal:
        states(part(entry, "mcu"))
    assert all(word in str(refusal.value) for word in ["parts.mcu", *words])


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        pytest.param("rp2040", ["run_current", "active current per MHz"], id="no run current was found"),
        pytest.param("max78000", ["sleep_current", "not found in public"], id="no sleep current was found"),
        pytest.param("sparkfun_edge", ["parasitic"], id="no board current is published"),
    ],
)
def test_a_missing_figure_is_named(profile: str, words: list[str]) -> None:
    with pytest.raises(MissingFigure) as refusal:
        states(part({"profile": profile}))
    assert all(word in str(refusal.value) for word in words)


def test_a_board_draws_more_than_its_chip() -> None:
    chip, board = states(part({"profile": "nrf52840"})), states(part({"profile": "arduino_nano_33_ble_sense"}))
    for state in ("on_ram_rtc", "run"):
        assert board[state].current_a - chip[state].current_a == pytest.approx(0.9e-3, rel=1e-9)


def test_a_figure_of_the_whole_board_is_not_added_to() -> None:
    found = states(part({"profile": "nicla_vision"}))
    assert found["deep_sleep"].current_a == pytest.approx(374e-6, rel=1e-12)


def test_a_board_without_figure_runs_with_the_users() -> None:
    found = states(part({"profile": "sparkfun_edge", "parasitic": "50 uA"}))
    assert found["deep_sleep_rtc"].current_a == pytest.approx(51e-6, rel=1e-12)


def test_a_processor_cannot_be_asked_for_pictures() -> None:
    with pytest.raises(UnknownRequest, match="compute"):
        steps(part({"profile": "stm32l475"}), "capture")


@pytest.mark.parametrize(
    ("profile", "fpu"),
    [
        pytest.param("stm32l475", "single", id="Cortex-M4F"),
        pytest.param("nrf52840", "single", id="nRF52840"),
        pytest.param("apollo3", "single", id="Apollo3"),
        pytest.param("stm32u585", "single", id="Cortex-M33"),
        pytest.param("stm32l152", "none", id="Cortex-M3"),
        pytest.param("stm32g0b1", "none", id="Cortex-M0+"),
    ],
)
def test_floating_point_is_a_property_of_the_chip(profile: str, fpu: str) -> None:
    spec = part({"profile": profile}).spec
    assert spec.fpu is not None
    assert spec.fpu.value == fpu


def test_the_l475_has_the_memory_the_texts_say() -> None:
    built = part({"profile": "stm32l475"})
    assert built.use_typical("ram") == 128 * 1024
    assert built.use_typical("flash") == 1024 * 1024
