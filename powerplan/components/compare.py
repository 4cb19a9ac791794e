"""Profiles side by side, and search by property ("cortex-m33, < 2 uA, >= 256 KiB RAM")."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from powerplan.components.camera import CameraSpec
from powerplan.components.mcu import RUN_WORKLOADS, McuSpec
from powerplan.components.spec import KnownFigure, Profile, ProfileSpec, Stated, figures_of
from powerplan.units import UnitError, format_quantity, parse_quantity

COMPARED_AT_V = 3.0
"""Currents and powers meet at this voltage."""


@dataclass(frozen=True)
class Property:
    """One line of a comparison."""

    name: str
    dimension: str
    """Dimension of the number; empty for a text."""
    value: float | str | None
    """SI value, a text, or None where nobody published it."""

    @property
    def shown(self) -> str:
        """As a table prints it."""
        if self.value is None:
            return "not published"
        return self.value if isinstance(self.value, str) else format_quantity(self.value, self.dimension)


def properties(profile: Profile) -> list[Property]:
    """What is worth comparing of a profile: what its kind has in common, then its own figures."""
    spec = profile.spec
    if isinstance(spec, McuSpec):
        return _mcu(spec)
    if isinstance(spec, CameraSpec):
        return _camera(spec)
    return [Property(path, known.dimension, known.typ) for path, known in figures_of(spec).items()]


def comparison(profiles: Sequence[Profile]) -> list[dict[str, str]]:
    """One row per property that any of the profiles has, one column per profile."""
    by_profile = {profile.name: {one.name: one for one in properties(profile)} for profile in profiles}
    names = list(dict.fromkeys(name for found in by_profile.values() for name in found))
    rows = []
    for name in names:
        row = {"property": name}
        for profile, found in by_profile.items():
            row[profile] = found[name].shown if name in found else "-"
        rows.append(row)
    return rows


def _mcu(spec: McuSpec) -> list[Property]:
    figures = figures_of(spec)
    energies = [row.energy.typ for row in spec.throughput if row.energy and row.model == "mlperf_tiny_vww"]
    latencies = [row.latency.typ for row in spec.throughput if row.model == "mlperf_tiny_vww"]
    return [
        Property("core", "", _stated(spec.core)),
        Property("floating point", "", _stated(spec.fpu)),
        Property("accelerator", "", _stated(spec.npu)),
        Property("clock", "frequency", typical(figures, "clock_max")),
        Property("flash", "data", typical(figures, "flash")),
        Property("RAM", "data", typical(figures, "ram")),
        Property("running", "power", running_w(spec, figures)),
        Property("sleep with RAM", "power", least_sleep_w(spec, figures)),
        Property("sleep", "power", _least_w(figures, list(spec.sleep))),
        Property("wake-up with RAM", "duration", wake_up_s(spec, figures)),
        Property("best inference, visual wake words", "duration", min(latencies, default=None)),
        Property("least energy, visual wake words", "energy", min(energies, default=None)),
        *([Property("beside the chip", "current", typical(figures, "parasitic.current"))] if spec.kind == "board"
          else []),
        *_bought(figures),
    ]


def _camera(spec: CameraSpec) -> list[Property]:
    figures = figures_of(spec)
    rows = [Property(f"start: {name}", "duration", typical(figures, f"{name}.duration"))
            for name in ("power_on", "init")]
    rows.append(Property("settle frames", "number", typical(figures, "settle_frames")))
    rows.append(Property("standby", "power", drawn_w(figures, "standby")))
    rows.extend(Property(mode, "power", drawn_w(figures, f"modes.{mode}")) for mode in spec.modes)
    return rows + _bought(figures)


def _bought(figures: dict[str, KnownFigure]) -> list[Property]:
    """What one piece costs, weighs and fills, where the profile says it."""
    return [Property(path.replace("_", " "), figures[path].dimension, figures[path].typ)
            for path in ("unit_cost", "mass", "volume") if path in figures]


def _stated(stated: Stated[Any] | None) -> str | None:
    return None if stated is None else str(stated.value)


def typical(figures: dict[str, KnownFigure], path: str) -> float | None:
    """Typical value under a key path, None where nobody published it."""
    return figures[path].typ if path in figures else None


def drawn_w(figures: dict[str, KnownFigure], path: str) -> float | None:
    """Power under a key path at the voltage of comparison. [W]"""
    before = f"{path}." if path else ""
    if f"{before}power" in figures:
        return figures[f"{before}power"].typ
    current_a = typical(figures, f"{before}current")
    return None if current_a is None else current_a * COMPARED_AT_V


def running_w(spec: McuSpec, figures: dict[str, KnownFigure]) -> float | None:
    """Power of running, nearest to neural-network work, at the highest clock. [W]"""
    known = {name: point for name, point in spec.run.items() if point.workload in RUN_WORKLOADS}
    ranked = sorted(known, key=lambda name: (RUN_WORKLOADS.index(known[name].workload), -known[name].clock.typ))
    return next((drawn for name in ranked if (drawn := drawn_w(figures, f"run.{name}")) is not None), None)


def _keeps_all(spec: McuSpec, name: str) -> bool:
    kept = spec.sleep[name].ram_kept
    return kept is not None and spec.ram is not None and kept.typ >= spec.ram.typ


def _least_w(figures: dict[str, KnownFigure], names: list[str]) -> float | None:
    drawn = [drawn_w(figures, f"sleep.{name}") for name in names]
    return min((value for value in drawn if value is not None), default=None)


def least_sleep_w(spec: McuSpec, figures: dict[str, KnownFigure]) -> float | None:
    """Least power asleep with all RAM kept. [W]"""
    return _least_w(figures, _keeping(spec))


def wake_up_s(spec: McuSpec, figures: dict[str, KnownFigure]) -> float | None:
    """Shortest wake-up from a sleep state that keeps all RAM. [s]"""
    paths = [f"sleep.{name}.wake_time" for name in _keeping(spec)]
    return min((figures[path].typ for path in paths if path in figures), default=None)


def _keeping(spec: McuSpec) -> list[str]:
    """Sleep states that keep all RAM."""
    return [name for name in spec.sleep if _keeps_all(spec, name)]


_CLAUSE = re.compile(r"(<=|>=|<|>)\s*(\S+(?:\s*[A-Za-zµμ/%]+)?)(?:\s+(.*))?")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}


class SearchError(ValueError):
    """A search that cannot be read."""


def matches(profile: Profile, search: str) -> bool:
    """Whether a profile fits every clause of a search. Raises SearchError.

    Clauses stand between commas: a text is looked for in name, kind, core and summary; `< 2 uA` or `< 2 uA with RAM`
    asks for a sleep state, `>= 256 KiB RAM` or `> 1 MB flash` for memory, `>= 100 MHz` for the clock.
    """
    return all(_fits(profile, clause.strip()) for clause in search.split(",") if clause.strip())


def _fits(profile: Profile, clause: str) -> bool:
    asked = _CLAUSE.fullmatch(clause)
    if asked is None:
        return clause.casefold() in _words(profile)
    sign, quantity, what = asked.group(1), asked.group(2), (asked.group(3) or "").casefold()
    found = _asked_for(profile.spec, quantity, what)
    return any(_COMPARE[sign](value, limit) for value, limit in found)


def _words(profile: Profile) -> str:
    spec = profile.spec
    core = spec.core.value if isinstance(spec, McuSpec) and spec.core else ""
    texts = (profile.name, spec.kind, spec.name, spec.vendor or "", spec.summary or "", core)
    return " ".join(texts).casefold()


def _asked_for(spec: ProfileSpec, quantity: str, what: str) -> list[tuple[float, float]]:
    """(value, limit) of every figure the clause may mean."""
    figures = figures_of(spec)
    for dimension in ("current", "data", "frequency", "power", "duration"):
        try:
            limit = parse_quantity(quantity, dimension)
        except UnitError:
            continue
        return [(value, limit) for value in _candidates(spec, figures, dimension, what)]
    raise SearchError(f'cannot read "{quantity}"; examples: < 2 uA with RAM, >= 256 KiB RAM, >= 100 MHz')


def _candidates(spec: ProfileSpec, figures: dict[str, KnownFigure], dimension: str, what: str) -> list[float]:
    if dimension == "data":
        return [figures[path].typ for path in ("ram", "flash") if path in figures and (not what or path in what)]
    if dimension == "frequency":
        return [figures["clock_max"].typ] if "clock_max" in figures else []
    if dimension == "current" and isinstance(spec, McuSpec):
        names = [name for name in spec.sleep if "ram" not in what or _keeps_all(spec, name)]
        return [figures[path].typ for path in (f"sleep.{name}.current" for name in names) if path in figures]
    return [known.typ for path, known in figures.items() if known.dimension == dimension and what in path]
