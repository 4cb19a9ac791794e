"""A run as the doors use it: the answer in words, as a document, as files, and as an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from powerplan.batteries.life import REASONS
from powerplan.errors import ExitCode, PowerplanError
from powerplan.files.scenario import Loaded, load_scenario
from powerplan.model.requirement import in_percent
from powerplan.plan.plan import FloatArray
from powerplan.report.closed_form import COUNTS, differs
from powerplan.report.words import beyond, lived, outlives, power_class
from powerplan.results.document import document, number, to_json
from powerplan.results.metric import Metric, Verdict
from powerplan.results.tables import Table, Tabular, write_atomically, write_parquet
from powerplan.study.run import RunResult, run_loaded
from powerplan.study.supply import supply_profiles
from powerplan.study.tables import tables_of
from powerplan.study.verdicts import FAIL, MARGINAL, NOT_EVALUATED, NOT_FEASIBLE
from powerplan.study.whole_life import REPLICA_COUNT, WINDOW
from powerplan.units import format_quantity

if TYPE_CHECKING:
    from powerplan.report.facts import ReportFacts, ReportOptions

SECONDS_PER_DAY = 86_400.0
LIFE = "battery_life"
DAYS_PER_YEAR = 365.0
COIN_CELL_POWER_W = 1e-3
"""The power range of machine learning on batteries as its literature has it: a milliwatt and below."""
MOST_FRACTION = 0.5
LEAST_SHARE = 0.005
"""Of the energy; what takes less is no top drain."""
MARGINAL_CHOICES = ("fail", "pass", "marginal")
VERSIONED = ("powerplan", "numpy", "simpy", "pydantic", "ai-edge-litert", "matplotlib")
DIMENSION_OF_UNIT = {"s": "duration", "A": "current", "J": "energy", "C": "charge", "V": "voltage"}
MAH_C = 3.6


@dataclass(frozen=True, repr=False)
class Session(Tabular):
    """One planned scenario."""

    result: RunResult
    ignore_fit: bool
    command: str

    @property
    def feasible(self) -> bool:
        """Whether every gate is passed."""
        return self.result.feasible

    @property
    def name(self) -> str:
        """Short name of the scenario: its file without the ending."""
        return self.result.loaded.path.stem

    @property
    def metrics(self) -> dict[str, Metric]:
        """Every number of the answer by name, with its interval."""
        return self.result.metrics

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What became of each requirement."""
        return self.result.verdicts

    def tables(self) -> dict[str, Table]:
        """Every table of the answer by name; `.frame()` of one gives a pandas data frame."""
        return tables_of(self.result)

    def table(self) -> Table:
        """Every number of the answer, one a row."""
        return self.tables()["summary"]

    def _repr_html_(self) -> str:
        """The answer in a notebook."""
        from powerplan.study.grids import html_lines, html_table

        head = ("requirement", "verdict", "value", "limit", "margin", "note")
        rows = self.verdict_rows()
        return html_lines(self.headline()) + (html_table(head, rows, left=2) if rows else "")

    def document(self) -> dict[str, Any]:
        """The answer as one JSON document."""
        r = self.result
        return document(scenario=r.loaded.path.name, engine=r.engine, seed=r.seed, days=r.days, feasible=r.feasible,
                        metrics=r.metrics, verdicts=r.verdicts, gates=r.gates, end_reason=r.life.reason,
                        hashes=r.loaded.hashes, notes=self.notes(), version=package_version("powerplan")) | {
            "end_text": REASONS.get(r.life.reason, r.life.reason),
            "horizon": {"extent": r.extent, "days": number(r.days), "replicas": r.replica_count},
            "percentiles": self._percentiles()}

    def _percentiles(self) -> dict[str, Any]:
        """P5, P50 and P95 of every metric over samples or replicas, and how well they are known."""
        sampled = self.result.sampled
        source = sampled or self.result.spread
        metrics: dict[str, Any] = {}
        for name in source.samples if source is not None else ():
            ends = source.interval(name) if source is not None else None
            if ends is not None:
                metrics[name] = dict(zip(("p5", "p50", "p95"), map(number, ends), strict=True))
        return {"of": "replicas" if sampled is None else "samples", "metrics": metrics,
                "convergence": sampled.convergence() if sampled is not None else None}

    def notes(self) -> list[str]:
        """What a reader should know about the answer."""
        r = self.result
        found = [r.extent_text]
        if r.sampled is not None:
            found.append(r.sampled.text())
        if r.lowering.world.even:
            found.append("variance none: everything evenly spaced, typical values")
        assumed = [figure for figure in r.figures if figure.basis == "assumed"]
        if assumed:
            found.append(f"{len(assumed)} of {len(r.figures)} figures are assumed")
        found.extend(coin_cell_notes(r))
        found.extend(r.supply_notes)
        found.extend(f"parts.{name}: {part.chosen}" for name, part in r.loaded.parts.items() if part.chosen)
        found.extend(proof.text() for proof in r.proofs)
        for name, cascade in r.lowering.scenario.cascade.items():
            if cascade.outcomes is not None:
                found.append(f"cascade {name}: outcomes are assumed shares, so accuracy is not evaluated and "
                             "thresholds cannot be compared")
            table = r.loaded.inputs[name].table
            origin = table.metadata.get("origin", "") if table is not None else ""
            if origin:
                warning = table.metadata.get("warning", "") if table is not None else ""
                found.append(f"cascade {name}: scores from {origin}{'. ' + warning if warning else ''}")
        return found

    def headline(self) -> list[str]:
        """The answer in a few lines."""
        r = self.result
        life = r.metrics["battery_life"]
        lines = [f"{r.lowering.scenario.product.name}  ({r.loaded.path.name})", ""]
        for gate in r.gates:
            if not gate.passes:
                lines.append(f"NOT FEASIBLE  {gate.name}: {gate_text(gate.needed, gate.available, gate.unit)}; "
                             f"{gate.detail}")
        if r.feasible or self.ignore_fit:
            lines.append(f"battery life  {self._life_text(life)}")
            mean = format_quantity(r.metrics["average_current"].value, "current")
            per_day = _mah_text(r.metrics["charge_per_day"].value)
            power_w = r.metrics["energy_per_day"].value / SECONDS_PER_DAY
            lines.append(f"mean current  {mean} at the battery, {per_day} a day; closed form differs by "
                         f"{self._closed_difference():+.2%}")
            if differs(self._closed_difference()):
                lines.append(f"closed form   {self._most_of_difference()}{COUNTS}")
            lines.append(f"mean power    {format_quantity(power_w, 'power')}: {power_class(power_w)}")
            top = [row for row in tables_of(r)["energy"].rows() if row["energy_fraction"] >= LEAST_SHARE]
            top.sort(key=lambda row: -row["energy_fraction"])
            drains = ", ".join(f"{row['part']} {row['state']} {row['energy_fraction']:.0%}" for row in top[:3])
            lines.append(f"top drains    {drains}")
        return lines

    @property
    def horizon_days(self) -> float | None:
        """Where the calculation of the life stops; None where the shelf life is over before."""
        unseen_after_s = self.result.chain.limits.unseen_after_s
        return None if unseen_after_s is None else unseen_after_s / SECONDS_PER_DAY

    def _life_text(self, life: Metric) -> str:
        """The life with its interval and its end, or that the calculation did not see its end."""
        horizon = self.horizon_days
        if horizon is not None and outlives(life.value, horizon):
            return beyond(horizon) + ("" if life.low == life.high else f" ({days_text(life.low)} and longer)")
        low, high = self.life_text(life.low), self.life_text(life.high)
        between = "" if life.low == life.high else f" ({low} to {high})"
        return f"{self.life_text(life.value)}{between}; ends because {REASONS[self.result.life.reason]}"

    def life_text(self, days: float) -> str:
        """A life in days, or that it is longer than the calculation looked."""
        horizon = self.horizon_days
        return days_text(days) if horizon is None or not outlives(days, horizon) else lived(days, horizon)

    def verdict_value(self, verdict: Verdict) -> str:
        """What was found of a requirement."""
        if verdict.metric == LIFE and verdict.value is not None:
            return self.life_text(verdict.value)
        return value_text(verdict.value, "%" if in_percent(verdict.text) else verdict.unit)

    def _closed_difference(self) -> float:
        """How far the simulated mean current is from that of the closed form, as a share of it."""
        r = self.result
        expected = r.closed.part_current_a + r.closed.part_power_w / r.chain.battery_v
        return float(self._state_differences_a().sum()) / expected if expected else 0.0

    def _state_differences_a(self) -> FloatArray:
        """Simulated mean current of every state less that of the closed form. [A]"""
        r = self.result
        current_a = r.lowering.plan.state_current_a + r.lowering.plan.state_power_w / r.chain.battery_v
        share: FloatArray = r.record.state_ns / r.record.horizon_ns - r.closed.state_share
        return current_a * share

    def _most_of_difference(self) -> str:
        """The state that makes most of the difference, where one does."""
        found = self._state_differences_a()
        state = int(abs(found).argmax())
        if abs(found[state]) < MOST_FRACTION * abs(found).sum():
            return ""
        part, _, name = self.result.lowering.plan.state_names[state].partition(".")
        return f"most of the difference is {part} {name}; "

    def verdict_rows(self) -> list[tuple[str, ...]]:
        """One row of texts per requirement: line, verdict, value, limit, margin, note."""
        rows: list[tuple[str, ...]] = []
        for v in self.result.verdicts:
            margin = "" if v.margin is None else f"{v.margin:+.1%}" if v.limit else ""
            note = v.note or ("" if v.probability is None else f"{v.probability:.0%} of samples")
            limit = value_text(v.limit, "%" if in_percent(v.text) else v.unit)
            rows.append((f"{v.id}  {v.text}", v.verdict, self.verdict_value(v), limit, margin, note))
        return rows

    def closing(self) -> list[str]:
        """What to change, and what the answer rests on."""
        advice = [f"{a.requirement}: {a.text}" for a in self.result.advice]
        return [*advice, *([""] if advice else []), *self.notes()]

    def exit_code(self, marginal: str = "marginal") -> ExitCode:
        """What `verify` returns: not feasible before fail before marginal. Raises PowerplanError."""
        if marginal not in MARGINAL_CHOICES:
            raise PowerplanError(f"--marginal is one of {', '.join(MARGINAL_CHOICES)}, not {marginal!r}")
        found = {v.verdict for v in self.result.verdicts}
        if not self.feasible or NOT_FEASIBLE in found:
            return ExitCode.NOT_FEASIBLE
        if FAIL in found:
            return ExitCode.FAIL
        if found & {MARGINAL, NOT_EVALUATED} and marginal != "pass":
            return ExitCode.FAIL if marginal == "fail" else ExitCode.MARGINAL
        return ExitCode.OK

    def manifest(self) -> dict[str, Any]:
        """The answer with everything it was made from: what `run.json` holds."""
        from powerplan.study.manifest import inputs_of

        return self.document() | {"scenario_text": "\n".join(self.result.loaded.layers.lines),
                                  "command": self.command, "versions": versions(), "status": "done",
                                  "inputs": inputs_of(self.result)}

    def save(self, folder: Path | None, report: bool, options: ReportOptions | None = None,
             progress: Callable[[str, float], None] | None = None) -> list[Path]:
        """Write `run.json` and one Parquet file per table, and the report where asked. Raises OutputError."""
        target = folder or Path("results") / self.name
        tables = tables_of(self.result)
        written = []
        for table in tables.values():
            path = target / f"{table.name}.parquet"
            write_parquet(table, path)
            written.append(path)
        write_atomically(target / "run.json", to_json(self.manifest()).encode())
        written.append(target / "run.json")
        if report:
            from powerplan.study.reporting import write

            written.extend(write(self, tables, target, options, progress))
        return written

    def report_facts(self) -> ReportFacts:
        """What the report says beside the tables."""
        from powerplan.report.facts import ReportFacts

        r = self.result
        product = r.lowering.scenario.product
        return ReportFacts(
            product=product.name, scenario=r.loaded.path.name, where=product.where or "", users=product.users or "",
            note=product.note or "", engine=r.engine, seed=r.seed, simulated_days=r.days, end_reason=r.life.reason,
            brown_out_v=r.chain.limits.brown_out_v, horizon_days=self.horizon_days,
            command=self.command, hashes=dict(r.loaded.hashes), versions=versions(), notes=tuple(self.notes()))


