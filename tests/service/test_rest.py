"""What the REST interface promises: validation, jobs, events, results, the library."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from powerplan.batteries.life import REASONS
from powerplan.cli.app import main
from powerplan.errors import ExitCode
from powerplan.service.documents import Job, RunDocument
from powerplan.study import library, templates
from tests.service.server import TINY, Server, product


def test_it_works_and_says_what_it_is(service: Server) -> None:
    health = service.call("GET", "/healthz").json()
    assert health["status"] == "ok"
    version = service.call("GET", "/version").json()
    assert version["api"] == "1"
    assert len(version["program"]) == 64
    assert version["versions"]["numpy"]
    document = service.call("GET", "/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert {"/api/v1/jobs", "/api/v1/validate", "/api/v1/results/{job}", "/api/v1/models"} <= set(document["paths"])


@pytest.mark.parametrize(("text", "line"), [
    pytest.param(TINY, 0, id="reads well"),
    pytest.param(TINY.replace("radio: {kind", "radio: {kid"), 7, id="misspelt kind"),
    pytest.param(TINY.replace("8 mA", "8 V"), 7, id="wrong unit"),
    pytest.param(TINY.replace("[{run: radio", "[{run: rodeo"), 9, id="unknown part"),
    pytest.param("", 1, id="empty"),
    pytest.param("a: &x [*x]", 1, id="alias"),
    pytest.param("a: 1\na: 2\nb: 3\nb: 4", 2, id="two of each"),
])
def test_validate_as_the_command_line(service: Server, tmp_path: Path, text: str, line: int) -> None:
    answer = service.call("POST", "/api/v1/validate", {"name": "tiny", "text": text})
    found = answer.json()
    assert answer.status == 200
    assert found["ok"] is (line == 0)
    (tmp_path / "tiny.yaml").write_text(text)
    expected = _command("check", str(tmp_path / "tiny.yaml"), "--json")[1]["problems"]
    assert [_placed(problem) for problem in found["problems"]] == [_placed(problem) for problem in expected]
    if line:
        assert (found["problems"][0]["file"], found["problems"][0]["line"]) == ("tiny.yaml", line)


def _placed(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name != "file"}


def _command(*arguments: str) -> tuple[int, Any]:
    """(exit code, JSON document) of a command."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = main(list(arguments))
    return int(code), json.loads(out.getvalue())


def test_a_run_gives_what_the_command_line_gives(service: Server, tmp_path: Path) -> None:
    asked = service.ask("run")
    assert asked.status in (200, 202)
    job = service.wait(asked.json()["id"])
    assert job["state"] == "done"
    assert job["exit_code"] == ExitCode.OK
    answer = service.call("GET", job["links"]["result"])
    result = answer.json()
    (tmp_path / "tiny.yaml").write_text(TINY)
    code, document = _command("run", str(tmp_path / "tiny.yaml"), "--json", "--out", str(tmp_path / "out"))
    assert result["exit_code"] == code
    hashes = [found.pop("hashes") for found in (document, result["document"])]
    assert result["document"] == document
    assert list(hashes[0].values()) == list(hashes[1].values())
    declared = RunDocument.model_validate(document | {"hashes": {}})
    assert not declared.model_extra, "a new key of the document belongs into the OpenAPI document"
    assert any("battery life" in line for line in result["text"])
    assert document["end_text"] == REASONS[document["end_reason"]]


def test_the_same_question_is_the_same_job(service: Server) -> None:
    first = service.ask("run", options={"days": 2, "seed": 5}).json()
    service.wait(first["id"])
    again = service.ask("run", options={"days": 2, "seed": 5}, client="somebody-else")
    assert again.status == 200
    assert again.json()["id"] == first["id"]
    assert again.json()["attempt"] == 1
    other = service.ask("run", options={"days": 2, "seed": 6}).json()
    assert other["id"] != first["id"]


