"""Read tables of labels and predictions: csv, json, npz and parquet, as data and never as code.

One reader for both sides, so that ids and classes mean the same in each. Whatever is read was
copied to a place of ours before (`steps.readers`); here sizes are bounded before memory is taken.
"""

from __future__ import annotations

import csv
import json
import math
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from jupyter_challenge.core.challenge import TableFormat
from jupyter_challenge.core.errors import FailureClass, RunFailed

Numbers = NDArray[np.float64]

MAX_COLUMNS = 2_000


@dataclass(frozen=True)
class TableLimits:
    """How much a table may hold.

    Attributes:
        size: Bytes of the file, and ten times that once unpacked.
        rows: Rows without the header.
        columns: Columns or arrays.
    """

    size: int = 1_000_000_000
    rows: int = 20_000_000
    columns: int = MAX_COLUMNS


@dataclass(frozen=True)
class Column:
    """A column: texts, or numbers of shape (rows,) or (rows, k)."""

    name: str
    values: list[str] | Numbers

    def take(self, rows: Sequence[int]) -> Column:
        """Return the column with some rows, in that order."""
        if isinstance(self.values, list):
            return Column(self.name, [self.values[i] for i in rows])
        return Column(self.name, self.values[np.asarray(rows, dtype=np.intp)])

    def numbers(self, ids: Sequence[str]) -> Numbers:
        """Return the values as float64; an empty cell is NaN.

        Raises:
            RunFailed: bad_format, naming the first id whose value is no number.
        """
        if not isinstance(self.values, list):
            return self.values
        result = np.empty(len(self.values), dtype=np.float64)
        for i, text in enumerate(self.values):
            number = as_number(text)
            if number is None:
                raise RunFailed(
                    FailureClass.BAD_FORMAT,
                    f'column "{self.name}" must hold numbers: "{shorten(text)}" at id {ids[i]}',
                )
            result[i] = number
        return result

    def classes(self) -> list[str]:
        """Return the values as names of classes, where 1, 1.0 and "1" are the same class."""
        if isinstance(self.values, list):
            known: dict[str, str] = {}
            return [known.get(v) or known.setdefault(v, class_name(v)) for v in self.values]
        if self.values.ndim != 1:
            raise RunFailed(
                FailureClass.BAD_FORMAT, f'"{self.name}" must have one value in each row'
            )
        return [_number_name(float(v)) for v in self.values]


@dataclass(frozen=True)
class Table:
    """Rows with ids; `ids` are texts, in the order of the file."""

    ids: list[str]
    columns: dict[str, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Sequence[int]) -> Table:
        """Return the table with some rows, in that order."""
        return Table(
            [self.ids[i] for i in rows], {n: c.take(rows) for n, c in self.columns.items()}
        )


def as_number(text: str) -> float | None:
    """Read a number; an empty text is NaN, and None is no number."""
    if not text.strip():
        return math.nan
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def class_name(text: str) -> str:
    """Return the one spelling of a class: numbers are written as numbers."""
    number = as_number(text)
    return text if number is None or not math.isfinite(number) else _number_name(number)


