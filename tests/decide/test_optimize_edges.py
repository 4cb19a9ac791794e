"""A search also chooses the edge of levels that escalate below a threshold or inside a band."""

from __future__ import annotations

from pathlib import Path

import pytest

from powerplan.files.scenario import load_scenario
from powerplan.files.variant import varied
from powerplan.study.designs import pair_text
from powerplan.study.optimize import optimize
from powerplan.study.sweep import sweep_scenario
from tests.whole.test_run import SMALL, write_small


@pytest.mark.parametrize(("rule", "below"), [
    pytest.param("threshold: 0.7, escalate: below", True, id="below"),
    pytest.param("escalate: {band: [0.2, 0.8]}", False, id="band"),
])
def test_the_edge_of_every_design_is_that_of_its_sweep(rule: str, below: bool, tmp_path: Path) -> None:
    path = write_small(tmp_path, SMALL.replace("threshold: 0.4}", f"{rule}}}", 1))
    found = optimize(path, ["parts.pir.rest_current=1 uA,3 uA"], days=2, thresholds=6)
    base = load_scenario(path)
    for one in found.designs:
        swept = sweep_scenario(varied(base, dict(one.values)), thresholds=6, days=2)
        pair = one.result["thresholds"]
        assert (pair["threshold_1"], pair["threshold_2"]) == (min(swept.chosen.threshold_1, 2.0),
                                                              min(swept.chosen.threshold_2, 2.0))
        assert (pair["below"], pair["pairs"]) == (below, len(swept.rows))
        recall = one.result["metrics"]["recall.person"]["value"]
        assert recall == pytest.approx(swept.chosen.recall, abs=1e-9)


@pytest.mark.parametrize(("pair", "said"), [
    pytest.param({"threshold_1": 0.25, "threshold_2": 2.0}, "0.25 and never", id="above"),
    pytest.param({"threshold_1": 2.0, "threshold_2": 0.5, "below": True}, "always and 0.5", id="below everything"),
])
def test_words_of_a_pair(pair: dict[str, float], said: str) -> None:
    assert pair_text(pair, " and ") == said
