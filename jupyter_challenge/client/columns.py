"""Tables of plain text, in columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable, Sequence
from typing import Any


def width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def printable(text: str) -> str:
    """Leave out what would steer a terminal; others wrote this text."""
    return "".join(c for c in text if c == "\t" or unicodedata.category(c) != "Cc")


def in_columns(
    head: Sequence[str], rows: Iterable[Sequence[Any]], right: Container[str] = ()
) -> list[str]:
    """Lay out a table in lines, its titles first; columns named in `right` stand right."""
    lines = [list(head), *([printable("" if v is None else str(v)) for v in row] for row in rows)]
    sizes = [max(map(width, column)) for column in zip(*lines, strict=True)]

    def line(values: Sequence[str]) -> str:
        parts = []
        for title, value, size in zip(head, values, sizes, strict=True):
            pad = " " * (size - width(value))
            parts.append(pad + value if title in right else value + pad)
        return "  ".join(parts).rstrip()

    return [line(values) for values in lines]
