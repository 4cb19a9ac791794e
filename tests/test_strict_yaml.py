"""The strict reader: types, places, limits; JSON through the same rules."""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerplan.errors import InputError, Problem
from powerplan.files.strict_yaml import read_document, read_json


def first_problem(source: Path | str) -> Problem:
    with pytest.raises(InputError) as caught:
        read_document(source)
    return caught.value.problems[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("1e-6", 1e-6, id="exponent is a number"),
        pytest.param("1E3", 1000.0, id="upper-case exponent"),
        pytest.param("195e-9", 195e-9, id="small number"),
        pytest.param("12", 12, id="whole number"),
        pytest.param("-0.0", 0.0, id="minus zero"),
        pytest.param("1e-320", 0.0, id="denormal is 0"),
        pytest.param("0x10", 16, id="hexadecimal"),
        pytest.param("true", True, id="true"),
        pytest.param("~", None, id="null"),
        pytest.param("no", "no", id="no is text"),
        pytest.param("on", "on", id="on is text"),
        pytest.param("1:30", "1:30", id="time is text"),
        pytest.param("12:30:45", "12:30:45", id="time with seconds is text"),
        pytest.param("2024-01-01", "2024-01-01", id="date is text"),
        pytest.param("1_000", "1_000", id="underscore is text"),
        pytest.param('"010"', "010", id="quoted zero"),
        pytest.param("20 ms", "20 ms", id="quantity"),
        pytest.param("前门", "前门", id="chinese"),
    ],
)
def test_scalars(text: str, value: object) -> None:
    data = read_document(f"a: {text}\n").data
    assert isinstance(data, dict)
    assert data == {"a": value}
    assert type(data["a"]) is type(value)


def test_places_of_keys_and_values() -> None:
    document = read_document("a:\n  b: [10, {c: text}]\n'quoted key': \"x\"\n")
    assert document.data == {"a": {"b": [10, {"c": "text"}]}, "quoted key": "x"}
    assert document.positions[("a", "b")] == (2, 3, 1)
    assert document.value_positions[("a", "b", 0)] == (2, 7, 2)
    assert document.positions[("a", "b", 1, "c")] == (2, 12, 1)
    assert document.value_positions[("a", "b", 1, "c")] == (2, 15, 4)
    assert document.positions[("quoted key",)] == (3, 1, 12)
    assert document.place(("a", "b", 1, "missing")) == (2, 11, 1)
    assert document.source_line(2) == "  b: [10, {c: text}]"


def test_keys_are_texts() -> None:
    assert read_document("1: a\ntrue: b\n7-9: 3\n").data == {"1": "a", "true": "b", "7-9": 3}


BOMBS = [
    pytest.param("[" * 2000, "PP016", id="open lists"),
    pytest.param("[" * 250_000, "PP016", id="many open lists"),
    pytest.param("[" * 5000 + "]" * 5000, "PP016", id="closed lists"),
    pytest.param('{"a":' * 2000, "PP016", id="maps"),
    pytest.param("- " * 2000, "PP016", id="block lists"),
    pytest.param("? " * 2000, "PP019", id="block keys"),
    pytest.param("\n".join(" " * i + "a:" for i in range(500)), "PP016", id="block maps"),
    pytest.param("[a, " * 20_000, "PP016", id="lists with entries"),
    pytest.param("a: [" + "1, " * 60_000 + "]", "PP017", id="many entries"),
    pytest.param("".join(f"k{i}: 1\n" for i in range(20_000)), "PP017", id="many keys"),
    pytest.param("a: " + "x" * 10_000_000, "PP002", id="10 MB scalar"),
    pytest.param("".join(f"key{i}: 1\n" for i in range(1_000_000)), "PP002", id="a million keys"),
    pytest.param("a: " + "9" * 5000, "PP020", id="5000 digits"),
    pytest.param('a: "' + "x" * 200_000 + '"', "PP023", id="long text"),
    pytest.param("x" * 1000 + ": 1", "PP019", id="long key"),
    pytest.param("a: &a [x]\nb: [" + "*a, " * 1000 + "]", "PP014", id="aliases"),
]


