"""All plots of a report, and how each becomes picture files and the data beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from powerplan.report.facts import ReportFacts, Tables
from powerplan.report.plot_battery import battery_data, battery_finding, battery_text, draw_battery
from powerplan.report.plot_energy import draw_energy, energy_data, energy_finding, energy_text
from powerplan.report.plot_figures import draw_figures, figures_data, figures_finding, figures_text
from powerplan.report.plot_latency import draw_latency, latency_data, latency_finding, latency_text
from powerplan.report.plot_misses import draw_misses, misses_data, misses_finding, misses_text
from powerplan.report.plot_timeline import draw_timeline, timeline_data, timeline_finding, timeline_text
from powerplan.report.style import to_png, to_svg
from powerplan.report.words import PROSE_LIMIT_COUNT, clean
from powerplan.results.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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


PLOTS = (
    Plot("energy", "Energy by part and state",
         "Each step is one part in one state, the largest first; the hatched steps are lost in the supply.",
         energy_data, energy_finding, energy_text, draw_energy),
    Plot("battery", "Battery discharge",
         "Voltages and charge until the end of life; the grey band is where the end lies with 90 %.",
         battery_data, battery_finding, battery_text, draw_battery),
    Plot("timeline", "Power of one activation",
         "A box is a part in a state, stronger the more power it takes; the line above is all parts together.",
         timeline_data, timeline_finding, timeline_text, draw_timeline),
    Plot("latency", "Latency by stage",
         "The bars show the stages of the activations around a percentile; stages after the diamond follow the action.",
         latency_data, latency_finding, latency_text, draw_latency),
    Plot("misses", "Missed events",
         "Every missed event counts once, under the first thing that kept it from being detected.",
         misses_data, misses_finding, misses_text, draw_misses),
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
    svg: str
    png: bytes
    data: Table


def picture(plot: Plot, tables: Tables, facts: ReportFacts) -> Picture:
    """Draw one plot of a result."""
    figure = plot.draw(tables, facts)
    return Picture(plot, clean(plot.finding(tables, facts)), clean(plot.text(tables, facts), PROSE_LIMIT_COUNT),
                   to_svg(figure, plot.name), to_png(figure), plot.data(tables))


def pictures(tables: Tables, facts: ReportFacts) -> list[Picture]:
    """Draw all plots of a result."""
    return [picture(plot, tables, facts) for plot in PLOTS]
