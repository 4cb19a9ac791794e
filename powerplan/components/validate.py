"""What must hold in a profile beyond its form: sources, ranges, sleep below run, energy = power x time, modes.

Each rule is a small function that yields what it found; a finding is an error or a warning at a key path.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from powerplan.components.airtime import BLE_ADVERTISING_CHANNEL_COUNT
from powerplan.components.camera import CameraSpec
from powerplan.components.mcu import RUN_WORKLOADS, SWITCHING, McuSpec
from powerplan.components.microphone import MicrophoneSpec
from powerplan.components.radio import dbm
from powerplan.components.radio_profile import RadioSpec
from powerplan.components.sensor import RESTS, SensorSpec
from powerplan.components.spec import USER_SOURCE, KnownFigure, ProfileSpec, Stated, figures_of

RUN_FLOOR_A_PER_HZ = 1e-6 / 1e6
"""Below 1 uA/MHz no core runs: such a figure is a sleep current, or a unit slip."""
ENERGY_TOLERANCE_FRACTION = 0.05
"""Published energy, power and time are rounded."""
LIMITS: dict[str, tuple[float, float]] = {
    "current": (0.0, 100.0),
    "voltage": (-100.0, 100.0),
    "power": (0.0, 1e3),
    "energy": (0.0, 1e6),
    "charge": (0.0, 1e6),
    "duration": (0.0, 200 * 365 * 86_400.0),
    "frequency": (0.0, 1e11),
    "data": (0.0, 2.0**50),
    "fraction": (0.0, 1.0),
    "mass": (0.0, 1e3),
    "volume": (0.0, 1.0),
    "money": (0.0, 1e6),
}
"""Dimension -> what a figure of a battery-powered product can be, in SI units."""

Severity = Literal["error", "warning"]
CONTRADICTS, REFERS_TO_NOTHING, OUT_OF_RANGE, LACKS_A_FIGURE = "PP304", "PP301", "PP105", "PP306"


@dataclass(frozen=True)
class Finding:
    """One thing wrong in a profile."""

    path: str
    message: str
    hint: str = ""
    severity: Severity = "error"
    code: str = CONTRADICTS


Rule = Callable[[ProfileSpec, dict[str, KnownFigure]], Iterator[Finding]]


def findings(spec: ProfileSpec) -> list[Finding]:
    """Everything the rules find in a profile, errors first."""
    figures = figures_of(spec)
    found = [finding for rule in RULES for finding in rule(spec, figures)]
    return sorted(found, key=lambda finding: (finding.severity != "error", finding.path))


def _sources(spec: ProfileSpec, figures: dict[str, KnownFigure]) -> Iterator[Finding]:
    """Every source is a key of `sources:`, and `user` is nobody's document."""
    known = set(spec.sources)
    if USER_SOURCE in known:
        yield Finding(f"sources.{USER_SOURCE}", "the key `user` means the scenario", "use another key")
    named = {path: figure.source for path, figure in figures.items()}
    named |= {f"{path}.others": other.source for path, figure in figures.items() for other in figure.others}
    named |= dict(_stated_sources(spec))
    for path, source in named.items():
        if source not in known:
            hint = f"add it to sources:, or use one of {', '.join(sorted(known)) or 'none'}"
            yield Finding(path, f'source "{source}" is not in sources:', hint, code=REFERS_TO_NOTHING)


def _stated_sources(spec: ProfileSpec) -> Iterator[tuple[str, str]]:
    """Sources of what is not a figure: stated properties and published inference results."""
    for name in type(spec).model_fields:
        value = getattr(spec, name)
        if isinstance(value, Stated):
            yield name, value.source
    if isinstance(spec, McuSpec):
        for index, row in enumerate(spec.throughput):
            yield f"throughput.{index}", row.source
        if spec.flash_waits is not None:
            yield "flash_waits", spec.flash_waits.source


def _ranges(_: ProfileSpec, figures: dict[str, KnownFigure]) -> Iterator[Finding]:
    """Every figure lies in what its dimension allows."""
    for path, figure in figures.items():
        least, most = LIMITS.get(figure.dimension, (-math.inf, math.inf))
        values = [value for value in (figure.min, figure.typ, figure.max) if value is not None]
        if not all(least <= value <= most for value in values):
            text = f"{figure.typ:g} is out of range for a {figure.dimension}"
            yield Finding(path, text, "check the unit", code=OUT_OF_RANGE)


