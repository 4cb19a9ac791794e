"""What matters: single effects against hand results, global shares against theory, the tornado plot."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from powerplan.errors import ExitCode
from powerplan.report.facts import ReportFacts
from powerplan.report.plot_tornado import draw_tornado, tornado_data, tornado_finding
from powerplan.report.style import to_png, to_svg
from powerplan.results.schema import COLUMNS
from powerplan.results.tables import Table
from powerplan.study.sensitivity import SensitivityProblem, sensitivity
from tests.decide.test_solve import LAMP, write_lamp
from tests.whole.test_commands import call

UNSURE = LAMP.replace("current: 10 mA", "current: {min: 8 mA, typ: 10 mA, max: 12 mA, distribution: uniform}").replace(
    "for: 1 s", "for: {min: 500 ms, typ: 1 s, max: 1500 ms, distribution: uniform}").replace("variance: none",
                                                                                            "variance: random")


def test_single_effects_by_hand(tmp_path: Path) -> None:
    found = sensitivity(write_lamp(tmp_path, text=UNSURE), "average_current", days=1)
    by_name = {bar.uncertain.name: bar for bar in found.bars}
    current, time = by_name["lamp.current"], by_name["scenario.tasks.blink.do.0.for"]
    mean_a = 10e-3 / 600
    assert (current.at_low, current.at_high) == pytest.approx((0.8 * mean_a, 1.2 * mean_a))
    assert (time.at_low, time.at_high) == pytest.approx((0.5 * mean_a, 1.5 * mean_a))
    assert found.bars[0] is time
    assert time.variance_fraction == pytest.approx(0.25 / (0.25 + 0.04), rel=0.01)
    assert sum(bar.variance_fraction for bar in found.bars) == pytest.approx(1.0)


def test_the_sum_of_effects_gives_the_interval(tmp_path: Path) -> None:
    found = sensitivity(write_lamp(tmp_path, text=UNSURE), "average_current", days=1)
    generator = np.random.default_rng(1)
    values = 10e-3 / 600 * (1 + generator.uniform(-0.2, 0.2, 100_000) + generator.uniform(-0.5, 0.5, 100_000))
    assert (found.low, found.high) == pytest.approx(np.percentile(values, [5, 95]), rel=0.02)


def test_measuring_narrows_the_interval(tmp_path: Path) -> None:
    found = sensitivity(write_lamp(tmp_path, text=UNSURE), "average_current", days=1)
    widths = {one.name: one.high - one.low for one in found.measured}
    assert widths["scenario.tasks.blink.do.0.for"] < widths["lamp.current"] < found.high - found.low
    assert found.first is not None
    assert found.first.name == "scenario.tasks.blink.do.0.for"


def test_a_scenario_without_ranges(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call("sensitivity", str(write_lamp(tmp_path)), "--days", "1", capsys=capsys)
    assert code == ExitCode.OK
    assert "nothing in this scenario has a range" in out


def test_an_unknown_metric_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SensitivityProblem, match="there is no metric 'lifetime'"):
        sensitivity(write_lamp(tmp_path), "lifetime", days=1)


def test_global_shares(tmp_path: Path) -> None:
    path = write_lamp(tmp_path, text=UNSURE)
    if find_spec("SALib") is None:
        with pytest.raises(SensitivityProblem, match="needs the package SALib"):
            sensitivity(path, "average_current", days=1, global_count=128)
        return
    found = sensitivity(path, "average_current", days=1, global_count=128)
    shares = {bar.uncertain.name: bar.first_order for bar in found.bars}
    assert shares["scenario.tasks.blink.do.0.for"] == pytest.approx(0.25 / 0.29, abs=0.1)
    assert shares["lamp.current"] == pytest.approx(0.04 / 0.29, abs=0.1)


def test_command_writes_the_picture_and_its_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "tornado.svg"
    code, out, _ = call("sensitivity", str(write_lamp(tmp_path, text=UNSURE)), "--days", "1", "--json", "--picture",
                        str(picture), capsys=capsys)
    assert code == ExitCode.OK
    found = json.loads(out)
    assert found["figures"][0]["name"] == "scenario.tasks.blink.do.0.for"
    assert picture.read_text().startswith("<?xml")
    assert len(picture.with_suffix(".csv").read_text().splitlines()) == 1 + len(found["figures"])


def made(count: int, name: str = "part.figure", assumed: bool = True) -> Table:
    rows = [(f"{name} {n}", "assumed" if assumed else "datasheet", 1.0, 0.5, 2.0, "current", 100.0 - n, 110.0,
             120.0 + n, "d", 1 / count, None, "battery_life") for n in range(count)]
    return Table("tornado", {column: [row[place] for row in rows] for place, column in enumerate(COLUMNS["tornado"])})


@pytest.mark.parametrize("table", [
    pytest.param(made(0), id="nothing"), pytest.param(made(1, assumed=False), id="one"),
    pytest.param(made(30, "很长的中文名字" * 12), id="30 long Chinese names"),
])
def test_the_tornado_is_drawn(table: Table) -> None:
    facts = ReportFacts("a product", "product.yaml")
    figure = draw_tornado({"tornado": table}, facts)
    assert to_png(figure).startswith(b"\x89PNG")
    assert to_svg(figure, "tornado") == to_svg(draw_tornado({"tornado": table}, facts), "tornado")
    rows = tornado_data({"tornado": table}).rows()
    widths = [row["at_high"] - row["at_low"] for row in rows]
    assert widths == sorted(widths, reverse=True)
    assert tornado_finding({"tornado": table}, facts)
