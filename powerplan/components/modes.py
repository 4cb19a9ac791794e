"""Modes of a part that measures: a camera's resolutions, a microphone's or a sensor's rates."""

from __future__ import annotations

from typing import Any

from powerplan.components.base import UnknownRequest
from powerplan.components.spec import Part, did_you_mean


class UnknownMode(UnknownRequest):
    """A task asks for a mode that its part does not have."""

    def __str__(self) -> str:
        return f"{self.given} of {self.part}; {self.allowed}"


def mode_of(part: Part[Any, Any], unnamed: str, asked: object = None) -> str:
    """The mode of a request, of the part, or of the profile; else the unnamed or the only one.

    Raises PartError, and UnknownMode where the request is wrong.
    """
    known = part.spec.modes
    name = asked or part.options.mode or part.spec.default_mode
    if name is None and unnamed in known:
        return unnamed
    if name is None and len(known) == 1:
        return str(next(iter(known)))
    if name is None:
        raise part.refuse("mode", "no mode is named", did_you_mean("", list(known)))
    if name not in known:
        wrong = f'unknown mode "{name}"', did_you_mean(str(name), known)
        raise UnknownMode(part.name, *wrong) if asked else part.refuse("mode", *wrong)
    return str(name)
