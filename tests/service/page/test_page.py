"""The page in a real Chromium against a real service: edit, see errors at their line, run, drag, compare, download."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service.page.browser import chromium, service

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("fastapi", reason="the extra `service` is not installed")
if chromium() is None:
    pytest.skip("no Chromium on this machine", allow_module_level=True)

RUN_MS = 120_000
WIDE, NARROW = {"width": 1400, "height": 900}, {"width": 390, "height": 800}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with service(tmp_path_factory.mktemp("service") / "data") as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        running = started.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield running
        running.close()


def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something holds; the page's own policy forbids waiting by a script in the page."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


class Watched:
    """A page that remembers what went wrong and where it asked."""

    def __init__(self, browser: Any, address: str, **more: Any) -> None:
        self.context = browser.new_context(**({"viewport": WIDE, "accept_downloads": True} | more))
        self.page = self.context.new_page()
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda line: self.wrong.append(line.text) if line.type == "error" else None)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.set_default_timeout(60_000)
        self.page.goto(address)
        self.page.wait_for_selector(".cm-content")
        until(lambda: "powerplan" in self.page.inner_text(".cm-content"))


@pytest.fixture
def watched(browser: Any, address: str) -> Iterator[Watched]:
    made = Watched(browser, address)
    yield made
    asked, wrong = made.asked, made.wrong
    made.context.close()
    assert not wrong
    assert {url for url in asked if not url.startswith((address, "blob:", "data:"))} == set()


def write(page: Any, text: str) -> None:
    """Replace what the editor holds, as a person who pastes."""
    page.click(".cm-content")
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)


SMALL = """\
powerplan: 1
product: {name: 温度记录仪 temperature logger}
supply:
  battery: {profile: cr2032}
parts:
  mcu: {profile: stm32u585}
  probe: {kind: load, current: 1 mA}
tasks:
  measure:
    when: {every: 10 min}
    do: [{run: probe, for: 50 ms}]
requirements:
  REQ-1: battery_life >= 1 year