@pytest.mark.parametrize(("kind", "options", "code", "keys"), [
    pytest.param("verify", {"days": 2}, ExitCode.OK, {"requirements"}, id="verify"),
    pytest.param("report", {"days": 2}, ExitCode.OK, {"metrics"}, id="report"),
    pytest.param("solve", {"key": "tasks.alive.when.every", "until": "battery_life >= 100 days", "days": 1},
                 ExitCode.OK, {"outcome", "tries"}, id="solve"),
    pytest.param("optimize", {"over": ["tasks.alive.when.every=30 min,1 h"], "days": 1, "thresholds": 0}, ExitCode.OK,
                 {"objectives"}, id="optimize"),
    pytest.param("fleet", {"units": 50, "days": 1}, ExitCode.OK, {"units"}, id="fleet"),
    pytest.param("sensitivity", {"days": 1}, ExitCode.OK, {"metric"}, id="sensitivity"),
])
def test_kinds_of_jobs(service: Server, kind: str, options: dict[str, Any], code: int, keys: set[str]) -> None:
    text = TINY.replace("current: 8 mA", "current: {min: 6 mA, typ: 8 mA, max: 12 mA}")
    job = service.wait(service.ask(kind, text, options=options).json()["id"])
    assert (job["state"], job["exit_code"]) == ("done", code), job["problem"]
    result = service.call("GET", f"/api/v1/results/{job['id']}").json()
    assert keys <= set(result["document"])
    assert result["text"]


@pytest.mark.parametrize(("kind", "options", "key"), [
    pytest.param("break_even", {"key": "tasks.alive.when.every", "days": 1}, "break_even", id="break-even"),
    pytest.param("compare", {"days": 1}, "designs", id="compare"),
])
def test_two_scenarios(service: Server, kind: str, options: dict[str, Any], key: str) -> None:
    scenarios = [{"name": "one", "text": TINY}, {"name": "two", "text": TINY.replace("200 mAh", "300 mAh")}]
    body = {"kind": kind, "scenarios": scenarios, "options": options}
    job = service.wait(service.call("POST", "/api/v1/jobs", body).json()["id"])
    assert job["state"] == "done", job["problem"]
    assert job["names"] == ["one", "two"]
    result = service.call("GET", f"/api/v1/results/{job['id']}").json()
    assert key in result["document"]
    assert result["text"]
    one = service.call("POST", "/api/v1/jobs", body | {"scenarios": scenarios[:1]})
    assert one.status == 422


def test_diff_as_the_command_line(service: Server, tmp_path: Path) -> None:
    """Two results that are there, compared at once."""
    texts = {"before": TINY, "after": TINY.replace("every: 1 h", "every: 1 min")}
    jobs = {}
    for name, text in texts.items():
        jobs[name] = service.ask("run", text, name=name, options={"days": 2}).json()["id"]
        assert service.wait(jobs[name])["state"] == "done"
        (tmp_path / f"{name}.yaml").write_text(text)
        _command("run", str(tmp_path / f"{name}.yaml"), "--days", "2", "--json", "--out", str(tmp_path / name))
    _, document = _command("diff", str(tmp_path / "before"), str(tmp_path / "after"), "--json")
    found = service.call("GET", f"/api/v1/diff?before={jobs['before']}&after={jobs['after']}").json()
    assert found["document"]["against_baseline"][0].pop("design") == f"after ({jobs['after'][:8]})"
    document["against_baseline"][0].pop("design")
    for key in ("metrics", "requirements", "against_baseline", "notes"):
        assert found["document"][key] == document[key], key
    [changed] = found["document"]["against_baseline"][0]["changed"]
    assert (changed["name"], changed["before"], changed["after"]) == ("tasks.alive.when.every", "1 h", "1 min")
    assert any("tasks.alive.when.every" in line for line in found["text"])
    assert not [line for line in found["text"] if str(service.data) in line]


def test_what_cannot_be_compared_is_said(service: Server) -> None:
    jobs = []
    for kind, options in (("run", {"days": 1}), ("run", {"days": 2}), ("fleet", {"units": 50, "days": 1})):
        jobs.append(service.wait(service.ask(kind, options=options).json()["id"])["id"])
    run, other, no_run = jobs
    call = lambda before, after, more="": service.call(  # noqa: E731 - one line of many
        "GET", f"/api/v1/diff?before={before}&after={after}{more}")
    refused = call(run, other)
    assert (refused.status, refused.json()["code"]) == (422, "Incomparable")
    assert "1 days" in refused.json()["detail"]
    assert call(run, other, "&allow=horizon&allow=workload").status == 200
    assert call(run, no_run).json()["code"] == "NotARun"
    assert call(run, "0" * 64).json()["code"] == "NoSuchJob"
    assert call(run, "x").status == 422
    assert call(run, other, "&allow=everything").status == 422


