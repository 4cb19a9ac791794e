"""Small calculations of CLAIMS.md that no other test shows, each through the functions of the product."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cascade.cost.energy import run_current_warning
from cascade.cost.estimate import Target, demand_of_operators, estimate_demand
from cascade.cost.reference_models import PlainOperator, mobilenet_v1, total_macs
from cascade.cost.size import codebook_bytes, model_sizes
from cascade.errors import DataError
from cascade.tflite import read_model
from powerplan.cli.app import app
from powerplan.engines.closed_form import closed_form
from powerplan.errors import InputError
from powerplan.files.library import data_root
from powerplan.files.references import zoo_folder
from powerplan.files.scenario import load_scenario
from powerplan.kernels.battery import loaded_voltage
from powerplan.study.cost import firmware_text
from powerplan.study.run import RunResult, prepare, run
from powerplan.study.verdicts import NOT_EVALUATED
from tests.components.parts import charge_c, part, states, steps
from tests.shared import shared_path

NJ_PER_MAC = 2.3e-9
VWW_MACS, VWW_J, FRAME_BYTES = 7_489_664, 24.3e-3, 96 * 96


def planned(folder: Path, text: str):
    path = folder / "claim.yaml"
    path.write_text(text, encoding="utf-8")
    return prepare(load_scenario(path))[0]


HEAD = """
powerplan: 1
product: {name: claim}
supply: {battery: {capacity: 1 Ah, ideal: true, voltage: 3 V}}
workload: {variance: none}
"""


def test_dip_of_four_aa_cells() -> None:
    """S03: 4 x AA, 0.8 ohm, 600 mA: 0.48 V."""
    assert 6.0 - loaded_voltage(6.0, 0.8, 0.6, 0.0) == pytest.approx(0.48, rel=1e-9)


def test_start_of_the_camera_every_minute(tmp_path: Path) -> None:
    """S05: a start a minute for a day is 1440 starts exactly, under their own states."""
    camera = "{profile: ov2640, power_on: 20 ms, init: 300 ms, settle_frames: 7}"
    lowering = planned(tmp_path, f"{HEAD}parts: {{mcu: {{kind: mcu, run_current: 5 mA, sleep_current: 0 A}}, "
                       f"camera: {camera}}}\ntasks: {{look: {{when: {{every: 1 min}}, do: [{{capture: camera}}]}}}}\n")
    built = part({"profile": "ov2640", "power_on": "20 ms", "init": "300 ms", "settle_frames": 7})
    once_c = charge_c(built, steps(built, "capture", frames=0))
    plan, share = lowering.plan, closed_form(lowering.plan, lowering.world).state_share
    names = {"camera.inrush", "camera.power_on", "camera.init"}
    starting = [n for n, name in enumerate(plan.state_names) if name in names]
    assert len(starting) == 3
    settle_c = 7 / 25 * states(built)["stream_qvga"].current_a
    a_day_c = float(share[starting] @ plan.state_current_a[starting]) * 86_400
    assert a_day_c == pytest.approx(1440 * (once_c - settle_c), rel=1e-9)


def test_sensor_current_never_falls_with_its_rate() -> None:
    """S07: the draw of a sensor is monotone in its sample rate, so its life is too."""
    rates = ("odr_100hz", "odr_400hz")
    drawn = [next(iter(states(part({"profile": "adxl362", "rest": rate})).values())).current_a for rate in rates]
    assert drawn == sorted(drawn)
    assert drawn[0] > 0


def test_195_nanoampere_is_no_work(tmp_path: Path) -> None:
    """C1, P13: a warning names it a sleep state; `profiles validate` refuses to take it for run."""
    text = run_current_warning(195e-9, 80e6)
    assert text is not None
    assert "no processor computes" in text
    profile = tmp_path / "miracle.yaml"
    profile.write_text(
        "kind: mcu\nname: Miracle\nsources: {ad: an advertisement}\n"
        "core: {value: cortex-m4f, source: ad, basis: datasheet}\nrun:\n  only:\n    clock: 80 MHz\n"
        "    workload: typical\n    regulator: ldo\n    current: {value: 195 nA, source: ad, basis: datasheet}\n",
        encoding="utf-8")
    answer = CliRunner().invoke(app, ["profiles", "validate", str(profile)])
    assert "uA/MHz" in answer.output or "µA/MHz" in answer.output


def test_cycles_against_radio() -> None:
    """C11, P10: a byte costs some 500 MACs by BLE, 230,000 by LoRa SF7; sending a frame by BLE beats inference.

    The million of the text rests on 50 mJ a message; the airtime of 20 bytes at 14 dBm makes it 11 mJ.
    """
    ble_j_per_byte = 8 * 0.15e-6
    assert ble_j_per_byte / NJ_PER_MAC == pytest.approx(500, rel=0.1)
    lora = part({"profile": "sx1262", "spreading_factor": 7, "receive_windows": False, "supply": "3.3 V"})
    lora_j_per_byte = charge_c(lora, steps(lora, "send", data_bytes=20)) * 3.3 / 20
    assert lora_j_per_byte / NJ_PER_MAC == pytest.approx(230_000, rel=0.1)
    assert FRAME_BYTES * ble_j_per_byte == pytest.approx(11e-3, rel=0.05)
    assert FRAME_BYTES * ble_j_per_byte < VWW_J < FRAME_BYTES * lora_j_per_byte
    crossover_bytes = VWW_J / ble_j_per_byte
    assert crossover_bytes == pytest.approx(20_250, rel=0.01)


def test_a_gap_too_short_to_switch_off() -> None:
    """P15: below the break-even gap a camera is better left on; above it, off."""
    built = part({"profile": "ov2640"})
    even_s = built.break_even_s(built.use_typical, 3.3)  # type: ignore[attr-defined]
    start_j = built.start_energy_j(built.use_typical, 3.3)  # type: ignore[attr-defined]
    idle_w = start_j / even_s
    better_off = [start_j < idle_w * gap_s for gap_s in np.geomspace(even_s / 10, even_s * 10, 21)]
    assert better_off == sorted(better_off)
    assert better_off.count(True) == 10


def test_expected_tries() -> None:
    """P08: 1 / p tries without a limit."""
    built = part({"profile": "sx1262", "link_success": "80 %", "max_tries": 100})
    assert built.link(built.use_typical).expected_tries_count() == pytest.approx(1 / 0.8, rel=1e-9)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def update_by_lora() -> RunResult:
    return run(data_root() / "scenarios" / "vibration_monitor.update.yaml", days=7.0)


def test_an_update_of_300_kb_over_lora(update_by_lora: RunResult) -> None:
    """P07: under the duty cycle of EU868 it takes more than a day: no plan may count on it."""
    verdict = next(one for one in update_by_lora.verdicts if one.id == "REQ-5")
    assert (verdict.verdict, verdict.metric) == ("FAIL", "latency.update.delivered.p95")
    built = part({"profile": "sx1262", "spreading_factor": 9, "region": "eu868"})
    silence_s = built.silence_ns(115, built.use_typical) * 1e-9  # type: ignore[attr-defined]
    assert 300_000 / 115 * silence_s > 86_400


def test_an_update_by_bluetooth_takes_seconds() -> None:
    """P07: bytes x energy per byte x tries, and the flash, from the two steps of a task."""
    found = run(data_root() / "scenarios" / "fall_band.update.yaml", days=0.2)
    verdict = next(one for one in found.verdicts if one.id == "REQ-5")
    assert verdict.verdict == "PASS"
    ble, flash = part({"profile": "ble_link"}), part({"profile": "spi_nor_flash"})
    once_c = charge_c(ble, steps(ble, "send", data_bytes=300_000)) + charge_c(flash, steps(flash, "run",
                                                                                          data_bytes=300_000))
    assert 4 * once_c / 95e-3 / 3600 < 0.005, "four a year take less than half a percent of the battery"


def test_airtime_beyond_the_limit_is_not_feasible(update_by_lora: RunResult, tmp_path: Path) -> None:
    """A radio that would send more than its region allows stops the plan with both numbers."""
    gates = {gate.name: gate for gate in update_by_lora.gates}
    assert gates["duty_cycle.radio"].passes
    text = (
        "powerplan: 1\nproduct: {name: chatter}\nsupply: {battery: {profile: ls14500}}\n"
        "parts:\n  mcu: {profile: stm32l475}\n"
        "  radio: {profile: sx1262, tx_power: 14 dBm, spreading_factor: 12, region: eu868}\n"
        "tasks: {talk: {when: {every: 1 min}, do: [{send: radio, bytes: 24}]}}\n"
        "requirements: {REQ-1: battery_life >= 1 days}\n")
    path = tmp_path / "chatter.yaml"
    path.write_text(text, encoding="utf-8")
    found = run(path, days=1.0)
    assert not found.feasible
    gate = next(one for one in found.gates if one.name == "duty_cycle.radio")
    assert gate.needed == pytest.approx(0.0329, rel=0.01)
    assert gate.available == pytest.approx(0.01)
    assert "eu868 allows 1.000%" in gate.detail


def test_inputs_and_scope() -> None:
    """K12 to K15: pixels, channels and classes against MACs of MobileNet."""
    small, large = mobilenet_v1(0.25, 96, 3, 2), mobilenet_v1(0.25, 128, 3, 2)
    assert (96 * 96) / (128 * 128) == 0.5625
    assert total_macs(small) / total_macs(large) == pytest.approx(0.5625, rel=0.02)
    grey = mobilenet_v1(0.25, 96, 1, 2)
    assert total_macs(small) - total_macs(grey) == 331_776
    assert 331_776 / total_macs(small) == pytest.approx(0.043, abs=0.002)
    wide, narrow = mobilenet_v1(1.0, 192, 3, 1001), mobilenet_v1(1.0, 192, 3, 2)
    saved = 1 - total_macs(narrow) / total_macs(wide)
    assert saved == pytest.approx(0.0024, abs=2e-4)
    weights = [sum(one.weight_bytes for one in model) for model in (wide, narrow)]
    assert 1 - weights[1] / weights[0] == pytest.approx(0.24, abs=0.01)


def test_one_dense_layer() -> None:
    """C7, M05: 640 to 128 is 81,920 MACs and twice as many FLOPs."""
    layer = PlainOperator("FULLY_CONNECTED", 640 * 128, ((1, 640),), ((1, 128),))
    assert total_macs((layer,)) == 81_920


def test_pruned_weights_save_nothing_in_flash() -> None:
    """C9, K03, K08: nine zeros of ten: the same flash, a smaller update."""
    drawn = np.random.default_rng(1)
    full = drawn.integers(-127, 128, 100_000).astype(np.int8)
    pruned = np.where(drawn.random(full.size) < 0.9, 0, full).astype(np.int8)
    before, after = model_sizes(full.tobytes()), model_sizes(pruned.tobytes())
    assert after.flash_bytes == before.flash_bytes == after.unpack_ram_bytes
    assert after.air_bytes < 0.3 * before.air_bytes


def test_codebook() -> None:
    """K07: index bits times weights, and the codebook."""
    assert codebook_bytes(1_000, 16) == 500 + 16
    assert codebook_bytes(1_001, 32, 4) == -(-1_001 * 5 // 8) + 128
    with pytest.raises(DataError, match="two clusters"):
        codebook_bytes(10, 1)


def test_fewer_bits_than_any_kernel_has() -> None:
    """M33: int4 has no estimate, and says so."""
    target = Target("cortex-m4f", True, 80e6)
    with pytest.raises(DataError, match="int4"):
        estimate_demand(demand_of_operators(mobilenet_v1(0.25, 96, 3, 2), "int4"), target)


THREE = HEAD + """
parts:
  mcu: {kind: mcu, run_current: 5 mA, sleep_current: 1 uA, wake_time: 0 s}
