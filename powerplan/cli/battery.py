"""Commands about cells and capacitors: parse, call the study layer, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from powerplan.cli import frame

app = typer.Typer(no_args_is_help=True, help="Cells: curves, own measurements, hold-up capacitors.",
                  pretty_exceptions_enable=False)
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@app.command("show")
def battery_show(
    name: Annotated[str, typer.Argument(help="A battery profile, its file, or an Otii profile (.json).")],
    as_json: Json = False,
    temperature: Annotated[list[str] | None, typer.Option("--temperature", help="Such as '-10 degC'; may be repeated.")
                           ] = None,
    picture: Annotated[Path | None, typer.Option("--picture", help="Voltage and resistance, .png or .svg.")] = None,
) -> None:
    """Curves of a cell, its capacity by load and temperature, and the sources."""
    from powerplan.study import battery

    chosen = battery.temperatures_of(temperature or [])
    document = battery.shown(name, chosen)
    if picture is not None:
        battery.picture(name, picture, chosen)
    frame.show_lines(document, battery.show_text, as_json)


@app.command("fit")
def battery_fit(
    log: Annotated[Path, typer.Argument(help="CSV with time_s, current_a, voltage_v; or an Otii profile (.json).",
                                        metavar="LOG")],
    name: Annotated[str, typer.Option("--name", help="Name of the cell.")],
    out: Annotated[Path, typer.Option("--out", help="Profile to write, such as profiles/my_cell.yaml.")],
    like: Annotated[str | None, typer.Option("--like", help="Cell of the same chemistry whose self-discharge and "
                                             "behaviour in the cold hold.")] = None,
    temperature: Annotated[str, typer.Option("--temperature", help="Of the test.")] = "20 degC",
    kinetics: Annotated[bool, typer.Option("--wells/--no-wells", help="Fit the recovery (two wells) too.")] = True,
    as_json: Json = False,
) -> None:
    """Fit voltage, resistance and recovery to a discharge log; prints the error and writes a profile."""
    from powerplan.study import battery

    [celsius] = battery.temperatures_of([temperature])
    frame.show_lines(battery.fit(log, name, out, like, celsius, kinetics), battery.fit_text, as_json)


@app.command("size-capacitor")
def battery_size_capacitor(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML or JSON).", metavar="SCENARIO")],
    as_json: Json = False,
    kind: Annotated[str, typer.Option("--kind", help="electrolytic, ceramic or supercapacitor; default: the "
                                      "scenario's own, else electrolytic.")] = "",
    esr: Annotated[str | None, typer.Option("--esr", help="Such as '50 mohm'; replaces the kind's.")] = None,
    leakage: Annotated[str | None, typer.Option("--leakage-per-farad", help="Such as '1 uA'; replaces the kind's.")
                       ] = None,
    charge: Annotated[str, typer.Option("--at-charge", help="State of charge at which the pulse is held.")] = "5 %",
    days: Annotated[float | None, typer.Option("--days", help="Days to simulate.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all chance.")] = None,
) -> None:
    """Which capacitor brings the worst pulse above brown-out, and what its leakage costs."""
    from powerplan.study import capacitor

    found = capacitor.size(scenario, kind, esr, leakage, charge, days=days, seed=seed, progress=frame.progress())
    frame.clear_progress()
    frame.show_lines(found, capacitor.size_text, as_json)