def test_files_of_a_result(service: Server) -> None:
    job = service.wait(service.ask("report", options={"days": 2, "seed": 11}).json()["id"])
    result = service.call("GET", f"/api/v1/results/{job['id']}").json()
    names = {file["name"] for file in result["files"]}
    assert {"report.html", "junit.xml", "sarif.json", "verdicts.md", "energy.parquet", "run.json"} <= names
    for file in result["files"]:
        answer = service.call("GET", f"/api/v1/results/{job['id']}/{file['name']}")
        assert answer.status == 200
        assert len(answer.body) == file["bytes"]
        assert answer.headers["Content-Type"] == file["media_type"]
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert service.call("GET", f"/api/v1/results/{job['id']}/report.html").body.startswith(b"<!doctype html>")
    page = service.call("GET", f"/api/v1/results/{job['id']}/report.html")
    script = page.body.partition(b"script-src '")[2].partition(b"'")[0].decode()
    assert f"script-src '{script}'" in page.headers["Content-Security-Policy"]
    assert "sandbox allow-scripts" in page.headers["Content-Security-Policy"]
    table = service.call("GET", f"/api/v1/results/{job['id']}/tables/energy.json").json()
    assert "part" in table["columns"]
    assert len({len(column) for column in table["columns"].values()}) == 1
    text = service.call("GET", f"/api/v1/results/{job['id']}/tables/energy.csv").body.decode()
    assert text.splitlines()[0].split(",") == list(table["columns"])


@pytest.mark.parametrize("name", [
    pytest.param("../../journal.sqlite3", id="above"),
    pytest.param("..%2f..%2fjournal.sqlite3", id="above, quoted"),
    pytest.param("%2e%2e/answer.json", id="dots, quoted"),
    pytest.param("..", id="dots"),
    pytest.param("answer.json%00.html", id="NUL"),
    pytest.param("nothing.html", id="no such file"),
    pytest.param("%2fetc%2fpasswd", id="absolute"),
])
def test_only_files_of_the_answer(service: Server, name: str) -> None:
    job = service.wait(service.ask("run").json()["id"])
    answer = service.call("GET", f"/api/v1/results/{job['id']}/{name}")
    assert answer.status in (404, 422)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_events_are_numbered_and_resumable(service: Server) -> None:
    job = service.ask("run", options={"days": 3, "seed": 21}).json()["id"]
    seen = list(service.events(job))
    numbers = [number for number, _, _ in seen]
    assert numbers == sorted(set(numbers))
    states = [data["state"] for _, kind, data in seen if kind == "state"]
    assert states == ["queued", "running", "done"]
    assert all(0 <= data["share"] <= 1 for _, kind, data in seen if kind == "progress")
    late = list(service.events(job, {"Last-Event-ID": str(numbers[0])}))
    assert [data["state"] for _, kind, data in late if kind == "state"] == ["running", "done"]
    assert service.call("GET", f"/api/v1/jobs/{job}/events", headers={"Last-Event-ID": str(numbers[-1])}).status == 204


def test_a_scenario_that_cannot_be_read_fails_with_its_problems(service: Server) -> None:
    job = service.wait(service.ask("run", TINY.replace("8 mA", "8 V")).json()["id"])
    assert job["state"] == "failed"
    assert job["exit_code"] == ExitCode.DATA
    answer = service.call("GET", f"/api/v1/results/{job['id']}")
    problem = answer.json()
    assert answer.status == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["code"] == "PP201"
    assert problem["problems"][0]["line"] == 7
    assert problem == job["problem"]


def test_a_design_that_is_not_feasible_has_the_exit_code_of_the_command(service: Server) -> None:
    text = TINY.replace("for: 5 ms", "for: 5 ms").replace("battery_life >= 30 days", "battery_life >= 90 years")
    job = service.wait(service.ask("verify", text, options={"days": 1}).json()["id"])
    assert job["state"] == "done"
    assert job["exit_code"] == ExitCode.FAIL


def test_jobs_are_listed_newest_first(service: Server) -> None:
    ids = [service.ask("run", options={"days": 1, "seed": 100 + number}).json()["id"] for number in range(3)]
    for job in ids:
        service.wait(job)
    page = service.call("GET", "/api/v1/jobs?limit=2").json()
    assert [job["id"] for job in page["jobs"]] == ids[:0:-1]
    following = service.call("GET", f"/api/v1/jobs?limit=2&before={page['next']}").json()
    assert following["jobs"][0]["id"] == ids[0]
    for job in page["jobs"]:
        Job.model_validate(job)


