"""Keep the class of a failure with its submission, so that organisers can look for it."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column with its index, and fill it from the last run of each failed submission."""
    op.add_column("submission", sa.Column("failure", sa.String(length=32), nullable=True))
    op.create_index("ix_submission_failure", "submission", ["challenge_id", "failure"])
    connection = op.get_bind()
    failed = connection.execute(
        sa.text(
            "SELECT run.submission_id, run.failure FROM run "
            "JOIN submission ON submission.id = run.submission_id "
            "WHERE submission.state = 'failed' AND run.failure IS NOT NULL ORDER BY run.attempt"
        )
    ).all()
    found = {}
    for submission, failure in failed:
        said = json.loads(failure) if isinstance(failure, str) else failure
        if isinstance(said, dict) and said.get("failure_class"):
            found[submission] = said["failure_class"]
    if found:
        connection.execute(
            sa.text("UPDATE submission SET failure = :failure WHERE id = :id"),
            [{"id": key, "failure": value} for key, value in found.items()],
        )


def downgrade() -> None:
    """A database is never taken back: restore the copy that was made before the upgrade."""
    raise NotImplementedError
