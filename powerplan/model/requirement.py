"""Requirement lines: `latency.approach p95 <= 800 ms @ 90 %` as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from powerplan.errors import PowerplanError
from powerplan.units import UnitError, parse_quantity


@dataclass(frozen=True)
class Metric:
    """Something a requirement can be about."""

    name: str
    dimension: str
    about: str
    """What may follow after a dot: `tasks`, `cascades`, `parts`, `events` or nothing."""
    meaning: str
    example: str


METRICS = {metric.name: metric for metric in (
    Metric("battery_life", "duration", "", "time until the battery ends: charge, voltage or shelf life",
           "battery_life >= 2 years @ 90 %"),
    Metric("average_current", "current", "", "mean current at the battery", "average_current <= 40 uA"),
    Metric("charge_per_day", "charge", "", "charge drawn from the battery a day", "charge_per_day <= 2 mAh"),
    Metric("energy_per_day", "energy", "", "energy drawn from the battery a day", "energy_per_day <= 20 J"),
    Metric("recall", "fraction", "cascades", "share of target events that are detected", "recall.person >= 0.95"),
    Metric("precision", "fraction", "cascades", "share of detections that are true", "precision.person >= 0.9"),
    Metric("escalation", "fraction", "cascades", "share of level-1 decisions that go on to level 2",
           "escalation.person <= 10 %"),
    Metric("false_alarms", "rate", "cascades", "false detections per calendar day", "false_alarms <= 1/day"),
    Metric("detections", "rate", "cascades", "detections per calendar day", "detections.person <= 30/day"),
    Metric("latency", "duration", "tasks", "onset of the event to the action", "latency.approach p95 <= 800 ms"),
    Metric("cpu_utilisation", "fraction", "parts", "largest share of a processor that is busy",
           "cpu_utilisation <= 70 %"),
    Metric("supply_voltage", "voltage", "rails", "lowest voltage under the worst pulse", "supply_voltage >= 4.5 V"),
    Metric("supply_dip", "voltage", "", "deepest fall below the resting voltage under a pulse", "supply_dip <= 0.2 V"),
    Metric("pulse_voltage_new", "voltage", "", "worst pulse of the new, rested battery at the coldest temperature",
           "pulse_voltage_new >= 3 V"),
    Metric("pulse_voltage_aged", "voltage", "", "the same at the required life or the end",
           "pulse_voltage_aged >= 2 V"),
    Metric("first_pulse_voltage", "voltage", "", "worst pulse after storage, before a passivation film breaks",
           "first_pulse_voltage >= 2.5 V"),
    Metric("coldest_week_current", "current", "", "mean battery current in the coldest week of the last winter",
           "coldest_week_current <= 1 mA"),
    Metric("coldest_week_voltage", "voltage", "", "lowest voltage under a pulse in that week",
           "coldest_week_voltage >= 2.2 V"),
    Metric("releases", "rate", "tasks", "activations of a task per day", "releases.heartbeat <= 1.2/day"),
    Metric("cycles", "number", "tasks", "activations of a task within the battery life", "cycles.unlock >= 3000"),
    Metric("after_alarm", "number", "tasks", "activations of a task after the low-battery alarm",
           "after_alarm.unlock >= 100"),
    Metric("time_after_alarm", "duration", "", "life after the low-battery alarm", "time_after_alarm >= 14 days"),
    Metric("net_energy", "energy", "", "harvest less demand in the worst month", "net_energy >= 0 J"),
    Metric("net_charge_per_day", "charge", "", "harvest less demand and self-discharge in the worst month, a day",
           "net_charge_per_day >= 0 mAh"),
    Metric("autonomy", "duration", "", "life without any harvest", "autonomy >= 14 days"),
    Metric("false_rejects", "fraction", "cascades", "share of target events reaching a level that it refuses",
           "false_rejects.face.level2 <= 3 %"),
    Metric("count_error", "fraction", "cascades", "mean daily difference between detections and events",
           "count_error.cats <= 10 %"),
    Metric("messages", "rate", "parts", "messages sent per day, by radio or in all", "messages <= 1.2/day"),
    Metric("delivered", "fraction", "parts", "share of a radio's messages that arrive, within its tries and its store",
           "delivered.radio >= 99 %"),
    Metric("bytes_sent", "data", "", "bytes leaving the device per day", "bytes_sent <= 1 kB"),
    Metric("bytes_stored", "data", "", "bytes written to a card per day: `run` steps that state `bytes`",
           "bytes_stored <= 0 B"),
)}
STAGE_POINTS = ("decision", "action", "delivered")
"""Ends of a latency besides the stages themselves."""
OPERATORS = ("<=", ">=", "<", ">", "==")
LINE = re.compile(r"^\s*(?P<metric>[^\W\d](?:(?!\s)[\w.\u0080-\U0010ffff])*)\s*(?P<percentile>p\d{1,3}(?:\.\d+)?)?\s*"
                  r"(?P<operator><=|>=|==|<|>)\s*(?P<limit>[^@]+?)\s*(?:@\s*(?P<confidence>.+?)\s*)?$")
TOGETHER = re.compile(r"^\s*never_together\s*\(\s*(?P<parts>[\w\s,\u0080-\U0010ffff]+)\)\s*$")
SHORTEST_PERCENTILE, LONGEST_PERCENTILE = 0.0, 100.0


class RequirementError(PowerplanError):
    """A requirement line cannot be read."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.message, self.hint = message, hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}"