def test_a_waiting_job_is_cancelled_and_can_be_asked_again(service: Server) -> None:
    long = {"days": 365, "engine": "reference"}
    busy = service.ask("run", product("wake_word_remote"), options=long, client="one").json()["id"]
    waiting = service.ask("run", options={"days": 1, "seed": 31}, client="two").json()["id"]
    assert service.call("POST", f"/api/v1/jobs/{waiting}/cancel").json()["state"] == "cancelled"
    assert service.call("GET", f"/api/v1/results/{waiting}").status == 404
    assert service.call("POST", f"/api/v1/jobs/{busy}/cancel").json()["state"] == "cancelled"
    again = service.ask("run", options={"days": 1, "seed": 31}, client="two")
    assert again.status == 202
    assert service.wait(waiting)["state"] == "done"
    assert service.call("DELETE", f"/api/v1/jobs/{busy}").status == 204
    assert service.call("GET", f"/api/v1/jobs/{busy}").status == 404


def test_inputs_come_back_as_they_were_given(service: Server) -> None:
    text = TINY + "# 智能锁 \t\r\n"
    job = service.ask("run", text, options={"days": 1.5}, name="lock.b").json()["id"]
    found = service.call("GET", f"/api/v1/jobs/{job}/inputs").json()
    assert found["scenarios"] == [{"name": "lock.b", "text": text}]
    assert found["options"]["days"] == 1.5
    assert found["kind"] == "run"
    service.wait(job)


def test_the_library(service: Server) -> None:
    profiles = service.call("GET", "/api/v1/profiles").json()["profiles"]
    assert profiles == library.listing()
    cameras = service.call("GET", "/api/v1/profiles?kind=camera").json()["profiles"]
    assert {row["kind"] for row in cameras} == {"camera"}
    one = service.call("GET", "/api/v1/profiles/camera/ov2640").json()
    assert one["figures"] == library.shown("ov2640").rows()
    assert one["sources"]
    found = service.call("GET", "/api/v1/profiles?search=cortex-m33").json()["profiles"]
    assert found
    assert len(found) < len(profiles)


def test_products_and_schema(service: Server) -> None:
    products = service.call("GET", "/api/v1/products").json()["products"]
    assert [row["name"] for row in products] == templates.names()
    assert all(row["summary"] for row in products)
    assert service.call("GET", "/api/v1/products/fall_band").json()["text"] == product("fall_band")
    jsonschema.Draft202012Validator.check_schema(service.call("GET", "/api/v1/schema").json())


@pytest.mark.parametrize("name", templates.names())
def test_every_product_validates_as_it_is(service: Server, name: str) -> None:
    found = service.call("POST", "/api/v1/validate", {"name": name, "text": product(name)}).json()
    assert found["ok"], found["problems"]


@pytest.mark.parametrize(("method", "path", "status", "code"), [
    pytest.param("GET", "/api/v1/jobs/" + "0" * 64, 404, "NoSuchJob", id="no such job"),
    pytest.param("GET", "/api/v1/jobs/xyz", 422, "Request", id="not an id"),
    pytest.param("GET", "/api/v1/results/" + "0" * 64, 404, "NoSuchJob", id="no such result"),
    pytest.param("GET", "/api/v1/models/" + "0" * 64, 404, "NoSuchUpload", id="no such model"),
    pytest.param("GET", "/api/v1/profiles/camera/nothing", 404, "NoSuchProfile", id="no such profile"),
    pytest.param("GET", "/api/v1/profiles?kind=spoon", 404, "NoSuchKind", id="no such kind"),
    pytest.param("GET", "/api/v1/profiles?search=%3C%20x", 422, None, id="search that cannot be read"),
    pytest.param("GET", "/api/v1/products/nothing", 404, "NoSuchProduct", id="no such product"),
    pytest.param("GET", "/api/v1/nothing", 404, "NotFound", id="no such route"),
    pytest.param("PUT", "/api/v1/jobs", 405, "MethodNotAllowed", id="method"),
])
def test_what_is_not_there_is_a_problem_document(service: Server, method: str, path: str, status: int,
                                                 code: str | None) -> None:
    answer = service.call(method, path, {} if method == "PUT" else None)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert code in (None, answer.json()["code"])
    assert answer.json()["status"] == status
