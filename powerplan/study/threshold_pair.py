"""One pair of thresholds: what it gives the device, which requirements it meets, and which pair to ship."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from powerplan.model.requirement import Requirement
from powerplan.study.metrics import share_ends

SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True)
class PairRow:
    """What one pair of thresholds gives the device."""

    threshold_1: float
    threshold_2: float
    recall: float | None
    recall_low: float | None
    recall_high: float | None
    false_alarms_per_day: float
    false_alarms_low: float
    false_alarms_high: float
    escalation: float | None
    detections_per_day: float
    latency_p50_s: float | None
    latency_p95_s: float | None
    latency_p99_s: float | None
    """From onset (or the end, where the tasks say so) to the start of the action; upper edge of a bin 10 % wide."""
    average_current_a: float
    battery_life_days: float
    misses: tuple[str, ...] = ()
    """Requirements that the pair does not meet, in words."""
    unsure: tuple[str, ...] = ()
    """Requirements that it meets as counted, and not over the whole interval of what was counted."""
    distance: float = 0.0
    """Sum of the misses, each as a share of the larger of value and limit."""

    @property
    def meets(self) -> bool:
        """Whether every requirement that was judged is met."""
        return not self.misses


Answer = tuple[float | None, float | None, float | None]
"""Value of a metric and the ends of its interval, in SI units; the value alone where nothing was counted for it."""


def answers(row: PairRow, cascade: str, tasks: Sequence[str], shares: Mapping[str, tuple[int, int]]
            ) -> dict[str, Answer]:
    """What a row says of each metric that a requirement may name.

    `tasks` are those whose latency the row holds; `shares` are (events, of how many) by metric.
    """
    typical = {
        "battery_life": row.battery_life_days * SECONDS_PER_DAY, "average_current": row.average_current_a,
        "charge_per_day": row.average_current_a * SECONDS_PER_DAY, f"escalation.{cascade}": row.escalation,
        f"detections.{cascade}": row.detections_per_day / SECONDS_PER_DAY}
    for task in tasks:
        typical |= {f"latency.{task}.p50": row.latency_p50_s, f"latency.{task}.p95": row.latency_p95_s,
                    f"latency.{task}.p99": row.latency_p99_s}
    found: dict[str, Answer] = {metric: (value, value, value) for metric, value in typical.items()}
    found[f"recall.{cascade}"] = row.recall, row.recall_low, row.recall_high
    found[f"false_alarms.{cascade}"] = (row.false_alarms_per_day / SECONDS_PER_DAY,
                                        row.false_alarms_low / SECONDS_PER_DAY, row.false_alarms_high / SECONDS_PER_DAY)
    for metric, (part, whole) in shares.items():
        found[metric] = (part / whole, *share_ends(part, whole)) if whole else (None, None, None)
    return found


def _miss(line: Requirement, value: float | None, row: PairRow) -> tuple[float, str] | None:
    """(share of the larger of value and limit, in words), nothing where the line is met."""
    if value is None:
        why = "no event in the days swept: more `--days`" if row.recall is None else "nothing is detected"
        return 1.0, f"{line.text} ({why})"
    if line.holds(value):
        return None
    size = abs(value - line.limit) / max(abs(value), abs(line.limit), 1e-30)
    return max(size, 1e-12), f"{line.text} by {size:.0%}"


def judged(row: PairRow, lines: Sequence[Requirement], found: Mapping[str, Answer]) -> PairRow:
    """The row with what it misses of the lines that its answers hold."""
    misses, unsure = [], []
    for line in lines:
        if line.metric not in found:
            continue
        value, *ends = found[line.metric]
        miss = _miss(line, value, row)
        if miss is not None:
            misses.append(miss)
        elif not all(end is None or line.holds(end) for end in ends):
            unsure.append(line.text)
    return replace(row, misses=tuple(text for _, text in misses), distance=sum(size for size, _ in misses),
                   unsure=tuple(unsure))


def recommended(rows: Sequence[PairRow]) -> PairRow:
    """Of the pairs that meet everything, those that do so most surely; of these the longest life, then the best recall.

    Where none meets everything: the nearest.
    """
    kept = [row for row in rows if row.meets]
    if kept:
        return max(kept, key=lambda row: (-len(row.unsure), round(row.battery_life_days, 6), row.recall or 0.0,
                                          -row.false_alarms_per_day))
    return min(rows, key=lambda row: (row.distance, -row.battery_life_days))


def pareto_front(rows: Sequence[PairRow]) -> tuple[PairRow, ...]:
    """Pairs that no other pair beats in life, recall and false alarms at once; equals once."""
    first: dict[tuple[float, float, float], PairRow] = {}
    for row in rows:
        first.setdefault((-round(row.battery_life_days, 6), -(row.recall or 0.0), row.false_alarms_per_day), row)
    kept: list[tuple[float, float, float]] = []
    for cost in sorted(first):
        if not any(all(one <= other for one, other in zip(best, cost, strict=True)) for best in kept):
            kept.append(cost)
    return tuple(first[cost] for cost in kept)
