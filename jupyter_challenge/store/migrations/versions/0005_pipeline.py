"""Remember which of KFP's runs conducts a run, what its steps asked for, and what was ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_challenge.store import orm

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of runs that KFP conducts."""
    op.create_table(
        "pipeline",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("kfp_run", sa.String(length=64), nullable=False),
        sa.Column("order", sa.JSON(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("begun", sa.Boolean(), nullable=False),
        sa.Column("created_at", orm.UtcDateTime(), nullable=False),
        sa.Column("ended_at", orm.UtcDateTime(), nullable=True),
        sa.Column("why", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_pipeline_run_id_run")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_pipeline")),
        sa.UniqueConstraint("kfp_run", name=op.f("uq_pipeline_kfp_run")),
    )


def downgrade() -> None:
    """A database is never taken back: restore the copy that was made before the upgrade."""
    raise NotImplementedError
