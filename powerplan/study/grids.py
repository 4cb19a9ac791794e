"""Rows of texts as a table: aligned for a terminal, as Markdown, as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from powerplan.errors import printable, screen_width

Row = Sequence[str]
GAP = "  "


def aligned(head: Row, rows: Sequence[Row], left: int = 1) -> list[str]:
    """Lines with aligned columns; the first `left` columns are texts, the others stand at the right."""
    cells = [[printable(cell) for cell in row] for row in (head, *rows)]
    widths = [max(screen_width(row[place]) for row in cells) for place in range(len(head))]
    lines = []
    for row in cells:
        padded = [_padded(cell, width, place < left) for place, (cell, width) in
                  enumerate(zip(row, widths, strict=True))]
        lines.append(GAP.join(padded).rstrip())
    return [lines[0], GAP.join("-" * width for width in widths), *lines[1:]]


def _padded(cell: str, width: int, at_left: bool) -> str:
    space = " " * (width - screen_width(cell))
    return cell + space if at_left else space + cell


def markdown_table(head: Row, rows: Sequence[Row], left: int = 1) -> list[str]:
    """Lines of a Markdown table."""
    marks = [" --- " if place < left else " ---: " for place in range(len(head))]
    lines = ["| " + " | ".join(escaped(cell) for cell in row) + " |" for row in (head, *rows)]
    return [lines[0], "|" + "|".join(marks) + "|", *lines[1:]]


def escaped(text: str) -> str:
    """A text that Markdown leaves as it is."""
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", " ".join(text.split()))


def html_table(head: Row, rows: Sequence[Row], left: int = 1) -> str:
    """A table for a notebook."""
    def line(row: Row, tag: str) -> str:
        cells = "".join(f'<{tag} style="text-align:{"left" if place < left else "right"}">{escape(cell)}</{tag}>'
                        for place, cell in enumerate(row))
        return f"<tr>{cells}</tr>"

    return f"<table><thead>{line(head, 'th')}</thead><tbody>{''.join(line(row, 'td') for row in rows)}</tbody></table>"


def html_lines(lines: Iterable[str]) -> str:
    """Aligned lines for a notebook, as a terminal would show them."""
    return f"<pre>{escape(chr(10).join(lines))}</pre>"
