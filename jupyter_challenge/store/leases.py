"""Which of several services on PostgreSQL follows a run: the one that holds its lease.

A lease lasts some seconds and is renewed; whoever dies, or stands still, loses it to another. The
clock is the database's, so that those of the machines need not agree.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa

from jupyter_challenge.store.database import CLAIM_LOCK, Database, Session, notify
from jupyter_challenge.store.orm import RunRow
from jupyter_challenge.store.runs import WAITING

LEASE_SECONDS = 10.0
RENEW_SECONDS = 2.5
AT_ONCE = 25
"""Free runs that are leased in one turn: the others are left to whoever comes next."""

_NOW = sa.func.clock_timestamp(type_=sa.DateTime(timezone=True))


class Leases:
    """The leases of one service."""

    def __init__(self, db: Database, seconds: float = LEASE_SECONDS) -> None:
        """Begin without any; `seconds` is how long one lasts."""
        self._db = db
        self._seconds = seconds
        self.holder = str(uuid.uuid4())

    def take(self) -> None:
        """Lease started runs that nobody holds, or whose holder let its lease run out."""
        free = sa.select(RunRow.id).where(
            ~RunRow.cleared,
            RunRow.state != WAITING,
            sa.or_(RunRow.holder.is_(None), RunRow.held_until < _NOW),
        )
        with self._db.read() as session:
            if session.scalar(free.limit(1)) is None:
                return
        # Rows that another service is leasing, or writing to, right now are left to it.
        some = free.order_by(RunRow.created_at).limit(AT_ONCE).with_for_update(skip_locked=True)
        self._lease(some, self.holder)

    def renew(self) -> None:
        """Make the leases last from now on again."""
        ours = sa.select(RunRow.id).where(~RunRow.cleared, RunRow.holder == self.holder)
        self._lease(ours.with_for_update(skip_locked=True), self.holder)

    def release(self) -> None:
        """Give all leases back, and have the others look at once."""
        ours = sa.select(RunRow.id).where(~RunRow.cleared, RunRow.holder == self.holder)
        self._lease(ours.with_for_update(), None)

    def claiming(self, session: Session, most: int) -> bool:
        """Whether one more run may be started; until the transaction ends nobody else may.

        Args:
            session: Of the transaction that claims.
            most: Runs that may be at work in all services together.
        """
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(CLAIM_LOCK)))
        at_work = session.scalar(
            sa.select(sa.func.count())
            .select_from(RunRow)
            .where(~RunRow.cleared, RunRow.state != WAITING, RunRow.ended_at.is_(None))
        )
        return (at_work or 0) < most

    def give(self, session: Session, run: RunRow) -> None:
        """Lease a run that is being claimed."""
        run.holder = self.holder
        run.held_until = _database_now(session) + timedelta(seconds=self._seconds)

    def _lease(self, some: sa.Select[str], holder: str | None) -> None:
        until = _NOW + timedelta(seconds=self._seconds)
        with self._db.write() as session:
            session.execute(
                sa.update(RunRow)
                .where(RunRow.id.in_(some))
                .values(holder=holder, held_until=until if holder is not None else None)
                .execution_options(synchronize_session=False)
            )
            if holder is None:
                notify(session)


def _database_now(session: Session) -> datetime:
    return session.scalars(sa.select(_NOW)).one()
