"""Radios: messages as steps, against published charges and times."""

import csv

import pytest

from powerplan.components.base import MissingFigure, Step, UnknownRequest
from powerplan.components.radio import Link
from powerplan.components.spec import PartError
from tests.components.parts import charge_c, part, states, steps
from tests.shared import shared_path

MS = 1_000_000
YEAR_H = 365 * 24


def test_ble_advertisement_on_three_channels_lies_in_the_derived_range() -> None:
    built = part({"profile": "nrf52840_ble", "mode": "advertising"})
    taken = steps(built, "send", data_bytes=31)
    assert [step.duration_ns for step in taken if step.state == "tx"] == [376_000] * 3
    assert 10e-6 <= charge_c(built, taken) <= 16e-6


def test_ble_connection_sends_one_event_per_packet() -> None:
    built = part({"profile": "nrf52840_ble"})
    assert sum(step.state == "tx" for step in steps(built, "send", data_bytes=48)) == 1
    assert sum(step.state == "tx" for step in steps(built, "send", data_bytes=245)) == 2


def test_transmit_power_is_never_interpolated() -> None:
    assert states(part({"profile": "nrf52840_ble", "tx_power": "8 dBm"}))["tx"].current_a == pytest.approx(16.4e-3)
    with pytest.raises(PartError, match="0 dBm, 8 dBm"):
        states(part({"profile": "nrf52840_ble", "tx_power": "4 dBm"}))
    with pytest.raises(PartError, match="no figure at 8 dBm"):
        states(part({"profile": "apollo3_ble", "tx_power": "8 dBm"}))


def test_a_send_of_a_stated_time_holds_the_transmitter() -> None:
    (step,) = steps(part({"profile": "nrf52840_ble"}), "send", duration_ns=50 * MS)
    assert (step.state, step.duration_ns, step.stage) == ("tx", 50 * MS, "send")
    by_hand = part({"kind": "radio", "tx_current": "6 mA"})
    (step,) = steps(by_hand, "send", duration_ns=50 * MS)
    assert states(by_hand)[step.state].current_a == pytest.approx(6e-3, rel=1e-12)


def test_a_send_of_a_stated_energy_needs_the_voltage() -> None:
    (step,) = steps(part({"profile": "nrf52840_ble", "supply": "3 V"}), "send", energy_j=1e-3)
    assert step.duration_ns == round(1e-3 / (6.4e-3 * 3) * 1e9)
    with pytest.raises(PartError, match="supply"):
        steps(part({"profile": "nrf52840_ble"}), "send", energy_j=1e-3)


def test_an_idle_link_is_a_mean_current() -> None:
    slow = part({"profile": "ble_link", "rest": "connected", "connection_interval": "1 s", "sleep_current": "0 A"})
    quick = part({"profile": "ble_link", "rest": "connected", "connection_interval": "100 ms", "sleep_current": "0 A"})
    # Both clocks may be 50 ppm off, so the radio listens a ten-thousandth of the time more, whatever the interval.
    drift_a = 1e-4 * 6.26e-3
    per_event_a = states(slow)["connected"].current_a - drift_a
    assert states(quick)["connected"].current_a - drift_a == pytest.approx(10 * per_event_a, rel=1e-9)
    assert states(part({"profile": "ble_link"}))["link"].current_a == pytest.approx(20e-6, rel=1e-12)


@pytest.mark.parametrize("power", ["tx0_uA", "tx4_uA", "tx10_uA", "tx13_uA"])
def test_a_measured_link_is_a_charge_per_event_and_a_drift(power: str) -> None:
    """SF32LB52x: what 200 ms and 1 s say gives 500 ms to a hundredth, with a drift current of a microampere."""
    with shared_path("facts", "cases", "data", "sifli_ble.csv").open(encoding="utf-8") as file:
        rows = {row["interval_ms"]: float(row[power]) for row in csv.DictReader(file)
                if (row["chip"], row["mode"]) == ("SF32LB52x", "dCONN")}
    per_event_uc = (rows["200"] - rows["1000"]) / (1 / 0.2 - 1 / 1.0)
    drift_ua = rows["1000"] - per_event_uc
    assert per_event_uc / 0.5 + drift_ua == pytest.approx(rows["500"], rel=0.01)
    assert 0.7 < drift_ua < 1.3


@pytest.mark.parametrize(("interval_ms", "period_ms"), [
    pytest.param(20, 25, id="20 ms: a fifth fewer events than intervals"), pytest.param(1000, 1005, id="1 s")])
def test_advertising_without_a_link_is_a_mean_current(interval_ms: int, period_ms: int) -> None:
    """Each interval is followed by a random delay of 0 to 10 ms."""
    given = {"profile": "nrf52840_ble", "sleep_current": "0 A", "mode": "advertising"}
    built = part(given | {"rest": "advertising", "advertising_interval": f"{interval_ms} ms", "advertised_bytes": 12})
    once_c = charge_c(built, steps(built, "send", data_bytes=12))
    assert states(built)["advertising"].current_a == pytest.approx(once_c / period_ms * 1e3, rel=1e-9)
    with pytest.raises(PartError, match="advertising_interval: 1 s"):
        states(part(given | {"rest": "advertising"}))


