"""Remember of a run how long it waited for its turn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_challenge.store.orm import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of runs that wait it is known since when."""
    op.add_column("run", sa.Column("queued_at", UtcDateTime(), nullable=True))
    op.add_column("run", sa.Column("waited", sa.Double(), nullable=False, server_default="0"))
    op.execute("UPDATE run SET queued_at = created_at WHERE state = 'waiting'")


def downgrade() -> None:
    """A database is never taken back: restore the copy that was made before the upgrade."""
    raise NotImplementedError
