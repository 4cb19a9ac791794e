"""Which capacitor brings the worst pulse of a scenario above the brown-out, and what its leakage costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from powerplan.batteries.demand import Capacitor
from powerplan.batteries.life import REASONS, pulse_voltages
from powerplan.batteries.pack import IdealCell
from powerplan.batteries.sizing import CapacitorChoice, Leakage, best, choices, leakage_cost_s, smallest_for
from powerplan.errors import PowerplanError
from powerplan.study.run import RunResult, run
from powerplan.study.supply import SupplyChain
from powerplan.units import UnitError, format_quantity, parse_quantity

SECONDS_PER_DAY = 86_400.0
KINDS = {
    "electrolytic": Leakage(0.03, 0.2),
    "ceramic": Leakage(3e-5, 0.005),
    "supercapacitor": Leakage(1e-6, 0.05),
}
"""Assumed: 0.01·C·V at 3 V for aluminium, a thousandth of it for ceramic, 1 uA/F after days for double layers."""
SIZES_F = tuple(round(step * 10.0**decade, 12) for decade in range(-7, 4) for step in (1.0, 1.5, 2.2, 3.3, 4.7, 6.8))
"""E6 series from 0.1 uF to 6,800 F."""


class CapacitorProblem(PowerplanError):
    """The question cannot be answered for this scenario."""


def size(scenario: Path, kind: str = "", esr: str | None = None, leakage: str | None = None, charge: str = "5 %", *,
         days: float | None = None, seed: int | None = None, progress: Callable[[str, float], None] | None = None
         ) -> dict[str, Any]:
    """The answer as a document. Raises InputError, CapacitorProblem."""
    fraction = _given(charge, "fraction", "--at-charge")
    if not 0.0 <= fraction <= 1.0:
        raise CapacitorProblem(f"--at-charge {charge}: between 0 and 100 %")
    result = run(scenario, days=days, seed=seed, progress=progress)
    chain = result.chain
    if isinstance(chain.pack, IdealCell):
        raise CapacitorProblem("an ideal cell has no resistance, so no pulse pulls its voltage down; name a profile")
    chosen, origin = _leakage(chain, kind, esr, leakage)
    arguments = (chain.pack, result.demand, chain.temperature_c, chain.limits)
    options = choices(*arguments, chosen, fraction, SIZES_F)
    least_f = smallest_for(chain.pack, result.demand, chain.coldest_c, chain.limits.brown_out_v, chosen.esr_ohm,
                           fraction)
    rows = [_row(option, leakage_cost_s(*arguments, Capacitor(option.capacitance_f, chosen.esr_ohm, option.leakage_a))
                 if option.capacitance_f else 0.0, chain.limits.brown_out_v) for option in options]
    volts = pulse_voltages(chain.pack, result.demand, chain.coldest_c, fraction)
    worst = min(volts, key=lambda name: volts[name]) if volts else ""
    return {"scenario": scenario.name, "brown_out_v": chain.limits.brown_out_v, "coldest_c": chain.coldest_c,
            "at_charge": fraction, "worst_pulse": worst, "kind": origin, "esr_ohm": chosen.esr_ohm,
            "leakage_per_farad_a": chosen.per_farad_a,
            "smallest_f": least_f if least_f < float("inf") else None,
            "best_f": best(options).capacitance_f, "choices": rows, "notes": _notes(result, least_f)}


def _row(option: CapacitorChoice, cost_s: float, brown_out_v: float) -> dict[str, Any]:
    return {"capacitance_f": option.capacitance_f, "leakage_a": option.leakage_a, "worst_pulse_v": option.worst_pulse_v,
            "holds": option.worst_pulse_v >= brown_out_v,
            "life_days": option.life.life_s / SECONDS_PER_DAY, "ends_by": option.life.reason,
            "leakage_cost_days": cost_s / SECONDS_PER_DAY, "too_coarse": option.too_coarse}


def _notes(result: RunResult, least_f: float) -> list[str]:
    found = []
    if least_f == float("inf"):
        found.append("no capacitor holds the worst pulse: its own series resistance takes the voltage already, or the "
                     "resting voltage is below the brown-out")
    if result.chain.harvest_w is not None:
        found.append("lives are without harvest")
    if result.lowering.scenario.policies:
        found.append("lives are of the first level of the policies")
    return found


def _leakage(chain: SupplyChain, kind: str, esr: str | None, leakage: str | None) -> tuple[Leakage, str]:
    """Leakage and series resistance of the kind asked for, and where they are from."""
    own = chain.capacitor
    if kind and kind not in KINDS:
        raise CapacitorProblem(f"--kind {kind}: one of {', '.join(KINDS)}")
    if kind or own is None:
        base, origin = KINDS[kind or "electrolytic"], f"{kind or 'electrolytic'} (assumed figures)"
    else:
        base, origin = Leakage(own.leakage_a / own.capacitance_f, own.esr_ohm), "the scenario's capacitor, scaled"
    esr_ohm = base.esr_ohm if esr is None else _given(esr, "resistance", "--esr")
    per_farad_a = base.per_farad_a if leakage is None else _given(leakage, "current", "--leakage-per-farad")
    return Leakage(per_farad_a, esr_ohm), origin


def _given(text: str, dimension: str, option: str) -> float:
    try:
        return parse_quantity(text, dimension)
    except UnitError as error:
        raise CapacitorProblem(f"{option}: {error}") from None


def size_text(document: dict[str, Any]) -> Iterator[str]:
    """The answer in lines."""
    yield (f"worst pulse: {document['worst_pulse']}, at {document['coldest_c']:g} °C and "
           f"{document['at_charge']:.0%} charge; brown-out {document['brown_out_v']:.3g} V")
    yield (f"capacitor: {document['kind']}, {format_quantity(document['esr_ohm'], 'resistance')}, "
           f"{format_quantity(document['leakage_per_farad_a'], 'current')} per farad")
    if document["smallest_f"]:
        yield f"smallest that holds it: {format_quantity(document['smallest_f'], 'capacitance')}"
    yield ""
    yield "      size    leaks  worst pulse        life  ends by   leakage costs"
    first = next((row for row in document["choices"] if row["holds"]), None)
    for row in document["choices"]:
        farad = format_quantity(row["capacitance_f"], "capacitance") if row["capacitance_f"] else "none"
        marks = ["lasts longest"] * (row["capacitance_f"] == document["best_f"])
        marks = ["smallest that holds"] * (row is first) + marks
        mark = f" <- {', '.join(marks)}" if marks else ""
        yield (f"{farad:>10}  {format_quantity(row['leakage_a'], 'current'):>7}  {row['worst_pulse_v']:9.3f} V  "
               f"{row['life_days']:8.0f} d  {row['ends_by']:<8} {row['leakage_cost_days']:11.1f} d{mark}")
    coarse = next((row["too_coarse"] for row in document["choices"] if row["too_coarse"]), None)
    if coarse:
        yield f"check event by event: {coarse}; powerplan run does it"
    yield from document["notes"]
    yield f"ends by: {'; '.join(f'{key} = {words}' for key, words in REASONS.items())}"
