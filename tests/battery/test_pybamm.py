"""A simulated cell as independent check: a log of it is fitted, other loads are predicted, the simulation is the truth.

The comparison itself is a row each of `published.md`; here the two committed files are made again where PyBaMM is
installed, and the command that fits the log is run as a user would.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from powerplan.batteries.fit import read_log
from powerplan.cli.app import main
from powerplan.errors import ExitCode
from powerplan.study.run import run
from tests.battery.published import fitted_cell, simulated_hours
from tests.battery.pybamm_cell import LOADS, LOG, discharge
from tests.supply.scenarios import steady


@pytest.mark.slow
@pytest.mark.parametrize("load", ["C/10", "1C", "4 W"])
def test_the_committed_lives_are_those_of_pybamm(load: str) -> None:
    pytest.importorskip("pybamm", reason="PyBaMM is no dependency; its results stand in pybamm_lives.csv")
    hours = float(discharge(LOADS[load])["Time [s]"].entries[-1]) / 3600
    assert simulated_hours()[load] == pytest.approx(hours, rel=2e-3)


def test_the_log_says_where_it_is_from() -> None:
    assert LOG.read_text(encoding="utf-8").startswith("# computed by this project with PyBaMM")
    assert read_log(LOG, 25.0).used_c[-1] == pytest.approx(5.0 * 3600, rel=0.02)


def test_fit_then_plan_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0.1 mA out of what the fit finds in the log."""
    out = tmp_path / "profiles" / "m50.yaml"
    given = ["battery", "fit", str(LOG), "--name", "m50", "--out", str(out), "--temperature", "25 degC"]
    assert main(given) == ExitCode.OK
    assert "two wells" in capsys.readouterr().out
    found = run(steady(tmp_path, "battery: {profile: m50}\nbrown_out: 2.5 V"))
    # 20 years of 0.1 mA are 17.5 Ah, so the cell is used up before.
    assert found.metrics["battery_life"].value == pytest.approx(fitted_cell().capacity_c / 1e-4 / 86_400, rel=0.01)
