"""What is wrong with a predictions file, found before anything runs, with the lines of a CSV.

Only what the file says of itself is looked at. Whether its ids are those of the test data, the
evaluation says.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from jupyter_challenge.core.challenge import TableFormat
from jupyter_challenge.core.errors import RunFailed
from jupyter_challenge.core.table import TableLimits, shorten
from jupyter_challenge.core.table_texts import decoded
from jupyter_challenge.core.tables import read_table

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    import _csv

MOST_PROBLEMS = 20
_SEPARATORS = {";": "semicolons", "\t": "tabs"}


class TableProblem(BaseModel):
    """Something wrong in a table; `line` counts from 1 and includes the header."""

    line: int | None = None
    message: str


def table_problems(
    path: Path, table_format: TableFormat, id_column: str, columns: Sequence[str], max_size: int
) -> list[TableProblem]:
    """List what is wrong with a predictions file, the first so many problems of it.

    Args:
        path: A regular file.
        table_format: How it is to be read.
        id_column: Column that names the test row.
        columns: Columns with the predictions; others are ignored.
        max_size: Bytes that it may have.
    """
    if table_format is TableFormat.CSV:
        return _csv_problems(path, [id_column, *columns], max_size)
    try:
        table = read_table(path, table_format, id_column, columns, TableLimits(size=max_size))
    except (RunFailed, OSError) as error:
        detail = error.detail if isinstance(error, RunFailed) else str(error)
        return [TableProblem(message=detail)]
    if not table.ids:
        return [TableProblem(message="It has no rows.")]
    problems: list[TableProblem] = []
    first: dict[str, int] = {}
    for row, each in enumerate(table.ids, start=1):
        if each in first:
            text = f'The id "{shorten(each)}" is in row {first[each]} and again in row {row}.'
            problems.append(TableProblem(message=text))
        first.setdefault(each, row)
    return problems[:MOST_PROBLEMS]


def _csv_problems(path: Path, wanted: Sequence[str], max_size: int) -> list[TableProblem]:
    size = path.stat().st_size
    if size == 0 or size > max_size:
        told = "It is empty." if size == 0 else f"It has {size:,} bytes; {max_size:,} may be."
        return [TableProblem(message=told)]
    problems: list[TableProblem] = []
    with path.open("rb") as file:
        reader = csv.reader(decoded(file, path.name), strict=True)
        try:
            header = [cell.strip() for cell in next(reader, [])]
            problems = _header_problems(header, wanted)
            if not problems:
                problems = _row_problems(reader, header, wanted[0])
        except csv.Error as error:
            text = f"It is no comma-separated text: {error}."
            problems.append(TableProblem(line=reader.line_num, message=text))
        except RunFailed as error:
            problems.append(TableProblem(message=error.detail))
    return problems


def _header_problems(header: Sequence[str], wanted: Sequence[str]) -> list[TableProblem]:
    for mark, word in _SEPARATORS.items():
        if len(header) == 1 and mark in header[0] and header[0] not in wanted:
            return [TableProblem(line=1, message=f"It is separated by {word}; use commas.")]
    missing = [name for name in wanted if name not in header]
    double = [name for name in wanted if header.count(name) > 1]
    have = ", ".join(f'"{shorten(name)}"' for name in header[:10]) or "nothing"
    return [
        *(
            TableProblem(line=1, message=f'There is no column "{name}"; the header has {have}.')
            for name in missing
        ),
        *(TableProblem(line=1, message=f'The column "{name}" is there twice.') for name in double),
    ]


def _row_problems(reader: _csv.Reader, header: Sequence[str], id_column: str) -> list[TableProblem]:
    problems: list[TableProblem] = []
    first: dict[str, int] = {}
    at = list(header).index(id_column)
    for row in reader:
        line = reader.line_num
        if not row:
            continue
        if len(row) != len(header):
            text = f"{len(row)} values, where the header has {len(header)}."
            problems.append(TableProblem(line=line, message=text))
        elif row[at] in first:
            text = f'The id "{shorten(row[at])}" is in line {first[row[at]]} already.'
            problems.append(TableProblem(line=line, message=text))
        else:
            first[row[at]] = line
        if len(problems) >= MOST_PROBLEMS:
            return problems
    if not first and not problems:
        problems.append(TableProblem(message="It has a header and no rows."))
    return problems
