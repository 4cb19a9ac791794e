"""Amounts and figures: the ways to write them, what is refused, what their annotation and schema tell."""

from __future__ import annotations

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from powerplan.model.amount import (
    Amount,
    Bytes,
    Current,
    Duration,
    Energy,
    Fraction,
    Number,
    Temperature,
    amount,
    dimension_of,
)
from powerplan.model.figure import Figure


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    duration: Duration | None = None
    fraction: Fraction | None = None
    number: Number | None = None
    temperature: Temperature | None = None
    energy: Energy | None = None
    bytes: Bytes | None = None
    figure: Figure[Current] | None = None
    many: dict[str, Figure[Current]] = {}


def made(**entries: Any) -> Part:
    return Part.model_validate(entries)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("20 ms", {"typ": 0.02}, id="text"),
        pytest.param({"value": "20 ms"}, {"typ": 0.02}, id="value"),
        pytest.param(
            {"min": "10 ms", "typ": "20 ms", "max": "40 ms"},
            {"typ": 0.02, "min": 0.01, "max": 0.04},
            id="range",
        ),
        pytest.param(
            {"min": "10 ms", "max": "30 ms", "distribution": "uniform"},
            {"typ": 0.02, "min": 0.01, "max": 0.03, "distribution": "uniform"},
            id="the middle of a uniform distribution",
        ),
        pytest.param(
            {"typ": "20 ms", "distribution": "normal", "sigma": "1 ms", "per": "activation"},
            {"typ": 0.02, "distribution": "normal", "sigma": 0.001, "per": "activation"},
            id="normal, drawn at each activation",
        ),
        pytest.param(
            {"typ": "20 ms", "distribution": "lognormal", "sigma": 0.3},
            {"typ": 0.02, "distribution": "lognormal", "sigma": 0.3},
            id="lognormal, sigma in logarithms",
        ),
        pytest.param(Amount(typ=0.02), {"typ": 0.02}, id="from Python"),
    ],
)
def test_ways_to_write_an_amount(given: object, expected: dict[str, Any]) -> None:
    assert made(duration=given).duration == Amount(**expected)


@pytest.mark.parametrize(
    ("entries", "typ"),
    [
        pytest.param({"fraction": 0.35}, 0.35, id="plain fraction"),
        pytest.param({"fraction": "35 %"}, 0.35, id="per cent"),
        pytest.param({"number": 3}, 3.0, id="plain number"),
        pytest.param({"bytes": 48}, 48.0, id="the key names the unit"),
        pytest.param({"bytes": "1 KiB"}, 1024.0, id="or the text does"),
        pytest.param({"temperature": "-10 degC"}, -10.0, id="temperature"),
    ],
)
def test_numbers_without_a_unit(entries: dict[str, Any], typ: float) -> None:
    (found,) = made(**entries).model_dump(exclude_none=True, exclude={"many"}).values()
    assert found["typ"] == pytest.approx(typ, rel=1e-12)


def test_sigma_of_a_temperature_is_a_difference() -> None:
    part = made(temperature={"typ": "21 degC", "distribution": "normal", "sigma": "2 K"})
    assert part.temperature is not None
    assert part.temperature.sigma == 2.0


