"""What the products added to the scenario file: bursts, lock-out, profiles of use, score columns, own metrics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powerplan.errors import InputError
from powerplan.model.expression import ExpressionError, bounds, evaluate, names_in
from powerplan.plan.codes import NS_PER_DAY, NS_PER_S
from powerplan.study.run import RunResult, run
from powerplan.workload.arrivals import locked_spans

BASE = """
powerplan: 1
product: {name: test}
supply:
  battery: {capacity: 1000 mAh, ideal: true, voltage: 3 V}
parts:
  mcu: {kind: mcu, run_current: 10 mA, sleep_current: 1 uA, wake_time: 0 s}
  touch: {kind: sensor, rest: off, waking: {delay: 0 s}}
  card: {kind: load, current: 5 mA}
  radio: {kind: radio, tx_current: 20 mA}
"""


def planned(folder: Path, text: str, days: float = 4.0) -> RunResult:
    """The answer for a scenario written to a file."""
    path = folder / "test.yaml"
    path.write_text(BASE + text, encoding="utf-8")
    return run(path, days=days)


@pytest.mark.parametrize(
    ("onsets", "expected"),
    [
        pytest.param([0, 1, 2], [2], id="the third within the time locks"),
        pytest.param([0, 1, 20], [], id="too far apart"),
        pytest.param([0, 1, 2, 3, 4, 5], [2], id="while locked nothing counts"),
        pytest.param([0, 1, 2, 8, 9, 10], [2, 10], id="counting starts anew"),
        pytest.param([], [], id="no events"),
    ],
)
def test_locked_spans(onsets: list[int], expected: list[int]) -> None:
    """Three events within ten ticks lock for five."""
    spans = locked_spans(np.array(onsets, np.int64), 3, 10, 5)
    assert spans.start_ns.tolist() == expected
    assert spans.end_ns.tolist() == [start + 5 for start in expected]


ATTACK = """
tasks:
  refuse:
    when: {event: wrong}
    do: [{run: card, for: 1 s}]
    LOCK
workload:
  variance: none
  events:
    wrong: {rate: 1/day, burst: {count: 10, within: 100 s}}
"""
LOCK = "lock_out: {events: [wrong], after: 5, within: 5 min, lasts: 90 s}"


@pytest.mark.parametrize(
    ("lock", "served"), [pytest.param("", 10, id="free"), pytest.param(LOCK, 5, id="locked after five")])
def test_burst_and_lock_out(tmp_path: Path, lock: str, served: int) -> None:
    """Ten wrong fingers in 100 s, once a day: all are served, or five and then none for 90 s."""
    result = planned(tmp_path, ATTACK.replace("LOCK", lock))
    assert len(result.world.events.onset_ns) == 40
    assert result.metrics["releases.refuse"].value == pytest.approx(served)


@pytest.mark.parametrize(("wake", "do", "latency_s", "run_s"), [
    pytest.param("0 s", "run: card, for: 1 s", 0.0, 0.0, id="awake at once"),
    pytest.param("20 ms", "run: card, for: 1 s", 0.02, 0.02, id="wakes to switch it on, and sleeps while it runs"),
    pytest.param("20 ms", "send: radio, for: 1 s", 0.02, 0.02, id="the same for a radio that sends by itself"),
    pytest.param("20 ms", "run: card, for: 1 s, stage: capture", None, 0.0, id="a sensor that starts by itself"),
])
def test_somebody_switches_a_load_on(tmp_path: Path, wake: str, do: str, latency_s: float | None, run_s: float
                                     ) -> None:
    """What acts by itself still waits until the processor has woken; four events in four days."""
    path = tmp_path / "test.yaml"
    path.write_text(BASE.replace("wake_time: 0 s", f"wake_time: {wake}") + f"""
tasks:
  ring:
    when: {{event: button}}
    do: [{{{do}}}]
workload:
  variance: none
  events: {{button: {{rate: 1/day}}}}
""", encoding="utf-8")
    result = run(path, days=4)
    names = result.lowering.plan.state_names
    awake_ns = sum(int(result.record.state_ns[number]) for number, name in enumerate(names)
                   if name.startswith("mcu.") and name != "mcu.sleep")
    assert awake_ns == pytest.approx(4 * run_s * NS_PER_S)
    latency = result.metrics.get("latency.ring.p95")
    assert latency_s is None or (latency is not None and latency.value == pytest.approx(latency_s))


def test_burst_spacing(tmp_path: Path) -> None:
    """A group is spread over its time, groups over the days."""
    onset_ns = planned(tmp_path, ATTACK.replace("LOCK", "")).world.events.onset_ns
    assert np.diff(onset_ns[:10]).tolist() == [10_000_000_000] * 9
    assert int(onset_ns[10] - onset_ns[0]) == NS_PER_DAY


USAGE = """
tasks: {open: {when: {interrupt: touch}, do: [{run: card, for: 1 s}]}}
workload:
  variance: none
  events: {press: {rate: 2/day}}
  usage: {busy: {press: 20/day}, idle: {}}
  USE
