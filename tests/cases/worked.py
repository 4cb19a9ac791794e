"""Section A: worked examples and documents of vendors, as devices of loads and parts of the library."""

from __future__ import annotations

from functools import partial

from cascade.cost.energy import ClockPoint, RacePoint, RunPower, cheapest, race_to_sleep, supply_power_w
from powerplan.batteries.life import IdealCell, Limits, constant_demand, life
from powerplan.components.airtime import advertising_period_s, beacon_current_a, lora_time_on_air_s
from powerplan.units import parse_quantity
from tests.battery.published import two_rails_mw
from tests.cases.case import Case, rounded
from tests.cases.device import (
    DAY_S,
    HOUR_S,
    MAH,
    YEAR_S,
    Phases,
    charge_mah,
    cycle_current_a,
    life_days,
    life_h,
    life_s,
    mean_current_a,
)
from tests.components.parts import charge_c, part, states, steps

UA, MA = 1e-6, 1e-3

# A01: rate in kHz -> recording current in mA, the same with the energy saver, MB a day, mAh a day, shown with saver
AUDIOMOTH = {8: (8.5, 5.5, 1382, 204, 130), 16: (9, 6, 2765, 216, 140), 32: (10, 7, 5529, 240, 170),
             48: (10.5, 7.5, 8294, 252, 180), 96: (13.5, None, 16588, 324, None), 192: (20, None, 33177, 480, None),
             250: (17, None, 43199, 408, None), 384: (24, None, 66354, 576, None)}  # fmt: skip
WAV_BYTES = 4_294_966_806


def recording_mb(rate_khz: int) -> float:
    """Stored in a day of one recording, whose first second prepares it. [MB]"""
    return parse_quantity(f"{rate_khz} kHz", "frequency") * parse_quantity("16 bits", "data") * (DAY_S - 1) / 1e6


