"""Files that build servers read: JUnit XML, SARIF, annotations, Markdown."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from powerplan.errors import ExitCode
from powerplan.results.verdict_files import Judged, Place, github, junit, markdown, sarif
from tests.whole.test_commands import call
from tests.whole.test_run import SMALL, write_small

NASTY = "a|b <c> & \"d\" %0A ::error:: \x07\ud800 中文名"


def row(name: str, verdict: str, text: str = "battery_life >= 1 year") -> Judged:
    return Judged(name, text, verdict, "200 d", "365 d", "-45.2%", "", Place("sub folder/small.yaml", 41, 3))


ROWS = [row("R1", "PASS"), row("R2", "FAIL"), row("R3", "MARGINAL"), row("R4", "NOT EVALUATED"),
        row("R5", "NOT FEASIBLE")]


@pytest.mark.parametrize(("marginal", "counts"), [
    pytest.param("marginal", ("1", "1", "2"), id="marginal is skipped"),
    pytest.param("fail", ("3", "1", "0"), id="marginal fails"),
    pytest.param("pass", ("1", "1", "0"), id="marginal passes"),
])
def test_junit_counts(marginal: str, counts: tuple[str, str, str]) -> None:
    root = ElementTree.fromstring(junit("small.yaml", ROWS, {"seed": "1"}, marginal))
    suite = root.find("testsuite")
    assert suite is not None
    assert root.tag == "testsuites"
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == counts
    assert suite.get("tests") == str(len(suite.findall("testcase"))) == "5"
    assert len(suite.findall("testcase/failure")) == int(counts[0])
    assert suite.find("properties/property").attrib == {"name": "seed", "value": "1"}  # type: ignore[union-attr]


def test_junit_takes_any_text() -> None:
    root = ElementTree.fromstring(junit(NASTY, [row("R", "FAIL", NASTY)], {NASTY: NASTY}))
    assert "中文名" in str(root.find("testsuite/testcase").get("name"))  # type: ignore[union-attr]


def check_sarif(log: dict[str, object]) -> list[dict[str, object]]:
    """The rules of SARIF 2.1.0 that concern us; the results."""
    assert log["version"] == "2.1.0"
    [run] = log["runs"]  # type: ignore[misc]
    driver = run["tool"]["driver"]
    assert driver["name"]
    rules = [rule["id"] for rule in driver["rules"]]
    assert len(rules) == len(set(rules))
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["kind"] in ("pass", "open", "informational", "notApplicable", "review", "fail")
        assert (result["level"] == "none") == (result["kind"] != "fail")
        assert result["message"]["text"]
        for location in result["locations"]:
            physical = location["physicalLocation"]
            assert " " not in physical["artifactLocation"]["uri"]
            assert physical["region"]["startLine"] >= 1
            assert physical["region"]["startColumn"] >= 1
    return list(run["results"])


def test_sarif_levels() -> None:
    found = check_sarif(json.loads(json.dumps(sarif(ROWS, "0.1"))))
    assert [(r["kind"], r["level"]) for r in found] == [
        ("pass", "none"), ("fail", "error"), ("fail", "warning"), ("open", "none"), ("fail", "error")]


def test_github_annotations_escape() -> None:
    lines = github([*ROWS, row("R6", "FAIL", "50 %\nnext")])
    assert len(lines) == 5
    assert lines[0].startswith("::error file=sub folder/small.yaml,line=41,col=3,title=R2 FAIL::FAIL: ")
    assert "50 %25%0Anext" in lines[-1]


def test_markdown_cells_stay_cells() -> None:
    text = markdown("x", [row("R", "FAIL", NASTY)], ["one"])
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.replace("\\|", "").count("|") == 7 for line in table)


def test_verify_writes_files_that_point_at_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_small(tmp_path, SMALL.replace(">= 30 days", ">= 90 years"))
    xml, log = tmp_path / "out.xml", tmp_path / "out.sarif"
    code, out, _ = call("verify", str(path), "--days", "1", "--junit", str(xml), "--sarif", str(log), "--format",
                        "github", capsys=capsys)
    assert code == ExitCode.FAIL
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if "REQ-1" in text)
    results = check_sarif(json.loads(log.read_text()))
    first = results[0]["locations"][0]["physicalLocation"]  # type: ignore[index]
    assert first["region"] == {"startLine": line, "startColumn": 3}
    assert first["artifactLocation"]["uri"].endswith("/small.yaml")
    case = ElementTree.parse(xml).getroot().find("testsuite/testcase")
    assert case is not None
    assert case.get("line") == str(line)
    assert f"line={line},col=3,title=REQ-1 FAIL::" in out


def test_a_variant_points_into_the_file_it_is_based_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_small(tmp_path)
    variant = tmp_path / "variant.yaml"
    variant.write_text("powerplan: 1\nbased_on: small.yaml\nrequirements:\n  REQ-2: recall.person >= 0.1\n")
    log = tmp_path / "out.sarif"
    call("verify", str(variant), "--days", "1", "--sarif", str(log), capsys=capsys)
    places = [result["locations"][0]["physicalLocation"] for result in check_sarif(json.loads(log.read_text()))
              ]  # type: ignore[index]
    files = {place["artifactLocation"]["uri"].rsplit("/", 1)[1]: place["region"]["startLine"] for place in places}
    assert files["variant.yaml"] == 4
    assert set(files) == {"variant.yaml", "small.yaml"}


def test_problems_of_a_file_become_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_small(tmp_path, SMALL + "  REQ-4: batery_life >= 1 day\n")
    xml, log = tmp_path / "out.xml", tmp_path / "out.sarif"
    code, out, _ = call("verify", str(path), "--junit", str(xml), "--sarif", str(log), "--format", "github",
                        capsys=capsys)
    assert code == ExitCode.DATA
    assert [result["ruleId"] for result in check_sarif(json.loads(log.read_text()))] == ["PP305"]
    assert ElementTree.parse(xml).getroot().get("failures") == "1"
    assert "title=PP305" in out


def test_markdown_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_small(tmp_path)
    _, out, _ = call("verify", str(path), "--days", "1", "--format", "markdown", capsys=capsys)
    assert out.startswith("### a small device (small.yaml)")
    assert "battery\\_life" in out


@pytest.mark.parametrize("option", [("--format", "pdf"), ("--marginal", "maybe")], ids=["format", "marginal"])
def test_unknown_choices_are_usage_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str], option: tuple[str, str]
                                          ) -> None:
    assert call("verify", str(write_small(tmp_path)), *option, capsys=capsys)[0] == ExitCode.USAGE
