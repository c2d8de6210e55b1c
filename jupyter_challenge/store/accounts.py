"""Who may sign in to `serve`, as the database keeps it."""

from __future__ import annotations

import sqlalchemy as sa

from jupyter_challenge.store.database import Session, notify
from jupyter_challenge.store.orm import AccountRow


def put(session: Session, account: AccountRow) -> None:
    """Add an account, or put it in the place of the one of that name."""
    session.merge(account)
    notify(session)


def remove(session: Session, name: str) -> bool:
    """Remove an account; false when there was none."""
    row = session.get(AccountRow, name)
    if row is not None:
        session.delete(row)
        notify(session)
    return row is not None


def by_digest(session: Session, sha256: str) -> AccountRow | None:
    """The account whose token has a digest."""
    return session.scalar(sa.select(AccountRow).where(AccountRow.sha256 == sha256))


def names(session: Session) -> list[str]:
    """The accounts' names."""
    return list(session.scalars(sa.select(AccountRow.name).order_by(AccountRow.name)))
