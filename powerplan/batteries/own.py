"""A user's own cell as a profile: from a fit to a discharge log, or from an Otii file."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from powerplan.batteries.fit import CurveFit, DischargeLog
from powerplan.batteries.otii import OtiiProfile, read_otii
from powerplan.batteries.pack import Curve
from powerplan.batteries.profile import BatteryProfile
from powerplan.components.spec import Profile

MEASURED, RULE = "measured", "rule"
WEAK_WELLS = 1e-3
"""A share this close to one leaves the kinetics out."""
ACTIVATION = {"value": 30, "min": 15, "max": 50, "source": RULE, "basis": "assumed",
              "note": "carries the resistance to other temperatures (Arrhenius); range of common chemistries"}


def fitted_data(name: str, log: DischargeLog, found: CurveFit, origin: str, like: str | None = None) -> dict[str, Any]:
    """A battery profile of a fitted log, ready to be written as YAML."""
    note = f"fitted, {found.rms_error_v * 1e3:.3g} mV rms, {found.largest_error_v * 1e3:.3g} mV at most"
    data = _profile_data(name, found.curve, found.capacity_c, origin, "", like, note)
    end_v = round(float(log.voltage_v.min()), 3)
    data["cutoff"] = {"value": f"{end_v:g} V", "source": MEASURED, "basis": "measured", "note": "lowest in the log"}
    if found.well_share_fraction < 1.0 - WEAK_WELLS:
        data["wells"] = {
            "share": {"value": f"{found.well_share_fraction * 100:.4g} %", "source": MEASURED, "basis": "derived"},
            "rate": {"value": f"{found.rate_per_s * 3600:.6g}/h", "source": MEASURED, "basis": "derived"},
        }
    elif like is not None:
        data["wells"] = None
    return data


def otii_data(profile: OtiiProfile, origin: str, like: str | None = None) -> dict[str, Any]:
    """A battery profile of an Otii file, ready to be written as YAML or validated."""
    note = "medians of the measured points around each depth"
    if profile.assumed:
        note += f"; the file does not say: {', '.join(profile.assumed)}"
    data = _profile_data(profile.model, profile.thinned(), profile.capacity_c, origin, profile.manufacturer, like, note)
    if profile.cutoff_v is not None:
        data["cutoff"] = {"value": f"{profile.cutoff_v:g} V", "source": MEASURED, "basis": "measured"}
    return data


def otii_cell(path: Path) -> Profile:
    """The profile of an Otii file, as if it stood in the library. Raises OtiiError."""
    data = otii_data(read_otii(path), path.name)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Profile(path.stem, BatteryProfile.model_validate(data), data, str(path), digest)


def _profile_data(name: str, curve: Curve, capacity_c: float, origin: str, vendor: str, like: str | None, note: str
                  ) -> dict[str, Any]:
    half_v = float(curve.ocv_v[len(curve.ocv_v) // 2])
    shown = _plain(name)
    data: dict[str, Any] = {"extends": like} if like else {}
    data |= {"kind": "battery", "name": shown, "summary": f"{shown}, measured by its user", "vendor": _plain(vendor)}
    if not like:
        data["chemistry"] = "not stated"
    data["sources"] = {MEASURED: f"own measurement, {_plain(origin)}"}
    if not like:
        data["sources"][RULE] = "general rule, no document"
    data |= {
        "nominal_voltage": {"value": f"{half_v:.4g} V", "source": MEASURED, "basis": "derived",
                            "note": "open circuit at half charge"},
        "capacity": {"value": f"{capacity_c / 3.6:.6g} mAh", "source": MEASURED, "basis": "measured"},
        "reference_temperature": f"{curve.temperature_c:g} degC",
        "curves": [{
            "temperature": f"{curve.temperature_c:g} degC",
            "columns": ["depth_of_discharge", "open_circuit_v", "resistance_ohm"],
            "rows": [[round(float(depth), 6), round(max(float(open_v), 1e-3), 5), round(max(float(ohm), 0.0), 5)]
                     for depth, open_v, ohm in zip(curve.depth_fraction, curve.ocv_v, curve.resistance_ohm,
                                                   strict=True)],
            "source": MEASURED, "basis": "measured", "note": note}],
    }
    if not like:
        data["resistance_activation_kj_per_mol"] = dict(ACTIVATION)
    return data


def _plain(text: str) -> str:
    """A text without control characters, short enough for a profile."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)[:120]


def profile_yaml(data: dict[str, Any]) -> str:
    """A profile as YAML text that the strict reader takes: every text quoted, one row of a curve a line."""
    import json

    def scalar(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    lines = []
    for key, value in data.items():
        if key == "curves":
            lines.append("curves:")
            for curve in value:
                head = [(name, part) for name, part in curve.items() if name != "rows"]
                lines += [f"  {'- ' if not number else '  '}{name}: {scalar(part)}"
                          for number, (name, part) in enumerate(head)]
                lines += ["    rows:", *(f"      - {scalar(row)}" for row in curve["rows"])]
        elif key == "sources":
            lines += ["sources:", *(f"  {name}: {scalar(text)}" for name, text in value.items())]
        else:
            lines.append(f"{key}: {scalar(value)}")
    return "\n".join(lines) + "\n"
