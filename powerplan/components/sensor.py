"""Sensors: sampled on request, always sampling into a FIFO, or waiting for an event (PIR, touch, motion)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from powerplan.components.airtime import transfer_s
from powerplan.components.base import Interrupt, Lowered, PowerState, Request, Step, UnknownRequest, Use
from powerplan.components.camera import Readout
from powerplan.components.draws import Draw
from powerplan.components.modes import mode_of
from powerplan.components.spec import (
    Part,
    PartOptions,
    ProfileSpec,
    Strict,
    did_you_mean,
    draw,
    has_draw,
    to_ns,
)
from powerplan.components.waking import Waking, WakingOptions, interrupt_of
from powerplan.model.amount import Current, Duration, Frequency, Number, Power
from powerplan.model.figure import Figure

STAGE = "capture"
RESTS = ("off", "standby")
UNNAMED_MODE = "measure"
"""Mode of a sensor that has only one way of measuring; its state is `measure`."""


class SensorMode(Strict):
    """A way of measuring: a rate, an oversampling, a heater setting."""

    current: Figure[Current] | None = None
    power: Figure[Power] | None = None
    sample_rate: Figure[Frequency] | None = None
    measure_time: Figure[Duration] | None = None
    """How long one measurement takes."""
    note: str | None = None


class Fifo(Strict):
    """Samples the sensor keeps while the processor sleeps."""

    depth: Figure[Number] | None = None
    sample_bytes: Figure[Number] | None = None


class SensorSpec(ProfileSpec):
    """Profile of a sensor."""

    kind: Literal["sensor"]
    senses: str | None = None
    modes: dict[str, SensorMode] = Field(default_factory=dict)
    default_mode: str | None = None
    standby: Draw = Draw()
    off: Draw = Draw()
    """Power-down; none means the rail is switched off."""
    default_rest: str | None = None
    """`off`, `standby`, or the name of the mode that always measures."""
    start_up: Figure[Duration] | None = None
    """From the rest state to the first valid sample."""
    start_current: Figure[Current] | None = None
    """Draw during start-up where it differs from the mode's."""
    warm_up: Figure[Duration] | None = None
    """After power is applied once; not per measurement."""
    fifo: Fifo = Fifo()
    wakes: bool = False
    """Whether it can wake the processor by an event."""
    waking: Waking = Waking()


class SensorOptions(PartOptions):
    """What a scenario may say of a sensor."""

    mode: str | None = None
    rest: str | None = None
    """Between measurements: `off`, `standby`, a mode that always measures, or `auto`, what takes the least energy."""
    count: int = Field(1, ge=1, le=64)
    sample_rate: Frequency | None = None
    fifo_samples: int | None = Field(None, ge=1, le=65536)
    """Fill level at which the FIFO wakes the processor. Default: its depth."""
    readout: Readout | None = None
    """Bus over which the FIFO is read."""
    current: Current | None = None
    """Current while measuring."""
    rest_current: Current | None = None
    start_up: Duration | None = None
    measure_time: Duration | None = None
    waking: WakingOptions | None = None

    FIGURE_KEYS: ClassVar[Mapping[str, str]] = {
        "current": "modes.{mode}.current",
        "sample_rate": "modes.{mode}.sample_rate",
        "measure_time": "modes.{mode}.measure_time",
        "rest_current": "{rest}.current",
        "start_up": "start_up",
        "waking": "waking",
    }

    def figure_key(self, option: str, data: Mapping[str, object]) -> str:
        """Key path an option stands for; measuring figures belong to the chosen mode."""
        mode = self.mode or data.get("default_mode") or UNNAMED_MODE
        rest = self.rest or data.get("default_rest") or "standby"
        path = str(rest) if rest in RESTS else f"modes.{rest}"
        return super().figure_key(option, data).format(mode=mode, rest=path)