cascade:
  thing:
    level1: {latency: 10 ms, threshold: 0.5}
    level2: {latency: 100 ms, threshold: 0.5}
    level3: {latency: 1 s, threshold: 0.5}
    scores: scores.csv
    labels: {thing: 1, none: 0}
    background: {none: rest}
tasks: {look: {when: {every: 1 min}, do: [{cascade: thing}]}}
run: {days: 2}
"""


def test_three_levels(tmp_path: Path) -> None:
    """D02: each level sees what the one before passed on."""
    rows = ["sample_id,clip_id,time,label,score_1,score_2,score_3"]
    rows += [f"{n},{n},0,{int(n == 0)},{0.9 if n < 50 else 0.1},{0.9 if n < 10 else 0.1},{0.9 if n < 1 else 0.1}"
             for n in range(100)]
    (tmp_path / "scores.csv").write_text("\n".join(rows), encoding="utf-8")
    path = tmp_path / "three.yaml"
    path.write_text(THREE, encoding="utf-8")
    found = run(path)
    seen = found.record.level_seen
    assert seen[0] == 2 * 1440
    assert seen[0] > seen[1] > seen[2] > 0
    assert seen[1] / seen[0] == pytest.approx(0.5, abs=0.05)


def test_minutes_of_the_wrong_claim() -> None:
    """C2: 720 s for 418 M MACs at 80 MHz are 137.8 cycles a MAC, inside the range of reference kernels only."""
    demand = demand_of_operators(mobilenet_v1(1.0, 192, 3, 1001))
    plain = estimate_demand(demand, Target("cortex-m4f", True, 80e6, "reference"))
    tuned = estimate_demand(demand, Target("cortex-m4f", True, 80e6, "tflm+cmsis_nn"))
    assert pytest.approx(137.8, rel=1e-3) == 720 * 80e6 / 418.12e6
    assert plain.low_s < 720 < plain.high_s
    assert tuned.high_s < 60


@pytest.mark.parametrize(("name", "weight_share"),
                         [("ad01_int8", 0.98), ("vww_96_int8", 0.66), ("kws_ref_model", 0.45)])
def test_weights_are_not_the_whole_file(name: str, weight_share: float) -> None:
    """M24, M08: weights take half to nearly all of a file; the rest are tables and the container."""
    facts = read_model(shared_path("facts", "models", f"{name}.tflite"))
    assert facts.weight_bytes / facts.file_bytes == pytest.approx(weight_share, abs=0.006)
    if name == "vww_96_int8":
        assert (facts.file_bytes, facts.weight_bytes) == (333_288, 219_072)


def test_int8_is_not_a_quarter() -> None:
    """C10, M28: the image network is 0.310 of its float file, not 0.25."""
    small, large = (read_model(shared_path("facts", "models", f"{name}.tflite")).file_bytes
                    for name in ("pretrainedResnet_quant", "pretrainedResnet"))
    assert small / large == pytest.approx(0.310, abs=0.001)


def test_an_event_without_a_rate(tmp_path: Path) -> None:
    """R02: how often something happens is never guessed; the message names line and key."""
    path = tmp_path / "norate.yaml"
    path.write_text(HEAD.replace("{variance: none}", "{events: {knock: {lasts: 1 s}}}")
                    + "parts: {mcu: {kind: mcu, run_current: 5 mA, sleep_current: 0 A}}\n"
                    + "tasks: {look: {when: {every: 1 min}, do: [{compute: mcu, for: 1 s}]}}\n", encoding="utf-8")
    with pytest.raises(InputError, match="rate") as raised:
        load_scenario(path)
    assert any(problem.line == 5 for problem in raised.value.problems)


def test_advice_on_objects_stands_beside_the_ram() -> None:
    """E10: the linker counts what is global or static; said with the fit of a model and the sections of a firmware."""
    model = CliRunner().invoke(app, ["model", "profile", str(zoo_folder() / "motion_watch" / "level1.tflite"),
                                     "--device", "nrf52840"])
    assert "global or static objects" in " ".join(model.output.split())
    document = {"file": "a.elf", "machine": "arm", "flash_bytes": 1, "ram_bytes": 1, "framework_flash_bytes": 0,
                "sections": [], "symbols": []}
    assert any("global or static objects" in line for line in firmware_text(document))


def test_what_changed_since_the_texts_stands_in_the_guide() -> None:
    """F09: C++17 where the firmware is made; K11: where distilled models are made."""
    guide = (Path(__file__).resolve().parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    on_the_device, smaller = guide.split("## On the device")[1].split("## Smaller models")
    assert "C++17" in on_the_device
    assert "teacher" in smaller


def test_a_newcomer_types_one_command_for_a_report_and_three_for_an_own_product(tmp_path: Path, monkeypatch) -> None:
    """A04: nothing is asked in between, and each command names the next; the minutes are those of the machine."""
    root = Path(__file__).resolve().parents[2]
    first = (root / "README.md").read_text(encoding="utf-8").split("```sh\n")[1].split("```")[0].split("\n")
    assert [line for line in first if line] == ["bash demo.sh"]
    steps = [line for line in (root / "demo.sh").read_text(encoding="utf-8").splitlines() if line[:1] not in ("#", "")]
    assert steps[-1].startswith("exec .venv/bin/powerplan report scenarios/")
    assert not any(line.split()[0] == "read" for line in steps), "nothing is asked"
    monkeypatch.chdir(tmp_path)
    typed, said = ["new glacier_watch"], ""
    while typed[-1] != "":
        done = CliRunner().invoke(app, typed[-1].split())
        assert done.exit_code == 0, done.output
        said = done.output
        typed.append(said.split("Next: powerplan ")[1].strip() if "Next: powerplan " in said else "")
    assert len(typed) - 1 <= 3
    assert "Tables: results/glacier_watch" in said
    assert (tmp_path / "results" / "glacier_watch" / "run.json").is_file()


def drawn_a(folder: Path, mcu: str, every: str) -> float:
    """Mean current of a processor that looks at a picture now and then."""
    lowering = planned(folder, f"""{HEAD}
