"""The contributor's page works as it is printed: its kind of part, its profile, its commands."""

from __future__ import annotations

import re
import sys
import types
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from typer.testing import CliRunner

from powerplan.cli.app import app
from powerplan.components import registry
from powerplan.files.scenario import load_scenario
from powerplan.study.run import run_loaded

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "contributing.md").read_text(encoding="utf-8")
SCENARIO = """
powerplan: 1
product: {name: Alarm}
supply: {battery: {capacity: 1 Ah, ideal: true, voltage: 3 V}}
parts: {siren: {kind: siren, loud_current: 100 mA, idle_current: 2 uA}}
tasks: {test: {when: {every: 1 h}, do: [{run: siren, for: 1 s}]}}
workload: {variance: none}
run: {days: 1}
"""


def block(language: str) -> str:
    """First block of code of a language on the page."""
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_profile_of_the_page(tmp_path: Path) -> None:
    path = tmp_path / "valve.yaml"
    path.write_text(block("yaml"), encoding="utf-8")
    answer = CliRunner().invoke(app, ["profiles", "validate", str(path)])
    assert 'source "guess" is not in sources' in answer.output
    path.write_text(block("yaml").replace("sources:\n", "sources:\n  guess: own estimate\n"), encoding="utf-8")
    assert CliRunner().invoke(app, ["profiles", "validate", str(path)]).exit_code == 0


def test_the_kind_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("siren_package")
    monkeypatch.setitem(sys.modules, "siren_package", module)
    exec(compile(block("python"), "contributing.md", "exec"), module.__dict__)
    point = EntryPoint("siren", "siren_package:KIND", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == registry.GROUP else [])
    registry._places.cache_clear()
    path = tmp_path / "alarm.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    try:
        found = run_loaded(load_scenario(path))
        template = CliRunner().invoke(app, ["profiles", "new", "siren"])
    finally:
        registry._places.cache_clear()
        registry.kind.cache_clear()
    assert found.metrics["average_current"].value == pytest.approx(2e-6 + (0.1 - 2e-6) / 3600, rel=1e-6)
    assert "# loud_current: {value:" in template.output


def test_every_command_of_the_page_exists() -> None:
    for words in re.findall(r"`?powerplan ((?:profiles|battery|model) \w+)", PAGE):
        assert CliRunner().invoke(app, [*words.split(), "--help"]).exit_code == 0, words
