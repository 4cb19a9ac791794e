"""YAML 1.2 and JSON files to plain data with the place of every key, and no surprises.

Refused: duplicate keys, anchors, aliases, merge keys, tags, further documents, deep nesting, large files,
anything but UTF-8. Every limit is checked before data is built.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from powerplan.errors import InputError, Problem
from powerplan.files.json_events import json_events
from powerplan.files.yaml_events import yaml_events
from powerplan.files.yaml_scalars import Data
from powerplan.files.yaml_tree import Event, Flaw, KeyPath, Place, Stop, Tree, compose

SIZE_LIMIT_BYTES = 256 * 1024

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Document:
    """What one file says, and where it says it."""

    name: str
    """The file as it is shown in messages."""
    data: Data
    positions: dict[KeyPath, Place]
    """Key path -> place of the key (of the value for entries of lists and the top)."""
    value_positions: dict[KeyPath, Place]
    lines: tuple[str, ...]
    sha256: str = field(default="", compare=False)
    """Of the bytes that were read."""

    def owner(self, path: KeyPath) -> Document:  # noqa: ARG002
        """The document that says what stands at a key path; of merged documents, one of them."""
        return self

    def place(self, path: KeyPath, of: str = "value") -> Place:
        """Place of the key or value at the path, or of the nearest key path above that stands in the file."""
        wanted = self.positions if of == "key" else self.value_positions
        if path in wanted:
            return wanted[path]
        for length in range(len(path) - 1, 0, -1):
            if path[:length] in self.positions:
                return self.positions[path[:length]]
        return self.value_positions.get((), Place(1, 1))

    def source_line(self, line: int) -> str:
        """Text of a line, counted from 1; empty where there is none."""
        return self.lines[line - 1] if 0 < line <= len(self.lines) else ""


def read_document(source: Path | str, name: str = "") -> Document:
    """Data and places of a file (Path) or text (str); JSON if its name ends so. Raises InputError."""
    shown = name or (str(source) if isinstance(source, Path) else "scenario.yaml")
    return _read(source, shown, as_json=shown.lower().endswith(".json"))


def read_json(source: Path | str, name: str = "") -> Document:
    """As `read_document`, always as JSON. Raises InputError."""
    shown = name or (str(source) if isinstance(source, Path) else "input.json")
    return _read(source, shown, as_json=True)


def _read(source: Path | str, name: str, as_json: bool) -> Document:
    try:
        raw = _file_bytes(source) if isinstance(source, Path) else source.encode("utf-8", "surrogatepass")
        text = _decoded(raw)
    except Stop as stop:
        raise _refusal(name, (), [stop.flaw]) from None
    lines = tuple(_LINE_BREAK.split(text))
    try:
        _check_characters(text)
        tree = _composed(json_events(text) if as_json else yaml_events(text))
    except Stop as stop:
        raise _refusal(name, lines, [stop.flaw]) from None
    if tree.flaws:
        raise _refusal(name, lines, tree.flaws)
    positions = {**tree.value_places, **tree.key_places}
    return Document(name, tree.data, positions, tree.value_places, lines, hashlib.sha256(raw).hexdigest())


def _file_bytes(path: Path) -> bytes:
    """Content of a regular file, read once. Raises Stop."""
    try:
        # Without O_NONBLOCK opening a pipe would wait for its writer.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise Stop(Place(0, 0), "PP001", f"cannot be opened: {reason}", "check the path") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Stop(Place(0, 0), "PP001", "is not a regular file", "give a YAML or JSON file")
    with os.fdopen(handle, "rb") as file:
        return file.read(SIZE_LIMIT_BYTES + 1)


def _decoded(raw: bytes) -> str:
    if len(raw) > SIZE_LIMIT_BYTES:
        limit = f"at most {SIZE_LIMIT_BYTES // 1024} KiB are taken"
        raise Stop(Place(0, 0), "PP002", "the file is too large", f"{limit}; move tables to a CSV file")
    if raw.startswith(_UTF16_MARKS):
        raise Stop(Place(1, 1), "PP003", "the file is UTF-16", "save it as UTF-8")
    if raw.startswith(b"\xef\xbb\xbf"):
        raise Stop(
            Place(1, 1), "PP003", "the file begins with a byte-order mark", "save it as UTF-8 without BOM"
        )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        place = _place_of(before)
        raise Stop(
            place, "PP003", f"byte 0x{raw[error.start]:02x} is not UTF-8", "save the file as UTF-8"
        ) from None


def _place_of(before: str) -> Place:
    """The place behind a text."""
    lines = _LINE_BREAK.split(before)
    return Place(len(lines), len(lines[-1]) + 1)


def _check_characters(text: str) -> None:
    if found := _CONTROL.search(text):
        place = _place_of(text[: found.start()])
        raise Stop(
            place, "PP003", f"the control character U+{ord(found[0]):04X}", "remove it; is this a text file?"
        )
    if not text.strip():
        raise Stop(Place(1, 1), "PP012", "the file is empty", "powerplan new writes a first scenario")


def _composed(events: Iterable[Event]) -> Tree:
    tree = compose(events)
    if not tree.value_places:
        raise Stop(
            Place(1, 1), "PP012", "the file holds nothing but comments", "powerplan new writes a scenario"
        )
    return tree


def _refusal(name: str, lines: tuple[str, ...], flaws: list[Flaw]) -> InputError:
    return InputError(tuple(_problem(name, lines, flaw) for flaw in flaws))


def _problem(name: str, lines: tuple[str, ...], flaw: Flaw) -> Problem:
    line, column, width = flaw.place
    source_line = lines[line - 1] if 0 < line <= len(lines) else ""
    path = path_text(flaw.path)
    return Problem(name, line, column, flaw.code, "error", path, flaw.message, flaw.hint, source_line, width)


def path_text(path: KeyPath) -> str:
    """A key path as people say it: `tasks.approach.do[1].send`."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text
