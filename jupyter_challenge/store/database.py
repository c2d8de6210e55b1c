"""A database by its URL, and the two ways into it: `read()` and `write()`."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session as Session

from jupyter_challenge.core.errors import ChallengeError, StorageFull, Unavailable
from jupyter_challenge.core.models import ChangeKind
from jupyter_challenge.store.orm import ChangeRow, utc_now

BUSY_SECONDS = 30.0
_AWAY = (
    "connection failed",
    "connection is lost",
    "failed to resolve host",
    "server closed the connection",
    "terminating connection",
    "the database system is",
)
_FULL = ("disk is full", "no space left on device", "could not extend file")
CHANNEL = "jupyter_challenge"
# Numbers of the advisory locks on PostgreSQL; any two that nobody else uses.
FEED_LOCK = 0x6A63_0001
CREATE_LOCK = 0x6A63_0003
PUBLISH_LOCK = 0x6A63_0004
CLAIM_LOCK = 0x6A63_0005


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return sa.URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


class Database:
    """Sessions on one database. Several processes may each have one on the same SQLite file."""

    def __init__(self, url: str, password: str | None = None) -> None:
        """Connect lazily.

        Args:
            url: A SQLAlchemy URL of SQLite (a file) or PostgreSQL.
            password: The password, where it is not in the URL.
        """
        parsed = sa.make_url(url)
        if password is not None:
            parsed = parsed.set(password=password)
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise Unavailable(
                f'"{parsed.get_backend_name()}" is not a database this runs on.',
                hint="Use sqlite:///path or postgresql+psycopg://…",
            )
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.url = parsed
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"pool_size": 8, "max_overflow": 56, "pool_timeout": 60}
        if self.is_sqlite:
            options["connect_args"] = {"timeout": BUSY_SECONDS, "check_same_thread": False}
        else:
            options["pool_pre_ping"] = True
        self.engine = sa.create_engine(parsed, **options)
        self._writing = self.engine.execution_options(challenge_write=True)
        self._reading = (
            self.engine
            if self.is_sqlite
            else self.engine.execution_options(isolation_level="REPEATABLE READ")
        )
        # SQLite lets one write at a time anyway; waiting here is fair and wakes at once.
        self._turn: contextlib.AbstractContextManager[Any] = (
            threading.Lock() if self.is_sqlite else contextlib.nullcontext()
        )
        self._listeners: list[Any] = []
        self._immutable: dict[str, Any] = {}
        if self.is_sqlite:
            event.listen(self.engine, "connect", _on_connect)
            event.listen(self.engine, "begin", _on_begin)

    @property
    def path(self) -> Path | None:
        """The SQLite file, or None on PostgreSQL."""
        if not self.is_sqlite or not self.url.database:
            return None
        return Path(self.url.database)

    def on_commit(self, call: Any) -> None:
        """Have `call()` called after every committed write of this process that changes the feed.

        It is called in the writing thread and must return at once.
        """
        self._listeners.append(call)

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the database and changes nothing."""
        with translated(), Session(self._reading, expire_on_commit=False) as session:
            session.info["immutable"] = self._immutable
            yield session

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction: all of it is stored, or nothing where the block raises.

        On SQLite it begins with the write lock, so what it reads cannot change before it ends.
        On PostgreSQL, take row locks by the functions that say so.
        """
        with (
            translated(),
            self._turn,
            Session(self._writing, expire_on_commit=False, autoflush=True) as session,
        ):
            changed = False
            try:
                yield session
                changed = _store_changes(session, self.is_sqlite)
                session.commit()
            except BaseException:
                session.rollback()
                raise
        if changed:
            for call in self._listeners:
                call()

    def reachable(self) -> None:
        """Ask the database whether it answers.

        Raises:
            Unavailable: It does not.
        """
        with self.read() as session:
            session.execute(sa.text("SELECT 1"))

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def changed(
    session: Session, kind: ChangeKind, challenge: str, object_id: str, team: str | None = None
) -> None:
    """Note a line for the change feed; it is numbered when the transaction commits."""
    line = (kind.value, challenge, object_id, team)
    lines = session.info.setdefault("changes", [])
    if line not in lines:
        lines.append(line)


def notify(session: Session) -> None:
    """Have all processes on the database look when the transaction commits."""
    # On SQLite they see every commit.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_notify(CHANNEL, "")))


def touch(session: Session, row: Any) -> None:
    """Have `row.seq` set to the number of this transaction's last change when it commits."""
    session.info.setdefault("touched", []).append(row)


def _store_changes(session: Session, is_sqlite: bool) -> bool:
    lines = session.info.pop("changes", [])
    touched = session.info.pop("touched", [])
    if not lines:
        return False
    if not is_sqlite:
        # Readers ask for what comes after a number, so numbers must become visible in order.
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(FEED_LOCK)))
    now = utc_now()
    rows = [
        ChangeRow(at=now, kind=kind, challenge_id=challenge, object=name, team_id=team)
        for kind, challenge, name, team in lines
    ]
    session.add_all(rows)
    session.flush()
    for row in touched:
        row.seq = rows[-1].seq
    notify(session)
    return True


def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver must not begin transactions by itself: `_on_begin` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _on_begin(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("challenge_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn the databases' ways of saying that the disk is full or away into our own errors."""
    try:
        yield
    except ChallengeError:
        raise
    except DBAPIError as error:
        text = str(error.orig).lower()
        if any(sign in text for sign in _FULL):
            raise StorageFull(
                "The database cannot be written: the disk is full.",
                hint="Free some space and try again; nothing that was stored is lost.",
            ) from error
        if "database is locked" in text:
            raise Unavailable(
                "The database is busy with another program's long write.",
                hint="Try again in a moment; nothing was stored by this request.",
            ) from error
        if any(sign in text for sign in _AWAY):
            raise Unavailable(
                "The database cannot be reached.",
                hint="Try again in a moment; if it stays so, look whether it runs.",
            ) from error
        raise
