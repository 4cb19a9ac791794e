"""One scenario through the whole program: conservation, determinism, monotony, the hand result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powerplan.engines.closed_form import closed_form
from powerplan.files.scenario import load_scenario
from powerplan.report.closed_form import COUNTS
from powerplan.study.run import RunResult, prepare, run
from powerplan.study.session import plan
from powerplan.study.tables import tables_of

ROOT = Path(__file__).resolve().parents[2]
HAND = ROOT / "scenarios" / "hand"

SMALL = """
powerplan: 1
product: {name: a small device}
supply:
  battery: {profile: cr2032}
parts:
  mcu: {kind: mcu, run_current: {min: 3 mA, typ: 4 mA, max: 5 mA}, sleep_current: 2 uA, wake_time: 1 ms}
  pir: {kind: sensor, rest_current: 1 uA, current: 1 uA, waking: {detection: 90 %, delay: 100 ms}}
  radio: {kind: load, current: 8 mA}
cascade:
  person:
    level1: {latency: 40 ms, threshold: 0.4}
    level2: {latency: 200 ms, threshold: 0.6}
    scores: scores.csv
    labels: {person: 1, none: 0}
    background: {none: rest}
    refractory: 10 s
tasks:
  watch:
    when: {interrupt: pir}
    do: [{cascade: person}]
    on_detect: [{run: radio, for: 20 ms}]
  alive: {when: {every: 1 h}, do: [{run: radio, for: 5 ms}]}
workload:
  events:
    visitor: {rate: 40/day, lasts: 8 s, label: person}
    leaf: {rate: 100/day, lasts: 3 s, label: none}
requirements:
  REQ-1: battery_life >= 30 days @ 90 %
  REQ-2: recall.person >= 0.5
  REQ-3: latency.watch p95 <= 1 s
