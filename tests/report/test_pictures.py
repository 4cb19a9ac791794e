"""Every plot draws every table, with every text, the same each time."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from powerplan.report.facts import ReportFacts
from powerplan.report.plot_energy import energy_data
from powerplan.report.plot_timeline import TimeAxis
from powerplan.report.plots import PLOTS, picture, plot_documents, plots_of
from powerplan.report.style import kept_points, to_pdf, to_svg
from powerplan.report.typeface import drawable, families
from powerplan.results.tables import Table
from tests.report import made

CASES: dict[str, Callable[[], tuple[dict[str, Table], ReportFacts]]] = {
    "typical": lambda: (made.typical(), made.FACTS),
    "one part": lambda: (made.one_part(), made.FACTS),
    "20 parts": lambda: (made.many_parts(20), made.FACTS),
    "zero events": lambda: (made.zero_events(), made.FACTS),
    "two cascades": lambda: (made.two_cascades(), made.FACTS),
    "no cascade": lambda: (made.no_cascade(), made.FACTS),
    "not feasible": lambda: (made.not_feasible(), made.FACTS),
    "empty tables": lambda: (made.nothing(), made.FACTS),
    "no tables": lambda: ({}, replace(made.FACTS, brown_out_v=None, end_reason="")),
    "long Chinese names": lambda: made.named(made.CHINESE),
    "nasty names": lambda: made.named(made.NASTY),
}


CHANGED = {"two cascades": ("map", "det", "pareto"), "no cascade": ("misses",), "not feasible": ("life", "pareto")}
"""Plots that differ from the typical case, where few do: drawing all takes seconds."""


@pytest.fixture(autouse=True)
def _warnings_are_errors() -> Iterator[None]:
    """A glyph that no font has is a warning of Matplotlib; so is a layout that does not fit."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("case", list(CASES))
def test_every_plot_draws(case: str) -> None:
    tables, facts = CASES[case]()
    for plot, own in plots_of(tables):
        if plot.name.partition("-")[0] not in CHANGED.get(case, (plot.name.partition("-")[0],)):
            continue
        figure = plot.draw(own, facts)
        assert len(to_svg(figure, plot.name)) < 1_200_000, plot.name
        if case == "nasty names" and plot.name == "energy":
            assert to_pdf(figure).startswith(b"%PDF")
        assert plot.finding(own, facts)
        assert plot.text(own, facts)
        assert len(plot.data(own).to_csv()) < 5_000_000


@pytest.mark.parametrize(("case", "names"), [
    pytest.param("typical", [plot.name for plot in PLOTS], id="everything"),
    pytest.param("no tables", ["energy", "battery", "timeline", "latency", "misses", "figures"], id="nothing computed"),
    pytest.param("no cascade", ["energy", "battery", "life", "ageing", "timeline", "latency", "misses", "tornado",
                                "figures"],
                 id="without a cascade no thresholds"),
    pytest.param("two cascades", ["energy", "battery", "life", "ageing", "timeline", "latency", "misses", "map-1",
                                  "map-2", "det-1", "det-2", "pareto-1", "pareto-2", "tornado", "sending", "figures"],
                 id="one map for each cascade"),
])
def test_plots_of_a_result(case: str, names: list[str]) -> None:
    assert [plot.name for plot, _ in plots_of(CASES[case]()[0])] == names


def test_data_of_every_plot_without_drawing() -> None:
    found = plot_documents(made.typical(), made.FACTS)
    assert list(found) == [plot.name for plot in PLOTS]
    assert found["det"]["title"] == "This scenario misses 3.3 % of the events with 0.272 false alarms a day"
    assert set(found["life"]["columns"]) == {"life_days", "ended_fraction"}
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_same_bytes_each_time() -> None:
    plot = next(one for one in PLOTS if one.name == "pareto")
    first, second = (picture(plot, made.typical(), made.FACTS, ("svg", "png", "pdf")) for _ in range(2))
    assert first.files == second.files
    assert not re.search(r"<dc:date>|\d{4}-\d{2}-\d{2}T", first.svg)
    assert b"CreationDate" not in first.files["pdf"]


def test_settings_of_matplotlib_are_left_alone() -> None:
    from matplotlib import rcParams

    before = dict(rcParams)
    picture(PLOTS[0], made.typical(), made.FACTS)
    assert dict(rcParams) == before


