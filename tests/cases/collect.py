"""All encoded cases in one list, and those that say nothing to predict."""

from __future__ import annotations

from dataclasses import dataclass

from tests.battery.published import PUBLISHED, Published
from tests.cases import boards, worked
from tests.cases.case import Case, Kind

ARITHMETIC = {"A17", "A29", "A32", "A38", "D01", "D03", "D25", "trap 3"}
OWN_DATA = {"D15", "D17", "D19"}
"""Cells whose profile was made from the very discharge that is predicted: a check of the path, no proof."""

NOT_PREDICTED = {
    "A31": "a spread of datasheets against a bench (active 3.5 %, deep sleep 11 to 21 % more): a prior for figures "
           "without a range, no output to predict",
    "B19": "trap: 412.9 uJ in 5.84 ms would be 70.7 mW, which the part cannot draw; no figure of it is used anywhere",
    "D10": "hours at nine sample rates without the currents behind them; the hours are not monotonic in the rate",
}
ELSEWHERE = {
    "B11": "cascade latencies", "C01": "cascade rates", "C02": "cascade rates", "C03": "early exits",
    "C05": "early exits", "C07": "threshold sweeps", "C10": "always-on budget",
}  # fmt: skip
"""Cascade cases, which have tests of their own in `tests/cascade/test_published_cases.py`."""


@dataclass(frozen=True)
class Found:
    """A case and its prediction."""

    case: Case
    predicted: float

    @property
    def inside(self) -> bool:
        return self.case.inside(self.predicted)


def _kind(one: Published) -> Kind:
    if one.case in ARITHMETIC:
        return "arithmetic"
    if one.kind == "bound":
        return "bound"
    return "calibrated" if one.kind == "calibrated" or one.case in OWN_DATA else "measured"


def _of_battery(one: Published) -> Case:
    miss = one.note if one.kind == "outside" else ""
    note = one.note if not miss else ""
    if one.case in OWN_DATA:
        note = f"{note}; " * bool(note) + "the profile was made from this discharge"
    name = "rule" if one.case.startswith("trap") else one.case
    return Case(name, one.what, one.published, one.unit, one.tolerance, one.predict, _kind(one), note, miss, one.facts)


def all_cases() -> list[Case]:
    """Every case, in the order of the collection."""
    found = [*worked.CASES, *boards.CASES, *(_of_battery(one) for one in PUBLISHED)]
    return sorted(found, key=lambda case: case.case)
