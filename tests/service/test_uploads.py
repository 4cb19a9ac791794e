"""Uploads: checked, kept by hash, and the only files of a client that a scenario can name."""

from __future__ import annotations

import hashlib
import time

import numpy as np
import pytest

from cascade.errors import EXIT_MODEL
from tests.cascade.make_models import running_sum
from tests.cascade.test_interpreter import KEYWORDS, _without_bias
from tests.service.server import Server, product
from tests.shared import shared_path

CASCADE = """
powerplan: 1
product: {name: a device with a cascade}
supply: {battery: {capacity: 200 mAh, voltage: 3 V, ideal: true}}
parts:
  mcu: {kind: mcu, run_current: 4 mA, sleep_current: 2 uA, wake_time: 1 ms}
  pir: {kind: sensor, rest_current: 1 uA, current: 1 uA, waking: {detection: 90 %, delay: 100 ms}}
cascade:
  person:
    level1: {latency: 40 ms, threshold: 0.4}
    level2: {latency: 200 ms, threshold: 0.6}
    scores: SCORES
    labels: {person: 1, none: 0}
    background: {none: rest}
tasks:
  watch: {when: {interrupt: pir}, do: [{cascade: person}]}
workload:
  events:
    visitor: {rate: 40/day, lasts: 8 s, label: person}
requirements:
  REQ-1: recall.person >= 0.5
"""
MODEL_TYPE, SCORES_TYPE = "application/octet-stream", "text/csv"


def scores() -> bytes:
    """A score table."""
    chance = np.random.default_rng(7)
    rows = ["sample_id,clip_id,time,label,score_1,score_2"]
    for number in range(200):
        label = number % 2
        first, second = chance.beta(2 + 3 * label, 5 - 3 * label), chance.beta(2 + 5 * label, 7 - 5 * label)
        rows.append(f"{number},{number},0,{label},{first:.4f},{second:.4f}")
    return "\n".join(rows).encode()


def killer() -> bytes:
    """A model that keeps every rule of the schema and kills the interpreter."""
    return _without_bias(shared_path(*KEYWORDS).read_bytes())


def test_a_model_is_checked_and_kept(service: Server) -> None:
    data = running_sum()
    sha256 = hashlib.sha256(data).hexdigest()
    assert service.call("GET", f"/api/v1/models/{sha256}").status == 404
    answer = service.call("POST", "/api/v1/models", data, kind=MODEL_TYPE)
    found = answer.json()
    assert answer.status == 201
    assert found["sha256"] == sha256
    assert found["reference"] == f"{sha256}.tflite"
    assert found["bytes"] == len(data)
    assert found["facts"]["operators"]
    assert service.call("POST", "/api/v1/models", data, kind=MODEL_TYPE).status == 200
    assert service.call("GET", f"/api/v1/models/{sha256}").json() == found


@pytest.mark.parametrize(("data", "code"), [
    pytest.param(b"", "ModelError", id="empty"),
    pytest.param(b"\x00" * 1000, "ModelError", id="zeros"),
    pytest.param(b"PK\x03\x04" + b"x" * 500, "ModelError", id="an archive"),
    pytest.param(running_sum()[:-200], "ModelError", id="cut off"),
])
def test_models_that_are_refused(service: Server, data: bytes, code: str) -> None:
    answer = service.call("POST", "/api/v1/models", data, kind=MODEL_TYPE)
    assert answer.status == 422
    assert answer.json()["code"] == code
    assert answer.json()["exit_code"] == EXIT_MODEL
    assert service.call("GET", f"/api/v1/models/{hashlib.sha256(data).hexdigest()}").status == 404


def test_a_model_that_kills_its_interpreter_kills_nothing_else(service: Server) -> None:
    before = service.workers()
    for _ in range(3):
        answer = service.call("POST", "/api/v1/models", killer(), kind=MODEL_TYPE)
        assert answer.status == 422
        assert answer.json()["code"] == "ModelError"
        assert str(service.data) not in answer.body.decode()
    assert service.workers() == before


def test_a_score_table_is_used_by_its_hash(service: Server) -> None:
    data = scores()
    found = service.call("POST", "/api/v1/scores", data, kind=SCORES_TYPE).json()
    assert found["facts"]["rows"] == 200
    assert found["facts"]["labels"] == {"0": 100, "1": 100}
    text = CASCADE.replace("SCORES", found["reference"])
    assert service.call("POST", "/api/v1/validate", {"text": text}).json()["ok"]
    job = service.wait(service.ask("sweep", text, options={"days": 2, "thresholds": 3}).json()["id"])
    assert job["state"] == "done", job["problem"]
    result = service.call("GET", f"/api/v1/results/{job['id']}").json()
    assert len(result["document"]["rows"]) >= 9
    assert {"sweep.csv", "sweep_map.svg"} <= {file["name"] for file in result["files"]}


@pytest.mark.parametrize("data", [
    pytest.param(b"", id="empty"),
    pytest.param(b"a,b\n1,2\n", id="other columns"),
    pytest.param(b"\xff\xfe\x00", id="not UTF-8"),
])
def test_score_tables_that_are_refused(service: Server, data: bytes) -> None:
    answer = service.call("POST", "/api/v1/scores", data, kind=SCORES_TYPE)
    assert answer.status == 422
    assert answer.json()["code"] == "ScoresProblem"
    assert str(service.data) not in answer.body.decode()


@pytest.mark.parametrize(("old", "new", "line"), [
    pytest.param("SCORES", "scores.csv", 12, id="a file"),
    pytest.param("SCORES", "/etc/passwd.csv", 12, id="an absolute path"),
    pytest.param("SCORES", "../../journal.csv", 12, id="a path upwards"),
    pytest.param("SCORES", "0" * 64 + ".csv", 12, id="a hash that was not uploaded"),
    pytest.param("SCORES", "scores/../scores/cat_counter.csv", 12, id="a detour"),
    pytest.param("level1: {latency: 40 ms", "level1: {model: m.tflite, latency: 40 ms", 10, id="a model file"),
    pytest.param("level1: {latency: 40 ms", "level1: {model: m.keras, latency: 40 ms", 10, id="a Keras file"),
    pytest.param("powerplan: 1", "powerplan: 1\nbased_on: ../secret.yaml", 3, id="based on a file"),
    pytest.param("powerplan: 1", "powerplan: 1\nfirmware: {image: /bin/sh}", 3, id="a firmware image"),
])
def test_other_names_are_refused_at_their_line(service: Server, old: str, new: str, line: int) -> None:
    text = CASCADE.replace(old, new)
    found = service.call("POST", "/api/v1/validate", {"text": text}).json()
    assert not found["ok"]
    first = found["problems"][0]
    assert (first["code"], first["line"]) == ("PP303", line)
    assert first["hint"]
    job = service.wait(service.ask("run", text).json()["id"])
    assert job["problem"]["code"] == "PP303"


def test_a_variant_of_a_product(service: Server) -> None:
    text = "based_on: cat_counter.yaml\nproduct: {name: my own cat counter}\n"
    found = service.call("POST", "/api/v1/validate", {"name": "cat_counter", "text": text}).json()
    assert found["ok"], found["problems"]


def test_nothing_is_left_of_work(service: Server) -> None:
    service.call("POST", "/api/v1/models", b"nonsense", kind=MODEL_TYPE)
    service.wait(service.ask("run", product("wake_word_remote").replace("powerplan: 1", "powerplan: 9")).json()["id"])
    end = time.monotonic() + 30
    while service.work():
        assert time.monotonic() < end, "folders of work in progress stay behind"
        time.sleep(0.05)
