"""A run as one JSON document: the same for the command line, the service and files."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from powerplan.results.metric import Gate, Metric, Verdict
from powerplan.results.schema import SCHEMA_VERSION

DIGITS = 12
"""Significant digits of a float in a document."""


def number(value: float | None) -> float | int | None:
    """A float as documents carry it: 12 significant digits, nothing that JSON cannot say."""
    if value is None or not math.isfinite(value):
        return None
    if isinstance(value, int):
        return value
    return float(f"{value:.{DIGITS}g}")


def document(*, scenario: str, engine: str, seed: int, days: float, feasible: bool, metrics: Mapping[str, Metric],
             verdicts: Sequence[Verdict], gates: Sequence[Gate], end_reason: str, hashes: Mapping[str, str],
             notes: Sequence[str], version: str) -> dict[str, Any]:
    """The answer of a run. Lives are in days, everything else in the unit stated beside it."""
    return {
        "schema_version": SCHEMA_VERSION,
        "powerplan": version,
        "scenario": scenario,
        "engine": engine,
        "seed": seed,
        "simulated_days": number(days),
        "feasible": feasible,
        "end_reason": end_reason,
        "gates": [{"name": gate.name, "passes": gate.passes, "needed": number(gate.needed),
                   "available": number(gate.available), "unit": gate.unit, "detail": gate.detail} for gate in gates],
        "metrics": {name: {"value": number(metric.value), "unit": metric.unit, "low": number(metric.low),
                           "high": number(metric.high), "method": metric.method} for name, metric in metrics.items()},
        "requirements": [{"id": found.id, "text": found.text, "metric": found.metric, "verdict": found.verdict,
                          "value": number(found.value), "limit": number(found.limit), "unit": found.unit,
                          "margin": number(found.margin), "probability": number(found.probability),
                          "note": found.note} for found in verdicts],
        "hashes": dict(hashes),
        "notes": list(notes),
    }


def to_json(data: Mapping[str, Any], pretty: bool = True) -> str:
    """Text of a document: sorted keys, UTF-8 letters as they are."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, indent=2 if pretty else None, allow_nan=False)
