"""Who did what: lines that are only ever added."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import AuditRow, utc_now


def note(
    session: Session, user: str, action: str, challenge: str, object_id: str, **details: Any
) -> None:
    """Add a line in this transaction, so that it exists exactly if the deed does."""
    session.add(
        AuditRow(
            at=utc_now(),
            user=user,
            action=action,
            challenge_id=challenge,
            object=object_id,
            details=details,
        )
    )


def lines(session: Session, challenge: str) -> list[AuditRow]:
    """The lines of a challenge, oldest first."""
    return list(
        session.scalars(
            sa.select(AuditRow).where(AuditRow.challenge_id == challenge).order_by(AuditRow.id)
        )
    )
