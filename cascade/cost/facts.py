"""Reads the published results that the calibration is made from, and gives every row its core, library and device."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Final

from cascade.cost.layers import Layer
from cascade.cost.published import Measurement

_CORES: Final = (
    ("gap9", "gap9"), ("hifi", "hifi3-dsp"), ("cortex-m0+", "cortex-m0+"), ("cortex-m33", "cortex-m33"),
    ("cortex-m4", "cortex-m4f"), ("cortex-m7", "cortex-m7"), ("cortex-m85", "cortex-m85"), ("rxv2", "rxv2"),
    ("rh850", "rh850"), ("d25f", "andes-d25f"), ("d45", "andes-d45"), ("nx27v", "andes-nx27v"),
    ("64gcvb", "risc-v-vector"), ("rv32imac", "risc-v"), ("risc-v", "risc-v"),
)
_DEVICES: Final = (
    ("l4r5", "stm32l4r5"), ("h7a3", "stm32h7a3"), ("u575", "stm32u575"), ("f746", "stm32f746"), ("g0b1", "stm32g0b1"),
    ("psoc 62", "psoc6_cy8c624"), ("cy8cproto", "psoc6_cy8c624"), ("ra6m4", "ra6m4"), ("ra8d1", "ra8d1"),
    ("rx65n", "rx65n"), ("efr32mg24", "efr32mg24"), ("ndp9120", "ndp120"), ("gap9", "gap9"), ("scepu02", "pcl-rv32a"),
    ("rh850", "rh850f1km"),
)
_LIBRARIES: Final = (
    ("x-cube-ai", "x-cube-ai"), ("plumerai", "plumerai"), ("hale", "hale"), ("microtvm", "cmsis-nn"),
    ("andes", "andes"), ("gap", "ne16"), ("syntiant", "syntiant"), ("silicon", "mvp"),
)

HAND_ROWS: Final = (
    ("person_detect", "esp32", "xtensa-lx6", "reference", "", 240e6, 4.084, "espressif/esp-nn README"),
    ("person_detect", "esp32", "xtensa-lx6", "esp-nn", "", 240e6, 0.380, "espressif/esp-nn README"),
    ("person_detect", "esp32c3", "risc-v", "reference", "", 160e6, 3.355, "espressif/esp-nn README"),
    ("person_detect", "esp32c3", "risc-v", "esp-nn", "", 160e6, 0.426, "espressif/esp-nn README"),
    ("person_detect", "esp32s3", "xtensa-lx7", "reference", "", 240e6, 2.300, "espressif/esp-nn README"),
    ("person_detect", "esp32s3", "xtensa-lx7", "esp-nn", "", 240e6, 0.047, "espressif/esp-nn README, internal RAM"),
    ("person_detect", "stm32f413", "cortex-m4f", "reference", "tflm-2021", 100e6, 13.005446,
     "Samsung/ONE issue 7598, NUCLEO-F413ZH, clock taken as 100 MHz"),
    ("person_detect", "stm32f413", "cortex-m4f", "cmsis-nn", "tflm-2021", 100e6, 0.386595,
     "Samsung/ONE issue 7598, NUCLEO-F413ZH, clock taken as 100 MHz"),
    ("person_detect", "stm32f746", "cortex-m7", "reference", "", 216e6, 5.0,
     "tensorflow/tflite-micro issue 3209: 0.2 frames per second, clock taken as 216 MHz"),
)
"""Results published outside MLPerf Tiny: model, device, core, library, version, clock, latency, source."""


def read_measurements(path: Path) -> tuple[Measurement, ...]:
    """Rows of mlperf_tiny.csv that name a stack on the reference models, then the rows typed by hand."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if _usable(row)]
    found = dict.fromkeys(_measurement(row) for row in rows)
    by_hand = (
        Measurement(
            model, "int8", device, device, core, library, version, clock_hz, None, latency_s, None, None, source
        )
        for model, device, core, library, version, clock_hz, latency_s, source in HAND_ROWS
    )
    return (*_without_resubmissions(found), *by_hand)


def _usable(row: dict[str, str]) -> bool:
    """Closed division, reference model, a named stack: own hardware with unnamed kernels teaches nothing."""
    own = row["stack"] == "self-developed" or row["accelerator"].startswith("ANPU")
    return row["division"] == "closed" and not own


def _without_resubmissions(rows: dict[Measurement, None]) -> list[Measurement]:
    """One row per measurement: the same result submitted again in a later round is no new evidence."""
    seen: set[tuple[str, str, str, float, float | None]] = set()
    kept = []
    for row in rows:
        key = (row.model, row.device, row.stack, row.latency_s, row.energy_j)
        if key not in seen:
            seen.add(key)
            kept.append(row)
    return kept


def _measurement(row: dict[str, str]) -> Measurement:
    board = f"{row['board']} {row['mcu']}".lower()
    library, version = _library(row)
    energy_uj, power_mw = row["energy_uJ"], row["energy_mode_power_mW"]
    return Measurement(
        row["benchmark"],
        "float32" if row["model_dtype"].startswith("float32") else "int8",
        _find(_DEVICES, board) or re.sub(r"[^a-z0-9]+", "-", f"{row['mcu']} {row['core'][:16]}".lower()).strip("-"),
        row["board"],
        _find(_CORES, row["core"].lower().replace("®", "").replace("™", "")) or row["core"].lower(),
        library,
        version,
        float(row["clock_mhz"]) * 1e6,
        float(row["voltage_V"]) if row["voltage_V"] else None,
        float(row["latency_ms"]) * 1e-3,
        float(energy_uj) * 1e-6 if energy_uj else None,
        float(power_mw) * 1e-3 if power_mw else None,
        f"MLPerf Tiny {row['round']} {row['submitter']}, {row['source_performance'].split(';')[0]}",
    )


def _find(table: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((name for mark, name in table if mark in text), None)


def _library(row: dict[str, str]) -> tuple[str, str]:
    stack, submitter = row["stack"].lower(), row["submitter"].lower()
    if submitter == "renesas":
        return "renesas", ""
    if "2.3.1" in stack:
        return ("cmsis-nn", "tflm-2.3.1") if submitter == "reference" else ("reference", "")
    library = _find(_LIBRARIES, stack)
    if library is None:
        return stack, ""
    digits = re.search(r"\d+\.\d+", stack.split(library)[-1])
    version = {
        "x-cube-ai": digits.group() if digits else "",
        "plumerai": "2023" if "2023" in stack else "2022",
        "hale": ("1.0.175" if "175" in stack else "1.0") + (" max" if row["variant"] else ""),
        "cmsis-nn": "microtvm",
        "mvp": "2021" if row["round"] == "v0.7" else "2022",
    }
    return library, version.get(library, "")


def read_layers(path: Path) -> tuple[Layer, ...]:
    """Measured layers of efr32xg24_layers.csv."""
    with open(path, newline="", encoding="utf-8") as file:
        return tuple(_layer(row) for row in csv.DictReader(file))


def _layer(row: dict[str, str]) -> Layer:
    shapes = [_shape(text) for text in row["input_shape"].split(",")]
    kernel = shapes[1] if row["op"] in ("conv_2d", "depthwise_conv_2d") else ()
    return Layer(
        row["model"],
        row["op"].upper(),
        int(float(row["macs"] or 0)),
        (shapes[0],),
        (_shape(row["output_shape"].split(",")[0]),),
        (kernel[1], kernel[2]) if kernel else None,
        float(row["time_s"] or 0),
    )


def _shape(text: str) -> tuple[int, ...]:
    return tuple(int(side) for side in text.split("x")) if text not in ("", "0") else ()
