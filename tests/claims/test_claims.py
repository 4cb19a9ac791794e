"""Every row of CLAIMS.md is answered, and what answers it exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from powerplan.cli.app import app
from tests.claims.page import PAGE, page_text
from tests.claims.rows import OUT, PARTLY, ROWS, SHOWN, Row
from tests.shared import shared_path

ROOT = Path(__file__).resolve().parents[2]


@cache
def functions(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in ROWS])
def test_what_answers_a_row_exists(row: Row) -> None:
    assert row.status in (SHOWN, PARTLY, OUT)
    assert row.evidence or row.status == OUT
    assert row.note or row.status == SHOWN
    for one in row.evidence:
        if one.startswith("command: powerplan "):
            words = one.removeprefix("command: powerplan ").split()
            assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0
            continue
        file, _, name = one.partition("::")
        assert (ROOT / file).is_file(), file
        assert not name or name in functions(file), one


def test_every_row_of_the_claims_is_answered_once() -> None:
    text = shared_path("CLAIMS.md").read_text(encoding="utf-8")
    wanted = re.findall(r"^\| ([RSMKFPDEA]\d\d|C\d+) \|", text, re.MULTILINE)
    assert sorted(row.id for row in ROWS) == sorted(wanted)


def test_the_page_is_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page_text(), "run `python -m tests.claims.page`"
