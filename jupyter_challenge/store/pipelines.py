"""Runs that Kubeflow Pipelines conducts: what its steps asked for, and what was ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import PipelineRow, RunRow


def add(
    session: Session, run_id: str, kfp_run: str, order: dict[str, Any], at: datetime
) -> PipelineRow:
    """Note which of KFP's runs conducts a run; what was noted first stays."""
    row = get(session, run_id)
    if row is None:
        row = PipelineRow(run_id=run_id, kfp_run=kfp_run, order=order, asked={}, created_at=at)
        session.add(row)
    return row


def get(session: Session, run_id: str, *, lock: bool = False) -> PipelineRow | None:
    """What is noted of a run."""
    return session.get(PipelineRow, run_id, populate_existing=True, with_for_update=lock or None)


def conducted_by(session: Session, kfp_run: str) -> PipelineRow | None:
    """What is noted of one of KFP's runs."""
    return session.scalars(sa.select(PipelineRow).where(PipelineRow.kfp_run == kfp_run)).first()


def of_open_runs(session: Session) -> list[PipelineRow]:
    """What is noted of every run that an engine may hold something of."""
    return list(
        session.scalars(
            sa.select(PipelineRow)
            .join(RunRow, RunRow.id == PipelineRow.run_id)
            .where(~RunRow.cleared)
        )
    )


def ask(row: PipelineRow, step: str, at: datetime) -> None:
    """Note that a step asked for its Job; the first time counts."""
    if step not in row.asked:
        row.asked = {**row.asked, step: at.isoformat()}
