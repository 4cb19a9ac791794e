"""The report as a PDF for a review: the same texts as the page, every plot, outline and page numbers.

Written by fpdf2 without a browser. It carries no date, so that the same inputs give the same bytes.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from powerplan.report.content import content
from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.listings import (
    Listing,
    drain_listing,
    gate_listing,
    later_listings,
    life_lines,
    requirement_listing,
)
from powerplan.report.plot_figures import ASSUMED
from powerplan.report.plots import Picture
from powerplan.report.style import GRID, INK, LIMIT, MUTED, PAPER, SHADE, foot
from powerplan.report.typeface import file_faces, printable
from powerplan.report.words import PROSE_LIMIT_COUNT, clean

if TYPE_CHECKING:
    from fpdf import FPDF

NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)
MARGIN_MM, FOOT_MM = 14.0, 14.0
WIDTH_MM = 210.0 - 2 * MARGIN_MM
TITLE_PT, HEADING_PT, TEXT_PT, SMALL_PT = 19.0, 13.0, 9.0, 7.5
LINE_MM, SMALL_LINE_MM = 4.6, 3.7
TONES = {"pass": ("#17683c", "#e3f3e9"), "fail": ("#a3211a", "#fbe9e7"), "marginal": ("#7a5200", "#fdf2d8"),
         "open": ("#4a5563", "#e9edf2"), ASSUMED: (LIMIT, "#fdf1ef")}
"""Style of a verdict, or of an assumed figure -> its ink and ground."""
ROWS_SHOWN_COUNT = 250
"""Rows of one table that are printed; the files beside hold all of them."""


def to_report_pdf(tables: Tables, facts: ReportFacts, pictures: Sequence[Picture]) -> bytes:
    """The whole report. The pictures must hold PNG."""
    said = content(tables, facts)
    book = _Book(facts)
    _front(book, said, facts)
    for one in pictures:
        book.picture(one)
    for listing in later_listings(said, facts):
        book.listing(listing)
    for note in facts.notes:
        book.text(f"• {note}", size=SMALL_PT + 0.5, colour=MUTED, after=0.2)
    return book.bytes()


class _Book:
    """A PDF in the making: text, tables and pictures one below the other."""

    def __init__(self, facts: ReportFacts) -> None:
        from fpdf import FPDF

        class Sheets(FPDF):
            """Pages with a foot."""

            def footer(self) -> None:
                self.set_y(-FOOT_MM + 3)
                self.set_font("sans", size=SMALL_PT)
                self.set_text_color(MUTED)
                self.cell(WIDTH_MM - 20, 4, printable(foot(facts)))
                self.cell(20, 4, f"{self.page_no()} / {{nb}}", align="R")

        self.sheets: FPDF = Sheets(unit="mm", format="A4")
        logging.getLogger("fontTools").setLevel(logging.ERROR)
        sheets = self.sheets
        sheets.set_creation_date(NO_DATE)
        sheets.set_title(printable(clean(facts.product)))
        sheets.set_creator("powerplan")
        sheets.set_lang("en")
        sheets.set_margins(MARGIN_MM, MARGIN_MM)
        sheets.set_auto_page_break(True, margin=FOOT_MM)
        for family, style, path in file_faces():
            sheets.add_font(family, style, path)
        sheets.set_fallback_fonts(["wide", "han"], exact_match=False)
        sheets.add_page()

    def bytes(self) -> bytes:
        """The finished file."""
        out = io.BytesIO()
        self.sheets.output(out)
        return out.getvalue()

    def text(self, text: object, *, size: float = TEXT_PT, bold: bool = False, colour: str = INK,
             limit: int = PROSE_LIMIT_COUNT, after: float = 1.2) -> None:
        """A paragraph."""
        self.sheets.set_font("sans", "B" if bold else "", size)
        self.sheets.set_text_color(colour)
        self.sheets.multi_cell(WIDTH_MM, size * 0.5, printable(clean(text, limit)), align="L", new_x="LMARGIN",
                               new_y="NEXT")
        self.sheets.ln(after)

    def heading(self, text: str, room_mm: float = 25.0, level: int = 0) -> None:
        """A heading with an entry in the outline; on a new page where too little room is left below."""
        if self.sheets.get_y() + room_mm > self.sheets.h - FOOT_MM:
            self.sheets.add_page()
        elif self.sheets.get_y() > MARGIN_MM + 1:
            self.sheets.ln(3)
        self.sheets.start_section(printable(clean(text)), level=level)
        self.text(text, size=HEADING_PT if level == 0 else TEXT_PT + 1, bold=True, after=0.8)

    def banner(self, text: str, style: str) -> None:
        """The answer in one line on its colour."""
        ink, ground = TONES[style]
        self.sheets.set_font("sans", "B", 12.5)
        self.sheets.set_text_color(ink)
        self.sheets.set_fill_color(ground)
        self.sheets.multi_cell(WIDTH_MM, 9, printable(text), fill=True, padding=(0, 3), new_x="LMARGIN", new_y="NEXT")
        self.sheets.ln(2.5)

    def listing(self, one: Listing, level: int = 0) -> None:
        """A heading and rows below a head that repeats on every page."""
        from fpdf.enums import TableBordersLayout
        from fpdf.fonts import FontFace

        sheets = self.sheets
        self.heading(one.heading, level=level)
        if one.intro:
            self.text(one.intro)
        sheets.set_font("sans", size=SMALL_PT + 0.5)
        sheets.set_text_color(INK)
        sheets.set_draw_color(GRID)
        sheets.set_line_width(0.2)
        align = tuple("R" if n in one.numbers else "L" for n in range(len(one.head)))
        marked = one.marked or {}
        with sheets.table(col_widths=one.widths, text_align=align, line_height=SMALL_LINE_MM, padding=(0.8, 1.0),
                          v_align="T", borders_layout=TableBordersLayout.HORIZONTAL_LINES, align="L", width=WIDTH_MM,
                          headings_style=FontFace(emphasis="", color=MUTED, fill_color=SHADE)) as made:
            made.row([printable(name) for name in one.head])
            for number, cells in enumerate(one.rows[:ROWS_SHOWN_COUNT]):
                row = made.row()
                tone, ground = TONES.get(marked.get(number, ""), (INK, PAPER))
                for place, cell in enumerate(cells):
                    is_mark = number in marked and place == one.mark_column
                    face = FontFace(emphasis="B" if is_mark else None, color=tone if is_mark else INK,
                                    fill_color=ground if is_mark or marked.get(number) == ASSUMED else PAPER)
                    row.cell(printable(_breakable(clean(cell, PROSE_LIMIT_COUNT))), style=face)
        sheets.ln(1.5)
        if len(one.rows) > ROWS_SHOWN_COUNT:
            hidden = len(one.rows) - ROWS_SHOWN_COUNT
            self.text(f"{hidden} more rows stand in the tables beside this file.", colour=MUTED)

    def picture(self, one: Picture) -> None:
        """A plot with its heading, its caption and its words for who cannot see it."""
        import PIL.Image

        png = one.files["png"]
        with PIL.Image.open(io.BytesIO(png)) as opened:
            height = opened.height / opened.width * WIDTH_MM
        room = self.sheets.h - MARGIN_MM - FOOT_MM - 22
        scale = min(1.0, room / height)
        self.heading(one.plot.heading, height * scale + 20)
        self.sheets.image(io.BytesIO(png), w=WIDTH_MM * scale, alt_text=printable(one.alt))
        self.text(one.plot.caption, size=SMALL_PT + 0.5, colour=MUTED)


def _breakable(text: str) -> str:
    """Hashes, paths and other words without a space may break anywhere."""
    return " ".join(word if len(word) <= 24 else "\u200b".join(word[n:n + 8] for n in range(0, len(word), 8))
                    for word in text.split(" "))


def _front(book: _Book, said: Mapping[str, Any], facts: ReportFacts) -> None:
    """Page one: the product, the verdicts, the life, the drains, what fits, and what would change the verdict."""
    book.text(facts.product, size=TITLE_PT, bold=True, limit=200)
    where = " · ".join(f"{name}: {text}" for name, text in (("Where", facts.where), ("Users", facts.users)) if text)
    for line in (where, facts.note):
        if line:
            book.text(line, colour=MUTED)
    book.banner(f"{said['headline'].sign}  {said['headline'].text}", said["headline"].style)
    if said["requirements"]:
        book.listing(requirement_listing(said), level=1)
    else:
        book.text("The scenario states no requirement, so nothing was judged.", colour=MUTED)
    book.heading("Battery life", level=1)
    first, *others = life_lines(said)
    book.text(first, size=16 if others else TEXT_PT, bold=bool(others), after=0.5)
    for line in others:
        book.text(line, after=0.5)
    for one in (drain_listing(said), gate_listing(said)):
        if one.rows:
            book.listing(one, level=1)
    book.heading("What would change the verdict", level=1)
    for row in said["advice"] or [{"requirement": "", "text": "Nothing to advise: no requirement failed."}]:
        book.text(f"• {row['requirement']}{' ' if row['requirement'] else ''}{row['text']}", after=0.4)
