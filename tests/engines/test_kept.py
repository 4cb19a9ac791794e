"""Functions kept as object code: the same record without numba, and numba where they do not fit."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from powerplan.kernels import kept
from powerplan.kernels.kept import OtherKind, add_words

Pair = namedtuple("Pair", "first second")
ROOT = Path(__file__).resolve().parents[2]
PLAY = """
import json, sys
from pathlib import Path
from powerplan.kernels import kept
kept._places = lambda: [Path(sys.argv[1])]
from powerplan.engines import fast
from powerplan.engines.compiled import compiling
from tests.engines.random_pairs import random_pair
records = [fast.run(*random_pair(seed)) for seed in range(30)]
sums = [[int(record.joint_ns.sum()), int(record.state_entries.sum()), len(record.rows), int(record.rows.stage_ns.sum()),
         record.task_finished.tolist(), record.event_outcome.tolist()] for record in records]
without = "numba" not in sys.modules
print(json.dumps({"sums": sums, "without numba": without, "kept": sys.argv[2] == "keep" and compiling.keep()}))
"""


def played(place: Path, then: str = "") -> dict[str, Any]:
    """What a fresh process finds that keeps code in a place of its own; numba's cache is everybody's."""
    command = [sys.executable, "-c", PLAY, str(place), then]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_a_fresh_process_needs_no_numba_and_finds_the_same(tmp_path: Path) -> None:
    first = played(tmp_path, "keep")
    assert first["kept"]
    assert not first["without numba"]
    again = played(tmp_path)
    assert again["without numba"]
    assert again["sums"] == first["sums"]
    [file] = tmp_path.iterdir()
    data = bytearray(file.read_bytes())
    data[-100] ^= 1
    file.write_bytes(data)
    spoilt = played(tmp_path)
    assert not spoilt["without numba"]
    assert spoilt["sums"] == first["sums"]


INTS = ["array", "int64", 1]


@pytest.mark.parametrize(("kind", "value", "count"), [
    pytest.param("int64", 3, 1, id="number"),
    pytest.param("int64", np.int64(3), 1, id="numpy's number"),
    pytest.param("float64", 0.5, 1, id="float"),
    pytest.param("bool", True, 1, id="truth"),
    pytest.param(INTS, np.arange(3), 7, id="array"),
    pytest.param(INTS, np.arange(0), 7, id="empty array"),
    pytest.param(["array", "float64", 2], np.zeros((2, 3)), 9, id="table"),
    pytest.param(["tuple", [INTS, "int64"]], Pair(np.arange(2), 1), 8, id="bundle"),
])
def test_words_of_an_argument(kind: Any, value: Any, count: int) -> None:
    words: list[Any] = []
    add_words(words, kind, value)
    assert len(words) == count
    if isinstance(value, np.ndarray):
        assert words[2:5] == [value.size, 8, value.ctypes.data]
        assert tuple(words[5:]) == value.shape + value.strides


def read_only() -> np.ndarray:
    made = np.arange(3)
    made.flags.writeable = False
    return made


@pytest.mark.parametrize(("kind", "value"), [
    pytest.param("int64", 3.0, id="float for a number"),
    pytest.param("int64", True, id="truth for a number"),
    pytest.param("float64", 3, id="number for a float"),
    pytest.param("bool", 1, id="number for a truth"),
    pytest.param(INTS, [1, 2], id="list"),
    pytest.param(INTS, np.arange(3.0), id="floats"),
    pytest.param(INTS, np.arange(3, dtype=np.int32), id="narrow"),
    pytest.param(INTS, np.arange(3, dtype=">i8"), id="other byte order"),
    pytest.param(INTS, np.arange(6).reshape(2, 3), id="table for an array"),
    pytest.param(INTS, np.arange(6)[::2], id="with gaps"),
    pytest.param(INTS, read_only(), id="read only"),
    pytest.param(["tuple", [INTS]], (np.arange(2), 1), id="one too many"),
])
def test_other_arguments_go_to_numba(kind: Any, value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OtherKind):
        add_words([], kind, value)
    other: Callable[[], Callable[..., Any]] = lambda: lambda *given: ("numba", len(given))  # noqa: E731
    monkeypatch.setattr(kept, "loaded", lambda *_: (None, 1))
    about = {"words": ["i64"], "arguments": [kind], "result": "none", "symbol": "f", "needs": []}
    function = kept.Kept(b"", about, other)
    assert function(value) == ("numba", 1)


def test_nothing_kept_is_nothing_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert kept.load("engine", "stamp", dict) is None
    (tmp_path / "powerplan").write_text("not a folder")
    assert not kept.keep("engine", "stamp", {}, ())
