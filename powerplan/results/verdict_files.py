"""Verdicts as the files that build servers read: JUnit XML, SARIF 2.1.0, GitHub annotations, a Markdown table."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from powerplan.errors import Problem

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SARIF_LEVELS = {"PASS": ("pass", "none"), "FAIL": ("fail", "error"), "NOT FEASIBLE": ("fail", "error"),
                "MARGINAL": ("fail", "warning"), "NOT EVALUATED": ("open", "none")}
"""Verdict -> SARIF kind and level; a kind other than `fail` has the level `none` (SARIF 2.1.0, 3.27.9 and 3.27.10)."""
GITHUB_LEVELS = {"FAIL": "error", "NOT FEASIBLE": "error", "MARGINAL": "warning", "NOT EVALUATED": "notice"}
MARKS = {"PASS": "✅ PASS", "FAIL": "❌ FAIL", "NOT FEASIBLE": "⛔ NOT FEASIBLE", "MARGINAL": "⚠️ MARGINAL",
         "NOT EVALUATED": "❔ NOT EVALUATED"}


@dataclass(frozen=True)
class Place:
    """Where a requirement stands."""

    file: str
    line: int
    column: int


@dataclass(frozen=True)
class Judged:
    """One line of the answer: a requirement, a gate that is not passed, or something wrong in a file."""

    id: str
    text: str
    verdict: str
    value: str
    limit: str
    margin: str
    note: str
    place: Place

    @property
    def message(self) -> str:
        """What is to be said about it, in one line."""
        found = f"{self.value} (limit {self.limit}{', ' + self.margin if self.margin else ''})" if self.value else ""
        said = "; ".join(part for part in (found, self.note) if part)
        return f"{self.verdict}: {self.text}{': ' + said if said else ''}"


def from_problem(problem: Problem) -> Judged:
    """A problem of a file as a line of the answer; a warning is MARGINAL."""
    verdict = "FAIL" if problem.severity == "error" else "MARGINAL"
    return Judged(problem.code, problem.message, verdict, "", "", "", problem.hint,
                  Place(problem.file, max(problem.line, 1), max(problem.column, 1)))


def junit(name: str, rows: Sequence[Judged], properties: Mapping[str, str], marginal: str = "marginal") -> bytes:
    """JUnit XML: FAIL is a failure, NOT FEASIBLE an error, NOT EVALUATED and MARGINAL as `--marginal` says."""
    suite = ElementTree.Element("testsuite", {"name": _xml(name), "tests": str(len(rows))})
    counts = {"failures": 0, "errors": 0, "skipped": 0}
    listed = ElementTree.SubElement(suite, "properties")
    for key, value in properties.items():
        ElementTree.SubElement(listed, "property", {"name": _xml(key), "value": _xml(value)})
    for row in rows:
        case = ElementTree.SubElement(suite, "testcase", {
            "classname": _xml(name), "name": _xml(f"{row.id} {row.text}"), "file": _xml(row.place.file),
            "line": str(row.place.line)})
        outcome = _junit_outcome(row.verdict, marginal)
        if outcome is None:
            ElementTree.SubElement(case, "system-out").text = _xml(row.message)
            continue
        tag, count = outcome
        counts[count] += 1
        entry = ElementTree.SubElement(case, tag, {"message": _xml(row.message)})
        if tag != "skipped":
            entry.set("type", row.verdict)
            entry.text = _xml(f"{row.place.file}:{row.place.line}: {row.message}")
    for key, number in counts.items():
        suite.set(key, str(number))
    root = ElementTree.Element("testsuites", {"name": "powerplan", "tests": str(len(rows)),
                                              **{key: str(number) for key, number in counts.items()}})
    root.append(suite)
    ElementTree.indent(root)
    text: str = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _junit_outcome(verdict: str, marginal: str) -> tuple[str, str] | None:
    if verdict in ("MARGINAL", "NOT EVALUATED"):
        return {"fail": ("failure", "failures"), "pass": None}.get(marginal, ("skipped", "skipped"))
    return {"FAIL": ("failure", "failures"), "NOT FEASIBLE": ("error", "errors")}.get(verdict)


def _xml(text: str) -> str:
    return NOT_IN_XML.sub("\ufffd", text)


def sarif(rows: Sequence[Judged], version: str) -> dict[str, Any]:
    """A SARIF 2.1.0 log with one result per line of the answer, at the line of the file that says it."""
    rules = list(dict.fromkeys(row.id for row in rows))
    texts = {row.id: row.text for row in rows}
    driver = {"name": "powerplan", "version": version, "rules": [
        {"id": rule, "shortDescription": {"text": texts[rule]}} for rule in rules]}
    results = []
    for row in rows:
        kind, level = SARIF_LEVELS[row.verdict]
        print_of = hashlib.sha256(f"{row.id}\n{row.text}\n{Path(row.place.file).name}".encode()).hexdigest()
        results.append({
            "ruleId": row.id, "ruleIndex": rules.index(row.id), "kind": kind, "level": level,
            "message": {"text": row.message}, "partialFingerprints": {"requirement/v1": print_of},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": _uri(row.place.file)},
                "region": {"startLine": row.place.line, "startColumn": row.place.column}}}],
            "properties": {"verdict": row.verdict, "value": row.value, "limit": row.limit, "margin": row.margin}})
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0",
            "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}]}


def sarif_bytes(rows: Sequence[Judged], version: str) -> bytes:
    """The SARIF log as a file."""
    return (json.dumps(sarif(rows, version), ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def _uri(file: str) -> str:
    """A relative reference for a relative path, a file URI for an absolute one."""
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def github(rows: Sequence[Judged]) -> list[str]:
    """Annotations of a GitHub workflow: one command per line that is not PASS."""
    return [f"::{GITHUB_LEVELS[row.verdict]} file={_property(row.place.file)},line={row.place.line},"
            f"col={row.place.column},title={_property(f'{row.id} {row.verdict}')}::{_escaped(row.message)}"
            for row in rows if row.verdict in GITHUB_LEVELS]


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def markdown(title: str, rows: Sequence[Judged], notes: Sequence[str]) -> str:
    """A Markdown table, as for the summary of a workflow or a comment."""
    head = ["requirement", "verdict", "value", "limit", "margin", "note"]
    lines = [f"### {_cell(title)}", "", "| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(_cell(cell) for cell in (
        f"{row.id}  {row.text}", MARKS[row.verdict], row.value, row.limit, row.margin, row.note)) + " |"
        for row in rows]
    return "\n".join([*lines, *(["", *(f"- {_cell(note)}" for note in notes)] if notes else [])]) + "\n"


def _cell(text: str) -> str:
    plain = " ".join(text.split())
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", plain)
