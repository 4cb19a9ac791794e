"""Every shipped scenario is covered by the fast engine, and equals SimPy on it to the last nanosecond."""

from __future__ import annotations

from pathlib import Path

import pytest

from powerplan.engines import fast, reference
from powerplan.engines.closed_form import closed_form
from powerplan.files.scenario import load_scenario
from powerplan.lowering.lower import lower
from powerplan.plan.codes import NS_PER_DAY
from powerplan.workload.draw import draw_world

SCENARIOS = sorted(Path(__file__).parents[2].glob("scenarios/**/*.yaml"))
ACTIVATIONS = 3_000


def is_scenario(path: Path) -> bool:
    return "powerplan:" in path.read_text(encoding="utf-8") and "scores" not in path.parts


@pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(path.parents[1]))) for path in SCENARIOS
                                  if is_scenario(path)])
def test_engines_agree_on_a_shipped_scenario(path: Path) -> None:
    loaded = load_scenario(path)
    lowering = lower(loaded.scenario, loaded.parts, loaded.inputs)
    per_day = float(closed_form(lowering.plan, lowering.world).task_rate_per_s.sum()) * 86_400
    horizon_ns = int(min(28.0, ACTIVATIONS / max(per_day, 1e-9)) * NS_PER_DAY)
    world = draw_world(lowering.world, horizon_ns, 1)
    plain, _ = reference.run(lowering.plan, world)
    assert plain.differences(fast.run(lowering.plan, world)) == []
    skipping, _ = reference.run(lowering.plan, world, skipping=True)
    assert plain.differences(skipping) == []
