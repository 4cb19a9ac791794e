"""An amount with its range or distribution, and the annotations that say which dimension a field has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from powerplan.dimensions import DIMENSIONS
from powerplan.units import UnitError, checked, format_quantity, nanoseconds, parse_quantity

SiNumber = Annotated[float, Field(strict=True, allow_inf_nan=False)]
DistributionName = Literal["uniform", "triangular", "normal", "lognormal"]
QUANTITY_KEYS = ("typ", "min", "max", "sigma")


class Amount(BaseModel):
    """One value in SI units, with its range or distribution where that is known.

    Files say it with units (see the annotations below); Python code says `Amount(typ=0.02)`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    typ: SiNumber
    min: SiNumber | None = None
    max: SiNumber | None = None
    distribution: DistributionName | None = None
    sigma: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0.0)] | None = None
    """Of a normal distribution in the unit of the amount; of a lognormal one in natural logarithms."""
    per: Literal["replica", "activation"] = "replica"
    """How often the distribution is drawn from: once for a simulated product, or at each activation."""

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if problem := shape_problem(self.typ, self.min, self.max, self.distribution, self.sigma):
            raise problem
        return self

    @property
    def duration_ns(self) -> int:
        """The typical value of a duration in whole nanoseconds, half to even. [ns]"""
        return nanoseconds(self.typ)

    @property
    def low(self) -> float:
        """The smallest known value: `min`, or `typ` where no range is known."""
        return self.typ if self.min is None else self.min

    @property
    def high(self) -> float:
        """The largest known value: `max`, or `typ` where no range is known."""
        return self.typ if self.max is None else self.max


def shape_problem(
    typ: float, low: float | None, high: float | None, distribution: str | None, sigma: float | None
) -> PydanticCustomError | None:
    """What is wrong with the order of a range or the parameters of a distribution."""
    known = [("min", low), ("typ", typ), ("max", high)]
    ordered = [(name, value) for name, value in known if value is not None]
    for (lower, small), (upper, large) in pairwise(ordered):
        if small > large:
            return _problem("order", f"{lower} is above {upper}", "min, typ and max rise in this order")
    if distribution in ("uniform", "triangular") and (low is None or high is None):
        return _problem("distribution", f"a {distribution} distribution lacks its range", "give min and max")
    if distribution in ("normal", "lognormal") and sigma is None:
        return _problem("distribution", f"a {distribution} distribution lacks its width", "give sigma")
    if distribution == "lognormal" and typ <= 0.0:
        return _problem("distribution", "a lognormal distribution is above 0", "give a typ above 0")
    if sigma is not None and distribution not in ("normal", "lognormal"):
        return _problem(
            "distribution", "sigma without its distribution", "give distribution: normal or lognormal"
        )
    return None


def _problem(kind: str, message: str, hint: str) -> PydanticCustomError:
    """An error of pydantic whose type `powerplan_<kind>` and hint survive until they are printed."""
    return PydanticCustomError(f"powerplan_{kind}", "{message}", {"message": message, "hint": hint})


