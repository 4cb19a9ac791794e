"""The table of devices: order, order of trust, what is unknown."""

from dataclasses import replace

import pytest

from cascade.cost.imports import own_measurement
from cascade.cost.preprocessing import LogMel, Resize, preprocessing_latency
from cascade.cost.table import DeviceFigures, Throughput, cost_table, profile_measurements
from cascade.errors import DataError
from cascade.tflite import read_model
from tests.shared import shared_path

L4R5 = DeviceFigures("stm32l4r5", "cortex-m4f", True, 120e6, 1.8, 23.1e-3, None, 1.8, None, "ldo", "neural_network",
                     2 * 2**20, 640 * 1024, runtime="x-cube-ai 9")
U575 = DeviceFigures("stm32u575", "cortex-m33", True, 160e6, 1.8, None, 24e-3, 1.8, None, "smps", "neural_network",
                     2 * 2**20, 786 * 1024, runtime="x-cube-ai 10.2")
NANO = DeviceFigures("nrf52840", "cortex-m4f", True, 64e6, 3.0, 6.4e-3, None, 3.0, None, "ldo", "headline", 2**20,
                     256 * 1024)
SMALL = DeviceFigures("stm32g0b1", "cortex-m0+", False, 64e6, 3.0, 6e-3, None, 3.0, None, "ldo", "headline", 512 * 1024,
                      16 * 1024)
ODD = DeviceFigures("odd", "avr", False, 16e6, 5.0, 10e-3)
BARE = DeviceFigures("bare", "cortex-m33", True, 100e6)


@pytest.fixture(scope="module")
def vww():
    return read_model(shared_path("facts", "models", "vww_96_int8.tflite"))


def test_a_row_for_every_device_sorted_by_energy(vww):
    rows = cost_table(vww, [BARE, ODD, SMALL, NANO, L4R5, U575])
    assert [row["device"] for row in rows][:2] == ["stm32u575", "stm32l4r5"]
    assert {row["device"] for row in rows[-2:]} == {"bare", "odd"}
    energies = [row["energy_uj"]["typical"] for row in rows if row["energy_uj"]]
    assert energies == sorted(energies)
    for row in rows:
        assert row["basis"]
        for name in ("latency_ms", "energy_uj"):
            if row[name]:
                assert row[name]["low"] < row[name]["typical"] < row[name]["high"]


def test_measured_network_power_replaces_a_headline_current(vww):
    """With the headline 13.2 mA alone the STM32L4R5 would seem to take 24 mW; 42 to 44 mW were measured."""
    headline = replace(L4R5, run_current_a=13.2e-3, workload="headline")
    row = cost_table(vww, [headline])[0]
    assert row["energy_uj"]["low"] < 3894.6 < row["energy_uj"]["high"]
    assert "measured network power" in row["basis"]


def test_what_is_unknown_is_said(vww):
    rows = {row["device"]: row for row in cost_table(vww, [ODD, BARE, SMALL])}
    assert "known cores" in rows["odd"]["basis"]
    assert rows["odd"]["latency_ms"] is None
    assert "no supply voltage" in rows["bare"]["basis"]
    assert rows["small" if "small" in rows else "stm32g0b1"]["fits"] is False
    assert rows["stm32g0b1"]["reasons"][0].startswith("RAM: ")


def test_published_energy_is_met(vww):
    """MLPerf Tiny v1.2, X-CUBE-AI 9 on the STM32L4R5 at 1.8 V: 88.93 ms, 3,895 uJ."""
    row = cost_table(vww, [L4R5])[0]
    assert row["latency_ms"]["typical"] == pytest.approx(88.93, rel=1e-3)
    assert row["energy_uj"]["low"] < 3894.6 < row["energy_uj"]["high"]


def test_a_measurement_of_the_user_comes_first(vww):
    row = cost_table(vww, [L4R5], measured=own_measurement(0.1, 4e-3, 120e6))[0]
    assert row["latency_ms"]["typical"] == pytest.approx(100.0)
    assert row["energy_uj"]["typical"] == pytest.approx(4000.0)
    assert row["basis"].startswith("measured by the user")


