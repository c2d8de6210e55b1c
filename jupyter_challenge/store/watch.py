"""See what other processes commit: one thread per process watches the database."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable

from jupyter_challenge.store.database import CHANNEL, Database

POLL_SECONDS = 0.08
RETRY_SECONDS = 1.0


class Watcher:
    """Calls back after every commit to the database, whichever process made it.

    On SQLite it compares `PRAGMA data_version`, which costs a few microseconds; on PostgreSQL it
    listens.
    """

    def __init__(self, db: Database, call: Callable[[], None]) -> None:
        """Prepare to call `call()`, from the watching thread."""
        self._db = db
        self._call = call
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="jupyter-challenge-watch", daemon=True
        )

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more; returns when the thread has ended."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        watch = self._watch_sqlite if self._db.is_sqlite else self._watch_postgres
        while not self._stop.is_set():
            # A database that is away for a moment comes back; until then nothing is seen.
            with contextlib.suppress(Exception):
                watch()
            self._stop.wait(RETRY_SECONDS)

    def _watch_sqlite(self) -> None:
        path = self._db.path
        assert path is not None
        connection = sqlite3.connect(path, timeout=1, isolation_level=None)
        try:
            last = None
            while not self._stop.wait(POLL_SECONDS):
                (version,) = connection.execute("PRAGMA data_version").fetchone()
                # What was committed before the first look was not seen.
                if version != last:
                    self._call()
                last = version
        finally:
            connection.close()

    def _watch_postgres(self) -> None:
        import psycopg

        url = self._db.url.set(drivername="postgresql")
        with psycopg.connect(
            url.render_as_string(hide_password=False), autocommit=True
        ) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            # What was committed before we listened was not heard.
            self._call()
            while not self._stop.is_set():
                for _ in connection.notifies(timeout=0.5, stop_after=1):
                    self._call()
