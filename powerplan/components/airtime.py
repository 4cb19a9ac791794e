"""How long a message is on the air: plain arithmetic of the radio standards."""

from __future__ import annotations

import math

BLE_PREAMBLE_BYTES = 1
BLE_ACCESS_ADDRESS_BYTES = 4
BLE_HEADER_BYTES = 2
BLE_CRC_BYTES = 3
BLE_ADVERTISER_ADDRESS_BYTES = 6
BLE_INTER_FRAME_SPACE_S = 150e-6
BLE_ADVERTISING_CHANNEL_COUNT = 3
BLE_ADVERTISING_DELAY_S = 5e-3
"""Mean of the random 0 to 10 ms after each interval. Bluetooth Core Specification, volume 6 part B, 4.4.2.2."""
LORA_LARGEST_FRAME_BYTES = 255
LORAWAN_LARGEST_BYTES = {12: 51, 11: 51, 10: 51, 9: 115, 8: 222, 7: 222}
"""Spreading factor -> data of one uplink. LoRaWAN Regional Parameters RP002, EU863-870, behind a repeater."""


def lora_symbol_s(spreading_factor: int, bandwidth_hz: float) -> float:
    """Duration of one LoRa symbol. [s] Semtech AN1200.13, section 4."""
    return float(2**spreading_factor) / bandwidth_hz


def lora_time_on_air_s(
    payload_bytes: int,
    spreading_factor: int,
    bandwidth_hz: float = 125_000.0,
    coding_rate: int = 1,
    preamble_symbols: int = 8,
    crc: bool = True,
    explicit_header: bool = True,
) -> float:
    """Time on air of one LoRa frame. [s]

    Semtech AN1200.13 (LoRa modem designer's guide), section 4: the low data rate optimisation is on when a
    symbol lasts longer than 16 ms; coding rate 1 means 4/5.
    """
    symbol_s = lora_symbol_s(spreading_factor, bandwidth_hz)
    low_rate = 1 if symbol_s > 16e-3 else 0
    bits = 8 * payload_bytes - 4 * spreading_factor + 28 + 16 * crc - 20 * (not explicit_header)
    groups = math.ceil(bits / (4 * (spreading_factor - 2 * low_rate)))
    payload_symbols = 8 + max(groups * (coding_rate + 4), 0)
    return (preamble_symbols + 4.25 + payload_symbols) * symbol_s


def lora_largest_payload_bytes(spreading_factor: int, overhead_bytes: int, network: bool) -> int:
    """Largest data of one frame: what LoRaWAN allows at this spreading factor, or what the modem can. [bytes]"""
    modem = LORA_LARGEST_FRAME_BYTES - overhead_bytes
    return min(modem, LORAWAN_LARGEST_BYTES.get(spreading_factor, modem)) if network else modem


def silence_after_s(time_on_air_s: float, duty_cycle_fraction: float) -> float:
    """Shortest silence after a transmission under a regional duty-cycle limit. [s]

    ETSI EN 300 220: a channel may be used for `duty_cycle_fraction` of the time.
    """
    return time_on_air_s * (1.0 / duty_cycle_fraction - 1.0)


def ble_packet_s(payload_bytes: int) -> float:
    """Time on air of one BLE packet at 1 Mbit/s with `payload_bytes` behind its header. [s]

    Bluetooth Core Specification, volume 6 part B, section 2.1.
    """
    around_bytes = BLE_PREAMBLE_BYTES + BLE_ACCESS_ADDRESS_BYTES + BLE_HEADER_BYTES + BLE_CRC_BYTES
    return (around_bytes + payload_bytes) * 8e-6


def ble_advertisement_s(data_bytes: int) -> float:
    """Time on air of one legacy advertisement (1 Mbit/s) with its advertiser address. [s]"""
    return ble_packet_s(BLE_ADVERTISER_ADDRESS_BYTES + data_bytes)


def advertising_period_s(interval_s: float) -> float:
    """Mean time from one advertising event to the next. [s]"""
    return interval_s + BLE_ADVERTISING_DELAY_S


def beacon_current_a(at_dtim_1_a: float, at_dtim_3_a: float, dtim: int) -> float:
    """Mean current of a Wi-Fi link that hears one beacon per DTIM period. [A]

    I = floor + listening / DTIM, through two measured points (ESP-IDF, low-power-mode-wifi).
    """
    listening_a = 1.5 * (at_dtim_1_a - at_dtim_3_a)
    return at_dtim_1_a - listening_a + listening_a / dtim


def packet_sizes(data_bytes: int, largest_bytes: int) -> list[int]:
    """Payload of each packet when data is cut at a largest size; one empty packet for 0. [bytes]"""
    full, rest = divmod(data_bytes, largest_bytes)
    sizes = [largest_bytes] * full
    if rest or not sizes:
        sizes.append(rest)
    return sizes


def transfer_s(data_bytes: float, bus_clock_hz: float, bus_bits: int) -> float:
    """Time to move data over a bus of `bus_bits` per clock. [s]"""
    return data_bytes * 8 / (bus_bits * bus_clock_hz)