def shorten(text: object, most: int = 40) -> str:
    """Return a text for a message: one line, not too long."""
    shown = str(text).encode("unicode_escape", "backslashreplace").decode()
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _number_name(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def format_of(path: Path, default: TableFormat = TableFormat.CSV) -> TableFormat:
    """Tell a table's format from its file's ending."""
    suffix = path.suffix.lower().lstrip(".")
    return TableFormat(suffix) if suffix in {f.value for f in TableFormat} else default


def read_table(
    path: Path,
    table_format: TableFormat,
    id_column: str,
    columns: Sequence[str] | None = None,
    limits: TableLimits | None = None,
) -> Table:
    """Read a table.

    Args:
        path: A regular file.
        table_format: How to read it.
        id_column: Column with the ids.
        columns: Columns that must be there, others are ignored; all of them where None.
        limits: How much it may hold.

    Raises:
        RunFailed: bad_format or too_large, with a sentence that names file, row or column.
    """
    limits = limits or TableLimits()
    from jupyter_challenge.core import table_formats

    read: Callable[..., Table] = {
        TableFormat.CSV: read_csv,
        TableFormat.JSON: read_json,
        TableFormat.NPZ: table_formats.read_npz,
        TableFormat.PARQUET: table_formats.read_parquet,
    }[table_format]
    try:
        with _opened(path, limits) as file:
            return read(file, path.name, id_column, columns, limits)
    except MemoryError as error:
        raise RunFailed(FailureClass.TOO_LARGE, f'"{path.name}" does not fit in memory') from error


def _opened(path: Path, limits: TableLimits) -> IO[bytes]:
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    file = os.fdopen(handle, "rb")
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        file.close()
        raise RunFailed(FailureClass.UNSAFE_OUTPUT, f'"{path.name}" is not a regular file')
    if found.st_size > limits.size:
        file.close()
        raise RunFailed(
            FailureClass.TOO_LARGE,
            f'"{path.name}" has {found.st_size} bytes, at most {limits.size} are allowed',
        )
    if found.st_size == 0:
        file.close()
        raise RunFailed(FailureClass.BAD_FORMAT, f'"{path.name}" is empty')
    return file


def check_columns(
    name: str, found: Sequence[str], id_column: str, wanted: Sequence[str] | None
) -> list[str]:
    """Return the columns to read besides the id; refuse missing and double ones."""
    needed = [id_column, *(wanted or [])]
    missing = [column for column in needed if column not in found]
    if missing:
        have = ", ".join(shorten(f) for f in list(found)[:10])
        more = ", …" if len(found) > 10 else ""
        raise RunFailed(
            FailureClass.BAD_FORMAT,
            f'"{name}" has no column {", ".join(missing)}; it has: {have or "none"}{more}',
        )
    double = {column for column in needed if list(found).count(column) > 1}
    if double:
        raise RunFailed(
            FailureClass.BAD_FORMAT, f'"{name}" has the column {sorted(double)[0]} more than once'
        )
    if wanted is not None:
        return list(dict.fromkeys(wanted))
    return [column for column in dict.fromkeys(found) if column != id_column]


def too_many_rows(name: str, limits: TableLimits) -> RunFailed:
    """Make the error for a table with too many rows."""
    return RunFailed(FailureClass.TOO_LARGE, f'"{name}" has more than {limits.rows} rows')


def too_many_columns(name: str, limits: TableLimits) -> RunFailed:
    """Make the error for a table with too many columns."""
    return RunFailed(FailureClass.TOO_LARGE, f'"{name}" has more than {limits.columns} columns')


def read_csv(
    file: IO[bytes],
    name: str,
    id_column: str,
    columns: Sequence[str] | None,
    limits: TableLimits,
) -> Table:
    """Read comma-separated text in UTF-8 with a header."""
    lines = _decoded(file, name)
    reader = csv.reader(lines, strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if len(header) > limits.columns:
            raise too_many_columns(name, limits)
        if id_column not in header and len(header) == 1:
            for mark, word in ((";", "semicolons"), ("\t", "tabs")):
                if mark in header[0]:
                    raise RunFailed(
                        FailureClass.BAD_FORMAT, f'"{name}" is separated by {word}; use commas'
                    )
        wanted = check_columns(name, header, id_column, columns)
        id_at, at = header.index(id_column), [header.index(column) for column in wanted]
        ids: list[str] = []
        cells: list[list[str]] = [[] for _ in at]
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                raise RunFailed(
                    FailureClass.BAD_FORMAT,
                    f'line {reader.line_num} of "{name}" has {len(row)} values, '
                    f"the header has {len(header)}",
                )
            if len(ids) >= limits.rows:
                raise too_many_rows(name, limits)
            ids.append(row[id_at])
            for column, i in zip(cells, at, strict=True):
                column.append(row[i])
    except csv.Error as error:
        raise RunFailed(
            FailureClass.BAD_FORMAT, f'line {reader.line_num} of "{name}": {error}'
        ) from error
    return Table(ids, {c: Column(c, v) for c, v in zip(wanted, cells, strict=True)})


def _decoded(file: IO[bytes], name: str) -> Iterator[str]:
    number = 0
    for number, line in enumerate(file, start=1):  # noqa: B007 - used in the message
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise RunFailed(
                FailureClass.BAD_FORMAT, f'line {number} of "{name}" is not UTF-8 text'
            ) from error
        if "\0" in text:
            raise RunFailed(
                FailureClass.BAD_FORMAT, f'line {number} of "{name}" holds bytes that are no text'
            )
        yield text


def read_json(
    file: IO[bytes],
    name: str,
    id_column: str,
    columns: Sequence[str] | None,
    limits: TableLimits,
) -> Table:
    """Read a list of records, or an object of columns."""
    data = file.read(limits.size + 1)
    # Each of these marks becomes an object of fifty bytes or more, so they are counted first.
    marks = data.count(b",") + data.count(b"[") + data.count(b"{")
    if marks > 100_000 + 4 * limits.rows * (len(columns or []) + 5):
        raise RunFailed(FailureClass.TOO_LARGE, f'"{name}" holds too many values')
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise RunFailed(
            FailureClass.BAD_FORMAT, f'"{name}" is not JSON that can be read{where}'
        ) from error
    if isinstance(content, list):
        lists = _columns_of_records(content, name, id_column, columns)
    elif isinstance(content, dict) and all(isinstance(v, list) for v in content.values()):
        wanted = check_columns(name, list(content), id_column, columns)
        lists = {column: content[column] for column in [id_column, *wanted]}
    else:
        raise RunFailed(
            FailureClass.BAD_FORMAT,
            f'"{name}" must be a list of records, or an object with a list for each column',
        )
    sizes = {column: len(values) for column, values in lists.items()}
    if len(set(sizes.values())) > 1:
        raise RunFailed(FailureClass.BAD_FORMAT, f'columns of "{name}" differ in length: {sizes}')
    if len(lists[id_column]) > limits.rows:
        raise too_many_rows(name, limits)
    ids = [_json_text(value, name, id_column, i) for i, value in enumerate(lists.pop(id_column))]
    return Table(ids, {c: Column(c, _json_column(v, name, c)) for c, v in lists.items()})


def _columns_of_records(
    records: list[Any], name: str, id_column: str, columns: Sequence[str] | None
) -> dict[str, list[Any]]:
    for i, record in enumerate(records):
        if not isinstance(record, dict):
            raise RunFailed(FailureClass.BAD_FORMAT, f'row {i + 1} of "{name}" is not an object')
    wanted = check_columns(name, list(records[0]) if records else [], id_column, columns)
    lists: dict[str, list[Any]] = {column: [] for column in [id_column, *wanted]}
    for i, record in enumerate(records):
        for column, values in lists.items():
            if column not in record:
                raise RunFailed(
                    FailureClass.BAD_FORMAT, f'row {i + 1} of "{name}" has no "{column}"'
                )
            values.append(record[column])
    return lists


def _json_text(value: Any, name: str, column: str, row: int) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number_name(value) if math.isfinite(value) else repr(value)
    raise RunFailed(
        FailureClass.BAD_FORMAT,
        f'row {row + 1} of "{name}": "{column}" must be a number or a text, not a list or object',
    )


def _json_column(values: list[Any], name: str, column: str) -> list[str] | Numbers:
    if all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
        try:
            return np.array(values, dtype=np.float64)
        except OverflowError:
            pass
    return [_json_text(value, name, column, i) for i, value in enumerate(values)]