def test_lora_uplink_and_its_two_windows() -> None:
    built = part({"profile": "sx1262", "spreading_factor": 7, "second_window_spreading_factor": 9})
    found = [(step.state, step.duration_ns) for step in steps(built, "send", data_bytes=11)]
    assert found[0] == ("standby", 340_000)
    assert found[1] == ("tx", 61_696_000)
    assert found[2] == ("wait", 1_000 * MS)
    assert found[3] == ("rx", 8_192_000)
    assert found[4] == ("wait", 1_000 * MS - 8_192_000)
    assert found[5] == ("rx", 32_768_000)
    alone = part({"profile": "sx1262", "receive_windows": False})
    assert [step.state for step in steps(alone, "send", data_bytes=11)] == ["standby", "tx"]


def test_lora_duty_cycle_limit_asks_for_silence() -> None:
    built = part({"profile": "sx1262", "spreading_factor": 7, "region": "eu868"})
    assert built.silence_ns(11, built.use_typical) == pytest.approx(99 * 61_696_000, abs=1)  # type: ignore[attr-defined]
    free = part({"profile": "sx1262"})
    assert free.silence_ns(11, free.use_typical) == 0  # type: ignore[attr-defined]


def test_a_firmware_update_over_lora_takes_more_than_a_day() -> None:
    built = part({"profile": "sx1262", "spreading_factor": 10, "region": "eu868"})
    message_bytes = 38
    air_s = built.lora_air_s(message_bytes, built.use_typical)  # type: ignore[attr-defined]
    silence_s = built.silence_ns(message_bytes, built.use_typical) * 1e-9  # type: ignore[attr-defined]
    assert 300_000 / message_bytes * (air_s + silence_s) > 5 * 86_400


def tx_ns(taken: list[Step]) -> int:
    return sum(step.duration_ns for step in taken if step.state == "tx")


def test_a_long_lora_message_is_cut_where_the_network_cuts_it() -> None:
    built = part({"profile": "sx1262", "spreading_factor": 10, "region": "eu868"})
    two = steps(built, "send", data_bytes=51 + 20)
    apart = [steps(built, "send", data_bytes=size) for size in (51, 20)]
    assert tx_ns(two) == sum(tx_ns(one) for one in apart)
    silence_ns = built.silence_ns(51, built.use_typical)  # type: ignore[attr-defined]
    first_ns = next(number for number, step in enumerate(two) if step.state == "sleep")
    before_ns = sum(step.duration_ns for step in two[2 : first_ns + 1])
    assert before_ns == pytest.approx(silence_ns, rel=1e-6), "windows and pause make up the silence of the region"
    free = part({"profile": "sx1262", "spreading_factor": 10, "receive_windows": False})
    assert len(steps(free, "send", data_bytes=200)) == 2, "without a network one frame holds 242 bytes"


@pytest.mark.parametrize("entry", [
    pytest.param({"profile": "sx1262", "spreading_factor": 9, "region": "eu868"}, id="LoRa"),
    pytest.param({"profile": "nrf52840_ble"}, id="BLE connection"),
    pytest.param({"profile": "nrf52840_ble", "mode": "advertising"}, id="BLE advertising"),
    pytest.param({"profile": "thread_esp32c6", "poll_period": "1 s"}, id="Thread"),
])
def test_an_update_keeps_the_charge_of_its_packets_in_few_steps(entry: dict[str, object]) -> None:
    """P07: bytes times charge per byte, whatever the number of packets."""
    built = part(entry)
    small, large = steps(built, "send", data_bytes=3_000), steps(built, "send", data_bytes=300_000)
    assert len(large) < 40
    assert charge_c(built, large) == pytest.approx(100 * charge_c(built, small), rel=0.02)


@pytest.mark.parametrize(
    ("period_s", "published_years"),
    [pytest.param(300.0, 0.96, id="every five minutes"), pytest.param(1e12, 6.09, id="never")],
)
def test_mdot_life_as_published_by_casals(period_s: float, published_years: float) -> None:
    built = part({"profile": "multiconnect_mdot"})
    message_c = charge_c(built, steps(built, "send", data_bytes=5))
    mean_a = states(built)["sleep"].current_a + message_c / period_s
    assert 2.4 / mean_a / YEAR_H == pytest.approx(published_years, rel=0.05)


