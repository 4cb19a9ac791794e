"""What every block of the scenario file is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, StringConstraints

from powerplan.model.documented import Documented
from powerplan.model.names import Name

__all__ = ["Block", "Name", "Text", "Title"]

Text = Annotated[str, StringConstraints(max_length=200)]
Title = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]{1,64}$")]


class Block(Documented):
    """A map in the scenario file. Unknown keys are errors; values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, populate_by_name=True)
