"""Shipped products to start from."""

from __future__ import annotations

import re
from pathlib import Path

from powerplan.errors import PowerplanError
from powerplan.files.library import data_root
from powerplan.files.problems import unknown_name
from powerplan.results.tables import write_atomically

BASED_ON = re.compile(r"^based_on: *(\S+)", re.MULTILINE)
SCORE_FILE = re.compile(r"^ *scores: *(scores/\S+\.csv)", re.MULTILINE)


class TemplateProblem(PowerplanError):
    """There is no such product, or the file is there already."""


def names() -> list[str]:
    """Names of all shipped scenarios, variants included."""
    return sorted(path.stem for path in (data_root() / "scenarios").glob("*.yaml"))


def listing() -> str:
    """The shipped products, one a line."""
    rows = [f"{name:<28} {summary(text_of(name))}" for name in names()]
    return "\n".join([*rows, "", "powerplan new NAME writes one of them here"])


def summary(text: str) -> str:
    """First comment of a scenario."""
    return next((line.lstrip("# ").strip() for line in text.splitlines()
                 if line.startswith("#") and "yaml-language-server" not in line), "")


def text_of(name: str) -> str:
    """Text of a shipped scenario."""
    return (data_root() / "scenarios" / f"{name}.yaml").read_text(encoding="utf-8")


def needed_files(file: str) -> list[str]:
    """A shipped file, what it is based on and the score tables beside them that it names."""
    text = (data_root() / "scenarios" / file).read_text(encoding="utf-8")
    found = [file]
    for base in BASED_ON.findall(text):
        found += needed_files(base)
    return found + SCORE_FILE.findall(text)


def write(template: str, to: Path | None) -> str:
    """Write a shipped product, with the file it is based on, and say what to do next. Raises TemplateProblem."""
    known = names()
    chosen = template.replace("-", "_")
    if chosen not in known:
        raise TemplateProblem(f"there is no product {template!r}; {unknown_name(chosen, known)}")
    target = to or Path(f"{chosen}.yaml")
    sources = {target: data_root() / "scenarios" / f"{chosen}.yaml"}
    for needed in needed_files(f"{chosen}.yaml")[1:]:
        sources[target.parent / needed] = data_root() / "scenarios" / needed
    for path in sources:
        if path.exists() and path == target:
            raise TemplateProblem(f"{path} is there already; name another file")
    for path, source in sources.items():
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, source.read_bytes())
    return f"{target} is written. Next: powerplan run {target}"
