"""Who may run the loop on a SQLite file: one process, and another as soon as that one is gone."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class Ownership:
    """A `flock` on a file of the data folder, which its owner loses by dying, however it dies."""

    def __init__(self, lock_file: Path) -> None:
        """Prepare to take the lock."""
        self._path = lock_file
        self._file: int | None = None

    def take(self) -> bool:
        """Take the lock if nobody has it; true also when it is ours already."""
        if self._file is not None:
            return True
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        self._file = file
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