@dataclass(frozen=True)
class Project:
    """A scenario that was read and can be run, again and again."""

    loaded: Loaded

    @classmethod
    def read(cls, path: Path) -> Project:
        """Read a scenario file. Raises InputError."""
        return cls(load_scenario(path))

    def run(self, *, seed: int | None = None, days: float | None = None, engine: str = "auto",
            ignore_fit: bool = False, samples: int | None = None, replicas: int = REPLICA_COUNT,
            progress: Callable[[str, float], None] | None = None) -> Session:
        """Plan the scenario. Raises InputError, ModelError, EngineLimit."""
        result = run_loaded(self.loaded, days=days, seed=seed, engine=engine, samples=samples, replica_count=replicas,
                            progress=progress)
        command = f"powerplan run {self.loaded.path.name} --seed {result.seed}"
        if result.extent == WINDOW:
            command += f" --days {result.days:g}"
        if replicas != REPLICA_COUNT:
            command += f" --replicas {replicas}"
        if samples is not None:
            command += f" --samples {samples}"
        return Session(result, ignore_fit, command)


def plan(path: Path | str, *, seed: int | None = None, days: float | None = None, engine: str = "auto",
         ignore_fit: bool = False, samples: int | None = None, replicas: int = REPLICA_COUNT,
         progress: Callable[[str, float], None] | None = None) -> Session:
    """Plan one scenario file. Raises InputError, ModelError, EngineLimit."""
    return Project.read(Path(path)).run(seed=seed, days=days, engine=engine, ignore_fit=ignore_fit, samples=samples,
                                        replicas=replicas, progress=progress)


