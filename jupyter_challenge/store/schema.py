"""The tables' version: create, compare, upgrade."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from jupyter_challenge.core.errors import UpgradeNeeded
from jupyter_challenge.store.database import CREATE_LOCK, Database, translated
from jupyter_challenge.store.orm import Base

# Kept here too, so that a start needs no alembic; a test compares it with the migrations.
HEAD = "0010"
HISTORY = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010")
MIGRATIONS = Path(__file__).parent / "migrations"


def prepare(database: Database) -> None:
    """Make the database one that this program can use.

    An empty one gets its tables. An older SQLite file is copied beside itself, then upgraded.

    Raises:
        UpgradeNeeded: The database is newer than the program, or an older PostgreSQL, which is
            upgraded by hand.
    """
    found = revision(database)
    if found == HEAD:
        return
    if found is None:
        _create(database)
        return
    if found not in HISTORY:
        raise UpgradeNeeded(
            f"The database is of a newer version ({found}) than this program ({HEAD}).",
            hint="Upgrade jupyter-challenge; an older program cannot use it.",
        )
    if not database.is_sqlite:
        raise UpgradeNeeded(
            f"The database is of version {found}; this program needs {HEAD}.",
            hint="Make a backup, stop every service on it and run `jupyter challenge upgrade-db`.",
        )
    upgrade(database.url.render_as_string(hide_password=False))


def upgrade(db_url: str) -> Path | None:
    """Bring a database up to this program's version.

    Returns:
        The copy that was made of an older SQLite file; None where none was needed.

    Raises:
        UpgradeNeeded: The database is newer than the program.
    """
    database = Database(db_url)
    try:
        found = revision(database)
        if found == HEAD:
            return None
        if found is None:
            _create(database)
            return None
        if found not in HISTORY:
            raise UpgradeNeeded(
                f"The database is of a newer version ({found}) than this program ({HEAD}).",
                hint="Upgrade jupyter-challenge; a database is never taken back.",
            )
        copy = None
        if database.path is not None:
            stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
            copy = database.path.with_name(f"{database.path.name}.{found}.{stamp}.backup")
            copy_sqlite(database.path, copy)
        _migrate(database)
        return copy
    finally:
        database.close()


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite file consistently while others write to it."""
    # Opened for writing, as reading a file in WAL mode may need to make its -shm file.
    with sqlite3.connect(source, timeout=30) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()


def alembic_config(url: str) -> Any:
    """The migrations' configuration, without any .ini file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    return config


def check(database: Database) -> None:
    """Refuse a database that is not of this program's version.

    Raises:
        UpgradeNeeded: It is older, newer, or empty.
    """
    found = revision(database)
    if found != HEAD:
        raise UpgradeNeeded(
            f"The database is of version {found or 'none'}; this program needs {HEAD}.",
            hint="Start the service once, or run `jupyter challenge upgrade-db`.",
        )


def revision(database: Database) -> str | None:
    """The version of the tables; None when there are none."""
    with translated(), database.engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return found


def _create(database: Database) -> None:
    if database.path is not None:
        database.path.parent.mkdir(parents=True, exist_ok=True)
    # Two processes may find the same empty database: the second waits here and looks again.
    with database.write() as session:
        connection = session.connection()
        if not database.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(CREATE_LOCK)))
        if sa.inspect(connection).has_table("alembic_version"):
            return
        Base.metadata.create_all(connection)
        connection.execute(
            sa.text(
                "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
                "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
            )
        )
        connection.execute(
            sa.text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD}
        )


def _migrate(database: Database) -> None:
    from alembic import command

    with database.write() as session:
        config = alembic_config(database.url.render_as_string(hide_password=False))
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "head")
