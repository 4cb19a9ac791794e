"""A board: a chip and what is soldered beside it, which often draws 10 to 1000 times the sleeping chip.

A board profile extends its chip's profile. Its parasitic current flows in every state not measured for the
whole board; where nobody published one, a run is refused until the scenario gives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from powerplan.components.base import Use
from powerplan.components.mcu import Mcu, McuOptions, McuSpec
from powerplan.components.spec import Strict
from powerplan.model.amount import Current, Voltage
from powerplan.model.figure import Figure


class Parasitic(Strict):
    """What flows beside the chip all day: regulator, USB bridge, LED, unslept memory, pull-ups."""

    current: Figure[Current] | None = None
    causes: list[str] | None = None
    note: str | None = None


class BoardSpec(McuSpec):
    """Profile of a board: everything of its chip, and the parasitic loads."""

    kind: Literal["board"]
    chip: str | None = None
    """The chip as printed on it."""
    supply: Voltage | None = None
    """Voltage the board's own figures hold at."""
    parasitic: Parasitic = Parasitic()
    peripherals: list[str] | None = None
    """What else is on the board; each needs a part of its own if it is used."""


class BoardOptions(McuOptions):
    """What a scenario may say of a board."""

    parasitic: Current | None = None
    """Current of everything beside the chip."""

    FIGURE_KEYS: ClassVar[Mapping[str, str]] = {**McuOptions.FIGURE_KEYS, "parasitic": "parasitic.current"}


class Board(Mcu):
    """A chip on a board."""

    def beside_a(self, use: Use, whole_board: bool) -> float:
        """Parasitic current, unless the state's figure holds for the whole board. [A]"""
        return 0.0 if whole_board else use("parasitic.current")
