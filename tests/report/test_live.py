"""The page in a real Chromium: the timeline zooms by button and key, prints as a drawing, and asks nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from powerplan.report.facts import ReportOptions
from powerplan.report.write import write_report
from tests.report import made
from tests.service.page.browser import chromium

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
if chromium() is None:
    pytest.skip("no Chromium on this machine", allow_module_level=True)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("live")
    tables = made.nothing() | {name: made.typical()[name] for name in ("summary", "timeline", "figures")}
    tables["timeline"].columns["part"][-1] = "<img src=x onerror=alert(1)>"
    write_report(tables, made.FACTS, folder, ReportOptions(("html",), ()))
    return (folder / "report.html").as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        running = started.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    found = context.new_page()
    found.wrong, found.asked = [], []
    found.on("pageerror", lambda error: found.wrong.append(str(error)))
    found.on("console", lambda line: found.wrong.append(line.text) if line.type == "error" else None)
    found.on("request", lambda request: found.asked.append(request.url))
    found.goto(address)
    yield found
    assert found.wrong == []
    assert [url for url in found.asked if not url.startswith("data:")] == [address]
    context.close()


def note(page: Any) -> str:
    return str(page.inner_text("#timeline-live p"))


def test_zooms_moves_and_tells(page: Any) -> None:
    assert note(page).startswith("0 s to 9.8 s of 9.8 s")
    page.click("#timeline-live button[aria-label='Zoom in']")
    assert note(page).startswith("2.45 s to 7.35 s")
    page.focus("#timeline-live svg")
    page.keyboard.press("ArrowRight")
    assert note(page).startswith("3.43 s to 8.33 s")
    page.keyboard.press("0")
    assert note(page).startswith("0 s to 9.8 s")
    box = page.locator("#timeline-live svg").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    assert "all parts" in note(page)
    assert "microphone listen" in note(page)


def test_names_are_text(page: Any) -> None:
    assert page.locator("#timeline-live img").count() == 0
    assert page.locator("#timeline-live text", has_text="<img src=x onerr").count() == 1


def test_print_shows_the_drawing(page: Any) -> None:
    assert page.locator("#timeline-live").is_visible()
    assert not page.locator("#timeline-still svg").is_visible()
    page.emulate_media(media="print")
    assert not page.locator("#timeline-live").is_visible()
    assert page.locator("#timeline-still svg").is_visible()


def test_dark_ground_and_light_ink(page: Any) -> None:
    def shades() -> list[str]:
        return [str(page.evaluate(f"getComputedStyle(document.body).{name}")) for name in ("backgroundColor", "color")]

    light = shades()
    page.emulate_media(color_scheme="dark")
    assert shades() == ["rgb(16, 21, 28)", "rgb(230, 235, 241)"]
    assert light == ["rgb(243, 245, 248)", "rgb(31, 42, 55)"]


def test_readable_without_scripts(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(address)
    assert plain.locator("#timeline-still svg").is_visible()
    assert not plain.locator("#timeline-live").is_visible()
    context.close()
