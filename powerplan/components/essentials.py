"""The few numbers that tell parts of one kind apart at a glance: asleep, at work, and getting from one to the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from powerplan.components.board import BoardSpec
from powerplan.components.compare import COMPARED_AT_V, drawn_w, least_sleep_w, running_w, typical, wake_up_s
from powerplan.components.mcu import McuSpec
from powerplan.components.spec import KnownFigure, Profile, ProfileSpec, figures_of

RESTS = {
    "camera": ("standby", "off"), "microphone": ("wake_on_sound", "sleep", "off"), "sensor": ("standby", "off"),
    "radio": ("sleep", "standby", "off"),
}
"""Kind -> where its draw at rest may stand, the usual one first."""
STARTS = {
    "camera": ("boot.duration", "power_on.duration", "init.duration"), "microphone": ("start_up",),
    "sensor": ("start_up",), "radio": ("start_up.duration",),
}
"""Kind -> durations that add up to its start."""


@dataclass(frozen=True)
class Essentials:
    """A part at a glance; None where nobody published the figure."""

    name: str
    label: str
    """The part as its maker writes it."""
    kind: str
    sleep_w: float | None
    run_w: float | None
    wake_s: float | None


def essentials(profile: Profile) -> Essentials:
    """Sleep, run and wake-up of a part; currents count at the voltage of comparison. [W], [W], [s]"""
    spec = profile.spec
    figures = figures_of(spec)
    if isinstance(spec, McuSpec):
        beside_w = typical(figures, "parasitic.current") if isinstance(spec, BoardSpec) else 0.0
        beside_w = None if beside_w is None else beside_w * COMPARED_AT_V
        sleep_w, run_w = least_sleep_w(spec, figures), running_w(spec, figures)
        wake_s = wake_up_s(spec, figures)
        return Essentials(profile.name, spec.name, spec.kind, _sum(sleep_w, beside_w), _sum(run_w, beside_w), wake_s)
    rest = _first(drawn_w(figures, path) for path in _rest_paths(spec))
    started = [value for path in STARTS.get(spec.kind, ()) if (value := typical(figures, path)) is not None]
    return Essentials(profile.name, spec.name, spec.kind, rest, _at_work_w(spec, figures),
                      sum(started) if started else None)


def _sum(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first + second


def _first(values: Iterable[float | None]) -> float | None:
    return next((value for value in values if value is not None), None)


def _rest_paths(spec: ProfileSpec) -> Sequence[str]:
    own = getattr(spec, "default_rest", None)
    return (*RESTS.get(spec.kind, ()), *((own, f"modes.{own}") if own else ()))


def _at_work_w(spec: ProfileSpec, figures: dict[str, KnownFigure]) -> float | None:
    """Draw of the default mode; without one the least of all modes, the strongest transmission, the load itself. [W]"""
    own = getattr(spec, "default_mode", None)
    if own is not None:
        return drawn_w(figures, f"modes.{own}")
    modes = [drawn for name in getattr(spec, "modes", {}) if (drawn := drawn_w(figures, f"modes.{name}")) is not None]
    sent = [drawn for name in getattr(spec, "tx", {}) if (drawn := drawn_w(figures, f"tx.{name}")) is not None]
    if modes or sent:
        return min(modes) if modes else max(sent)
    return drawn_w(figures, "")
