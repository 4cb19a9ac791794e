"""A sweep as a document, as lines, as a table, and as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from powerplan.files.scenario import load_scenario
from powerplan.results.metric import Verdict
from powerplan.results.tables import Table, write_atomically, write_parquet
from powerplan.study.run import run_loaded
from powerplan.study.session import days_text, versions
from powerplan.study.sweep import ScenarioSweep, shown, sweep_scenario, with_pair
from powerplan.study.threshold_pair import PairRow, pareto_front
from powerplan.units import format_quantity

SHOWN_ROW_COUNT = 20
SCHEMA_VERSION = 1


def sweep_table(found: ScenarioSweep) -> Table:
    """One row per pair; the threshold `never` is 2, above every score."""
    names = [field.name for field in fields(PairRow) if field.name not in ("misses", "unsure", "distance")]
    front = set(pareto_front(found.rows))
    columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in found.rows] for name in names}
    for name in ("threshold_1", "threshold_2"):
        columns[name] = [min(value, 2.0) for value in columns[name]]
    roles = (("chosen", found.chosen), ("own", found.own))
    columns["role"] = [" ".join(name for name, one in roles if one is row) for row in found.rows]
    columns["meets"] = [row.meets for row in found.rows]
    columns["pareto"] = [row in front for row in found.rows]
    columns["misses"] = ["; ".join(row.misses) for row in found.rows]
    return Table("sweep", columns)


def document(found: ScenarioSweep, verified: tuple[Verdict, ...] = ()) -> dict[str, Any]:
    """The whole sweep as plain maps."""
    return {
        "schema_version": SCHEMA_VERSION, "scenario": found.scenario, "cascade": found.cascade, "seed": found.seed,
        "simulated_days": found.days, "method": found.method, "feasible": found.feasible,
        "recommendation": {"text": found.text, "pair": _pair(found.chosen), "misses": list(found.chosen.misses)},
        "own_pair": _pair(found.own),
        "level_2_alone": _pair(found.level_2_alone) if found.level_2_alone is not None else None,
        "independence": asdict(found.comparison),
        "requirements": {"judged": list(found.judged), "not_judged_here": list(found.not_judged)},
        "verified": [{"id": one.id, "text": one.text, "verdict": one.verdict, "value": one.value, "unit": one.unit,
                      "note": one.note}
                     for one in verified],
        "pareto": [_pair(row) for row in pareto_front(found.rows)],
        "rows": [_pair(row) for row in found.rows],
        "warnings": list(found.warnings), "notes": list(found.notes),
    }


def _pair(row: PairRow) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(row).items()
            if value is not None}


COLUMNS = (("threshold_1", "thr. 1"), ("threshold_2", "thr. 2"), ("recall", "recall"),
           ("false_alarms_per_day", "alarms/d"), ("escalation", "escalated"), ("latency_p50_s", "p50 s"),
           ("latency_p95_s", "p95 s"), ("battery_life_days", "life d"))


def lines(document: Mapping[str, Any]) -> Iterator[str]:
    """The Pareto front, the recommendation and what it rests on."""
    front = document["pareto"]
    yield (f"{document['scenario']}, cascade {document['cascade']}: {len(document['rows'])} pairs, "
           f"{len(front)} of them no other pair beats in life, recall and false alarms")
    yield "  ".join(f"{title:>9}" for _, title in COLUMNS) + "  meets"
    step = max(1, -(-len(front) // SHOWN_ROW_COUNT))
    for row in front[::step]:
        yield _line(row)
    yield ""
    yield "recommended or nearest, the scenario's own, and level 2 alone:"
    yield from (_line(row) for row in (document["recommendation"]["pair"], document["own_pair"],
                                       document["level_2_alone"]) if row is not None)
    yield ""
    yield str(document["recommendation"]["text"])
    pair, own = document["recommendation"]["pair"], document["own_pair"]
    yield (f"  life {days_text(pair['battery_life_days'])} at {format_quantity(pair['average_current_a'], 'current')}; "
           f"the scenario's own pair {shown(own['threshold_1'])}, {shown(own['threshold_2'])}: "
           f"{days_text(own['battery_life_days'])}")
    if "recall" in pair:
        yield f"  recall {pair['recall']:.4g} [{pair['recall_low']:.4g}, {pair['recall_high']:.4g}] (Wilson 90 %)"
    yield (f"  false alarms {pair['false_alarms_per_day']:.3g}/day [{pair['false_alarms_low']:.3g}, "
           f"{pair['false_alarms_high']:.3g}] (Poisson 90 %)")
    yield from _independence(document["independence"])
    for one in document["verified"]:
        why = f" ({one['note']})" if one["note"] else ""
        yield f"  in a full run: {one['verdict']:<13} {one['id']} {one['text']}{why}"
    if document["requirements"]["not_judged_here"]:
        yield f"not judged in the map: {'; '.join(document['requirements']['not_judged_here'])}"
    yield from (f"warning: {text}" for text in document["warnings"])
    yield from (f"note: {text}" for text in document["notes"])
    yield from (f"written: {path}" for path in document.get("files", ()))


def _line(row: Mapping[str, Any]) -> str:
    cells = []
    for name, _ in COLUMNS:
        value = row.get(name)
        text = "-" if value is None else shown(value)
        cells.append(f"{text:>9}")
    return "  ".join(cells) + ("  no" if row["misses"] else "  as counted" if row["unsure"] else "  yes")


def _independence(found: Mapping[str, float | None]) -> Iterator[str]:
    for name in ("recall", "false_accepts"):
        paired, product = found[name], found[f"{name}_if_independent"]
        if paired is None or product is None:
            continue
        wrong = "" if not product else f", {paired / product:.3g} times that"
        yield (f"  {name.replace('_', ' ')} of rows: levels taken as independent would claim {product:.4g}; "
               f"the paired scores give {paired:.4g}{wrong}")


def swept(path: Path, cascade: str | None, thresholds: int, seed: int | None, days: float | None, check: bool,
          progress: Callable[[str, float], None] | None, accept: str | None = None
          ) -> tuple[ScenarioSweep, dict[str, Any]]:
    """Sweep a scenario file, and run the recommended pair in full. Raises InputError, EngineLimit, PowerplanError."""
    loaded = load_scenario(path)
    if accept is None:
        found = sweep_scenario(loaded, cascade, thresholds=thresholds, seed=seed, days=days, progress=progress)
    else:
        from powerplan.study.sweep_accept import sweep_accepting

        loaded, found = sweep_accepting(loaded, cascade, accept, thresholds=thresholds, seed=seed, days=days,
                                        progress=progress)
    verified: tuple[Verdict, ...] = ()
    if check:
        full = run_loaded(with_pair(loaded, found.cascade, found.chosen), seed=seed, days=days, progress=progress)
        verified = full.verdicts
    return found, document(found, verified)


def save(found: ScenarioSweep, whole: Mapping[str, Any], out: Path) -> list[Path]:
    """Write the sweep as JSON, CSV, Parquet and pictures. Raises OutputError."""
    from cascade.show import json_text
    from powerplan.report.facts import ReportFacts
    from powerplan.report.plot_sweep import draw_sweep
    from powerplan.report.style import to_png, to_svg

    table = sweep_table(found)
    contents = {"sweep.json": json_text(dict(whole)).encode(), "sweep.csv": table.to_csv().encode()}
    facts = ReportFacts(product=found.scenario, scenario=found.scenario, seed=found.seed, versions=versions())
    figure = draw_sweep(table, facts)
    contents |= {"sweep_map.png": to_png(figure), "sweep_map.svg": to_svg(figure, "sweep_map").encode()}
    written = []
    for name, content in contents.items():
        write_atomically(out / name, content)
        written.append(out / name)
    write_parquet(table, out / "sweep.parquet")
    return [*written, out / "sweep.parquet"]
