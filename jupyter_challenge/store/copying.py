"""Copy a database that is in use."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from jupyter_challenge.store import schema
from jupyter_challenge.store.database import Database, sqlite_url
from jupyter_challenge.store.orm import Base

_ROWS = 1000


def copy_database(source: Database, target: Path) -> None:
    """Copy one state of all tables into a new SQLite file, while others write."""
    if source.path is not None:
        schema.copy_sqlite(source.path, target)
        return
    copy = Database(sqlite_url(target))
    try:
        schema.prepare(copy)
        snapshot = source.engine.connect().execution_options(isolation_level="REPEATABLE READ")
        with snapshot, copy.write() as session:
            into = session.connection()
            for table in Base.metadata.sorted_tables:
                rows = snapshot.execution_options(yield_per=_ROWS).execute(sa.select(table))
                for some in rows.mappings().partitions():
                    into.execute(table.insert(), [dict(row) for row in some])
    finally:
        copy.close()
