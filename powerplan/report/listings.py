"""The tables of a report as plain rows, for the PDF and the Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from powerplan.report.facts import ReportFacts

Said = Mapping[str, Any]


@dataclass(frozen=True)
class Listing:
    """One table with its heading."""

    heading: str
    head: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    widths: tuple[float, ...]
    """Of the columns, as shares of a page."""
    numbers: tuple[int, ...] = ()
    """Columns set to the right."""
    marked: Mapping[int, str] | None = None
    """Row -> style of the cell in `mark_column`: a verdict, or that a figure is assumed."""
    mark_column: int = 0
    intro: str = ""


def _with(text: str, more: str, form: str) -> str:
    """A text, and more of it where there is more."""
    return text + form.format(more) if more else text


def requirement_listing(said: Said) -> Listing:
    """Verdict, line, value with interval, limit, margin, probability."""
    rows = said["requirements"]
    return Listing("Requirements", ("Verdict", "Requirement", "Found", "Limit", "Margin", "Probability"), [
        (f"{row['sign']} {row['verdict']}", _with(f"{row['id']}  {row['text']}", row["note"], ". {}"),
         _with(row["value"], row["range"], " ({})"), row["limit"], row["margin"], row["probability"]) for row in rows],
        (24, 66, 38, 22, 15, 17), (2, 3, 4, 5), {n: row["style"] for n, row in enumerate(rows)})


def drain_listing(said: Said) -> Listing:
    """The parts and states that take most."""
    rows = said["drains"]
    return Listing(f"Top {len(rows)} drains", ("Part", "State", "Energy per day", "Share"), [
        (row["name"], row["state"], row["energy"], row["share"]) for row in rows], (60, 62, 35, 25), (2, 3))


def gate_listing(said: Said) -> Listing:
    """What is needed and what there is."""
    rows = said["gates"]
    return Listing("Does it fit", ("Gate", "Needed", "Available", "Fits", "Detail"), [
        (row["name"], row["needed"], row["available"], "✓ yes" if row["passes"] else "✕ no", row["detail"])
        for row in rows], (28, 22, 22, 18, 92), (1, 2),
        {n: "pass" if row["passes"] else "fail" for n, row in enumerate(rows)}, 3)


def later_listings(said: Said, facts: ReportFacts) -> list[Listing]:
    """Everything a reviewer may ask for after the plots; empty tables are left out."""
    found = [_pairs(said), _models(said)]
    found.append(Listing("Events by their end", ("Cascade", "End", "Events"), [
        (row["cascade"], row["cause"], row["count"]) for row in said["misses"]], (60, 92, 30), (2,)))
    found.append(Listing("Worst pulses", ("Pulse", "Current", "Power", "Length", "Per day"), [
        (row["name"], row["current"], row["power"], row["duration"], row["per_day"]) for row in said["pulses"]],
        (82, 25, 25, 25, 25), (1, 2, 3, 4)))
    found.append(Listing("Check against the closed form", ("Quantity", "Simulated", "Closed form", "Difference"), [
        (_with(row["name"], row["note"], ". {}"), row["simulated"], row["closed_form"], row["difference"])
        for row in said["checks"]],
        (92, 30, 30, 30), (1, 2, 3)))
    found.append(Listing("All numbers", ("Metric", "Value", "Interval", "How it was found"), [
        (row["name"], row["value"], row["range"], row["method"]) for row in said["metrics"]], (46, 30, 40, 66), (1, 2)))
    found.append(_figures(said))
    return [*(one for one in found if one.rows), _reproduce(said, facts)]


def _pairs(said: Said) -> Listing:
    return Listing("Pairs of thresholds", (
        "Cascade", "Level 1", "Level 2", "Battery life", "Recall", "Alarms/day", "p95 from event", "Judged here"), [
        (_with(row["cascade"], row["role"], " ({})"), row["threshold_1"], row["threshold_2"], row["life"],
         row["recall"], row["alarms"], row["latency"], "met" if row["meets"] else f"misses {row['misses']}")
        for row in said["pairs"]], (34, 15, 15, 30, 14, 18, 16, 40), (1, 2, 3, 4, 5, 6))


def _models(said: Said) -> Listing:
    rows = said["models"]
    return Listing("Models", ("Cascade", "Level", "Runs on", "Time", "Range", "Basis", "MACs", "Flash", "Arena"), [
        (row["cascade"], row["level"], row["processor"], row["latency"], row["range"], row["basis"], row["macs"],
         row["flash"], row["arena"]) for row in rows], (24, 18, 18, 18, 32, 20, 20, 16, 16), (3, 4, 6, 7, 8),
        {n: "assumed" for n, row in enumerate(rows) if row["assumed"]}, 5)


def _figures(said: Said) -> Listing:
    rows, assumed = said["figures"], said["assumed"]
    shares = "".join(f"; {share} rests on assumed figures" for share in assumed["shares"])
    return Listing("Figures and their sources", ("Part", "Figure", "Value", "Range", "Basis", "Source"), [
        (row["part"], row["figure"], row["value"], row["range"], "ASSUMED" if row["assumed"] else row["basis"],
         _with(row["source"], row["where"], ", {}")) for row in rows], (28, 42, 20, 28, 18, 46), (2, 3),
        {n: "assumed" for n, row in enumerate(rows) if row["assumed"]}, 4,
        f"{assumed['count']} of {assumed['all']} figures are assumed, not published or measured{shares}; they stand "
        "first.")


def _reproduce(said: Said, facts: ReportFacts) -> Listing:
    simulated = _with(f"{facts.engine}, seed {facts.seed}", said["simulated"], ", {} simulated")
    rows = [("Scenario", facts.scenario), ("Engine, seed", simulated), *said["versions"], *said["hashes"]]
    return Listing("Reproduce", ("What", "Value"), rows, (52, 130), intro=facts.command)


def life_lines(said: Said) -> list[str]:
    """The battery life, its interval and end, and the mean power."""
    life, power = said["life"], said["power"]
    if life is None:
        return ["No battery life was computed."]
    between = f"90 % interval {life['range']}." if life["range"] else life["no_range"]
    end = f" It ends when {life['end']}{_with('', life['brown_out'], ' (brown-out at {})')}." if life["end"] else ""
    lines = [life["value"], *([life["despite"]] if life["despite"] else []), between + end]
    return lines if power is None else [*lines, f"Mean power {power['value']} at the battery: {power['words']}."]
