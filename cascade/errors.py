"""What the cascade package refuses to do; each kind carries the exit code of the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EXIT_USAGE = 2
EXIT_NOT_FEASIBLE = 4
EXIT_DATA = 65
EXIT_MODEL = 66
EXIT_RESOURCE = 71
EXIT_OUTPUT = 74

PROBLEMS_SHOWN_COUNT = 50


class CascadeError(Exception):
    """Anything that cannot be done with the user's files; its text is for the user."""

    exit_code: int = EXIT_DATA


class DataError(CascadeError):
    """Data (arrays, labels, settings) cannot be used as they stand."""


@dataclass(frozen=True)
class RowProblem:
    """One thing wrong in a table, at a line of its file."""

    file: str
    line: int
    """From 1; 0 where the problem belongs to the whole file."""
    column: str
    """Name of the table column, or nothing."""
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        where = f"{self.column}: " if self.column else ""
        return f"{place}: error {where}{self.message}"


class ScoresError(CascadeError):
    """A score table cannot be used; holds every problem found, the first fifty of them shown."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__(problems)
        self.problems = tuple(problems[:PROBLEMS_SHOWN_COUNT])
        self.hidden_count = max(0, len(problems) - PROBLEMS_SHOWN_COUNT)

    def __str__(self) -> str:
        rows = [str(problem) for problem in self.problems]
        if self.hidden_count:
            rows.append(f"... and {self.hidden_count} more")
        return "\n".join(rows)


class ModelError(CascadeError):
    """A model file cannot be used; `code` is the result code of its worker."""

    exit_code = EXIT_MODEL
    code = "REJECTED"

    def __init__(self, reason: str, file: str = "") -> None:
        super().__init__(reason, file)
        self.reason, self.file = reason, file

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}" if self.file else self.reason


class ModelRejected(ModelError):
    """The static check or the interpreter refuses the model, with the reason."""


class ModelCrashed(ModelError):
    """The interpreter died of a signal while it held this model."""

    code = "CRASHED"


class ModelTimeout(ModelError):
    """The model did not answer within its time."""

    code = "TIMEOUT"


class ModelOutOfMemory(ModelError):
    """The model asked for more memory than its worker may have."""

    code = "OUT_OF_MEMORY"


class OutputError(CascadeError):
    """A result could not be written."""

    exit_code = EXIT_OUTPUT


class MissingExtra(CascadeError):
    """An optional package is not installed; the text names the extra."""

    exit_code = EXIT_USAGE
