"""Parts as a scenario would write them, for the tests of the kinds."""

from functools import cache
from typing import Any

from powerplan.components.base import PowerState, Request, Step
from powerplan.components.registry import build
from powerplan.components.spec import Part, Profile
from powerplan.files.library import load_profile


@cache
def shipped(name: str) -> Profile:
    """A shipped profile, read once for all tests."""
    return load_profile(name)


def part(entry: dict[str, Any], name: str = "part") -> Part[Any, Any]:
    """The part of an entry, with its shipped profile where it names one."""
    profile = shipped(entry["profile"]) if "profile" in entry else None
    return build(name, entry, profile)


def states(built: Part[Any, Any]) -> dict[str, PowerState]:
    """Power states by name, with typical figures."""
    return {state.name: state for state in built.lower(built.use_typical).states}


def steps(built: Part[Any, Any], verb: str, **arguments: float | int | str) -> list[Step]:
    """Steps of a request, with typical figures."""
    return list(built.steps(Request(verb, arguments), built.use_typical))


def charge_c(built: Part[Any, Any], taken: list[Step]) -> float:
    """Charge of a line of steps. [C]"""
    drawn = states(built)
    return sum(drawn[step.state].current_a * step.duration_ns * 1e-9 for step in taken)