def test_a_run_in_the_profile_comes_before_the_estimate(vww):
    run = Throughput("mlperf_tiny_vww", "int8", "TFLM + CMSIS-NN", 64e6, 0.5, None, "a page")
    device = DeviceFigures("nrf52840", "cortex-m4f", True, 64e6, 3.0, 6.4e-3, None, 3.0, throughput=(run,))
    assert len(profile_measurements(device)) == 1
    row = cost_table(vww, [device])[0]
    assert row["latency_ms"]["typical"] == pytest.approx(500.0)
    assert row["source"] == "a page"


@pytest.mark.parametrize(("device", "core", "clock_hz", "latency_ms", "energy_uj"), [
    pytest.param("gap9", "risc-v", 370e6, None, None, id="GAP9 runs on its NE16"),
    pytest.param("gap9", "risc-v", 240e6, 1.733, 40.8, id="GAP9 as measured"),
    pytest.param("efr32mg24", "cortex-m33", 78e6, 111.6, 1139.0, id="EFR32MG24 runs on its MVP"),
    pytest.param("ndp120", "hifi3-dsp", 30.7e6, 12.72, 71.7, id="NDP120"),
])
def test_an_accelerator_on_the_chip_is_used(vww, device, core, clock_hz, latency_ms, energy_uj):
    row = cost_table(vww, [DeviceFigures(device, core, True, clock_hz, 1.8)])[0]
    assert row["runtime"] in ("ne16", "mvp", "syntiant")
    if latency_ms is not None:
        assert row["latency_ms"]["typical"] == pytest.approx(latency_ms, rel=0.01)
        assert row["energy_uj"]["low"] < energy_uj < row["energy_uj"]["high"]
    plain = cost_table(vww, [DeviceFigures(device, core, True, clock_hz, 1.8, runtime="reference")])
    assert plain[0]["latency_ms"] is None or plain[0]["latency_ms"]["low"] > 10.0 * row["latency_ms"]["high"]


def test_the_same_die_under_another_name(vww):
    row = cost_table(vww, [DeviceFigures("stm32u585", "cortex-m33", True, 160e6, 1.8, runtime="x-cube-ai 7.1")])[0]
    assert row["latency_ms"]["typical"] == pytest.approx(151.63, rel=1e-3)
    assert "stm32u575" in row["basis"]
    assert row["energy_uj"]["low"] < 4030.97 < row["energy_uj"]["high"]


def test_runs_of_unknown_kernels_are_left_out():
    run = Throughput("tinymaix_cifar10", "int8", "TinyMaix (no library)", 64e6, 0.2)
    assert profile_measurements(DeviceFigures("x", "cortex-m4f", True, 64e6, throughput=(run,))) == ()


def test_features_cost_time_too():
    """40 mel bands of 30 ms at 16 kHz, 49 frames: milliseconds on a Cortex-M4F, far more in soft float on an M0+."""
    sound = LogMel(16_000.0, 0.030, 0.020, 40, 49)
    found = preprocessing_latency(sound, "cortex-m4f", True, 64e6)
    assert 1e-3 < found.low_s < found.typical_s < found.high_s < 0.2
    soft = preprocessing_latency(LogMel(16_000.0, 0.030, 0.020, 40, 49, floating=True), "cortex-m0+", False, 64e6)
    assert soft.low_s > found.high_s
    more = preprocessing_latency(LogMel(16_000.0, 0.030, 0.020, 40, 49, mfcc_count=10), "cortex-m4f", True, 64e6)
    assert more.typical_s > found.typical_s
    picture = preprocessing_latency(Resize(96, 96, 3), "cortex-m4f", True, 64e6)
    assert preprocessing_latency(Resize(48, 48, 3), "cortex-m4f", True, 64e6).typical_s \
        == pytest.approx(picture.typical_s / 4.0)


@pytest.mark.parametrize("step", [LogMel(0.0, 0.03, 0.02, 40, 1), LogMel(16e3, 0.03, 0.02, 40, 0), Resize(0, 96, 1)])
def test_impossible_features_are_refused(step):
    with pytest.raises(DataError):
        preprocessing_latency(step, "cortex-m4f", True, 64e6)
