"""Files that must be refused: the code, the place and the words of each message."""

from __future__ import annotations

import pickle
import time
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from powerplan.errors import ExitCode, InputError, Problem
from powerplan.files.problems import EXPLANATIONS, nearest, problem_at, problems_from
from powerplan.files.strict_yaml import read_document
from powerplan.model.amount import Charge, Current, Duration, Frequency, Share, Voltage
from powerplan.model.figure import Figure

BAD_INPUTS = Path(__file__).parent / "bad_inputs"


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Battery(Strict):
    capacity: Charge
    cells: Annotated[int, Field(strict=True, ge=1, le=20)] = 1


class Buck(Strict):
    kind: Literal["buck"]
    quiescent: Figure[Current]


class Ldo(Strict):
    kind: Literal["ldo"]
    dropout: Voltage


class Product(Strict):
    """A small model with every shape the real one has: maps, lists, unions with and without a tag."""

    battery: Battery | None = None
    spare: list[Battery] = []
    name: Annotated[str, Field(max_length=12)] = "lock"
    threshold: float | Literal["never"] = 0.5
    sleep_current: Current | None = None
    listen_current: Figure[Current] | None = None
    clock: Frequency | None = None
    start: Duration | None = None
    for_: Duration | None = Field(None, alias="for")
    regulator: str | Buck | None = None
    converter: Annotated[Buck | Ldo, Field(discriminator="kind")] | None = None
    background: dict[str, Literal["rest"] | Share] = {}

    @model_validator(mode="after")
    def _runs(self) -> Product:
        if self.name == "brick":
            raise ValueError("a brick needs no battery")
        return self


def found_in(text: str) -> list[Problem]:
    """Problems of a text that is sound YAML."""
    document = read_document(text, name="lock.yaml")
    with pytest.raises(ValidationError) as caught:
        Product.model_validate(document.data)
    return problems_from(caught.value, document, Product)


def refused(path: Path) -> tuple[Problem, ...]:
    """Problems of a file, from whichever layer refuses it."""
    try:
        document = read_document(path, name=path.name)
    except InputError as error:
        return error.problems
    try:
        Product.model_validate(document.data)
    except ValidationError as error:
        return tuple(problems_from(error, document, Product))
    return ()


