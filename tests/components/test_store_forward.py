"""Messages kept while there is no link: energy, latency, and what does not fit into the store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powerplan.engines import fast, reference
from powerplan.engines.closed_form import closed_form
from powerplan.errors import InputError
from powerplan.files.scenario import load_scenario
from powerplan.lowering.segments import Kit, Segment, phases_of, with_waking
from powerplan.plan.codes import NS_PER_DAY, NS_PER_S, Guard, Stage
from powerplan.study.run import RunResult, prepare, run
from powerplan.workload.draw import draw_world

RETRY_S, SUCCESS, TRY_S, WAKE_S = 600, 0.25, 0.1, 0.001
TEXT = """
powerplan: 1
product: {name: store and forward}
supply: {battery: {capacity: 10 Ah, ideal: true, voltage: 3 V}}
parts:
  mcu: {kind: mcu, run_current: 3 mA, sleep_current: 2 uA, wake_time: 1 ms}
  sensor: {kind: load, current: 4 mA}
  radio: {kind: radio, tx_current: 20 mA, sleep_current: 1 uA, link_success: 25 %, LINK}
cascade:
  press: {level1: {latency: 20 ms}, outcomes: {detect: 1/2}}
tasks:
  report:
    when: {event: alarm}
    do: [{send: radio, for: 100 ms}]
  look:
    when: {every: 7 min}
    do: [{run: sensor, for: 1 s}, {cascade: press}]
    on_detect: [{compute: mcu, for: 30 ms}, {send: radio, for: 100 ms}]
workload: {events: {alarm: {rate: RATE}}}
requirements:
  REQ-1: latency.report.delivered p95 <= 2 h
  REQ-2: delivered.radio >= 0.9
"""
KEPT = f"max_tries: 1000, retry_after: {RETRY_S} s"


def written(folder: Path, link: str = KEPT, rate: str = "4/day") -> Path:
    path = folder / "store.yaml"
    path.write_text(TEXT.replace("LINK", link).replace("RATE", rate), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    text_folder = tmp_path_factory.mktemp("store")
    path = written(text_folder)
    text = path.read_text(encoding="utf-8")
    cut = text.index("  look:\n"), text.index("workload:")
    path.write_text(text[: cut[0]] + text[cut[1]:], encoding="utf-8")
    return run(path, days=3650)


def test_every_try_costs_and_the_message_waits_between(year: RunResult) -> None:
    rows = year.record.rows
    waited_s = (rows.ended_ns - rows.started_ns)[rows.ended_ns >= 0] / NS_PER_S
    tries = (waited_s + RETRY_S) / (WAKE_S + TRY_S + RETRY_S)
    assert np.allclose(tries, np.round(tries), atol=1e-9)
    # Geometric: mean 1 / p, and 1 - (1 - p)^n of the messages are through within n tries.
    assert tries.mean() == pytest.approx(1 / SUCCESS, rel=0.03)
    assert (np.round(tries) <= 3).mean() == pytest.approx(1 - (1 - SUCCESS) ** 3, abs=0.02)
    sending = year.lowering.plan.state_names.index("radio.stream")
    assert year.record.state_ns[sending] == pytest.approx(tries.sum() * TRY_S * NS_PER_S, rel=1e-3)


def test_the_closed_form_agrees(year: RunResult) -> None:
    closed = closed_form(year.lowering.plan, year.lowering.world)
    assert year.metrics["average_current"].value == pytest.approx(closed.part_current_a, rel=2e-3)


def test_how_late_a_message_is_delivered(year: RunResult) -> None:
    verdict = next(one for one in year.verdicts if one.metric == "latency.report.delivered.p95")
    # 95 % are through within 11 tries; messages that wait for the one before them take longer.
    assert 10 * RETRY_S <= verdict.value <= 13 * RETRY_S
    assert year.metrics["latency.report.p50"].value < 1.0, "an action starts with its first try"
    assert year.metrics["delivered.radio"].value == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("link", [
    pytest.param(KEPT, id="kept"),
    pytest.param(f"{KEPT}, keeps: 1", id="room for one more"),
    pytest.param("max_tries: 3, retry_after: 8 min", id="given up after three"),
    pytest.param("max_tries: 3", id="at once"),
])
def test_engines_agree_while_messages_wait(link: str, tmp_path: Path) -> None:
    lowering, _ = prepare(load_scenario(written(tmp_path, link, "40/day")))
    world = draw_world(lowering.world, 30 * NS_PER_DAY, 3)
    plain, _ = reference.run(lowering.plan, world)
    assert plain.differences(fast.run(lowering.plan, world)) == []
    skipping, _ = reference.run(lowering.plan, world, skipping=True)
    assert plain.differences(skipping) == []
    assert (plain.task_dropped.sum() > 0) == ("keeps" in link)


def test_a_full_store_loses_messages(tmp_path: Path) -> None:
    found = run(written(tmp_path, f"{KEPT}, keeps: 2", "200/day"), days=60)
    share = found.metrics["delivered.radio"].value
    lost = int(found.record.task_dropped.sum())
    assert share == pytest.approx(1 - lost / (lost + found.metrics["messages.radio"].value * 60), rel=0.01)
    assert share < 0.8
    assert next(one for one in found.verdicts if one.id == "REQ-2").verdict == "FAIL"


def test_messages_given_up_are_not_delivered(tmp_path: Path) -> None:
    found = run(written(tmp_path, "max_tries: 2, retry_after: 1 min"), days=30)
    assert found.metrics["delivered.radio"].value == pytest.approx(1 - (1 - SUCCESS) ** 2, rel=1e-9)


def test_the_processor_wakes_for_every_try(tmp_path: Path) -> None:
    lowering, _ = prepare(load_scenario(written(tmp_path)))
    kit = Kit(lowering.parts, "mcu", ValueError)
    a_try = Segment(5, Stage.SEND, {"mcu": "run"}, attempt_first=True, attempt_last=True, retry_after_ns=100,
                    computes=frozenset({"mcu"}))
    after = Segment(7, Stage.ACTION, {"sensor": "on"})
    phases = phases_of(with_waking([a_try, after], kit), [])
    assert [phase.duration_ns for phase in phases] == [1_000_000, 5, 100, 1_000_000, 7]
    assert (phases[1].guard, phases[1].on_fail, phases[1].on_pass) == (Guard.ATTEMPT, 2, 4)
    assert (phases[2].holds, phases[3].sets, phases[3].on_pass) == (frozenset(), phases[0].sets, 1)


@pytest.mark.parametrize(("link", "said"), [
    pytest.param("retry_after: 10 min", "parts.radio: `retry_after` needs `max_tries`", id="never tried again"),
    pytest.param("max_tries: 3, retry_after: 0 s", "longer than 0", id="no time"),
    pytest.param("max_tries: 3, keeps: -1", "out of range", id="a negative store"),
])
def test_refused(link: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        load_scenario(written(tmp_path, link))
