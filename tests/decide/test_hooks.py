"""The pre-commit hooks and the page about continuous integration say commands that work."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from powerplan.errors import ExitCode
from powerplan.files.strict_yaml import read_document
from tests.decide.test_compare import LIT
from tests.decide.test_solve import write_lamp
from tests.whole.test_commands import call
from tests.whole.test_run import ROOT

PAGE = (ROOT / "docs" / "continuous-integration.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def hooks() -> list[dict[str, Any]]:
    text = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    found = read_document("hooks:\n" + "\n".join(f"  {line}" for line in text.splitlines())).data
    assert isinstance(found, dict)
    return found["hooks"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: str(hook["id"]))
def test_hooks_run(tmp_path: Path, hook: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """`entry` with the arguments the page gives, on a product that holds and on one that does not."""
    assert {"id", "name", "entry", "language", "files", "pass_filenames"} <= set(hook)
    program, *arguments = shlex.split(hook["entry"])
    assert program == "powerplan"
    more = ["--days", "1"] if arguments[0] == "verify" else []
    good = write_lamp(tmp_path, "product.yaml", LIT)
    assert call(*arguments, str(good), *more, capsys=capsys)[0] == ExitCode.OK
    bad = write_lamp(tmp_path, "bad.yaml", LIT.replace("every: 10 min", "evry: 10 min"))
    assert call(*arguments, str(bad), *more, capsys=capsys)[0] == ExitCode.DATA


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[0])
def test_what_the_page_shows_can_be_read(block: str) -> None:
    """Valid YAML; every powerplan command in it has options that exist."""
    read_document(block)
    import typer

    from powerplan.cli.app import app

    known = typer.main.get_command(app)
    for line in re.findall(r"powerplan (verify|check) ([^\n|>]*)", block):
        command = known.commands[line[0]]  # type: ignore[attr-defined]
        options = {name for parameter in command.params for name in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", line[1])) <= options


def test_the_page_names_the_hooks() -> None:
    for hook in hooks():
        assert f"id: {hook['id']}" in PAGE