BAD_FILES = [
    pytest.param(
        "b01_bad_indent.yaml", "PP010", 3, 3, "this line does not fit the lines above", id="b01 bad indent"
    ),
    pytest.param("b01_binary.yaml", "PP003", 1, 1, "the control character U+007F", id="b01 binary"),
    pytest.param("b01_bom.yaml", "PP003", 1, 1, "the file begins with a byte-order mark", id="b01 bom"),
    pytest.param(
        "b01_colon_in_text.yaml", "PP010", 1, 16, 'a ":" where no key can stand', id="b01 colon in text"
    ),
    pytest.param(
        "b01_directive.yaml", "PP015", 2, 1, "directives (%YAML 1.1, %TAG) are refused", id="b01 directive"
    ),
    pytest.param("b01_empty.yaml", "PP012", 1, 1, "the file is empty", id="b01 empty"),
    pytest.param("b01_latin1.yaml", "PP003", 2, 8, "byte 0xfc is not UTF-8", id="b01 latin1"),
    pytest.param("b01_nan.json", "PP010", 1, 15, "not JSON: 'NaN}'", id="b01 nan json"),
    pytest.param("b01_nul.yaml", "PP003", 1, 8, "the control character U+0000", id="b01 nul"),
    pytest.param(
        "b01_only_comments.yaml", "PP012", 1, 1, "the file holds nothing but comments", id="b01 only comments"
    ),
    pytest.param(
        "b01_single_quotes.json", "PP010", 1, 2, "not JSON: \"'powerplan':\"", id="b01 single quotes json"
    ),
    pytest.param("b01_tab_between.yaml", "PP011", 1, 8, "a tab", id="b01 tab between"),
    pytest.param("b01_tab_indent.yaml", "PP011", 2, 1, "a tab in the indentation", id="b01 tab indent"),
    pytest.param("b01_trailing_comma.json", "PP010", 1, 17, "not JSON: } here", id="b01 trailing comma json"),
    pytest.param(
        "b01_two_documents.yaml", "PP013", 2, 1, "a second document (---) in one file", id="b01 two documents"
    ),
    pytest.param(
        "b01_unclosed_bracket.yaml", "PP010", 2, 9, "this bracket is never closed", id="b01 unclosed bracket"
    ),
    pytest.param(
        "b01_unclosed_json.json", "PP010", 1, 27, "the JSON ends too early", id="b01 unclosed json json"
    ),
    pytest.param(
        "b01_unclosed_quote.yaml", "PP010", 2, 9, "this quote is never closed", id="b01 unclosed quote"
    ),
    pytest.param("b01_utf16.yaml", "PP003", 1, 1, "the file is UTF-16", id="b01 utf16"),
    pytest.param(
        "b02_aliases.yaml", "PP014", 1, 4, "anchors (&) and aliases (*) are refused", id="b02 aliases"
    ),
    pytest.param("b02_merge_keys.yaml", "PP014", 3, 3, "merge keys (<<) are refused", id="b02 merge keys"),
    pytest.param(
        "b02_recursive.yaml", "PP014", 1, 1, "anchors (&) and aliases (*) are refused", id="b02 recursive"
    ),
    pytest.param("b02_tag.yaml", "PP015", 1, 6, "tags (!) are refused", id="b02 tag"),
    pytest.param(
        "b03_same_key.json",
        "PP018",
        2,
        2,
        'key "battery" in line 2 stands in line 1 already',
        id="b03 same key json",
    ),
    pytest.param(
        "b03_same_key.yaml",
        "PP018",
        4,
        3,
        'key "battery" in line 4 stands in line 2 already',
        id="b03 same key",
    ),
    pytest.param(
        "b03_same_part.yaml",
        "PP018",
        4,
        3,
        'key "camera" in line 4 stands in line 2 already',
        id="b03 same part",
    ),
    pytest.param("b04_misspelt.yaml", "PP104", 1, 27, 'unknown key "cels" in battery', id="b04 misspelt"),
    pytest.param(
        "b04_unit_in_key.yaml", "PP104", 2, 3, 'unknown key "capacity_mah" in battery', id="b04 unit in key"
    ),
    pytest.param(
        "b05_boolean_for_number.yaml",
        "PP102",
        1,
        34,
        "battery.cells: true is not a whole number",
        id="b05 boolean for number",
    ),
    pytest.param(
        "b05_boolean_for_quantity.yaml",
        "PP201",
        1,
        21,
        "battery.capacity: true is not a charge",
        id="b05 boolean for quantity",
    ),
    pytest.param(
        "b05_list_for_map.yaml", "PP102", 1, 10, "battery: a list is not a map", id="b05 list for map"
    ),
    pytest.param("b05_null.yaml", "PP102", 2, 4, "spare[0]: null is not a map", id="b05 null"),
    pytest.param(
        "b05_number_for_text.yaml", "PP102", 2, 7, "name: 12 is not a text", id="b05 number for text"
    ),
    pytest.param(
        "b05_text_for_number.yaml",
        "PP102",
        3,
        10,
        "battery.cells: 'three' is not a whole number",
        id="b05 text for number",
    ),
    pytest.param(
        "b06_beyond_64_bits.yaml",
        "PP020",
        1,
        34,
        "the number 9223372036854775808 is out of range",
        id="b06 beyond 64 bits",
    ),
    pytest.param("b06_infinite.yaml", "PP022", 2, 12, "-.inf is not a finite number", id="b06 infinite"),
    pytest.param("b06_nan.yaml", "PP022", 1, 12, ".nan is not a finite number", id="b06 nan"),
    pytest.param(
        "b06_nan_text.yaml",
        "PP201",
        1,
        21,
        "battery.capacity: 'nan Ah' is not a finite number",
        id="b06 nan text",
    ),
    pytest.param(
        "b06_negative.yaml",
        "PP201",
        1,
        21,
        "battery.capacity: '-2 Ah' is out of range for a charge",
        id="b06 negative",
    ),
    pytest.param(
        "b06_octal_looking.yaml",
        "PP021",
        1,
        34,
        "010 begins with 0: octal or decimal?",
        id="b06 octal looking",
    ),
    pytest.param("b06_overflow.yaml", "PP020", 1, 12, "the number 1e400 is out of range", id="b06 overflow"),
    pytest.param(
        "b06_overflow_quantity.yaml",
        "PP201",
        1,
        21,
        "battery.capacity: '1e400 Ah' is out of range for a charge",
        id="b06 overflow quantity",
    ),
    pytest.param(
        "b06_range_order.yaml", "PP202", 1, 21, "battery.capacity: min is above typ", id="b06 range order"
    ),
    pytest.param(
        "b06_too_large.yaml",
        "PP201",
        1,
        21,
        "battery.capacity: '1e308 Ah' is out of range for a charge",
        id="b06 too large",
    ),
    pytest.param(
        "b06_zero_cells.yaml", "PP105", 1, 34, "battery.cells: 0 is out of range", id="b06 zero cells"
    ),
    pytest.param(
        "b07_case_of_mhz.yaml",
        "PP201",
        1,
        8,
        "clock: '160 Mhz': the unit 'Mhz' is unknown",
        id="b07 case of mhz",
    ),
    pytest.param(
        "b07_comma_decimals.yaml",
        "PP201",
        1,
        16,
        "sleep_current: '3,5 uA' has a comma",
        id="b07 comma decimals",
    ),
    pytest.param(
        "b07_figure_without_source.yaml",
        "PP204",
        1,
        17,
        "listen_current: '640 uA' has no source",
        id="b07 figure without source",
    ),
    pytest.param(
        "b07_inside_figure.yaml",
        "PP201",
        1,
        25,
        "listen_current.value: '640 uV' is a voltage, a current is due",
        id="b07 inside figure",
    ),
    pytest.param(
        "b07_mwh_for_mah.yaml",
        "PP201",
        1,
        21,
        "battery.capacity: '2000 mWh' is an energy, a charge is due",
        id="b07 mwh for mah",
    ),
    pytest.param(
        "b07_no_unit.yaml",
        "PP201",
        1,
        21,
        "battery.capacity: 2000 has no unit, a charge is due",
        id="b07 no unit",
    ),
    pytest.param(
        "b07_no_unit_text.yaml",
        "PP201",
        1,
        21,
        "battery.capacity: '2000' has no unit, a charge is due",
        id="b07 no unit text",
    ),
    pytest.param(
        "b07_space_in_number.yaml",
        "PP201",
        1,
        21,
        "battery.capacity: '2 000 mAh' has a space within the number",
        id="b07 space in number",
    ),
    pytest.param(
        "b07_unknown_unit.yaml",
        "PP201",
        1,
        16,
        "sleep_current: '3 microamps': the unit 'microamps' is unknown",
        id="b07 unknown unit",
    ),
    pytest.param(
        "b07_wrong_dimension.yaml",
        "PP201",
        1,
        16,
        "sleep_current: '3 V' is a voltage, a current is due",
        id="b07 wrong dimension",
    ),
]


