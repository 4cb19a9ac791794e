"""Radios: what a message costs on the air, before it and after it.

A technology with packets (BLE, LoRa, Thread) is built from its packets; one whose network decides the airtime
(Wi-Fi, LTE-M, NB-IoT, satellite) from measured sessions. Transmit power is never interpolated: a power
amplifier switches on in between. A lost message is sent again as a whole; the plan draws how often.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from powerplan.components.airtime import (
    beacon_current_a,
    lora_largest_payload_bytes,
    lora_time_on_air_s,
    silence_after_s,
)
from powerplan.components.base import Lowered, PowerState, Request, Step, UnknownRequest, Use
from powerplan.components.radio_profile import RadioSpec
from powerplan.components.spec import Part, PartOptions, did_you_mean, draw, has_draw, to_ns
from powerplan.model.amount import Current, Duration, Fraction, Frequency, Gain, Voltage
from powerplan.units import UnitError, parse_quantity

STAGE = "send"
REST_NAMES = ("off", "sleep", "standby", "polling", "connected", "advertising")


class RadioOptions(PartOptions):
    """What a scenario may say of a radio."""

    tx_power: Gain | None = None
    rest: str | None = None
    """Between messages: off, sleep, standby, polling, advertising, or a link of `connected`."""
    mode: Literal["advertising", "connection"] = "connection"
    """BLE: data in advertisements, or as notifications over a link."""
    advertisements: int = Field(1, ge=1, le=1000)
    """BLE: how often one message is advertised."""
    connection_interval: Duration | None = None
    """BLE: an idle link's events are folded into the rest current."""
    advertising_interval: Duration | None = None
    """BLE without a link, `rest: advertising`: the events are folded into the rest current."""
    advertised_bytes: int = Field(31, ge=0, le=31)
    """BLE: data in each of those advertisements."""
    dtim: int | None = Field(None, ge=1, le=255)
    """Wi-Fi: beacons skipped between two that are heard, for `rest: light_sleep` or `modem_sleep`."""
    poll_period: Duration | None = None
    """Thread: data polls are folded into the rest current."""
    spreading_factor: int = Field(7, ge=5, le=12)
    bandwidth: Frequency | None = None
    coding_rate: int = Field(1, ge=1, le=4)
    """1 means 4/5, 4 means 4/8."""
    preamble_symbols: int = Field(8, ge=6, le=65535)
    receive_windows: bool = True
    """LoRaWAN class A: two windows after each uplink."""
    second_window_spreading_factor: int = Field(12, ge=5, le=12)
    region: str | None = None
    """Key of the profile's duty-cycle limits."""
    session: str | None = None
    coverage: str | None = None
    max_tries: int = Field(1, ge=1, le=100_000)
    retry_after: Duration | None = None
    """A message that did not get through is kept for this long and tried again, up to `max_tries`; nothing runs
    meanwhile. Without it the next try follows at once."""
    keeps: int | None = Field(None, ge=0, le=1_000_000)
    """How many messages of a task can wait behind the one that is being tried; more are lost. Default: any number."""
    supply: Voltage | None = None
    """Voltage that turns an energy per message into time, where the draw is a current."""
    link_success: Fraction | None = None
    tx_current: Current | None = None
    rx_current: Current | None = None
    sleep_current: Current | None = None
    link_current: Current | None = None
    """Mean current of an idle link."""

    FIGURE_KEYS: ClassVar[Mapping[str, str]] = {
        "link_success": "link_success",
        "tx_current": "stream.current",
        "rx_current": "rx.current",
        "sleep_current": "sleep.current",
        "link_current": "connected.link.current",
    }

    @model_validator(mode="after")
    def _tried_again(self) -> RadioOptions:
        if self.retry_after is not None and self.max_tries < 2:
            raise ValueError("`retry_after` needs `max_tries`: how often a message is tried before it is given up")
        if self.retry_after is not None and self.retry_after.duration_ns <= 0:
            raise ValueError("`retry_after` must be longer than 0; without it the next try follows at once")
        return self


@dataclass(frozen=True)
class Link:
    """How likely one try arrives and how often a message is tried."""

    success_fraction: float
    tries_max_count: int

    def expected_tries_count(self) -> float:
        """Mean number of tries of one message; 1 / success without a limit."""
        lost_fraction = 1.0 - self.success_fraction
        if lost_fraction == 0.0:
            return 1.0
        if self.success_fraction == 0.0:
            return float(self.tries_max_count)
        return float((1.0 - lost_fraction**self.tries_max_count) / self.success_fraction)

    def delivered_fraction(self) -> float:
        """Probability that a message arrives within its tries."""
        return float(1.0 - (1.0 - self.success_fraction) ** self.tries_max_count)


