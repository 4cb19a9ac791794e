"""Errors of a model, found in a file, in words: place, key path, what was given, what is allowed.

`problems_from` takes what pydantic found; `problem_at` words what the loader found later.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from pydantic import ValidationError

from powerplan.errors import Problem
from powerplan.files.strict_yaml import Document, path_text
from powerplan.files.yaml_examples import example
from powerplan.files.yaml_explanations import EXPLANATIONS
from powerplan.files.yaml_paths import Located, entry_at, known_keys, located, without_other_branches
from powerplan.files.yaml_scalars import Data
from powerplan.files.yaml_tree import KeyPath
from powerplan.model.amount import yaml_word

KEYS_LISTED_COUNT = 24
"""So many names are all listed."""
NEAREST_LISTED_COUNT = 12
"""Of more names these are, the most alike first."""
ALIKE_FRACTION = 0.4

_OWN_CODES = {
    "powerplan_unit": "PP201",
    "powerplan_order": "PP202",
    "powerplan_distribution": "PP203",
    "powerplan_figure": "PP204",
    "powerplan_name": "PP106",
}
_CHOICES = ("literal_error", "enum", "union_tag_invalid")
_LIMITS = (
    "greater_than",
    "greater_than_equal",
    "less_than",
    "less_than_equal",
    "multiple_of",
    "finite_number",
)
_KINDS = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a map",
    "mapping_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "none_required": "null",
}


def problems_from(
    error: ValidationError,
    document: Document,
    model: Any = None,
    known: Callable[[KeyPath], Iterable[str]] | None = None,
    at: KeyPath = (),
) -> list[Problem]:
    """Every problem of a document that a model refused, in the order of the file.

    `model` (class or annotation) or `known` tell the keys of a map, for "did you mean". `at` is where in the
    document the validated data stands.
    """
    data = entry_at(document.data, at)

    def keys(path: KeyPath) -> list[str]:
        return list(known(path)) if known else known_keys(model, path, data) if model else []

    raw = error.errors(include_url=False, include_input=False)
    kept = without_other_branches([located(entry, data) for entry in raw])
    grouped: dict[KeyPath, list[Located]] = {}
    for entry in kept:
        grouped.setdefault(entry.path, []).append(entry)
    found = [
        problem
        for path, entries in grouped.items()
        for problem in _problems(path, entries, document, data, keys, at)
    ]
    return sorted(found, key=lambda problem: (problem.line, problem.column, problem.path))


def problem_at(
    document: Document,
    path: KeyPath,
    code: str,
    message: str,
    hint: str = "",
    severity: Literal["error", "warning"] = "error",
    of: Literal["key", "value"] = "value",
) -> Problem:
    """A problem at the key or value of a path, or at the nearest entry above it that stands in the file."""
    owner = document.owner(path)
    line, column, width = owner.place(path, of)
    shown = owner.source_line(line)
    return Problem(owner.name, line, column, code, severity, path_text(path), message, hint, shown, width)


def nearest(given: str, names: Iterable[str]) -> str | None:
    """The name most like the given one; None where none is like it."""
    folded = {name.casefold(): name for name in names}
    if given.casefold() in folded:
        return folded[given.casefold()]
    close = difflib.get_close_matches(given.casefold(), folded, n=1, cutoff=0.6)
    if close:
        return folded[close[0]]
    # `capacity_mah` for `capacity`: people put the unit into the key.
    begun = [name for name in folded if given.casefold().startswith(f"{name}_")]
    return folded[max(begun, key=len)] if begun else None


def unknown_name(given: str, names: Iterable[str]) -> str:
    """Hint for a name that is not among those known: the nearest one, and what there is."""
    names = sorted(set(names))
    near = nearest(given, names)
    if len(names) > KEYS_LISTED_COUNT:
        alike = difflib.get_close_matches(given, names, n=NEAREST_LISTED_COUNT, cutoff=ALIKE_FRACTION)
        listed = [*alike, *(name for name in names if name not in alike)][:NEAREST_LISTED_COUNT]
        known = f"known: {', '.join(listed)}, and {len(names) - len(listed)} more"
    else:
        known = f"known: {', '.join(names)}" if names else "none is known here"
    return f'did you mean "{near}"?  {known}' if near else known


def _problems(
    path: KeyPath,
    entries: Sequence[Located],
    document: Document,
    data: Data,
    keys: Callable[[KeyPath], list[str]],
    at: KeyPath,
) -> list[Problem]:
    """Problems at one key path; what several branches of a union allow becomes one sentence."""
    if len({entry.branches for entry in entries}) > 1:
        return [_one_of_several(path, entries, document, data, at)]
    found = []
    for entry in entries:
        code, message, hint = _worded(entry, data, keys)
        shown = example((*at, *path)) if entry.error["type"] in _KINDS else ""
        hint = f"{hint}, as in {shown}" if shown else hint
        if at:
            message = message.replace(" in the file", f" in {path_text(at)}")
            message = re.sub("^the file(?=: )", path_text(at), message)
        place, of = _where(path, entry.error, data)
        problem = problem_at(document, (*at, *place), code, message, hint, of=of)
        found.append(replace(problem, path=path_text((*at, *path))))
    return found


def _where(path: KeyPath, error: Mapping[str, Any], data: Data) -> tuple[KeyPath, Literal["key", "value"]]:
    """The entry that the carets mark: a key that is wrong, the map that lacks one, else the value."""
    kind = error["type"]
    if kind == "missing":
        return path[:-1], "key"
    if kind == "union_tag_not_found":
        return path, "key"
    if kind == "union_tag_invalid":
        tagged = (*path, _discriminator(error))
        return (tagged if entry_at(data, tagged) is not None else path), "value"
    return path, "key" if kind == "extra_forbidden" or error["loc"][-1:] == ("[key]",) else "value"


def _discriminator(error: Mapping[str, Any]) -> str:
    return str(error.get("ctx", {}).get("discriminator", "kind")).strip("'\"")


def _one_of_several(
    path: KeyPath, entries: Sequence[Located], document: Document, data: Data, at: KeyPath
) -> Problem:
    own = [entry for entry in entries if entry.error["type"] in _OWN_CODES]
    words = [_worded(entry, data, lambda _: []) for entry in entries]
    allowed = list(
        dict.fromkeys(
            _allowed(entry) or hint or message
            for entry, (_, message, hint) in zip(entries, words, strict=True)
        )
    )
    code = _OWN_CODES[own[0].error["type"]] if own else "PP102"
    message = f"{_key(path)}: {yaml_word(entry_at(data, path))} is none of what is allowed here"
    if own:
        message = _worded(own[0], data, lambda _: [])[1]
    return problem_at(document, (*at, *path), code, message, f"allowed: {'; or '.join(allowed)}")


def _allowed(entry: Located) -> str:
    """What one branch of a union would have taken, in a few words."""
    kind, context = entry.error["type"], entry.error.get("ctx", {})
    if kind in _KINDS:
        return _KINDS[kind]
    return str(context.get("expected", "")).replace("'", '"') if kind in _CHOICES else ""


def _worded(entry: Located, data: Data, keys: Callable[[KeyPath], list[str]]) -> tuple[str, str, str]:
    """Code, message and hint of one error."""
    path, error = entry.path, entry.error
    kind, context = str(error["type"]), error.get("ctx", {})
    given = yaml_word(entry_at(data, path))
    if kind in _OWN_CODES:
        return _OWN_CODES[kind], f"{_key(path)}: {context['message']}", str(context["hint"])
    if kind == "extra_forbidden":
        return "PP104", *_unknown_key(path, keys)
    if kind in ("missing", "union_tag_not_found"):
        return "PP101", *_missing_key(path, error)
    if kind in _CHOICES:
        allowed = str(context.get("expected") or context.get("expected_tags", "")).replace("'", '"')
        wrong = given if kind != "union_tag_invalid" else f'"{context.get("tag", "")}"'
        return (
            "PP103",
            f"{_key(path)}: {wrong} is not allowed",
            f"allowed: {allowed}{_choice_hint(wrong, allowed)}",
        )
    if kind in _KINDS:
        return "PP102", f"{_key(path)}: {given} is not {_KINDS[kind]}", f"write {_KINDS[kind]}"
    if kind in _LIMITS:
        return "PP105", f"{_key(path)}: {given} is out of range", f"allowed: {_range(error)}"
    if kind in ("value_error", "assertion_error"):
        return "PP107", *_own_rule(path, error, context)
    code = "PP106" if kind.startswith(("string_", "too_", "url_")) else "PP102"
    return code, f"{_key(path)}: {given} is refused", _lowered(str(error["msg"]))


def _lowered(text: str) -> str:
    """A sentence of pydantic as a hint: "it should have at most 5 characters"."""
    for noun in ("Input", "String", "List", "Dictionary", "Tuple", "Value"):
        text = text.replace(f"{noun} should", "it should")
    return text


def _key(path: KeyPath) -> str:
    return path_text(path) or "the file"


def _unknown_key(path: KeyPath, keys: Callable[[KeyPath], list[str]]) -> tuple[str, str]:
    message = f'unknown key "{path[-1]}" in {_key(path[:-1])}'
    names = keys(path[:-1])
    return message, unknown_name(str(path[-1]), names) if names else "remove it, or check its spelling"


def _missing_key(path: KeyPath, error: Mapping[str, Any]) -> tuple[str, str]:
    if error["type"] == "union_tag_not_found":
        return f"{_key((*path, _discriminator(error)))} is required", "it says which kind of entry this is"
    return f"{_key(path)} is required", f'add "{path[-1]}" here'


def _choice_hint(wrong: str, allowed: str) -> str:
    names = [part.strip(' "') for part in allowed.replace(" or ", ", ").split(",")]
    near = nearest(wrong.strip("'\""), names)
    return f'; did you mean "{near}"?' if near else ""


def _range(error: Mapping[str, Any]) -> str:
    said = str(error["msg"]).removeprefix("Input should be ")
    return said.replace("greater than or equal to", "at least").replace("less than or equal to", "at most")


def _own_rule(path: KeyPath, error: Mapping[str, Any], context: Mapping[str, Any]) -> tuple[str, str]:
    """Message and hint of a ValueError of a validator; its `hint` attribute is kept."""
    raised = context.get("error")
    message = getattr(raised, "message", None) or (str(raised) if raised is not None else str(error["msg"]))
    return f"{_key(path)}: {message}", str(getattr(raised, "hint", ""))


__all__ = ["EXPLANATIONS", "nearest", "problem_at", "problems_from", "unknown_name"]
