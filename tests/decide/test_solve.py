"""Inverse questions against results by hand, and what cannot be answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from powerplan.errors import ExitCode
from powerplan.files.scenario import load_scenario
from powerplan.study.crossover import crossover
from powerplan.study.knobs import KnobProblem, knob
from powerplan.study.run import run_loaded
from powerplan.study.solve import SolveProblem, break_even, solve
from tests.whole.test_commands import call
from tests.whole.test_run import ROOT, SMALL, write_small

LAMP = """
powerplan: 1
product: {name: a lamp that blinks}
supply:
  battery: {ideal: true, capacity: 100 mAh, voltage: 3 V}
parts:
  mcu: {kind: mcu, run_current: 1 mA, sleep_current: 0 uA, wake_time: 0 s}
  lamp: {kind: load, current: 10 mA}
tasks:
  blink: {when: {every: 10 min}, do: [{run: lamp, for: 1 s}]}
workload: {variance: none}
"""


def write_lamp(folder: Path, name: str = "lamp.yaml", text: str = LAMP) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(("for_", "until", "outcome", "value"), [
    pytest.param("tasks.blink.every", "battery_life >= 100 days", "smallest", 240.0, id="interval"),
    pytest.param("supply.battery.capacity", "battery_life >= 500 days", "smallest", 720.0, id="capacity"),
    pytest.param("parts.lamp.current", "average_current <= 20 uA", "largest", 12e-3, id="current of a part"),
    pytest.param("tasks.blink.do.0.for", "charge_per_day <= 0.72 C", "largest", 0.5, id="duration in a list"),
])
def test_answers_by_hand(tmp_path: Path, for_: str, until: str, outcome: str, value: float) -> None:
    found = solve(write_lamp(tmp_path), for_, until, days=1)
    assert found.outcome == outcome
    assert found.inside is not None
    assert found.outside is not None
    assert found.inside.value == pytest.approx(value, rel=0.006)
    assert found.inside.meets
    assert not found.outside.meets
    assert len(found.edges) == 1


def test_allowed_sleep_current(tmp_path: Path) -> None:
    """10 mA for 1 s every 10 min is 16.67 uA; of 20 uA the rest may be drawn asleep."""
    found = solve(write_lamp(tmp_path), "parts.mcu.sleep_current", "average_current <= 20 uA", between="0.1 uA..100 uA",
                  days=1)
    assert found.outcome == "largest"
    assert found.inside is not None
    assert found.inside.value == pytest.approx(20e-6 - 10e-3 / 600, rel=0.01)


def test_largest_rate(tmp_path: Path) -> None:
    """100 mAh at 10 mA for 1 s: 36,000 times, 144 a day for 250 days."""
    text = LAMP.replace("when: {every: 10 min}", "when: {event: press}").replace(
        "workload: {variance: none}", "workload: {variance: none, events: {press: {rate: 100/day}}}")
    found = solve(write_lamp(tmp_path, text=text), "workload.events.press.rate", "battery_life >= 250 days", days=1)
    assert found.outcome == "largest"
    assert found.inside is not None
    assert found.inside.value * 86_400 == pytest.approx(144, rel=0.01)


def test_whole_numbers_are_exact(tmp_path: Path) -> None:
    found = solve(write_lamp(tmp_path), "supply.battery.parallel", "battery_life >= 600 days", days=1)
    assert (found.inside.value, found.outside.value) == (3.0, 2.0)  # type: ignore[union-attr]


def test_no_value_in_range_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call("solve", str(write_lamp(tmp_path)), "--for", "tasks.blink.when.every", "--until",
                        "battery_life >= 90 years", "--between", "1 min..1 h", "--days", "1", capsys=capsys)
    assert code == ExitCode.FAIL
    assert out.startswith("no value in range: no tasks.blink.when.every from 1 min to 1 h meets")


def test_every_value_meets(tmp_path: Path) -> None:
    found = solve(write_lamp(tmp_path), "tasks.blink.every", "battery_life >= 1 day", between="1 min..1 h", days=1)
    assert found.outcome == "everywhere"


def test_a_confidence_is_solved_by_samples(tmp_path: Path) -> None:
    text = LAMP.replace("current: 10 mA", "current: {min: 5 mA, typ: 10 mA, max: 20 mA}")
    path = write_lamp(tmp_path, text=text)
    plain, sure = (solve(path, "tasks.blink.every", f"battery_life >= 100 days{at}", days=1).inside
                   for at in ("", " @ 90 %"))
    assert plain is not None
    assert sure is not None
    assert sure.value > plain.value
    assert sure.probability is not None
    assert sure.probability >= 0.9


def test_thresholds_of_a_cascade(tmp_path: Path) -> None:
    found = solve(write_small(tmp_path), "cascade.person.level1.threshold", "recall.person >= 0.5", days=3)
    assert found.outcome in ("largest", "several")
    assert found.inside is not None
    assert found.inside.meets
    assert 0.0 < found.inside.value < 1.0


def test_refused_values_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call("solve", str(write_lamp(tmp_path)), "--for", "supply.battery.parallel", "--until",
                     "battery_life >= 600 days", "--between", "0..8", "--days", "1", capsys=capsys)
    assert "values were refused, as 0" in out


@pytest.mark.parametrize(("for_", "until", "error"), [
    pytest.param("tasks.blink.evry", "battery_life >= 1 day", KnobProblem, id="unknown key"),
    pytest.param("parts.lamps.current", "battery_life >= 1 day", KnobProblem, id="unknown part"),
    pytest.param("parts.lamp.curent", "battery_life >= 1 day", KnobProblem, id="unknown figure"),
    pytest.param("tasks.blink.every", "batery_life >= 1 day", SolveProblem, id="unknown metric"),
    pytest.param("tasks.blink.every", "net_energy >= 1 J", SolveProblem, id="nothing measures it"),
    pytest.param("supply.leakage", "battery_life >= 1 day", SolveProblem, id="no range to search"),
])
def test_questions_that_cannot_be_asked(tmp_path: Path, for_: str, until: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        solve(write_lamp(tmp_path), for_, until, days=1)


def test_turning_a_value_reads_the_same_scenario(tmp_path: Path) -> None:
    loaded = load_scenario(write_small(tmp_path))
    turned = knob(loaded, "parts.mcu.sleep_current").turned(loaded, 5e-6)
    figure = next(one for path, one in turned.parts["mcu"].figures.items() if path.startswith("sleep")
                  and path.endswith("current"))
    assert figure.typ == pytest.approx(5e-6)
    assert turned.parts["pir"] is loaded.parts["pir"]
    assert turned.inputs["person"] is loaded.inputs["person"]
    assert turned.hashes["set parts.mcu.sleep_current"] == "0.000005 A"


def test_break_even_of_two_designs(tmp_path: Path) -> None:
    path = write_lamp(tmp_path)
    other = write_lamp(tmp_path, "other.yaml", LAMP.replace("10 mA", "5 mA").replace("sleep_current: 0 uA",
                                                                                     "sleep_current: 20 uA"))
    found = break_even(path, other, "tasks.blink.every", "average_current", between="1 min..1 h", days=1)
    [(value, one, two)] = found.crossings
    assert value == pytest.approx(250.0, rel=0.02)
    assert one == pytest.approx(two, rel=0.02)


ONE_LEVEL = SMALL.replace("    level1: {latency: 40 ms, threshold: 0.4}\n", "").replace(
    "level2: {latency: 200 ms, threshold: 0.6}", "level1: {latency: 200 ms, threshold: 0.6, score_column: 2}")


def test_break_even_of_adding_a_level(tmp_path: Path) -> None:
    """40 ms and 200 ms for the share e that goes on, against 200 ms always: equal at e = 0.8."""
    path = write_small(tmp_path, SMALL.replace("    on_detect: [{run: radio, for: 20 ms}]\n", ""))
    alone = tmp_path / "alone.yaml"
    alone.write_text(ONE_LEVEL.replace("    on_detect: [{run: radio, for: 20 ms}]\n", ""))
    found = break_even(path, alone, "cascade.person.level1.threshold", "average_current", between="0.02..0.6", days=6)
    [(threshold, one, two)] = found.crossings
    assert one == pytest.approx(two, rel=0.01)
    loaded = load_scenario(path)
    turned = knob(loaded, "cascade.person.level1.threshold").turned(loaded, threshold)
    assert run_loaded(turned, days=6, brief=True).metrics["escalation.person"].value == pytest.approx(0.8, abs=0.03)


LISTENING = """
powerplan: 1
product: {name: a listener}
supply:
  battery: {ideal: true, capacity: 1000 mAh, voltage: 3 V}