def _supply(spec: ProfileSpec, _: dict[str, KnownFigure]) -> Iterator[Finding]:
    if spec.supply_min is not None and spec.supply_max is not None and spec.supply_min.typ > spec.supply_max.typ:
        yield Finding("supply_min", "the lowest supply voltage is above the highest", "swap them")


def _drawn_w(figures: dict[str, KnownFigure], path: str, supply_v: float) -> float | None:
    """Draw under a key path at a supply voltage, None where there is no figure. [W]"""
    if f"{path}.power" in figures:
        return figures[f"{path}.power"].typ
    if f"{path}.current" in figures:
        return figures[f"{path}.current"].typ * supply_v
    return None


def _sleep_below_run(spec: ProfileSpec, figures: dict[str, KnownFigure]) -> Iterator[Finding]:
    """No sleep state draws more than the least running point, at one voltage."""
    if not isinstance(spec, McuSpec):
        return
    supply_v = 3.0
    awake = [_drawn_w(figures, f"run.{name}", supply_v) for name, point in spec.run.items() if point.workload != "idle"]
    running = [drawn for drawn in awake if drawn is not None]
    if not running:
        return
    for name in spec.sleep:
        drawn = _drawn_w(figures, f"sleep.{name}", supply_v)
        if drawn is not None and drawn >= min(running):
            yield Finding(f"sleep.{name}.current", "sleeping draws more than running", "check the units")


def _run_is_awake(spec: ProfileSpec, figures: dict[str, KnownFigure]) -> Iterator[Finding]:
    """A state called run that draws less than 1 uA/MHz is a sleep current or a unit slip (195 nA "while working")."""
    if not isinstance(spec, McuSpec):
        return
    for name, point in spec.run.items():
        figure = figures.get(f"run.{name}.current")
        if figure is not None and figure.typ < RUN_FLOOR_A_PER_HZ * point.clock.typ:
            text = f"{figure.typ * 1e6:g} uA at {point.clock.typ / 1e6:g} MHz is below 1 uA/MHz: no core runs on that"
            yield Finding(f"run.{name}.current", text, "name the sleep state it belongs to", "warning")


def _run_power(spec: ProfileSpec, figures: dict[str, KnownFigure]) -> Iterator[Finding]:
    """Where a run point states current, power and supply, they agree; its clock is one the chip has."""
    if not isinstance(spec, McuSpec):
        return
    for name, point in spec.run.items():
        current, power = figures.get(f"run.{name}.current"), figures.get(f"run.{name}.power")
        if current and power and point.supply:
            expected_w = current.typ * point.supply.typ
            if not math.isclose(power.typ, expected_w, rel_tol=ENERGY_TOLERANCE_FRACTION):
                text = f"power {power.typ * 1e3:.3g} mW is not current x supply = {expected_w * 1e3:.3g} mW"
                yield Finding(f"run.{name}.power", text, "correct one of the three")
        if point.regulator in SWITCHING and power is None and point.supply is None:
            text = "a core behind a switching regulator is a constant power: the voltage of the current is due"
            yield Finding(f"run.{name}.current", text, "give supply:", "warning", LACKS_A_FIGURE)
        if current is None and power is None:
            yield Finding(f"run.{name}", "a run point without current or power", "give one of them")
        if spec.clock_max is not None and point.clock.typ > spec.clock_max.high * (1 + 1e-9):
            yield Finding(f"run.{name}.clock", "the clock is above clock_max", "correct one of them")


def _run_rises_with_clock(spec: ProfileSpec, figures: dict[str, KnownFigure]) -> Iterator[Finding]:
    """Points of one regulator, workload, supply and code draw more at a higher clock."""
    if not isinstance(spec, McuSpec):
        return
    families: dict[tuple[Any, ...], list[tuple[float, float, str]]] = {}
    for name, point in spec.run.items():
        drawn = _drawn_w(figures, f"run.{name}", 3.0)
        if drawn is not None and point.workload in (*RUN_WORKLOADS, "idle"):
            supply_v = point.supply.typ if point.supply else None
            family = point.regulator, point.workload, supply_v, point.code, point.whole_board
            families.setdefault(family, []).append((point.clock.typ, drawn, name))
    for points in families.values():
        ordered = sorted(points)
        for (_, low, _), (_, high, name) in pairwise(ordered):
            if high < low:
                yield Finding(f"run.{name}.current", "a higher clock draws less", "check the row")


