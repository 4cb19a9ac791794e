"""All plots of a report, and how each becomes picture files and the data beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.plot_ageing import ageing_data, ageing_finding, ageing_text, draw_ageing
from powerplan.report.plot_battery import battery_data, battery_finding, battery_text, draw_battery
from powerplan.report.plot_det import det_data, det_finding, det_text, draw_det
from powerplan.report.plot_energy import draw_energy, energy_data, energy_finding, energy_text
from powerplan.report.plot_figures import draw_figures, figures_data, figures_finding, figures_text
from powerplan.report.plot_latency import draw_latency, latency_data, latency_finding, latency_text
from powerplan.report.plot_life import draw_life, life_data, life_finding, life_text
from powerplan.report.plot_misses import draw_misses, misses_data, misses_finding, misses_text
from powerplan.report.plot_pareto import draw_pareto, pareto_data, pareto_finding, pareto_text
from powerplan.report.plot_sending import draw_sending, sending_data, sending_finding, sending_text
from powerplan.report.plot_sweep import draw_map, map_data, map_finding, map_text
from powerplan.report.plot_timeline import draw_timeline, timeline_data, timeline_finding, timeline_text
from powerplan.report.plot_tornado import draw_tornado, tornado_data, tornado_finding, tornado_text
from powerplan.report.style import to_pdf, to_png, to_svg
from powerplan.report.words import PROSE_LIMIT_COUNT, clean, finite
from powerplan.results.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SVG_LIMIT_BYTES = 1_200_000
"""A drawing larger than this goes into a page as a picture, so that the page stays under 5 MB."""


@dataclass(frozen=True)
class Plot:
    """One kind of plot: its data, its title, its words, and the function that draws it."""

    name: str
    heading: str
    caption: str
    data: Callable[[Tables], Table]
    finding: Callable[[Tables, ReportFacts], str]
    text: Callable[[Tables, ReportFacts], str]
    draw: Callable[[Tables, ReportFacts], Figure]
    needs: str = ""
    """Table without which there is no such plot; an empty one gives a plot that says why."""
    by_cascade: bool = False
    """One plot for each cascade in that table."""


PLOTS = (
    Plot("energy", "Energy by part and state",
         "Each step is one part in one state, the largest first; the hatched steps are lost in the supply.",
         energy_data, energy_finding, energy_text, draw_energy),
    Plot("battery", "Battery discharge",
         "Voltages and charge until the end of life; the grey band is where the end lies with 90 %.",
         battery_data, battery_finding, battery_text, draw_battery),
    Plot("life", "Spread of the battery life",
         "Every sample is the same product with other currents, cells and temperatures within their ranges.",
         life_data, life_finding, life_text, draw_life, needs="lives"),
    Plot("ageing", "First day against aged",
         "What the battery would last if it stayed as it is when new, and what the worst pulse leaves as it ages; both "
         "carry the demand of this run.", ageing_data, ageing_finding, ageing_text, draw_ageing, needs="ageing"),
    Plot("timeline", "Power of one activation",
         "A box is a part in a state, stronger the more power it takes; the line above is all parts together.",
         timeline_data, timeline_finding, timeline_text, draw_timeline),
    Plot("latency", "Latency by stage",
         "The bars show the stages of the activations around a percentile; stages after the diamond follow the action.",
         latency_data, latency_finding, latency_text, draw_latency),
    Plot("misses", "Missed events",
         "Every missed event counts once, under the first thing that kept it from being detected.",
         misses_data, misses_finding, misses_text, draw_misses),
    Plot("map", "Thresholds and battery life",
         "Every pair of thresholds was counted on the same events; a framed pair meets every requirement it can be "
         "judged by. Lives are those of typical figures under the mean demand of the days counted.",
         map_data, map_finding, map_text, draw_map, needs="sweep", by_cascade=True),
    Plot("det", "Missed events against false alarms",
         "What the cascade reaches with its best pairs, and what each level would alone; dots are all pairs.",
         det_data, det_finding, det_text, draw_det, needs="sweep", by_cascade=True),
    Plot("pareto", "Battery life against recall",
         "The third axis, false alarms, is the colour; a pair is beaten if another is as good in all three and better "
         "in one.", pareto_data, pareto_finding, pareto_text, draw_pareto, needs="sweep", by_cascade=True),
    Plot("tornado", "What matters most",
         "One value at a time moves through its range, all others typical, under the mean demand of at most a week; "
         "red and hatched ones are assumed.",
         tornado_data, tornado_finding, tornado_text, draw_tornado, needs="tornado"),
    Plot("sending", "Sending against computing",
         "What one decision takes where it is made on the device, and what its result or its raw data take to send.",
         sending_data, sending_finding, sending_text, draw_sending, needs="sending"),
    Plot("figures", "Currents the answer rests on",
         "A dot is the value used and the bar its published range; hollow and red means assumed.",
         figures_data, figures_finding, figures_text, draw_figures),
)
"""In the order of the report."""


@dataclass(frozen=True)
class Picture:
    """A plot of one result, ready to be written."""

    plot: Plot
    title: str
    alt: str
    data: Table
    files: Mapping[str, bytes]
    """Kind of file (svg, png, pdf) -> its bytes."""

    @property
    def svg(self) -> str:
        """The plot as SVG."""
        return self.files["svg"].decode("utf-8")

    def document(self) -> dict[str, Any]:
        """Title, words and data as plain maps: what the page and the service show of this plot."""
        return _document(self.plot, self.title, self.alt, self.data)


def _document(plot: Plot, title: str, alt: str, data: Table) -> dict[str, Any]:
    return {"name": plot.name, "heading": plot.heading, "title": title, "caption": plot.caption, "text": alt,
            "columns": {name: [_plain(value) for value in values] for name, values in data.columns.items()}}


def _plain(value: Any) -> Any:
    """A value as JSON can hold it; numbers that are none become nothing."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return value
    if type(value).__name__ in ("bool", "bool_"):
        return bool(value)
    return finite(value)


