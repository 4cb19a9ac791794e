"""The package stands alone and starts quickly."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "cascade").rglob("*.py"))


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", MODULES, ids=[str(path.relative_to(ROOT)) for path in MODULES])
def test_cascade_never_imports_powerplan(path):
    assert "powerplan" not in _imports(path)


def test_the_child_imports_nothing_of_ours():
    assert "cascade" not in _imports(ROOT / "cascade" / "worker_child.py")


@pytest.mark.parametrize("module", ["tflite", "scores", "decision", "evaluate", "sweep", "interpreter", "runtime"])
def test_no_interpreter_in_our_process(module):
    script = (f"import sys, cascade.{module}\n"
              "print([m for m in ('ai_edge_litert', 'tflite_micro', 'tensorflow', 'duckdb') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr
