"""Remember how standings came to be, so that a board can say who moved since yesterday."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_challenge.store import orm

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the log and begin it with the standings of now."""
    op.create_table(
        "standing_log",
        sa.Column("id", orm.AutoInteger, nullable=False),
        sa.Column("challenge_id", sa.String(length=63), nullable=False),
        sa.Column("phase", sa.String(length=63), nullable=False),
        sa.Column("board", sa.String(length=8), nullable=False),
        sa.Column("evaluator", sa.String(length=64), nullable=False),
        sa.Column("team_id", sa.String(length=36), nullable=False),
        sa.Column("submission_id", sa.String(length=36), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("reached_at", orm.UtcDateTime(), nullable=False),
        sa.Column("at", orm.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["challenge_id"],
            ["challenge.id"],
            name=op.f("fk_standing_log_challenge_id_challenge"),
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name=op.f("fk_standing_log_submission_id_submission"),
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_standing_log_team_id_team")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_log")),
    )
    op.create_index(
        "ix_standing_log_board",
        "standing_log",
        ["challenge_id", "phase", "board", "evaluator", "at"],
    )
    op.execute(
        "INSERT INTO standing_log (challenge_id, phase, board, evaluator, team_id, "
        "submission_id, metrics, reached_at, at) "
        "SELECT challenge_id, phase, board, evaluator, team_id, submission_id, metrics, "
        "reached_at, reached_at FROM standing"
    )


def downgrade() -> None:
    """A database is never taken back: restore the copy that was made before the upgrade."""
    raise NotImplementedError
