"""One design: the scenario with chosen values, its best pair of thresholds found exactly, played and judged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from powerplan.engines.closed_form import closed_form
from powerplan.errors import InputError, PowerplanError
from powerplan.files.scenario import Loaded
from powerplan.files.variant import varied
from powerplan.model.requirement import Requirement
from powerplan.results.document import number
from powerplan.results.metric import Gate, Verdict
from powerplan.results.schema import SCHEMA_VERSION
from powerplan.study.bill import QUANTITIES, bill_of
from powerplan.study.run import RunResult, default_days, prepare, run_loaded
from powerplan.study.solve import meets
from powerplan.study.space import Values
from powerplan.study.supply import supply_profiles
from powerplan.study.sweep import ScenarioSweep, cascade_name, sweep_scenario, with_pair
from powerplan.study.verdicts import NOT_EVALUATED

DAYS_LIMIT = 7.0
THRESHOLD_COUNT = 12
DONE, REFUSED, CRASHED = "done", "refused", "crashed"
TURNS_COUNT = 4
"""Cascades take so many turns at most, each with the pairs that the others have."""
NEVER = 2.0
"""A threshold above every score, as tables say it."""
BILLED = (*QUANTITIES, "cost_per_year", "cells_per_year")


@dataclass(frozen=True)
class Settings:
    """How every design is played; two designs differ by their values only."""

    seed: int
    days: float
    cascade: str | None = None
    """Whose thresholds are chosen; of all with scores in turn where none is named."""
    thresholds: int = THRESHOLD_COUNT
    """About how many per level are compared; 0 keeps those of the file."""


def settings_of(loaded: Loaded, seed: int | None, days: float | None, cascade: str | None, thresholds: int) -> Settings:
    """Settings with what the scenario says where nothing is asked for. Raises PowerplanError."""
    if cascade is not None:
        cascade_name(loaded, cascade)
    if days is None:
        days = loaded.scenario.run.days
    if days is None:
        lowering, _ = prepare(loaded)
        days = min(DAYS_LIMIT, default_days(closed_form(lowering.plan, lowering.world)))
    return Settings(loaded.scenario.run.seed if seed is None else seed, days, cascade, thresholds)


def variant(base: Loaded, values: Values) -> Loaded:
    """The scenario with chosen values. Raises InputError."""
    return varied(base, dict(values))


def key_of(base: Loaded, values: Values, settings: Settings, version: str) -> tuple[str, str | None]:
    """(key of a design, why it is refused): everything its result depends on, hashed."""
    why = None
    try:
        loaded = variant(base, values)
        files = {f"supply {name}": profile.sha256 for name, profile in supply_profiles(loaded).items()}
        files |= {name: digest for name, digest in loaded.hashes.items()
                  if name.split(" ")[0] in ("profile", "scores", "model", "firmware")}
        said: Any = loaded.layers.keys
    except InputError as error:
        why, files, said = error.problems[0].message, {}, [base.layers.keys, base.hashes]
    stated = [[list(path), value] for path, value in values]
    text = json.dumps([SCHEMA_VERSION, version, said, stated, sorted(files.items()), asdict(settings)], sort_keys=True,
                      ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest(), why


def refusal(why: str, status: str = REFUSED) -> dict[str, Any]:
    """The result of a design that cannot be played."""
    return {"status": status, "why": why, "metrics": {}, "requirements": [], "feasible": False, "gates": [],
            "thresholds": None, "bill": {}, "misses": [], "distance": None, "notes": []}


def evaluate(base: Loaded, values: Values, settings: Settings) -> dict[str, Any]:
    """Play one design and judge it, as plain maps that a journal can hold."""
    try:
        loaded, thresholds, notes = _with_thresholds(variant(base, values), settings)
        result = run_loaded(loaded, seed=settings.seed, days=settings.days, brief=True)
    except InputError as error:
        return refusal(error.problems[0].message)
    except PowerplanError as error:
        return refusal(str(error))
    misses, distance = missed(loaded.requirements, result.verdicts, result.gates)
    bill = bill_of(loaded, supply_profiles(loaded)).document(result.metrics["battery_life"].value)
    bill.pop("items")
    return {
        "status": DONE, "why": "", "feasible": result.feasible, "thresholds": thresholds, "bill": bill,
        "metrics": {name: {"value": number(metric.value), "unit": metric.unit, "low": number(metric.low),
                           "high": number(metric.high)} for name, metric in result.metrics.items()},
        "requirements": _verdicts(result), "gates": [_gate_text(gate) for gate in result.gates if not gate.passes],
        "misses": misses, "distance": number(distance), "notes": notes,
    }


def _with_thresholds(loaded: Loaded, settings: Settings) -> tuple[Loaded, dict[str, Any] | None, list[str]]:
    """The scenario with the best pair of the exact map; with its own where no cascade can be swept.

    Several cascades take turns, each with the exact map of its own while the pairs of the others stand, until none
    changes. That is not the map of all pairs together, and a note says so.
    """
    names = sweepable(loaded, settings)
    found: dict[str, dict[str, Any]] = {}
    notes: list[str] = []
    for turn in range(TURNS_COUNT if len(names) > 1 else 1):
        before = dict(found)
        for name in names:
            try:
                swept = sweep_scenario(loaded, name, thresholds=settings.thresholds, seed=settings.seed,
                                       days=settings.days)
            except InputError:
                raise
            except PowerplanError as error:
                if not turn:
                    notes.append(f"thresholds{f' of {name}' if len(names) > 1 else ''} are those of the file: {error}")
                continue
            below = loaded.scenario.cascade[name].level1.escalate == "below"
            loaded, found[name] = with_pair(loaded, name, swept.chosen), _pair(name, swept, below)
        if found == before:
            break
    if len(found) > 1:
        settled = "until none changed" if found == before else f"{TURNS_COUNT} times, and still change"
        notes.append(f"thresholds of {' and '.join(found)} were solved in turn, each exactly while the others stood, "
                     f"{settled}: pairs of several cascades were not tried all together")
    first, *further = found.values() if found else ({},)
    return loaded, (first | ({"further": further} if further else {})) or None, notes


def _pair(name: str, swept: ScenarioSweep, below: bool) -> dict[str, Any]:
    """The chosen pair of one cascade, as plain maps; `below` says that scores under the first threshold go on."""
    pair = swept.chosen
    return {"cascade": name, "below": below, "pairs": len(swept.rows), "meeting": sum(row.meets for row in swept.rows),
            "threshold_1": min(float(pair.threshold_1), NEVER), "threshold_2": min(float(pair.threshold_2), NEVER)}


def pair_text(thresholds: Mapping[str, Any], between: str) -> str:
    """The chosen thresholds as people read them; of several cascades with their names."""
    pairs = [thresholds, *thresholds.get("further", ())]
    texts = [between.join(_threshold_text(pair, key) for key in ("threshold_1", "threshold_2")) for pair in pairs]
    return texts[0] if len(pairs) == 1 else ", ".join(f"{pair['cascade']} {text}" for pair, text in
                                                      zip(pairs, texts, strict=True))


def _threshold_text(pair: Mapping[str, Any], key: str) -> str:
    if pair[key] <= 1.0:
        return f"{pair[key]:.4g}"
    return "always" if key == "threshold_1" and pair.get("below") else "never"


def sweepable(loaded: Loaded, settings: Settings) -> list[str]:
    """The cascades whose thresholds can be chosen: the named one, or all with scores."""
    if not settings.thresholds:
        return []
    able = [name for name, one in loaded.scenario.cascade.items()
            if loaded.inputs[name].table is not None and not one.outcomes
            and all(level.escalate == "above" for level in one.levels[1:])]
    return able if settings.cascade is None else [name for name in able if name == settings.cascade]


def _verdicts(result: RunResult) -> list[dict[str, Any]]:
    return [{"id": one.id, "text": one.text, "metric": one.metric, "verdict": one.verdict, "value": number(one.value),
             "unit": one.unit, "limit": number(one.limit), "margin": number(one.margin),
             "probability": number(one.probability), "note": one.note} for one in result.verdicts]


def _gate_text(gate: Gate) -> str:
    return f"{gate.name}: needs {gate.needed:.4g} {gate.unit}, has {gate.available:.4g} {gate.unit}".replace(" 1,", ",")


def missed(lines: Sequence[Requirement], verdicts: Sequence[Verdict], gates: Sequence[Gate]) -> tuple[list[str], float]:
    """(what a design does not meet, in words; how far it is away, the sum of shares).

    A line is met as `solve` takes it: by its confidence where it states one, else with typical figures.
    """
    words, distance = [], 0.0
    for gate in gates:
        if not gate.passes:
            words.append(f"NOT FEASIBLE: {_gate_text(gate)}")
            distance += 1.0 + _share(gate.needed, gate.available)
    known = {verdict.id: verdict for verdict in verdicts}
    for line in lines:
        found = known[line.id]
        if found.value is None and found.verdict == NOT_EVALUATED:
            words.append(f"{line.id} {line.text} (nothing measures it)")
            distance += 1.0
        elif all(gate.passes for gate in gates) and not meets(line, found):
            share = _miss(line, found)
            words.append(f"{line.id} {line.text} by {share:.2g}" if share < 0.005 else
                         f"{line.id} {line.text} by {100 * share:.3g} %")
            distance += max(share, 1e-12)
    return words, distance


def _miss(line: Requirement, found: Verdict) -> float:
    """How far a value is on the wrong side, as a share of the larger of value and limit; of a confidence, its lack."""
    if found.value is not None and found.limit is not None and found.margin is not None and found.margin < 0:
        return _share(found.value, found.limit)
    if line.confidence_fraction is not None and found.probability is not None:
        return line.confidence_fraction - found.probability
    return 0.0


def _share(one: float, two: float) -> float:
    return float(np.clip(abs(one - two) / max(abs(one), abs(two), 1e-30), 0.0, 1.0))


def value_in(result: Mapping[str, Any], name: str) -> float | None:
    """A metric or a sum of the bill of a design's result."""
    found = result["bill"].get(name) if name in BILLED else result["metrics"].get(name)
    return None if found is None else found["value"]


def unit_in(result: Mapping[str, Any], name: str) -> str:
    """Its unit."""
    found = result["bill"].get(name) if name in BILLED else result["metrics"].get(name)
    return "" if found is None else str(found["unit"])

