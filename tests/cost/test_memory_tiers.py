"""Memory beside the core and wait states of the flash: what they do to time, sleep current and fit."""

from pathlib import Path

import pytest

from cascade.cost.estimate import Demand, Target, estimate_demand
from cascade.cost.flash import FlashWaits, clock_effect
from powerplan.errors import PowerplanError
from powerplan.files.scenario import load_scenario
from powerplan.lowering.lower import lower
from powerplan.study.cost import model_cost
from powerplan.study.session import Session, plan
from tests.whole.test_run import ROOT, write_small

SCENARIO = """
powerplan: 1
product: {name: picture on an ESP32-S3}
supply: {battery: {profile: ncr18650b}}
parts:
  mcu: {profile: esp32s3, EXTRAS, boot_time: 70 ms}
cascade:
  person:
    level1: {macs: 7158000, ram: RAM_SIZE, ARENA, threshold: 0.4}
    level2: {latency: 10 ms, threshold: 0.6}
    scores: scores.csv
    labels: {person: 1, none: 0}
tasks:
  look: {when: {every: 1 min}, do: [{cascade: person}]}
workload:
  events:
    visitor: {rate: 40/day, lasts: 8 s, label: person}
requirements:
  REQ-1: battery_life >= 1 days
"""


def planned(folder: Path, extras: str = "", arena: str = "", ram: str = "100 KiB") -> Session:
    text = SCENARIO.replace("EXTRAS, ", f"extras: [{extras}], " if extras else "")
    text = text.replace("ARENA, ", f"arena: {arena}, " if arena else "").replace("RAM_SIZE", ram)
    return plan(write_small(folder, text))


def sleep_current_a(session: Session) -> float:
    built = session.result.lowering.plan
    state = built.part_rest_state[built.part_names.index("mcu")]
    return float(built.state_current_a[state])


def test_an_arena_in_external_memory_costs_time_and_sleep_current(tmp_path: Path) -> None:
    inside, outside = planned(tmp_path), planned(tmp_path, "psram_8mb_octal", "psram_8mb_octal")
    fast, slow = (session.result.lowering.costs[0] for session in (inside, outside))
    assert slow.latency_ns == pytest.approx(1.7 * fast.latency_ns, rel=1e-6)
    why = {one.part: one.where for one in outside.result.figures if one.figure == "latency"}
    assert "activations in external memory" in why["cascade.person.level1"]
    assert slow.low_s < slow.latency_ns / 1e9 < slow.high_s
    # The self-refresh is drawn all day, and is a figure of the answer with its source.
    assert sleep_current_a(outside) - sleep_current_a(inside) == pytest.approx(140e-6, rel=1e-9)
    drain = next(one for one in outside.result.figures if one.figure == "extras.psram_8mb_octal.sleep")
    assert (drain.value, drain.basis) == (pytest.approx(140e-6), "datasheet")
    lives = [session.metrics["battery_life"].value for session in (inside, outside)]
    assert lives[1] < 0.95 * lives[0]


def test_an_arena_outside_leaves_the_ram_to_the_program(tmp_path: Path) -> None:
    inside = {gate.name: gate for gate in planned(tmp_path, ram="900 KiB").result.gates}
    assert not inside["ram.mcu"].passes
    outside = {gate.name: gate for gate in
               planned(tmp_path, "psram_2mb_quad", "psram_2mb_quad", ram="900 KiB").result.gates}
    assert "ram.mcu" not in outside
    assert outside["ram.mcu.psram_2mb_quad"].passes
    too_large = planned(tmp_path, "psram_2mb_quad", "psram_2mb_quad", ram="3 MiB")
    assert not too_large.feasible


def test_memory_that_the_processor_does_not_use_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PowerplanError, match=r"write extras: \[psram_8mb_octal\] there, used: none"):
        planned(tmp_path, "", "psram_8mb_octal")


L4 = FlashWaits((16e6, 32e6, 48e6, 64e6, 80e6), cached=True)
PLAIN = FlashWaits((16e6, 32e6), cached=False)


