"""Result tables made by hand: a typical one, and the edges."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from powerplan.report.facts import ReportFacts
from powerplan.report.plots import Picture, plots_of
from powerplan.report.words import PROSE_LIMIT_COUNT, clean
from powerplan.results.schema import COLUMNS
from powerplan.results.tables import Table

DAY_S = 86_400.0
NASTY = ("<script>alert(1)</script>", "$\\foo$ and \\frac{1", "{{ 7*7 }}{% raw %}", "two\nlines\tand\x00\x07",
         "x" * 100_000, "=cmd()|' /C calc'!A0", "שלום \u202eevil", "emoji 🦉 owl", "\ud800 lone",
         "]]></style><!--", "'\"&;")
CHINESE = ("智能门锁前置摄像头低功耗人脸检测级联系统第二版",
           "麦克风阵列持续监听状态", "深度睡眠保持内存", "低功耗蓝牙无线模块广播")

FACTS = ReportFacts(
    product="Wake-word remote", scenario="wake_word_remote", where="living room, 15 to 30 °C",
    users="a household of three", note="Two AAA cells, always listening, wakes the main processor on the keyword.",
    engine="reference", seed=7, simulated_days=14.0, end_reason="voltage", brown_out_v=2.0,
    command="powerplan run scenarios/wake_word_remote.yaml --seed 7",
    hashes={"scenarios/wake_word_remote.yaml": "9f2c" * 16, "device_profiles/mcu/apollo3.yaml": "01ab" * 16},
    versions={"powerplan": "0.1.0", "numpy": "2.4.6", "python": "3.11.7"},
    notes=("Temperatures are constant.",))


def table(name: str, rows: Sequence[Sequence[Any]] = ()) -> Table:
    """A table of the schema from its rows."""
    columns = COLUMNS[name]
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"{name}: {row} has not the columns {columns}")
    return Table(name, {column: [row[n] for row in rows] for n, column in enumerate(columns)})


def nothing() -> dict[str, Table]:
    """Every table, all empty."""
    return {name: table(name) for name in COLUMNS}


def typical() -> dict[str, Table]:
    """Tables as a run of a keyword remote would give."""
    return nothing() | {
        "summary": table("summary", [
            ("battery_life", 412.0, "d", 338.0, 497.0, "battery walked by the hour until the worst pulse pulls the "
             "voltage below brown-out; 400 draws of all figures with a range, P5 to P95"),
            ("average_current", 118e-6, "A", 97e-6, 143e-6, "simulated times x currents at 2.8 V"),
            ("energy_per_day", 28.6, "J", 23.5, 34.7, "simulated times x currents"),
            ("recall.keyword", 0.934, "1", 0.902, 0.957, "Wilson"),
            ("false_alarms.keyword", 0.31, "1/d", 0.11, 0.8, "Poisson"),
            ("latency.keyword.p95", 0.412, "s", 0.395, 0.43, "ranks"),
            ("cycles.keyword", 8240.0, "1", 8240.0, 8240.0, "activations a day x battery life"),
            ("cpu_utilisation", 0.113, "1", 0.113, 0.113, "closed form"),
        ]),
        "requirements": table("requirements", [
            ("R1", "battery_life >= 2 years @ 90 %", "battery_life", "FAIL", 412.0, "d", 730.0, -0.436, 0.0, ""),
            ("R2", "latency.keyword p95 <= 500 ms", "latency.keyword.p95", "PASS", 0.412, "s", 0.5, 0.176, 1.0, ""),
            ("R3", "recall.keyword >= 92 %", "recall.keyword", "MARGINAL", 0.934, "1", 0.92, 0.0152, 0.83, ""),
            ("R4", "false_alarms.keyword <= 0.1/day", "false_alarms.keyword", "NOT EVALUATED", 0.31, "1/d", 0.1, None,
             None, "the negative data show nothing below 0.27/day; 2.7 times as many are needed"),
        ]),
        "gates": table("gates", [
            ("flash.mcu", True, 187_000.0, 1_048_576.0, "B", "models 6.1 + 91.2 KiB + framework 21.5 KiB (assumed)"),
            ("ram.mcu", True, 61_000.0, 393_216.0, "B", "models 12.0 + 41.0 KiB + framework 4.0 KiB (assumed)"),
            ("cpu.mcu", True, 0.113, 1.0, "1", "busy 11.3% of the time while its streams are open"),
            ("voltage", True, 2.0, 2.61, "V", "fresh at 15 °C under radio.send"),
        ]),
        "energy": table("energy", [
            ("microphone", "listen", "main", 1_209_000.0, 1, 0.9996, 4.1, 12.4, 12.4 / 28.6),
            ("mcu", "deep_sleep", "main", 1_050_000.0, 900_000, 0.87, 2.9, 8.6, 8.6 / 28.6),
            ("mcu", "run", "main", 140_000.0, 900_000, 0.11, 1.1, 3.3, 3.3 / 28.6),
            ("supply", "conversion", "battery", 0.0, 0, 1.0, 0.7, 2.1, 2.1 / 28.6),
            ("radio", "send", "main", 60.0, 280, 5e-5, 0.3, 0.9, 0.9 / 28.6),
            ("supply", "self-discharge", "battery", 0.0, 0, 1.0, 0.25, 0.75, 0.75 / 28.6),
            ("led", "on", "main", 140.0, 280, 1e-4, 0.12, 0.35, 0.35 / 28.6),
            ("radio", "sleep", "main", 1_209_400.0, 280, 0.9999, 0.06, 0.19, 0.19 / 28.6),
            ("microphone", "off", "main", 400.0, 1, 0.0004, 0.0003, 0.001, 0.001 / 28.6),
        ]),
        "battery": _battery(412),
        "pulses": table("pulses", [("radio.send", 0.021, 0.0, 0.004, 20.0)]),
        "latency": _latency({"keyword": (0.12, 3), "button": (0.03, 1)}, 280),
        "misses": table("misses", [("keyword", "rejected_by_level_1", 11), ("keyword", "rejected_by_level_2", 5),
                                   ("keyword", "refractory", 2), ("keyword", "detected", 262)]),
        "timeline": _timeline(),
        "figures": table("figures", [
            ("mcu", "states.run.current", 620e-6, 590e-6, 810e-6, "current", "Apollo3 Blue datasheet",
             "table 21, p. 44", "datasheet"),
            ("mcu", "states.deep_sleep.current", 2.7e-6, 1.9e-6, 6.0e-6, "current", "Apollo3 Blue datasheet",
             "table 21", "datasheet"),
            ("mcu", "leakage", 0.9e-6, 0.2e-6, 5e-6, "current", "powerplan", "", "assumed"),
            ("microphone", "listen_current", 230e-6, 200e-6, 290e-6, "current", "ICS-43434 datasheet", "table 4, p. 9",
             "datasheet"),
            ("microphone", "off_current", 12e-9, None, None, "current", "ICS-43434 datasheet", "p. 9", "datasheet"),
            ("radio", "tx_current", 5.3e-3, 4.8e-3, 7.1e-3, "current", "bench 14", "run 3", "measured"),
            ("led", "on_current", 4e-3, 2e-3, 10e-3, "current", "powerplan", "", "assumed"),
            ("regulator", "quiescent_current", 60e-9, 60e-9, 180e-9, "current", "TPS62840 datasheet", "p. 6",
             "derived"),
            ("battery", "capacity", 4320.0, 3888.0, 4536.0, "charge", "E92 datasheet", "p. 1", "datasheet"),
        ]),
        "models": table("models", [
            ("keyword", "level1", "mcu", 0.0041, 0.0035, 0.0049, "estimated", 41_000, 6_240, 12_288),
            ("keyword", "level2", "mcu", 0.0527, 0.0448, 0.0617, "estimated", 2_650_000, 93_400, 41_984),
        ]),
        "closed_form": table("closed_form", [("charge per day", 10.21, 10.2099, 9.8e-6, "C"),
                                             ("keyword activations per day", 20.1, 20.0, 0.005, "1/d")]),
        "advice": table("advice", [
            ("R1", "the top drain is microphone in listen: 1.14 mAh a day, 43% of the charge"),
            ("R1", "the smallest single change that meets it: microphone in listen at 61 µA instead of 230 µA, or that "
             "much shorter (73% less)"),
            ("R3", "compare other thresholds with `powerplan sweep`")]),
        "sweep": _sweep("keyword"),
        "tornado": table("tornado", [
            ("mcu.leakage", "assumed", 0.9e-6, 0.2e-6, 5e-6, "current", 450.0, 412.0, 340.0, "d", 0.72, None,
             "battery_life"),
            ("battery.capacity", "datasheet", 4320.0, 3888.0, 4536.0, "charge", 371.0, 412.0, 433.0, "d", 0.27, None,
             "battery_life"),
            ("led.on_current", "assumed", 4e-3, 2e-3, 10e-3, "current", 412.0, 412.0, 412.0, "d", 0.0, None,
             "battery_life")]),
        "sending": table("sending", [
            ("keyword", "compute up to level1", "mcu", 0, 22e-6, 0.0041, 140),
            ("keyword", "compute up to level2", "mcu", 0, 310e-6, 0.0568, 8_200),
            ("keyword", "send the result", "radio", 20, 16e-6, 0.002, None),
            ("keyword", "send the raw data", "radio", 32_000, 5.9e-3, 0.42, None)]),
        "lives": table("lives", [(n, 412.0 + 50.0 * math.sin(2.4 * n) + 20.0 * math.sin(0.7 * n))
                                 for n in range(64)]),
        "ageing": table("ageing", [
            ("life", "as on the first day", 447.0, 447.0, 447.0, "d", "the charge is used up"),
            ("life", "with self-discharge", 428.0, 428.0, 428.0, "d", "the charge is used up"),
            ("life", "with self-discharge and ageing", 412.0, 412.0, 412.0, "d",
             "the worst pulse pulls the voltage below brown-out"),
            ("worst pulse", "new, rested", 2.86, 2.86, 2.86, "V", "worst pulse of the rested battery at 5 °C, new"),
            ("worst pulse", "first pulse after storage", 2.41, 2.05, 2.6, "V", "before its passivation film breaks"),
            ("worst pulse", "coldest week of the last winter", 2.3, 2.3, 2.3, "V", "coldest week of year 1"),
            ("worst pulse", "at the required life or the end", 2.01, 2.01, 2.01, "V", "4% charge")]),
        "fan": table("fan", [(day * DAY_S, max(0.0, 1 - day / 338), max(0.0, 1 - day / 412), max(0.0, 1 - day / 497))
                             for day in range(0, 520, 4)]),
    }


def _sweep(*cascades: str, second: Sequence[float] = (0.0, 0.25, 0.6, 0.9, 2.0)) -> Table:
    """Pairs of thresholds that behave: higher thresholds miss more, alarm less and last longer."""
    rows: list[tuple[Any, ...]] = []
    for cascade in cascades:
        for one in (0.0, 0.3, 0.6, 0.9, 2.0):
            for two in second:
                recall = 0.0 if 2.0 in (one, two) else 0.99 - 0.05 * one ** 3 - 0.1 * two ** 3
                alarms = 0.0 if 2.0 in (one, two) else 200.0 * math.exp(-4 * one - 9 * two)
                meets = recall >= 0.9 and alarms <= 1
                role = {0.3: "own", 0.9: "chosen"}.get(one, "") if two == (0.6 if 0.6 in second else 0.0) else ""
                rows.append((cascade, one, two, recall, max(0.0, recall - 0.02), min(1.0, recall + 0.02), alarms,
                             alarms * 0.7, alarms * 1.4, 0.1, alarms + 20 * recall, 0.1, 0.3 if recall else None, 0.4,
                             100e-6, 300 + 100 * min(one, 1.0) + 10 * min(two, 1.0), role, meets,
                             one in (0.6, 0.9) and two in (0.25, 0.6), "" if meets else "recall by 5 %"))
    return table("sweep", rows)


def two_cascades() -> dict[str, Table]:
    """Threshold pairs of two cascades, and of one with a single level."""
    single = _sweep("doorbell", second=(0.0,))
    both = _sweep("keyword")
    return typical() | {"sweep": Table("sweep", {name: [*both.columns[name], *single.columns[name]]
                                                 for name in both.columns})}


def no_cascade() -> dict[str, Table]:
    """A product that measures and sends, without models."""
    tables = {name: one for name, one in typical().items() if name not in ("sweep", "sending")}
    return tables | {"models": table("models"), "misses": table("misses"), "requirements": table("requirements", [
        ("R1", "battery_life >= 2 years @ 90 %", "battery_life", "FAIL", 412.0, "d", 730.0, -0.436, 0.0, "")])}


def not_feasible() -> dict[str, Table]:
    """A gate that is shut: the model does not fit."""
    return typical() | {
        "gates": table("gates", [("flash.mcu", False, 4_300_000.0, 1_048_576.0, "B", "models 4.1 MB"),
                                 ("cpu.mcu", False, 1.196, 1.0, "1", "busy 119.6% of the time")]),
        "requirements": table("requirements", [
            ("R1", "battery_life >= 2 years @ 90 %", "battery_life", "NOT FEASIBLE", None, "d", 730.0, None, None,
             "flash.mcu: needs 4.1 MB, has 1 MiB")]),
    }


def _battery(life_days: int) -> Table:
    rows = []
    for hour in range(life_days * 24 + 1):
        depth = hour / (life_days * 24) * 0.93
        open_v = 3.15 - 0.55 * depth - 0.28 * depth ** 9 + 0.04 * math.exp(-depth * 30)
        ripple = 0.004 * math.sin(hour / 24 * math.tau)
        loaded = open_v - 0.012 - 0.02 * depth + ripple
        worst = loaded - 0.14 - 0.16 * depth ** 2
        rows.append((hour * 3600.0, 1 - depth, open_v, loaded, worst))
    return table("battery", rows)


def _latency(tasks: dict[str, tuple[float, int]], count: int) -> Table:
    draw = random.Random(3)
    rows: list[tuple[Any, ...]] = []
    for task, (base, levels) in tasks.items():
        for activation in range(count):
            stages = {"wait": draw.uniform(0, base), "wake": 0.002, "capture": base * 0.6, "features": 0.009}
            if draw.random() < 0.1:
                stages["queue"] = draw.expovariate(1 / 0.05)
            for level in range(levels):
                stages[f"level{level + 1}"] = 0.012 * (level + 1)
            stages["action"] = 0.004
            total = sum(stages.values())
            stages["send"] = 0.018
            rows.extend((task, activation, stage, duration) for stage, duration in stages.items())
            rows.append((task, activation, "total", total))
    return table("latency", rows)


def _timeline() -> Table:
    rows: list[tuple[Any, ...]] = [("microphone", "listen", 100.0, 109.8, 0.69e-3)]
    time = 100.0
    for hop in range(6):
        start = 103.2 + 0.03 * hop
        rows.append(("mcu", "deep_sleep", time, start, 8e-6))
        rows.append(("mcu", "run", start, start + 0.011, 1.9e-3))
        time = start + 0.011
    rows += [("mcu", "run", time, time + 0.06, 1.9e-3), ("mcu", "deep_sleep", time + 0.06, 109.8, 8e-6),
             ("radio", "sleep", 100.0, time + 0.06, 1.2e-6), ("radio", "send", time + 0.06, time + 0.078, 16e-3),
             ("radio", "sleep", time + 0.078, 109.8, 1.2e-6),
             ("led", "off", 100.0, time + 0.06, 0.0), ("led", "on", time + 0.06, time + 0.26, 12e-3),
             ("led", "off", time + 0.26, 109.8, 0.0)]
    return table("timeline", rows)


def many_parts(count: int = 20, names: Sequence[str] = ()) -> dict[str, Table]:
    """Tables with many parts, or with names to be tried."""
    part = [names[n % len(names)] if names else f"sensor_node_{n:02d}" for n in range(count)]
    state = [names[(n + 1) % len(names)] if names else "measuring" for n in range(count)]
    tables = typical()
    energies = [30.0 / (n + 1) ** 1.3 for n in range(count)]
    total = sum(energies)
    return tables | {
        "energy": table("energy", [(part[n], state[n], "main", 1.0, 1, 0.1, energies[n] / 3, energies[n],
                                    energies[n] / total) for n in range(count)]),
        "timeline": table("timeline", [
            (part[n], state[n] if step % 2 else "idle", step * 0.05, (step + 1) * 0.05,
             1e-3 / (n + 1) if step % 2 else 1e-6) for n in range(count) for step in range(20)]),
        "figures": table("figures", [(part[n], f"{state[n][:300]}_current", 1e-3 / (n + 1), 0.5e-3 / (n + 1),
                                      2e-3 / (n + 1), "current", "datasheet", "p. 1",
                                      ("datasheet", "assumed", "measured")[n % 3]) for n in range(count)]),
        "latency": _latency({part[n]: (0.05 * (n + 1), 2) for n in range(min(count, 8))}, 40),
        "misses": table("misses", [(part[n % count], cause, 10 - n) for n, cause in enumerate(
            ("rejected_by_level_1", "busy", "refractory", state[0]))]),
        "sweep": _sweep(part[0]),
        "tornado": table("tornado", [
            (f"{part[n]}.{state[n][:300]}", ("assumed", "datasheet")[n % 2], 1.0, 0.5, 2.0, "current",
             412.0 - 60 / (n + 1), 412.0, 412.0 + 80 / (n + 1), "d", 0.5 / (n + 1), None, state[n])
            for n in range(count)]),
        "ageing": table("ageing", [(quantity, f"{state[n % count]} {n}", 400.0 / (n + 1), 300.0 / (n + 1),
                                    500.0 / (n + 1), unit, part[0])
                                   for quantity, unit in (("life", "d"), ("worst pulse", "V")) for n in range(count)]),
        "sending": table("sending", [(part[0], state[n], part[n], 100 * n, 1e-4 * (n + 1), 0.1, None)
                                     for n in range(count)]),
    }


def one_part() -> dict[str, Table]:
    """One part with one state, one activation, one figure."""
    return nothing() | {
        "summary": table("summary", [("battery_life", 2.7, "d", 2.7, 2.7, "closed form")]),
        "energy": table("energy", [("mcu", "run", "main", 1.0, 1, 1.0, 100.0, 300.0, 1.0)]),
        "battery": table("battery", [(0.0, 1.0, 3.0, 3.0, None), (2.7 * DAY_S, 0.0, 3.0, 3.0, None)]),
        "latency": table("latency", [("tick", 0, "total", 0.02)]),
        "misses": table("misses", [("tick", "busy", 1)]),
        "timeline": table("timeline", [("mcu", "run", 0.0, 1.0, 0.003)]),
        "figures": table("figures", [("mcu", "run_current", 1e-3, None, None, "current", "ds", "p. 1", "datasheet")]),
    }


def zero_events() -> dict[str, Table]:
    """A product to which nothing happens."""
    tables = typical()
    return tables | {name: table(name) for name in ("latency", "misses", "timeline", "sweep", "sending", "lives",
                                                    "ageing", "fan", "tornado")}


def undrawn(tables: dict[str, Table], facts: ReportFacts) -> list[Picture]:
    """Every plot of a result with its words and data, its picture one pixel: drawing takes seconds."""
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (2, 1), "white").save(out, "png")
    return [Picture(plot, clean(plot.finding(own, facts)), clean(plot.text(own, facts), PROSE_LIMIT_COUNT),
                    plot.data(own), {"png": out.getvalue(), "svg": b'<svg viewBox="0 0 2 1"></svg>'})
            for plot, own in plots_of(tables)]


def named(names: Sequence[str]) -> tuple[dict[str, Table], ReportFacts]:
    """Tables and facts in which every text is one of these."""
    tables = many_parts(12, names)
    text = [names[n % len(names)] for n in range(40)]
    tables |= {
        "requirements": table("requirements", [
            (text[0], text[1], text[2], text[3], 1.0, text[4], 2.0, 0.1, 0.5, text[5])]),
        "gates": table("gates", [(text[6], False, 1.0, 2.0, text[7], text[8])]),
        "advice": table("advice", [(text[n], text[n + 1]) for n in range(6)]),
        "models": table("models", [(text[0], text[1], text[2], 0.1, 0.1, 0.2, text[3], 1, 2, 3)]),
        "closed_form": table("closed_form", [(text[0], 1.0, 1.0, 0.0, text[1])]),
    }
    facts = replace(FACTS, product=text[0], scenario=text[1], where=text[2], users=text[3], note=text[4],
                    command=text[5], end_reason=text[6], engine=text[7], hashes={text[8]: text[9], text[0]: text[1]},
                    versions={"powerplan": text[3], text[2]: text[1]}, notes=tuple(text))
    return tables, facts