"""


def drawn(page: Any, selector: str) -> bool:
    """Whether a chart shows more than one colour."""
    return bool(page.evaluate("""(selector) => {
        const canvas = document.querySelector(selector + " canvas");
        const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        const seen = new Set();
        for (let place = 0; place < data.length; place += 4) seen.add(data.slice(place, place + 4).join());
        return seen.size > 3;
    }""", selector))


def test_an_error_stands_at_its_line_as_you_type(watched: Watched) -> None:
    page = watched.page
    write(page, SMALL.replace("battery: {profile: cr2032}", "batery: {profile: cr2032}"))
    problem = page.wait_for_selector("#problems li.error:has-text('batery')")
    assert re.search(r"\b4:3\b", problem.inner_text())
    page.wait_for_selector(".cm-lintRange-error")
    page.click("#problems li.error:has-text('batery') button")
    assert page.evaluate("document.activeElement.classList.contains('cm-content')")
    write(page, SMALL)
    until(lambda: page.inner_text("#problems").strip() == "none")


def test_completion_knows_keys_and_profiles(watched: Watched) -> None:
    page = watched.page
    write(page, "powerplan: 1\nsupply:\n  battery: {profile: aaa_al")
    page.keyboard.press("Control+Space")
    page.wait_for_selector(".cm-tooltip-autocomplete li")
    assert "aaa_alkaline" in page.inner_text(".cm-tooltip-autocomplete")
    write(page, "powerplan: 1\nreq")
    page.wait_for_selector(".cm-tooltip-autocomplete li")
    assert "requirements" in page.inner_text(".cm-tooltip-autocomplete")
    write(page, "powerplan: 1\ntasks:\n  心跳:\n    whe")
    page.wait_for_selector(".cm-tooltip-autocomplete li:has-text('when')")


def test_hovering_a_key_helps(watched: Watched) -> None:
    page = watched.page
    write(page, SMALL)
    page.hover(".cm-line:nth-child(10) span:has-text('when')")
    assert page.wait_for_selector(".hover-help").inner_text().startswith("when")


def test_run_with_a_chinese_name_from_the_keyboard(watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    write(page, SMALL)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#verdicts", timeout=RUN_MS)
    assert "REQ-1" in page.inner_text("#verdicts")
    assert re.search(r"[\d.]+ (years|days)", page.inner_text(".headline"))
    page.wait_for_selector('[data-picture="Battery discharge"] canvas')
    assert drawn(page, '[data-picture="Battery discharge"]')
    assert drawn(page, '[data-picture="Energy by part and state"]')
    with page.expect_download() as junit:
        page.click("text=junit.xml")
    junit.value.save_as(tmp_path / "junit.xml")
    assert "REQ-1" in (tmp_path / "junit.xml").read_text("utf-8")
    page.click("#make-report")
    page.wait_for_selector("#report-files a:has-text('report.html')", timeout=RUN_MS)
    with page.context.expect_page() as opened:
        page.click("#report-files a:has-text('report.html')")
    opened.value.wait_for_load_state()
    assert "温度记录仪" in opened.value.content()
    link = page.url
    again = Watched(page.context.browser, link)
    again.page.wait_for_selector("#verdicts", timeout=RUN_MS)
    assert "温度记录仪" in again.page.inner_text(".cm-content")
    assert not again.wrong
    again.context.close()


def test_thresholds_move_everything_at_once(watched: Watched) -> None:
    page = watched.page
    page.select_option("#product", "wake_word_remote")
    page.click("#thresholds")
    page.wait_for_selector("#threshold-map canvas", timeout=RUN_MS)
    before = page.inner_text("#threshold-tiles")
    assert all(word in before for word in ("battery life", "recall", "false alarms", "latency"))
    page.focus("#threshold-1")
    page.keyboard.press("Home")
    lowest = page.inner_text("#threshold-tiles")
    assert lowest != before
    box = page.query_selector("#threshold-map").bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.3 * box["height"], steps=4)
    page.mouse.up()
    assert page.inner_text("#threshold-tiles") != lowest
    assert page.input_value("#threshold-1") != "0"
    page.select_option("#colouring", "recall")
    assert drawn(page, "#threshold-map")


def test_compare_two_runs(watched: Watched) -> None:
    page = watched.page
    for every in ("10 min", "1 min"):
        write(page, SMALL.replace("10 min", every))
        page.evaluate("document.querySelector('#answer').replaceChildren()")
        page.click("#run")
        page.wait_for_selector("#verdicts", timeout=RUN_MS)
    page.click("nav a[data-view=compare]")
    page.wait_for_selector("#choices input")
    for box in page.query_selector_all("#choices input")[:2]:
        box.check()
    page.click("#compare button.primary")
    page.wait_for_selector("#metrics-compared")
    assert "battery_life" in page.inner_text("#metrics-compared")
    assert "%" in page.inner_text("#metrics-compared")
    assert "REQ-1" in page.inner_text("#requirements-compared")
    assert "tasks.measure.when.every" in page.inner_text("#inputs-compared")
    page.click("#ask-why")
    page.wait_for_selector("#why pre", timeout=RUN_MS)
    assert "tasks.measure.when.every" in page.inner_text("#why pre")


def test_profiles_show_their_sources(watched: Watched) -> None:
    page = watched.page
    page.click("nav a[data-view=profiles]")
    page.fill("#profile-search", "stm32u585")
    until(lambda: page.locator("#profile-table tbody tr").count() == 1)
    page.click("#profile-table a")
    page.wait_for_selector("#figure-table")
    assert "datasheet" in page.inner_text("#figure-table")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [pytest.param(WIDE, id="wide"), pytest.param(NARROW, id="phone")])
def test_nothing_is_cut_off(browser: Any, address: str, size: dict[str, int], scheme: str) -> None:
    watched = Watched(browser, address, viewport=size, color_scheme=scheme)
    page = watched.page
    for view in ("plan", "runs", "compare", "profiles"):
        page.click(f"nav a[data-view={view}]")
        page.wait_for_selector(f"#{view}:not([hidden]) h2")
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", paper)[:3])) < 200) == (scheme == "dark")
    assert not watched.wrong
    watched.context.close()


def test_every_control_is_reached_with_the_keyboard(watched: Watched) -> None:
    page = watched.page
    seen = set()
    page.evaluate("document.activeElement.blur()")
    for _ in range(14):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.id || document.activeElement.textContent.slice(0, 20)"))
        if page.evaluate("document.activeElement.classList.contains('cm-content')"):
            page.keyboard.press("Escape")
    assert {"product", "open", "download", "run", "thresholds"} <= seen