class Sensor(Part[SensorSpec, SensorOptions]):
    """The rest state, `measure_<mode>` for every mode with a figure, and `start` where it has its own."""

    def mode_name(self, asked: object = None) -> str:
        """The mode of a request, of the part, or of the profile."""
        return mode_of(self, UNNAMED_MODE, asked)

    @property
    def rest(self) -> str:
        """Where the sensor is between measurements."""
        without = "standby" if has_draw(self, "standby") else "off"
        rest = self.options.rest or self.spec.default_rest or without
        if rest not in RESTS and rest not in self.spec.modes:
            known = [*RESTS, *self.spec.modes]
            raise self.refuse("rest", f'unknown rest "{rest}"', did_you_mean(rest, known))
        return rest

    def lower(self, use: Use) -> Lowered:
        """The rest state first."""
        rest = self.rest
        measuring = [
            self._state(_state(mode), f"modes.{mode}", use)
            for mode in self.spec.modes
            if has_draw(self, f"modes.{mode}") and mode != rest
        ]
        starting = []
        if self.has("start_current"):
            starting.append(PowerState("start", use("start_current") * self.options.count))
        return Lowered([self._rest_state(rest, use), *measuring, *starting])

    def steps(self, request: Request, use: Use) -> list[Step]:
        """`sample` for `duration_ns` or one measurement; `read` moves the FIFO over its bus."""
        if request.verb == "read":
            return [self.read_step(use)]
        if request.verb not in ("sample", "listen"):
            raise UnknownRequest(self.name, request.verb, "sample (for, mode), read")
        mode = self.mode_name(request.arguments.get("mode"))
        given = request.arguments.get("duration_ns")
        duration_ns = int(given) if given is not None else to_ns(use(f"modes.{mode}.measure_time"))
        state = _state(mode)
        return [*self.start_steps(mode, use), Step(state, duration_ns, STAGE)]

    def start_steps(self, mode: str, use: Use) -> list[Step]:
        """From the rest state to the first valid sample; nothing where the sensor measures all the time."""
        if self.rest == mode:
            return []
        state = "start" if self.has("start_current") else _state(mode)
        duration_ns = to_ns(use("start_up"))
        return [Step(state, duration_ns, STAGE)] if duration_ns else []

    def interrupt(self, use: Use) -> Interrupt | None:
        """A PIR, a touch key, a motion detector; a FIFO wakes by its period instead."""
        wakes = self.spec.wakes or self.options.waking is not None
        return interrupt_of(self, "waking", use) if wakes else None

    def stream_state(self) -> str:
        """The state held while a stream runs."""
        return _state(self.mode_name())

    def sample_rate_hz(self, use: Use) -> float:
        """Samples per second of the mode that runs. [Hz]"""
        mode = self.rest if self.rest in self.spec.modes else self.mode_name()
        return use(f"modes.{mode}.sample_rate")

    def fifo_samples(self, use: Use) -> int:
        """Fill level at which the FIFO wakes the processor."""
        depth = round(use("fifo.depth")) if self.has("fifo.depth") else None
        asked = self.options.fifo_samples
        if asked is None and depth is None:
            raise self.missing("fifo.depth")
        if asked is not None and depth is not None and asked > depth:
            raise self.refuse("fifo_samples", f"{asked} samples do not fit", f"allowed: 1 to {depth}")
        return asked if asked is not None else int(depth or 0)

    def fifo_period_ns(self, use: Use) -> int:
        """Time between two wake-ups by a full FIFO. [ns]"""
        return to_ns(self.fifo_samples(use) / self.sample_rate_hz(use))

    def read_step(self, use: Use) -> Step:
        """Reading the filled FIFO over the bus, with the sensor measuring on."""
        readout = self.options.readout
        if readout is None:
            raise self.refuse("readout", "no bus is given", "example: readout: {clock: 400 kHz, bits: 1}")
        data_bytes = self.fifo_samples(use) * use("fifo.sample_bytes")
        duration_s = transfer_s(data_bytes, readout.clock.typ, readout.bits)
        return Step(self._rest_state(self.rest, use).name, to_ns(duration_s), STAGE, readout.needs_cpu)

    def _rest_state(self, rest: str, use: Use) -> PowerState:
        if rest in self.spec.modes:
            return self._state(_state(rest), f"modes.{rest}", use)
        if rest == "off" and not has_draw(self, "off"):
            return PowerState("off")
        return self._state(rest, rest, use)

    def _state(self, name: str, path: str, use: Use) -> PowerState:
        current_a, power_w = draw(self, path, use)
        return PowerState(name, current_a * self.options.count, power_w * self.options.count)


def _state(mode: str) -> str:
    """`measure_normal_50hz`, or plainly `measure` where there is one unnamed mode."""
    return "measure" if mode == UNNAMED_MODE else f"measure_{mode}"
