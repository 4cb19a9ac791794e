"""Writes docs/claims.md from the rows: `python -m tests.claims.page`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.claims.rows import ROWS, Row

PAGE = Path(__file__).resolve().parents[2] / "docs" / "claims.md"
HEAD = """\
# Claims of the field's texts, and where each is answered

Written by `python -m tests.claims.page`; `tests/claims/test_claims.py` checks that every test and file named here
exists. C1 to C16 are statements that are wrong or true only under a condition; the other rows are what a planner should
do about each sentence. *Partly* says what is missing.
"""


def cells(row: Row) -> str:
    """A row of the table."""
    shown = "<br>".join(f"`{one}`" for one in row.evidence)
    return f"| {row.id} | {row.status} | {shown} | {row.note} |"


def page_text() -> str:
    """The page as Markdown."""
    counts = Counter(row.status for row in ROWS)
    summary = ", ".join(f"{count} {status}" for status, count in counts.items())
    head = [HEAD, f"{len(ROWS)} rows: {summary}.", "", "| row | | what shows it | note |", "|---|---|---|---|"]
    return "\n".join([*head, *map(cells, ROWS), ""])


if __name__ == "__main__":
    PAGE.write_text(page_text(), encoding="utf-8")
