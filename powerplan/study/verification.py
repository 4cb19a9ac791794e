"""The answer of a run as lines for build servers, each at its place in the file that says it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from powerplan.errors import InputError
from powerplan.files.scenario import Loaded
from powerplan.results import verdict_files
from powerplan.results.tables import write_atomically
from powerplan.results.verdict_files import Judged, Place

if TYPE_CHECKING:
    from powerplan.study.session import Session


def place_of(loaded: Loaded, *keys: str) -> Place:
    """Where a key of the scenario stands: in its own file or in the one it is based on."""
    owner = loaded.layers.owner(keys)
    found = owner.place(keys, "key")
    return Place(owner.name, found.line, found.column)


def judged(session: Session) -> list[Judged]:
    """Gates that are not passed first, then every requirement."""
    from powerplan.study.session import gate_text

    r = session.result
    rows = [Judged(gate.name, f"gate {gate.name}", "NOT FEASIBLE", gate_text(gate.needed, gate.available, gate.unit),
                   "", "", gate.detail, place_of(r.loaded, "parts")) for gate in r.gates if not gate.passes]
    for verdict, shown in zip(r.verdicts, session.verdict_rows(), strict=True):
        _, _, value, limit, margin, note = shown
        rows.append(Judged(verdict.id, verdict.text, verdict.verdict, value, limit, margin, note,
                           place_of(r.loaded, "requirements", verdict.id)))
    return rows


def write_files(name: str, rows: list[Judged], junit: Path | None, sarif: Path | None, marginal: str,
                properties: dict[str, str]) -> None:
    """Write the files that were asked for. Raises OutputError."""
    from powerplan.study.session import package_version

    if junit is not None:
        write_atomically(junit, verdict_files.junit(name, rows, properties, marginal))
    if sarif is not None:
        write_atomically(sarif, verdict_files.sarif_bytes(rows, package_version("powerplan")))


def write_verdicts(session: Session, junit: Path | None, sarif: Path | None, marginal: str) -> None:
    """The files of a run that came to its end. Raises OutputError."""
    r = session.result
    properties = {"seed": str(r.seed), "engine": r.engine, "simulated_days": f"{r.days:g}", "command": session.command,
                  **{f"sha256 {name}": digest for name, digest in r.loaded.hashes.items()}}
    write_files(r.loaded.path.name, judged(session), junit, sarif, marginal, properties)


def write_problems(error: InputError, name: str, junit: Path | None, sarif: Path | None) -> list[Judged]:
    """The files of a scenario that cannot be read: its problems instead of verdicts. Raises OutputError."""
    rows = [verdict_files.from_problem(problem) for problem in error.problems]
    write_files(name, rows, junit, sarif, "fail", {})
    return rows


def verdict_text(session: Session, form: str) -> str:
    """The verdicts as GitHub annotations or as a Markdown table."""
    rows = judged(session)
    if form == "github":
        return "\n".join(verdict_files.github(rows))
    title = f"{session.result.lowering.scenario.product.name} ({session.result.loaded.path.name})"
    return verdict_files.markdown(title, rows, session.closing())
