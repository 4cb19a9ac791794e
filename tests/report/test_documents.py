"""The PDF and the Markdown say what the page says, print every letter, and are the same each time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from powerplan.report.closed_form import COUNTS
from powerplan.report.content import content
from powerplan.report.facts import FORMATS, PLOT_KINDS, ReportFacts, ReportOptions
from powerplan.report.markdown import to_markdown
from powerplan.report.pdf import to_report_pdf
from powerplan.report.write import FormatProblem, chosen, write_report
from powerplan.results.tables import Table
from tests.report import made

CASES: dict[str, Callable[[], tuple[dict[str, Table], ReportFacts]]] = {
    "typical": lambda: (made.typical(), made.FACTS),
    "not feasible": lambda: (made.not_feasible(), made.FACTS),
    "no cascade": lambda: (made.no_cascade(), made.FACTS),
    "empty tables": lambda: (made.nothing(), made.FACTS),
    "long Chinese names": lambda: made.named(made.CHINESE),
    "nasty names": lambda: made.named(made.NASTY),
}


@pytest.mark.parametrize("case", list(CASES))
def test_pdf_of_every_case(case: str) -> None:
    tables, facts = CASES[case]()
    drawn = made.undrawn(tables, facts)
    pdf = to_report_pdf(tables, facts, drawn)
    assert pdf.startswith(b"%PDF")
    assert pdf.rstrip().endswith(b"%%EOF")
    assert len(pdf) < 20_000_000
    assert len(re.findall(rb"/Alt ", pdf)) == len(drawn)
    if case == "long Chinese names":
        assert b"PowerplanSansHan" in pdf


def test_pdf_is_the_same_each_time_and_says_no_date() -> None:
    drawn = made.undrawn(made.typical(), made.FACTS)
    first, second = (to_report_pdf(made.typical(), made.FACTS, drawn) for _ in range(2))
    assert first == second
    assert re.findall(rb"D:\d{14}", first) == [b"D:19700101000000"]


def test_pdf_has_an_outline_and_no_link_to_the_outside() -> None:
    pdf = to_report_pdf(made.typical(), made.FACTS, made.undrawn(made.typical(), made.FACTS))
    assert b"/Outlines" in pdf
    assert b"/URI" not in pdf
    assert b"/JavaScript" not in pdf


@pytest.mark.parametrize("case", list(CASES))
def test_markdown_of_every_case(case: str) -> None:
    tables, facts = CASES[case]()
    drawn = made.undrawn(tables, facts)
    text = to_markdown(tables, facts, drawn, ("svg", "png"))
    body = "\n".join(line for line in text.splitlines() if not line.startswith("    "))
    assert not re.search(r"(?<!\\)<[a-z/!]", body)
    assert text.count("](energy.csv)") == 1
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block


def test_markdown_says_what_the_page_says() -> None:
    text = to_markdown(made.typical(), made.FACTS, made.undrawn(made.typical(), made.FACTS), ("svg",))
    for wanted in ("# Wake-word remote", "1 of 4 requirements fails", "**412 d (1.13 years)**", "| ✕ FAIL |",
                   "hundreds of microwatts", "ASSUMED", "9f2c" * 16,
                   "![73 % of the energy goes to microphone in listen and mcu in deep\\_sleep](energy.svg)",
                   "    powerplan run scenarios/wake_word_remote.yaml --seed 7"):
        assert wanted in text


@pytest.mark.parametrize(("options", "names"), [
    pytest.param(ReportOptions(("md",), ()), {"report.md"}, id="Markdown alone"),
    pytest.param(ReportOptions(("html",), ("pdf",)), {"report.html", "energy.pdf"}, id="page and vector plots"),
    pytest.param(ReportOptions(("pdf",), ()), {"report.pdf"}, id="PDF alone"),
    pytest.param(ReportOptions((), ("png",)), {"energy.png"}, id="plots alone"),
])
def test_formats_asked_for(options: ReportOptions, names: set[str], tmp_path: Path) -> None:
    tables = made.nothing() | {"energy": made.typical()["energy"]}
    written = {path.name for path in write_report(tables, made.FACTS, tmp_path, options)}
    kinds = {path.rpartition(".")[2] for path in written if path.startswith("energy.")}
    assert names <= written
    assert kinds == {*options.plot_kinds, "csv", "json"}
    assert {path for path in written if path.startswith("report.")} == {name for name in names if "report" in name}


def test_data_of_a_plot_as_json(tmp_path: Path) -> None:
    write_report({"sweep": made.typical()["sweep"]}, made.FACTS, tmp_path, ReportOptions((), ()))
    found = json.loads((tmp_path / "pareto.json").read_text(encoding="utf-8"))
    assert found["name"] == "pareto"
    assert len(found["columns"]["recall"]) == 25
    assert {len(values) for values in found["columns"].values()} == {25}


@pytest.mark.parametrize(("text", "known", "wanted"), [
    pytest.param("md, html", FORMATS, ("html", "md"), id="our order"),
    pytest.param("all", PLOT_KINDS, ("svg", "png", "pdf"), id="all"),
    pytest.param("none", PLOT_KINDS, (), id="none"),
])
def test_chosen_formats(text: str, known: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    assert chosen(text, known, "--format") == wanted


@pytest.mark.parametrize("text", [pytest.param("docx", id="unknown"), pytest.param(" , ", id="nothing")])
def test_unknown_formats_are_refused(text: str) -> None:
    with pytest.raises(FormatProblem, match=r"--format: .* is not known; give all, none, or some of html, pdf, md"):
        chosen(text, FORMATS, "--format")

def test_a_life_longer_than_the_calculation() -> None:
    tables = made.typical()
    summary, asked = tables["summary"].rows(), tables["requirements"].rows()
    summary[0] |= {"value": 7_300.0, "low": 5_000.0, "high": 7_300.0}
    asked[0] |= {"value": 7_300.0, "verdict": "PASS"}
    tables |= {"summary": made.table("summary", [tuple(row.values()) for row in summary]),
               "requirements": made.table("requirements", [tuple(row.values()) for row in asked])}
    facts = replace(made.FACTS, end_reason="horizon", horizon_days=7_300.0)
    text = to_markdown(tables, facts, made.undrawn(tables, facts), ("svg",))
    for wanted in ("**Longer than the 20 years calculated**",
                   "90 % interval 5,000 d (13.70 years) to more than 20 years.",
                   "| more than 20 years (5,000 d (13.70 years) to more than 20 years) | 730 d (2.00 years) |",
                   "The battery lasts longer than the 20 years calculated"):
        assert wanted in text
    assert "20.00 years" not in text
    assert "It ends when" not in text


@pytest.mark.parametrize(("limit", "shown"), [
    pytest.param("<= 8 %", "| 10.1 % (8.8 % to 11.5 %) | 8 % |", id="in per cent"),
    pytest.param("<= 0.08", "| 0.101 (0.088 to 0.115) | 0.08 |", id="as a number"),
])
def test_shares_are_told_as_their_limit_is(limit: str, shown: str) -> None:
    line = ("R1", f"count_error.cats {limit}", "count_error.cats", "FAIL", 0.101, "1", 0.08, -0.26, None, "")
    tables = {"summary": made.table("summary", [("count_error.cats", 0.101, "1", 0.088, 0.115, "Wilson")]),
              "requirements": made.table("requirements", [line])}
    assert shown in to_markdown(made.nothing() | tables, made.FACTS, [], ())


@pytest.mark.parametrize(("simulated", "mean", "says"), [
    pytest.param(20.5, 20.0, "", id="close"),
    pytest.param(1.0, 0.6, f"ring ran 14 times in 14 days, 8.4 times in the mean; {COUNTS}", id="rare, by chance"),
    pytest.param(100.0, 60.0, COUNTS, id="more than chance"),
    pytest.param(3.0, 0.0, "", id="no mean"),
])
def test_what_is_said_of_the_closed_form(simulated: float, mean: float, says: str) -> None:
    difference = (simulated - mean) / mean if mean else 0.0
    rows = [("current of all parts", simulated, mean, difference, "A"),
            ("activations of ring", simulated, mean, difference, "1/d")]
    checks = content(made.nothing() | {"closed_form": made.table("closed_form", rows)}, made.FACTS)["checks"]
    assert [row["note"] for row in checks] == [COUNTS if says else "", says]