def coin_cell_notes(r: RunResult) -> list[str]:
    """A warning where a coin cell is asked for more than what such devices are built for."""
    power_w = r.metrics["energy_per_day"].value / SECONDS_PER_DAY
    battery = supply_profiles(r.loaded).get("battery")
    if battery is None or power_w <= COIN_CELL_POWER_W or "coin cell" not in (battery.spec.summary or "").lower():
        return []
    return [f"a mean power of {format_quantity(power_w, 'power')} is much for the coin cell {battery.name}: devices on "
            f"coin cells stay below {format_quantity(COIN_CELL_POWER_W, 'power')}"]


def package_version(name: str) -> str:
    """Installed version of a package, or `not installed`."""
    try:
        return installed(name)
    except PackageNotFoundError:
        return "not installed"


def versions() -> dict[str, str]:
    """Versions of what an answer depends on."""
    return {"python": ".".join(map(str, sys.version_info[:3])), **{name: package_version(name) for name in VERSIONED}}


def _mah_text(charge_c: float) -> str:
    """A charge as cells state theirs, small ones too."""
    return format_quantity(charge_c, "charge") if charge_c >= MAH_C else f"{charge_c / MAH_C:.3g} mAh"


def days_text(days: float) -> str:
    """Days, and years from one year on."""
    if days >= DAYS_PER_YEAR:
        return f"{days:,.0f} d ({days / DAYS_PER_YEAR:.2f} years)"
    return f"{days:.3g} d" if days >= 1 else f"{days * 24:.3g} h"


def value_text(value: float | None, unit: str) -> str:
    """A value with its unit, three significant digits; a share in per cent where the unit is `%`."""
    if value is None:
        return ""
    if unit == "%":
        return f"{100 * value:.4g} %"
    if unit == "d":
        return days_text(value)
    if unit in DIMENSION_OF_UNIT:
        return format_quantity(value, DIMENSION_OF_UNIT[unit])
    if unit == "1/d":
        return f"{value:.3g}/day"
    return f"{value:.4g} B" if unit == "B" else f"{value:.4g}"


def gate_text(needed: float, available: float, unit: str) -> str:
    """The two numbers of a gate."""
    if unit == "B":
        return f"needs {needed / 1024:,.1f} KiB, has {available / 1024:,.1f} KiB"
    if unit == "V":
        return f"needs {needed:.2f} V, has {available:.2f} V"
    return f"needs {needed:.3g}, has {available:.3g}"


