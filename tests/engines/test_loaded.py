"""The name that compiled code is kept under follows what was loaded, not what the files hold by now."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from powerplan.engines.compiled import compiling
from powerplan.kernels.loaded import digest_of

SOURCE = "LIMIT = 3\nPAIR = (1, 'a')\n\n\ndef f(x, y=2):\n    return (lambda z: z + x)(y) in {1, 2} or x > LIMIT\n"


def made(source: str) -> ModuleType:
    module = ModuleType("made")
    exec(compile(source, "made.py", "exec"), vars(module))
    return module


@pytest.mark.parametrize("changed", [
    pytest.param(SOURCE.replace("LIMIT = 3", "LIMIT = 4"), id="a constant"),
    pytest.param(SOURCE.replace("z + x", "z - x"), id="a function inside"),
    pytest.param(SOURCE.replace("y=2", "y=3"), id="a default"),
    pytest.param(SOURCE.replace("{1, 2}", "{1, 5}"), id="a set"),
    pytest.param(SOURCE.replace("x > LIMIT", "x > PAIR"), id="a name"),
])
def test_every_change_that_counts_changes_the_digest(changed: str) -> None:
    assert digest_of([made(changed)]) != digest_of([made(SOURCE)])
    assert digest_of([made(SOURCE.replace("\n\n\n", "\n\n\n\n# said\n"))]) == digest_of([made(SOURCE)])


def test_processes_agree() -> None:
    """Also with other hash seeds, so that what one compiled the next one finds."""
    code = ("from powerplan.engines.compiled import compiling; from powerplan.kernels.loaded import digest_of; "
            "print(digest_of([*compiling.MODULES, compiling]))")
    root = Path(__file__).resolve().parents[2]
    said = {subprocess.run([sys.executable, "-c", code], cwd=root, env={**os.environ, "PYTHONHASHSEED": seed},
                           capture_output=True, text=True, check=True).stdout.strip() for seed in ("1", "2")}
    assert said == {digest_of([*compiling.MODULES, compiling])}


def test_a_changed_file_does_not_change_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(path: Path) -> bytes:
        raise AssertionError(f"{path} is read")

    monkeypatch.setattr(Path, "read_bytes", unreadable)
    assert len(digest_of(compiling.MODULES)) == 8