@pytest.mark.parametrize(("waits", "clock_hz", "states"), [
    pytest.param(L4, 16e6, 0, id="none up to the first clock"),
    pytest.param(L4, 16.1e6, 1, id="one just above it"),
    pytest.param(L4, 80e6, 4, id="four at the highest"),
])
def test_wait_states(waits: FlashWaits, clock_hz: float, states: int) -> None:
    assert waits.states(clock_hz) == states


@pytest.mark.parametrize(("waits", "clock_hz", "known_hz", "low", "typical", "high"), [
    pytest.param(L4, 16e6, 80e6, 1 / 1.12, 1 / 1.04, 1.0, id="slower than measured: fewer cycles, few behind a cache"),
    pytest.param(L4, 80e6, 16e6, 1.0, 1.04, 1.12, id="faster than measured: more cycles"),
    pytest.param(PLAIN, 16e6, None, 1 / 1.35, 1 / 1.20, 1 / 1.05, id="no cache, known at its highest clock"),
])
def test_cycles_over_the_clock(waits: FlashWaits, clock_hz: float, known_hz: float | None, low: float, typical: float,
                               high: float) -> None:
    factor = clock_effect(waits, clock_hz, known_hz)
    assert factor is not None
    assert (factor.low, factor.typical, factor.high) == pytest.approx((low, typical, high))


def test_no_effect_where_the_wait_states_are_the_same_or_unknown() -> None:
    assert clock_effect(L4, 70e6, 80e6) is None
    assert clock_effect(None, 16e6, 80e6) is None


def test_a_slower_clock_takes_fewer_cycles_and_says_why() -> None:
    demand = Demand(7_500_000, None, "int8")
    cycles = {}
    for clock_hz in (80e6, 16e6):
        found = estimate_demand(demand, Target("cortex-m4f", True, clock_hz, flash_waits=L4))
        cycles[clock_hz] = found.typical_s * clock_hz
    assert cycles[16e6] == pytest.approx(cycles[80e6] / 1.04)
    assert "0 flash wait states instead of 4 behind a cache" in found.basis


def test_model_cost_knows_memory_beside_the_core() -> None:
    model = ROOT / "cascade" / "zoo" / "keyword_audio" / "level2.tflite"
    [inside] = model_cost(model, ["esp32s3"])
    [outside] = model_cost(model, ["esp32s3"], memory="psram_2mb_quad")
    assert outside["latency_ms"]["typical"] == pytest.approx(1.7 * inside["latency_ms"]["typical"])
    assert outside["energy_uj"]["typical"] > 1.7 * inside["energy_uj"]["typical"]
    assert "activations in external memory" in outside["basis"]
    with pytest.raises(PowerplanError, match="allowed: psram_8mb_octal, psram_2mb_quad"):
        model_cost(model, ["esp32s3"], memory="sdram")


@pytest.mark.parametrize("device", ["stm32l4r5", "esp32s3", "nrf52840", "stm32u585"])
def test_a_plan_and_model_cost_give_the_same_time(device: str, tmp_path: Path) -> None:
    model = ROOT / "cascade" / "zoo" / "keyword_audio" / "level2.tflite"
    (tmp_path / "net.tflite").write_bytes(model.read_bytes())
    text = SCENARIO.replace("{profile: esp32s3, EXTRAS, boot_time: 70 ms}", f"{{profile: {device}}}")
    text = text.replace("{macs: 7158000, ram: RAM_SIZE, ARENA, threshold: 0.4}", "{model: net.tflite, threshold: 0.4}")
    loaded = load_scenario(write_small(tmp_path, text))
    cost = lower(loaded.scenario, loaded.parts, loaded.inputs).costs[0]
    [row] = model_cost(model, [device])
    assert cost.latency_ns == pytest.approx(row["latency_ms"]["typical"] * 1e6, rel=1e-6)
    assert (cost.low_s * 1e3, cost.high_s * 1e3) == pytest.approx((row["latency_ms"]["low"], row["latency_ms"]["high"]))