@pytest.mark.parametrize(("text", "shown"), [
    pytest.param("微安 µA → ≥ Ω", "微安 µA → ≥ Ω", id="Chinese and signs have glyphs"),
    pytest.param("門鎖 かな", "門鎖 かな", id="traditional Chinese and Japanese too"),
    pytest.param("owl \U0010fffe", "owl [U+10FFFE]", id="what no font has shows its code point"),
])
def test_characters_are_drawn_or_named(text: str, shown: str) -> None:
    assert drawable(text) == shown
    assert drawable(text, "bold") == shown


def test_own_fonts_come_first() -> None:
    assert families()[:3] == ("Powerplan Sans", "Powerplan Sans Han", "DejaVu Sans")


@pytest.mark.parametrize(("plot", "title"), [
    ("energy", "73 % of the energy goes to microphone in listen and mcu in deep_sleep"),
    ("battery", "The battery lasts 412 d (1.13 years), until the worst pulse pulls the voltage below brown-out"),
    ("timeline", "One activation: 9.78 mJ in 9.8 s; microphone takes 69 %"),
    ("latency", "95 of 100 activations of keyword act within 279 ms; the longest stage is wait"),
    ("misses", "18 of 280 events were missed; most often: level 1 said no (61 %)"),
    ("life", "0 % of 64 samples last the 730 d (2.00 years) that R1 asks for"),
    ("ageing", "Self-discharge and ageing take 7.8 % of the life that the first day promises"),
    ("map", "8 of 25 pairs meet the requirements judged here; longest life at 0.9 and 0.6"),
    ("pareto", "4 of 25 pairs are beaten by no other; recommended: 396 d (1.08 years) at recall 93 %"),
    ("tornado", "mcu.leakage matters most, which is assumed: measure it first"),
    ("sending", "Sending the raw data takes 19 times the energy of computing up to the last level"),
    ("figures", "2 of 8 currents are assumed: measure these first"),
])
def test_title_says_the_finding(plot: str, title: str) -> None:
    chosen = next(one for one in PLOTS if one.name == plot)
    assert chosen.finding(made.typical(), made.FACTS) == title


def test_energy_adds_up() -> None:
    data = energy_data(made.typical())
    assert data.columns["sum_j_per_day"][-1] == pytest.approx(sum(data.columns["energy_j_per_day"]), rel=1e-12)
    assert sum(data.columns["energy_fraction"]) == pytest.approx(1.0, rel=1e-12)


def test_absurd_numbers_are_left_out() -> None:
    tables = made.typical()
    rows = [("mcu", "run", "main", 1.0, 1, 1.0, 1.0, value, 0.1) for value in (1e308, float("nan"), float("inf"), 2.0)]
    tables["energy"] = made.table("energy", rows)
    tables["battery"] = made.table("battery", [(0.0, 1.0, 3.0, 3.0, 1e308), (float("inf"), 0.5, 3.0, 3.0, 3.0),
                                               (86_400.0, 0.5, float("nan"), 3.0, -1e308)])
    tables["latency"] = made.table("latency", [("t", 0, "total", float("nan")), ("t", 1, "total", 1e308)])
    for plot in PLOTS:
        assert to_svg(plot.draw(tables, made.FACTS), plot.name)
    assert energy_data(tables).columns["energy_j_per_day"] == [2.0]


def test_thinning_keeps_ends_and_extremes() -> None:
    line = [0.0] * 100_000
    line[54_321], line[77_777] = 9.0, -9.0
    kept = kept_points([line, list(reversed(line))])
    assert len(kept) <= 5_000
    assert {0, 54_321, 77_777, 99_999} <= set(kept)


def test_long_quiet_stretches_are_cut_short() -> None:
    axis = TimeAxis([0.0, 3.0, 3.1, 3.2, 3.3, 10.0])
    assert [length for _, _, length in axis.breaks()] == pytest.approx([3.0, 6.7])
    assert axis.places[-1] == pytest.approx(1.0)
    assert axis.runs() == [(3.0, 3.3)]
    assert TimeAxis([0.0, 1.0, 2.0]).breaks() == []


def test_busy_timeline_stays_small() -> None:
    rows = [(part, "run" if n % 2 else "sleep", n * 1e-3, (n + 1) * 1e-3, 1e-3 if n % 2 else 1e-6)
            for part in ("mcu", "radio") for n in range(5_000)]
    plot = next(one for one in PLOTS if one.name == "timeline")
    figure = plot.draw({"timeline": made.table("timeline", rows)}, made.FACTS)
    assert len(to_svg(figure, plot.name)) < 2_000_000
