"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_challenge.store import orm

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """A database is never taken back: restore the copy that was made before the upgrade."""
    raise NotImplementedError
