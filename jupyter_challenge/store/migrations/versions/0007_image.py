"""Keep with a submission the image that it is run in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was handed in before runs in the image of the configuration."""
    op.add_column("submission", sa.Column("image", sa.Text(), nullable=True))


def downgrade() -> None:
    """A database is never taken back: restore the copy that was made before the upgrade."""
    raise NotImplementedError
