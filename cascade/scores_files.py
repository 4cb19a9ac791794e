"""Score tables in CSV and Parquet files: strict reading with line numbers, writing in one piece."""

from __future__ import annotations

import csv
import io
import math
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.errors import OutputError, RowProblem, ScoresError
from cascade.scores import LEVEL_COUNT_LIMIT, ROW_COUNT_LIMIT, ScoreTable, score_table

FILE_BYTES_LIMIT = 500_000_000
PROBLEM_COUNT_LIMIT = 200
KNOWN_COLUMNS = ("sample_id", "clip_id", "time_s", "time", "label")
TEXT_LIMIT = 200
METADATA_MARK = "# "
FOREIGN_KEYS = ("pandas", "ARROW:schema")
DELIMITERS = (",", ";", "\t")
FORMULA_SIGNS = ("=", "+", "-", "@")
"""A text that starts with one is written with an apostrophe before it, so that no spreadsheet runs it."""


def read_scores_file(path: Any) -> ScoreTable:
    """A score table from CSV or Parquet, told apart by content."""
    name = str(path)
    try:
        kind = os.stat(path)
        if not stat.S_ISREG(kind.st_mode):
            raise ScoresError([RowProblem(name, 0, "", "not a regular file")])
        if kind.st_size > FILE_BYTES_LIMIT:
            raise ScoresError([RowProblem(name, 0, "", f"larger than {FILE_BYTES_LIMIT // 10**6} MB")])
        with open(path, "rb") as file:
            head = file.read(4)
            if head == b"PAR1":
                return _read_parquet(name)
            if head[:2] in (b"PK", b"\x1f\x8b"):
                raise ScoresError([RowProblem(name, 0, "", "an archive; archives are not unpacked")])
            file.seek(0)
            with io.TextIOWrapper(file, "utf-8-sig", newline="") as text:
                return _read_csv(name, text)
    except (OSError, ValueError) as problem:
        reason = "not UTF-8 text" if isinstance(problem, UnicodeDecodeError) else str(problem)
        reason = problem.strerror or reason if isinstance(problem, OSError) else reason
        raise ScoresError([RowProblem(name, 0, "", f"cannot be read: {reason}")]) from None


