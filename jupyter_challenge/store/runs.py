"""Runs: what is queued, what is active, and what an engine said of each."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from jupyter_challenge.core.models import StepName, StepView, SubmissionState
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import RunRow, SubmissionRow
from jupyter_challenge.store.submissions import note_change

WAITING = "waiting"
WHOLE_SECOND = timedelta(seconds=1)
"""Engines may leave out the fractions of seconds."""


def add(session: Session, submission_id: str, attempt: int, at: datetime) -> RunRow:
    """Add a run that waits for its turn."""
    row = RunRow(
        id=str(uuid.uuid4()),
        submission_id=submission_id,
        attempt=attempt,
        engine="",
        state=WAITING,
        cleared=False,
        steps=[StepView(name=name).model_dump(mode="json") for name in StepName],
        created_at=at,
        queued_at=at,
        logs={},
    )
    session.add(row)
    return row


def get(session: Session, run_id: str) -> RunRow | None:
    """A run by id."""
    return session.get(RunRow, run_id, populate_existing=True)


def latest(session: Session, submission_ids: Collection[str]) -> dict[str, RunRow]:
    """The last attempt of each submission."""
    rows = session.scalars(
        sa.select(RunRow).where(RunRow.submission_id.in_(submission_ids)).order_by(RunRow.attempt)
    )
    return {row.submission_id: row for row in rows}


def open_runs(session: Session) -> list[tuple[RunRow, SubmissionRow]]:
    """Every run that an engine may hold something of or that waits, oldest first."""
    rows = session.execute(
        sa.select(RunRow, SubmissionRow)
        .join(SubmissionRow, SubmissionRow.id == RunRow.submission_id)
        .where(~RunRow.cleared)
        .order_by(SubmissionRow.created_at, SubmissionRow.id)
    )
    return [(run, submission) for run, submission in rows]


def queue(session: Session) -> list[SubmissionRow]:
    """Queued submissions, oldest first."""
    return list(
        session.scalars(
            sa.select(SubmissionRow)
            .where(SubmissionRow.state == SubmissionState.QUEUED.value)
            .order_by(SubmissionRow.created_at, SubmissionRow.id)
        )
    )


def at_work(session: Session) -> list[tuple[str, str | None]]:
    """Team and profile of each submission that is running; of what organisers verify, none."""
    rows = session.execute(
        sa.select(SubmissionRow.team_id, SubmissionRow.profile).where(
            SubmissionRow.state == SubmissionState.RUNNING.value, SubmissionRow.verifies.is_(None)
        )
    )
    return [(team, profile) for team, profile in rows]


def last_durations(session: Session, challenge_id: str, most: int) -> list[float]:
    """Seconds that the last runs of a challenge took, tries and cancelled ones apart."""
    rows = session.execute(
        sa.select(sa.func.coalesce(RunRow.started_at, RunRow.claimed_at), RunRow.ended_at)
        .join(SubmissionRow, SubmissionRow.id == RunRow.submission_id)
        .where(
            SubmissionRow.challenge_id == challenge_id,
            ~SubmissionRow.is_try,
            SubmissionRow.state.in_((SubmissionState.SCORED.value, SubmissionState.FAILED.value)),
            RunRow.ended_at.is_not(None),
        )
        .order_by(RunRow.ended_at.desc())
        .limit(most)
    )
    return [(ended - began).total_seconds() for began, ended in rows if began is not None and ended]


def claim(
    run: RunRow, submission: SubmissionRow, session: Session, at: datetime, *, waits: bool = False
) -> None:
    """Say that the run is about to be started; from here on it may exist in the engine.

    Args:
        run: The run.
        submission: Its submission.
        session: The transaction.
        at: The time.
        waits: Whether the engine has a queue: then the submission stays queued until it begins.
    """
    run.state = "pending"
    run.claimed_at = at
    if not waits:
        began(submission, at)
    note_change(session, submission)


def began(submission: SubmissionRow, at: datetime) -> None:
    """Say that a submission is not queued any more."""
    submission.state = SubmissionState.RUNNING.value
    if submission.started_at is None:
        submission.started_at = at


def waits_again(run: RunRow, submission: SubmissionRow, at: datetime) -> None:
    """Say that a run is in the engine's queue; one that was at work had to make way."""
    submission.state = SubmissionState.QUEUED.value
    if run.state == "running":
        run.interruptions += 1
    if run.queued_at is None:
        run.queued_at = at


def turn_came(run: RunRow, now: datetime, began: datetime | None = None) -> float | None:
    """Say that a run waits no more.

    Args:
        run: The run.
        now: The time.
        began: When it began as its engine says, which may have been noticed late.

    Returns:
        For how many seconds it waited this time; None where it did not.
    """
    if run.queued_at is None:
        return None
    at = now if began is None else min(now, began + WHOLE_SECOND)
    waited = max(0.0, (at - run.queued_at).total_seconds())
    run.queued_at = None
    run.waited += waited
    return waited


def started(run: RunRow, engine: str, handle: dict[str, Any]) -> None:
    """Store where the run is."""
    run.engine, run.handle = engine, handle
