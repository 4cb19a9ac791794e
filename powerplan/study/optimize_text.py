"""The answer of a search as people read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from powerplan.study.designs import pair_text
from powerplan.study.difference_text import value_of
from powerplan.study.grids import aligned, escaped, html_table, markdown_table

ROWS_SHOWN_COUNT = 20
REFUSALS_SHOWN_COUNT = 5


def design_rows(document: Mapping[str, Any], designs: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """(head, rows) of a table of designs: objectives, thresholds, whether every line is met."""
    names = [objective["name"] for objective in document["objectives"]]
    with_pairs = any(one["thresholds"] for one in designs)
    head = ["design", *names, *(["thresholds"] if with_pairs else []), "meets"]
    rows = []
    for one in designs:
        cells = []
        for name in names:
            found = one["objectives"][name]
            least = "≥ " if (one["bill"].get(name) or {}).get("missing") else ""
            cells.append(least + value_of(found["value"], found["unit"]) if found["value"] is not None else "-")
        pair = one["thresholds"]
        rows.append([one["design"], *cells, *([pair_text(pair, " / ") if pair else "-"] if with_pairs else []),
                     "yes" if one["meets"] else "no"])
    return head, rows


def _shown(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The front, with the chosen design and the scenario's own first."""
    first = [one for one in (document["chosen"], document["own"]) if one is not None]
    names = {one["design"] for one in first}
    unique = {one["design"]: one for one in first}
    rest = [one for one in document["front"] if one["design"] not in names]
    return [*unique.values(), *rest[:ROWS_SHOWN_COUNT]]


def optimize_lines(document: Mapping[str, Any], markdown: bool = False) -> list[str]:
    """The chosen design, the front, and what was refused."""
    shown = _shown(document)
    head, rows = design_rows(document, shown)
    ways = {"grid": f"all {document['grid_size']:,} designs of the grid",
            "optuna": f"{document['designs_count']:,} designs that the sampler asked for"}
    said = [f"{document['scenario']}: {ways[document['method']]}, {document['simulated_days']:g} days, seed "
            f"{document['seed']}; {_solved(document)}", ""]
    if not document["feasible"] and document["chosen"] is None:
        said = said[:1]
    else:
        said += markdown_table(head, rows) if markdown else aligned(head, rows)
    hidden = len(document["front"]) - (len(shown) - len({one["design"] for one in shown} - {
        one["design"] for one in document["front"]}))
    said += ["", f"first the chosen design and the scenario's own, then the {len(document['front'])} designs that no "
             f"other one beats{f'; {hidden} more of them are in the files' if hidden > 0 else ''}", ""]
    said += [escaped(document["text"]) if markdown else document["text"]]
    said += [f"  {note}" if not markdown else f"- {escaped(note)}" for note in document["notes"]]
    return [*said, *_refusals(document)]


def _solved(document: Mapping[str, Any]) -> str:
    """What was done about thresholds."""
    pairs = [one["thresholds"] for one in document["designs"] if one["thresholds"]]
    if not pairs:
        return "thresholds as the file says"
    if any("further" in pair for pair in pairs):
        return "thresholds solved for each design, one cascade after the other"
    return f"thresholds of {pairs[0]['cascade']} solved exactly for each design"


def _refusals(document: Mapping[str, Any]) -> list[str]:
    refused = document["refused"]
    if not refused:
        return []
    said = ["", f"{len(refused)} designs cannot be played:"]
    said += [f"  {one['design']}: {one['why']}" for one in refused[:REFUSALS_SHOWN_COUNT]]
    return said + ([f"  and {len(refused) - REFUSALS_SHOWN_COUNT} more"] if len(refused) > REFUSALS_SHOWN_COUNT else [])


def optimize_html(document: Mapping[str, Any]) -> str:
    """The answer in a notebook."""
    head, rows = design_rows(document, _shown(document))
    notes = "".join(f"<li>{escape(note)}</li>" for note in document["notes"])
    return f"<p><b>{escape(document['text'])}</b></p><ul>{notes}</ul>{html_table(head, rows)}"
