"""Who may run the loop: one process per database, and another as soon as that one is gone."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import sqlalchemy as sa

from jupyter_challenge.store.database import OWNER_LOCK, Database


class Ownership:
    """A lock that its owner loses by dying, however it dies.

    On SQLite a `flock` on a file of the data folder, on PostgreSQL an advisory lock of a
    connection that is held open.
    """

    def __init__(self, db: Database, lock_file: Path) -> None:
        """Prepare to take the lock."""
        self._db = db
        self._path = lock_file
        self._file: int | None = None
        self._connection: sa.Connection | None = None

    def take(self) -> bool:
        """Take the lock if nobody has it; true also when it is ours already."""
        return self._take_file() if self._db.is_sqlite else self._take_advisory()

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._connection is not None:
            # Closed for good: back in the pool it would hold the lock for as long as the pool.
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _take_file(self) -> bool:
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

    def _take_advisory(self) -> bool:
        try:
            if self._connection is not None:
                # The lock is the connection's: as long as it answers, the lock is ours.
                self._connection.execute(sa.text("SELECT 1"))
                return True
            connection = self._db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if connection.scalar(sa.select(sa.func.pg_try_advisory_lock(OWNER_LOCK))):
                self._connection = connection
                return True
            connection.close()
        except sa.exc.DBAPIError:
            if self._connection is not None:
                self._connection.invalidate()
                self._connection.close()
                self._connection = None
        return False
