"""A figure: an amount with the place it was read from, and how it was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from powerplan.model.amount import Amount, dimension_of

Dimensioned = TypeVar("Dimensioned")
Basis = Literal["datasheet", "measured", "derived", "assumed"]
Condition = str | int | float | bool


class OtherFigure(BaseModel):
    """A published value that disagrees with the one in use; kept as text, it is never computed with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: str
    source: str = Field(min_length=1)
    where: str = ""
    basis: Basis | None = None
    at: dict[str, Condition] = Field(default_factory=dict)
    note: str = ""


class Figure(Amount, Generic[Dimensioned]):
    """An amount with its source. A field says its dimension: `listen_current: Figure[Current]`."""

    source: str = Field(min_length=1)
    """Key of the `sources:` map of the profile."""
    where: str = ""
    """Place in the source: "table 4, p. 9"."""
    basis: Basis
    at: dict[str, Condition] = Field(default_factory=dict)
    """Conditions the value holds at, as written: `{supply: 1.8 V}`."""
    note: str = ""
    others: tuple[OtherFigure, ...] = ()
    """Conflicting published values."""

    if not TYPE_CHECKING:

        def __class_getitem__(cls, annotation: Any) -> Any:
            """`Figure[Current]` is this model annotated with the dimension of Current."""
            if dimension_of(annotation) is None:
                raise TypeError(f"Figure[...] takes a dimension such as Current, not {annotation!r}")
            return Annotated[(cls, *annotation.__metadata__)]
