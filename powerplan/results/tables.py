"""Tables of a result: named columns of equal length, written as Parquet and CSV."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from powerplan.errors import OutputError

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
HTML_ROWS_COUNT = 60
"""Rows of a table that a notebook shows."""


@dataclass(frozen=True)
class Table:
    """A table by columns. The schema of all result tables stands in `powerplan.results.schema`."""

    name: str
    columns: Mapping[str, Sequence[Any]]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def rows(self) -> list[dict[str, Any]]:
        """The table as one map per row."""
        return [dict(zip(self.columns, values, strict=True)) for values in zip(*self.columns.values(), strict=True)]

    def to_csv(self) -> str:
        """RFC 4180 text; texts that a spreadsheet would run as a formula are escaped."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(self.columns)
        for values in zip(*self.columns.values(), strict=True):
            writer.writerow([_cell(value) for value in values])
        return out.getvalue()

    def frame(self) -> Any:
        """The table as a pandas data frame. Raises ImportError where pandas is not installed."""
        try:
            import pandas
        except ImportError:
            raise ImportError("data frames need pandas (pip install pandas); without it, `.arrays()` gives the "
                              "columns as NumPy arrays and `.rows()` the rows as maps") from None
        return pandas.DataFrame({name: list(values) for name, values in self.columns.items()})

    to_pandas = frame

    def arrays(self) -> dict[str, Any]:
        """The columns as NumPy arrays: floats where all values are numbers or missing (NaN), else objects."""
        import numpy as np

        found = {}
        for name, values in self.columns.items():
            numbers = [value for value in values if value is not None]
            plain = bool(numbers) and all(isinstance(value, int | float | np.number) and not isinstance(value, bool)
                                          for value in numbers)
            found[name] = np.array([np.nan if value is None else value for value in values], float) if plain \
                else np.array(list(values), object)
        return found

    def _repr_html_(self) -> str:
        """The first rows in a notebook."""
        from html import escape

        head = "".join(f"<th>{escape(str(name))}</th>" for name in self.columns)
        body = "".join("<tr>" + "".join(f"<td>{escape(_shown(value))}</td>" for value in row) + "</tr>"
                       for row in islice(zip(*self.columns.values(), strict=True), HTML_ROWS_COUNT))
        hidden = len(self) > HTML_ROWS_COUNT
        more = f"<p>{len(self):,} rows, the first {HTML_ROWS_COUNT} are shown</p>" if hidden else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


class Tabular:
    """An answer that is also a table: for data frames, arrays, and files."""

    def table(self) -> Table:
        """The answer as a table."""
        raise TypeError(f"{type(self).__name__} has no table")

    def frame(self) -> Any:
        """The answer as a pandas data frame. Raises ImportError where pandas is not installed."""
        return self.table().frame()

    def arrays(self) -> dict[str, Any]:
        """The columns of the answer as NumPy arrays."""
        return self.table().arrays()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.table()):,} rows>"


def _shown(value: Any) -> str:
    return "" if value is None else f"{value:.5g}" if isinstance(value, float) else str(value)


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return "" if value is None else value


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old or the new content, never half. Raises OutputError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error


@cache
def _database() -> Any:
    """One DuckDB for the process: making one starts threads, which takes longer than writing a table."""
    import duckdb

    return duckdb.connect(config={"threads": 1})


def write_parquet(table: Table, path: Path) -> None:
    """Write a table as Parquet. Raises OutputError."""
    import duckdb

    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    columns = {name: _column(values) for name, values in table.columns.items()}
    try:
        connection = _database().cursor()
        if len(table):
            connection.register("columns_of_table", columns)
            relation = connection.sql("SELECT * FROM columns_of_table")
        else:
            empty = ", ".join(f'NULL::VARCHAR AS "{name}"' for name in columns)
            relation = connection.sql(f"SELECT {empty} LIMIT 0")
        relation.write_parquet(str(temporary))
        os.replace(temporary, path)
    except (duckdb.Error, OSError) as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written: {error}") from error


def read_parquet(name: str, path: Path) -> Table:
    """A table that `write_parquet` wrote. Raises OutputError."""
    import duckdb

    try:
        relation = _database().cursor().read_parquet(str(path))
        return Table(name, {column: [row[0] for row in relation.select(duckdb.ColumnExpression(column)).fetchall()]
                            for column in relation.columns})
    except (duckdb.Error, OSError) as error:
        raise OutputError(f"{path}: cannot be read: {error}") from error


def _column(values: Sequence[Any]) -> Any:
    """A column as an array; missing numbers are masked, missing texts stay None."""
    import numpy as np

    if any(isinstance(value, str) for value in values):
        return np.array(list(values), object)
    missing = [value is None for value in values]
    if any(missing):
        return np.ma.array([0.0 if value is None else float(value) for value in values], mask=missing)
    return np.asarray(list(values))
