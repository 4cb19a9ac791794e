"""One notebook per kind of user: each runs from the top, and what is committed was run."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.whole.test_run import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:tmp|home|root|work|Users|private|var)/")


def refresher() -> Any:
    """The script that runs notebooks."""
    spec = importlib.util.spec_from_file_location("refresh", ROOT / "notebooks" / "refresh.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_there_is_one_for_every_kind_of_user() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["ml_engineer", "product_engineer", "reviewer"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_committed_was_run(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert [cell["execution_count"] for cell in cells(notebook)] == list(range(1, 1 + len(cells(notebook))))
    outputs = [output for cell in cells(notebook) for output in cell["outputs"]]
    assert outputs
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert not MACHINE_PATH.search(json.dumps([{key: value for key, value in output.get("data", {}).items()
                                                if not key.startswith("image/")} or output for output in outputs]))
    assert len(text) < 2_000_000


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run_from_the_top(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells assert what they claim, so a run without an error is a run that holds."""
    pytest.importorskip("nbclient", reason="needs the extra `notebook`")
    pytest.importorskip("ipykernel", reason="needs the extra `notebook`")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    found = refresher().executed(path)
    before = json.loads(path.read_text(encoding="utf-8"))
    assert kinds(found) == kinds(before), "python notebooks/refresh.py renews what is committed"


def kinds(notebook: dict[str, Any]) -> list[list[str]]:
    """What every cell shows: pages, pictures, lines."""
    return [sorted({kind for output in cell["outputs"] for kind in output.get("data", {"stream": ""})})
            for cell in cells(notebook)]
