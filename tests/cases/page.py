"""Writes docs/published-cases.md and its picture: `python -m tests.cases.page` (needs the shared facts)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.cases.collect import ELSEWHERE, NOT_PREDICTED, OWN_DATA, Found, all_cases

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, PICTURE = DOCS / "published-cases.md", DOCS / "published-cases.png"
GOALS = {"arithmetic": 0.95, "measured": 0.80}

HEAD = """\
# Published numbers and what powerplan makes of the same inputs

Written by `python -m tests.cases.page`; `tests/cases/test_cases.py` holds it to the numbers. Every case of the open
collection is put through the functions that plan a product: a worked example is a scenario of loads in the closed form
and an ideal cell in `life`, a radio or battery is a profile of the library. Tolerances are those of the sources (their
spread or the rounding of the print). Nothing is tuned to a single case.

![Predicted against published](published-cases.png)
"""


def share(found: Iterable[Found]) -> tuple[int, int]:
    """(rows inside, rows)"""
    rows = list(found)
    return sum(one.inside for one in rows), len(rows)


def goal_lines(found: list[Found]) -> list[str]:
    """What became of the two goals, by rows and by cases."""
    lines = ["| kind | rows inside | share | goal | cases with every row inside |", "|---|---|---|---|---|"]
    for kind, goal in GOALS.items():
        rows = [one for one in found if one.case.kind == kind]
        inside, total = share(rows)
        cases = sorted({one.case.case for one in rows})
        whole = sum(all(one.inside for one in rows if one.case.case == case) for case in cases)
        met = "met" if inside >= goal * total else "not met"
        lines.append(f"| {kind} | {inside} of {total} | {inside / total:.0%} | {goal:.0%}: {met} "
                     f"| {whole} of {len(cases)} |")
    for kind, meaning in (("calibrated", "own data, not counted"), ("bound", "inequalities, not counted"),
                          ("trap", "wrong in print, and not reproduced")):
        inside, total = share(one for one in found if one.case.kind == kind)
        lines.append(f"| {kind} | {inside} of {total} | | {meaning} | |")
    return lines


def own_data_line(found: list[Found]) -> str:
    """What the share would be with cells played under the load that their profile was made from."""
    inside, total = share(one for one in found if one.case.kind == "measured" or one.case.case in OWN_DATA)
    return (f"With {', '.join(sorted(OWN_DATA))}, whose cells are walked under a load but come from the very "
            f"discharge, {inside} of {total} measured rows ({inside / total:.0%}) would be inside.")


def row(one: Found) -> str:
    """A row of the table."""
    case = one.case
    answer = "avoided" if case.kind == "trap" else "inside" if one.inside else "**outside**"
    allowed = f"more than {case.tolerance:.0%}" if case.kind == "trap" else f"{case.tolerance:.2%}"
    return (f"| {case.case} | {case.what} | {case.published:g} {case.unit} | {one.predicted:.4g} "
            f"| {case.error(one.predicted):+.2%} | {allowed} | {case.kind} | {answer} | {case.miss or case.note} |")


def page_text(found: list[Found]) -> str:
    """The page as Markdown."""
    lines = [HEAD, *goal_lines(found), "", "Goals are counted by rows. `calibrated` rows are left out of both: their "
             "number, or the discharge behind it, went into a profile or fit.", "", own_data_line(found), "",
             "## Misses", ""]
    lines += [f"- **{one.case.case}, {one.case.what}**: {one.predicted:.4g} against {one.case.published:g} "
              f"{one.case.unit} ({one.case.error(one.predicted):+.1%}, allowed {one.case.tolerance:.1%}): "
              f"{one.case.miss}."
              for one in found if not one.inside]
    lines += ["", "## All rows", "",
              "| case | what | published | powerplan | error | allowed | kind | answer | note |",
              "|---|---|---|---|---|---|---|---|---|", *map(row, found), "", "## Without a prediction", ""]
    lines += [f"- **{case}**: {reason}." for case, reason in NOT_PREDICTED.items()]
    lines += ["", "## Cascade cases", "", "On [a page of their own](cascade-cases.md), not counted above: "
              + ", ".join(f"{case} ({what})" for case, what in ELSEWHERE.items()) + ".", ""]
    return "\n".join(lines)


def picture(found: list[Found]) -> Any:
    """Error of every row over what was published, and the tolerance of each."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
    colours = {"arithmetic": "#4c78a8", "measured": "#e45756", "calibrated": "#9d9d9d"}
    for kind, colour in colours.items():
        rows = [one for one in found if one.case.kind == kind]
        left.loglog([one.case.published for one in rows], [one.predicted for one in rows], "o", ms=4, color=colour,
                    alpha=0.7, label=f"{kind} ({len(rows)})")
    ends = (min(one.case.published for one in found), max(one.case.published for one in found))
    left.plot(ends, ends, color="black", lw=0.7)
    left.set(xlabel="published (own unit of each)", ylabel="powerplan", title="Predicted against published")
    left.legend(frameon=False)
    rows = sorted((one for one in found if one.case.kind == "measured"), key=lambda one: one.case.error(one.predicted))
    for place, one in enumerate(rows):
        right.plot([-100 * one.case.tolerance, 100 * one.case.tolerance], [place, place], color="#d0d0d0", lw=3)
        right.plot(100 * one.case.error(one.predicted), place, "o", ms=4,
                   color="#4c78a8" if one.inside else "#e45756")
    right.set(xlabel="error and allowed error, %", yticks=[], title="Measured cases, outside in red")
    right.axvline(0, color="black", lw=0.7)
    return figure


def main() -> None:
    """Write the page and the picture."""
    found = [Found(case, case.predict()) for case in all_cases()]
    PAGE.write_text(page_text(found), encoding="utf-8")
    picture(found).savefig(PICTURE, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
