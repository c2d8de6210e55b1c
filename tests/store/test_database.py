"""Transactions, times, the audit and the numbers of the feed; on both databases."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, StatementError

from jupyter_challenge.core.errors import StorageFull, Unavailable
from jupyter_challenge.core.models import ChangeKind
from jupyter_challenge.store import audit, changes, schema
from jupyter_challenge.store.database import Database, changed
from jupyter_challenge.store.orm import AuditRow, ChallengeRow

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


def challenge(name: str, at: datetime = NOON) -> ChallengeRow:
    return ChallengeRow(id=name, owner="ana", created_at=at, current="x", closed=False)


def test_times_come_back_as_utc_with_a_zone(db: Database) -> None:
    zurich = timezone(timedelta(hours=2))
    with db.write() as session:
        session.add(challenge("a", NOON.astimezone(zurich)))
    with db.read() as session:
        row = session.get_one(ChallengeRow, "a")
        assert row.created_at == NOON
        assert row.created_at.utcoffset() == timedelta(0)
        later = sa.select(ChallengeRow).where(ChallengeRow.created_at > NOON.astimezone(zurich))
        assert session.scalars(later).all() == []


def test_a_time_without_zone_is_refused(db: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"), db.write() as session:
        session.add(challenge("a", datetime(2026, 7, 1)))


def test_a_block_that_raises_stores_nothing(db: Database) -> None:
    with pytest.raises(RuntimeError), db.write() as session:
        session.add(challenge("a"))
        changed(session, ChangeKind.CHALLENGE, "a", "a")
        session.flush()
        raise RuntimeError
    with db.read() as session:
        assert session.get(ChallengeRow, "a") is None
        assert changes.newest(session) == 0


@pytest.mark.parametrize("statement", ["UPDATE audit SET action = 'x'", "DELETE FROM audit"])
def test_the_audit_is_append_only(db: Database, statement: str) -> None:
    with db.write() as session:
        audit.note(session, "ana", "enter", "tiny", "tiny", terms=None)
    with pytest.raises(DatabaseError, match="append-only"), db.write() as session:
        session.execute(sa.text(statement))
    with db.read() as session:
        assert [row.action for row in session.scalars(sa.select(AuditRow))] == ["enter"]


def test_the_feed_is_numbered_in_the_order_of_commits(db: Database) -> None:
    """A reader who asks for what comes after a number never misses a line."""
    seen: list[int] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set() or not seen or seen[-1] < 200:
            with db.read() as session:
                seen.extend(row.seq for row in changes.after(session, seen[-1] if seen else 0))

    def write(number: int) -> None:
        for each in range(25):
            with db.write() as session:
                changed(session, ChangeKind.BOARD, "tiny", f"{number}-{each}")

    reader = threading.Thread(target=read)
    reader.start()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    stop.set()
    reader.join(timeout=30)
    assert len(seen) == 200
    assert seen == sorted(seen)


def test_a_change_is_told_once_per_transaction(db: Database) -> None:
    told: list[int] = []
    db.on_commit(lambda: told.append(1))
    with db.write() as session:
        for _ in range(3):
            changed(session, ChangeKind.BOARD, "tiny", "main")
    with db.write() as session:
        session.add(challenge("a"))
    with db.read() as session:
        assert len(changes.after(session, 0)) == 1
    assert told == [1]


def test_pruning_never_gives_a_number_out_twice(db: Database) -> None:
    for number in range(3):
        with db.write() as session:
            changed(session, ChangeKind.BOARD, "tiny", str(number))
    with db.write() as session:
        assert changes.prune(session, timedelta(0)) == 2
        assert changes.newest(session) == changes.oldest(session) == 3
    with db.write() as session:
        changed(session, ChangeKind.BOARD, "tiny", "again")
    with db.read() as session:
        assert [row.seq for row in changes.after(session, 0)] == [3, 4]


def test_a_read_sees_one_state(db: Database) -> None:
    with db.read() as session:
        assert session.get(ChallengeRow, "a") is None
        with db.write() as other:
            other.add(challenge("a"))
        assert session.scalar(sa.select(sa.func.count()).select_from(ChallengeRow)) == 0


def test_writers_take_turns(db: Database) -> None:
    with db.write() as session:
        session.add(challenge("a"))

    def count(_: int) -> None:
        with db.write() as session:
            row = session.scalar(
                sa.select(ChallengeRow).where(ChallengeRow.id == "a").with_for_update()
            )
            assert row is not None
            row.owner = str(int(row.owner) + 1) if row.owner.isdigit() else "1"

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(count, range(64)))
    with db.read() as session:
        assert session.get_one(ChallengeRow, "a").owner == "64"


def test_a_database_that_is_away_says_so() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        db = Database(f"postgresql://ana@127.0.0.1:{port}/challenge", "secret")
        with pytest.raises(Unavailable, match="cannot be reached"):
            schema.prepare(db)
        with pytest.raises(Unavailable, match="cannot be reached"), db.write() as session:
            session.connection()
        db.close()


def test_a_full_database_says_so_and_keeps_what_it_had(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'challenge.db'}")
    schema.prepare(db)
    with db.write() as session:
        session.add(challenge("a"))
        pages = session.scalar(sa.text("PRAGMA page_count")) or 0
    with pytest.raises(StorageFull), db.write() as session:
        session.execute(sa.text(f"PRAGMA max_page_count = {pages}"))
        audit.note(session, "ana", "x", "tiny", "tiny", much="x" * 1_000_000)
        session.flush()
    with db.write() as session:
        session.execute(sa.text("PRAGMA max_page_count = 1073741823"))
        session.add(challenge("b"))
    with db.read() as session:
        found = session.scalars(sa.select(ChallengeRow.id).order_by(ChallengeRow.id)).all()
        assert found == ["a", "b"]
    db.close()
