"""Events of a reader to plain data with the place of every key and value; limits and duplicates on the way.

Readers of YAML and of JSON give the same events, so both kinds of file obey the same rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from powerplan.files.yaml_scalars import Data, Refused, Scalar, checked_text, plain_value

DEPTH_LIMIT = 32
NODE_LIMIT_COUNT = 5_000
KEY_LENGTH_COUNT = 200

KeyPath = tuple[str | int, ...]
"""Keys and list positions (from 0) from the top of the file to an entry."""


class Place(NamedTuple):
    """Where something stands: line and column from 1, and how many characters it takes."""

    line: int
    column: int
    width: int = 1


class Event(NamedTuple):
    """What a reader met: the start or end of a map or list, or a scalar."""

    kind: Literal["{", "}", "[", "]", "scalar"]
    place: Place
    scalar: Scalar | None = None


class Flaw(NamedTuple):
    """Something refused, with its place."""

    place: Place
    code: str
    message: str
    hint: str
    path: KeyPath = ()


class Stop(Exception):
    """The file cannot be read any further."""

    def __init__(self, place: Place, code: str, message: str, hint: str = "") -> None:
        super().__init__(place, code, message, hint)
        self.flaw = Flaw(place, code, message, hint)


@dataclass
class Tree:
    """Data of a file and the places of its keys and values."""

    data: Data = None
    key_places: dict[KeyPath, Place] = field(default_factory=dict)
    value_places: dict[KeyPath, Place] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)


@dataclass
class _Open:
    """A map or list whose end has not come yet."""

    entries: dict[str, Data] | list[Data]
    path: KeyPath
    key: str | None = None
    discarded: bool = False
    """The next value belongs to a key that was refused."""


def compose(events: Iterable[Event]) -> Tree:
    """The tree of one file. Raises Stop at a limit; smaller flaws are gathered."""
    return _Composer().run(events)


class _Composer:
    """Builds the tree without recursion: depth is ours to limit."""

    def __init__(self) -> None:
        self.tree = Tree()
        self.open: list[_Open] = []
        self.nodes_count = 0

    def run(self, events: Iterable[Event]) -> Tree:
        for event in events:
            if event.kind in "}]":
                self.open.pop()
                continue
            self._count(event.place)
            top = self.open[-1] if self.open else None
            if top and isinstance(top.entries, dict) and top.key is None:
                self._take_key(top, event)
            else:
                self._take_value(top, event)
        return self.tree

    def _count(self, place: Place) -> None:
        self.nodes_count += 1
        if self.nodes_count > NODE_LIMIT_COUNT:
            hint = "split the file, or move tables to a CSV file"
            raise Stop(place, "PP017", f"more than {NODE_LIMIT_COUNT} entries in one file", hint)

    def _take_key(self, top: _Open, event: Event) -> None:
        if event.scalar is None:
            raise Stop(
                event.place, "PP019", "a key is a text, not a map or list", 'example: capacity: "2 Ah"'
            )
        key = self._checked_key(event, event.scalar, top.path)
        path = (*top.path, key)
        first = self.tree.key_places.get(path)
        top.key, top.discarded = key, first is not None
        if first is not None:
            message = f'key "{key}" in line {event.place.line} stands in line {first.line} already'
            self._flaw(event.place, "PP018", message, "keep one of the two", path)
        else:
            self.tree.key_places[path] = event.place

    def _checked_key(self, event: Event, scalar: Scalar, path: KeyPath) -> str:
        key = scalar.text
        if scalar.plain and key == "<<":
            raise Stop(
                event.place, "PP014", "merge keys (<<) are refused", "write the entries out, or use based_on"
            )
        if not key or len(key) > KEY_LENGTH_COUNT or any(ord(letter) < 32 for letter in key):
            rule = f"a key is one line of 1 to {KEY_LENGTH_COUNT} characters"
            raise Stop(event.place, "PP019", rule, "example: capacity: 2 Ah")
        try:
            return checked_text(key)
        except Refused as refused:
            self._flaw(event.place, refused.code, refused.message, refused.hint, path)
            return key

    def _take_value(self, top: _Open | None, event: Event) -> None:
        path = self._path(top)
        discarded = top is not None and top.discarded
        if not discarded:
            self.tree.value_places[path] = event.place
        value = self._value(event, path)
        if top is None:
            self.tree.data = value
        elif isinstance(top.entries, list):
            top.entries.append(value)
        else:
            if not discarded and top.key is not None:
                top.entries[top.key] = value
            top.key, top.discarded = None, False
        if isinstance(value, dict | list) and event.kind != "scalar":
            # Entries under a refused key get paths of their own, so that they overwrite no place.
            self.open.append(_Open(value, (*path, "(again)") if discarded else path))
            if len(self.open) > DEPTH_LIMIT:
                raise too_deep(event.place)

    def _path(self, top: _Open | None) -> KeyPath:
        if top is None:
            return ()
        return (*top.path, len(top.entries) if isinstance(top.entries, list) else top.key or "")

    def _value(self, event: Event, path: KeyPath) -> Data:
        if event.scalar is None:
            return {} if event.kind == "{" else []
        try:
            return plain_value(event.scalar)
        except Refused as refused:
            self._flaw(event.place, refused.code, refused.message, refused.hint, path)
            return None

    def _flaw(self, place: Place, code: str, message: str, hint: str, path: KeyPath) -> None:
        self.tree.flaws.append(Flaw(place, code, message, hint, path))


def too_deep(place: Place) -> Stop:
    """The refusal of maps and lists nested beyond the limit."""
    return Stop(place, "PP016", f"nested deeper than {DEPTH_LIMIT} levels", "scenarios need about 8")
