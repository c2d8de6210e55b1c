"""Remember of a run that verifies a submission which one that is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nothing was verified before."""
    op.add_column("submission", sa.Column("verifies", sa.String(length=36), nullable=True))
    op.create_index("ix_submission_verifies", "submission", ["verifies"])


def downgrade() -> None:
    """A database is never taken back: restore the copy that was made before the upgrade."""
    raise NotImplementedError