@pytest.mark.parametrize(("file", "code", "line", "column", "message"), BAD_FILES)
def test_bad_file(file: str, code: str, line: int, column: int, message: str) -> None:
    started_s = time.perf_counter()
    found = refused(BAD_INPUTS / file)
    assert time.perf_counter() - started_s < 2.0
    assert (code, line, column, message) in [
        (problem.code, problem.line, problem.column, problem.message) for problem in found
    ]
    assert all(problem.severity == "error" and problem.hint for problem in found)


def test_every_bad_file_is_in_the_table() -> None:
    listed = {str(row.values[0]) for row in BAD_FILES}
    assert listed == {path.name for path in BAD_INPUTS.iterdir() if path.suffix in (".yaml", ".json")}


def test_the_printed_form() -> None:
    (unknown,) = [p for p in found_in("battery:\n  capacity: 2 Ah\n  cels: 3\n") if p.code == "PP104"]
    assert str(unknown) == (
        'lock.yaml:3:3: error PP104 unknown key "cels" in battery\n'
        "   3 |   cels: 3\n"
        '     |   ^^^^ did you mean "cells"?  known: capacity, cells'
    )


def test_all_problems_at_once_in_the_order_of_the_file() -> None:
    found = found_in("battery: {capacity: 2 V, cells: 0}\nnonsense: 1\nname: [a]\nspare: [{}]\n")
    assert [(problem.code, problem.path) for problem in found] == [
        ("PP201", "battery.capacity"),
        ("PP105", "battery.cells"),
        ("PP104", "nonsense"),
        ("PP102", "name"),
        ("PP101", "spare[0].capacity"),
    ]
    text = str(InputError(found))
    assert text.endswith("5 errors, 0 warnings   (powerplan explain PP201)")
    assert InputError(found).exit_code is ExitCode.DATA


