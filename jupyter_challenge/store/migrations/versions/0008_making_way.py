"""Remember of a run how often it had to make way, and what it kept for going on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; no run had to make way before."""
    op.add_column("run", sa.Column("kept", sa.String(length=64), nullable=True))
    op.add_column(
        "run", sa.Column("interruptions", sa.Integer(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    """A database is never taken back: restore the copy that was made before the upgrade."""
    raise NotImplementedError