@pytest.mark.parametrize(
    ("entries", "place", "words"),
    [
        pytest.param({"duration": 20}, ("duration",), "20 has no unit", id="bare number"),
        pytest.param({"duration": True}, ("duration",), "true is not a duration", id="truth"),
        pytest.param({"duration": [1]}, ("duration",), "a list is not a duration", id="list"),
        pytest.param({"duration": "nan s"}, ("duration",), "finite", id="nan"),
        pytest.param(
            {"duration": {"typ": "3 V"}}, ("duration", "typ"), "is a voltage", id="unit within a map"
        ),
        pytest.param(
            {"duration": {"typ": "1 s", "maks": "2 s"}}, ("duration", "maks"), "Extra", id="unknown key"
        ),
        pytest.param(
            {"duration": {"min": "2 s", "typ": "1 s"}}, ("duration",), "min is above typ", id="order"
        ),
        pytest.param({"duration": {"max": "2 s"}}, ("duration",), "typ is missing", id="no typ"),
        pytest.param({"duration": {"typ": "1 s", "value": "1 s"}}, ("duration",), "same thing", id="twice"),
        pytest.param(
            {"duration": {"typ": "1 s", "distribution": "normal"}},
            ("duration",),
            "lacks its width",
            id="no sigma",
        ),
        pytest.param(
            {"duration": {"typ": "1 s", "distribution": "uniform"}},
            ("duration",),
            "lacks its range",
            id="no range",
        ),
        pytest.param({"duration": {"typ": "1 s", "sigma": "1 s"}}, ("duration",), "without", id="only sigma"),
        pytest.param({"fraction": 1.5}, ("fraction",), "out of range", id="fraction above one"),
        pytest.param({"fraction": float("nan")}, ("fraction",), "out of range", id="fraction nan"),
        pytest.param({"energy": "-3 J"}, ("energy",), "out of range", id="negative energy"),
        pytest.param({"figure": "640 uA"}, ("figure",), "has no source", id="figure without source"),
        pytest.param(
            {"figure": {"value": "640 uA"}}, ("figure", "source"), "required", id="figure lacks its source"
        ),
        pytest.param(
            {"figure": {"value": "1 A", "source": "ds", "basis": "guess"}},
            ("figure", "basis"),
            "datasheet",
            id="basis",
        ),
        pytest.param(
            {"many": {"listen": {"value": "3 V", "source": "ds", "basis": "datasheet"}}},
            ("many", "listen", "value"),
            "is a voltage",
            id="figure within a map",
        ),
    ],
)
def test_refused(entries: dict[str, Any], place: tuple[str, ...], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        made(**entries)
    assert (place, True) in [(error["loc"], words in error["msg"]) for error in caught.value.errors()]


@pytest.mark.parametrize("typ", [True, "1", float("nan"), float("inf"), None])
def test_python_code_gives_finite_floats(typ: object) -> None:
    with pytest.raises(ValidationError):
        Amount(typ=typ)


def test_figure_keeps_what_was_published() -> None:
    figure = made(
        figure={
            "value": "640 uA",
            "max": "900 uA",
            "source": "ds",
            "where": "table 4, p. 9",
            "basis": "datasheet",
            "at": {"supply": "1.8 V"},
            "others": [{"value": "700 uA", "source": "note", "where": "p. 2"}],
        }
    ).figure
    assert figure is not None
    assert figure.typ == figure.low == pytest.approx(640e-6, rel=1e-12)
    assert figure.max == figure.high == pytest.approx(900e-6, rel=1e-12)
    assert (figure.source, figure.basis, figure.at) == ("ds", "datasheet", {"supply": "1.8 V"})
    assert figure.others[0].value == "700 uA"


def test_a_figure_names_its_dimension() -> None:
    fields = Part.model_fields
    assert [dimension_of(fields[name]) for name in ("duration", "fraction", "figure", "many")] == [
        "duration",
        "fraction",
        "current",
        "current",
    ]
    with pytest.raises(TypeError, match="takes a dimension"):
        Figure[int]


def test_helper() -> None:
    assert amount("20 ms", "duration").duration_ns == 20_000_000
    assert amount({"min": "1 mA", "typ": "2 mA"}, "current") == Amount(typ=0.002, min=0.001)
    with pytest.raises(ValueError, match="is a voltage"):
        amount("3 V", "current")


def test_values_are_frozen() -> None:
    with pytest.raises(ValidationError):
        setattr(amount("20 ms", "duration"), "typ", 3.0)  # noqa: B010


FIGURE = {"value": "1 A", "source": "ds", "basis": "measured"}


@pytest.mark.parametrize(
    ("entries", "valid"),
    [
        pytest.param({"duration": "20 ms", "fraction": 0.3, "bytes": 48}, True, id="texts and numbers"),
        pytest.param(
            {"duration": {"min": "1 ms", "typ": "2 ms"}, "figure": FIGURE}, True, id="range and figure"
        ),
        pytest.param({"duration": 20}, False, id="bare number"),
        pytest.param({"duration": {"typ": "2 ms", "maks": "3 ms"}}, False, id="unknown key"),
        pytest.param({"figure": {"value": "1 A"}}, False, id="figure without source"),
    ],
)
def test_schema_agrees_with_the_model(entries: dict[str, Any], valid: bool) -> None:
    schema = Part.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert jsonschema.Draft202012Validator(schema).is_valid(entries) is valid


def test_schema_shows_examples() -> None:
    assert "20 ms" in str(Part.model_json_schema()["properties"]["duration"])
