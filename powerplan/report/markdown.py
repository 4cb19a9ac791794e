"""The report as Markdown, for a pull request or a wiki; the plots are links to the files beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

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
from powerplan.report.plots import Picture
from powerplan.report.words import PROSE_LIMIT_COUNT, clean

PICTURE_KINDS = ("svg", "png")
"""What a plot's link points to: the first of these that is there."""


def to_markdown(tables: Tables, facts: ReportFacts, pictures: Sequence[Picture], kinds: Sequence[str]) -> str:
    """The whole report. `kinds` are the kinds of plot files written beside it."""
    said = content(tables, facts)
    blocks = [*_front(said, facts), *_plots(pictures, kinds), *_back(said, facts)]
    return "\n\n".join(blocks) + "\n"


def _text(value: object) -> str:
    """A text in which nothing is markup."""
    plain = clean(value, PROSE_LIMIT_COUNT)
    return re.sub(r"([\\`*_{}\[\]<>#|~$!&])", r"\\\1", plain)


def _table(one: Listing, level: int = 2) -> str:
    """A heading and a table."""
    rule = ["---:" if n in one.numbers else "---" for n in range(len(one.head))]
    lines = [f"| {' | '.join(one.head)} |", f"| {' | '.join(rule)} |"]
    lines += [f"| {' | '.join(_text(cell) for cell in row)} |" for row in one.rows]
    return f"{'#' * level} {one.heading}\n\n" + "\n".join(lines)


def _front(said: Mapping[str, Any], facts: ReportFacts) -> list[str]:
    where = " · ".join(f"{name}: {_text(text)}" for name, text in (("Where", facts.where), ("Users", facts.users))
                       if text)
    first, *others = life_lines(said)
    advice = [f"- {_text(row['requirement'])} {_text(row['text'])}" for row in said["advice"]]
    return [
        f"# {_text(facts.product)}", *(line for line in (where, _text(facts.note)) if line),
        f"**{said['headline'].sign} {_text(said['headline'].text)}**",
        *(_table(one) for one in (requirement_listing(said),) if one.rows),
        "## Battery life", f"**{_text(first)}**", *(_text(line) for line in others),
        *(_table(one) for one in (drain_listing(said), gate_listing(said)) if one.rows),
        "## What would change the verdict", "\n".join(advice) or "Nothing to advise: no requirement failed.",
    ]


def _plots(pictures: Sequence[Picture], kinds: Sequence[str]) -> list[str]:
    blocks = []
    kind = next((one for one in PICTURE_KINDS if one in kinds), None)
    for one in pictures:
        name = one.plot.name
        blocks.append(f"## {_text(one.plot.heading)}")
        if kind is not None:
            blocks.append(f"![{_text(one.title)}]({name}.{kind})")
        blocks.append(f"{_text(one.alt)} Data: [{name}.csv]({name}.csv), [{name}.json]({name}.json).")
    return blocks


def _back(said: Mapping[str, Any], facts: ReportFacts) -> list[str]:
    *tables, reproduce = later_listings(said, facts)
    command = [f"    {clean(facts.command, PROSE_LIMIT_COUNT)}"] if facts.command else []
    notes = ["\n".join(f"- {_text(note)}" for note in facts.notes)] if facts.notes else []
    blocks = [block for one in tables for block in (_table(one), _text(one.intro)) if block]
    return [*blocks, _table(reproduce), *command, *notes]