parts: {{mcu: {{profile: {mcu}}}}}
cascade:
  seen:
    level1: {{model: person, threshold: 0.5, macs: {VWW_MACS}, flash: 326 kB, ram: 100 kB}}
    outcomes: {{escalate: 0 %}}
tasks: {{look: {{when: {{every: {every}}}, do: [{{cascade: seen}}]}}}}
""")
    return closed_form(lowering.plan, lowering.world).part_current_a


def test_which_processor_is_better_depends_on_the_rate(tmp_path: Path) -> None:
    """R03: every 2 s the fast ESP32-S3 draws less than an STM32L475, every hour a hundred times more."""
    often = {mcu: drawn_a(tmp_path, mcu, "2 s") for mcu in ("esp32s3, clock: 240 MHz", "stm32l475, clock: 80 MHz")}
    seldom = {mcu: drawn_a(tmp_path, mcu, "1 h") for mcu in often}
    assert min(often, key=often.__getitem__).startswith("esp32s3")
    assert min(seldom, key=seldom.__getitem__).startswith("stm32l475")
    assert max(seldom.values()) > 50 * min(seldom.values())


def test_microphones_draw_current_and_promise_no_accuracy() -> None:
    """S09: one and four microphones hear as well as the scores say; without scores nothing is said."""
    one, four = (run(data_root() / "scenarios" / f"forest_listener{name}.yaml", days=0.5) for name in ("", ".b"))
    assert one.metrics["recall.saw"].value == four.metrics["recall.saw"].value
    assert four.metrics["average_current"].value > 2 * one.metrics["average_current"].value


def test_without_scores_accuracy_is_not_evaluated(tmp_path: Path) -> None:
    """S09, C10: a share that somebody assumed is no accuracy."""
    path = tmp_path / "claim.yaml"
    path.write_text(f"""{HEAD}
