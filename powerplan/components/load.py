"""A plain load: motor, LED, loudspeaker, buzzer, heater, SD card. It is off or it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from powerplan.components.base import Lowered, PowerState, Request, Step, UnknownRequest, Use
from powerplan.components.draws import Phase
from powerplan.components.spec import Part, PartOptions, ProfileSpec, Strict, draw, has_draw, to_ns
from powerplan.model.amount import Current, Duration, Number, Power
from powerplan.model.figure import Figure


class InrushOptions(Strict):
    """The pulse when a part is switched on, as a scenario gives it."""

    current: Current | None = None
    power: Power | None = None
    duration: Duration


class LoadSpec(ProfileSpec):
    """Profile of a load."""

    kind: Literal["load"]
    current: Figure[Current] | None = None
    power: Figure[Power] | None = None
    rest_current: Figure[Current] | None = None
    """Draw while off (a card that stays powered, a driver's leakage); none means it is switched off."""
    inrush: Phase = Phase()
    run_time: Figure[Duration] | None = None
    """How long one use takes where the task does not say."""
    bytes_per_s: Figure[Number] | None = None
    """Of a memory: what it writes in a second, erasing included; `{run: flash, bytes: 300 kB}` then takes its time."""


class LoadOptions(PartOptions):
    """What a scenario may say of a load."""

    current: Current | None = None
    power: Power | None = None
    rest_current: Current | None = None
    run_time: Duration | None = None
    inrush: InrushOptions | None = None

    FIGURE_KEYS: ClassVar[Mapping[str, str]] = {
        "current": "current",
        "power": "power",
        "rest_current": "rest_current",
        "run_time": "run_time",
        "inrush": "inrush",
    }


class Load(Part[LoadSpec, LoadOptions]):
    """States `off`, `on`, and `inrush` where a pulse is known."""

    def lower(self, use: Use) -> Lowered:
        """Off first; a load that rests at a current says so in its profile."""
        current_a, power_w = draw(self, "", use)
        rest_a = use("rest_current") if self.has("rest_current") else 0.0
        states = [PowerState("off", rest_a), PowerState("on", current_a, power_w)]
        if has_draw(self, "inrush"):
            current_a, power_w = draw(self, "inrush", use)
            states.append(PowerState("inrush", current_a, power_w))
        return Lowered(states)

    def steps(self, request: Request, use: Use) -> list[Step]:
        """`run` for `duration_ns`, of which the inrush takes the first part."""
        if request.verb != "run":
            raise UnknownRequest(self.name, request.verb, "run (for, bytes)")
        given, data_bytes = (request.arguments.get(name) for name in ("duration_ns", "data_bytes"))
        if given is not None:
            duration_ns = int(given)
        elif data_bytes is not None and self.has("bytes_per_s"):
            duration_ns = to_ns(float(data_bytes) / use("bytes_per_s"))
        else:
            duration_ns = to_ns(use("run_time"))
        stage = str(request.arguments.get("stage", "action"))
        if not has_draw(self, "inrush"):
            return [Step("on", duration_ns, stage)]
        inrush_ns = min(duration_ns, to_ns(use("inrush.duration")))
        return [Step("inrush", inrush_ns, stage), Step("on", duration_ns - inrush_ns, stage)]
