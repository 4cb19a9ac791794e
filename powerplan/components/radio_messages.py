"""One message of each radio technology as timed steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from powerplan.components.airtime import (
    BLE_ADVERTISING_CHANNEL_COUNT,
    BLE_INTER_FRAME_SPACE_S,
    advertising_period_s,
    ble_advertisement_s,
    ble_packet_s,
    lora_symbol_s,
    packet_sizes,
)
from powerplan.components.base import Step, Use
from powerplan.components.radio import Radio
from powerplan.components.spec import draw, has_draw, to_ns

BLE_LEGACY_ADVERTISEMENT_BYTES = 31
IEEE_802154_BYTE_S = 32e-6
"""250 kbit/s, IEEE 802.15.4-2020, 2.4 GHz O-QPSK."""
IEEE_802154_PREAMBLE_BYTES = 6

FEW_PACKETS = 16
"""A message of more packets (a firmware update) keeps its times and charges, but not the order of its packets."""

Message = Callable[[Radio, int, Use, str], list[Step]]


def message_steps(radio: Radio, data_bytes: int, use: Use, stage: str) -> list[Step]:
    """One try of one message, with the host's phases around it."""
    technology = radio.spec.technology
    build = {"ble": _ble, "lora": _lora, "thread": _thread}.get(technology, _session)
    before = [_phase_step(f"before.{name}", f"before_{name}", use, stage) for name in radio.spec.before]
    after = [_phase_step(f"after.{name}", f"after_{name}", use, stage) for name in radio.spec.after]
    start = _start_up(radio, use, stage)
    return [*before, *start, *build(radio, data_bytes, use, stage), *after]


def _phase_step(path: str, state: str, use: Use, stage: str) -> Step:
    return Step(state, to_ns(use(f"{path}.duration")), stage)


def _start_up(radio: Radio, use: Use, stage: str) -> list[Step]:
    """From sleep to the first transmission; a radio that rests in standby or in a link is up."""
    if radio.rest not in ("off", "sleep") or not radio.has("start_up.duration"):
        return []
    state = "start_up" if has_draw(radio, "start_up") else "standby"
    return [Step(state, to_ns(use("start_up.duration")), stage)]


def _in_packets(sizes: Sequence[int], one: Callable[[int], list[Step]]) -> list[Step]:
    """Packets one after another; of a long message each kind of step stands once, as long as all its packets take."""
    if len(sizes) <= FEW_PACKETS:
        return [step for size in sizes for step in one(size)]
    full = [replace(step, duration_ns=step.duration_ns * (len(sizes) - 1)) for step in one(sizes[0])]
    return [*full, *one(sizes[-1])]


def _ble(radio: Radio, data_bytes: int, use: Use, stage: str) -> list[Step]:
    """Advertisements on three channels, or one connection event per packet."""
    if radio.options.mode == "advertising":
        one = _in_packets(
            packet_sizes(data_bytes, BLE_LEGACY_ADVERTISEMENT_BYTES),
            lambda size: [*_ble_event(radio, use, stage), *_ble_advertisement(radio, size, use, stage)],
        )
        return one * radio.options.advertisements
    sizes = packet_sizes(data_bytes, round(use("ble.largest_payload_bytes")))
    return _in_packets(sizes, lambda size: ble_connection_event(radio, size, use, stage))


def _ble_event(radio: Radio, use: Use, stage: str) -> list[Step]:
    if not radio.has("ble.event.duration"):
        return []
    return [_phase_step("ble.event", "event", use, stage)]


def _ble_ramp(radio: Radio, use: Use, stage: str) -> list[Step]:
    return [_phase_step("ble.ramp", "ramp", use, stage)] if radio.has("ble.ramp.duration") else []


def _ble_advertisement(radio: Radio, data_bytes: int, use: Use, stage: str) -> list[Step]:
    channel = [
        *_ble_ramp(radio, use, stage),
        Step("tx", to_ns(ble_advertisement_s(data_bytes)), stage),
        Step("rx", to_ns(use("ble.receive_window")), stage),
    ]
    return channel * BLE_ADVERTISING_CHANNEL_COUNT


def ble_connection_event(radio: Radio, data_bytes: int, use: Use, stage: str) -> list[Step]:
    """The central's empty packet, the space between frames, and our packet."""
    listening_s = use("ble.receive_window") + ble_packet_s(0) + BLE_INTER_FRAME_SPACE_S
    return [
        *_ble_event(radio, use, stage),
        *_ble_ramp(radio, use, stage),
        Step("rx", to_ns(listening_s), stage),
        Step("tx", to_ns(ble_packet_s(data_bytes)), stage),
    ]


def idle_link_a(radio: Radio, use: Use) -> float:
    """Mean current of a BLE link without data: sleep, and an empty connection event per interval. [A]"""
    interval = radio.options.connection_interval
    if interval is None:
        example = "example: connection_interval: 1 s"
        raise radio.refuse("connection_interval", "a link at rest needs its interval", example)
    event_c = _event_c(radio, ble_connection_event(radio, 0, use, "send"), use)
    drift = use("ble.clock_drift") if radio.has("ble.clock_drift") else 0.0
    # Window widening, Bluetooth Core Specification, volume 6 part B, 4.2.4: earlier by drift x interval, so a share
    # of the time that is the same at every interval.
    return use("sleep.current") + event_c / interval.typ + drift * draw(radio, "rx", use)[0]