parts:
  mcu: {kind: mcu, run_current: 4 mA, sleep_current: 2 uA, wake_time: 0 s}
  mic: {profile: generic_pdm}
  wake_mic: {profile: generic_wake_on_sound}
cascade:
  word: {input: mic, level1: {latency: 20 ms}, outcomes: {detect: 0 %}}
tasks:
  listen:
    when: {stream: mic, window: 1 s, hop: 1 s, gate: {by: wake_mic, hold: 1 s}}
    do: [{cascade: word}]
workload:
  variance: none
  states: {sound: {active: 4 h/day, lasts: 10 min, seen_by: [wake_mic]}}
"""
ALWAYS = LISTENING.replace("  wake_mic: {profile: generic_wake_on_sound}\n", "").replace(
    ", gate: {by: wake_mic, hold: 1 s}", "").replace("seen_by: [wake_mic]", "seen_by: []")


def test_break_even_of_a_wake_on_sound_microphone(tmp_path: Path) -> None:
    """Always listening draws I; a gate draws its own G and the share of sound of I: equal at a share of 1 - G / I."""
    gated, always = write_lamp(tmp_path, "gated.yaml", LISTENING), write_lamp(tmp_path, "always.yaml", ALWAYS)
    found = break_even(gated, always, "workload.states.sound.active", "average_current",
                       between="20 h/day..23.9 h/day", days=1)
    [(share, _, _)] = found.crossings
    results = [run_loaded(load_scenario(path), days=1, brief=True) for path in (always, gated)]
    listening_a = results[0].metrics["average_current"].value - 2e-6
    gate_a = next(used.value for used in results[1].figures if used.part == "wake_mic")
    assert share == pytest.approx(1 - gate_a / listening_a, abs=0.01)


HEARING = """
powerplan: 1
product: {name: a listener with voice activity detection}
supply:
  battery: {ideal: true, capacity: 1000 mAh, voltage: 3 V}
