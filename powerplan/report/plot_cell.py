"""A cell at several temperatures: open-circuit voltage and resistance over depth of discharge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from powerplan.report.facts import ReportFacts
from powerplan.report.style import SERIES, Sheet, calm, label, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEGEND_ROOM = 1.02


@styled
def draw_cell(name: str, profile: str, courses: Mapping[float, Sequence[Mapping[str, float]]],
              measured_c: Sequence[float]) -> Figure:
    """One line a temperature; voltage on the left, resistance on the right. Rows as of `study.battery.curve_rows`."""
    rows = {temperature_c: list(course) for temperature_c, course in sorted(courses.items())}
    coldest, warmest = next(iter(rows)), list(rows)[-1]
    half = {temperature_c: course[len(course) // 2] for temperature_c, course in rows.items()}
    title = f"{name}: {half[warmest]['resistance_ohm']:.3g} ohm at {warmest:g} °C and half charge"
    if coldest != warmest:
        title += f", {half[coldest]['resistance_ohm']:.3g} ohm at {coldest:g} °C"
    measured = ", ".join(f"{value:g}" for value in measured_c)
    facts = ReportFacts(product=name, scenario=profile)
    sheet = Sheet(title, f"measured at {measured} °C; other temperatures are carried by the model", 3.4, facts)
    left, right = sheet.axes(0.62, 4.05, 0.3, 0.5), sheet.axes(4.3, 0.15, 0.3, 0.5)
    for number, (temperature_c, course) in enumerate(rows.items()):
        depth = [100 * row["depth_of_discharge"] for row in course]
        look = {"color": SERIES[number % len(SERIES)], "label": label(f"{temperature_c:g} °C")}
        left.plot(depth, [row["open_circuit_v"] for row in course], **look)  # type: ignore[arg-type]
        right.plot(depth, [max(row["resistance_ohm"], 1e-6) for row in course], **look)  # type: ignore[arg-type]
    right.set_yscale("log")
    right.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    for axes, what in ((left, "open circuit [V]"), (right, "resistance [ohm]")):
        axes.set_xlabel("depth of discharge [% of what can be used]")
        axes.set_ylabel(what)
        axes.set_xlim(0, 100)
        calm(axes)
    left.legend(loc="lower left", bbox_to_anchor=(-0.02, LEGEND_ROOM), ncols=4, borderaxespad=0.0, handlelength=1.2)
    return sheet.figure