def advertising_a(radio: Radio, use: Use) -> float:
    """Mean current of a BLE radio that waits for a link: sleep, and an advertising event per interval. [A]"""
    interval = radio.options.advertising_interval
    if interval is None:
        example = "example: advertising_interval: 1 s"
        raise radio.refuse("advertising_interval", "a radio that advertises at rest needs its interval", example)
    steps = [*_ble_event(radio, use, "send"), *_ble_advertisement(radio, radio.options.advertised_bytes, use, "send")]
    return use("sleep.current") + _event_c(radio, steps, use) / advertising_period_s(interval.typ)


def _event_c(radio: Radio, steps: Sequence[Step], use: Use) -> float:
    """Charge of the steps of one BLE event. [C]"""
    paths = {"rx": "rx", "tx": radio.tx_path(), "ramp": "ble.ramp", "event": "ble.event"}
    return sum(draw(radio, paths[step.state], use)[0] * step.duration_ns * 1e-9 for step in steps)


def _lora(radio: Radio, data_bytes: int, use: Use, stage: str) -> list[Step]:
    """Frames of the largest size that is allowed, with the silence of the region's duty cycle between them."""
    sizes = packet_sizes(data_bytes, radio.lora_largest_bytes(use))
    if len(sizes) == 1:
        return _lora_frame(radio, data_bytes, use, stage)

    def frame(size: int) -> list[Step]:
        steps = _lora_frame(radio, size, use, stage)
        taken_ns = sum(step.duration_ns for step in steps[1:])
        silence_ns = max(0, radio.silence_ns(size, use) - taken_ns)
        return [*steps, Step(radio.rest, silence_ns, stage)]

    return _in_packets(sizes, frame)[:-1]


def _lora_frame(radio: Radio, data_bytes: int, use: Use, stage: str) -> list[Step]:
    """Uplink, and the two receive windows of LoRaWAN class A."""
    uplink = Step("tx", to_ns(radio.lora_air_s(data_bytes, use)), stage)
    radio.tx_path()
    if not radio.options.receive_windows:
        return [uplink]
    first_ns, second_ns = _lora_windows_ns(radio, use)
    first_delay_ns = to_ns(use("lora.first_window_delay"))
    second_delay_ns = to_ns(use("lora.second_window_delay"))
    between_ns = max(0, second_delay_ns - first_delay_ns - first_ns)
    second_state = "rx2" if has_draw(radio, "lora.second_window_draw") else "rx"
    return [
        uplink,
        Step("wait", first_delay_ns, stage),
        Step("rx", first_ns, stage),
        Step("wait", between_ns, stage),
        Step(second_state, second_ns, stage),
    ]


def _lora_windows_ns(radio: Radio, use: Use) -> tuple[int, int]:
    """Durations of the two receive windows, measured or by symbols. [ns]"""
    options = radio.options
    windows = []
    spreading_factors = (options.spreading_factor, options.second_window_spreading_factor)
    for name, spreading_factor in zip(("first_window", "second_window"), spreading_factors, strict=True):
        if radio.has(f"lora.{name}"):
            windows.append(to_ns(use(f"lora.{name}")))
        else:
            symbols = use("lora.receive_window_symbols")
            windows.append(to_ns(symbols * lora_symbol_s(spreading_factor, radio.bandwidth_hz)))
    return windows[0], windows[1]


def _thread(radio: Radio, data_bytes: int, use: Use, stage: str) -> list[Step]:
    """Frames at 250 kbit/s, each with its acknowledgement."""
    overhead = round(use("thread.overhead_bytes"))
    radio.tx_path()

    def frame(size: int) -> list[Step]:
        air_s = (IEEE_802154_PREAMBLE_BYTES + overhead + size) * IEEE_802154_BYTE_S
        return [Step("tx", to_ns(air_s), stage), Step("rx", to_ns(use("thread.acknowledge_window")), stage)]

    return _in_packets(packet_sizes(data_bytes, round(use("thread.largest_payload_bytes"))), frame)


def _session(radio: Radio, data_bytes: int, use: Use, stage: str) -> list[Step]:
    """As many measured sessions as the data needs, then what the goodput adds."""
    session = radio.session_name()
    path = f"sessions.{session}"
    largest_path = f"{path}.largest_message_bytes"
    count = max(1, math.ceil(data_bytes / use(largest_path))) if radio.has(largest_path) else 1
    duration_s = use(f"{path}.duration") * count * radio.airtime_factor(use)
    steps = [Step(f"session_{session}", to_ns(duration_s), stage)]
    if radio.has("goodput_bytes_per_s"):
        radio.tx_path()
        steps.append(Step("tx", to_ns(data_bytes / use("goodput_bytes_per_s")), stage))
    return steps
