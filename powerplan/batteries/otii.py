"""Discharge profiles as Otii writes them: JSON with capacity used, voltage and resistance."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from powerplan.batteries.fit import KNOTS
from powerplan.batteries.pack import Curve, Pack

LARGEST_BYTES = 16 * 1024 * 1024
CHARGE_UNITS = {"uAh": 3.6e-3, "µAh": 3.6e-3, "mAh": 3.6, "Ah": 3_600.0}
DEFAULT_TEMPERATURE_C = 20.0


class OtiiError(ValueError):
    """The file is not a discharge profile this reader knows."""


@dataclass(frozen=True)
class OtiiProfile:
    """One measured discharge of one cell."""

    manufacturer: str
    model: str
    nominal_v: float
    cutoff_v: float | None
    temperature_c: float
    capacity_c: float
    curve: Curve
    """Every measured point; `thinned` gives the usual fifteen."""
    assumed: tuple[str, ...] = ()
    """What the file did not say."""

    def thinned(self) -> Curve:
        """The curve at fifteen depths, medians of what was measured around each."""
        depth, open_v, inner_ohm = self.curve.depth_fraction, self.curve.ocv_v, self.curve.resistance_ohm
        around = np.minimum(np.minimum(KNOTS, 1.0 - KNOTS) * 0.25, 0.01)
        found = []
        for knot, half in zip(KNOTS, around, strict=True):
            near = np.abs(depth - knot) <= half
            if near.sum() < 3:
                found.append((np.interp(knot, depth, open_v), np.interp(knot, depth, inner_ohm)))
            else:
                found.append((np.median(open_v[near]), np.median(inner_ohm[near])))
        volts, ohms = np.array(found, float).T
        return Curve(self.temperature_c, KNOTS.copy(), volts, ohms)

    def pack(self, series: int = 1, parallel: int = 1) -> Pack:
        """A pack of these cells: no kinetics, no self-discharge, both unknown to the file."""
        curve = self.thinned()
        scaled = Curve(
            curve.temperature_c, curve.depth_fraction, curve.ocv_v * series, curve.resistance_ohm * series / parallel
        )
        return Pack(self.model, self.capacity_c * parallel, (scaled,), reference_c=self.temperature_c)


def read_otii(path: Path) -> OtiiProfile:
    """The first discharge table of an Otii profile. Raises OtiiError with what is wrong."""
    if path.stat().st_size > LARGEST_BYTES:
        raise OtiiError(f"{path.name}: larger than 16 MiB")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise OtiiError(f"{path.name}: not JSON: {error}") from error
    if not isinstance(data, dict) or not isinstance(data.get("battery"), dict):
        raise OtiiError(f"{path.name}: no `battery` map; this is not an Otii battery profile")
    return _profile(path.name, data["battery"], data.get("dischargetables"))


def _profile(name: str, battery: dict[str, Any], tables: Any) -> OtiiProfile:
    if not isinstance(tables, list) or not tables or not isinstance(tables[0], dict):
        raise OtiiError(f"{name}: `dischargetables` must hold at least one table")
    table = tables[0]
    unit = str(battery.get("capacityunit", "mAh"))
    if unit not in CHARGE_UNITS:
        raise OtiiError(f"{name}: capacityunit {unit!r}; allowed: {', '.join(CHARGE_UNITS)}")
    rows = table.get("table")
    if not isinstance(rows, list) or len(rows) < 2:
        raise OtiiError(f"{name}: the discharge table needs at least two rows")
    try:
        points = np.array([[row["capacity"], row["voltage"], row["resistance"]] for row in rows], dtype=float)
    except (KeyError, TypeError, ValueError) as error:
        raise OtiiError(f"{name}: every row needs the numbers capacity, voltage and resistance") from error
    if not np.isfinite(points).all():
        raise OtiiError(f"{name}: a row of the discharge table is not finite")
    points = points[np.concatenate([[True], np.diff(np.maximum.accumulate(points[:, 0])) > 0.0])]
    used_c = points[:, 0] * CHARGE_UNITS[unit]
    if len(points) < 2 or used_c[-1] <= 0.0:
        raise OtiiError(f"{name}: the capacity of the rows must rise from zero")
    assumed = []
    temperature = table.get("temperature", battery.get("worktemperature"))
    if temperature is None:
        temperature = DEFAULT_TEMPERATURE_C
        assumed.append("temperature 20 degC")
    try:
        curve = Curve(float(temperature), used_c / used_c[-1], points[:, 1].copy(), points[:, 2].copy())
    except ValueError as error:
        raise OtiiError(f"{name}: {error}") from error
    cutoff = battery.get("cutoffvoltage")
    return OtiiProfile(
        manufacturer=str(battery.get("manufacturer", "")),
        model=str(battery.get("model", name)),
        nominal_v=float(battery.get("voltage", np.median(points[:, 1]))),
        cutoff_v=None if cutoff is None else float(cutoff),
        temperature_c=float(temperature),
        capacity_c=float(used_c[-1]),
        curve=curve,
        assumed=tuple(assumed),
    )


def write_otii(profile: OtiiProfile, path: Path) -> None:
    """Write a profile in the form `read_otii` reads."""
    rows = zip(profile.curve.depth_fraction, profile.curve.ocv_v, profile.curve.resistance_ohm, strict=True)
    data = {
        "battery": {
            "manufacturer": profile.manufacturer,
            "model": profile.model,
            "voltage": profile.nominal_v,
            "voltageunit": "V",
            "capacity": profile.capacity_c / 3.6,
            "capacityunit": "mAh",
            **({} if profile.cutoff_v is None else {"cutoffvoltage": profile.cutoff_v}),
            "worktemperature": profile.temperature_c,
            "temperatureunit": "°C",
        },
        "dischargetables": [
            {
                "current": 0,
                "currentunit": "mA",
                "temperature": profile.temperature_c,
                "temperatureunit": "°C",
                "table": [
                    {
                        "capacity": float(depth) * profile.capacity_c / 3.6,
                        "voltage": float(volts),
                        "resistance": float(ohms),
                    }
                    for depth, volts, ohms in rows
                ],
            }
        ],
    }
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def profile_from_pack(pack: Pack, model: str, manufacturer: str = "", cutoff_v: float | None = None) -> OtiiProfile:
    """A pack's curve nearest to its reference temperature, to be written as an Otii profile."""
    curve = min(pack.curves, key=lambda one: abs(one.temperature_c - pack.reference_c))
    return OtiiProfile(manufacturer, model, pack.nominal_v, cutoff_v, curve.temperature_c, pack.capacity_c, curve)
