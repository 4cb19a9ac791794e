"""Events of a YAML file, by ruamel's parser; what a product file does not need is refused as it is met."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from powerplan.files.yaml_scalars import Scalar
from powerplan.files.yaml_tree import DEPTH_LIMIT, Event, Place, Stop, too_deep

if TYPE_CHECKING:
    from ruamel.yaml import YAML

_LEADING_TAB = re.compile(r"^ *\t", re.MULTILINE)
_ENDS = ("stream end", "end of stream")


def yaml_events(text: str) -> Iterator[Event]:
    """Maps, lists and scalars of one YAML document, in order. Raises Stop."""
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    if tab := _LEADING_TAB.search(text):
        place = Place(text.count("\n", 0, tab.start()) + 1, tab.end() - tab.start())
        raise Stop(place, "PP011", "a tab in the indentation", "indent with spaces")
    documents_count = 0
    open_places: list[Place] = []
    try:
        for event in _strict_parser().parse(text):
            name = type(event).__name__
            if name == "DocumentStartEvent":
                documents_count += 1
                _check_document(event, documents_count)
            elif name not in ("StreamStartEvent", "StreamEndEvent", "DocumentEndEvent"):
                translated = _translated(event, name)
                if translated.kind in "{[":
                    open_places.append(translated.place)
                elif translated.kind in "}]":
                    open_places.pop()
                yield translated
    except MarkedYAMLError as error:
        raise _syntax(error, open_places) from None
    except (YAMLError, ValueError, OverflowError) as error:
        # Escapes beyond Unicode ("\UFFFFFFFF") reach us as ValueError or OverflowError.
        raise Stop(
            Place(1, 1), "PP010", "not YAML: an escape that names no character", "check \\u and \\U"
        ) from error


def _strict_parser() -> YAML:
    """ruamel's parser with a scanner that stops at depth: it would look ahead for seconds otherwise."""
    from ruamel.yaml import YAML
    from ruamel.yaml.scanner import Scanner

    class DepthScanner(Scanner):
        def fetch_flow_collection_start(self, *arguments: Any, **options: Any) -> None:
            if self.flow_level >= DEPTH_LIMIT:
                mark = self.reader.get_mark()
                raise too_deep(Place(mark.line + 1, mark.column + 1))
            super().fetch_flow_collection_start(*arguments, **options)

    parser = YAML(typ="safe", pure=True)
    parser.Scanner = DepthScanner
    return parser


def _check_document(event: Any, documents_count: int) -> None:
    place = _place(event)
    if documents_count > 1:
        raise Stop(place, "PP013", "a second document (---) in one file", "one file holds one document")
    if event.tags or (event.version and tuple(event.version) != (1, 2)):
        raise Stop(
            place, "PP015", "directives (%YAML 1.1, %TAG) are refused", "files are YAML 1.2; remove the line"
        )


def _translated(event: Any, name: str) -> Event:
    """Our event for one of ruamel's."""
    place = _place(event)
    if name == "AliasEvent" or getattr(event, "anchor", None):
        raise Stop(
            place, "PP014", "anchors (&) and aliases (*) are refused", "quote a text that begins with & or *"
        )
    kind = {"MappingEndEvent": "}", "SequenceEndEvent": "]"}.get(name)
    if kind == "}":
        return Event("}", place)
    if kind == "]":
        return Event("]", place)
    if _has_tag(event):
        raise Stop(place, "PP015", "tags (!) are refused", "quote a text that begins with !")
    if name == "MappingStartEvent":
        return Event("{", place)
    if name == "SequenceStartEvent":
        return Event("[", place)
    return Event("scalar", place, Scalar(event.value, plain=not event.style))


def _has_tag(event: Any) -> bool:
    tag = getattr(event, "ctag", None) or getattr(event, "tag", None)
    return tag is not None and str(tag) not in ("", "None")


def _place(event: Any) -> Place:
    start, end = event.start_mark, event.end_mark
    one_line = end is not None and end.line == start.line and type(event).__name__ == "ScalarEvent"
    return Place(start.line + 1, start.column + 1, max(1, end.column - start.column) if one_line else 1)


def _syntax(error: Any, open_places: list[Place]) -> Stop:
    """The parser's refusal in words of ours where we have better ones."""
    problem, context = str(error.problem or ""), str(error.context or "")
    mark = error.problem_mark or error.context_mark
    if any(end in problem for end in _ENDS) and error.context_mark is not None:
        # The end of the file tells nothing; the place that was never closed does.
        mark = error.context_mark
        what = "quote" if "quoted" in context else "bracket" if "flow" in context else "entry"
        if what == "bracket" and open_places:
            return Stop(open_places[-1], "PP010", "this bracket is never closed", "close it")
        return _stop(mark, "PP010", f"this {what} is never closed", "close it")
    if "'\\t'" in problem or "tab" in problem:
        return _stop(mark, "PP011", "a tab", "use spaces")
    if "mapping values are not allowed" in problem:
        return _stop(
            mark, "PP010", 'a ":" where no key can stand', "quote texts that hold a colon and a space"
        )
    if "stream end" not in problem and "block end" in problem:
        return _stop(mark, "PP010", "this line does not fit the lines above", "check its indentation")
    where = f" {context}" if context else ""
    return _stop(mark, "PP010", f"not YAML: {problem}{where}"[:200], "check quotes, brackets and indentation")


def _stop(mark: Any, code: str, message: str, hint: str) -> Stop:
    place = Place(mark.line + 1, mark.column + 1) if mark is not None else Place(1, 1)
    return Stop(place, code, message, hint)