def _read_csv(name: str, text: io.TextIOWrapper) -> ScoreTable:
    metadata: dict[str, str] = {}
    lines = _counted_lines(text)
    header_line, header = 0, ""
    for number, line in lines:
        if line.startswith("#"):
            key, _, value = line[1:].partition(":")
            metadata[key.strip()] = value.strip()
        elif line.strip():
            header_line, header = number, line
            break
    if not header:
        raise ScoresError([RowProblem(name, 0, "", "the file is empty; the first line names the columns")])
    delimiter = max(DELIMITERS, key=header.count)
    names = [cell.strip().lower() for cell in next(csv.reader([header], delimiter=delimiter))]
    layout = _Layout(name, header_line, names)
    columns = _Columns(layout)
    reader = csv.reader((line for _, line in lines), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if row and any(cell.strip() for cell in row):
                columns.add(header_line + reader.line_num, row)
    except csv.Error as problem:
        columns.problem(header_line + reader.line_num, "", f"not readable as CSV: {problem}")
    return columns.table(metadata)


def _counted_lines(text: Iterable[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text, 1):
        if "\0" in line:
            raise ValueError(f"a NUL character in line {number}")
        yield number, line


class _Layout:
    """Which column of the file is what."""

    def __init__(self, file: str, line: int, names: list[str]) -> None:
        self.file, self.line, self.names = file, line, names
        self.scores = self._numbered("score")
        self.classes = self._numbered("class")
        self.time = next((names.index(name) for name in ("time_s", "time") if name in names), None)
        problems = self._problems()
        if problems:
            raise ScoresError([RowProblem(file, line, "", text) for text in problems])
        self.label = names.index("label")
        self.sample = names.index("sample_id") if "sample_id" in names else None
        self.clip = names.index("clip_id") if "clip_id" in names else None

    def _numbered(self, stem: str) -> list[int]:
        found: list[int] = []
        while f"{stem}_{len(found) + 1}" in self.names and len(found) < LEVEL_COUNT_LIMIT:
            found.append(self.names.index(f"{stem}_{len(found) + 1}"))
        return found

    def _problems(self) -> list[str]:
        wanted = ["label", "score_1"]
        problems = [f"column {name!r} is missing; the columns are {_listed(self.names)}"
                    for name in wanted if name not in self.names]
        problems += [f"column {name!r} occurs twice" for name in sorted({n for n in self.names
                                                                        if n and self.names.count(n) > 1})]
        if self.classes and len(self.classes) != len(self.scores):
            problems.append(f"{len(self.classes)} class columns for {len(self.scores)} score columns")
        known = {*KNOWN_COLUMNS, *(f"score_{i + 1}" for i in range(len(self.scores))),
                 *(f"class_{i + 1}" for i in range(len(self.classes)))}
        problems += [f"column {name[:TEXT_LIMIT]!r} leaves out a level" for name in self.names
                     if name.startswith(("score_", "class_")) and name not in known]
        return problems


def _listed(names: list[str]) -> str:
    return ", ".join(name[:40] for name in names[:12]) + (", ..." if len(names) > 12 else "")


class _Columns:
    """Cells collected row by row, with the problems found on the way."""

    def __init__(self, layout: _Layout) -> None:
        self.layout = layout
        self.problems: list[RowProblem] = []
        self.lines: list[int] = []
        self.sample: list[str] = []
        self.clip: list[str] = []
        self.label: list[str] = []
        self.time: list[float] = []
        self.score: list[list[float]] = []
        self.classes: list[list[str]] = []

    def problem(self, line: int, column: str, message: str) -> None:
        self.problems.append(RowProblem(self.layout.file, line, column, message))
        if len(self.problems) >= PROBLEM_COUNT_LIMIT:
            raise ScoresError(self.problems)

    def add(self, line: int, row: list[str]) -> None:
        layout = self.layout
        if len(row) != len(layout.names):
            self.problem(line, "", f"{len(row)} cells, the header names {len(layout.names)}")
            return
        if len(self.lines) >= ROW_COUNT_LIMIT:
            self.problem(line, "", f"more than {ROW_COUNT_LIMIT} rows")
            raise ScoresError(self.problems)
        self.lines.append(line)
        label = row[layout.label].strip()
        if not label or label.lower() == "nan":
            self.problem(line, "label", f"got {label!r}; every row needs a label")
        self.label.append(label[:TEXT_LIMIT])
        self.score.append([self._score(line, level, row[index]) for level, index in enumerate(layout.scores)])
        if layout.classes:
            self.classes.append([row[index].strip()[:TEXT_LIMIT] for index in layout.classes])
        if layout.sample is not None:
            self.sample.append(row[layout.sample].strip()[:TEXT_LIMIT])
        if layout.clip is not None:
            self.clip.append(row[layout.clip].strip()[:TEXT_LIMIT])
        if layout.time is not None:
            self.time.append(self._number(line, layout.names[layout.time], row[layout.time]))

    def _number(self, line: int, column: str, cell: str) -> float:
        text = cell.strip()
        try:
            if "_" in text:
                raise ValueError(text)
            value = float(text)
        except ValueError:
            hint = "; decimals take a point" if text.replace(",", "", 1).lstrip("-").isdigit() else ""
            self.problem(line, column, f"got {text[:40]!r}, which is no number{hint}")
            return 0.0
        if not math.isfinite(value):
            self.problem(line, column, f"got {text}; a missing or infinite value cannot be used")
            return 0.0
        return value

    def _score(self, line: int, level: int, cell: str) -> float:
        value = self._number(line, f"score_{level + 1}", cell)
        if not 0.0 <= value <= 1.0:
            self.problem(line, f"score_{level + 1}", f"got {value:g}; a score lies from 0 to 1 "
                                                     "(a logit x becomes one by 1 / (1 + exp(-x)))")
        return value

    def table(self, metadata: dict[str, str]) -> ScoreTable:
        if self.problems:
            raise ScoresError(self.problems)
        if not self.lines:
            raise ScoresError([RowProblem(self.layout.file, self.layout.line, "", "the table has no rows")])
        return score_table(
            _typed(self.label), np.array(self.score, np.float64),
            sample_id=_typed(self.sample) if self.sample else None,
            clip_id=_typed(self.clip) if self.clip else None,
            time_s=np.array(self.time, np.float64) if self.time else None,
            decided_class=_typed(self.classes) if self.classes else None,
            metadata=metadata, file=self.layout.file,
        )


def _typed(cells: Any) -> npt.NDArray[Any]:
    """Whole numbers where every cell is one, texts otherwise."""
    texts = np.char.strip(np.array(cells, np.str_))
    with suppress(ValueError):
        return texts.astype(np.int64)
    with suppress(ValueError):
        numbers = texts.astype(np.float64)
        if (np.abs(numbers) < 2**53).all() and (numbers == np.rint(numbers)).all():
            return numbers.astype(np.int64)
    escaped = np.char.startswith(texts, "'") & np.isin(texts.astype("<U2"), ["'" + sign for sign in FORMULA_SIGNS])
    return np.where(escaped, np.char.lstrip(texts, "'"), texts) if escaped.any() else texts


def _read_parquet(name: str) -> ScoreTable:
    import duckdb

    try:
        with duckdb.connect(":memory:") as database:
            database.execute("SET autoinstall_known_extensions = false")
            columns: dict[str, Any] = database.execute("SELECT * FROM read_parquet(?)", [name]).fetchnumpy()
            pairs = database.execute("SELECT key, value FROM parquet_kv_metadata(?)", [name]).fetchall()
    except duckdb.Error as problem:
        first = str(problem).splitlines()[0][:TEXT_LIMIT]
        raise ScoresError([RowProblem(name, 0, "", f"not readable as Parquet: {first}")]) from None
    layout = _Layout(name, 0, [str(column).lower() for column in columns])
    values = [_plain(name, column, cells) for column, cells in columns.items()]
    metadata = {_text(key): _text(value) for key, value in pairs if _text(key) not in FOREIGN_KEYS}
    try:
        score = np.stack([values[index].astype(np.float64) for index in layout.scores], axis=1)
        time_s = None if layout.time is None else values[layout.time].astype(np.float64)
    except ValueError as problem:
        raise ScoresError([RowProblem(name, 0, "score", f"holds something that is no number: {problem}")]) from None
    return score_table(
        values[layout.label], score,
        sample_id=None if layout.sample is None else values[layout.sample],
        clip_id=None if layout.clip is None else values[layout.clip],
        time_s=time_s,
        decided_class=np.stack([values[index] for index in layout.classes], axis=1) if layout.classes else None,
        metadata=metadata, file=name,
    )


def _plain(name: str, column: str, cells: Any) -> npt.NDArray[Any]:
    """A column without missing cells; texts as fixed-width texts."""
    if isinstance(cells, np.ma.MaskedArray):
        missing = np.flatnonzero(np.ma.getmaskarray(cells))
        if len(missing):
            raise ScoresError([RowProblem(name, 0, column, f"row {missing[0] + 1} has no value")])
        cells = cells.data
    values: npt.NDArray[Any] = np.asarray(cells)
    return values.astype(np.str_) if values.dtype == object else values


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def write_scores_file(table: ScoreTable, path: Any) -> None:
    """Write a table; an old file is replaced only by a whole new one."""
    target = Path(path)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if target.suffix.lower() == ".parquet":
            _write_parquet(table, part)
        else:
            _write_csv(table, part)
        os.replace(part, target)
    except OSError as problem:
        raise OutputError(f"{path}: cannot be written: {problem.strerror or problem}") from None
    finally:
        with suppress(OSError):
            part.unlink()


def _table_columns(table: ScoreTable) -> dict[str, npt.NDArray[Any]]:
    columns: dict[str, npt.NDArray[Any]] = {"sample_id": table.sample_id, "clip_id": table.clip_id}
    if table.time_s is not None:
        columns["time_s"] = table.time_s
    columns["label"] = table.label
    for level in range(table.level_count):
        columns[f"score_{level + 1}"] = table.score[:, level]
        if table.decided_class is not None:
            columns[f"class_{level + 1}"] = table.decided_class[:, level]
    return columns


def _write_csv(table: ScoreTable, path: Path) -> None:
    columns = _table_columns(table)
    with open(path, "w", encoding="utf-8", newline="") as file:
        for key, value in sorted(table.metadata.items()):
            file.write(f"{METADATA_MARK}{_one_line(key)}: {_one_line(value)}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*(_cells(values) for values in columns.values()), strict=True))


def _one_line(text: str) -> str:
    return " ".join(str(text).split())


def _cells(values: npt.NDArray[Any]) -> list[Any]:
    """Numbers as short as they read back exactly; texts with a formula's first sign escaped."""
    if values.dtype.kind == "f":
        return [repr(value) for value in values.tolist()]
    if values.dtype.kind in "iub":
        return list(values.tolist())
    return ["'" + text if text[:1] in FORMULA_SIGNS else text for text in map(str, values.tolist())]


def _write_parquet(table: ScoreTable, path: Path) -> None:
    import duckdb

    names, pairs = list(_table_columns(table)), sorted(table.metadata.items())
    kinds = {"f": "DOUBLE", "i": "BIGINT", "u": "BIGINT", "b": "BOOLEAN"}
    columns = _table_columns(table)
    try:
        with duckdb.connect(":memory:") as database:
            # A relation over plain arrays: duckdb finds `columns` by its name in this frame.
            held = {name: np.asarray(values, object if values.dtype.kind == "U" else None)
                    for name, values in columns.items()}
            database.register("held", held)
            chosen = ", ".join(f'CAST("{name}" AS {kinds.get(columns[name].dtype.kind, "VARCHAR")}) AS "{name}"'
                               for name in names)
            keys = ", ".join(f"'{_quoted(key)}': '{_quoted(value)}'" for key, value in pairs)
            metadata = f", KV_METADATA {{{keys}}}" if keys else ""
            database.execute(f"COPY (SELECT {chosen} FROM held) TO '{_quoted(str(path))}' (FORMAT parquet{metadata})")
    except duckdb.IOException as problem:
        raise OSError(str(problem).splitlines()[0]) from None


def _quoted(text: str) -> str:
    return str(text).replace("'", "''")
