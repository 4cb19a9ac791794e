"""Which design to build: objectives, the designs no other one beats, the cheapest that meets all lines, or the nearest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from powerplan.errors import PowerplanError
from powerplan.study.designs import pair_text, unit_in, value_in
from powerplan.study.difference_text import value_of

if TYPE_CHECKING:
    from powerplan.study.optimize import Played

LARGER = ("battery_life", "recall", "precision", "autonomy", "net_energy", "net_charge_per_day", "supply_voltage",
          "pulse_voltage_new", "pulse_voltage_aged", "first_pulse_voltage", "coldest_week_voltage", "cycles",
          "after_alarm", "time_after_alarm", "detections")
"""Heads of metrics of which more is better; of all others, less."""
COST = "unit_cost"
LIFE = "battery_life"
DIRECTIONS = ("max", "min")
OBJECTIVES_LIMIT_COUNT = 6


class ObjectiveProblem(PowerplanError):
    """An objective that cannot be read."""


@dataclass(frozen=True)
class Objective:
    """A metric, or a sum of the bill, and which way is better."""

    name: str
    direction: str

    def cost(self, value: float | None) -> float:
        """The value as something that should be small; what is not known is worst."""
        if value is None:
            return math.inf
        return -value if self.direction == "max" else value

    def document(self) -> dict[str, Any]:
        """The objective as plain maps."""
        return {"name": self.name, "direction": self.direction}


def direction_of(name: str) -> str:
    """Which way a metric is better."""
    return "max" if name.split(".")[0] in LARGER else "min"


def objectives_of(texts: Sequence[str]) -> tuple[Objective, ...]:
    """`battery_life`, `unit_cost:min`. Raises ObjectiveProblem."""
    found = []
    for text in texts:
        name, colon, direction = text.strip().partition(":")
        if not name or (colon and direction not in DIRECTIONS):
            raise ObjectiveProblem(f"--objective {text!r}: write METRIC or METRIC:max or METRIC:min; example: "
                                   "battery_life, unit_cost, latency.approach.p95:min")
        found.append(Objective(name, direction or direction_of(name)))
    if len({one.name for one in found}) < len(found):
        raise ObjectiveProblem("an objective is given twice")
    if len(found) > OBJECTIVES_LIMIT_COUNT:
        raise ObjectiveProblem(f"{len(found)} objectives; at most {OBJECTIVES_LIMIT_COUNT}")
    return tuple(found)


def default_objectives(results: Sequence[Mapping[str, Any]]) -> tuple[Objective, ...]:
    """Battery life, cost where some of it is known, and what the requirements are about."""
    names = [LIFE]
    if any(value_in(result, COST) is not None for result in results):
        names.append(COST)
    for result in results:
        for line in result["requirements"]:
            if line["metric"] in result["metrics"] and line["metric"] not in names:
                names.append(line["metric"])
    return tuple(Objective(name, direction_of(name)) for name in names[:OBJECTIVES_LIMIT_COUNT])


def pareto_front(costs: Sequence[Sequence[float]]) -> list[int]:
    """Places of the rows that no other row beats: as small everywhere and smaller somewhere; of equals, the first."""
    kept: list[int] = []
    order = sorted(range(len(costs)), key=lambda place: (tuple(costs[place]), place))
    for place in order:
        row = costs[place]
        if not any(all(one <= other for one, other in zip(costs[best], row, strict=True)) for best in kept):
            kept.append(place)
    return kept


@dataclass(frozen=True)
class Choice:
    """The design to build, or the nearest one where none meets the requirements."""

    place: int | None
    feasible: bool
    text: str
    notes: tuple[str, ...]


def choose(designs: Sequence[Played], strict: bool) -> Choice:
    """The cheapest design that meets every line; the longest life where prices do not say which is cheapest."""
    able = [place for place, one in enumerate(designs) if one.meets and (not strict or _all_pass(one))]
    if not able:
        return _nearest(designs, strict)
    priced, why = _comparable_prices([designs[place] for place in able])
    lives = {place: designs[place].value(LIFE) or 0.0 for place in able}
    if priced:
        best = min(able, key=lambda place: (round(designs[place].value(COST) or 0.0, 9), -lives[place], place))
        one = designs[best]
        missing = one.result["bill"][COST]["missing"]
        without = f" without {', '.join(missing)}" if missing else ""
        what = (f"cheapest design that meets all lines: {one.label}: "
                f"{value_of(one.value(COST), unit_in(one.result, COST))}{without}, "
                f"battery life {value_of(one.value(LIFE), 'd')}")
    else:
        best = max(able, key=lambda place: (lives[place], -place))
        one = designs[best]
        what = (f"which design is cheapest cannot be told ({why}); the longest life that meets all lines: {one.label}: "
                f"{value_of(one.value(LIFE), 'd')}")
    return Choice(best, True, f"{what}{_thresholds(one)}", _notes(one, len(able), len(designs)))


def _all_pass(one: Played) -> bool:
    return all(line["verdict"] == "PASS" for line in one.result["requirements"])


def _comparable_prices(able: Sequence[Played]) -> tuple[bool, str]:
    """Whether prices can be ranked, and why not: the same items must lack one in all designs."""
    sums = [one.result["bill"].get(COST) for one in able]
    if any(found is None or found["value"] is None for found in sums):
        return False, "no unit_cost is stated"
    lacking = {tuple(found["missing"]) for found in sums if found is not None}
    if len(lacking) > 1:
        names = sorted({name for missing in lacking for name in missing})
        return False, f"no unit_cost is stated for {', '.join(names)} in some of them"
    return True, ""


def _thresholds(one: Played) -> str:
    pair = one.result["thresholds"]
    return f", thresholds {pair_text(pair, ' and ')}" if pair else ""


def _notes(one: Played, able_count: int, count: int) -> tuple[str, ...]:
    found = [f"{able_count} of {count} designs meet all lines"]
    found += [f"{line['id']} {line['text']}: {line['verdict']}{' (' + line['note'] + ')' if line['note'] else ''}"
              for line in one.result["requirements"] if line["verdict"] != "PASS"]
    if one.result["bill"].get(COST) and one.result["bill"][COST]["assumed"]:
        found.append("prices are partly assumed")
    return (*found, *one.result["notes"])


def _nearest(designs: Sequence[Played], strict: bool) -> Choice:
    """The design that misses least."""
    played = [place for place, one in enumerate(designs) if one.done]
    if not played:
        return Choice(None, False, "no design can be played", ())
    best = min(played, key=lambda place: (designs[place].result["distance"] or 0.0,
                                          -(designs[place].value(LIFE) or 0.0), place))
    one = designs[best]
    misses = list(one.result["misses"])
    if strict and not misses:
        misses = [f"{line['id']} {line['text']} ({line['verdict']})" for line in one.result["requirements"]
                  if line["verdict"] != "PASS"]
    text = f"infeasible, nearest is {one.label}: misses {'; '.join(misses)}{_thresholds(one)}"
    return Choice(best, False, text, _notes(one, 0, len(designs))[:1])