class Radio(Part[RadioSpec, RadioOptions]):
    """A radio; its states are the rest state and those its messages pass through."""

    def lower(self, use: Use) -> Lowered:
        """The rest state first, then every state with a figure."""
        rest = self._rest_state(use)
        states = {rest.name: rest}
        for name, path in self._state_paths().items():
            if name not in states and has_draw(self, path):
                current_a, power_w = draw(self, path, use)
                states[name] = PowerState(name, current_a, power_w)
        for session in self.spec.sessions:
            name = f"session_{session}"
            current_a, power_w = self.session_draw(session, use)
            states[name] = PowerState(name, current_a, power_w)
        if self.spec.technology == "lora" and "wait" not in states:
            states["wait"] = PowerState("wait", rest.current_a, rest.power_w)
        return Lowered(list(states.values()))

    def steps(self, request: Request, use: Use) -> list[Step]:
        """`send` by `data_bytes`, `duration_ns` or `energy_j`: one try."""
        given = request.arguments
        if request.verb != "send" or not {"data_bytes", "duration_ns", "energy_j"} & set(given):
            raise UnknownRequest(self.name, request.verb, "send (bytes, for, or energy)")
        stage = str(given.get("stage", STAGE))
        if "duration_ns" in given:
            steps = [Step(self._stream_state(), int(given["duration_ns"]), stage)]
        elif "energy_j" in given:
            steps = [Step(self._stream_state(), self._energy_ns(float(given["energy_j"]), use), stage)]
        else:
            from powerplan.components.radio_messages import message_steps

            steps = message_steps(self, int(given["data_bytes"]), use, stage)
        return [step for step in steps if step.duration_ns > 0]

    def link(self, use: Use) -> Link:
        """How often a message must be tried; a link without a figure always succeeds at the first try."""
        success = use("link_success") if self.has("link_success") else 1.0
        return Link(success, self.options.max_tries)

    def silence_ns(self, data_bytes: int, use: Use) -> int:
        """Silence a regional duty-cycle limit asks for after one LoRa message. [ns]"""
        limits, region = self.spec.lora.duty_cycle_limit, self.options.region
        if region is None or self.spec.technology != "lora":
            return 0
        if region not in limits:
            raise self.refuse("region", f'unknown region "{region}"', did_you_mean(region, limits))
        limit = use(f"lora.duty_cycle_limit.{region}")
        return to_ns(silence_after_s(self.lora_air_s(data_bytes, use), limit))

    def lora_largest_bytes(self, use: Use) -> int:
        """Data that one frame holds; a region or receive windows mean a LoRaWAN network. [bytes]"""
        overhead = round(use("lora.overhead_bytes")) if self.has("lora.overhead_bytes") else 0
        network = self.options.region is not None or self.options.receive_windows
        return lora_largest_payload_bytes(self.options.spreading_factor, overhead, network)

    def lora_air_s(self, data_bytes: int, use: Use) -> float:
        """Time on air of one LoRa message of so many bytes of data. [s]"""
        overhead = round(use("lora.overhead_bytes")) if self.has("lora.overhead_bytes") else 0
        options = self.options
        return lora_time_on_air_s(
            data_bytes + overhead,
            options.spreading_factor,
            self.bandwidth_hz,
            options.coding_rate,
            options.preamble_symbols,
        )

    @property
    def bandwidth_hz(self) -> float:
        """LoRa bandwidth, 125 kHz unless the scenario says otherwise. [Hz]"""
        return self.options.bandwidth.typ if self.options.bandwidth is not None else 125_000.0

    def tx_path(self) -> str:
        """Key path of the transmit draw at the chosen power; powers are never interpolated."""
        asked = self.options.tx_power
        label = self.spec.default_tx_power
        if asked is not None:
            label = next((name for name in self.spec.tx if abs(dbm(name) - asked.typ) < 1e-9), None)
            if label is None:
                allowed = ", ".join(self.spec.tx) or "none in its profile"
                raise self.refuse("tx_power", f"no figure at {asked.typ:g} dBm", f"allowed: {allowed}")
        if label is None or label not in self.spec.tx:
            raise self.missing("tx.<power>.current")
        return f"tx.{label}"

    def session_name(self) -> str:
        """The session of the scenario or of the profile."""
        name = self.options.session or self.spec.default_session
        if name is None or name not in self.spec.sessions:
            given = f'unknown session "{name}"' if name else "no session is named"
            raise self.refuse("session", given, did_you_mean(name or "", self.spec.sessions))
        return name

    def session_draw(self, session: str, use: Use) -> tuple[float, float]:
        """Mean draw of a session, from its current, power, charge or energy. [A], [W]"""
        path = f"sessions.{session}"
        if has_draw(self, path):
            return draw(self, path, use)
        duration_s = use(f"{path}.duration")
        if self.has(f"{path}.charge"):
            return use(f"{path}.charge") / duration_s, 0.0
        return 0.0, use(f"{path}.energy") / duration_s

    def airtime_factor(self, use: Use) -> float:
        """How much longer a message takes in the chosen coverage."""
        coverage = self.options.coverage
        if coverage is None:
            return 1.0
        if coverage not in self.spec.coverage:
            allowed = did_you_mean(coverage, self.spec.coverage)
            raise self.refuse("coverage", f'unknown coverage "{coverage}"', allowed)
        return use(f"coverage.{coverage}.airtime_factor")

    @property
    def rest(self) -> str:
        """Where the radio is between messages."""
        rest = self.options.rest or self.spec.default_rest or ("sleep" if has_draw(self, "sleep") else "off")
        known = [*REST_NAMES, *self.spec.connected, *self._beacon_rests()]
        if rest not in known:
            raise self.refuse("rest", f'unknown rest "{rest}"', did_you_mean(rest, known))
        return rest

    def _rest_state(self, use: Use) -> PowerState:
        rest = self.rest
        if rest in self.spec.connected:
            current_a, power_w = draw(self, f"connected.{rest}", use)
        elif rest in self._beacon_rests():
            current_a, power_w = self._beacon_a(rest, use), 0.0
        elif rest == "polling":
            current_a, power_w = self._polling_a(use), 0.0
        elif rest == "connected":
            from powerplan.components.radio_messages import idle_link_a

            current_a, power_w = idle_link_a(self, use), 0.0
        elif rest == "advertising":
            from powerplan.components.radio_messages import advertising_a

            current_a, power_w = advertising_a(self, use), 0.0
        elif rest == "off" and not has_draw(self, "off"):
            current_a, power_w = 0.0, 0.0
        else:
            current_a, power_w = draw(self, rest, use)
        return PowerState(rest, current_a, power_w)

    def _beacon_rests(self) -> set[str]:
        """Links whose current is known at DTIM 1 and at DTIM 3 (`light_sleep_dtim1`, `light_sleep_dtim3`)."""
        names = self.spec.connected
        stems = {name.removesuffix("_dtim1") for name in names if name.endswith("_dtim1")}
        return {stem for stem in stems if f"{stem}_dtim3" in names}

    def _beacon_a(self, link: str, use: Use) -> float:
        """Mean current of a Wi-Fi link: a floor, and one beacon heard per DTIM period. [A]"""
        dtim = self.options.dtim
        if dtim is None:
            raise self.refuse("dtim", "a link at rest needs its DTIM", "example: dtim: 3")
        first_a, third_a = use(f"connected.{link}_dtim1.current"), use(f"connected.{link}_dtim3.current")
        return beacon_current_a(first_a, third_a, dtim)

    def _polling_a(self, use: Use) -> float:
        """Mean current of a sleepy end device: sleep, and one poll per period. [A]"""
        period = self.options.poll_period
        if period is None:
            raise self.refuse("poll_period", "no poll period is given", "example: poll_period: 1 s")
        return use("sleep.current") + use("thread.poll_charge") / period.typ

    def _state_paths(self) -> dict[str, str]:
        """State -> key path of its draw."""
        paths = {name: name for name in ("sleep", "standby", "rx", "stream", "start_up")}
        if self.spec.tx and (self.options.tx_power is not None or self.spec.default_tx_power is not None):
            paths["tx"] = self.tx_path()
        paths |= {"ramp": "ble.ramp", "event": "ble.event"}
        paths |= {"wait": "lora.wait", "rx2": "lora.second_window_draw"}
        paths |= {f"before_{name}": f"before.{name}" for name in self.spec.before}
        paths |= {f"after_{name}": f"after.{name}" for name in self.spec.after}
        return paths

    def _stream_state(self) -> str:
        if has_draw(self, "stream"):
            return "stream"
        if self.spec.tx:
            self.tx_path()
            return "tx"
        if self.spec.sessions:
            return f"session_{self.session_name()}"
        raise self.missing("stream.current")

    def _energy_ns(self, energy_j: float, use: Use) -> int:
        """How long the transmit draw lasts to spend an energy. [ns]"""
        state = self._stream_state()
        drawn = next(each for each in self.lower(use).states if each.name == state)
        supply = self.options.supply
        if drawn.current_a and supply is None:
            raise self.refuse("supply", "an energy per message needs a voltage", "example: supply: 3.0 V")
        supply_v = supply.typ if supply is not None else 0.0
        return to_ns(energy_j / (drawn.power_w + drawn.current_a * supply_v))


def dbm(label: str) -> float:
    """Level that the label of a transmit power states, NaN where it states none. [dBm]"""
    try:
        return parse_quantity(label, "gain")
    except UnitError:
        return float("nan")
