"""A step's log file that stops growing at its cap and says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

CUT = "\n[The log was cut here: it is longer than a run may keep.]\n"


class CappedLog:
    """Appends bytes to a file up to a cap; what comes later is dropped."""

    def __init__(self, path: Path, cap: int, also: Callable[[bytes], object] | None = None) -> None:
        """Open the log of a step.

        Args:
            path: The file.
            cap: Bytes that it may have.
            also: Is given the same bytes.
        """
        self._file = path.open("ab", buffering=0)
        self._left = cap - self._file.tell()
        self._also = also

    def write(self, data: bytes) -> None:
        """Append as much as fits."""
        if self._left <= 0:
            return
        self._append(data[: self._left])
        self._left -= len(data)
        if self._left <= 0:
            self._append(CUT.encode())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _append(self, data: bytes) -> None:
        if self._also is not None:
            self._also(data)
        self._file.write(data)


def was_cut(path: Path) -> bool:
    """Whether a log ends with the line that says so."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - len(CUT)))
            return file.read() == CUT.encode()
    except OSError:
        return False