parts:
  mcu: {kind: mcu, run_current: 4 mA, sleep_current: 2 uA, wake_time: 0 s}
  mic: {profile: generic_pdm}
cascade:
  word:
    input: mic
    level1: {latency: 30 ms, threshold: 0.5}        # voice activity detection
    level2: {latency: 100 ms, threshold: 0.5}       # the wake word
    scores: heard.csv
    labels: {word: word, quiet: quiet, talk: talk}
    background: {quiet: rest, talk: 6 h/day}
tasks:
  listen: {when: {stream: mic, window: 1 s, hop: 1 s}, do: [{cascade: word}]}
workload:
  variance: none
  events: {word: {rate: 1/day, lasts: 1 s, label: word}}
"""
DETECTION = "    level1: {latency: 30 ms, threshold: 0.5}        # voice activity detection\n"
WORD_ONLY = HEARING.replace(DETECTION, "").replace(
    "level2: {latency: 100 ms, threshold: 0.5}", "level1: {latency: 100 ms, threshold: 0.5, score_column: 2}")


def write_hearing(folder: Path) -> tuple[Path, Path]:
    """The listener with voice activity detection and the one without; the detector tells talk from quiet exactly."""
    rows = ["sample_id,clip_id,time,label,score_1,score_2"]
    for number in range(300):
        label, first, second = (("word", 0.9, 0.9), ("quiet", 0.1, 0.1), ("talk", 0.9, 0.1))[number % 3]
        rows.append(f"{number},{number},0,{label},{first},{second}")
    (folder / "heard.csv").write_text("\n".join(rows))
    return write_lamp(folder, "detecting.yaml", HEARING), write_lamp(folder, "always.yaml", WORD_ONLY)


def test_break_even_of_voice_activity_detection(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """30 ms always and 100 ms for the share s with talk, against 100 ms always: it pays until s = 1 - 30 / 100."""
    detecting, always = write_hearing(tmp_path)
    code, out, err = call("solve", str(detecting), "--for", "cascade.word.background.talk", "--against", str(always),
                          "--between", "2 h/day..23 h/day", "--days", "2", "--json", capsys=capsys)
    assert code == ExitCode.OK, err
    [found] = json.loads(out)["break_even"]
    share = found["value"]
    assert share == pytest.approx(0.7, abs=0.02)
    assert found["first"] == pytest.approx(found["second"], rel=0.005)

    def lives_days(talk: float) -> list[float]:
        results = [run_loaded(knob(loaded, "cascade.word.background.talk").turned(loaded, talk), days=4, seed=77,
                              brief=True) for loaded in map(load_scenario, (detecting, always))]
        return [result.metrics["battery_life"].value for result in results]

    # Played again, over more days: on one side of the value it pays, on the other it does not.
    pays, does_not = lives_days(share - 0.1), lives_days(share + 0.1)
    assert pays[0] > 1.01 * pays[1]
    assert does_not[0] < 0.99 * does_not[1]


def test_no_break_even_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = write_lamp(tmp_path, "other.yaml", LAMP.replace("10 mA", "5 mA"))
    code, out, _ = call("solve", str(write_lamp(tmp_path)), "--against", str(other), "--for", "tasks.blink.every",
                        "--days", "1", capsys=capsys)
    assert code == ExitCode.FAIL
    assert out.startswith("no break-even")


def test_crossover_is_where_both_energies_are_equal(capsys: pytest.CaptureFixture[str]) -> None:
    found = crossover(ROOT / "scenarios" / "wake_word_remote.yaml")
    assert [row["up_to"] for row in found["crossover"]] == ["level1", "level2"]
    sizes = {row["bytes"]: row["energy_j"] for row in found["messages"]}
    for row in found["crossover"]:
        assert sizes[1] < row["compute_j"] < sizes[20_000]
        assert 1 < row["payload_bytes"] < 20_000
    code, out, _ = call("crossover", str(ROOT / "scenarios" / "wake_word_remote.yaml"), "--json", capsys=capsys)
    assert code == ExitCode.OK
    assert json.loads(out)["crossover"] == found["crossover"]
