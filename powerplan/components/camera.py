"""A camera: its start is boot, power-on, initialisation and settle frames, never one constant.

Start-up = boot + power-on + init + settle frames / frame rate. The inrush pulse lies inside the power-on
phase. Resolution changes the draw, but not in proportion to the pixels (LiKamWa et al., Energy
characterization and optimization of image sensing): each mode has its own figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from powerplan.components.airtime import transfer_s
from powerplan.components.base import Lowered, PowerState, Request, Step, UnknownRequest, Use
from powerplan.components.draws import Draw, Phase
from powerplan.components.load import InrushOptions
from powerplan.components.modes import mode_of
from powerplan.components.spec import (
    Part,
    PartOptions,
    ProfileSpec,
    Strict,
    draw,
    has_draw,
    to_ns,
)
from powerplan.model.amount import Current, Duration, Frequency, Number, Power
from powerplan.model.figure import Figure

STAGE = "capture"
UNNAMED_MODE = "picture"
"""Mode of a camera that gives a current and no mode."""
STREAM = "stream_"
START_PHASES = ("boot", "power_on", "init")


class CameraMode(Strict):
    """A resolution at a frame rate."""

    width: int | None = None
    height: int | None = None
    bytes_per_pixel: float = 1.0
    frame_rate: Figure[Frequency] | None = None
    current: Figure[Current] | None = None
    power: Figure[Power] | None = None
    note: str | None = None


class CameraSpec(ProfileSpec):
    """Profile of a camera."""

    kind: Literal["camera"]
    boot: Phase = Phase()
    """A processor of the camera's own that boots."""
    power_on: Phase = Phase()
    """From the rail to the first register access."""
    init: Phase = Phase()
    """Register upload until the settings hold."""
    start: Draw = Draw()
    """Draw of the start phases that have none of their own."""
    inrush: Phase = Phase()
    settle_frames: Figure[Number] | None = None
    """Frames thrown away until exposure and white balance hold."""
    modes: dict[str, CameraMode] = Field(default_factory=dict)
    default_mode: str | None = None
    standby: Draw = Draw()
    standby_exit: Phase = Phase()
    """From standby to the first frame."""
    off: Draw = Draw()
    """Leakage with the rail switched off; none means 0."""


class Readout(Strict):
    """How a frame reaches memory: slower than the sensor, it sets the time per frame."""

    clock: Frequency
    bits: int = Field(8, ge=1, le=64)
    needs_cpu: bool = True
    """False where a DMA moves the bytes while the processor sleeps or works."""


class CameraOptions(PartOptions):
    """What a scenario may say of a camera."""

    mode: str | None = None
    rest: Literal["off", "standby", "on", "auto"] = "off"
    """Between pictures: rail switched off, standby, streaming all the time, or what takes the least energy in the gap
    between two periodic uses."""
    hold: Literal["on", "standby"] | None = None
    """State kept after the pictures until the task is through (frames stay in the camera)."""
    frame_rate: Frequency | None = None
    """Slower than the mode's own: a frame takes longer, the draw stays that of the mode."""
    settle_frames: int | None = Field(None, ge=0, le=1000)
    boot: Duration | None = None
    power_on: Duration | None = None
    init: Duration | None = None
    inrush: InrushOptions | None = None
    current: Current | None = None
    """Draw while streaming in the mode."""
    start_current: Current | None = None
    """Draw of the start phases."""
    readout: Readout | None = None

    FIGURE_KEYS: ClassVar[Mapping[str, str]] = {
        "boot": "boot.duration",
        "power_on": "power_on.duration",
        "init": "init.duration",
        "settle_frames": "settle_frames",
        "inrush": "inrush",
        "current": "modes.{mode}.current",
        "start_current": "start.current",
    }

    def figure_key(self, option: str, data: Mapping[str, Any]) -> str:
        """Key path an option stands for; the streaming current belongs to the chosen mode."""
        mode = self.mode or data.get("default_mode") or UNNAMED_MODE
        return super().figure_key(option, data).format(mode=mode)


