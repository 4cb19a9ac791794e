"""Names in every script: what is a name, and that one works wherever a name can stand."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest

from powerplan.errors import ExitCode, InputError
from powerplan.files.scenario import load_scenario
from powerplan.model.names import PATTERN
from tests.whole.test_commands import call

LOCK = """
powerplan: 1
product: {name: 智能门锁}
supply: {battery: {capacity: 200 mAh, voltage: 3 V, ideal: true}}
parts:
  主控: {kind: mcu, run_current: 4 mA, sleep_current: 2 uA, wake_time: 1 ms}
  Türöffner: {kind: load, current: 80 mA}
  인체감지: {kind: sensor, rest_current: 1 uA, current: 1 uA, waking: {detection: 90 %, delay: 100 ms}}
cascade:
  人脸:
    level1: {latency: 40 ms}
    level2: {latency: 200 ms}
    outcomes: {escalate: 90 %, detect: 90 %}
tasks:
  开门: {when: {interrupt: 인체감지}, do: [{cascade: 人脸}], on_detect: [{run: Türöffner, for: 500 ms}]}
  पहचान: {when: {every: 1 h}, do: [{compute: 主控, for: 5 ms}]}
workload:
  events: {来访: {rate: 40/day, lasts: 8 s, label: 来访}}
metrics:
  ежедневно: releases.पहचान / 2 + 1
requirements:
  需求-1: battery_life >= 30 days
  需求-2: latency.开门 p95 <= 3 s
  需求-3: escalation.人脸 >= 0.5
  需求-4: ежедневно <= 20
  需求-5: never_together(Türöffner, 인체감지)
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "lock.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", [
    pytest.param("door_2", id="ASCII"), pytest.param("ä", id="one letter"), pytest.param("门锁2号", id="Chinese"),
    pytest.param("ドア", id="Japanese"), pytest.param("مقبض", id="Arabic"), pytest.param("दरवाज़ा", id="with marks"),
    pytest.param("x" * 64, id="64 letters"), pytest.param("дверь_1", id="Cyrillic"),
])
def test_a_name(tmp_path: Path, name: str) -> None:
    name = unicodedata.normalize("NFKC", name)
    assert name in load_scenario(write(tmp_path, LOCK.replace("Türöffner", name))).scenario.parts
    assert re.search(PATTERN, name)


@pytest.mark.parametrize(("name", "hint"), [
    pytest.param("2mcu", "beginning with a letter", id="digit first"), pytest.param("_mcu", "letters", id="_ first"),
    pytest.param("tür-öffner", "write tür_öffner", id="hyphen"), pytest.param("门 锁", "write 门_锁", id="space"),
    pytest.param("recall.x", "write recall_x", id="dot"), pytest.param("x" * 65, "at most 64", id="too long"),
    pytest.param("Tu\u0308r", "write Tür", id="another way to write a letter"),
    pytest.param("ｍｃｕ", "write mcu", id="full width"), pytest.param("🔒", "letters", id="emoji"),
    pytest.param("a\u202eb", "write a_b", id="direction sign"), pytest.param("a\u200bb", "write a_b", id="no width"),
    pytest.param("a>=b", "write a_b", id="operator"),
    pytest.param("½", "letters", id="number sign"),
])
def test_no_name(tmp_path: Path, name: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        load_scenario(write(tmp_path, LOCK.replace("Türöffner", json.dumps(name, ensure_ascii=False))))
    found = next(problem for problem in caught.value.problems if problem.code == "PP106")
    assert "is no name" in found.message
    assert hint in found.hint
    assert found.line == 7


def test_names_of_every_script_stand_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, LOCK)
    code, out, err = call("verify", str(path), "--days", "4", "--json", capsys=capsys)
    assert code == ExitCode.OK, err
    found = json.loads(out)
    verdicts = {line["id"]: line["verdict"] for line in found["requirements"]}
    assert verdicts == {f"需求-{number}": "PASS" for number in range(1, 6)}
    assert found["metrics"]["ежедневно"]["value"] == pytest.approx(13.0, rel=0.01)
    assert found["metrics"]["latency.开门.p95"]["value"] > 0
    code, out, err = call("solve", str(path), "--for", "tasks.पहचान.every", "--until", "ежедневно <= 7", "--days", "1",
                          capsys=capsys)
    assert code == ExitCode.OK, err
    assert "smallest tasks.पहचान.when.every" in out
    wrong = write(tmp_path, LOCK.replace("escalation.人脸", "escalation.人险"))
    code, _, err = call("check", str(wrong), capsys=capsys)
    assert code == ExitCode.DATA
    assert "there is: 人脸" in err


def test_editors_know_the_rule(capsys: pytest.CaptureFixture[str]) -> None:
    import jsonschema

    from powerplan.files.strict_yaml import read_document

    schema = json.loads(call("schema", capsys=capsys)[1])
    jsonschema.validate(read_document(LOCK).data, schema)
    with pytest.raises(jsonschema.ValidationError, match="2türen"):
        jsonschema.validate(read_document(LOCK.replace("run: Türöffner", "run: 2türen")).data, schema)
    assert PATTERN.isascii()
