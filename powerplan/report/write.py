"""Writes a report: the page, and every plot as PNG and SVG with its data beside it."""

from __future__ import annotations

from pathlib import Path

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.html import render
from powerplan.report.plots import pictures
from powerplan.results.tables import write_atomically

PAGE_NAME = "report.html"


def write_report(tables: Tables, facts: ReportFacts, folder: Path) -> list[Path]:
    """Write `report.html` and the plots into a folder; gives the paths, the page first. Raises OutputError."""
    drawn = pictures(tables, facts)
    contents = {PAGE_NAME: render(tables, facts, drawn).encode("utf-8")}
    for one in drawn:
        contents[f"{one.plot.name}.png"] = one.png
        contents[f"{one.plot.name}.svg"] = one.svg.encode("utf-8")
        contents[f"{one.plot.name}.csv"] = one.data.to_csv().encode("utf-8", "replace")
    written = []
    for name, content in contents.items():
        write_atomically(folder / name, content)
        written.append(folder / name)
    return written