def _sleep_keeps(spec: ProfileSpec, figures: dict[str, KnownFigure]) -> Iterator[Finding]:
    """A sleep state keeps no more RAM than there is; keeping more of it costs more; default_sleep is one of them."""
    if not isinstance(spec, McuSpec):
        return
    yield from _default_is_known("default_sleep", spec.default_sleep, list(spec.sleep))
    for name, state in spec.sleep.items():
        if spec.ram is not None and state.ram_kept is not None and state.ram_kept.typ > spec.ram.high:
            yield Finding(f"sleep.{name}.ram_kept", "keeps more RAM than the chip has", "correct one of them")
        if state.restarts and state.ram_kept is not None and spec.boot_time is None and state.ram_kept.typ == 0:
            text = "waking is a reset, and the boot time is not known"
            yield Finding(f"sleep.{name}", text, "give boot_time, or the run is refused", "warning", LACKS_A_FIGURE)
        if state.ram_kept is not None and state.ram_kept.typ == 0 and not state.restarts:
            text = "keeps no RAM, and yet waking is no restart"
            yield Finding(f"sleep.{name}", text, "set restarts: true", "warning")
        if f"sleep.{name}.wake_time" not in figures:
            yield Finding(
                f"sleep.{name}", "no wake time", "a run that sleeps here is refused", "warning", LACKS_A_FIGURE
            )


def _flash_waits(spec: ProfileSpec, _: dict[str, KnownFigure]) -> Iterator[Finding]:
    """The clocks of the wait states rise, and the last one reaches the highest clock."""
    if not isinstance(spec, McuSpec) or spec.flash_waits is None:
        return
    limits = [limit.typ for limit in spec.flash_waits.limits]
    if not limits or limits != sorted(set(limits)):
        yield Finding("flash_waits.limits", "the clocks do not rise", "write them from no wait state upwards")
    elif spec.clock_max is not None and limits[-1] < spec.clock_max.high * (1 - 1e-9):
        yield Finding("flash_waits.limits", "the last clock lies below clock_max", "add the wait states up to it")


def _throughput_energy(spec: ProfileSpec, _: dict[str, KnownFigure]) -> Iterator[Finding]:
    """Energy of an inference = power x time; MLPerf measures energy in a run of its own, so within a wide bound."""
    if not isinstance(spec, McuSpec):
        return
    for index, row in enumerate(spec.throughput):
        if row.energy is None or row.power is None:
            continue
        ratio = row.energy.typ / (row.power.typ * row.latency.typ)
        if not 0.5 < ratio < 2.0:
            yield Finding(f"throughput.{index}", f"energy is {ratio:.2f} x power x latency", "check the row")
        elif not math.isclose(ratio, 1.0, rel_tol=ENERGY_TOLERANCE_FRACTION):
            text = f"energy is {ratio:.2f} x power x latency: measured at another clock"
            yield Finding(f"throughput.{index}", text, "pair it with its own latency", "warning")


def _camera(spec: ProfileSpec, figures: dict[str, KnownFigure]) -> Iterator[Finding]:
    """Standby below streaming, modes by rising pixels do not fall, a start that leads to a picture."""
    if not isinstance(spec, CameraSpec):
        return
    yield from _default_is_known("default_mode", spec.default_mode, list(spec.modes))
    drawn = {name: _drawn_w(figures, f"modes.{name}", 3.0) for name in spec.modes}
    standby = _drawn_w(figures, "standby", 3.0)
    known = [value for value in drawn.values() if value is not None]
    if standby is not None and known and standby >= min(known):
        yield Finding("standby", "standby draws more than streaming", "check the units")
    if not any(f"{phase}.duration" in figures for phase in ("boot", "power_on", "init")):
        yield Finding(
            "init.duration",
            "no start-up phase has a duration",
            "give boot, power_on or init",
            "warning",
            LACKS_A_FIGURE,
        )
    for name, mode in spec.modes.items():
        for other, wider in spec.modes.items():
            same_rate = _same(figures.get(f"modes.{name}.frame_rate"), figures.get(f"modes.{other}.frame_rate"))
            smaller = (mode.width or 0) * (mode.height or 0) < (wider.width or 0) * (wider.height or 0)
            low, high = drawn[name], drawn[other]
            if same_rate and smaller and low is not None and high is not None and low > high * (1 + 1e-9):
                text = f"draws more than the larger mode {other} at the same rate"
                yield Finding(f"modes.{name}", text, "check the figures", "warning")


