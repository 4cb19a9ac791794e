"""A comparison as a page: verdicts first, then differences, what moved a line and why, what it costs, what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from powerplan.model.requirement import in_percent
from powerplan.study.difference_text import (
    bill_notes,
    bill_rows,
    change_lines,
    delta_of,
    shown_metric,
    signed_percent,
    value_of,
)
from powerplan.study.grids import aligned, escaped, html_table, markdown_table

ENERGY_SHOWN_COUNT = 5
SMALL_SHARE = 0.005


@dataclass(frozen=True)
class Block:
    """A heading with a table or with lines."""

    heading: str
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    left: int = 1
    lines: tuple[str, ...] = ()


def blocks_of(document: Mapping[str, Any], everything: bool = False, digits: int | None = None) -> list[Block]:
    """The comparison, block by block."""
    names = [design["name"] for design in document["designs"]]
    found = [_requirements(document, names, digits), _metrics(document, names, everything, digits)]
    bills = [design["bill"] for design in document["designs"]]
    rows = bill_rows(bills)
    if rows:
        found.append(Block("Cost, weight, volume", ("", *names), tuple((name, *texts) for name, texts in rows),
                           lines=tuple(bill_notes(names, bills))))
    for against in document["against_baseline"]:
        found += _against(names[0], against, everything, digits)
    return [block for block in found if block.rows or block.lines]


def _requirements(document: Mapping[str, Any], names: Sequence[str], digits: int | None) -> Block:
    rows = []
    for row in document["requirements"]:
        cells = [_cell(row, cell, design.get("end_reason", ""), digits)
                 for cell, design in zip(row["cells"], document["designs"], strict=True)]
        rows.append((f"{row['id']}  {row['text']}", *cells))
    failing = {design["name"]: [gate["name"] for gate in design["gates"] if not gate["passes"]]
               for design in document["designs"]}
    notes = [f"{name} is NOT FEASIBLE: {', '.join(gates)}" for name, gates in failing.items() if gates]
    return Block("Requirements", ("requirement", *names), tuple(rows), lines=tuple(notes))


def _cell(row: Mapping[str, Any], cell: Mapping[str, Any] | None, end_reason: str, digits: int | None) -> str:
    """What one design makes of a requirement; a share as its limit is stated, a life nobody saw the end of as such."""
    if cell is None:
        return "not asked for"
    unit = "%" if digits is None and cell["unit"] and in_percent(row["text"]) else cell["unit"]
    found = value_of(cell["value"], unit, digits) if unit else ""
    longer = "more than " if unit == "d" and end_reason == "horizon" and row["text"].startswith("battery_life") else ""
    return f"{cell['verdict']} {longer}{found}".rstrip()


def _metrics(document: Mapping[str, Any], names: Sequence[str], everything: bool, digits: int | None) -> Block:
    rows = []
    asked = [row["metric"] for row in document["metrics"] if shown_metric(row["metric"], ())]
    for row in document["metrics"]:
        same = all(one["delta"] == 0 for one in row["deltas"])
        if not everything and (row["metric"] not in asked or same):
            continue
        cells = [value_of(row["values"][0], row["unit"], digits)]
        for value, one in zip(row["values"][1:], row["deltas"], strict=True):
            cells += [value_of(value, row["unit"], digits), delta_of(one, row["unit"], digits)]
        rows.append((row["metric"], *cells))
    head = [names[0]]
    for name in names[1:]:
        head += [name, "difference"]
    return Block("Metrics", ("metric", *head), tuple(rows))


def _against(first: str, against: Mapping[str, Any], everything: bool, digits: int | None) -> list[Block]:
    name = against["design"]
    said = []
    life = against.get("life")
    if life is not None:
        said.append(life_text(name, first, life))
    for line in against["moved"]:
        said += moved_lines(line, digits, everything)
    energy = [f"{row['name']}: {value_of(row['before'], 'J')} to {value_of(row['after'], 'J')} a day"
              for row in against["energy"][:None if everything else ENERGY_SHOWN_COUNT]]
    return [Block(f"{name} against {first}: what moved, and why", lines=tuple(said)),
            Block(f"{name} against {first}: energy by part and state, largest difference first", lines=tuple(energy)),
            Block(f"{name} against {first}: inputs that differ",
                  lines=tuple(change_lines(against["changed"], everything)) or ("none",))]


def life_text(name: str, first: str, life: Mapping[str, Any]) -> str:
    """How much longer one design lives, over draws that both share."""
    if life["p5"] == life["p95"] == 0:
        return f"battery of {name}: lives exactly as long as that of {first}"
    if life["draws"] == 1:
        return f"battery of {name}: {_signed_days(life['p50'])} against {first}"
    return (f"battery of {name}: {_signed_days(life['p50'])} against {first} ({_signed_days(life['p5'])} to "
            f"{_signed_days(life['p95'])} over {life['draws']} draws of figures and cells that both share; longer in "
            f"{life['longer_fraction']:.0%})")


def _signed_days(days: float) -> str:
    return f"{'+' if days > 0 else '−' if days < 0 else '±'}{value_of(abs(days), 'd')}"


def moved_lines(line: Mapping[str, Any], digits: int | None, everything: bool = False) -> list[str]:
    """One line of the requirements before and after, and what each input does to it alone."""
    verdict = f"{line['from']} to {line['to']}" if line["verdict_changed"] else f"still {line['to']}"
    values = (f"{value_of(line['before'], line['unit'], digits)} to {value_of(line['after'], line['unit'], digits)}, "
              f"{delta_of(line, line['unit'], digits)}")
    said = [f"{line['id']} {line['text']}: {verdict}, {values}"]
    because = line.get("because", ())
    for cause in because:
        said += _cause_lines(cause, line, len(because), digits, everything)
    known = [cause["fraction_of_move"] for cause in because if cause["fraction_of_move"] is not None]
    if len(known) > 1 and abs(1 - sum(known)) > 0.02:
        said.append(f"    together, beyond what they do alone: {signed_percent(1 - sum(known))} of the move")
    return said


def _cause_lines(cause: Mapping[str, Any], line: Mapping[str, Any], count: int, digits: int | None, everything: bool
                 ) -> list[str]:
    inside = f" ({', '.join(_short(path, cause['key']) for path in cause['paths'])})" \
        if len(cause["paths"]) <= 4 and list(cause["paths"]) != [cause["key"]] and "with" not in cause["key"] else ""
    if cause["refusal"]:
        return [f"    {cause['key']}{inside}: cannot be changed alone: {cause['refusal']}"]
    if cause["delta"] is None:
        return []
    if count == 1:
        return [f"    because of {cause['key']}{inside}, the only input that differs"]
    share = cause["fraction_of_move"]
    if share is not None and abs(share) < SMALL_SHARE and not everything:
        return []
    part = "" if share is None else f", {signed_percent(share).lstrip('+')} of the move"
    row = {"delta": cause["delta"], "fraction": None}
    return [f"    because of {cause['key']}{inside}: alone {delta_of(row, line['unit'], digits)}{part}, "
            f"{cause['verdict']}"]


def _short(path: str, key: str) -> str:
    return path.removeprefix(f"{key}.")


def compare_lines(document: Mapping[str, Any], everything: bool = False, digits: int | None = None) -> list[str]:
    """The comparison for a terminal."""
    head = (f"{len(document['designs'])} designs in the same world: {document['simulated_days']:g} days, seed "
            f"{document['seed']}")
    return [head, *block_lines(blocks_of(document, everything, digits))]


def block_lines(blocks: Sequence[Block]) -> list[str]:
    """Blocks for a terminal."""
    said = []
    for block in blocks:
        said += ["", block.heading, ""]
        if block.rows:
            said += aligned(block.head, block.rows, block.left)
        said += [*([""] if block.rows and block.lines else []), *block.lines]
    return said


def compare_markdown(document: Mapping[str, Any], everything: bool = False, digits: int | None = None) -> list[str]:
    """The comparison for a pull request."""
    return block_markdown(document, blocks_of(document, everything, digits))


def block_markdown(document: Mapping[str, Any], blocks: Sequence[Block]) -> list[str]:
    """Blocks for a pull request, under the names of the designs."""
    said = [f"### {escaped(' against '.join(reversed([design['name'] for design in document['designs']])))}"]
    for block in blocks:
        said += ["", f"**{escaped(block.heading)}**", ""]
        if block.rows:
            said += markdown_table(block.head, block.rows, block.left)
        if block.lines:
            said += [*([""] if block.rows else []), *(_bullet(line) for line in block.lines)]
    return said


def _bullet(line: str) -> str:
    return f"  - {escaped(line)}" if line.startswith("    ") else f"- {escaped(line)}"


def compare_html(document: Mapping[str, Any]) -> str:
    """The comparison in a notebook."""
    parts = []
    for block in blocks_of(document):
        parts.append(f"<h4>{escape(block.heading)}</h4>")
        if block.rows:
            parts.append(html_table(block.head, block.rows, block.left))
        parts += [f"<p>{escape(line)}</p>" for line in block.lines]
    return "".join(parts)