@dataclass(frozen=True)
class Requirement:
    """One line a product must meet."""

    id: str
    text: str
    metric: str
    """Name as it stands in the results: `latency.approach.p95`."""
    operator: str
    limit: float
    """In SI units."""
    dimension: str
    confidence_fraction: float | None = None
    together: tuple[str, ...] = ()
    """Parts that may never be on at the same time; then there is no limit."""

    def holds(self, value: float) -> bool:
        """Whether a value meets the line."""
        limit = self.limit
        return {"<=": value <= limit, ">=": value >= limit, "<": value < limit, ">": value > limit,
                "==": value == limit}[self.operator]

    def margin(self, value: float) -> float | None:
        """How far a value is on the good side, as a share of the limit; the difference where the limit is 0."""
        good = value - self.limit if self.operator in (">=", ">") else self.limit - value
        return good / abs(self.limit) if self.limit else good


def parse_requirement(name: str, text: str, known: Mapping[str, tuple[str, ...]]) -> Requirement:
    """A requirement line as data. Raises RequirementError.

    `known` names the tasks, cascades, parts and own metrics of the scenario.
    """
    together = TOGETHER.match(text)
    if together:
        parts = tuple(part.strip() for part in together["parts"].split(","))
        for part in parts:
            if part not in known.get("parts", ()):
                raise RequirementError(f"there is no part {part!r}", f"parts: {', '.join(known.get('parts', ()))}")
        return Requirement(name, text, "never_together", "==", 0.0, "number", None, parts)
    match = LINE.match(text)
    if match is None:
        raise RequirementError(f"cannot read {text!r}", "write METRIC OPERATOR LIMIT, as in battery_life >= 1 year "
                               "@ 90 %; operators: " + ", ".join(OPERATORS))
    metric, dimension = _metric(match["metric"], match["percentile"], known)
    return Requirement(name, text, metric, match["operator"], _limit(match["limit"], dimension, metric), dimension,
                       _confidence(match["confidence"]))


def in_percent(text: str) -> bool:
    """Whether a line states its limit in per cent, so that what was found is told in per cent as well."""
    match = LINE.match(text)
    return match is not None and match["limit"].endswith("%")


def _metric(given: str, percentile: str | None, known: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
    if given in known.get("metrics", ()):
        return given, "number"
    head, *rest = given.split(".")
    if head not in METRICS:
        import difflib

        near = difflib.get_close_matches(head, METRICS, n=1)
        hint = f'did you mean "{near[0]}"?' if near else "metrics: " + ", ".join(METRICS)
        raise RequirementError(f"there is no metric {head!r}", hint)
    metric = METRICS[head]
    names = known.get(metric.about, ())
    if rest and metric.about not in ("", "rails") and rest[0] not in names:
        raise RequirementError(f"{head} of {rest[0]!r}: there is no such thing among {metric.about}",
                               f"there is: {', '.join(names) or 'none'}")
    if not rest and metric.about in ("tasks", "cascades") and len(names) != 1:
        raise RequirementError(f"{head} needs a name", f"write {head}.NAME with one of: {', '.join(names) or 'none'}")
    if not rest and metric.about in ("tasks", "cascades"):
        rest = [names[0]]
    if head != "latency":
        if percentile is not None:
            raise RequirementError(f"{head} has no percentile {percentile}", f"example: {metric.example}")
        full = [head, *rest] if len(names) != 1 or metric.about not in ("tasks", "cascades") or rest else [head]
        return ".".join(full), metric.dimension
    if percentile is None and rest[-1].startswith("p") and rest[-1][1:].replace(".", "").isdigit():
        percentile = rest.pop()
    if percentile is None:
        raise RequirementError("latency needs a percentile", f"example: {metric.example}")
    if not SHORTEST_PERCENTILE <= float(percentile[1:]) <= LONGEST_PERCENTILE:
        raise RequirementError(f"{percentile} is no percentile", "p0 to p100, as in p95")
    return ".".join(["latency", *rest, percentile]), metric.dimension


def _limit(text: str, dimension: str, metric: str) -> float:
    try:
        if dimension == "number":
            return float(text.replace(",", "").replace("_", ""))
        return parse_quantity(text, dimension)
    except UnitError as error:
        raise RequirementError(f"{metric}: {error}", "") from None
    except ValueError:
        raise RequirementError(f"{metric}: {text!r} is no number", "example: cycles.unlock >= 3000") from None


def _confidence(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        value = parse_quantity(text, "fraction")
    except UnitError as error:
        raise RequirementError(f"confidence: {error}", "example: @ 90 %") from None
    if not 0.0 < value < 1.0:
        raise RequirementError(f"confidence {text!r} is not between 0 and 100 %", "example: @ 90 %")
    return value
