"""Create, compare, upgrade; and that the migrations lead to what the code says."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from jupyter_challenge.core.errors import Unavailable, UpgradeNeeded
from jupyter_challenge.store import schema
from jupyter_challenge.store.database import Database
from jupyter_challenge.store.orm import Base


def test_the_head_in_the_code_is_that_of_the_migrations() -> None:
    script = ScriptDirectory.from_config(schema.alembic_config("sqlite://"))
    assert script.get_heads() == [schema.HEAD]
    history = [each.revision for each in script.walk_revisions()]
    assert tuple(reversed(history)) == schema.HISTORY


@pytest.mark.parametrize("way", ["created", "migrated"])
def test_the_tables_are_those_of_the_code(db_url: str, way: str) -> None:
    if way == "created":
        database = Database(db_url)
        schema.prepare(database)
        database.close()
    else:
        command.upgrade(schema.alembic_config(db_url), "head")
    database = Database(db_url)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        if database.is_sqlite:
            guards = connection.scalars(
                sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
            ).all()
            assert guards == ["audit_no_delete", "audit_no_update"]
        else:
            guards = connection.scalars(
                sa.text("SELECT tgname FROM pg_trigger WHERE tgname = 'audit_guard'")
            ).all()
            assert guards == ["audit_guard"]
    database.close()


CHALLENGE = (
    "INSERT INTO challenge (id, owner, created_at, current, closed) "
    "VALUES ('old', 'ana', :at, 'x', :closed)"
)


def old_database(url: str) -> None:
    """A database of the first version, with a row in it."""
    config = schema.alembic_config(url)
    command.upgrade(config, "0001")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        at = datetime(2026, 1, 2, tzinfo=timezone.utc)
        connection.execute(
            sa.text(CHALLENGE).bindparams(
                sa.bindparam("at", at, sa.DateTime(timezone=True)), closed=False
            )
        )
    engine.dispose()


def test_an_old_sqlite_is_copied_then_upgraded(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'challenge.db'}"
    old_database(url)
    database = Database(url)
    schema.prepare(database)
    assert schema.revision(database) == schema.HEAD
    with database.read() as session:
        assert session.scalar(sa.text("SELECT owner FROM challenge")) == "ana"
        assert session.scalar(sa.text("SELECT count(*) FROM standing_log")) == 0
    database.close()
    (copy,) = tmp_path.glob("*.backup")
    with sqlite3.connect(copy) as kept:
        assert kept.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
        assert kept.execute("SELECT owner FROM challenge").fetchone() == ("ana",)
    kept.close()


@pytest.mark.postgres
def test_an_old_postgresql_is_upgraded_by_hand(postgres_url: str) -> None:
    old_database(postgres_url)
    database = Database(postgres_url)
    with pytest.raises(UpgradeNeeded) as refused:
        schema.prepare(database)
    assert "jupyter challenge upgrade-db" in refused.value.hint
    assert schema.upgrade(postgres_url) is None
    schema.prepare(database)
    with database.read() as session:
        assert session.scalar(sa.text("SELECT owner FROM challenge")) == "ana"
    database.close()


def test_a_newer_database_is_refused_and_left_alone(db_url: str) -> None:
    database = Database(db_url)
    schema.prepare(database)
    with database.write() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for attempt in (schema.prepare, lambda _: schema.upgrade(db_url)):
        with pytest.raises(UpgradeNeeded, match="newer version"):
            attempt(database)
    database.close()


def test_many_may_start_on_an_empty_database(db_url: str) -> None:
    def start(_: int) -> str | None:
        database = Database(db_url)
        try:
            schema.prepare(database)
            return schema.revision(database)
        finally:
            database.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(start, range(8))) == [schema.HEAD] * 8


@pytest.mark.parametrize("url", ["mysql://localhost/x", "oracle://x"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(Unavailable, match="not a database"):
        Database(url)


def test_a_start_needs_no_alembic(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from jupyter_challenge.store import schema\n"
        "from jupyter_challenge.store.database import Database\n"
        f"database = Database('sqlite:///{tmp_path / 'challenge.db'}')\n"
        "schema.prepare(database); schema.prepare(database)\n"
        "sys.exit('alembic' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
