"""Questions about one cell: its curves, what it gives at loads and temperatures, and a profile from a log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from powerplan.batteries.fit import FitError, fit_log, read_log
from powerplan.batteries.life import Limits, constant_demand, life
from powerplan.batteries.otii import OtiiError, read_otii
from powerplan.batteries.own import fitted_data, otii_cell, otii_data, profile_yaml
from powerplan.batteries.pack import Pack
from powerplan.batteries.profile import BatteryProfile, carried, figure_of, outside_range, pack_from
from powerplan.components.spec import Profile
from powerplan.errors import PowerplanError
from powerplan.files.library import load_profile, read_profile
from powerplan.results.tables import write_atomically
from powerplan.units import UnitError, format_quantity, parse_quantity

OTII_SUFFIX = ".json"
TEMPERATURES_C = (-20.0, 0.0, 20.0, 40.0)
RATES = (1_000.0, 100.0, 20.0, 5.0)
"""Loads as hours that the stated capacity would last."""
DEPTHS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
PLOT_SUFFIXES = (".png", ".svg")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}")


class BatteryProblem(PowerplanError):
    """A cell, a log or an option cannot be used."""


def battery_profile(name: str) -> Profile:
    """A cell of the library, a profile file or an Otii file. Raises InputError, BatteryProblem."""
    path = Path(name)
    try:
        if path.suffix == OTII_SUFFIX and path.is_file():
            profile = otii_cell(path)
        elif path.suffix in (".yaml", ".yml") and path.is_file():
            profile = read_profile(path, path.parent)
        else:
            profile = load_profile(name, beside=Path(), kind="battery")
    except (OtiiError, OSError) as error:
        raise BatteryProblem(str(error)) from None
    if not isinstance(profile.spec, BatteryProfile):
        raise BatteryProblem(f"{name}: a {profile.kind} is no battery; powerplan profiles list --kind battery")
    return profile


def shown(name: str, temperatures_c: tuple[float, ...] = ()) -> dict[str, Any]:
    """What there is to know about one cell, as a document."""
    profile = battery_profile(name)
    spec = profile.spec
    if not isinstance(spec, BatteryProfile):
        raise BatteryProblem(f"{name} is no battery")
    pack = pack_from(spec, folder=Path(profile.path).parent)
    chosen = temperatures_c or _usual(spec)
    return {
        "profile": profile.name, "name": spec.name, "chemistry": spec.chemistry, "sources": dict(spec.sources),
        "capacity_mah": pack.capacity_c / 3.6, "nominal_v": figure_of(spec, "nominal_voltage").typ,
        "cutoff_v": spec.cutoff.typ if spec.cutoff else None,
        "measured_c": [table.temperature.typ for table in spec.curves],
        "curves": [row for temperature_c in chosen for row in curve_rows(pack, temperature_c)],
        "capacity": [row for temperature_c in chosen for row in _capacity_rows(spec, pack, temperature_c)],
        "notes": [note for temperature_c in chosen
                  for note in (carried(spec, temperature_c), outside_range(spec, temperature_c)) if note],
    }


def _usual(spec: BatteryProfile) -> tuple[float, ...]:
    """The usual temperatures inside what the profile stands for."""
    low = spec.temperature_min.typ if spec.temperature_min else -273.0
    high = spec.temperature_max.typ if spec.temperature_max else 1_000.0
    return tuple(value for value in TEMPERATURES_C if low <= value <= high) or (spec.reference_temperature.typ,)


def curve_rows(pack: Pack, temperature_c: float, depths: tuple[float, ...] = DEPTHS) -> list[dict[str, float]]:
    """Open-circuit voltage and resistance over depth of discharge of what can be used at a temperature."""
    usable = 1.0 / float(pack.air(_one(temperature_c)).per_usable[0])
    found = []
    for depth in depths:
        open_v, inner_ohm = pack.open_circuit(1.0 - depth * usable, temperature_c)
        found.append({"temperature_c": temperature_c, "depth_of_discharge": depth, "open_circuit_v": open_v,
                      "resistance_ohm": inner_ohm})
    return found


def _one(value: float) -> Any:
    import numpy as np

    return np.array([value])


def _capacity_rows(spec: BatteryProfile, pack: Pack, temperature_c: float) -> list[dict[str, Any]]:
    """Charge that comes out at constant currents down to the cut-off."""
    cutoff_v = spec.cutoff.typ if spec.cutoff else 0.0
    found = []
    for hours in RATES:
        current_a = pack.capacity_c / hours / 3_600.0
        if spec.continuous_current_max and current_a > spec.continuous_current_max.typ:
            continue
        given = life(pack, constant_demand(current_a), temperature_c, Limits(cutoff_v), step="10min", engine="plain")
        found.append({"temperature_c": temperature_c, "current_a": current_a,
                      "capacity_mah": given.charge_used_c / 3.6, "share": given.charge_used_c / pack.capacity_c,
                      "ends_by": given.reason})
    return found


def show_text(document: dict[str, Any]) -> Iterator[str]:
    """A cell in lines."""
    measured = ", ".join(f"{value:g}" for value in document["measured_c"])
    yield f"{document['name']}  ({document['profile']}, {document['chemistry']})"
    cutoff = "" if document["cutoff_v"] is None else f", to {document['cutoff_v']:g} V"
    yield f"{document['capacity_mah']:.4g} mAh{cutoff}; curves measured at {measured} °C"
    yield ""
    yield "   °C   depth  open circuit  resistance"
    for row in document["curves"]:
        yield (f"{row['temperature_c']:5g}   {row['depth_of_discharge']:5.0%}  {row['open_circuit_v']:10.3f} V  "
               f"{format_quantity(row['resistance_ohm'], 'resistance'):>10}")
    yield ""
    yield "   °C        load    gives   of stated  ends by"
    for row in document["capacity"]:
        yield (f"{row['temperature_c']:5g}  {format_quantity(row['current_a'], 'current'):>10}  "
               f"{row['capacity_mah']:7.4g}  {row['share']:10.0%}  {row['ends_by']}")
    yield ""
    yield from document["notes"]
    yield from (f"source {key}: {text}" for key, text in document["sources"].items())


def picture(name: str, path: Path, temperatures_c: tuple[float, ...] = ()) -> None:
    """Voltage and resistance over depth of discharge as PNG or SVG. Raises BatteryProblem, OutputError."""
    if path.suffix.lower() not in PLOT_SUFFIXES:
        raise BatteryProblem(f"--picture {path}: the name ends in {' or '.join(PLOT_SUFFIXES)}")
    from powerplan.report.plot_cell import draw_cell
    from powerplan.report.style import to_png, to_svg

    profile = battery_profile(name)
    spec = profile.spec
    if not isinstance(spec, BatteryProfile):
        raise BatteryProblem(f"{name} is no battery")
    pack = pack_from(spec, folder=Path(profile.path).parent)
    depths = tuple(step / 100 for step in range(101))
    courses = {temperature_c: curve_rows(pack, temperature_c, depths) for temperature_c in temperatures_c
               or _usual(spec)}
    figure = draw_cell(spec.name, profile.name, courses, [table.temperature.typ for table in spec.curves])
    content = to_png(figure) if path.suffix.lower() == ".png" else to_svg(figure, path.stem).encode()
    write_atomically(path, content)


def fit(log: Path, name: str, out: Path, like: str | None = None, temperature_c: float = 20.0, kinetics: bool = True
        ) -> dict[str, Any]:
    """Fit a cell to a discharge log, or take an Otii file, and write its profile. Raises BatteryProblem."""
    if not NAME.fullmatch(name):
        raise BatteryProblem(f"--name {name!r}: letters, digits, _ . + - and at most 64 of them")
    if out.suffix not in (".yaml", ".yml"):
        raise BatteryProblem(f"--out {out}: the name ends in .yaml")
    if like is not None:
        battery_profile(like)
    try:
        if log.suffix == OTII_SUFFIX:
            measured = read_otii(log)
            data = otii_data(measured, log.name, like) | {"name": name, "summary": f"{name}, from an Otii profile"}
            errors: dict[str, Any] = {"rms_error_mv": None, "largest_error_mv": None, "well_share": None,
                                      "capacity_mah": measured.capacity_c / 3.6}
        else:
            samples = read_log(log, temperature_c)
            found = fit_log(samples, kinetics)
            data = fitted_data(name, samples, found, log.name, like)
            errors = {"rms_error_mv": found.rms_error_v * 1e3, "largest_error_mv": found.largest_error_v * 1e3,
                      "well_share": found.well_share_fraction, "capacity_mah": found.capacity_c / 3.6,
                      "rate_per_s": found.rate_per_s if found.well_share_fraction < 1.0 else None}
    except (FitError, OtiiError, OSError, UnicodeDecodeError) as error:
        raise BatteryProblem(str(error)) from None
    write_atomically(out, profile_yaml(data).encode())
    read_profile(out, out.parent)
    return {"profile": str(out), "name": name, **errors, "curve": data["curves"][0]["rows"],
            "temperature": data["curves"][0]["temperature"], "like": like}


def fit_text(document: dict[str, Any]) -> Iterator[str]:
    """A fit in lines."""
    yield f"{document['name']}: {document['capacity_mah']:.5g} mAh at {document['temperature']}"
    if document["rms_error_mv"] is not None:
        yield (f"error of the fitted voltage: {document['rms_error_mv']:.3g} mV rms, "
               f"{document['largest_error_mv']:.3g} mV at most")
        if document["well_share"] < 1.0:
            yield f"two wells: share {document['well_share']:.3g}, rate {document['rate_per_s'] * 3600:.3g}/h"
        else:
            yield "one well: the log shows no recovery that two wells would explain better"
    yield "depth   open circuit  resistance"
    for depth, open_v, ohm in document["curve"]:
        yield f"{depth:5.0%}  {open_v:11.3f} V  {ohm:9.4g} ohm"
    if document["like"] is None:
        yield ("other temperatures: resistance by Arrhenius, 15 to 50 kJ/mol assumed; no self-discharge; "
               "--like NAME takes these from a cell of the same chemistry")
    yield f"{document['profile']} is written; a scenario beside the folder profiles/ names it by its file name"


def temperatures_of(texts: list[str]) -> tuple[float, ...]:
    """Temperatures as the command line gives them. Raises BatteryProblem."""
    try:
        return tuple(parse_quantity(text, "temperature") for text in texts)
    except UnitError as error:
        raise BatteryProblem(f"--temperature: {error}") from None
