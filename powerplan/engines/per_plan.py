"""What depends on nothing but the Plan is made once for each."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from powerplan.plan.plan import Plan

Made = TypeVar("Made")


def once_per_plan(make: Callable[[Plan], Made]) -> Callable[[Plan], Made]:
    """The same function, which remembers what it returned as long as the Plan lives."""
    known: dict[int, tuple[weakref.ref[Plan], Made]] = {}

    @wraps(make)
    def remembered(plan: Plan) -> Made:
        key = id(plan)
        found = known.get(key)
        if found is not None and found[0]() is plan:
            return found[1]
        made = make(plan)
        known[key] = weakref.ref(plan, lambda _: known.pop(key, None)), made
        return made

    return remembered