@pytest.mark.parametrize(
    ("text", "path", "code", "words"),
    [
        pytest.param("regulator: 3", "regulator", "PP102", "allowed: a text; or a map", id="no branch fits"),
        pytest.param(
            "regulator: {kind: buck, quiescent: {value: 60 nA, source: ds, basis: guess}}",
            "regulator.quiescent.basis",
            "PP103",
            "datasheet",
            id="the map branch of a union",
        ),
        pytest.param("threshold: often", "threshold", "PP102", 'a number; or "never"', id="number or word"),
        pytest.param(
            "background: {tv: 3 V}",
            "background.tv",
            "PP201",
            '"rest"; or write it like 4 h/day',
            id="word or share",
        ),
        pytest.param(
            "converter: {kind: lado}", "converter", "PP103", 'did you mean "ldo"?', id="unknown kind"
        ),
        pytest.param("converter: {}", "converter", "PP101", "which kind", id="no kind"),
        pytest.param("converter: {kind: ldo}", "converter.dropout", "PP101", "add", id="no tag in the path"),
        pytest.param(
            "converter: {kind: ldo, dropout: 1 V, dropuot: 2 V}",
            "converter.dropuot",
            "PP104",
            'did you mean "dropout"?  known: dropout, kind',
            id="keys of the right kind only",
        ),
        pytest.param("fro: 2 s", "fro", "PP104", 'did you mean "for"?', id="alias, as the file says it"),
        pytest.param("for: 2 V", "for", "PP201", "allowed units: ns", id="value of an alias"),
        pytest.param("name: brick", "", "PP107", "", id="rule of the whole file"),
        pytest.param("name: abcdefghijklm", "name", "PP106", "at most 12 characters", id="too long"),
        pytest.param("[1]", "", "PP102", "write a map", id="list at the top"),
    ],
)
def test_words(text: str, path: str, code: str, words: str) -> None:
    (problem,) = found_in(text)
    assert (problem.path, problem.code) == (path, code)
    assert words in problem.hint


def test_a_branch_of_a_union_never_shows_in_a_path() -> None:
    text = "regulator: {kind: buck, quiescent: {value: 3 V}}\nconverter: {kind: ldo, dropout: {min: 3 A}}"
    paths = {problem.path for problem in found_in(text)}
    assert paths == {
        "regulator.quiescent.value",
        "regulator.quiescent.source",
        "regulator.quiescent.basis",
        "converter.dropout.min",
    }


def test_a_part_of_a_document_keeps_its_place() -> None:
    document = read_document("parts:\n  a:\n    capacity: 3 V\n", name="lock.yaml")
    with pytest.raises(ValidationError) as caught:
        Battery.model_validate({"capacity": "3 V"})
    (problem,) = problems_from(caught.value, document, Battery, at=("parts", "a"))
    assert (problem.path, problem.line, problem.column) == ("parts.a.capacity", 3, 15)


def test_problem_found_later_points_at_the_nearest_entry() -> None:
    document = read_document("tasks:\n  ring:\n    do: [{send: radio}]\n", name="lock.yaml")
    at_value = problem_at(document, ("tasks", "ring", "do", 0, "send"), "PP301", "no such part")
    at_parent = problem_at(document, ("tasks", "ring", "when"), "PP101", "missing", severity="warning")
    assert (at_value.line, at_value.column, at_value.width, at_value.path) == (
        3,
        17,
        5,
        "tasks.ring.do[0].send",
    )
    assert (at_parent.line, at_parent.column, at_parent.severity) == (2, 3, "warning")


@pytest.mark.parametrize(
    ("given", "near"),
    [
        pytest.param("capacity_mah", "capacity", id="unit in the key"),
        pytest.param("CELLS", "cells", id="upper case"),
        pytest.param("cels", "cells", id="letter lost"),
        pytest.param("zzz", None, id="nothing like it"),
    ],
)
def test_nearest(given: str, near: str | None) -> None:
    assert nearest(given, ["capacity", "cells"]) == near


def test_every_code_is_explained() -> None:
    codes = {str(row.values[1]) for row in BAD_FILES}
    assert codes <= set(EXPLANATIONS)
    assert all(text.endswith(".") and len(text) > 30 for text in EXPLANATIONS.values())


@pytest.mark.parametrize(
    ("line", "column", "frame"),
    [
        pytest.param("名: 3 V", 4, ["   1 | 名: 3 V", "     |     ^ x"], id="wide characters"),
        pytest.param("a\x1b[31m: 3", 1, ["   1 | a\\x1b[31m: 3", "     | ^ x"], id="escape sequence"),
        pytest.param("a" * 500, 300, ["   1 | " + "a" * 100, "     | " + " " * 50 + "^ x"], id="long line"),
        pytest.param("", 1, ["     = x"], id="no line"),
    ],
)
def test_code_frame(line: str, column: int, frame: list[str]) -> None:
    problem = Problem("f.yaml", 1, column, "PP010", "error", "", "no", "x", line)
    assert str(problem).splitlines()[1:] == frame


def test_only_fifty_are_shown_and_the_rest_is_counted() -> None:
    error = InputError([Problem("f.yaml", 1, 1, "PP010", "error", "", f"no {i}", "") for i in range(60)])
    assert "... and 10 more" in str(error)
    assert "60 errors, 0 warnings" in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
