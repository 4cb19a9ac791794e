"""Profile of a radio: packet figures of each technology, measured sessions, draws."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from powerplan.components.draws import Draw, Phase
from powerplan.components.spec import ProfileSpec, Strict
from powerplan.model.amount import Charge, Current, Duration, Energy, Fraction, Number, Power
from powerplan.model.figure import Figure

Technology = Literal["ble", "lora", "thread", "wifi", "lte_m", "nb_iot", "satellite", "other"]


class Session(Strict):
    """A measured whole: waking, network, message and tail. Its draw is the mean over its duration."""

    duration: Figure[Duration] | None = None
    current: Figure[Current] | None = None
    power: Figure[Power] | None = None
    charge: Figure[Charge] | None = None
    energy: Figure[Energy] | None = None
    largest_message_bytes: Figure[Number] | None = None
    """More data takes more sessions."""
    peak: Figure[Current] | None = None
    """Highest current within the session, for the supply check."""
    note: str | None = None


class Ble(Strict):
    """Packet figures of Bluetooth Low Energy."""

    ramp: Phase = Phase()
    """Before each receive or transmit."""
    event: Phase = Phase()
    """Crystal start and processing around one event."""
    largest_payload_bytes: Figure[Number] | None = None
    receive_window: Figure[Duration] | None = None
    """Listening after each advertisement, or for the central's packet at the start of a connection event."""
    clock_drift: Figure[Fraction] | None = None
    """Sleep clock accuracies of both sides together: the longer the interval, the earlier the radio listens."""


class Lora(Strict):
    """Packet figures of LoRa and LoRaWAN."""

    overhead_bytes: Figure[Number] | None = None
    """LoRaWAN header and check sum around the data."""
    receive_window_symbols: Figure[Number] | None = None
    first_window_delay: Figure[Duration] | None = None
    second_window_delay: Figure[Duration] | None = None
    first_window: Figure[Duration] | None = None
    """Where it is measured, instead of the symbols."""
    second_window: Figure[Duration] | None = None
    second_window_draw: Draw = Draw()
    wait: Draw = Draw()
    """Between transmission and windows; none means the sleep current."""
    duty_cycle_limit: dict[str, Figure[Fraction]] = Field(default_factory=dict)
    """Region or band -> share of the time a device may transmit."""


class Thread(Strict):
    """Figures of an IEEE 802.15.4 sleepy end device."""

    poll_charge: Figure[Charge] | None = None
    """One data poll to the parent, nothing received."""
    overhead_bytes: Figure[Number] | None = None
    largest_payload_bytes: Figure[Number] | None = None
    acknowledge_window: Figure[Duration] | None = None


class Coverage(Strict):
    """How the network's reception changes a message."""

    airtime_factor: Figure[Number] | None = None


class RadioSpec(ProfileSpec):
    """Profile of a radio."""

    kind: Literal["radio"]
    technology: Technology = "other"
    off: Draw = Draw()
    sleep: Draw = Draw()
    standby: Draw = Draw()
    start_up: Phase = Phase()
    """From sleep to the first transmission."""
    tx: dict[str, Draw] = Field(default_factory=dict)
    """Transmit power ("0 dBm") -> draw while transmitting."""
    default_tx_power: str | None = None
    rx: Draw = Draw()
    ble: Ble = Ble()
    lora: Lora = Lora()
    thread: Thread = Thread()
    before: dict[str, Phase] = Field(default_factory=dict)
    """Phases of the host's own before each message, in order."""
    after: dict[str, Phase] = Field(default_factory=dict)
    connected: dict[str, Draw] = Field(default_factory=dict)
    """Mean draw of an idle link by setting (DTIM, eDRX, connection interval)."""
    sessions: dict[str, Session] = Field(default_factory=dict)
    default_session: str | None = None
    stream: Draw = Draw()
    """Draw of a send whose duration the task states; the transmit draw where none is given."""
    goodput_bytes_per_s: Figure[Number] | None = None
    coverage: dict[str, Coverage] = Field(default_factory=dict)
    link_success: Figure[Fraction] | None = None
    """Probability that one try arrives."""
    default_rest: str | None = None
