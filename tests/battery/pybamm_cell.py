"""A cell of PyBaMM as the thing that is measured: its discharge log, and how long it really lasts under other loads.

`python -m tests.battery.pybamm_cell` writes `pybamm_log.csv` and `pybamm_lives.csv` beside this file. It needs PyBaMM
(`pip install pybamm`), which is no dependency of powerplan; the two files stand in the repository, so the comparison
runs without it. The cell is the LG M50 of Chen et al., J. Electrochem. Soc. 167 (2020) 080534, in the single-particle
model with electrolyte, isothermal at 25 degC, from full to 2.5 V.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LOG, LIVES = HERE / "pybamm_log.csv", HERE / "pybamm_lives.csv"
CAPACITY_AH, CUTOFF_V = 5.0, 2.5
LOG_STEPS = ("Discharge at C/10 for 9 minutes (90 second period)", "Discharge at 1C for 1 minute (20 second period)")
"""What the cell is fitted to: a tenth of the capacity an hour, and every ten minutes a minute of ten times that."""
LOADS = {
    "C/20": ("Discharge at C/20 until 2.5 V (5 minute period)",),
    "C/10": ("Discharge at C/10 until 2.5 V (5 minute period)",),
    "C/5": ("Discharge at C/5 until 2.5 V (2 minute period)",),
    "C/2": ("Discharge at C/2 until 2.5 V (1 minute period)",),
    "1C": ("Discharge at 1C until 2.5 V (20 second period)",),
    "1 W": ("Discharge at 1 W until 2.5 V (5 minute period)",),
    "4 W": ("Discharge at 4 W until 2.5 V (2 minute period)",),
    "10 s of 5 A each 5 min on 0.1 A": ("Discharge at 5 A for 10 seconds (5 second period)",
                                        "Discharge at 0.1 A for 290 seconds (145 second period)"),
}
"""What is predicted from the fit."""


def discharge(steps: tuple[str, ...]) -> Any:
    """Solution of steps, repeated until the cell is at its end."""
    import pybamm

    repeats = 1 if len(steps) == 1 else 2_000
    parameters = pybamm.ParameterValues("Chen2020")
    experiment = pybamm.Experiment([steps] * repeats, termination=f"{CUTOFF_V} V")
    simulation = pybamm.Simulation(pybamm.lithium_ion.SPMe(), parameter_values=parameters, experiment=experiment)
    return simulation.solve(initial_soc=1.0)


def log_rows() -> Iterator[tuple[float, float, float]]:
    """Time, current and voltage of the log; where a current changes, the sample after it stands."""
    found = discharge(LOG_STEPS)
    times, amps, volts = (found[name].entries for name in ("Time [s]", "Current [A]", "Terminal voltage [V]"))
    for number, time_s in enumerate(times):
        last = number + 1 == len(times) or times[number + 1] - time_s > 1e-3
        if last and volts[number] >= CUTOFF_V:
            yield float(time_s), float(amps[number]), float(volts[number])


def lives() -> Iterator[tuple[str, float]]:
    """Hours from full to the cut-off under every load."""
    for name, steps in LOADS.items():
        yield name, float(discharge(steps)["Time [s]"].entries[-1]) / 3_600.0


def origin() -> str:
    """Where the files are from, as a comment."""
    import pybamm

    return (f"# computed by this project with PyBaMM {pybamm.__version__} (SPMe, parameters Chen2020, 25 degC): "
            "python -m tests.battery.pybamm_cell\n")


def write() -> None:
    """Both files."""
    with LOG.open("w", encoding="utf-8", newline="") as stream:
        stream.write(origin())
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("time_s", "current_a", "voltage_v"))
        writer.writerows((f"{t:.1f}", f"{i:.4f}", f"{v:.5f}") for t, i, v in log_rows())
    with LIVES.open("w", encoding="utf-8", newline="") as stream:
        stream.write(origin())
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("load", "hours"))
        writer.writerows((name, f"{hours:.4f}") for name, hours in lives())


if __name__ == "__main__":
    write()
