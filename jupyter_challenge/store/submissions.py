"""Submissions, their selection and their idempotency keys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from jupyter_challenge.core.errors import Fault
from jupyter_challenge.core.models import ChangeKind, SubmissionState
from jupyter_challenge.store.database import Session, changed
from jupyter_challenge.store.orm import IdempotencyRow, SelectionRow, SubmissionRow, TeamRow

NO_TEAM = "-"
ACTIVE = (SubmissionState.QUEUED.value, SubmissionState.RUNNING.value)


@dataclass(frozen=True)
class Usage:
    """What a team has used of a phase's quotas.

    Attributes:
        today: Counted today: queued, running, scored, and cancelled after the run began.
        total: The same in the whole phase.
        failures_today: Own failures today, which count only here.
        active: Queued or running.
        active_today: The same of those handed in today; each may yet become a failure of today's.
    """

    today: int = 0
    total: int = 0
    failures_today: int = 0
    active: int = 0
    active_today: int = 0


def get(session: Session, submission_id: str, *, lock: bool = False) -> SubmissionRow | None:
    """A submission; locked until the transaction ends where asked."""
    query = sa.select(SubmissionRow).where(SubmissionRow.id == submission_id)
    return session.scalar(
        query.with_for_update().execution_options(populate_existing=True) if lock else query
    )


def usage(session: Session, team_id: str, phase: str, day_start: datetime) -> Usage:
    """Count what the team used; `day_start` is the beginning of today in the phase's zone."""
    row = SubmissionRow
    active = row.state.in_(ACTIVE)
    counted = sa.or_(
        active,
        row.state == SubmissionState.SCORED.value,
        sa.and_(row.state == SubmissionState.CANCELLED.value, row.started_at.is_not(None)),
    )
    failed = sa.and_(
        row.state == SubmissionState.FAILED.value, row.fault == Fault.PARTICIPANT.value
    )
    today = row.created_at >= day_start

    def number(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    found = session.execute(
        sa.select(
            number(sa.and_(counted, today)),
            number(counted),
            number(sa.and_(failed, today)),
            number(active),
            number(sa.and_(active, today)),
        ).where(row.team_id == team_id, row.phase == phase, ~row.is_try)
    ).one()
    return Usage(*(int(each) for each in found))


def active_in(session: Session, challenge_id: str, phase: str) -> int:
    """How many submissions of all teams are queued or running in a phase, tries apart."""
    return int(
        session.scalar(
            sa.select(sa.func.count()).where(
                SubmissionRow.challenge_id == challenge_id,
                SubmissionRow.phase == phase,
                ~SubmissionRow.is_try,
                SubmissionRow.state.in_(ACTIVE),
            )
        )
        or 0
    )


def handed_in(session: Session, challenge_id: str, phase: str) -> int:
    """How many submissions a phase has, tries apart."""
    return int(
        session.scalar(
            sa.select(sa.func.count()).where(
                SubmissionRow.challenge_id == challenge_id,
                SubmissionRow.phase == phase,
                ~SubmissionRow.is_try,
            )
        )
        or 0
    )


@dataclass(frozen=True)
class Totals:
    """A challenge in numbers; all but `active` and `tries` are of what counts."""

    submissions: int = 0
    today: int = 0
    failed_today: int = 0
    active: int = 0
    tries: int = 0


def totals(session: Session, challenge_id: str, day_start: datetime) -> Totals:
    """Count what a challenge was handed in; `day_start` is the beginning of today."""
    row = SubmissionRow
    today, failed = row.created_at >= day_start, row.state == SubmissionState.FAILED.value

    def number(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    found = session.execute(
        sa.select(
            number(~row.is_try),
            number(sa.and_(~row.is_try, today)),
            number(sa.and_(~row.is_try, today, failed)),
            number(row.state.in_(ACTIVE)),
            number(sa.and_(row.is_try, row.verifies.is_(None))),
        ).where(row.challenge_id == challenge_id)
    ).one()
    return Totals(*(int(each) for each in found))


def failures(session: Session, challenge_id: str) -> list[tuple[str, int, int, datetime]]:
    """Each class of failures with its submissions, teams and the last time, tries apart."""
    row = SubmissionRow
    number = sa.func.count()
    found = session.execute(
        sa.select(
            row.failure,
            number,
            sa.func.count(sa.distinct(row.team_id)),
            sa.func.max(row.created_at),
        )
        .where(row.challenge_id == challenge_id, row.failure.is_not(None), ~row.is_try)
        .group_by(row.failure)
        .order_by(number.desc(), row.failure)
    )
    return [(str(name), int(n), int(teams), last) for name, n, teams, last in found]


def active_tries(session: Session, team_id: str) -> int:
    """How many tries of the team are queued or running."""
    return int(
        session.scalar(
            sa.select(sa.func.count()).where(
                SubmissionRow.team_id == team_id,
                SubmissionRow.is_try,
                SubmissionRow.verifies.is_(None),
                SubmissionRow.state.in_(ACTIVE),
            )
        )
        or 0
    )


def add(session: Session, row: SubmissionRow, key: str | None, body: str) -> None:
    """Store a new submission and the key that its client may use again."""
    session.add(row)
    session.flush()
    if key is not None:
        session.add(
            IdempotencyRow(
                team_id=row.team_id,
                key=key,
                body=body,
                submission_id=row.id,
                created_at=row.created_at,
            )
        )
    note_change(session, row)


def by_key(session: Session, team_id: str, key: str) -> tuple[str, SubmissionRow] | None:
    """What came of a key: the digest of the request's body, and the submission."""
    used = session.get(IdempotencyRow, (team_id, key))
    if used is None:
        return None
    row = get(session, used.submission_id)
    return None if row is None else (used.body, row)


def note_change(session: Session, row: SubmissionRow) -> None:
    """Tell the feed that a submission looks different now.

    Of a verification its organisers hear, and no team.
    """
    team = row.team_id if row.verifies is None else NO_TEAM
    changed(session, ChangeKind.SUBMISSION, row.challenge_id, row.id, team)


def verifications(session: Session, submission_id: str) -> list[SubmissionRow]:
    """What verifies a submission, the newest first."""
    row = SubmissionRow
    query = sa.select(row).where(row.verifies == submission_id)
    return list(session.scalars(query.order_by(row.created_at.desc(), row.id.desc())))


def verifications_of(session: Session, team_id: str) -> int:
    """How many verifications there are of a team's submissions."""
    row = SubmissionRow
    query = sa.select(sa.func.count()).where(row.team_id == team_id, row.verifies.is_not(None))
    return int(session.scalar(query) or 0)


@dataclass(frozen=True)
class Filter:
    """Which submissions of a list are wanted; None does not narrow.

    `teams` are the asker's own, `organised` the challenges in which every team may be seen; `team`
    is a part of a team's name, in whatever case.
    """

    teams: Collection[str] = ()
    organised: Collection[str] = ()
    challenge: str | None = None
    phase: str | None = None
    state: str | None = None
    is_try: bool | None = None
    failure: str | None = None
    fault: str | None = None
    user: str | None = None
    team: str = ""


def page(
    session: Session, wanted: Filter, after: tuple[datetime, str] | None, limit: int
) -> list[SubmissionRow]:
    """One page, newest first, from the cursor on; asks for one more than `limit`."""
    row = SubmissionRow
    query = sa.select(row).where(
        sa.or_(row.team_id.in_(wanted.teams), row.challenge_id.in_(wanted.organised)),
        row.verifies.is_(None),
    )
    for column, value in (
        (row.challenge_id, wanted.challenge),
        (row.phase, wanted.phase),
        (row.state, wanted.state),
        (row.is_try, wanted.is_try),
        (row.failure, wanted.failure),
        (row.fault, wanted.fault),
        (row.user, wanted.user),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.team:
        named = sa.select(TeamRow.id).where(
            # SQLite makes only ASCII letters small.
            sa.or_(
                TeamRow.name.contains(wanted.team, autoescape=True),
                sa.func.lower(TeamRow.name).contains(wanted.team.lower(), autoescape=True),
            )
        )
        if wanted.challenge is not None:
            named = named.where(TeamRow.challenge_id == wanted.challenge)
        query = query.where(row.team_id.in_(named))
    if after is not None:
        at, last = after
        query = query.where(
            sa.or_(row.created_at < at, sa.and_(row.created_at == at, row.id < last))
        )
    query = query.order_by(row.created_at.desc(), row.id.desc()).limit(limit + 1)
    return list(session.scalars(query))


def of_challenge(session: Session, challenge_id: str) -> Sequence[SubmissionRow]:
    """Every submission to a challenge, oldest first, tries and verifications too."""
    return session.scalars(
        sa.select(SubmissionRow)
        .where(SubmissionRow.challenge_id == challenge_id)
        .order_by(SubmissionRow.created_at, SubmissionRow.id)
    ).all()


def selected(session: Session, team_id: str, phase: str) -> set[str]:
    """The submissions that the team chose to count in a phase."""
    return set(
        session.scalars(
            sa.select(SelectionRow.submission_id).where(
                SelectionRow.team_id == team_id, SelectionRow.phase == phase
            )
        )
    )


def count_by_state(session: Session) -> list[tuple[str, str, bool, int]]:
    """How many submissions each challenge has in each state: challenge, state, is_try, number."""
    row = SubmissionRow
    group = (row.challenge_id, row.state, row.is_try)
    query = sa.select(*group, sa.func.count()).where(row.verifies.is_(None))
    found = session.execute(query.group_by(*group))
    return [(challenge, state, is_try, number) for challenge, state, is_try, number in found]


def selected_among(session: Session, ids: Collection[str]) -> set[str]:
    """Those of the submissions that are selected."""
    return set(
        session.scalars(
            sa.select(SelectionRow.submission_id).where(SelectionRow.submission_id.in_(ids))
        )
    )


def select(session: Session, row: SubmissionRow, user: str, at: datetime) -> None:
    """Choose a submission to count."""
    session.add(
        SelectionRow(
            submission_id=row.id, team_id=row.team_id, phase=row.phase, user=user, selected_at=at
        )
    )
    note_change(session, row)


def deselect(session: Session, row: SubmissionRow) -> bool:
    """Take a choice back; false when there was none."""
    chosen = session.get(SelectionRow, row.id)
    if chosen is None:
        return False
    session.delete(chosen)
    note_change(session, row)
    return True