def recording_mah(rate_khz: int, current_ma: float, open_ma: float = 40.0, prepare_ma: float = 10.0) -> float:
    """Charge of a day of continuous recording, each file opened and prepared in its first second. [mAh]"""
    files = -int(-recording_mb(rate_khz) * 1e6 // WAV_BYTES)
    open_s = 0.5 + 3.5 * files / 10_000 / 2
    mean_a = cycle_current_a((open_ma * MA, open_s), (prepare_ma * MA, 0.25),
                             (current_ma * MA, DAY_S / files - open_s - 0.25))  # fmt: skip
    return mean_a * DAY_S / MAH


def thingy_days(current_ma: float, duration_s: float) -> float:
    """A06: days from 1080 mAh with 40 uA always and one event an hour."""
    return life_days(1080, mean_current_a(40 * UA, (HOUR_S, ((current_ma * MA, duration_s),))))


def thingy_at_5_percent() -> float:
    """A09: days until 5 % are left of the usable charge. [d]"""
    limits = Limits(0.0, alarm_at=0.05)
    found = life(IdealCell("thingy", 1080 * MAH, 3.7), constant_demand(0.8 * MA), 20.0, limits)
    return (found.alarm_s or 0.0) / DAY_S


def thread_uc_per_minute(profile: str) -> float:
    return states(part({"profile": profile, "poll_period": "1 s"}))["polling"].current_a * 60 / UA


def advertising_ua(known_ua: float, known_ms: float, interval_ms: float) -> float:
    """Mean current at an interval, with the charge per event seen at another one. [uA]"""
    event_s = 1e-3
    event_a = known_ua * UA * advertising_period_s(known_ms * 1e-3) / event_s
    return mean_current_a(0.0, (advertising_period_s(interval_ms * 1e-3), ((event_a, event_s),))) / UA


def advertising_miss(dbm: int, known_ua: float, ua: float, interval_ms: float) -> str:
    """Why an interval of the SF32LB52x is missed from 500 ms."""
    charge_uc = (known_ua * advertising_period_s(0.5), ua * advertising_period_s(interval_ms * 1e-3))
    said = (f"the charge per event is not constant: {charge_uc[0]:.1f} uC at 500 ms, {charge_uc[1]:.1f} uC at "
            f"{interval_ms} ms; an average over 10 s holds 19 or 20 events at 500 ms, which is 5 % alone")
    other = "; a second table of the same report prints 396.3 uA here, that of another chip"
    return said + other * (dbm == 13)


def mdot_years(period_s: float) -> float:
    built = part({"profile": "multiconnect_mdot"})
    message_c = charge_c(built, steps(built, "send", data_bytes=5))
    return life_s(2400, states(built)["sleep"].current_a + message_c / period_s) / YEAR_S


def display_updates(current_ma: float, duration_s: float) -> float:
    """Updates from 240 mAh, as hours of one update an hour."""
    return life_h(240, mean_current_a(0.0, (HOUR_S, ((current_ma * MA, duration_s),))))


def esp_logger_a() -> float:
    return cycle_current_a((55.03 * MA, 3.9), (287.21 * UA, 1200))


def duty_a() -> float:
    return cycle_current_a((100 * MA, 10), (10 * MA, 120))


def thingspeak_h(sleep_ua: float) -> float:
    return life_h(2200, cycle_current_a((75 * MA, 2.5), (sleep_ua * UA, 597.5)))


COREMARK_UA = {240: 9380, 216: 8560, 192: 7760, 168: 6920, 144: 5350, 120: 4700, 48: 1720, 24: 936, 12: 549}


def million_cycles() -> tuple[RacePoint, ...]:
    return race_to_sleep(1e6, [ClockPoint(mhz * 1e6, ua * UA) for mhz, ua in COREMARK_UA.items()], 3.3)


def uc_per_megacycle(mhz: int) -> float:
    return next(p for p in million_cycles() if p.clock_hz == mhz * 1e6).compute_charge_c / UA


def light_sleep_ma() -> float:
    return mean_current_a(0.95 * MA, (2.0, ((30 * MA, 17.5e-3),))) / MA


def wakes_in_budget(budget_uw: float) -> int:
    """A36: most wakes a day of 395 mJ besides 18 uA at 3.3 V within a mean power."""
    low, high = 0, 64
    while high - low > 1:
        count = (low + high) // 2
        wake: Phases = ((0.395 / 3.3, 1.0),)
        mean_w = mean_current_a(18 * UA, (DAY_S / count, wake)) * 3.3
        low, high = (count, high) if mean_w <= budget_uw * 1e-6 else (low, count)
    return low


def nano_timer_a() -> float:
    return cycle_current_a((3.376 * MA, 0.03), (270e-9, 59.97))


def mica2_a() -> float:
    return mean_current_a(
        2 * UA,
        (100.0, ((8 * MA, 1.0), (8 * UA, 99.0))),
        (100.0, ((8 * MA, 0.75), (12 * MA, 0.25), (2 * UA, 99.0))),
        (100.0, ((5 * MA, 1.0), (5 * UA, 99.0))),
    )


def jeenode_a(packets_per_day: int = 120) -> float:
    gap_s = DAY_S / packets_per_day
    return mean_current_a(
        0.0,
        (DAY_S, ((6.5 * MA, 102.4), (20 * UA, DAY_S - 102.4))),
        (gap_s, ((40 * MA + 1 * UA, 0.034), (1 * UA, gap_s - 0.034))),
        (DAY_S, ((270 * UA, 400.0), (170 * UA, DAY_S - 400.0))),
    )


def telemetry_ma(period_s: float) -> float:
    radio: Phases = ((73 * MA, 0.700), (73 * MA, 0.020), (24 * MA, 0.065), (24 * MA, 5.0))
    return mean_current_a(4 * MA, (period_s, radio)) / MA


def logbox_a() -> float:
    return cycle_current_a((12 * MA, 5), (20 * UA, 55))


def nrf24_a() -> float:
    return cycle_current_a((28 * MA, 0.65), (31 * MA, 0.05), (120 * UA, 900))


def sigfox_a(messages_per_day: int) -> float:
    return mean_current_a(1 * UA, (DAY_S / messages_per_day, ((40 * MA, 6.0),)))


def nrf52_calculator_a() -> float:
    return mean_current_a(1 * UA, (100.0, ((5.6 * MA * 0.6, 5.0), (1.5 * UA, 95.0))), (1.0, ((2.88 * MA, 1.2e-3),)))


def mean_mw(current_ma: float, supply_v: float) -> float:
    return supply_power_w(RunPower(current_a=current_ma * MA), supply_v, 1e6) / 1e-3


MONTH_730_S, MONTH_30_S = 730 * HOUR_S, 30 * DAY_S
TRUNCATED = "printed without its decimals"
A15_52X = ((0, 46, 18.4, 8.9), (4, 52.9, 20.8, 10.5), (10, 70.5, 29.8, 14.6), (13, 239.3, 103.5, 53))

CASES: list[Case] = [
    *(Case("A01", f"AudioMoth, {k} kHz", row[3], "mAh/day", 0.5 / row[3], partial(recording_mah, k, row[0]))
      for k, row in AUDIOMOTH.items()),
    *(Case("A01", f"AudioMoth, {k} kHz, energy saver", row[4], "mAh/day", 5 / row[4],
           partial(recording_mah, k, row[1], 35.0, 7.0), note="shown in steps of 10")
      for k, row in AUDIOMOTH.items() if row[1] is not None and row[4] is not None),
    *(Case("A01", f"AudioMoth, {k} kHz, stored", row[2], "MB/day", 1 / row[2], partial(recording_mb, k))
      for k, row in AUDIOMOTH.items()),
    Case("A03", "AudioMoth, days by battery", 20, "d", 0.5 / 20, lambda: life_days(2600, 130 * MA / 24)),
    Case("A03", "AudioMoth, days until battery or card ends", 11.5, "d", 0.5 / 11.5,
         lambda: life_s(2600, 130 * MA / 24, shelf_s=32_000 / 2765 * DAY_S) / DAY_S, note="the card ends first"),
    Case("A04", "GPS 12 min a day at 30 mA", 6, "mAh/day", 1e-9, lambda: charge_mah((30 * MA, 720.0))),
    Case("A05", "Thingy:91 at 40 uA", 27_000, "h", 0.005, lambda: life_h(1080, 40 * UA)),
    Case("A05", "Thingy:91 at 0.8 mA", 1350, "h", 0.005, lambda: life_h(1080, 0.8 * MA)),
    Case("A05", "Thingy:91 at 40 uA and 40 uA of self-discharge", 550, "d", 0.03, lambda: life_days(1080, 80 * UA)),
    *(Case("A06", f"NB-IoT, {s:g} s at {ma:g} mA an hour", days, "d", 0.015, partial(thingy_days, ma, s))
      for ma, s, days in ((17, 3, 830), (26, 2.9, 730), (31, 3.3, 657), (18.5, 6.4, 617))),
    Case("A06", "trap: 2.7 s at 26 mA printed as 818 days", 818, "d", 0.03, partial(thingy_days, 26, 2.7), "trap",
         "the printed days follow from the printed energy, not from the printed time"),
    Case("A06", "trap: 22 s at 8.6 mA printed as 358 days", 358, "d", 0.03, partial(thingy_days, 8.6, 22), "trap",
         "as above"),
    Case("A09", "Thingy:91 whose modem never sleeps, to 5 %", 47, "d", 0.15, thingy_at_5_percent, "measured",
         "the hourly tracking area update, of unknown charge, is left out"),
    Case("A10", "Thread, nRF5340, poll 1 s", 1270, "uC/min", 0.01, partial(thread_uc_per_minute, "thread_nrf5340")),
    Case("A10", "Thread, nRF54L15, poll 1 s", 980, "uC/min", 0.01, partial(thread_uc_per_minute, "thread_nrf54l15")),
    *(Case("A13", f"Wi-Fi light sleep {chip}, DTIM 10 from 1 and 3", ten, "mA", 0.12,
           partial(beacon_current_a, one, three, 10), "measured")
      for chip, one, three, ten in (("ESP32-C2", 1.6, 0.71, 0.39), ("ESP32-C3", 1.4, 0.62, 0.31),
                                    ("ESP32-C5", 1.342, 0.651, 0.398))),
    *(Case("A15", f"SF32LB52x advertising {dbm} dBm, {ms} ms from 500 ms", ua, "uA", 0.04,
           partial(advertising_ua, middle, 500, ms), "measured",
           miss=advertising_miss(dbm, middle, ua, ms) if abs(advertising_ua(middle, 500, ms) / ua - 1) > 0.04 else "")
      for dbm, short, middle, long in A15_52X for ms, ua in ((200, short), (1000, long))),
    *(Case("A15", f"SF32LB56x advertising 0 dBm, {ms} ms from 200 ms", ua, "uA", 0.15,
           partial(advertising_ua, 53.56, 200, ms), "measured",
           miss="the charge per event is not constant: 11.0 uC at 200 ms, 14.4 uC at 50 ms, and falls from one "
                "interval to the next" if ms == 50 else "")
      for ms, ua in ((50, 262.44), (100, 118.36), (500, 20.58), (1000, 11.01))),
    Case("A15", "SF32LB52x 4 dBm at 1 s, with 14.5 uA of sleep", 25.0, "uA", rounded(25, 0.1),
         lambda: mean_current_a(14.5 * UA, (1.0, ((10.5 * UA, 1.0),))) / UA, note="printed 24.5 is a slip"),
    Case("A15", "SF32LB52x sniff 500 ms, with 16.6 uA of sleep", 39.6, "uA", rounded(39.6, 0.1),
         lambda: mean_current_a(16.6 * UA, (0.5, ((23 * UA, 0.5),))) / UA),
    Case("A18", "BTHome sensor, mean", 37.3, "uA", 0.005,
         lambda: cycle_current_a((120.7 * UA, 3.06), (27.84 * UA, 27)) / UA),
    Case("A18", "BTHome sensor, charge per cycle", 1.12, "mC", 0.005,
         lambda: charge_mah((120.7 * UA, 3.06), (27.84 * UA, 27)) * MAH / 1e-3),
    Case("A22", "LoRaWAN every 5 min on 2400 mAh", 0.96, "years", 0.05, partial(mdot_years, 300.0)),
    Case("A22", "LoRaWAN, no messages, on 2400 mAh", 6.09, "years", 0.05, partial(mdot_years, 1e12)),
    *(Case("A24", f"LoRa, 12 bytes at SF{sf}, no CRC", ms, "ms", 0.1 / ms,
           lambda f=sf: lora_time_on_air_s(12, f, crc=False) / 1e-3) for sf, ms in ((7, 41.2), (8, 72.2), (9, 144.4))),
    Case("A26", "e-display, charge per update", 0.0132, "mAh", 0.005, lambda: charge_mah((5.66 * MA, 8.4))),
    Case("A26", "e-display, updates", 18_237, "", 0.005, partial(display_updates, 5.66, 8.4)),
    Case("A26", "e-display, idle", 68.7, "h", 0.005, lambda: life_h(240, 3.49 * MA)),
    Case("A26", "e-display at 2.1 MHz, charge per update", 0.00813, "mAh", 0.005,
         lambda: charge_mah((2.36 * MA, 12.4))),
    Case("A26", "e-display at 2.1 MHz, updates", 29_520, "", 0.005, partial(display_updates, 2.36, 12.4)),
    Case("A26", "e-display at 2.1 MHz, idle", 322, "h", 0.005, lambda: life_h(240, 0.745 * MA)),
    Case("A27", "ESP data logger, mean", 0.46, "mA", rounded(0.46, 0.01), lambda: esp_logger_a() / MA),
    Case("A27", "ESP data logger, life", 4305, "h", 0.003, lambda: life_h(2000, esp_logger_a())),
    Case("A28", "duty-cycle calculator, mean", 16.923, "mA", 0.001, lambda: duty_a() / MA),
    Case("A28", "duty-cycle calculator, life", 208, "h", 0.001, lambda: life_h(4400 * 0.8, duty_a())),
    *(Case("A29", f"{mah} mAh at {ma:g} mA", value, unit, tolerance,
           lambda c=mah, i=ma, d=divisor: life_h(c, i * MA) / d,
           note=TRUNCATED if tolerance > 0.01 else "")
      for mah, ma, value, unit, tolerance, divisor in (
          (250, 15, 16, "h", 1 / 16, 1), (250, 0.5, 500, "h", 0.01, 1), (1020, 0.16, 265, "d", 0.01, 24),
          (1020, 38, 26.8, "h", 0.01, 1), (1020, 45, 22.6, "h", 0.01, 1))),
    Case("A30", "ESP8266 logger, as it should be", 6638, "h", 0.01, partial(thingspeak_h, 19)),
    Case("A30", "ESP32 logger at 5 uA, as it should be", 6929, "h", 0.01, partial(thingspeak_h, 5)),
    Case("A30", "trap: ESP8266 logger printed as 5159 h", 5159, "h", 0.1, partial(thingspeak_h, 19), "trap",
         "the charge of six wakes an hour gives 29 % more"),
    Case("A32", "two rails, 23.4 mA and 3.8 mA", 84.0, "mW", 2e-3, partial(two_rails_mw, 23.4, 3.8)),
    *(Case("A34", f"charge of a million cycles at {mhz} MHz", uc, "uC", 0.02,
           partial(uc_per_megacycle, mhz), "measured")
      for mhz, uc in ((240, 39.1), (144, 37.2), (48, 35.8), (12, 45.8))),
    Case("A34", "clock of least charge", 48, "MHz", 1e-9, lambda: cheapest(million_cycles()).clock_hz / 1e6, "measured",
         "in the middle, not at an end"),
    Case("A35", "ESP light_sleep example, mean", 1.2, "mA", 0.15, light_sleep_ma, "measured"),
    Case("A36", "PIR camera, standing energy a day", 5132, "mJ", rounded(5132, 2),
         lambda: mean_current_a(18 * UA) * 3.3 * DAY_S / 1e-3),
    Case("A36", "PIR camera, wakes a day in 170 uW", 24, "", 1 / 24, partial(wakes_in_budget, 170)),
    Case("A38", "nano-timer node, mean", 1957.9, "nA", 0.001, lambda: nano_timer_a() / 1e-9),
    Case("A42", "MICA2 mote, mean", 0.2369, "mA", 0.005, lambda: mica2_a() / MA),
    *(Case("A42", f"MICA2 mote on {mah} mAh", months, "months", 0.005,
           lambda c=mah: life_s(c, mica2_a()) / MONTH_730_S)
      for mah, months in ((250, 1.45), (1000, 5.78), (3000, 17.35))),
    Case("A44", "JeeNode and XBee, mean", 201.02, "uA", 0.002, lambda: jeenode_a() / UA),
    Case("A44", "JeeNode and XBee, life", 9950, "h", 0.002, lambda: life_h(2000, jeenode_a())),
    Case("A44", "trap: 120 packets an hour, as the text says, printed as 414 days", 414, "d", 0.1,
         lambda: life_days(2000, jeenode_a(120 * 24)), "trap", "the printed current is that of 120 a day"),
    Case("A46", "telemetry radio, polled every minute", 6.9, "mA", 0.015, partial(telemetry_ma, 60.0)),
    Case("A46", "telemetry radio, polled every hour", 4.05, "mA", 0.015, partial(telemetry_ma, 3600.0)),
    Case("A48", "LOGBOX, mean", 1.018, "mA", 0.001, lambda: logbox_a() / MA),
    Case("A48", "LOGBOX, seven days", 0.1711, "Ah", 0.001, lambda: logbox_a() * 7 * 24),
    Case("A49", "nRF24 sensor, mean", 0.142, "mA", rounded(0.142, 1e-3), lambda: nrf24_a() / MA),
    Case("A49", "nRF24 sensor, life", 14_101, "h", 0.001, lambda: life_h(2000, nrf24_a())),
    Case("A50", "Sigfox tank, charge per message", 0.067, "mAh", rounded(0.067, 1e-3),
         lambda: charge_mah((40 * MA, 6.0))),
    Case("A50", "Sigfox tank, charge a day", 1.224, "mAh", 0.005, lambda: sigfox_a(18) * DAY_S / MAH),
    Case("A50", "Sigfox tank on 6000 mAh", 4902, "d", 0.005, lambda: life_days(6000, sigfox_a(18))),
    Case("A50", "Sigfox tank on 19 Ah, charge alone", 42, "years", 1 / 42,
         lambda: life_s(19_000, sigfox_a(18)) / YEAR_S, note=TRUNCATED),
    Case("A50", "Sigfox tank, 10 messages a day, as it should be", 23.8, "years", 0.005,
         lambda: life_s(6000, sigfox_a(10)) / YEAR_S),
    Case("A50", "trap: 10 messages a day printed as 16 years", 16, "years", 0.1,
         lambda: life_s(6000, sigfox_a(10)) / YEAR_S, "trap", "the charge gives 23.8 years"),
    Case("A50", "trap: 42 years of a cell that keeps for 15", 42, "years", 0.1,
         lambda: life_s(19_000, sigfox_a(18), shelf_s=15 * YEAR_S) / YEAR_S, "trap", "the life ends by shelf life"),
    Case("A51", "nRF52840 calculator, mean", 174, "uA", 0.005, lambda: nrf52_calculator_a() / UA),
    Case("A51", "nRF52840 calculator, life", 4.0, "months", rounded(4.0, 0.1),
         lambda: life_s(500, nrf52_calculator_a()) / MONTH_30_S),
    Case("A52", "oven thermometer, a week", 2591.3, "mAh", 0.001,
         lambda: cycle_current_a((26.203 * MA, 8 * HOUR_S), (14.886 * MA, 160 * HOUR_S)) * 168 / MA),
    *(Case("A53", f"SAM R30 join, {ms:g} ms at {ma:g} mA", uc, "uC", 0.001,
           lambda i=ma, t=ms: charge_mah((i * MA, t * 1e-3)) * MAH / UA)
      for ms, ma, uc in ((46, 13.36, 614.56), (47.5, 14.28, 678.3))),
    Case("A54", "trap: 7 uA from 1500 mAh printed as 61 months", 61, "months", 1.0,
         lambda: life_s(1500, 7 * UA) / MONTH_730_S, "trap", "1500 mAh give 24 years"),
    Case("A54", "trap: 2 mA from 1500 mAh printed as 3 months", 3, "months", 0.5,
         lambda: life_s(1500, 2 * MA) / MONTH_730_S, "trap", "1500 mAh give a month"),
    Case("A55", "trap: 2400 mAh at 20 mAh a day, divided by 24 once more", 5, "d", 10.0,
         lambda: life_days(2400, 20 * MA / 24), "trap", "days are capacity by charge a day: 120"),
    Case("A58", "b-parasite, advertising at 125 ms from 35 ms", 345, "uA", 0.5, partial(advertising_ua, 810, 35, 125),
         "measured"),
    Case("A58", "b-parasite, charge of one advertising time", 1.79, "mC", rounded(1.79, 0.01),
         lambda: charge_mah((806.69 * UA, 2.213)) * MAH / 1e-3),
    Case("A59", "Nicla Vision asleep on 200 mAh", 22.3, "d", 0.03, lambda: life_days(200, 374 * UA), "measured"),
    Case("A59", "Nicla Vision capturing on 200 mAh", 1.9, "h", 0.03, lambda: life_h(200, 105 * MA), "measured"),
    *(Case("A59", f"Tokay Lite, {ma:g} mA at 4.2 V", mw, "mW", 0.03, partial(mean_mw, ma, 4.2), "measured")
      for ma, mw in ((0.025, 0.105), (150, 630), (300, 1260))),
    Case("A60", "motorised PIR sweep on 1.5 Ah", 41_667, "cycles", rounded(41_667, 1), lambda: life_h(1500, 36 * UA)),
]  # fmt: skip
