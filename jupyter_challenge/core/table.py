"""A table of labels or predictions: ids, and columns of texts or numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

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
        return [number_name(float(v)) for v in self.values]


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
    return text if number is None or not math.isfinite(number) else number_name(number)


def shorten(text: object, most: int = 40) -> str:
    """Return a text for a message: one line, not too long."""
    shown = str(text).encode("unicode_escape", "backslashreplace").decode()
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def number_name(value: float) -> str:
    """Write a number in its one spelling: 1 for 1.0."""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


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
