"""Writes a report: page, PDF and Markdown, and every plot as pictures with its data beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from powerplan.errors import ExitCode, PowerplanError
from powerplan.report.facts import PLOT_KINDS, ReportFacts, ReportOptions, Tables
from powerplan.report.html import render
from powerplan.report.markdown import to_markdown
from powerplan.report.pdf import to_report_pdf
from powerplan.report.plots import pictures
from powerplan.report.words import listed
from powerplan.results.tables import write_atomically


class FormatProblem(PowerplanError):
    """A format that a report or a plot cannot be written in."""

    exit_code = ExitCode.USAGE


def chosen(text: str, known: Sequence[str], option: str) -> tuple[str, ...]:
    """The formats named in an option, in our order; `all` and `none` are understood. Raises FormatProblem."""
    wanted = [one.strip().lower() for one in text.split(",") if one.strip()]
    if wanted in (["all"], ["none"]):
        return tuple(known) if wanted == ["all"] else ()
    unknown = [one for one in wanted if one not in known]
    if unknown or not wanted:
        given = ", ".join(unknown) or "nothing"
        raise FormatProblem(f"{option}: {given} is not known; give all, none, or some of {', '.join(known)}")
    return tuple(one for one in known if one in wanted)


def write_report(tables: Tables, facts: ReportFacts, folder: Path, options: ReportOptions | None = None
                 ) -> list[Path]:
    """Write the report and the plots into a folder; gives the paths, the page first. Raises OutputError."""
    asked = options or ReportOptions()
    formats, plot_kinds = asked.formats, asked.plot_kinds
    needed = {*plot_kinds, *(["svg"] if "html" in formats else []), *(["png"] if "pdf" in formats else [])}
    drawn = pictures(tables, facts, [kind for kind in PLOT_KINDS if kind in needed])
    contents: dict[str, bytes] = {}
    if "html" in formats:
        contents["report.html"] = render(tables, facts, drawn, _beside(formats, plot_kinds)).encode("utf-8")
    if "pdf" in formats:
        contents["report.pdf"] = to_report_pdf(tables, facts, drawn)
    if "md" in formats:
        contents["report.md"] = to_markdown(tables, facts, drawn, plot_kinds).encode("utf-8")
    for one in drawn:
        for kind in plot_kinds:
            contents[f"{one.plot.name}.{kind}"] = one.files[kind]
        contents[f"{one.plot.name}.csv"] = one.data.to_csv().encode("utf-8", "replace")
        contents[f"{one.plot.name}.json"] = _json(one.document())
    written = []
    for name, content in contents.items():
        write_atomically(folder / name, content)
        written.append(folder / name)
    return written


def _beside(formats: Sequence[str], plot_kinds: Sequence[str]) -> str:
    """What stands beside the page, in words."""
    others = [{"pdf": "a PDF", "md": "a Markdown text"}[one] for one in formats if one != "html"]
    plots = listed([*(kind.upper() for kind in plot_kinds), "data as CSV and JSON"])
    also = f"The same report as {listed(others)} and each plot" if others else "Each plot"
    return f"{also} ({plots}) {'stand' if others else 'stands'} beside this page."


def _json(document: object) -> bytes:
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8", "replace")
