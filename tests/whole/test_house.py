"""The house: imports run downwards only, and names of numbers end in their unit."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("errors", "dimensions", "units", "model", "kernels", "components", "batteries", "plan", "workload",
          "lowering", "engines", "results", "files", "report", "study", "service", "cli")
"""Lowest first; a module imports from its own layer and those below."""
CASCADE_DOORS = ("cascade.scores", "cascade.errors", "cascade.tflite", "cascade.cost", "cascade.decision",
                 "cascade.statistics", "cascade.runtime", "cascade.interpreter", "cascade.arena", "cascade.worker",
                 "cascade.evaluate", "cascade.runtimes", "cascade")


def imports_of(path: Path) -> set[str]:
    """Modules a file imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def layer_of(module: str) -> str:
    """Layer of a powerplan module."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


MODULES = sorted((ROOT / "powerplan").rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_downwards(path: Path) -> None:
    own = path.relative_to(ROOT / "powerplan").with_suffix("").parts[0]
    if own == "__init__":
        return
    above = set(LAYERS[LAYERS.index(own) + 1:])
    wrong = {module for module in imports_of(path) if module.startswith("powerplan.") and layer_of(module) in above}
    assert not wrong, f"{path.name} reaches up to {sorted(wrong)}"


@pytest.mark.parametrize("path", sorted((ROOT / "cascade").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_cascade_never_imports_powerplan(path: Path) -> None:
    assert not {module for module in imports_of(path) if module.split(".")[0] == "powerplan"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_powerplan_enters_cascade_by_its_doors(path: Path) -> None:
    used = {module for module in imports_of(path) if module.split(".")[0] == "cascade"}
    assert all(module.startswith(CASCADE_DOORS) for module in used)


def test_heavy_packages_are_not_imported_at_the_start() -> None:
    """`powerplan --help` answers at once: nothing heavy is imported for it."""
    code = ("import sys; from powerplan.cli.app import main; main(['--help']); "
            "print([m for m in ('numpy', 'matplotlib', 'simpy', 'numba', 'duckdb', 'pydantic', 'tensorflow', "
            "'ai_edge_litert') if m in sys.modules], file=sys.stderr)")
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stderr.strip() == "[]"
