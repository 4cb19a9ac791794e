"""What a report says, as plain texts: the page, the PDF and the Markdown all show this."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from powerplan.model.requirement import in_percent
from powerplan.report.closed_form import closed_form_note
from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.plot_energy import SUPPLY_PART, energy_data
from powerplan.report.plot_figures import ASSUMED
from powerplan.report.plot_misses import cause_words
from powerplan.report.plot_sweep import shown
from powerplan.report.words import (
    NOTHING,
    SECONDS_PER_DAY,
    beyond,
    days,
    finite,
    lived,
    measured,
    metric_row,
    number,
    outlives,
    percent,
    power_class,
    quantity,
    rows_of,
)

ROWS_LIMIT_COUNT = 1_000
DRAINS_SHOWN_COUNT = 3
PAIRS_SHOWN_COUNT = 24
LIFE = "battery_life"
MARKS = {"PASS": ("pass", "✓"), "FAIL": ("fail", "✕"), "MARGINAL": ("marginal", "≈"),
         "NOT EVALUATED": ("open", "?"), "NOT FEASIBLE": ("fail", "⊘")}
"""Verdict -> style and sign; the word itself always stands beside it."""
DESPITE = "Computed although a gate is shut: such a product cannot be built as it stands."
ASSUMED_SHARE_METRICS = (("assumed_energy", "of the energy"), ("assumed_variance", "of the variance of the life"))
"""Metrics of the summary that say what share rests on assumed figures."""


@dataclass(frozen=True)
class Headline:
    """The answer in one line."""

    style: str
    sign: str
    text: str


def content(tables: Tables, facts: ReportFacts) -> dict[str, Any]:
    """Everything a report says beside its plots, by section."""
    return {
        "headline": headline(tables), "life": _life(tables, facts), "power": _power(tables),
        "requirements": _requirements(tables, facts.horizon_days), "gates": _gates(tables), "drains": _drains(tables),
        "advice": rows_of(tables, "advice")[:ROWS_LIMIT_COUNT], "checks": _checks(tables, facts),
        "models": _models(tables),
        "metrics": _metrics(tables, facts.horizon_days), "misses": _misses(tables), "figures": _figures(tables),
        "pulses": _pulses(tables), "assumed": _assumed(tables), "pairs": _pairs(tables, facts.horizon_days),
        "hashes": sorted(facts.hashes.items()), "versions": sorted(facts.versions.items()),
        "simulated": days(facts.simulated_days) if facts.simulated_days is not None else "",
    }


def headline(tables: Tables) -> Headline:
    """What a reader who stops here should know."""
    verdicts = [str(row["verdict"]) for row in rows_of(tables, "requirements")]
    failed_gates = [row for row in rows_of(tables, "gates") if not row["passes"]]
    if failed_gates or "NOT FEASIBLE" in verdicts:
        return Headline("fail", "⊘", "Not feasible as it stands")
    if not verdicts:
        return Headline("open", "?", "No requirement is stated")
    count = len(verdicts)
    fails = verdicts.count("FAIL")
    if fails:
        return Headline("fail", "✕", f"{fails} of {count} requirements {'fails' if fails == 1 else 'fail'}"
                        if count > 1 else "The requirement fails")
    unsure = count - verdicts.count("PASS")
    if unsure:
        return Headline("marginal", "≈", f"{count - unsure} of {count} requirements are met, {unsure} "
                        f"{'is' if unsure == 1 else 'are'} not certain")
    return Headline("pass", "✓", f"All {count} requirements are met" if count > 1 else "The requirement is met")


def _range(row: Mapping[str, Any], show: Callable[[Any], str]) -> str:
    """`low to high` where there is an interval."""
    low, high = finite(row["low"]), finite(row["high"])
    if low is None or high is None or high <= low:
        return ""
    return f"{show(low)} to {show(high)}"


def _life(tables: Tables, facts: ReportFacts) -> dict[str, str] | None:
    row = metric_row(tables, "battery_life")
    if row is None:
        return None
    show = partial(lived, horizon_days=facts.horizon_days)
    shut = any(not gate["passes"] for gate in rows_of(tables, "gates"))
    alike = len(rows_of(tables, "lives")) > 1
    unseen = facts.horizon_days is not None and outlives(row["value"], facts.horizon_days)
    return {"value": f"L{beyond(facts.horizon_days)[1:]}" if unseen and facts.horizon_days else show(row["value"]),
            "range": _range(row, show), "end": "" if unseen else facts.end_words,
            "no_range": f"No interval: every sample {'lives as long' if unseen else 'ends there'}." if alike else
            "No interval: no figure with a range was varied.",
            "despite": DESPITE if shut else "",
            "brown_out": quantity(facts.brown_out_v, "voltage") if facts.brown_out_v is not None else ""}


def _power(tables: Tables) -> dict[str, str] | None:
    """Mean power at the battery and the class it is in."""
    row = metric_row(tables, "energy_per_day")
    value = finite(row["value"]) if row is not None else None
    if value is None or value <= 0:
        return None
    return {"value": quantity(value / SECONDS_PER_DAY, "power"), "words": power_class(value / SECONDS_PER_DAY)}


def _shown(metric: str, unit: str, horizon_days: float | None, of_hundred: bool) -> Callable[[Any], str]:
    """How values of a metric are written; `of_hundred` where a line states its limit in per cent."""
    if metric == LIFE:
        return partial(lived, horizon_days=horizon_days)
    return partial(measured, unit="%" if of_hundred and unit == "1" else unit, metric=metric)


def _requirements(tables: Tables, horizon_days: float | None) -> list[dict[str, Any]]:
    found = []
    for row in rows_of(tables, "requirements")[:ROWS_LIMIT_COUNT]:
        metric, unit = str(row["metric"]), str(row["unit"])
        known = metric_row(tables, metric)
        show = _shown(metric, unit, horizon_days, in_percent(str(row["text"])))
        style, sign = MARKS.get(str(row["verdict"]), ("open", "?"))
        margin = finite(row["margin_fraction"]) if finite(row["limit"]) else None  # no share of a limit of 0
        found.append({
            "id": row["id"], "text": row["text"], "verdict": row["verdict"], "style": style, "sign": sign,
            "value": show(row["value"]), "limit": show(row["limit"]) if metric != LIFE else days(row["limit"]),
            "range": _range(known, show) if known else "",
            "margin": NOTHING if margin is None else _signed(margin), "note": row["note"] or "",
            "probability": percent(row["probability"]),
        })
    return found


def _signed(fraction: float) -> str:
    return ("+" if fraction > 0 else "−" if fraction < 0 else "") + percent(abs(fraction))


def _gates(tables: Tables) -> list[dict[str, Any]]:
    found = []
    for row in rows_of(tables, "gates")[:ROWS_LIMIT_COUNT]:
        kind, unit = str(row["name"]).split(".")[0], str(row["unit"])
        show = _kib if unit == "B" else partial(measured, unit=unit, metric=kind)
        found.append({"name": row["name"], "passes": bool(row["passes"]), "detail": row["detail"],
                      "needed": show(row["needed"]), "available": show(row["available"])})
    return found


def _kib(size_bytes: Any) -> str:
    """A size as the text beside it gives it."""
    value = finite(size_bytes)
    return NOTHING if value is None else f"{value / 1024:,.1f} KiB"


def _drains(tables: Tables) -> list[dict[str, Any]]:
    rows = energy_data(tables).rows()[:DRAINS_SHOWN_COUNT]
    return [{"name": row["part"], "state": row["state"], "share": percent(row["energy_fraction"]),
             "supply": row["part"] == SUPPLY_PART, "width": f"{max(0.5, 100 * row['energy_fraction']):.1f}",
             "energy": quantity(row["energy_j_per_day"], "energy")} for row in rows]


def _checks(tables: Tables, facts: ReportFacts) -> list[dict[str, str]]:
    found = []
    for row in rows_of(tables, "closed_form")[:ROWS_LIMIT_COUNT]:
        unit = str(row["unit"])
        found.append({"name": str(row["name"]), "simulated": measured(row["simulated"], unit),
                      "closed_form": measured(row["closed_form"], unit),
                      "difference": percent(abs(finite(row["difference_fraction"]) or 0.0)),
                      "note": closed_form_note(row, facts.simulated_days)})
    return found


def _models(tables: Tables) -> list[dict[str, Any]]:
    return [row | {"latency": quantity(row["latency_s"], "duration"), "assumed": row["basis"] == ASSUMED,
                   "range": _range({"low": row["low_s"], "high": row["high_s"]},
                                   partial(quantity, dimension="duration")),
                   "flash": quantity(row["flash_bytes"], "data"), "arena": quantity(row["arena_bytes"], "data"),
                   "macs": NOTHING if finite(row["macs"]) is None else number(float(row["macs"]))}
            for row in rows_of(tables, "models")[:ROWS_LIMIT_COUNT]]


def _metrics(tables: Tables, horizon_days: float | None) -> list[dict[str, Any]]:
    of_hundred = {row["metric"] for row in rows_of(tables, "requirements") if in_percent(str(row["text"]))}
    found = []
    for row in rows_of(tables, "summary")[:ROWS_LIMIT_COUNT]:
        show = _shown(str(row["metric"]), str(row["unit"]), horizon_days, row["metric"] in of_hundred)
        found.append({"name": row["metric"], "value": show(row["value"]), "method": row["method"],
                      "range": _range(row, show)})
    return found


def _misses(tables: Tables) -> list[dict[str, Any]]:
    return [{"cascade": row["cascade"], "cause": cause_words(row["cause"]),
             "count": f"{int(finite(row['count']) or 0):,}"}
            for row in rows_of(tables, "misses")[:ROWS_LIMIT_COUNT]]


def _pulses(tables: Tables) -> list[dict[str, str]]:
    return [{"name": str(row["name"]), "current": quantity(row["current_a"], "current"),
             "power": quantity(row["power_w"], "power"), "duration": quantity(row["duration_s"], "duration"),
             "per_day": NOTHING if finite(row["per_day"]) is None else number(float(row["per_day"]))}
            for row in rows_of(tables, "pulses")[:ROWS_LIMIT_COUNT]]


def _figures(tables: Tables) -> list[dict[str, Any]]:
    """Every figure, assumed ones first."""
    found = []
    for row in rows_of(tables, "figures"):
        dimension = str(row["dimension"] or "")
        found.append({"part": row["part"], "figure": row["figure"], "value": quantity(row["value"], dimension),
                      "range": _range(row, partial(quantity, dimension=dimension)), "basis": row["basis"],
                      "source": row["source"], "where": row["where"], "assumed": row["basis"] == ASSUMED})
    ranked = sorted(found, key=lambda row: (not row["assumed"], str(row["part"]), str(row["figure"])))
    return ranked[:ROWS_LIMIT_COUNT]


def _assumed(tables: Tables) -> dict[str, Any]:
    """How many figures are assumed, and what rests on them where the summary says it."""
    rows = rows_of(tables, "figures")
    count = sum(1 for row in rows if row["basis"] == ASSUMED)
    shares = [f"{percent(found['value'])} {words}" for name, words in ASSUMED_SHARE_METRICS
              if (found := metric_row(tables, name)) is not None]
    return {"count": count, "all": len(rows), "shares": shares}


def _pairs(tables: Tables, horizon_days: float | None) -> list[dict[str, Any]]:
    """Pairs of thresholds that no other beats, the scenario's own and the recommended one; longest life first."""
    rows = [row for row in rows_of(tables, "sweep") if row["pareto"] or row["role"]]
    named = [row for row in rows if row["role"]]
    rows = named + [row for row in rows if not row["role"]][:: max(1, len(rows) // PAIRS_SHOWN_COUNT)]
    roles = {"own": "this scenario", "chosen": "recommended or nearest"}
    return [{"cascade": row["cascade"], "threshold_1": shown(row["threshold_1"]),
             "threshold_2": shown(row["threshold_2"]), "life": lived(row["battery_life_days"], horizon_days),
             "recall": percent(row["recall"]), "alarms": number(float(row["false_alarms_per_day"])),
             "latency": quantity(row["latency_p95_s"], "duration"), "meets": bool(row["meets"]),
             "misses": row["misses"], "role": ", ".join(roles[one] for one in str(row["role"]).split() if one in roles)}
            for row in sorted(rows, key=lambda row: (-row["battery_life_days"], -(finite(row["recall"]) or 0.0),
                                                     row["threshold_1"], row["threshold_2"]))]
