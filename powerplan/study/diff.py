"""Two saved results: differences with units, inputs that changed, which requirement moved and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powerplan.results.schema import SCHEMA_VERSION
from powerplan.results.tables import Table, Tabular
from powerplan.study.compare_text import Block, blocks_of
from powerplan.study.differences import (
    changes,
    energy_rows,
    metric_rows,
    moved,
    refuse_incomparable,
    requirement_rows,
)
from powerplan.study.sides import Side, read_side

ENERGY_SHOWN_COUNT = 12


@dataclass(frozen=True, repr=False)
class Difference(Tabular):
    """A result against an older one."""

    before: Side
    after: Side

    @property
    def inputs_known(self) -> bool:
        """Whether both results say what they were made from."""
        return self.before.inputs is not None and self.after.inputs is not None

    def notes(self) -> list[str]:
        """What a reader should know before believing a difference."""
        found = []
        for side in (self.before, self.after):
            if side.inputs is None:
                found.append(f"{side.name} does not say which scenario keys and figures it was made from (an early "
                             "version wrote it), so only files, seed and versions are compared; run it again")
        if self.before.manifest.get("seed") != self.after.manifest.get("seed"):
            found.append("the seeds differ: the results are not paired, so part of every difference is chance")
        return found

    def document(self) -> dict[str, Any]:
        """The difference as one JSON document."""
        sides = (self.before, self.after)
        changed = [change.document() for change in changes(*sides)]
        lines = [{**line, "because": self._because(line, changed)} for line in moved(*sides)]
        return {
            "schema_version": SCHEMA_VERSION, "kind": "diff", "baseline": self.before.name,
            "seed": self.after.manifest.get("seed"), "simulated_days": self.after.manifest.get("simulated_days"),
            "designs": [{"name": side.name, "scenario": side.scenario, "feasible": side.manifest.get("feasible", True),
                         "engine": side.manifest.get("engine"), "gates": side.manifest.get("gates", []),
                         "bill": side.bill} for side in sides],
            "metrics": metric_rows(sides), "requirements": requirement_rows(sides),
            "against_baseline": [{"design": self.after.name, "changed": changed, "life": None, "moved": lines,
                                  "energy": energy_rows(*sides)[:ENERGY_SHOWN_COUNT]}],
            "notes": self.notes(),
        }

    def _because(self, line: Mapping[str, Any], changed: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The one input that changed, figures following from it; a saved result cannot tell several apart."""
        stated = [change for change in changed if change["kind"] != "figure"]
        inputs = stated or changed
        if len(inputs) != 1:
            return []
        name = inputs[0]["name"]
        return [{"key": name, "paths": [name], "refusal": "", "value": line["after"], "verdict": line["to"],
                 "delta": line["delta"], "fraction_of_move": 1.0}]

    def table(self) -> Table:
        """One row per metric: value before and after, difference, unit."""
        rows = [(row["metric"], row["unit"], *row["values"], row["deltas"][0]["delta"], row["deltas"][0]["fraction"])
                for row in metric_rows((self.before, self.after))]
        names = ("metric", "unit", "before", "after", "delta", "fraction")
        return Table("diff", {name: [row[place] for row in rows] for place, name in enumerate(names)})

    def _repr_html_(self) -> str:
        """The difference in a notebook."""
        from powerplan.study.compare_text import compare_html

        return compare_html(self.document())


def diff(before: Path, after: Path, allow: Collection[str] = (), names: tuple[str, str] = ("", "")) -> Difference:
    """Two result folders or `run.json` files, called by their paths or by `names`. Raises OutputError, Incomparable."""
    sides = read_side(Path(before), names[0]), read_side(Path(after), names[1])
    refuse_incomparable(*sides, allow)
    return Difference(*sides)


def diff_blocks(document: Mapping[str, Any], everything: bool = False, digits: int | None = None) -> list[Block]:
    """The difference, block by block; what cannot be told apart is said."""
    [against] = document["against_baseline"]
    keys = [change["name"] for change in against["changed"] if change["kind"] != "figure"]
    found = blocks_of(document, everything, digits)
    unsaid = [line for line in against["moved"] if not line["because"]]
    if unsaid and len(keys) > 1:
        listed = ", ".join(keys[:6]) + (f" and {len(keys) - 6} more" if len(keys) > 6 else "")
        found.append(Block("Which input did it", lines=(
            f"{len(keys)} inputs changed at once ({listed}); saved results cannot tell them apart: "
            "`powerplan compare` simulates each of them alone",)))
    if document["notes"]:
        found.append(Block("Notes", lines=tuple(document["notes"])))
    return found
