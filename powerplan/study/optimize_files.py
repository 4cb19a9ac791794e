"""A search as files: JSON, tables, and the picture of its Pareto front."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from powerplan.results.document import to_json
from powerplan.results.tables import write_atomically, write_parquet
from powerplan.study.optimize import Optimum
from powerplan.study.session import versions

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot(found: Optimum) -> Figure:
    """Battery life against every other objective."""
    from powerplan.report.facts import ReportFacts
    from powerplan.report.plot_pareto_designs import draw_pareto_designs

    return draw_pareto_designs(found.tables(), ReportFacts("", found.scenario, seed=found.settings.seed,
                                                           versions=versions()))


def save(found: Optimum, folder: Path) -> list[Path]:
    """Everything into one folder, beside the journal. Raises OutputError."""
    from powerplan.report.style import to_png, to_svg

    figure = plot(found)
    contents = {"optimize.json": to_json(found.document()).encode(), "designs.csv": found.table().to_csv().encode(),
                "pareto.svg": to_svg(figure, "pareto_designs").encode(), "pareto.png": to_png(figure)}
    written = []
    for name, content in contents.items():
        write_atomically(folder / name, content)
        written.append(folder / name)
    write_parquet(found.table(), folder / "designs.parquet")
    return [*written, folder / "designs.parquet"]
