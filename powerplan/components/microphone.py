"""Microphones, one or an array: off, sleeping, listening in a mode, or waiting for a sound.

An array draws `count` times one microphone; what a DSP does per channel is a line of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from powerplan.components.base import Interrupt, Lowered, PowerState, Request, Step, UnknownRequest, Use
from powerplan.components.draws import Draw
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
from powerplan.components.waking import Waking, WakingOptions, interrupt_of
from powerplan.model.amount import Current, Duration, Fraction, Frequency, Power
from powerplan.model.figure import Figure

STAGE = "capture"
WAKE_ON_SOUND = "wake_on_sound"
UNNAMED_MODE = "listen"
"""Mode of a microphone that has only one way of listening; its states are `start` and `listen`."""


def array_current_a(per_microphone_a: float, count: int) -> float:
    """Supply current of an array of equal microphones on one clock. [A]"""
    return per_microphone_a * count


def processing_current_a(one_channel_a: float, extra_channel_fraction: float, count: int) -> float:
    """Current of the audio front end: one channel, and a fraction of it for each further one. [A]"""
    return one_channel_a * (1.0 + extra_channel_fraction * (count - 1))


class MicrophoneMode(Strict):
    """A way of listening (a clock, a bandwidth)."""

    current: Figure[Current] | None = None
    power: Figure[Power] | None = None
    start_up: Figure[Duration] | None = None
    """From off or sleep to valid samples; the profile's own `start_up` where a mode has none."""
    sample_rate: Frequency | None = None
    note: str | None = None


class WakeOnSound(Waking):
    """Listening for any sound at all, with an interrupt."""

    current: Figure[Current] | None = None
    power: Figure[Power] | None = None


class WakeOnSoundOptions(WakingOptions):
    """Waiting for a sound, as a scenario gives it."""

    current: Current | None = None


class Processing(Strict):
    """Decimation, filtering and beam forming outside the microphone while it listens."""

    current: Figure[Current] | None = None
    extra_channel: Figure[Fraction] | None = None
    """Each further microphone costs this fraction of the first."""


class ProcessingOptions(Strict):
    """Audio front end, as a scenario gives it."""

    current: Current
    extra_channel: Fraction | None = None


class MicrophoneSpec(ProfileSpec):
    """Profile of a microphone."""

    kind: Literal["microphone"]
    interface: Literal["pdm", "i2s", "analog"] | None = None
    modes: dict[str, MicrophoneMode] = Field(default_factory=dict)
    default_mode: str | None = None
    off: Draw = Draw()
    """Power-down by pin or clock; none means the rail is switched off."""
    sleep: Draw = Draw()
    start_up: Figure[Duration] | None = None
    wake_on_sound: WakeOnSound = WakeOnSound()
    processing: Processing = Processing()


class MicrophoneOptions(PartOptions):
    """What a scenario may say of a microphone."""

    count: int = Field(1, ge=1, le=64)
    mode: str | None = None
    rest: Literal["off", "sleep", "on", "wake_on_sound"] | None = None
    """Between recordings. Default: `wake_on_sound` for a part that can only do that, else `off`."""
    listening: int | None = Field(None, ge=1, le=64)
    """How many of the array listen as a rule; `listen_<mode>_all` is the whole array (a later level's)."""
    waking: int = Field(1, ge=1, le=64)
    """How many of the array wait for a sound; the others are off meanwhile."""
    current: Current | None = None
    """Current of one microphone while listening."""
    start_up: Duration | None = None
    wake_on_sound: WakeOnSoundOptions | None = None
    processing: ProcessingOptions | None = None

    FIGURE_KEYS: ClassVar[Mapping[str, str]] = {
        "current": "modes.{mode}.current",
        "start_up": "start_up",
        "wake_on_sound": "wake_on_sound",
        "processing": "processing",
    }

    def figure_key(self, option: str, data: Mapping[str, object]) -> str:
        """Key path an option stands for; the current belongs to the chosen mode."""
        return super().figure_key(option, data).format(mode=self.mode or data.get("default_mode") or UNNAMED_MODE)


