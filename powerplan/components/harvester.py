"""A harvester: a solar panel or another source, and the charger between it and the battery."""

from __future__ import annotations

from typing import Literal

from powerplan.components.spec import ProfileSpec
from powerplan.model.amount import Current, Fraction, Number, Power, Voltage
from powerplan.model.figure import Figure


class HarvesterProfile(ProfileSpec):
    """Profile of a harvester with its charger."""

    kind: Literal["harvester"]
    source: Literal["solar", "thermal", "vibration", "other"] = "solar"
    peak_power: Figure[Power] | None = None
    """Of a solar panel at 1,000 W/m² and 25 degC."""
    temperature_loss_per_k: Figure[Number] | None = None
    """Share of the power a panel loses per kelvin above 25 degC."""
    charger_efficiency: Figure[Fraction]
    charger_quiescent_current: Figure[Current] | None = None
    """Drawn from the battery day and night."""
    charger_power_max: Figure[Power] | None = None
    charger_current_max: Figure[Current] | None = None
    cold_start_power: Figure[Power] | None = None
    """Below this the charger delivers nothing."""
    cold_start_voltage: Figure[Voltage] | None = None
