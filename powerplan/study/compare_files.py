"""A comparison as files: JSON, Markdown, tables, and its picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from powerplan.results.document import to_json
from powerplan.results.tables import write_atomically, write_parquet
from powerplan.study.compare import Comparison
from powerplan.study.compare_text import compare_markdown
from powerplan.study.session import versions

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot(found: Comparison) -> Figure:
    """Differences of the metrics and lines, per design."""
    from powerplan.report.facts import ReportFacts
    from powerplan.report.plot_compare import draw_compare

    names = " · ".join(side.name for side in found.sides)
    return draw_compare(found.tables(), ReportFacts("", names, seed=found.seed, versions=versions()))


def write_plot(found: Comparison, path: Path) -> None:
    """The picture, .svg or .png, and its data as .csv beside it. Raises OutputError."""
    from powerplan.report.style import to_png, to_svg

    figure = plot(found)
    write_atomically(path, to_svg(figure, "compare").encode() if path.suffix == ".svg" else to_png(figure))
    write_atomically(path.with_suffix(".csv"), found.table().to_csv().encode())


def save(found: Comparison, folder: Path) -> list[Path]:
    """Everything into one folder. Raises OutputError."""
    document = found.document()
    contents = {"compare.json": to_json(document), "compare.md": "\n".join(compare_markdown(document)) + "\n"}
    written = []
    for name, text in contents.items():
        write_atomically(folder / name, text.encode())
        written.append(folder / name)
    for table in found.tables().values():
        path = folder / f"{table.name}.parquet"
        write_parquet(table, path)
        written.append(path)
    for suffix in (".svg", ".png"):
        write_plot(found, folder / f"compare{suffix}")
        written.append(folder / f"compare{suffix}")
    return [*written, folder / "compare.csv"]
