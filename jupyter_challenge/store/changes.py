"""The change feed: numbered lines that say what to look at again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

import sqlalchemy as sa

from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import ChangeRow, utc_now

KEEP = timedelta(hours=24)


def newest(session: Session) -> int:
    """The number of the newest line ever written; pruning does not lower it."""
    return int(session.scalar(sa.select(sa.func.max(ChangeRow.seq))) or 0)


def oldest(session: Session) -> int:
    """The number of the oldest line that is still kept; 0 when there is none."""
    return int(session.scalar(sa.select(sa.func.min(ChangeRow.seq))) or 0)


def after(session: Session, seq: int, limit: int = 500) -> Sequence[ChangeRow]:
    """The lines after a number, oldest first."""
    return session.scalars(
        sa.select(ChangeRow).where(ChangeRow.seq > seq).order_by(ChangeRow.seq).limit(limit)
    ).all()


def prune(session: Session, keep: timedelta = KEEP) -> int:
    """Remove old lines, but never the newest, whose number readers compare theirs with."""
    last = newest(session)
    done = session.execute(
        sa.delete(ChangeRow).where(ChangeRow.at < utc_now() - keep, ChangeRow.seq < last)
    )
    return int(getattr(done, "rowcount", 0))


def wanted(
    row: ChangeRow, teams: Collection[str], visible: Collection[str], organised: Collection[str]
) -> bool:
    """Whether a line is about something that a user may see."""
    if row.challenge_id not in visible:
        return False
    return row.team_id is None or row.team_id in teams or row.challenge_id in organised
