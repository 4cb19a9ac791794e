"""Time on air against published rows."""

import pytest
from ruamel.yaml import YAML

from powerplan.components.airtime import (
    ble_advertisement_s,
    ble_packet_s,
    lora_time_on_air_s,
    packet_sizes,
    silence_after_s,
    transfer_s,
)
from tests.shared import shared_path


def test_lora_time_on_air_of_every_published_row() -> None:
    rows = YAML(typ="safe").load(shared_path("facts", "components", "sx1262.yaml"))["time_on_air"]["examples"]
    assert len(rows) == 16
    for row in rows:
        air_s = lora_time_on_air_s(row["payload_bytes"], row["sf"], row["bandwidth_khz"] * 1e3)
        assert air_s * 1e3 == pytest.approx(row["time_on_air_ms"], abs=0.006), row


@pytest.mark.parametrize(
    ("spreading_factor", "published_ms"),
    [
        pytest.param(7, 41.2, id="SF7"),
        pytest.param(8, 72.2, id="SF8"),
        pytest.param(9, 144.4, id="SF9"),
    ],
)
def test_lora_without_check_sum_as_in_casals_2017(spreading_factor: int, published_ms: float) -> None:
    air_s = lora_time_on_air_s(12, spreading_factor, crc=False)
    assert air_s * 1e3 == pytest.approx(published_ms, abs=0.1)


@pytest.mark.parametrize(
    ("payload_bytes", "spreading_factor", "bandwidth_hz", "expected_ms"),
    [
        pytest.param(0, 7, 125e3, 25.856, id="nothing but the frame"),
        pytest.param(0, 12, 125e3, 663.552, id="low rate optimisation is on"),
        pytest.param(12, 7, 250e3, 20.608, id="twice the bandwidth, half the time"),
    ],
)
def test_lora_edges(payload_bytes: int, spreading_factor: int, bandwidth_hz: float, expected_ms: float) -> None:
    air_s = lora_time_on_air_s(payload_bytes, spreading_factor, bandwidth_hz)
    assert air_s * 1e3 == pytest.approx(expected_ms, rel=1e-9)


def test_lora_implicit_header_is_shorter() -> None:
    assert lora_time_on_air_s(20, 7, explicit_header=False) < lora_time_on_air_s(20, 7)


def test_silence_after_a_message_under_one_per_cent() -> None:
    assert silence_after_s(2.0, 0.01) == pytest.approx(198.0, rel=1e-12)


def test_ble_packets() -> None:
    assert ble_advertisement_s(31) == pytest.approx(376e-6, rel=1e-12)
    assert ble_packet_s(0) == pytest.approx(80e-6, rel=1e-12)


@pytest.mark.parametrize(
    ("data_bytes", "sizes"),
    [
        pytest.param(0, [0], id="an empty packet"),
        pytest.param(31, [31], id="exactly one"),
        pytest.param(32, [31, 1], id="one byte more"),
        pytest.param(93, [31, 31, 31], id="three full"),
    ],
)
def test_packets_hold_all_data(data_bytes: int, sizes: list[int]) -> None:
    assert packet_sizes(data_bytes, 31) == sizes


def test_a_frame_over_an_8_bit_bus_takes_bytes_over_rate() -> None:
    assert transfer_s(324 * 244, 6e6, 8) == pytest.approx(324 * 244 / 6e6, rel=1e-12)
