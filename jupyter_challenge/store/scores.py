"""Scores, each once, and the standings that boards are read from."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from jupyter_challenge.core.models import ChangeKind, SubmissionState
from jupyter_challenge.store.database import Session, changed, touch
from jupyter_challenge.store.orm import (
    ScoreRow,
    StandingLogRow,
    StandingRow,
    SubmissionRow,
    TeamRow,
    utc_now,
)

Key = tuple[str, str, str, str]
"""Challenge, phase, board and evaluator: what one standing is counted in."""


def add(session: Session, rows: Iterable[ScoreRow]) -> int:
    """Store scores that are not there yet.

    Returns:
        How many were new.
    """
    new = 0
    for row in rows:
        there = session.scalar(
            sa.select(ScoreRow.id).where(
                ScoreRow.run_id == row.run_id,
                ScoreRow.board == row.board,
                ScoreRow.metric == row.metric,
                ScoreRow.evaluator == row.evaluator,
            )
        )
        if there is None:
            session.add(row)
            new += 1
    session.flush()
    return new


def of_submissions(session: Session, ids: Collection[str]) -> dict[str, list[ScoreRow]]:
    """The scores of each submission's counting run, in the order in which they were stored."""
    found: dict[str, list[ScoreRow]] = {}
    rows = session.scalars(
        sa.select(ScoreRow).where(ScoreRow.submission_id.in_(ids)).order_by(ScoreRow.id)
    )
    for row in rows:
        found.setdefault(row.submission_id, []).append(row)
    return found


def of_team(
    session: Session, challenge: str, phase: str, evaluator: str, team_id: str
) -> list[tuple[SubmissionRow, dict[str, dict[str, float]]]]:
    """A team's scored submissions with board -> metric -> value, oldest first."""
    rows = session.execute(
        sa.select(SubmissionRow, ScoreRow)
        .join(ScoreRow, ScoreRow.submission_id == SubmissionRow.id)
        .where(
            SubmissionRow.challenge_id == challenge,
            SubmissionRow.phase == phase,
            SubmissionRow.team_id == team_id,
            ~SubmissionRow.is_try,
            SubmissionRow.state == SubmissionState.SCORED.value,
            ScoreRow.evaluator == evaluator,
        )
        .order_by(SubmissionRow.created_at, SubmissionRow.number, ScoreRow.id)
    )
    found: dict[str, tuple[SubmissionRow, dict[str, dict[str, float]]]] = {}
    for submission, score in rows:
        boards = found.setdefault(submission.id, (submission, {}))[1]
        boards.setdefault(score.board, {})[score.metric] = score.value
    return list(found.values())


def values_of(
    session: Session, key: Key, metric: str, team_id: str
) -> list[tuple[str, int, datetime, float, float | None]]:
    """What a team's submissions reached on a board by one metric, oldest first.

    Returns:
        Id, number and time of each submission, its value and its standard error.
    """
    challenge, phase, board, evaluator = key
    rows = session.execute(
        sa.select(
            SubmissionRow.id,
            SubmissionRow.number,
            SubmissionRow.created_at,
            ScoreRow.value,
            ScoreRow.stderr,
        )
        .join(ScoreRow, ScoreRow.submission_id == SubmissionRow.id)
        .where(
            SubmissionRow.team_id == team_id,
            SubmissionRow.phase == phase,
            ~SubmissionRow.is_try,
            SubmissionRow.challenge_id == challenge,
            SubmissionRow.state == SubmissionState.SCORED.value,
            ScoreRow.board == board,
            ScoreRow.metric == metric,
            ScoreRow.evaluator == evaluator,
        )
        .order_by(SubmissionRow.created_at, SubmissionRow.number)
    )
    return [(id, number, at, value, stderr) for id, number, at, value, stderr in rows]


def put_standing(
    session: Session,
    key: Key,
    team_id: str,
    *,
    submission: str,
    value: float,
    metrics: dict[str, Any],
    entries: int,
    reached_at: datetime,
    last_at: datetime,
) -> None:
    """Write a team's row of a board and tell the feed."""
    challenge, phase, board, evaluator = key
    row = session.get(StandingRow, (challenge, phase, board, evaluator, team_id))
    if row is None or row.submission_id != submission:
        session.add(
            StandingLogRow(
                challenge_id=challenge,
                phase=phase,
                board=board,
                evaluator=evaluator,
                team_id=team_id,
                submission_id=submission,
                metrics=metrics,
                reached_at=reached_at,
                at=utc_now(),
            )
        )
    if row is None:
        row = StandingRow(
            challenge_id=challenge, phase=phase, board=board, evaluator=evaluator, team_id=team_id
        )
        session.add(row)
    row.submission_id, row.value, row.metrics = submission, value, metrics
    row.entries, row.reached_at, row.last_at, row.seq = entries, reached_at, last_at, 0
    changed(session, ChangeKind.BOARD, challenge, phase)
    touch(session, row)


def standing(session: Session, key: Key, team_id: str) -> StandingRow | None:
    """A team's row of a board."""
    return session.get(StandingRow, (*key, team_id))


