"""Events of a JSON file, with their places; the same rules as for YAML follow from the same tree."""

from __future__ import annotations

import re
from collections.abc import Iterator

from powerplan.files.yaml_scalars import Scalar
from powerplan.files.yaml_tree import DEPTH_LIMIT, Event, Place, Stop, too_deep

_TOKEN = re.compile(
    r'[ \t\r\n]*(?:(?P<text>"(?:[^"\\\x00-\x1f]|\\.)*")|(?P<sign>[\[\]{},:])'
    r"|(?P<word>-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![0-9A-Za-z_.])|true\b|false\b|null\b))"
)
_BLANK = re.compile(r"[ \t\r\n]*")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "/": "/"}
_CLOSING = {"{": "}", "[": "]"}


class _Reader:
    """Tokens of a JSON text, and where they stand."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.line_starts = [0, *(match.end() for match in _LINE_BREAK.finditer(text))]
        self.line = 0

    def place(self, position: int, width: int = 1) -> Place:
        while self.line + 1 < len(self.line_starts) and self.line_starts[self.line + 1] <= position:
            self.line += 1
        return Place(self.line + 1, position - self.line_starts[self.line] + 1, width)

    def next(self) -> tuple[str, str, Place] | None:
        """Group, text and place of the next token; None at the end."""
        match = _TOKEN.match(self.text, self.position)
        if match is None:
            blank = _BLANK.match(self.text, self.position)
            position = blank.end() if blank else self.position
            if position == len(self.text):
                return None
            raise self._not_json(position)
        group = match.lastgroup or "sign"
        self.position = match.end()
        return group, match[group], self.place(match.start(group), len(match[group]))

    def _not_json(self, position: int) -> Stop:
        shown = self.text[position : position + 12].split("\n")[0]
        hints = {
            '"': "close the quote on the same line, and check its escapes",
            "'": "JSON quotes with double quotes",
            "/": "JSON has no comments",
            "#": "JSON has no comments",
        }
        hint = hints.get(
            shown[:1], "JSON takes texts in double quotes, finite numbers, true, false, null, [] and {}"
        )
        return Stop(self.place(position), "PP010", f"not JSON: {shown!r}", hint)


def json_events(text: str) -> Iterator[Event]:
    """Maps, lists and scalars of a JSON text, in order. Raises Stop."""
    reader = _Reader(text)
    open_signs: list[str] = []
    due = "value"  # value | first value | first key | key | colon | after
    while token := reader.next():
        group, word, place = token
        if due in ("value", "first value") and (group != "sign" or word in "{["):
            if group == "sign":
                open_signs.append(word)
                if len(open_signs) > DEPTH_LIMIT:
                    raise too_deep(place)
                yield Event("{" if word == "{" else "[", place._replace(width=1))
                due = "first key" if word == "{" else "first value"
            else:
                yield _scalar(group, word, place)
                due = "after"
        elif due in ("first key", "key") and group == "text":
            yield _scalar(group, word, place)
            due = "colon"
        elif due == "colon" and word == ":" and group == "sign":
            due = "value"
        elif due == "after" and group == "sign" and word == "," and open_signs:
            due = "key" if open_signs[-1] == "{" else "value"
        elif due in ("after", "first key", "first value") and open_signs and word == _CLOSING[open_signs[-1]]:
            yield Event("}" if open_signs.pop() == "{" else "]", place)
            due = "after"
        else:
            raise _unexpected(word, place, due, open_signs)
    if due != "after" or open_signs:
        raise Stop(
            reader.place(len(text)), "PP010", "the JSON ends too early", "close all brackets and braces"
        )


def _unexpected(word: str, place: Place, due: str, open_signs: list[str]) -> Stop:
    if not open_signs and due == "after":
        return Stop(place, "PP010", f"not JSON: {word[:20]} after the end", "one file holds one document")
    wanted = {
        "colon": 'a ":"',
        "key": "a key in double quotes (no comma before a closing brace)",
        "first key": "a key in double quotes",
        "after": "a comma or the closing bracket",
    }
    return Stop(place, "PP010", f"not JSON: {word[:20]} here", f"{wanted.get(due, 'a value')} is due")


def _scalar(group: str, word: str, place: Place) -> Event:
    if group == "word":
        return Event("scalar", place, Scalar(word, plain=True))
    return Event("scalar", place, Scalar(_unescaped(word[1:-1], place), plain=False))


def _unescaped(text: str, place: Place) -> str:
    def letter(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        if match[2] not in _LETTERS:
            known = 'JSON has \\n \\t \\" \\\\ \\/ and \\u with four hex digits'
            raise Stop(place, "PP010", f"not JSON: the escape \\{match[2]}", known)
        return _LETTERS[match[2]]

    return _ESCAPE.sub(letter, text)
