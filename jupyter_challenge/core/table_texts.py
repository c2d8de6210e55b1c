"""The table formats that are texts: csv and json."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Sequence
from typing import IO, Any

import numpy as np

from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.table import (
    Column,
    Numbers,
    Table,
    TableLimits,
    check_columns,
    number_name,
    too_many_columns,
    too_many_rows,
)


def read_csv(
    file: IO[bytes],
    name: str,
    id_column: str,
    columns: Sequence[str] | None,
    limits: TableLimits,
) -> Table:
    """Read comma-separated text in UTF-8 with a header."""
    lines = decoded(file, name)
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


def decoded(file: IO[bytes], name: str) -> Iterator[str]:
    """Yield the lines of a text in UTF-8.

    Raises:
        RunFailed: bad_format, naming the line.
    """
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
        return number_name(value) if math.isfinite(value) else repr(value)
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
