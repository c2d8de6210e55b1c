"""A step's log file that stops growing at its cap and says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

MOST_LINES = 20_000
"""Lines that are kept of a log, and shown of it while it is written."""

CUT = "\n[The log was cut here: it is longer than a run may keep.]\n"


class CappedLog:
    """Appends to a file up to a cap of bytes and one of lines; what comes later is dropped."""

    def __init__(self, path: Path, cap: int, also: Callable[[bytes], object] | None = None) -> None:
        """Open the log of a step.

        Args:
            path: The file.
            cap: Bytes that it may have.
            also: Is given the same bytes.
        """
        self._file = path.open("ab", buffering=0)
        before = path.read_bytes()
        self._left = cap - len(before)
        self._lines = MOST_LINES - before.count(b"\n")
        self._cut = before.endswith(CUT.encode())
        self._also = also

    def write(self, data: bytes) -> None:
        """Append as much as fits."""
        if self._cut:
            return
        fits = first_lines(data[: max(0, self._left)], max(0, self._lines))
        self._append(fits)
        self._left -= len(fits)
        self._lines -= fits.count(b"\n")
        if len(fits) < len(data):
            self._cut = True
            self._append(CUT.encode())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _append(self, data: bytes) -> None:
        if self._also is not None:
            self._also(data)
        self._file.write(data)


def first_lines(data: bytes, most: int) -> bytes:
    """As many lines as are kept: all of them, or what ends with the last one."""
    lines = data.split(b"\n", most)
    return data if len(lines) <= most else data[: len(data) - len(lines[-1])]


def was_cut(path: Path) -> bool:
    """Whether a log ends with the line that says so."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - len(CUT)))
            return file.read() == CUT.encode()
    except OSError:
        return False