@pytest.mark.parametrize(("text", "code"), BOMBS)
def test_bombs_go_out_quickly(text: str, code: str) -> None:
    started_s = time.perf_counter()
    problem = first_problem(text)
    assert time.perf_counter() - started_s < 2.0
    assert problem.code == code
    assert len(str(problem)) < 2000


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param('a: "\\ud800"', "PP003", id="half a character"),
        pytest.param('a: "\\0"', "PP003", id="escaped NUL"),
        pytest.param('a: "\\UFFFFFFFF"', "PP010", id="escape beyond Unicode"),
        pytest.param('a: "\\q"', "PP010", id="unknown escape"),
        pytest.param("? [a]\n: 1", "PP019", id="list as a key"),
        pytest.param(": 1", "PP019", id="empty key"),
        pytest.param('"a\\nb": 1', "PP019", id="line break in a key"),
        pytest.param("a: @x", "PP010", id="reserved sign"),
        pytest.param("--- a\n...\nb", "PP013", id="document after the end"),
        pytest.param("a: !x y", "PP015", id="own tag"),
        pytest.param("a: \u2028", "PP003", id="line separator"),
    ],
)
def test_refused(text: str, code: str) -> None:
    assert first_problem(text).code == code


def test_all_flaws_of_a_file_at_once() -> None:
    with pytest.raises(InputError) as caught:
        read_document("a: 1\na: .inf\nb: {c: 010, c: 2}\n")
    assert [(problem.code, problem.line) for problem in caught.value.problems] == [
        ("PP018", 2),
        ("PP022", 2),
        ("PP021", 3),
        ("PP018", 3),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param('{"a": 1} x', "not JSON", id="text behind"),
        pytest.param("{'a': 1}", "not JSON", id="single quotes"),
        pytest.param('{"a": 1,}', "not JSON", id="comma at the end"),
        pytest.param('{"a": [1}', "not JSON", id="wrong bracket"),
        pytest.param('{"a": Infinity}', "not JSON", id="infinity"),
        pytest.param('{"a": 1e400}', "out of range", id="overflow"),
        pytest.param('{"a": 01}', "begins with 0", id="leading zero"),
        pytest.param('{"a": "\\x41"}', "the escape", id="escape of another language"),
        pytest.param('{"a"', "ends too early", id="cut off"),
        pytest.param("[" * 100_000, "nested deeper", id="deep"),
    ],
)
def test_json_refused(text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_json(text)
    assert words in caught.value.problems[0].message


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
    | st.text(
        st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff\ufffe\uffff\u2028\u2029")
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(
                st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"),
                min_size=1,
                max_size=9,
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON_VALUES, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_json_reads_as_json_does(value: Any, ascii_only: bool, indent: int | str | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    if not ascii_only and any(sign in text for sign in "\ufffe\uffff\u2028\u2029"):
        return
    assert read_json(text).data == json.loads(text)


def test_json_escapes_and_places() -> None:
    document = read_json('{\n\t"caf\\u00e9"\n:\t"\\/\\ud83d\\ude00\\t"}')
    assert document.data == {"café": "/😀\t"}
    assert document.positions[("café",)] == (2, 2, 11)
    assert document.value_positions[("café",)] == (3, 3, 18)


def test_a_json_name_is_read_as_json(tmp_path: Path) -> None:
    path = tmp_path / "lock.json"
    path.write_text('{"a": 1}', encoding="utf-8")
    assert read_document(path).data == {"a": 1}


@given(st.text(st.sampled_from("ab:-[]{}#&*!|>'\"%@`,? \n\t\\0é"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_document, read_json):
        with contextlib.suppress(InputError):
            read(text)


def test_a_file_of_crlf_lines(tmp_path: Path) -> None:
    path = tmp_path / "lock.yaml"
    path.write_bytes(b"a: 1\r\nb:\r\n  c: 2\r\n")
    document = read_document(path)
    assert document.data == {"a": 1, "b": {"c": 2}}
    assert document.positions[("b", "c")][:2] == (3, 3)
    assert document.source_line(3) == "  c: 2"
    assert len(document.sha256) == 64


def test_only_regular_files(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe, tmp_path / "absent.yaml", Path("a\x00b"), Path("x" * 5000)):
        assert first_problem(path).code == "PP001"


def test_a_hundred_lines_read_quickly() -> None:
    text = "".join(f"part{i}: {{profile: name{i}, current: 20 mA, modes: [a, b]}}\n" for i in range(100))
    read_document(text)
    times_s = []
    for _ in range(3):
        started_s = time.process_time()
        read_document(text)
        times_s.append(time.process_time() - started_s)
    assert min(times_s) < 0.15  # 50 ms of one core here; the rest is room for slower machines
