"""Read tables of labels and predictions: csv, json, npz and parquet, as data and never as code.

One reader for both sides, so that ids and classes mean the same in each. Whatever is read was
copied to a place of ours before (`steps.readers`); here sizes are bounded before memory is taken.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from jupyter_challenge.core import table_formats, table_texts
from jupyter_challenge.core.challenge import TableFormat
from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.table import Table, TableLimits


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
    read: Callable[..., Table] = {
        TableFormat.CSV: table_texts.read_csv,
        TableFormat.JSON: table_texts.read_json,
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
