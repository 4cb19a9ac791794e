"""What the parts and cells of a product cost, weigh and fill, and what a year of its life costs.

A figure that nobody gave is named and never taken as 0: a sum without it is a lower bound and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from powerplan.components.spec import KnownFigure, Profile, figures_of
from powerplan.files.scenario import Loaded
from powerplan.results.document import number

QUANTITIES = ("unit_cost", "volume", "mass")
UNITS = {"volume": "m3", "mass": "kg"}
CELLS = "battery"
DAYS_PER_YEAR = 365.0
CURRENCY = re.compile(r"[A-Z]{3}$")


class MixedCurrencies(ValueError):
    """Prices in several currencies; nothing is converted."""


@dataclass(frozen=True)
class Item:
    """One line of the bill: a part, or the cells."""

    name: str
    profile: str
    count: int
    figures: Mapping[str, KnownFigure]
    currency: str

    def total(self, quantity: str) -> float | None:
        """Of all pieces; None where nobody gave it."""
        figure = self.figures.get(quantity)
        return None if figure is None else figure.typ * self.count


@dataclass(frozen=True)
class Sum:
    """A quantity over the whole product."""

    value: float
    """Of everything that states it."""
    missing: tuple[str, ...]
    """What states none, so that the value is a lower bound."""
    assumed: bool
    """Whether any of it rests on an assumed figure."""


@dataclass(frozen=True)
class Bill:
    """Parts and cells of one product."""

    items: tuple[Item, ...]

    @property
    def currency(self) -> str:
        """The one currency of all prices. Raises MixedCurrencies."""
        found = sorted({item.currency for item in self.items if item.currency})
        if len(found) > 1:
            raise MixedCurrencies(f"prices in {' and '.join(found)}; nothing is converted")
        return found[0] if found else ""

    def sum(self, quantity: str, only: str | None = None) -> Sum | None:
        """Of all parts and cells, or of one item; None where nothing states it."""
        chosen = [item for item in self.items if only is None or item.name == only]
        known = [item for item in chosen if item.total(quantity) is not None]
        if not known:
            return None
        return Sum(sum(item.total(quantity) or 0.0 for item in known),
                   tuple(item.name for item in chosen if item not in known),
                   any(item.figures[quantity].basis == "assumed" for item in known))

    def unit(self, quantity: str) -> str:
        """Unit of a quantity."""
        return self.currency if quantity == "unit_cost" else UNITS[quantity]

    def document(self, life_days: float | None) -> dict[str, Any]:
        """The bill as plain maps; with a life, what a year of it costs."""
        found: dict[str, Any] = {"items": [
            {"name": item.name, "profile": item.profile, "count": item.count,
             **{quantity: number(item.total(quantity)) for quantity in QUANTITIES}} for item in self.items]}
        for quantity in QUANTITIES:
            try:
                found[quantity] = _sum_map(self.sum(quantity), self.unit(quantity))
            except MixedCurrencies as error:
                found[quantity] = {"value": None, "unit": "", "missing": [], "assumed": False, "note": str(error)}
        if life_days and found["unit_cost"] is not None and found["unit_cost"]["value"] is not None:
            years = life_days / DAYS_PER_YEAR
            found["cost_per_year"] = _scaled(found["unit_cost"], 1 / years)
            cells = _sum_map(self.sum("unit_cost", CELLS), self.currency)
            found["cells_per_year"] = _scaled(cells, 1 / years) if cells is not None else None
        return found


def _sum_map(found: Sum | None, unit: str) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"value": number(found.value), "unit": unit, "missing": list(found.missing), "assumed": found.assumed}


def _scaled(found: Mapping[str, Any], factor: float) -> dict[str, Any]:
    return {**found, "value": number(found["value"] * factor), "unit": f"{found['unit']}/year"}


def bill_of(loaded: Loaded, profiles: Mapping[str, Profile]) -> Bill:
    """Everything a product is bought of: parts, converters, harvester, cells."""
    return Bill(tuple(_items(loaded, profiles)))


def _items(loaded: Loaded, profiles: Mapping[str, Profile]) -> Iterator[Item]:
    for name, part in loaded.parts.items():
        figures = {quantity: part.figures[quantity] for quantity in QUANTITIES if quantity in part.figures}
        stated = part.options.figures.get("unit_cost")
        data = part.profile.data if part.profile is not None else {}
        yield Item(name, part.options.profile or str(part.options.kind), int(getattr(part.options, "count", 1) or 1),
                   figures, _currency(stated if stated is not None else data.get("unit_cost")))
    battery = loaded.scenario.supply.battery
    for name, profile in profiles.items():
        count = battery.series * battery.parallel if name == CELLS else 1
        known = figures_of(profile.spec)
        yield Item(name, profile.name, count, {key: known[key] for key in QUANTITIES if key in known},
                   _currency(profile.data.get("unit_cost")))
    if CELLS not in profiles:
        yield Item(CELLS, "ideal cell", battery.series * battery.parallel, {}, "")
    if loaded.scenario.supply.capacitor is not None:
        yield Item("capacitor", "", 1, {}, "")


def _currency(given: Any) -> str:
    """Currency a price was written in; the number alone does not say."""
    text = given.get("value", given.get("typ")) if isinstance(given, Mapping) else given
    found = CURRENCY.search(str(text or "").strip())
    return found.group() if found else ""
