"""What a report shows beyond the tables of a run: threshold pairs, sensitivity, sending against computing, lives,
the first day against the aged product.

Each is a table of the schema. What cannot be made for a scenario (no cascade, no radio) is left out and said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from powerplan.errors import PowerplanError
from powerplan.report.facts import ReportOptions
from powerplan.report.write import write_report
from powerplan.results.schema import COLUMNS
from powerplan.results.tables import Table
from powerplan.study.draws import HIGH_PERCENT, LOW_PERCENT, Draws, uncertainties
from powerplan.study.run import SECONDS_PER_DAY, RunResult, default_days
from powerplan.study.sampling import Origin, Played, drain
from powerplan.study.sending import sending_table
from powerplan.study.tables import table
from powerplan.study.uncertainty import QUICK_SAMPLE_COUNT
from powerplan.workload.spec import Stream

if TYPE_CHECKING:
    from powerplan.study.session import Session

SWEPT_DAYS = 7.0
"""Days of the threshold map of a stream, which has a window every moment."""
SWEPT_THRESHOLDS = 12
FAN_POINT_COUNT = 240
NOTHING_MOVES_FRACTION = 1e-9
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Further:
    """Tables beside those of the run, and why others are missing."""

    tables: Mapping[str, Table]
    notes: tuple[str, ...]


def write(session: Session, tables: Mapping[str, Table], folder: Path, options: ReportOptions | None = None,
          progress: Progress | None = None) -> list[Path]:
    """Write the report of a run with everything it can show. Raises OutputError."""
    asked = options or ReportOptions()
    facts = session.report_facts()
    if asked.further:
        more = further(session, progress)
        tables = {**tables, **more.tables}
        facts = replace(facts, notes=(*facts.notes, *more.notes))
    return write_report(tables, facts, folder, asked)


def further(session: Session, progress: Progress | None = None) -> Further:
    """Every further table of a run that can be made. Deterministic for the same run."""
    tell = progress or (lambda _stage, _share: None)
    result = session.result
    found: dict[str, Table] = {}
    notes: list[str] = []
    for place, (_, what, make) in enumerate(STEPS):
        tell(what, place / len(STEPS))
        try:
            found |= make(result)
        except PowerplanError as error:
            notes.append(f"no {what} in this report: {' '.join(str(error).split())}")
    if "sweep" in found:
        notes.append(f"the threshold pairs of this report are counted on {swept_days(result):g} days with the seed of "
                     "the run; `powerplan sweep` takes more days and thresholds")
    return Further(found, tuple(notes))


def one_of(result: RunResult, name: str) -> dict[str, Table]:
    """The further tables among which one has this name; none where this run has none. Raises PowerplanError."""
    return next((dict(make(result)) for names, _, make in STEPS if name in names), {})


def swept_days(result: RunResult) -> float:
    """Days the pairs of thresholds are counted on: few of a stream with its many windows."""
    streams = any(isinstance(task.release, Stream) for task in result.lowering.world.tasks)
    days = SWEPT_DAYS if streams else result.loaded.scenario.run.days or default_days(result.closed)
    return min(days, result.days)


def swept_table(result: RunResult) -> Table:
    """Every pair of thresholds of every cascade that has scores. Raises PowerplanError where none has."""
    from powerplan.study.sweep import sweep_scenario
    from powerplan.study.sweep_document import sweep_table

    cascades = [name for name, one in result.loaded.scenario.cascade.items()
                if one.outcomes is None and result.loaded.inputs[name].table is not None]
    if not cascades:
        raise PowerplanError("no cascade of this scenario has a score table")
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS["sweep"]}
    days = swept_days(result)
    for cascade in cascades:
        swept = sweep_scenario(result.loaded, cascade, thresholds=SWEPT_THRESHOLDS, seed=result.seed, days=days)
        rows = sweep_table(swept)
        columns["cascade"] += [cascade] * len(rows)
        for name, values in rows.columns.items():
            columns[name] += list(values)
    return Table("sweep", columns)


def tornado_table(result: RunResult) -> Table:
    """What moves the battery life, or the mean current where nothing moves the life."""
    from powerplan.study.sensitivity import sensitivity_of

    for metric in ("battery_life", "average_current"):
        found = sensitivity_of(result.loaded, metric, seed=result.seed)
        if any(bar.swing > NOTHING_MOVES_FRACTION * abs(found.value) for bar in found.bars):
            break
    return found.table()


def aged_tables(result: RunResult) -> dict[str, Table]:
    """Lives with and without what wears the cell; nothing where the cell hardly changes."""
    from powerplan.study.ageing import ageing_table

    found = ageing_table(result)
    return {} if found is None else {"ageing": found}


def fan_tables(result: RunResult) -> dict[str, Table]:
    """Battery lives of samples, and P5, P50 and P95 of the charge left over time."""
    origin = _origin(result)
    even = result.lowering.world.even
    uncertain = uncertainties(result.loaded.scenario, result.loaded.parts, origin.profiles, result.figures, even=even)
    draws = Draws.random(tuple(one for one in uncertain if not one.changes_times), QUICK_SAMPLE_COUNT, result.seed)
    if not draws.uncertain:
        return {}
    played = Played(result.lowering, result.world, result.record, result.levels)
    walks = [drain(origin, played, draws.values(number)).life for number in range(QUICK_SAMPLE_COUNT)]
    days = list(enumerate(_life_days(result, [walk.life_s for walk in walks])))
    # A few lives far beyond the others would push the rest of the plot into a corner.
    end_s = max(1.05 * float(np.percentile([walk.life_s for walk in walks], HIGH_PERCENT)), result.life.life_s)
    times_s = np.linspace(0.0, end_s, FAN_POINT_COUNT)
    charge = np.array([np.interp(times_s, walk.table.time_s, walk.table.state_of_charge_fraction, right=0.0)
                       for walk in walks])
    low, middle, high = np.percentile(charge, [LOW_PERCENT, 50.0, HIGH_PERCENT], axis=0)
    fan = zip(times_s.tolist(), low.tolist(), middle.tolist(), high.tolist(), strict=True)
    return {"lives": table("lives", days), "fan": table("fan", list(fan))}


def _life_days(result: RunResult, walked_s: list[float]) -> list[float]:
    """The samples that the run itself judged the life by, or those walked here. [d]"""
    if result.sampled is not None:
        return [float(life_s) / SECONDS_PER_DAY for life_s in result.sampled.life_s]
    if result.spread is not None and len(result.spread.samples["battery_life"]):
        return [float(days) for days in result.spread.samples["battery_life"]]
    return [life_s / SECONDS_PER_DAY for life_s in walked_s]


def _origin(result: RunResult) -> Origin:
    from powerplan.study.supply import supply_profiles

    return Origin(result.loaded, supply_profiles(result.loaded), result.seed, int(result.record.horizon_ns))


STEPS: tuple[tuple[tuple[str, ...], str, Callable[[RunResult], Mapping[str, Table]]], ...] = (
    (("sweep",), "thresholds", lambda result: {"sweep": swept_table(result)}),
    (("tornado",), "sensitivity", lambda result: {"tornado": tornado_table(result)}),
    (("sending",), "sending against computing", lambda result: {"sending": sending_table(result)}),
    (("lives", "fan"), "range of the discharge", fan_tables),
    (("ageing",), "first day against aged", aged_tables),
)
"""(tables, what they are called, how they are made)."""