def plots_of(tables: Tables) -> list[tuple[Plot, Tables]]:
    """The plots that a result has, each with its tables; one for each cascade where there are several."""
    found: list[tuple[Plot, Tables]] = []
    for plot in PLOTS:
        if plot.needs and plot.needs not in tables:
            continue
        cascades = list(dict.fromkeys(tables[plot.needs].columns["cascade"])) if plot.by_cascade else []
        if len(cascades) < 2:
            found.append((plot, tables))
            continue
        for number, cascade in enumerate(cascades, 1):
            one = replace(plot, name=f"{plot.name}-{number}", heading=f"{plot.heading}: {clean(cascade, 60)}")
            found.append((one, {**tables, plot.needs: _only(tables[plot.needs], cascade)}))
    return found


def _only(table: Table, cascade: str) -> Table:
    kept = [n for n, name in enumerate(table.columns["cascade"]) if name == cascade]
    return Table(table.name, {name: [values[n] for n in kept] for name, values in table.columns.items()})


def plot_documents(tables: Tables, facts: ReportFacts) -> dict[str, dict[str, Any]]:
    """Title, words and data of every plot by name, as plain maps; nothing is drawn."""
    return {plot.name: _document(plot, clean(plot.finding(own, facts)),
                                 clean(plot.text(own, facts), PROSE_LIMIT_COUNT), plot.data(own))
            for plot, own in plots_of(tables)}


def picture(plot: Plot, tables: Tables, facts: ReportFacts, kinds: Iterable[str] = ("svg", "png")) -> Picture:
    """Draw one plot of a result, in each of these kinds of file."""
    files: dict[str, bytes] = {}
    if wanted := tuple(kinds):
        figure = plot.draw(tables, facts)
        makers: dict[str, Callable[[], bytes]] = {
            "svg": lambda: to_svg(figure, plot.name).encode("utf-8"), "png": lambda: to_png(figure),
            "pdf": lambda: to_pdf(figure)}
        files = {kind: makers[kind]() for kind in wanted}
        if len(files.get("svg", b"")) > SVG_LIMIT_BYTES:
            files.setdefault("png", makers["png"]())
    return Picture(plot, clean(plot.finding(tables, facts)), clean(plot.text(tables, facts), PROSE_LIMIT_COUNT),
                   plot.data(tables), files)


def pictures(tables: Tables, facts: ReportFacts, kinds: Iterable[str] = ("svg", "png")) -> list[Picture]:
    """Draw all plots of a result."""
    wanted = tuple(kinds)
    return [picture(plot, own, facts, wanted) for plot, own in plots_of(tables)]
