"""The columns of every result table, in one place. A plot or a page takes tables, never engine objects."""

from __future__ import annotations

SCHEMA_VERSION = 1

LIFE, WORST_PULSE = "life", "worst pulse"
"""Quantities of the table `ageing`."""
COLUMNS: dict[str, tuple[str, ...]] = {
    "summary": ("metric", "value", "unit", "low", "high", "method"),
    "requirements": ("id", "text", "metric", "verdict", "value", "unit", "limit", "margin_fraction", "probability",
                     "note"),
    "gates": ("name", "passes", "needed", "available", "unit", "detail"),
    "energy": ("part", "state", "rail", "time_s", "entries", "time_fraction", "charge_c_per_day", "energy_j_per_day",
               "energy_fraction"),
    "battery": ("time_s", "state_of_charge_fraction", "open_circuit_v", "loaded_v", "worst_pulse_v"),
    "pulses": ("name", "current_a", "power_w", "duration_s", "per_day"),
    "latency": ("task", "activation", "stage", "duration_s"),
    "misses": ("cascade", "cause", "count"),
    "timeline": ("part", "state", "start_s", "end_s", "power_w"),
    "figures": ("part", "figure", "value", "low", "high", "dimension", "source", "where", "basis"),
    "models": ("cascade", "level", "processor", "latency_s", "low_s", "high_s", "basis", "macs", "flash_bytes",
               "arena_bytes"),
    "closed_form": ("name", "simulated", "closed_form", "difference_fraction", "unit"),
    "uncertainty": ("metric", "unit", "p5", "p50", "p95", "samples"),
    "tornado": ("name", "basis", "value", "low", "high", "dimension", "at_low", "at_typical", "at_high", "unit",
                "variance_fraction", "first_order", "metric"),
    "sweep": ("cascade", "threshold_1", "threshold_2", "recall", "recall_low", "recall_high", "false_alarms_per_day",
              "false_alarms_low", "false_alarms_high", "escalation", "detections_per_day", "latency_p50_s",
              "latency_p95_s", "latency_p99_s", "average_current_a", "battery_life_days", "role", "meets", "pareto",
              "misses"),
    "sending": ("cascade", "choice", "part", "data_bytes", "energy_j", "time_s", "equal_bytes"),
    "lives": ("sample", "life_days"),
    "ageing": ("quantity", "case", "value", "low", "high", "unit", "note"),
    "fan": ("time_s", "low_fraction", "middle_fraction", "high_fraction"),
    "advice": ("requirement", "text"),
}
"""Table -> its columns. `energy` holds one row per part and state, and rows of the pseudo-part `supply` for
conversion loss, leakage and self-discharge; its energies are at the battery terminals' mean voltage. `latency` holds
one row per recorded activation and stage, with the stage `total` for onset to action. `timeline` shows one activation,
its power that of the part at its rail. `sweep`, `tornado`, `sending`, `lives`, `ageing` and `fan` belong to a report:
in `sweep` a threshold of `never` stands as 2; `sending` compares, for one decision, computing with sending its inputs;
`ageing` holds the life (`life`) with and without what wears the cell, and the voltage under the `worst pulse`."""