@pytest.mark.parametrize(
    ("profile", "charge_uc", "published_uc"),
    [
        pytest.param("thread_nrf5340", 1266.6, 1270, id="nRF5340"),
        pytest.param("thread_nrf54l15", 976.8, 980, id="nRF54L15"),
    ],
)
def test_thread_polling_once_a_second(profile: str, charge_uc: float, published_uc: float) -> None:
    minute_c = states(part({"profile": profile, "poll_period": "1 s"}))["polling"].current_a * 60
    assert minute_c * 1e6 == pytest.approx(charge_uc, rel=1e-9)
    assert minute_c * 1e6 == pytest.approx(published_uc, rel=0.01)


@pytest.mark.parametrize(
    ("session", "duration_ms", "charge_mc"),
    [
        pytest.param("esp_now", 119, 7.68, id="ESP-NOW"),
        pytest.param("mqtt_static", 774, 108.6, id="static address and MQTT"),
        pytest.param("http_dhcp", 2928, 341.3, id="DHCP and HTTP"),
    ],
)
def test_wifi_report_events_cost_what_was_measured(session: str, duration_ms: int, charge_mc: float) -> None:
    built = part({"profile": "esp32_wifi", "session": session})
    taken = steps(built, "send", data_bytes=48)
    assert sum(step.duration_ns for step in taken) == duration_ms * MS
    assert charge_c(built, taken) * 1e3 == pytest.approx(charge_mc, rel=1e-9)


@pytest.mark.parametrize(
    ("rest", "dtim", "published_a"),
    [
        pytest.param("light_sleep", 1, 1.4e-3, id="DTIM 1, published"),
        pytest.param("light_sleep", 3, 0.62e-3, id="DTIM 3, published"),
        pytest.param("light_sleep", 10, 0.31e-3, id="DTIM 10, predicted from the other two"),
    ],
)
def test_wifi_light_sleep_follows_the_beacon_law(rest: str, dtim: int, published_a: float) -> None:
    found = states(part({"profile": "esp32c3_wifi", "rest": rest, "dtim": dtim}))
    assert found["light_sleep"].current_a == pytest.approx(published_a, rel=0.12)


def test_nb_iot_energy_and_coverage() -> None:
    built = part({"profile": "nrf9160_nb_iot"})
    (step,) = steps(built, "send", data_bytes=20)
    assert states(built)[step.state].power_w * step.duration_ns * 1e-9 == pytest.approx(0.550, rel=1e-9)
    for coverage, seconds in (("good", 12), ("poor", 72)):
        (step,) = steps(part({"profile": "nb_iot_meter", "coverage": coverage}), "send", data_bytes=20)
        assert step.duration_ns == seconds * 1_000 * MS


def test_bg96_session_energy_as_measured() -> None:
    for session, published_j in (("class_0", 5.84), ("class_1", 9.16)):
        built = part({"profile": "bg96_nb_iot", "session": session})
        (step,) = steps(built, "send", data_bytes=20)
        assert states(built)[step.state].power_w * step.duration_ns * 1e-9 == pytest.approx(published_j, rel=1e-9)


def test_a_long_satellite_message_takes_several_sessions() -> None:
    built = part({"profile": "iridium_sbd"})
    assert steps(built, "send", data_bytes=50)[0].duration_ns == 40_000 * MS
    assert steps(built, "send", data_bytes=341)[0].duration_ns == 80_000 * MS


@pytest.mark.parametrize(
    ("link", "tries", "delivered"),
    [
        pytest.param(Link(1.0, 1), 1.0, 1.0, id="a perfect link"),
        pytest.param(Link(0.5, 100), 2.0, 1.0, id="1 / p without a limit"),
        pytest.param(Link(0.5, 2), 1.5, 0.75, id="two tries"),
        pytest.param(Link(0.0, 3), 3.0, 0.0, id="a dead link"),
    ],
)
def test_retries(link: Link, tries: float, delivered: float) -> None:
    assert link.expected_tries_count() == pytest.approx(tries, rel=1e-9)
    assert link.delivered_fraction() == pytest.approx(delivered, rel=1e-9)


def test_link_success_is_a_figure() -> None:
    built = part({"profile": "sx1262", "link_success": "90 %", "max_tries": 3})
    assert built.link(built.use_typical) == Link(0.9, 3)  # type: ignore[attr-defined]


def test_refusals() -> None:
    with pytest.raises(MissingFigure, match="tx"):
        steps(part({"profile": "thread_nrf5340", "poll_period": "1 s"}), "send", data_bytes=10)
    with pytest.raises(PartError, match="poll_period"):
        states(part({"profile": "thread_nrf5340"}))
    with pytest.raises(PartError, match="mqtt_static"):
        steps(part({"profile": "esp32_wifi", "session": "mqtt"}), "send", data_bytes=10)
    built = part({"profile": "sx1262", "region": "us915"})
    with pytest.raises(PartError, match="eu868"):
        built.silence_ns(1, built.use_typical)  # type: ignore[attr-defined]
    with pytest.raises(PartError, match="standby"):
        states(part({"profile": "sx1262", "rest": "standbye"}))
    with pytest.raises(UnknownRequest, match="bytes"):
        steps(part({"profile": "sx1262"}), "send")
