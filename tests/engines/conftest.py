"""The engines, so that every test that runs something runs in each of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from powerplan.engines import fast, reference
from powerplan.engines.record import Record
from powerplan.plan.plan import Plan
from powerplan.plan.world import World

RunEngine = Callable[[Plan, World], Record]

ENGINES: dict[str, RunEngine] = {
    "reference": lambda plan, world: reference.run(plan, world)[0],
    "skipping": lambda plan, world: reference.run(plan, world, skipping=True)[0],
    "fast": fast.run,
}


@pytest.fixture(params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> RunEngine:
    """One engine after the other."""
    return ENGINES[request.param]
