"""What can go wrong, with the exit code of each kind, and how a problem in a file is printed."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

PROGRAM = "powerplan"
"""Begins a message that has no file to point at."""
PROBLEMS_SHOWN_COUNT = 50
LINE_SHOWN_COUNT = 100
"""Characters of a source line that are shown; a longer one is cut around the place."""


class ExitCode(IntEnum):
    """What the process returns; fixed within a major version."""

    OK = 0
    FAIL = 1
    USAGE = 2
    MARGINAL = 3
    NOT_FEASIBLE = 4
    DATA = 65
    MODEL = 66
    BUG = 70
    RESOURCE = 71
    OUTPUT = 74
    INTERRUPTED = 130
    TERMINATED = 143


EXIT_MEANINGS = {
    ExitCode.OK: "done; for verify: every requirement is PASS",
    ExitCode.FAIL: "verify: a requirement is FAIL; check --strict: a warning was promoted",
    ExitCode.USAGE: "the command line is wrong",
    ExitCode.MARGINAL: "verify: no FAIL, but MARGINAL or NOT EVALUATED",
    ExitCode.NOT_FEASIBLE: "the design is NOT FEASIBLE (flash, RAM, operators, CPU, voltage)",
    ExitCode.DATA: "a scenario, profile or trace cannot be used",
    ExitCode.MODEL: "a model file was rejected or crashed its worker",
    ExitCode.BUG: "a bug in powerplan",
    ExitCode.RESOURCE: "a limit of memory, time or events was reached",
    ExitCode.OUTPUT: "a result could not be written or read",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.TERMINATED: "terminated",
}


@dataclass(frozen=True)
class Problem:
    """One thing wrong at one place of a file."""

    file: str
    """Empty where no file is wrong but what was asked for."""
    line: int
    """From 1; 0 where the problem has no place in the file."""
    column: int
    code: str
    severity: Literal["error", "warning"]
    path: str
    """Key path as the user would say it: `parts.camera.mode`, `tasks.approach.do[1]`."""
    message: str
    hint: str = ""
    source_line: str = ""
    width: int = 1
    """How many characters of the source line the carets mark."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file or PROGRAM
        head = f"{printable(place)}: {self.severity} {self.code} {printable(self.message)}"
        if not self.source_line or not self.line:
            return f"{head}\n     = {printable(self.hint)}" if self.hint else head
        return f"{head}\n{self._code_frame()}"

    def _code_frame(self) -> str:
        """The source line, and carets under the place with the hint behind them."""
        start = max(0, min(self.column - 1, len(self.source_line)))
        cut = max(0, start - LINE_SHOWN_COUNT // 2) if len(self.source_line) > LINE_SHOWN_COUNT else 0
        shown = self.source_line[cut : cut + LINE_SHOWN_COUNT]
        marked = shown[start - cut : start - cut + max(1, self.width)]
        before = " " * screen_width(printable(shown[: start - cut]))
        carets = "^" * max(1, screen_width(printable(marked)))
        rows = [f"{self.line:>4} | {printable(shown)}", f"     | {before}{carets} {printable(self.hint)}"]
        return "\n".join(row.rstrip() for row in rows)


def printable(text: str) -> str:
    """The text with control characters and direction marks escaped, so that no file can steer a terminal."""
    return "".join(
        repr(letter)[1:-1] if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") else letter
        for letter in text
    )


def screen_width(text: str) -> int:
    """Columns of a terminal that the text takes; Chinese characters take two."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


class PowerplanError(Exception):
    """Anything powerplan refuses to do; its text is for the user."""

    exit_code: ExitCode = ExitCode.DATA


class InputError(PowerplanError):
    """Files the user wrote cannot be used as they stand; holds every problem found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = tuple(problems[:PROBLEMS_SHOWN_COUNT])
        self.hidden_count = max(0, len(problems) - PROBLEMS_SHOWN_COUNT)

    def __str__(self) -> str:
        return problems_text(self.problems, self.hidden_count)


def problems_text(problems: Sequence[Problem], hidden_count: int = 0) -> str:
    """Every problem with its source line, then how many there are and how to read more."""
    rows = [str(problem) for problem in problems]
    if hidden_count:
        rows.append(f"... and {hidden_count} more")
    warnings = sum(problem.severity == "warning" for problem in problems)
    errors = len(problems) - warnings + hidden_count
    explain = f"   (powerplan explain {problems[0].code})" if problems else ""
    rows.append(f"{_counted(errors, 'error')}, {_counted(warnings, 'warning')}{explain}")
    return "\n".join(rows)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


class ModelError(PowerplanError):
    """A model file was rejected, or its worker crashed."""

    exit_code = ExitCode.MODEL


class ResourceLimit(PowerplanError):
    """A limit of memory, time, points or executed events was reached."""

    exit_code = ExitCode.RESOURCE


class EngineLimit(ResourceLimit):
    """The engine reached one of its limits, or cannot run this plan."""


class OutputError(PowerplanError):
    """A result could not be written or read back."""

    exit_code = ExitCode.OUTPUT