"""


@pytest.mark.parametrize(
    ("use", "per_day"),
    [pytest.param("", 2, id="own rate"), pytest.param("use: busy", 20, id="busy"),
     pytest.param("use: idle", 2, id="a profile that says nothing of the event")])
def test_usage(tmp_path: Path, use: str, per_day: int) -> None:
    """A profile of use replaces the rates it names."""
    assert planned(tmp_path, USAGE.replace("USE", use)).metrics["releases.open"].value == pytest.approx(per_day)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(USAGE.replace("USE", "use: lazy"), "no profile of use 'lazy'", id="unknown profile"),
        pytest.param(USAGE.replace("idle: {}", "idle: {pres: 1/day}").replace("USE", ""), "no event 'pres'",
                     id="unknown event"),
        pytest.param(USAGE.replace("USE", "") + "metrics: {twice: releases.open +}\n", "cannot read", id="expression"),
        pytest.param(ATTACK.replace("LOCK", LOCK.replace("[wrong]", "[wrnog]")), "no event 'wrnog'", id="lock-out"),
        pytest.param("tasks: {tick: {when: {every: 1 h}, do: [{run: card, for: 1 s}], "
                     "lock_out: {events: [a], after: 2, within: 1 s, lasts: 1 s}}}\n", "interrupt or an event",
                     id="lock-out by the clock"),
        pytest.param("""
cascade: {find: {level1: {model: net, latency: 10 ms}, outcomes: {escalate: 1}, never_stored: true}}
tasks: {look: {when: {every: 1 h}, do: [{cascade: find}], on_detect: [{run: card, for: 1 s, bytes: 1 kB}]}}
""", "is never stored", id="storing what is never stored"),
    ],
)
def test_refused(tmp_path: Path, text: str, words: str) -> None:
    """Wrong references are told with their place."""
    with pytest.raises(InputError) as caught:
        planned(tmp_path, text)
    assert any(words in problem.message for problem in caught.value.problems)


SCORES = "clip_id,label,score_1,score_2\n" + "".join(f"c{n},yes,0.1,0.9\n" for n in range(5)) + "n,no,0,0\n"


@pytest.mark.parametrize(("column", "recall"), [pytest.param(1, 0.0, id="own"), pytest.param(2, 1.0, id="second")])
def test_score_column(tmp_path: Path, column: int, recall: float) -> None:
    """A level may read another column than its number."""
    (tmp_path / "scores.csv").write_text(SCORES, encoding="utf-8")
    result = planned(tmp_path, f"""
cascade:
  find:
    level1: {{model: net, latency: 10 ms, score_column: {column}}}
    scores: scores.csv
    labels: {{yes: yes, no: no}}
    background: {{no: rest}}
tasks: {{look: {{when: {{interrupt: touch}}, do: [{{cascade: find}}], on_detect: [{{send: radio, for: 1 s}}]}}}}
workload: {{variance: none, events: {{come: {{rate: 10/day, label: yes}}}}}}
""")
    assert result.metrics["recall.find"].value == pytest.approx(recall)
    assert result.metrics["recall.find.level1"].value == pytest.approx(recall)
    assert result.metrics["false_rejects.find.level1"].value == pytest.approx(1 - recall)
    assert result.metrics["count_error.find"].value == pytest.approx(1 - recall)
    assert result.metrics["messages.radio"].value == pytest.approx(10 * recall)


def test_messages_bytes_and_own_metrics(tmp_path: Path) -> None:
    """Messages, bytes sent and kept, and an expression over them."""
    result = planned(tmp_path, """
tasks:
  report: {when: {every: 6 h}, do: [{send: radio, for: 2 s, bytes: 50}, {run: card, for: 1 s, bytes: 1 kB}]}
workload: {variance: none}
metrics: {per_message: bytes_sent / messages, nothing: recall.none * 2}
requirements:
  A: messages <= 4/day
  B: bytes_stored <= 0 B
  C: per_message <= 50
  D: nothing <= 1
""")
    assert result.metrics["messages"].value == result.metrics["messages"].high == 4.0
    assert result.metrics["bytes_sent"].value == pytest.approx(200)
    assert result.metrics["bytes_stored"].value == pytest.approx(4000)
    assert [verdict.verdict for verdict in result.verdicts] == ["PASS", "FAIL", "PASS", "NOT EVALUATED"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("a.b + 2 * c", 7.0, id="names with dots, precedence"),
        pytest.param("-(a.b - c) / 4", 0.5, id="minus and parentheses"),
        pytest.param("1 / (a.b - 1)", float("nan"), id="division by 0"),
    ],
)
def test_expression(text: str, value: float) -> None:
    """Numbers, metrics and the four operations."""
    assert evaluate(text, {"a.b": 1.0, "c": 3.0}) == pytest.approx(value, nan_ok=True)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("__import__('os')", id="call"),
        pytest.param("a ** 9", id="power"),
        pytest.param("'a' + 'b'", id="text"),
        pytest.param("[a]", id="list"),
        pytest.param("a if b else c", id="condition"),
        pytest.param("a +", id="unfinished"),
        pytest.param("+".join("abcdefgh"), id="too many metrics"),
        pytest.param("1 + " * 100 + "1", id="too long"),
        pytest.param("True", id="truth value"),
    ],
)
def test_refused_expressions(text: str) -> None:
    """Anything else is refused before it is run."""
    with pytest.raises(ExpressionError):
        names_in(text)


def test_bounds() -> None:
    """The interval is taken over all corners of the parts."""
    assert bounds("a / b", {"a": (1.0, 2.0), "b": (4.0, 8.0)}) == (0.125, 0.5)
