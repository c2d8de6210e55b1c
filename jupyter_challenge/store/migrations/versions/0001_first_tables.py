"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_challenge.store import orm

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up."""
    op.create_table(
        "audit",
        sa.Column("id", orm.AutoInteger, nullable=False),
        sa.Column("at", orm.UtcDateTime(), nullable=False),
        sa.Column("user", sa.String(length=255), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("challenge_id", sa.String(length=63), nullable=False),
        sa.Column("object", sa.String(length=255), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_challenge", "audit", ["challenge_id", "id"])

    op.create_table(
        "challenge",
        sa.Column("id", sa.String(length=63), nullable=False),
        sa.Column("owner", sa.String(length=255), nullable=False),
        sa.Column("created_at", orm.UtcDateTime(), nullable=False),
        sa.Column("current", sa.String(length=64), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenge")),
    )
    op.create_table(
        "change",
        sa.Column("seq", orm.AutoInteger, nullable=False),
        sa.Column("at", orm.UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("challenge_id", sa.String(length=63), nullable=False),
        sa.Column("object", sa.String(length=255), nullable=False),
        sa.Column("team_id", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_change")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "team",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("challenge_id", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", orm.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["challenge_id"], ["challenge.id"], name=op.f("fk_team_challenge_id_challenge")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("challenge_id", "name", name=op.f("uq_team_challenge_id_name")),
    )
    op.create_table(
        "version",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("challenge_id", sa.String(length=63), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("published_at", orm.UtcDateTime(), nullable=False),
        sa.Column("published_by", sa.String(length=255), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column("layout", sa.JSON(), nullable=False),
        sa.Column("evaluators", sa.JSON(), nullable=False),
        sa.Column("splits", sa.JSON(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("terms_digest", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["challenge_id"], ["challenge.id"], name=op.f("fk_version_challenge_id_challenge")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_version")),
    )
    op.create_index(op.f("ix_version_challenge_id"), "version", ["challenge_id"])

    op.create_table(
        "entry",
        sa.Column("team_id", sa.String(length=36), nullable=False),
        sa.Column("challenge_id", sa.String(length=63), nullable=False),
        sa.Column("user", sa.String(length=255), nullable=False),
        sa.Column("terms_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_at", orm.UtcDateTime(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("last_try", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["challenge_id"], ["challenge.id"], name=op.f("fk_entry_challenge_id_challenge")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_entry_team_id_team")),
        sa.PrimaryKeyConstraint("team_id", name=op.f("pk_entry")),
    )
    op.create_index(op.f("ix_entry_challenge_id"), "entry", ["challenge_id"])

    op.create_table(
        "member",
        sa.Column("team_id", sa.String(length=36), nullable=False),
        sa.Column("user", sa.String(length=255), nullable=False),
        sa.Column("challenge_id", sa.String(length=63), nullable=False),
        sa.Column("joined_at", orm.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["challenge_id"], ["challenge.id"], name=op.f("fk_member_challenge_id_challenge")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_member_team_id_team")),
        sa.PrimaryKeyConstraint("team_id", "user", name=op.f("pk_member")),
        sa.UniqueConstraint("challenge_id", "user", name=op.f("uq_member_challenge_id_user")),
    )
    op.create_table(
        "submission",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("challenge_id", sa.String(length=63), nullable=False),
        sa.Column("team_id", sa.String(length=36), nullable=False),
        sa.Column("user", sa.String(length=255), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("phase", sa.String(length=63), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("is_try", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("bundle", sa.String(length=64), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("environment", sa.JSON(), nullable=False),
        sa.Column("profile", sa.String(length=63), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("cancel", sa.String(length=255), nullable=True),
        sa.Column("created_at", orm.UtcDateTime(), nullable=False),
        sa.Column("started_at", orm.UtcDateTime(), nullable=True),
        sa.Column("ended_at", orm.UtcDateTime(), nullable=True),
        sa.Column("fault", sa.String(length=16), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("best_before", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["challenge_id"], ["challenge.id"], name=op.f("fk_submission_challenge_id_challenge")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_submission_team_id_team")),
        sa.ForeignKeyConstraint(
            ["version"], ["version.digest"], name=op.f("fk_submission_version_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint(
            "team_id", "is_try", "number", name=op.f("uq_submission_team_id_is_try_number")
        ),
    )
    op.create_index("ix_submission_challenge", "submission", ["challenge_id", "created_at"])
    op.create_index(
        "ix_submission_quota", "submission", ["team_id", "phase", "is_try", "created_at"]
    )
    op.create_index("ix_submission_state", "submission", ["state"])

    op.create_table(
        "idempotency",
        sa.Column("team_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("body", sa.String(length=64), nullable=False),
        sa.Column("submission_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", orm.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name=op.f("fk_idempotency_submission_id_submission"),
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_idempotency_team_id_team")),
        sa.PrimaryKeyConstraint("team_id", "key", name=op.f("pk_idempotency")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("submission_id", sa.String(length=36), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("engine", sa.String(length=32), nullable=False),
        sa.Column("handle", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("cleared", sa.Boolean(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("failure", sa.JSON(), nullable=True),
        sa.Column("created_at", orm.UtcDateTime(), nullable=False),
        sa.Column("claimed_at", orm.UtcDateTime(), nullable=True),
        sa.Column("started_at", orm.UtcDateTime(), nullable=True),
        sa.Column("ended_at", orm.UtcDateTime(), nullable=True),
        sa.Column("notebook", sa.String(length=64), nullable=True),
        sa.Column("predictions", sa.String(length=64), nullable=True),
        sa.Column("samples", sa.String(length=64), nullable=True),
        sa.Column("logs", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_run_submission_id_submission")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("submission_id", "attempt", name=op.f("uq_run_submission_id_attempt")),
    )
    op.create_index("ix_run_cleared", "run", ["cleared", "created_at"])

    op.create_table(
        "selection",
        sa.Column("submission_id", sa.String(length=36), nullable=False),
        sa.Column("team_id", sa.String(length=36), nullable=False),
        sa.Column("phase", sa.String(length=63), nullable=False),
        sa.Column("user", sa.String(length=255), nullable=False),
        sa.Column("selected_at", orm.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_selection_submission_id_submission")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_selection_team_id_team")),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_selection")),
    )
    op.create_index("ix_selection_team", "selection", ["team_id", "phase"])

    op.create_table(
        "standing",
        sa.Column("challenge_id", sa.String(length=63), nullable=False),
        sa.Column("phase", sa.String(length=63), nullable=False),
        sa.Column("board", sa.String(length=8), nullable=False),
        sa.Column("evaluator", sa.String(length=64), nullable=False),
        sa.Column("team_id", sa.String(length=36), nullable=False),
        sa.Column("submission_id", sa.String(length=36), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("reached_at", orm.UtcDateTime(), nullable=False),
        sa.Column("last_at", orm.UtcDateTime(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["challenge_id"], ["challenge.id"], name=op.f("fk_standing_challenge_id_challenge")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_standing_submission_id_submission")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_standing_team_id_team")),
        sa.PrimaryKeyConstraint(
            "challenge_id", "phase", "board", "evaluator", "team_id", name=op.f("pk_standing")
        ),
    )
    op.create_index(
        "ix_standing_seq", "standing", ["challenge_id", "phase", "board", "evaluator", "seq"]
    )

    op.create_table(
        "score",
        sa.Column("id", orm.AutoInteger, nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("submission_id", sa.String(length=36), nullable=False),
        sa.Column("board", sa.String(length=8), nullable=False),
        sa.Column("metric", sa.String(length=63), nullable=False),
        sa.Column("evaluator", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("stderr", sa.Double(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=True),
        sa.Column("created_at", orm.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_score_run_id_run")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_score_submission_id_submission")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score")),
        sa.UniqueConstraint(
            "run_id",
            "board",
            "metric",
            "evaluator",
            name=op.f("uq_score_run_id_board_metric_evaluator"),
        ),
    )
    op.create_index(op.f("ix_score_submission_id"), "score", ["submission_id"])

    for statement in orm.AUDIT_GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """A database is never taken back: restore the copy that was made before the upgrade."""
    raise NotImplementedError
