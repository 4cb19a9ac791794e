"""How much more negative data a false-alarm limit wants, in words."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest

from powerplan.study.metrics import times_needed
from powerplan.study.run import run
from tests.whole.test_run import SMALL, write_small


@pytest.mark.parametrize(("smallest", "limit", "said"), [
    pytest.param(3.01, 3.0, "1.01 times as many are needed", id="hardly more, never 1"),
    pytest.param(235.6, 1.0, "235.6 times as many are needed", id="many"),
    pytest.param(5.0, 0.0, "no data prove 0", id="a limit of 0"),
    pytest.param(inf, 1.0, "there are none", id="no negative data"),
])
def test_words(smallest: float, limit: float, said: str) -> None:
    assert times_needed(smallest, limit) == said


def test_a_limit_of_0_is_judged(tmp_path: Path) -> None:
    text = SMALL.replace("recall.person >= 0.5", "false_alarms.person <= 0/day")
    found = run(write_small(tmp_path, text), days=0.2)
    verdict = next(one for one in found.verdicts if one.metric == "false_alarms.person")
    assert verdict.verdict in ("NOT EVALUATED", "FAIL")