class Camera(Part[CameraSpec, CameraOptions]):
    """States `off`, `standby`, the start phases, `inrush`, and `stream_<mode>` per mode with a figure."""

    def mode_name(self, asked: object = None) -> str:
        """The mode of a request, of the part, or of the profile."""
        return mode_of(self, UNNAMED_MODE, asked)

    def lower(self, use: Use) -> Lowered:
        """The rest state first, then every state the start and the modes can reach."""
        states = {"off": self._state("off", use) if has_draw(self, "off") else PowerState("off")}
        if has_draw(self, "standby"):
            states["standby"] = self._state("standby", use)
        for mode in self.spec.modes:
            if has_draw(self, f"modes.{mode}"):
                current_a, power_w = draw(self, f"modes.{mode}", use)
                states[f"{STREAM}{mode}"] = PowerState(f"{STREAM}{mode}", current_a, power_w)
        for phase in ("inrush", *START_PHASES, "standby_exit"):
            if has_draw(self, phase) or (self.has(f"{phase}.duration") and has_draw(self, "start")):
                states[phase] = self._phase_state(phase, use)
        rest = self._rest_state()
        if rest not in states:
            raise self.missing(f"{'standby' if rest == 'standby' else f'modes.{self.mode_name()}'}.current")
        others = [state for name, state in states.items() if name != rest]
        return Lowered([states[rest], *others], keep=self._kept_state())

    def steps(self, request: Request, use: Use) -> list[Step]:
        """`capture` gives the start phases, the settle frames and then `frames` pictures of `mode`.

        A camera that is still held from an earlier picture of the task is told so by `from_state`.
        """
        if request.verb not in ("capture", "listen"):
            raise UnknownRequest(self.name, request.verb, "capture (frames, mode)")
        mode = self.mode_name(request.arguments.get("mode"))
        frame_ns = to_ns(self.frame_s(mode, use))
        stream = f"{STREAM}{mode}"
        at = str(request.arguments.get("from_state", self._rest_state()))
        steps = self.start_steps(use, at)
        if not at.startswith(STREAM):
            settle_ns = round(use("settle_frames")) * frame_ns
            steps += [Step(stream, settle_ns, STAGE)] if settle_ns else []
        if request.verb == "listen":
            return [*steps, Step(stream, int(request.arguments.get("duration_ns", 0)), STAGE)]
        frames = int(request.arguments.get("frames", 1))
        needs_cpu = self.options.readout is not None and self.options.readout.needs_cpu
        return [*steps, Step(stream, frames * frame_ns, STAGE, needs_cpu)]

    def start_steps(self, use: Use, at: str) -> list[Step]:
        """From the state the camera is in to a running sensor, settle frames not included."""
        if at.startswith(STREAM):
            return []
        if at == "standby":
            return [Step("standby_exit", to_ns(use("standby_exit.duration")), STAGE)]
        steps: list[Step] = []
        for phase in START_PHASES:
            if not self.has(f"{phase}.duration"):
                continue
            duration_ns = to_ns(use(f"{phase}.duration"))
            if phase == "power_on" and has_draw(self, "inrush"):
                inrush_ns = to_ns(use("inrush.duration"))
                steps.append(Step("inrush", inrush_ns, STAGE))
                duration_ns = max(0, duration_ns - inrush_ns)
            steps.append(Step(phase, duration_ns, STAGE))
        if not steps:
            raise self.missing("init.duration")
        return [step for step in steps if step.duration_ns]

    @property
    def rest(self) -> str:
        """Where the camera is between pictures."""
        return self.options.rest

    def stream_state(self) -> str:
        """The state held while a stream runs."""
        return f"{STREAM}{self.mode_name()}"

    def frame_s(self, mode: str, use: Use) -> float:
        """Time per frame: the sensor's own, or the readout's where that is slower. [s]"""
        spec = self.spec.modes[mode]
        asked = self.options.frame_rate
        rate = f"modes.{mode}.frame_rate"
        frame_s = 1.0 / asked.typ if asked is not None and not self.has(rate) else 1.0 / use(rate)
        if asked is not None:
            if asked.typ * frame_s > 1.0 + 1e-9:
                allowed = f"allowed: up to {1 / frame_s:g} fps"
                raise self.refuse("frame_rate", f"{asked.typ:g} fps is above mode {mode}", allowed)
            frame_s = 1.0 / asked.typ
        readout = self.options.readout
        if readout is None:
            return frame_s
        if spec.width is None or spec.height is None:
            raise self.missing(f"modes.{mode}.width")
        frame_bytes = spec.width * spec.height * spec.bytes_per_pixel
        return max(frame_s, transfer_s(frame_bytes, readout.clock.typ, readout.bits))

    def start_energy_j(self, use: Use, rail_v: float) -> float:
        """Energy of one start from a switched-off rail to the first good frame, at a rail voltage. [J]"""
        cold = Camera(self.name, self.spec, self.options.model_copy(update={"rest": "off"}), self.figures, self.profile)
        states = {state.name: state for state in cold.lower(use).states}
        steps = cold.steps(Request("capture", {"frames": 0}), use)
        return sum(
            (states[step.state].current_a * rail_v + states[step.state].power_w) * step.duration_ns * 1e-9
            for step in steps
        )

    def break_even_s(self, use: Use, rail_v: float) -> float:
        """Interval above which switching the rail off beats standby: E_start / P_standby. [s]"""
        current_a, power_w = draw(self, "standby", use)
        return self.start_energy_j(use, rail_v) / (current_a * rail_v + power_w)

    def _rest_state(self) -> str:
        return f"{STREAM}{self.mode_name()}" if self.options.rest == "on" else self.options.rest

    def _kept_state(self) -> str | None:
        if self.options.hold is None or self.options.rest == "on":
            return None
        return f"{STREAM}{self.mode_name()}" if self.options.hold == "on" else "standby"

    def _state(self, name: str, use: Use) -> PowerState:
        current_a, power_w = draw(self, name, use)
        return PowerState(name, current_a, power_w)

    def _phase_state(self, phase: str, use: Use) -> PowerState:
        current_a, power_w = draw(self, phase if has_draw(self, phase) else "start", use)
        return PowerState(phase, current_a, power_w)
