"""Pictures of answers for notebooks and scripts: `powerplan.plot(answer, "energy")`."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from powerplan.errors import PowerplanError
from powerplan.results.tables import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOTEBOOK_DPI = 110


class PlotProblem(PowerplanError):
    """There is no such picture of an answer."""


@dataclass(frozen=True)
class Shown:
    """A picture that a notebook shows and that can be saved."""

    figure: Figure
    name: str

    def _repr_png_(self) -> bytes:
        from powerplan.report.style import drawing

        out = io.BytesIO()
        with drawing():
            self.figure.savefig(out, format="png", dpi=NOTEBOOK_DPI, metadata={"Software": None})
        return out.getvalue()

    def save(self, path: str | Path) -> Path:
        """Write it as .svg or .png. Raises OutputError."""
        from powerplan.report.style import to_png, to_svg

        target = Path(path)
        content = to_svg(self.figure, self.name).encode() if target.suffix == ".svg" else to_png(self.figure)
        write_atomically(target, content)
        return target


def plot(answer: Any, name: str | None = None) -> Shown:
    """The picture of an answer; of a run, the one of this name: energy, battery, latency, ... Raises PlotProblem."""
    from powerplan.study.compare import Comparison
    from powerplan.study.optimize import Optimum
    from powerplan.study.sensitivity import Sensitivity
    from powerplan.study.session import Session
    from powerplan.study.sweep import ScenarioSweep

    if isinstance(answer, Session):
        return _of_run(answer, name)
    if isinstance(answer, Comparison):
        from powerplan.study.compare_files import plot as draw_comparison

        return Shown(draw_comparison(answer), "compare")
    if isinstance(answer, Optimum):
        from powerplan.study.optimize_files import plot as draw_designs

        return Shown(draw_designs(answer), "pareto_designs")
    if isinstance(answer, ScenarioSweep):
        from powerplan.report.plot_sweep import draw_sweep

        return Shown(draw_sweep(answer.table(), _facts(answer.scenario, answer.seed)), "sweep_map")
    if isinstance(answer, Sensitivity):
        from powerplan.report.plot_tornado import draw_tornado

        return Shown(draw_tornado({"tornado": answer.table()}, _facts(answer.scenario, answer.seed)), "tornado")
    raise PlotProblem(f"there is no picture of a {type(answer).__name__}")


def _facts(scenario: str, seed: int) -> Any:
    from powerplan.report.facts import ReportFacts
    from powerplan.study.session import versions

    return ReportFacts("", scenario, seed=seed, versions=versions())


def _of_run(answer: Any, name: str | None) -> Shown:
    from powerplan.report.plots import PLOTS

    known = {plot.name: plot for plot in PLOTS}
    if name not in known:
        raise PlotProblem(f"a run has no picture {name!r}; there is: {', '.join(known)}")
    from powerplan.study.reporting import one_of

    facts, needs = answer.report_facts(), known[name].needs
    tables = {**answer.tables(), **(one_of(answer.result, needs) if needs else {})}
    if needs and needs not in tables:
        raise PlotProblem(f"this run has no picture {name!r}: there is nothing that it would show")
    return Shown(known[name].draw(tables, facts), name)
