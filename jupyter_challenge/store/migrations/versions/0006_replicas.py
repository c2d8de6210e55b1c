"""Several services on one database: who follows a run, and who may sign in to any of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_challenge.store import orm

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the leases of runs and the table of accounts."""
    op.add_column("run", sa.Column("holder", sa.String(length=36), nullable=True))
    op.add_column("run", sa.Column("held_until", orm.UtcDateTime(), nullable=True))
    op.create_table(
        "account",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("admin", sa.Boolean(), nullable=False),
        sa.Column("made_at", orm.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_account")),
        sa.UniqueConstraint("sha256", name=op.f("uq_account_sha256")),
    )


def downgrade() -> None:
    """A database is never taken back: restore the copy that was made before the upgrade."""
    raise NotImplementedError