def _written(key: Key, after: int) -> tuple[sa.ColumnElement[bool], ...]:
    """What the rows of a board fulfil that were written after a change."""
    challenge, phase, board, evaluator = key
    return (
        StandingRow.challenge_id == challenge,
        StandingRow.phase == phase,
        StandingRow.board == board,
        StandingRow.evaluator == evaluator,
        StandingRow.seq > after,
    )


def standings(session: Session, key: Key, after: int = -1) -> list[tuple[StandingRow, str]]:
    """The rows of a board that were written after a change, with the teams' names."""
    rows = session.execute(
        sa.select(StandingRow, TeamRow.name)
        .join(TeamRow, TeamRow.id == StandingRow.team_id)
        .where(*_written(key, after))
    )
    return [(row, name) for row, name in rows]


def counting(
    session: Session, key: Key, after: int = -1
) -> list[tuple[str, list[dict[str, Any]], dict[str, Any]]]:
    """Of the rows written after a change: the team, and files and parameters that count."""
    rows = session.execute(
        sa.select(StandingRow.team_id, SubmissionRow.files, SubmissionRow.parameters)
        .join(SubmissionRow, SubmissionRow.id == StandingRow.submission_id)
        .where(*_written(key, after))
    )
    return [(team, files, parameters) for team, files, parameters in rows]


def errors(
    session: Session, key: Key, metric: str, after: int = -1
) -> list[tuple[str, float | None, int | None]]:
    """Of the rows written after a change: the team, its standard error, how many rows it is of."""
    _, _, board, evaluator = key
    rows = session.execute(
        sa.select(StandingRow.team_id, ScoreRow.stderr, ScoreRow.n)
        .join(ScoreRow, ScoreRow.submission_id == StandingRow.submission_id)
        .where(
            *_written(key, after),
            ScoreRow.board == board,
            ScoreRow.metric == metric,
            ScoreRow.evaluator == evaluator,
        )
    )
    return [(team, stderr, n) for team, stderr, n in rows]


def standings_at(
    session: Session, key: Key, at: datetime
) -> list[tuple[str, dict[str, Any], datetime]]:
    """A board as it was: each team's metrics, and when they were handed in."""
    challenge, phase, board, evaluator = key
    last = (
        sa.select(sa.func.max(StandingLogRow.id))
        .where(
            StandingLogRow.challenge_id == challenge,
            StandingLogRow.phase == phase,
            StandingLogRow.board == board,
            StandingLogRow.evaluator == evaluator,
            StandingLogRow.at <= at,
        )
        .group_by(StandingLogRow.team_id)
    )
    rows = session.execute(
        sa.select(StandingLogRow.team_id, StandingLogRow.metrics, StandingLogRow.reached_at).where(
            StandingLogRow.id.in_(last)
        )
    )
    return [(team, metrics, reached) for team, metrics, reached in rows]


def logged(
    session: Session, key: Key, after: int = 0
) -> list[tuple[int, datetime, dict[str, Any]]]:
    """Standings that came to be after a line of the log.

    Returns:
        Of each the line, when it was handed in, and its metrics.
    """
    challenge, phase, board, evaluator = key
    rows = session.execute(
        sa.select(StandingLogRow.id, StandingLogRow.reached_at, StandingLogRow.metrics).where(
            StandingLogRow.challenge_id == challenge,
            StandingLogRow.phase == phase,
            StandingLogRow.board == board,
            StandingLogRow.evaluator == evaluator,
            StandingLogRow.id > after,
        )
    )
    return [(line, reached, metrics) for line, reached, metrics in rows]


_KEY = ("challenge", "phase", "board", "evaluator")
# Built once, as every page of a board asks for it.
_NEWEST = sa.select(sa.func.max(StandingRow.seq)).where(
    StandingRow.challenge_id == sa.bindparam("challenge"),
    StandingRow.phase == sa.bindparam("phase"),
    StandingRow.board == sa.bindparam("board"),
    StandingRow.evaluator == sa.bindparam("evaluator"),
)


def newest_seq(session: Session, key: Key) -> int:
    """The change that wrote a board last; 0 when there is nothing on it."""
    found = session.scalar(_NEWEST, dict(zip(_KEY, key, strict=True)))
    return int(found or 0)


def teams_on(session: Session, challenge: str, phase: str, evaluator: str) -> list[str]:
    """The teams with a standing in a phase."""
    return list(
        session.scalars(
            sa.select(StandingRow.team_id)
            .where(
                StandingRow.challenge_id == challenge,
                StandingRow.phase == phase,
                StandingRow.board == "public",
                StandingRow.evaluator == evaluator,
            )
            .order_by(StandingRow.team_id)
        )
    )


def scored_by(session: Session, challenge: str, phase: str, evaluator: str) -> tuple[int, int]:
    """How many submissions have scores of an evaluation, and of how many teams."""
    row = session.execute(
        sa.select(
            sa.func.count(sa.distinct(SubmissionRow.id)),
            sa.func.count(sa.distinct(SubmissionRow.team_id)),
        )
        .join(ScoreRow, ScoreRow.submission_id == SubmissionRow.id)
        .where(
            SubmissionRow.challenge_id == challenge,
            SubmissionRow.phase == phase,
            ~SubmissionRow.is_try,
            SubmissionRow.state == SubmissionState.SCORED.value,
            ScoreRow.evaluator == evaluator,
        )
    ).one()
    return int(row[0]), int(row[1])
