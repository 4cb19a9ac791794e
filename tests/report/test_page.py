"""The page: one file, nothing from outside, nothing unescaped, the same bytes for the same inputs."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from powerplan.report.content import content, headline
from powerplan.report.facts import ReportOptions
from powerplan.report.plots import PLOTS
from powerplan.report.words import clean, days, measured, percent, power_class, quantity, shorten, wrap
from powerplan.report.write import write_report
from powerplan.results.tables import Table
from tests.report import made

PAGE = ReportOptions(("html",), ())
VOID = {"meta", "input", "br", "img", "link", "hr"}


class Reader(HTMLParser):
    """What stands in a page: tags, attributes and texts, with unclosed tags noticed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend((name, value or "") for name, value in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend((name, value or "") for name, value in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def typical(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("typical")
    write_report(made.typical(), made.FACTS, folder)
    return folder


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nasty")
    write_report(*made.named(made.NASTY), folder, ReportOptions(("html",), ("svg",)))
    return folder


def page_of(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def test_all_files_are_written(tmp_path: Path) -> None:
    written = write_report(made.nothing(), made.FACTS, tmp_path)
    wanted = {"report.html", "report.pdf", "report.md",
              *(f"{plot.name}.{kind}" for plot in PLOTS for kind in ("png", "svg", "csv", "json"))}
    assert {path.name for path in written} == wanted == {path.name for path in tmp_path.iterdir()}
    assert written[0].name == "report.html"
    Reader(page_of(tmp_path))


@pytest.mark.slow
def test_same_inputs_same_bytes(typical: Path, tmp_path: Path) -> None:
    for path in write_report(made.typical(), made.FACTS, tmp_path):
        assert path.read_bytes() == (typical / path.name).read_bytes(), path.name


@pytest.mark.parametrize("folder", ["typical", "nasty"])
def test_nothing_comes_from_outside(folder: str, request: pytest.FixtureRequest) -> None:
    page = page_of(request.getfixturevalue(folder))
    assert "default-src 'none'" in page
    assert len(page.encode()) < 5_000_000
    assert not re.search(r"https?:|//[a-z0-9-]+\.[a-z]|@import|<link|<iframe|javascript:", page, re.IGNORECASE)
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|import)\b *\(", page)
    read = Reader(page)
    assert not read.open
    assert all(value.startswith(("#", "data:image/png")) for name, value in read.attributes if name in ("href", "src"))
    assert not any(name.startswith("on") for name, _ in read.attributes)


def test_only_the_pages_own_script_may_run(typical: Path, nasty: Path) -> None:
    for folder in (typical, nasty):
        page = page_of(folder)
        scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)
        assert [attributes.strip() for attributes, _ in scripts] == ['type="application/json" id="timeline-data"', ""]
        json.loads(scripts[0][1])
        allowed = base64.b64encode(hashlib.sha256(scripts[1][1].encode()).digest()).decode()
        assert f"script-src 'sha256-{allowed}'" in page


def test_everything_can_be_read_without_the_script(typical: Path) -> None:
    page = re.sub(r"<script.*?</script>", "", page_of(typical), flags=re.DOTALL)
    assert page.count("<svg") == len(PLOTS)
    assert page.count("In words") == len(PLOTS)
    assert '<div class="live" id="timeline-live" hidden>' in page


def test_identifiers_are_unique_and_found(typical: Path) -> None:
    read = Reader(page_of(typical))
    identifiers = [value for name, value in read.attributes if name == "id"]
    assert len(identifiers) == len(set(identifiers))
    named = {value[1:] for name, value in read.attributes if name == "href" and value.startswith("#")}
    assert named <= set(identifiers)


def test_nasty_texts_are_escaped_and_cut(nasty: Path) -> None:
    page = page_of(nasty)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in page
    assert "x" * 2_000 not in page
    assert not set("\u202e\x00\x07\ud800") & set(page)
    for path in nasty.glob("*.svg"):
        assert "<script" not in path.read_text(encoding="utf-8")
    for path in nasty.glob("*.csv"):
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")):
            assert not any(cell.startswith(("=", "@")) for cell in row)


def test_page_one_holds_the_answer(typical: Path) -> None:
    first = page_of(typical).split("</section>")[0]
    text = " ".join(" ".join(Reader(first).texts).split())
    for wanted in ("Wake-word remote", "living room", "a household of three", "1 of 4 requirements fails", "FAIL",
                   "PASS", "MARGINAL", "NOT EVALUATED", "412 d (1.13 years)",
                   "338 d (0.93 years) to 497 d (1.36 years)",
                   "the worst pulse pulls the voltage below brown-out", "flash.mcu", "ram.mcu", "voltage", "microphone",
                   "43 %", "the smallest single change that meets it", "Closed form"):
        assert wanted in text


def test_sources_and_reproduction_are_there(typical: Path) -> None:
    page = page_of(typical)
    assert page.count('<tr class="assumed">') == 2
    assert "331 µW at the battery: hundreds of microwatts" in page
    for wanted in ("Apollo3 Blue datasheet", "table 21, p. 44", "2 of 9 figures are assumed", made.FACTS.command,
                   "seed 7", "9f2c" * 16, "2.4.6"):
        assert wanted in page


def test_share_on_assumed_figures_is_shown_when_given(tmp_path: Path) -> None:
    tables = made.typical()
    rows = [*zip(*tables["summary"].columns.values(), strict=True), ("assumed_energy", 0.18, "1", 0.18, 0.18, "")]
    tables["summary"] = made.table("summary", rows)
    write_report({"summary": tables["summary"], "figures": tables["figures"]}, made.FACTS, tmp_path, PAGE)
    assert "18 % of the energy rests on assumed figures" in page_of(tmp_path)


def test_chinese_comes_with_its_font(tmp_path: Path) -> None:
    tables, facts = made.named(made.CHINESE)
    write_report({"energy": tables["energy"], "figures": tables["figures"]}, facts, tmp_path, PAGE)
    page = page_of(tmp_path)
    font = re.search(r"url\(data:font/ttf;base64,([^)]+)\)", page)
    assert font is not None
    assert len(font.group(1)) < 60_000
    assert made.CHINESE[0] in page
    assert not re.search(r"https?:", page)


def _judged(*verdicts: str, gate: bool = True) -> dict[str, Table]:
    rows = [(str(n), "r", "m", verdict, 1.0, "1", 1.0, 0.0, None, "") for n, verdict in enumerate(verdicts)]
    return {"requirements": made.table("requirements", rows),
            "gates": made.table("gates", [("flash", gate, 1.0, 2.0, "B", "")])}


@pytest.mark.parametrize(("tables", "text"), [
    pytest.param(_judged("PASS", "PASS"), "All 2 requirements are met", id="all pass"),
    pytest.param(_judged("PASS"), "The requirement is met", id="the only one passes"),
    pytest.param(_judged("FAIL", "FAIL", "PASS"), "2 of 3 requirements fail", id="two fail"),
    pytest.param(_judged("PASS", "MARGINAL"), "1 of 2 requirements are met, 1 is not certain", id="one marginal"),
    pytest.param(_judged("PASS", gate=False), "Not feasible as it stands", id="a gate is shut"),
    pytest.param(_judged("NOT FEASIBLE"), "Not feasible as it stands", id="verdict says so"),
    pytest.param(_judged(), "No requirement is stated", id="none stated"),
])
def test_headline(tables: dict[str, Table], text: str) -> None:
    assert headline(tables).text == text


@pytest.mark.parametrize(("found", "wanted"), [
    pytest.param(quantity(1.2e-6, "current"), "1.2 µA", id="micro sign"),
    pytest.param(quantity(None, "current"), "–", id="nothing"),
    pytest.param(days(412.0), "412 d (1.13 years)", id="days and years"),
    pytest.param(days(20.0), "20 d", id="days alone"),
    pytest.param(days(0.25), "6 h", id="hours"),
    pytest.param(measured(0.934, "1", "recall.keyword"), "93.4 %", id="recall in percent"),
    pytest.param(measured(8240.0, "1", "cycles.keyword"), "8,240", id="a count"),
    pytest.param(measured(0.31, "1/d"), "0.31/day", id="a rate"),
    pytest.param(percent(0.00001), "< 0.01 %", id="tiny share"),
    pytest.param(power_class(0.9e-6), "below a microwatt", id="power below a microwatt"),
    pytest.param(power_class(1e-3), "milliwatts", id="a class begins at its lower end"),
    pytest.param(power_class(0.3e-3), "hundreds of microwatts", id="power in words"),
    pytest.param(power_class(40.0), "a watt and more", id="no upper end"),
    pytest.param(clean("a\nb\x00\u202ec"), "a bc", id="control characters"),
    pytest.param(len(clean("x" * 100_000)), 200, id="cut"),
    pytest.param(shorten("深度睡眠保持内存", 9), "深度睡眠…", id="wide characters count twice"),
    pytest.param(wrap("one two three", 7, 2), ["one two", "three"], id="wrapped"),
    pytest.param(wrap("深度睡眠", 4, 3), ["深度", "睡眠"], id="Chinese breaks anywhere"),
])
def test_words(found: object, wanted: object) -> None:
    assert found == wanted


def test_unwritable_folder_is_an_output_error(tmp_path: Path) -> None:
    from powerplan.errors import OutputError

    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_report(made.nothing(), made.FACTS, tmp_path / "file" / "below")


def test_words_of_the_first_page(typical: Path) -> None:
    """A margin of a limit of 0 is no share, sizes are in one unit, and what to type looks like it."""
    tables = made.typical()
    tables["requirements"] = made.table("requirements", [
        ("R1", "net_energy >= 0 J", "net_energy", "PASS", 1700.0, "J", 0.0, 1701.7, None, "")])
    said = content(tables, made.FACTS)
    assert [row["margin"] for row in said["requirements"]] == ["–"]
    assert [(row["needed"], row["available"]) for row in said["gates"]][:2] == [
        ("182.6 KiB", "1,024.0 KiB"), ("59.6 KiB", "384.0 KiB")]
    page = (typical / "report.html").read_text(encoding="utf-8")
    assert "<code>powerplan sweep</code>" in page


@pytest.mark.parametrize(("samples", "said"), [
    pytest.param(0, "no figure with a range", id="nothing was varied"),
    pytest.param(3, "every sample ends there", id="all samples reach the horizon"),
])
def test_why_there_is_no_interval(samples: int, said: str) -> None:
    tables = made.typical()
    tables["summary"] = made.table("summary", [("battery_life", 7300.0, "d", 7300.0, 7300.0, "")])
    tables["lives"] = made.table("lives", [(number, 7300.0) for number in range(samples)])
    assert said in content(tables, made.FACTS)["life"]["no_range"]