class Microphone(Part[MicrophoneSpec, MicrophoneOptions]):
    """The rest state, `start`, and `listen_<mode>` for every mode with a figure, each times the count."""

    def mode_name(self, asked: object = None) -> str:
        """The mode of a request, of the part, or of the profile."""
        return mode_of(self, UNNAMED_MODE, asked)

    @property
    def rest(self) -> str:
        """Where the microphone is between recordings."""
        if self.options.rest is not None:
            return self.options.rest
        only_wakes = has_draw(self, WAKE_ON_SOUND) and not self.spec.modes
        return WAKE_ON_SOUND if only_wakes else "off"

    def lower(self, use: Use) -> Lowered:
        """The rest state first."""
        return Lowered([self._rest_state(use), *self._active_states(use)])

    def steps(self, request: Request, use: Use) -> list[Step]:
        """`capture` (or `listen`) for `duration_ns` after the start-up, in a mode."""
        if request.verb not in ("capture", "listen") or "duration_ns" not in request.arguments:
            raise UnknownRequest(self.name, request.verb, "capture (for, mode)")
        mode = self.mode_name(request.arguments.get("mode"))
        stage = str(request.arguments.get("stage", STAGE))
        listen = Step(_state("listen", mode), int(request.arguments["duration_ns"]), stage)
        return [*self.start_steps(mode, use, stage), listen]

    def start_steps(self, mode: str, use: Use, stage: str = STAGE) -> list[Step]:
        """From the rest state to valid samples; the slowest of equal microphones is any of them."""
        if self.rest == "on":
            return []
        own = f"modes.{mode}.start_up"
        duration_ns = to_ns(use(own if self.has(own) else "start_up"))
        return [Step(_state("start", mode), duration_ns, stage)] if duration_ns else []

    def interrupt(self, use: Use) -> Interrupt | None:
        """Only while it waits for a sound."""
        return interrupt_of(self, WAKE_ON_SOUND, use) if self.rest == WAKE_ON_SOUND else None

    def _rest_state(self, use: Use) -> PowerState:
        rest, count = self.rest, self.options.count
        if rest == "on":
            return self._listen_state(self.mode_name(), use)
        if rest == WAKE_ON_SOUND:
            waking_a, waking_w = draw(self, WAKE_ON_SOUND, use)
            off_a, off_w = self._off_draw(use)
            waking = min(self.options.waking, count)
            return PowerState(
                WAKE_ON_SOUND,
                array_current_a(waking_a, waking) + array_current_a(off_a, count - waking),
                waking_w * waking + off_w * (count - waking),
            )
        current_a, power_w = self._off_draw(use) if rest == "off" else draw(self, rest, use)
        return PowerState(rest, array_current_a(current_a, count), power_w * count)

    def _off_draw(self, use: Use) -> tuple[float, float]:
        return draw(self, "off", use) if has_draw(self, "off") else (0.0, 0.0)

    @property
    def listening_count(self) -> int:
        """Microphones that listen as a rule."""
        count = self.options.count
        asked = self.options.listening or count
        if asked > count:
            raise self.refuse("listening", f"{asked} of {count} microphones", f"allowed: 1 to {count}")
        return asked

    def stream_state(self) -> str:
        """The state held while a stream runs."""
        return _state("listen", self.mode_name())

    def _active_states(self, use: Use) -> list[PowerState]:
        states = []
        for mode in self.spec.modes:
            if not has_draw(self, f"modes.{mode}"):
                continue
            listening, everyone = self.listening_count, self.options.count
            states.append(self._array_state(_state("start", mode), mode, listening, use))
            if self.rest != "on" or mode != self.mode_name():
                states.append(self._listen_state(mode, use))
            if listening < everyone:
                state = self._array_state(_state("listen", mode) + "_all", mode, everyone, use)
                states.append(_with_current(state, self.processing_a(use, everyone)))
        return states

    def _listen_state(self, mode: str, use: Use) -> PowerState:
        state = self._array_state(_state("listen", mode), mode, self.listening_count, use)
        return _with_current(state, self.processing_a(use, self.listening_count))

    def _array_state(self, name: str, mode: str, count: int, use: Use) -> PowerState:
        """So many microphones in a mode, the others off."""
        current_a, power_w = draw(self, f"modes.{mode}", use)
        others = self.options.count - count
        off_a, off_w = self._off_draw(use) if others else (0.0, 0.0)
        total_a = array_current_a(current_a, count) + array_current_a(off_a, others)
        return PowerState(name, total_a, power_w * count + off_w * others)

    def processing_a(self, use: Use, count: int) -> float:
        """Current of the audio front end while so many microphones listen, 0 where none is described. [A]"""
        if not self.has("processing.current"):
            return 0.0
        extra = use("processing.extra_channel") if count > 1 else 0.0
        return processing_current_a(use("processing.current"), extra, count)


def _state(name: str, mode: str) -> str:
    """`listen_high_performance`, or plainly `listen` where there is one unnamed mode."""
    return name if mode == UNNAMED_MODE else f"{name}_{mode}"


def _with_current(state: PowerState, more_a: float) -> PowerState:
    return replace(state, current_a=state.current_a + more_a)
