"""What every block of the scenario file is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Text = Annotated[str, StringConstraints(max_length=200)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=64)]
Title = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]{1,64}$")]


class Block(BaseModel):
    """A map in the scenario file. Unknown keys are errors; values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True,
                              populate_by_name=True)