def _same(first: KnownFigure | None, second: KnownFigure | None) -> bool:
    return first is not None and second is not None and first.typ == second.typ


def _microphone(spec: ProfileSpec, figures: dict[str, KnownFigure]) -> Iterator[Finding]:
    """Off and sleep below waiting for a sound below listening."""
    if not isinstance(spec, MicrophoneSpec):
        return
    yield from _default_is_known("default_mode", spec.default_mode, list(spec.modes))
    listening = [_drawn_w(figures, f"modes.{name}", 1.8) for name in spec.modes]
    least = min((value for value in listening if value is not None), default=None)
    for rest in ("off", "sleep", "wake_on_sound"):
        drawn = _drawn_w(figures, rest, 1.8)
        if drawn is not None and least is not None and drawn >= least:
            yield Finding(f"{rest}.current", f"{rest} draws more than listening", "check the units")


def _sensor(spec: ProfileSpec, figures: dict[str, KnownFigure]) -> Iterator[Finding]:
    """Rest states exist and draw less than measuring."""
    if not isinstance(spec, SensorSpec):
        return
    yield from _default_is_known("default_mode", spec.default_mode, list(spec.modes))
    yield from _default_is_known("default_rest", spec.default_rest, [*RESTS, *spec.modes])
    measuring = [_drawn_w(figures, f"modes.{name}", 3.0) for name in spec.modes]
    most = max((value for value in measuring if value is not None), default=None)
    for rest in RESTS:
        drawn = _drawn_w(figures, rest, 3.0)
        if drawn is not None and most is not None and drawn >= most:
            yield Finding(f"{rest}.current", f"{rest} draws more than measuring", "check the units")


def _radio(spec: ProfileSpec, figures: dict[str, KnownFigure]) -> Iterator[Finding]:
    """Transmit draw rises with power, sleep lies below it, sessions have a time and one draw."""
    if not isinstance(spec, RadioSpec):
        return
    yield from _default_is_known("default_session", spec.default_session, list(spec.sessions))
    yield from _default_is_known("default_tx_power", spec.default_tx_power, list(spec.tx))
    for label in spec.tx:
        if math.isnan(dbm(label)):
            yield Finding(f"tx.{label}", f'"{label}" is not a transmit power', 'for example "0 dBm"')
    by_power = sorted(
        (dbm(label), drawn, label) for label in spec.tx if (drawn := _drawn_w(figures, f"tx.{label}", 3.0)) is not None
    )
    for (_, low, _), (_, high, label) in pairwise(by_power):
        if high < low:
            yield Finding(f"tx.{label}", "more transmit power draws less", "check the rows")
    asleep = _drawn_w(figures, "sleep", 3.0)
    if asleep is not None and by_power and asleep >= by_power[0][1]:
        yield Finding("sleep.current", "sleeping draws more than sending", "check the units")
    for name in spec.sessions:
        path = f"sessions.{name}"
        given = [key for key in ("current", "power", "charge", "energy") if f"{path}.{key}" in figures]
        if f"{path}.duration" not in figures or len(given) != 1:
            text = f"a session has a duration and one of current, power, charge, energy; found {given or 'none'}"
            yield Finding(path, text, "energy = power x time")
    if spec.technology == "ble" and "ble.receive_window" not in figures:
        text = f"advertising on {BLE_ADVERTISING_CHANNEL_COUNT} channels needs ble.receive_window"
        yield Finding("ble.receive_window", text, "give it, or sends by bytes are refused", "warning", LACKS_A_FIGURE)


def _default_is_known(path: str, name: str | None, known: list[str]) -> Iterator[Finding]:
    if name is not None and name not in known:
        allowed = f"allowed: {', '.join(known) or 'none'}"
        yield Finding(path, f'there is no "{name}"', allowed, code=REFERS_TO_NOTHING)


RULES: tuple[Rule, ...] = (
    _sources,
    _ranges,
    _supply,
    _sleep_below_run,
    _run_is_awake,
    _run_power,
    _run_rises_with_clock,
    _sleep_keeps,
    _flash_waits,
    _throughput_energy,
    _camera,
    _microphone,
    _sensor,
    _radio,
)