@dataclass(frozen=True)
class Quantity:
    """Annotation of a field: the dimension its texts have, with narrower limits where they are due."""

    dimension: str
    lowest: float | None = None
    bare_unit: str = ""
    """Unit of a number without one, where the key itself names it (`bytes: 48`)."""

    def parse(self, given: object, dimension: str | None = None) -> float:
        """The SI value of what stands in the file."""
        kind = DIMENSIONS[dimension or self.dimension]
        try:
            value = self._value(given, kind.name)
            if self.lowest is not None and value < self.lowest:
                limit = format_quantity(self.lowest, kind.name)
                raise UnitError(f"{given!r} is out of range for {kind.said}", f"allowed: {limit} or more")
        except UnitError as error:
            raise _problem("unit", error.message, error.hint) from None
        return value

    def _value(self, given: object, dimension: str) -> float:
        kind = DIMENSIONS[dimension]
        if isinstance(given, str):
            return parse_quantity(given, dimension)
        if isinstance(given, bool) or given is None:
            raise UnitError(f"{yaml_word(given)} is not {kind.said}", f"for example {kind.examples[0]}")
        if isinstance(given, int | float):
            if self.bare_unit:
                return parse_quantity(f"{given} {self.bare_unit}", dimension)
            if kind.bare_number:
                return checked(float(given), kind, given)
            raise UnitError(
                f"{given!r} has no unit, {kind.said} is due",
                f"write it with its unit, for example {kind.examples[0]}",
            )
        raise UnitError(f"{yaml_word(given)} is not {kind.said}", f"for example {kind.examples[0]}")

    def parse_sigma(self, given: object) -> float:
        """Width of a distribution: a number of logarithms, or an amount of the dimension."""
        differences = {"temperature": "temperature_difference", "fraction": "number", "gain": "number"}
        if isinstance(given, int | float) and not isinstance(given, bool):
            return self.parse(given, "number")
        return self.parse(given, differences.get(self.dimension, self.dimension))

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Text, number or map to the frozen model; errors keep the key they are about."""
        model: type[Amount] = source
        entries = core_schema.typed_dict_schema(self._fields(model, handler), extra_behavior="forbid")

        def read(given: Any, read_map: core_schema.ValidatorFunctionWrapHandler) -> Amount:
            if isinstance(given, model):
                return given
            if isinstance(given, Mapping):
                return self._from_map(model, read_map(dict(given)))
            if model is not Amount:
                raise _problem(
                    "figure",
                    f"{yaml_word(given)} has no source",
                    'write {value: ..., source: ..., where: "table 4", basis: datasheet}',
                )
            return Amount(typ=self.parse(given))

        return core_schema.no_info_wrap_validator_function(
            read,
            entries,
            serialization=core_schema.plain_serializer_function_ser_schema(_as_map),
        )

    def _fields(
        self, model: type[Amount], handler: GetCoreSchemaHandler
    ) -> dict[str, core_schema.TypedDictField]:
        """What a map may say: the quantities by our parser, everything else by its own annotation."""
        number = core_schema.float_schema()
        quantity = core_schema.no_info_before_validator_function(self.parse, number)
        sigma = core_schema.no_info_before_validator_function(self.parse_sigma, number)
        fields = {
            name: core_schema.typed_dict_field(sigma if name == "sigma" else quantity, required=False)
            for name in ("value", *QUANTITY_KEYS)
        }
        for name, about in model.model_fields.items():
            if name not in QUANTITY_KEYS:
                known: Any = (
                    Annotated[about.annotation, *about.metadata] if about.metadata else about.annotation
                )
                schema = handler.generate_schema(known)
                fields[name] = core_schema.typed_dict_field(schema, required=about.is_required())
        return fields

    def _from_map(self, model: type[Amount], entries: dict[str, Any]) -> Amount:
        if "value" in entries and "typ" in entries:
            raise _problem("order", "value and typ are the same thing", "keep one of them")
        if "value" in entries:
            entries = {**entries, "typ": entries["value"]}
            del entries["value"]
        low, high, distribution = (entries.get(key) for key in ("min", "max", "distribution"))
        if "typ" not in entries:
            if distribution != "uniform" or low is None or high is None:
                raise _problem("order", "typ is missing", "give typ (or value), or a uniform distribution")
            entries = {**entries, "typ": (low + high) / 2}
        problem = shape_problem(entries["typ"], low, high, distribution, entries.get("sigma"))
        if problem:
            raise problem
        return model(**entries)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """A text with examples, or a map of such texts."""
        kind = DIMENSIONS[self.dimension]
        text: dict[str, Any] = {"type": "string", "examples": list(kind.examples)}
        if kind.bare_number or self.bare_unit:
            text = {"type": ["number", "string"], "examples": list(kind.examples)}
        as_map = handler(schema)
        if "$ref" in as_map:
            as_map = handler.resolve_ref_schema(as_map)
        as_map = {key: value for key, value in as_map.items() if key != "title"}
        for name in ("value", *QUANTITY_KEYS):
            as_map["properties"][name] = {**text, "title": name}
        as_map["properties"]["sigma"] = {"type": ["number", "string"], "title": "sigma"}
        said = f"{kind.said[:1].upper()}{kind.said[1:]}, for example {' or '.join(kind.examples)}."
        if "source" in as_map["properties"]:
            return {"description": f"{said} With its source.", **as_map}
        return {"description": said, "anyOf": [text, as_map]}


def _as_map(amount: Amount) -> dict[str, Any]:
    return amount.model_dump(exclude_none=True)


def yaml_word(given: object) -> str:
    """What stands in the file, as the file says it; a list or map only by its kind."""
    if given is None:
        return "null"
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, Mapping):
        return "a map"
    if isinstance(given, list | tuple):
        return "a list"
    text = repr(given)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _metadata(annotation: Any) -> tuple[object, ...]:
    kept = getattr(annotation, "metadata", None) or getattr(annotation, "__metadata__", None)
    return tuple(kept or ())


def dimension_of(annotation: Any) -> str | None:
    """The dimension that an annotation or a field of a model says, through optional and list."""
    for entry in _metadata(annotation):
        if isinstance(entry, Quantity):
            return entry.dimension
    inner = (getattr(annotation, "annotation", None), *get_args(annotation))
    found = (dimension_of(part) for part in inner if part is not None and not isinstance(part, str))
    return next((dimension for dimension in found if dimension), None)


def amount(given: object, dimension: str) -> Amount:
    """An amount as a file says it, for Python code: `amount("20 ms", "duration")`. Raises ValueError."""
    quantity = Quantity(dimension)
    if isinstance(given, Mapping):
        entries = {
            key: quantity.parse(value)
            if key in ("value", "typ", "min", "max")
            else quantity.parse_sigma(value)
            if key == "sigma"
            else value
            for key, value in given.items()
        }
        return quantity._from_map(Amount, entries)
    return Amount(typ=quantity.parse(given))


Current = Annotated[Amount, Quantity("current")]
Voltage = Annotated[Amount, Quantity("voltage")]
Power = Annotated[Amount, Quantity("power")]
Energy = Annotated[Amount, Quantity("energy", lowest=0.0)]
Charge = Annotated[Amount, Quantity("charge")]
Capacitance = Annotated[Amount, Quantity("capacitance")]
Resistance = Annotated[Amount, Quantity("resistance")]
Duration = Annotated[Amount, Quantity("duration")]
Frequency = Annotated[Amount, Quantity("frequency")]
Rate = Annotated[Amount, Quantity("rate")]
Temperature = Annotated[Amount, Quantity("temperature")]
Data = Annotated[Amount, Quantity("data")]
Bytes = Annotated[Amount, Quantity("data", bare_unit="B")]
Fraction = Annotated[Amount, Quantity("fraction")]
FractionRate = Annotated[Amount, Quantity("fraction_rate")]
Gain = Annotated[Amount, Quantity("gain")]
Share = Annotated[Amount, Quantity("share")]
Mass = Annotated[Amount, Quantity("mass")]
Volume = Annotated[Amount, Quantity("volume")]
Money = Annotated[Amount, Quantity("money", lowest=0.0)]
Number = Annotated[Amount, Quantity("number")]
