"""Sensors: requests, FIFO, interrupts."""

import pytest

from powerplan.components.base import MissingFigure, UnknownRequest
from powerplan.components.spec import PartError
from tests.components.parts import part, states, steps

MS = 1_000_000


@pytest.mark.parametrize(
    ("entry", "samples", "period_ms"),
    [
        pytest.param({"profile": "lis2dh12"}, 32, 640.0, id="full depth at 50 Hz"),
        pytest.param({"profile": "lis2dh12", "fifo_samples": 8}, 8, 160.0, id="a lower fill level"),
        pytest.param({"profile": "lis2dh12", "fifo_samples": 1}, 1, 20.0, id="without batching"),
        pytest.param({"profile": "adxl362"}, 512, 5120.0, id="ADXL362 at 100 Hz"),
        pytest.param({"profile": "adxl362", "rest": "odr_400hz"}, 512, 1280.0, id="ADXL362 at 400 Hz"),
        pytest.param({"profile": "collar_accelerometer"}, 32, 10_000.0, id="product 5: every 10 s"),
        pytest.param({"profile": "lis2dh12", "sample_rate": "25 Hz"}, 32, 1280.0, id="the user's rate"),
    ],
)
def test_a_full_fifo_wakes_the_processor(entry: dict[str, object], samples: int, period_ms: float) -> None:
    built = part(entry)
    assert built.fifo_samples(built.use_typical) == samples  # type: ignore[attr-defined]
    assert built.fifo_period_ns(built.use_typical) == round(period_ms * MS)  # type: ignore[attr-defined]


def test_thirty_two_samples_cut_the_wake_ups_by_thirty_two() -> None:
    one, batch = part({"profile": "lis2dh12", "fifo_samples": 1}), part({"profile": "lis2dh12"})
    one_ns = one.fifo_period_ns(one.use_typical)  # type: ignore[attr-defined]
    assert batch.fifo_period_ns(batch.use_typical) == 32 * one_ns  # type: ignore[attr-defined]


def test_a_fill_level_above_the_depth_is_refused() -> None:
    built = part({"profile": "lis2dh12", "fifo_samples": 33})
    with pytest.raises(PartError, match="1 to 32"):
        built.fifo_samples(built.use_typical)  # type: ignore[attr-defined]


def test_the_sensor_measures_while_the_processor_sleeps() -> None:
    built = part({"profile": "lis2dh12"})
    rest = next(iter(built.lower(built.use_typical).states))
    assert (rest.name, rest.current_a) == ("measure_normal_50hz", pytest.approx(11e-6, rel=1e-12))


def test_reading_the_fifo_takes_the_bus() -> None:
    built = part({"profile": "lis2dh12", "readout": {"clock": "400 kHz", "bits": 1}})
    (step,) = steps(built, "read")
    assert step.duration_ns == round(32 * 6 * 8 / 400e3 * 1e9)
    assert (step.state, step.needs_cpu) == ("measure_normal_50hz", True)


@pytest.mark.parametrize(
    ("entry", "arguments", "expected"),
    [
        pytest.param(
            {"profile": "fingerprint_capacitive"}, {}, [("measure_match", 700)], id="a finger, product 1"
        ),
        pytest.param(
            {"profile": "sht4x", "measure_time": "8 ms"}, {}, [("start", 1), ("measure_measuring", 8)], id="SHT4x"
        ),
        pytest.param(
            {"profile": "mlx90640"}, {"duration_ns": 500 * MS},
            [("measure_refresh_2hz", 1000), ("measure_refresh_2hz", 500)],
            id="thermal array starts for a second",
        ),
        pytest.param({"profile": "lis2dh12"}, {"duration_ns": MS}, [("measure_normal_50hz", 1)], id="always measuring"),
        pytest.param(
            {"kind": "sensor", "current": "3.1 mA", "measure_time": "1 s", "start_up": "0 s"}, {},
            [("measure", 1000)], id="no profile, product 7",
        ),
    ],
)  # fmt: skip
def test_a_sample_is_start_up_and_measurement(
    entry: dict[str, object], arguments: dict[str, int], expected: list[tuple[str, int]]
) -> None:
    found = steps(part(entry), "sample", **arguments)
    assert [(step.state, step.duration_ns // MS) for step in found] == expected


@pytest.mark.parametrize("profile", ["pir_ekmb", "pir_am312", "touch_key", "fingerprint_capacitive", "adxl362"])
def test_these_sensors_wake_the_processor(profile: str) -> None:
    built = part({"profile": profile, "waking": {"detection": "95 %", "blind": "2 s", "spurious": "1/day"}})
    found = built.interrupt(built.use_typical)
    assert found is not None
    assert (found.detection_fraction, found.blind_ns, found.delay_ns) == (0.95, 2_000 * MS, 0)


def test_a_thermometer_wakes_nobody() -> None:
    built = part({"profile": "sht4x"})
    assert built.interrupt(built.use_typical) is None


def test_gnss_draws_more_than_a_processor() -> None:
    gnss = states(part({"profile": "gnss_receiver"}))["measure_fix"].current_a
    assert gnss > states(part({"profile": "stm32l475"}))["run"].current_a


def test_refusals() -> None:
    with pytest.raises(MissingFigure, match="measure_time"):
        steps(part({"profile": "sht4x"}), "sample")
    with pytest.raises(MissingFigure, match="start_up"):
        steps(part({"profile": "bmi270", "rest": "standby"}), "sample", duration_ns=MS)
    with pytest.raises(PartError, match="normal_50hz"):
        states(part({"profile": "lis2dh12", "rest": "normal_50"}))
    with pytest.raises(UnknownRequest, match="sample"):
        steps(part({"profile": "lis2dh12"}), "capture", frames=1)
