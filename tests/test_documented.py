"""Meanings of keys come from the strings below the fields, also in the schema."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, Field

from powerplan.components.camera import CameraSpec
from powerplan.model.documented import Documented, meanings
from powerplan.model.scenario import Scenario


class Base(Documented):
    kept: int = 0
    """Said in the base."""
    again: int = 0
    """Said once."""


class Part(Base):
    """A text of the class, not of a field."""

    silent: int = 0
    own: int = Field(0, alias="own-key")
    """Said in two
    lines."""
    again: int = 1
    field: int = Field(0, description="Said in the field.")


@pytest.mark.parametrize(("name", "text"), [
    pytest.param("kept", "Said in the base.", id="inherited"),
    pytest.param("again", "", id="defined anew without a word"),
    pytest.param("silent", "", id="nothing said"),
    pytest.param("own", "Said in two\nlines.", id="two lines"),
    pytest.param("field", "Said in the field.", id="pydantic's own"),
])
def test_the_string_below_a_field_is_its_meaning(name: str, text: str) -> None:
    assert meanings(Part)[name] == text
    key = Part.model_fields[name].alias or name
    assert Part.model_json_schema()["properties"][key].get("description", "") == text


def test_a_model_made_without_source_has_no_meanings() -> None:
    made = type("Made", (Documented,), {"__annotations__": {"count": int}, "__module__": "nowhere"})
    assert meanings(made) == {"count": ""}


@pytest.mark.parametrize("model", [pytest.param(Scenario, id="scenario"), pytest.param(CameraSpec, id="profile")])
def test_shipped_models_say_what_their_keys_mean(model: type[BaseModel]) -> None:
    told = meanings(model)
    assert any(told.values())
    properties = model.model_json_schema()["properties"]
    assert all(properties[name]["description"] == text for name, text in told.items() if text and name in properties)