"""


def write_small(folder: Path, text: str = SMALL) -> Path:
    """The small device with a score table of its own."""
    generator = np.random.default_rng(7)
    rows = ["sample_id,clip_id,time,label,score_1,score_2"]
    for number in range(400):
        label = number % 2
        first, second = generator.beta(2 + 3 * label, 5 - 3 * label), generator.beta(2 + 5 * label, 7 - 5 * label)
        rows.append(f"{number},{number},0,{label},{first:.4f},{second:.4f}")
    (folder / "scores.csv").write_text("\n".join(rows))
    path = folder / "small.yaml"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return run(write_small(tmp_path_factory.mktemp("small")), days=14)


def test_states_of_every_part_add_up_to_the_run(small: RunResult) -> None:
    plan_, record = small.lowering.plan, small.record
    total = np.bincount(plan_.state_part, record.state_ns.astype(float), minlength=len(plan_.part_names))
    assert total.tolist() == [record.horizon_ns] * len(plan_.part_names)
    assert int(record.joint_ns.sum()) == record.horizon_ns


def test_energy_of_the_parts_closes_against_the_battery(small: RunResult) -> None:
    rows = tables_of(small)["energy"].rows()
    parts = sum(row["energy_j_per_day"] for row in rows if row["part"] != "supply")
    supply = sum(row["energy_j_per_day"] for row in rows if row["state"] in ("conversion loss", "leakage"))
    assert parts + supply == pytest.approx(small.metrics["energy_per_day"].value, rel=1e-9)
    demand = small.demand
    mean_w = float((demand.current_a * small.chain.battery_v + demand.power_w).mean())
    assert mean_w * 86_400 == pytest.approx(parts, rel=1e-9)
    assert sum(row["energy_fraction"] for row in rows) == pytest.approx(1.0, rel=1e-12)


def test_the_battery_gives_what_the_load_took(small: RunResult) -> None:
    life = small.life
    capacity_c = small.chain.pack.capacity_c
    assert life.charge_used_c + life.self_discharge_c + life.charge_left_c == pytest.approx(capacity_c, rel=1e-6)
    soc = life.table.state_of_charge_fraction
    assert (np.diff(soc) <= 1e-12).all()


def test_every_event_has_one_outcome(small: RunResult) -> None:
    misses = tables_of(small)["misses"].rows()
    visitors = int((small.world.events.target[:, 0] & (small.world.events.end_ns <= small.record.horizon_ns)).sum())
    assert sum(row["count"] for row in misses) == visitors
    detected = next(row["count"] for row in misses if row["cause"] == "detected")
    assert detected == int(small.record.hits[0])
    assert small.metrics["recall.person"].value == pytest.approx(detected / visitors)


def test_the_sensor_misses_its_share(small: RunResult) -> None:
    missed = next(row["count"] for row in tables_of(small)["misses"].rows() if row["cause"] == "trigger_missed")
    assert 0.04 < missed / 560 < 0.17


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    path = write_small(tmp_path)
    files = []
    for name in ("one", "two"):
        session = plan(path, days=2, seed=5)
        session.save(tmp_path / name, report=False)
        files.append({file.name: file.read_bytes() for file in sorted((tmp_path / name).iterdir())})
    assert files[0] == files[1]


def test_another_seed_draws_another_world(tmp_path: Path) -> None:
    path = write_small(tmp_path)
    one, two = (run(path, days=2, seed=seed) for seed in (5, 6))
    assert one.world.events.onset_ns.tolist() != two.world.events.onset_ns.tolist()


def test_changing_one_part_leaves_other_draws_alone(tmp_path: Path) -> None:
    one = run(write_small(tmp_path), days=2)
    other = SMALL.replace("alive: {when: {every: 1 h}", "alive: {when: {every: 10 min}").replace("8 mA", "9 mA")
    two = run(write_small(tmp_path, other), days=2)
    assert one.world.events.onset_ns.tolist() == two.world.events.onset_ns.tolist()
    assert one.world.activations[0].score.tolist() == two.world.activations[0].score.tolist()


@pytest.mark.parametrize(("before", "after"), [
    pytest.param("run_current: {min: 3 mA, typ: 4 mA, max: 5 mA}", "run_current: 8 mA", id="larger run current"),
    pytest.param("sleep_current: 2 uA", "sleep_current: 20 uA", id="larger sleep current"),
    pytest.param("rate: 100/day", "rate: 1000/day", id="more events"),
    pytest.param("every: 1 h", "every: 1 min", id="more messages"),
])
def test_more_demand_never_lives_longer(tmp_path: Path, small: RunResult, before: str, after: str) -> None:
    assert before in SMALL
    found = run(write_small(tmp_path, SMALL.replace(before, after)), days=14)
    assert found.life.life_s < small.life.life_s


@pytest.mark.parametrize(("threshold", "compare"), [
    pytest.param("threshold: 0.0", 1, id="level 1 passes all"),
    pytest.param("threshold: never", -1, id="level 1 passes nothing"),
])
def test_ends_of_the_first_threshold(tmp_path: Path, small: RunResult, threshold: str, compare: int) -> None:
    found = run(write_small(tmp_path, SMALL.replace("threshold: 0.4", threshold)), days=14)
    seen, passed = int(found.record.level_seen[0]), int(found.record.level_passed[0])
    assert passed == (seen if compare > 0 else 0)
    assert (found.life.life_s < small.life.life_s) == (compare > 0)


def test_ranges_give_an_interval_around_the_value(small: RunResult) -> None:
    life = small.metrics["battery_life"]
    assert life.low < life.value < life.high
    assert 0.0 <= next(v.probability for v in small.verdicts if v.id == "REQ-1") <= 1.0


def test_closed_form_agrees(small: RunResult) -> None:
    current = next(row for row in tables_of(small)["closed_form"].rows() if row["name"].startswith("current"))
    assert abs(current["difference_fraction"]) < 0.1


@pytest.mark.parametrize(("name", "days", "load"), [
    pytest.param("wake_word_remote", 127.0, 0.356, id="wake word A"),
    pytest.param("wake_word_remote.b", 52.7, 1.196, id="wake word B"),
    pytest.param("wake_word_remote.c", 49.0, 0.356, id="wake word C"),
])
def test_hand_results(name: str, days: float, load: float) -> None:
    found = run(HAND / f"{name}.yaml", days=1)
    assert found.metrics["battery_life"].value == pytest.approx(days, rel=0.02)
    assert found.metrics["cpu_utilisation"].value == pytest.approx(load, abs=0.001)
    rows = tables_of(found)["closed_form"].rows()
    assert abs(rows[0]["difference_fraction"]) < 0.001


def test_the_closed_form_knows_confirmation_and_long_events() -> None:
    """Four windows of five must pass, and an event of a day is one detection: not one of each day and window."""
    path = ROOT / "scenarios" / "tortoise_tracker.yaml"
    lowering, _ = prepare(load_scenario(path))
    closed = closed_form(lowering.plan, lowering.world)
    sent = closed.task_rate_per_s[lowering.plan.task_names.index("motion.detected")] * 365 * 86_400
    # Twelve sick days a year, each found once or twice, and hardly anything between them.
    assert 11 <= sent <= 25


def test_the_answer_in_words(tmp_path: Path) -> None:
    """A life longer than the calculation, shares beside a limit in per cent, a closed form far from few events."""
    text = SMALL.replace("{profile: cr2032}", "{capacity: 900 Ah, ideal: true, voltage: 3 V}").replace(
        "latency: 200 ms", "latency: 20 s").replace("recall.person >= 0.5", "recall.person >= 50 %") + (
        "  REQ-4: escalation.person <= 0.9\n  REQ-5: battery_life <= 3 years\n")
    session = plan(write_small(tmp_path, text), days=2, replicas=1)
    rows = {row[0].split()[0]: row for row in session.verdict_rows()}
    life, recall = session.metrics["battery_life"], session.metrics["recall.person"]
    assert session.document()["metrics"]["battery_life"]["value"] == life.value == pytest.approx(20 * 365)
    assert "battery life  longer than the 20 years calculated" in session.headline()
    assert f"closed form   most of the difference is mcu run; {COUNTS}" in session.headline()
    assert rows["REQ-1"][2:4] == ("more than 20 years", "30 d")
    assert rows["REQ-2"][2:4] == (f"{100 * recall.value:.4g} %", "50 %")
    assert rows["REQ-4"][3] == "0.9"
    assert rows["REQ-5"][1] == "FAIL"