parts: {{mcu: {{profile: nrf52840}}}}
cascade: {{seen: {{level1: {{model: person, latency: 1 s, threshold: 0.5}}, outcomes: {{escalate: 10 %}}}}}}
tasks: {{look: {{when: {{every: 1 min}}, do: [{{cascade: seen}}]}}}}
requirements: {{R1: recall.seen >= 0.9}}
""", encoding="utf-8")
    [verdict] = run(path, days=0.1).verdicts
    assert (verdict.verdict, verdict.value) == (NOT_EVALUATED, None)


def test_nothing_trains_unasked() -> None:
    """A03: only the commands that train, `cascade train` and `quantize`, import what trains; planning never does."""
    root = Path(__file__).resolve().parents[2]
    asking = {f"{path.parent.name}/{path.name}" for part in ("powerplan", "cascade")
              for path in (root / part).rglob("*.py") if path.parent.name != "train"
              for line in path.read_text(encoding="utf-8").splitlines()
              if line.lstrip().startswith(("import ", "from ")) and "cascade.train" in line}
    assert asking == {"cascade/cli.py", "quantize/command.py", "quantize/recipes.py"}
    loaded = subprocess.run([sys.executable, "-c", "import sys, powerplan.study.run, powerplan.study.sweep; "
                             "print([name for name in sys.modules if name.startswith('cascade.train')])"],
                            capture_output=True, text=True, check=True, cwd=root)
    assert loaded.stdout.strip() == "[]"
