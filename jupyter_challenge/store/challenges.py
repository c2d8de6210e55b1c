"""Challenges, their versions, teams and entries."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from jupyter_challenge.core.challenge import Challenge
from jupyter_challenge.core.models import ChangeKind
from jupyter_challenge.store.database import PUBLISH_LOCK, Session, changed
from jupyter_challenge.store.orm import (
    ChallengeRow,
    EntryRow,
    MemberRow,
    SubmissionRow,
    TeamRow,
    VersionRow,
    utc_now,
)

_KEPT = 500
"""Versions that are kept in memory."""
_AT_ONCE = 5_000
"""Users that one query asks for: databases bound how many values it may have."""


# Built once, as most requests begin with it.
_FOR_USER = (
    sa.select(ChallengeRow, TeamRow)
    .outerjoin(
        MemberRow,
        sa.and_(MemberRow.challenge_id == ChallengeRow.id, MemberRow.user == sa.bindparam("user")),
    )
    .outerjoin(TeamRow, TeamRow.id == MemberRow.team_id)
    .where(ChallengeRow.id == sa.bindparam("challenge"))
)


def all_challenges(session: Session) -> list[tuple[ChallengeRow, VersionRow]]:
    """Every challenge with its current version, by title's id."""
    rows = session.scalars(sa.select(ChallengeRow).order_by(ChallengeRow.id)).all()
    found = [(row, version(session, row.current)) for row in rows]
    return [(row, current) for row, current in found if current is not None]


def challenge(session: Session, challenge_id: str) -> tuple[ChallengeRow, VersionRow] | None:
    """A challenge with its current version."""
    row = session.get(ChallengeRow, challenge_id)
    if row is None:
        return None
    current = version(session, row.current)
    return None if current is None else (row, current)


def challenge_for(
    session: Session, challenge_id: str, user: str
) -> tuple[ChallengeRow, VersionRow, TeamRow | None] | None:
    """A challenge with its current version and the user's team in it, if any."""
    found = session.execute(_FOR_USER, {"challenge": challenge_id, "user": user}).first()
    current = version(session, found[0].current) if found is not None else None
    return None if found is None or current is None else (found[0], current, found[1])


def version(session: Session, digest: str) -> VersionRow | None:
    """A version by its digest; as it never changes, reading sessions read each only once."""
    kept: dict[str, VersionRow] | None = session.info.get("immutable")
    if kept is None:
        return session.get(VersionRow, digest)
    if digest not in kept:
        row = session.get(VersionRow, digest)
        if row is None:
            return None
        session.expunge(row)
        if len(kept) >= _KEPT:
            kept.pop(list(kept)[0], None)
        kept[digest] = row
    return kept[digest]


def spec(row: VersionRow) -> Challenge:
    """What the version says; versions never change, so each is parsed once."""
    known = _PARSED.get(row.digest)
    if known is None:
        known = _PARSED[row.digest] = Challenge.model_validate(row.spec)
        if len(_PARSED) > _KEPT:
            _PARSED.pop(list(_PARSED)[0], None)
    return known


_PARSED: dict[str, Challenge] = {}


def versions(session: Session, challenge_id: str) -> list[tuple[VersionRow, int]]:
    """The versions of a challenge with how many submissions each has, newest first."""
    count = (
        sa.select(sa.func.count())
        .where(SubmissionRow.version == VersionRow.digest, ~SubmissionRow.is_try)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(VersionRow, count)
        .where(VersionRow.challenge_id == challenge_id)
        .order_by(VersionRow.number.desc())
    )
    return [(row, int(number)) for row, number in rows]


def publish(session: Session, made: VersionRow, user: str) -> bool:
    """Make a version the current one of its challenge.

    Returns:
        False when it was current already.
    """
    if session.get_bind().dialect.name == "postgresql":
        # A row that is not there yet cannot be locked.
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(PUBLISH_LOCK)))
    row = session.scalar(
        sa.select(ChallengeRow).where(ChallengeRow.id == made.challenge_id).with_for_update()
    )
    if row is not None and row.current == made.digest:
        return False
    if row is None:
        row = ChallengeRow(
            id=made.challenge_id, owner=user, created_at=made.published_at, current=made.digest
        )
        session.add(row)
        session.flush()
    if session.get(VersionRow, made.digest) is None:
        last = session.scalar(
            sa.select(sa.func.max(VersionRow.number)).where(
                VersionRow.challenge_id == made.challenge_id
            )
        )
        made.number = (last or 0) + 1
        session.add(made)
    row.current = made.digest
    changed(session, ChangeKind.CHALLENGE, row.id, row.id)
    for phase in spec(made).phases:
        changed(session, ChangeKind.BOARD, row.id, phase.id)
    return True


def teams_in(session: Session, challenge_id: str) -> int:
    """How many teams entered a challenge."""
    found = session.scalar(sa.select(sa.func.count()).where(EntryRow.challenge_id == challenge_id))
    return int(found or 0)


def team_of(session: Session, challenge_id: str, user: str) -> TeamRow | None:
    """The user's team in a challenge."""
    return session.scalar(
        sa.select(TeamRow)
        .join(MemberRow, MemberRow.team_id == TeamRow.id)
        .where(MemberRow.challenge_id == challenge_id, MemberRow.user == user)
    )


def teams_of(session: Session, user: str) -> dict[str, TeamRow]:
    """The user's team in each challenge."""
    rows = session.execute(
        sa.select(MemberRow.challenge_id, TeamRow)
        .join(TeamRow, MemberRow.team_id == TeamRow.id)
        .where(MemberRow.user == user)
    )
    return {row[0]: row[1] for row in rows}


def teams_of_users(session: Session, challenge_id: str, users: Sequence[str]) -> dict[str, str]:
    """The ids of the teams that users are in, of those who are in one."""
    found: dict[str, str] = {}
    for start in range(0, len(users), _AT_ONCE):
        rows = session.execute(
            sa.select(MemberRow.user, MemberRow.team_id).where(
                MemberRow.challenge_id == challenge_id,
                MemberRow.user.in_(users[start : start + _AT_ONCE]),
            )
        )
        found.update((user, team) for user, team in rows)
    return found


def members(session: Session, team_id: str) -> set[str]:
    """The users in a team."""
    return set(session.scalars(sa.select(MemberRow.user).where(MemberRow.team_id == team_id)))


def teams(session: Session, ids: Iterable[str]) -> dict[str, TeamRow]:
    """Teams by id."""
    rows = session.scalars(sa.select(TeamRow).where(TeamRow.id.in_(set(ids))))
    return {team.id: team for team in rows}


def entry(session: Session, team_id: str, *, lock: bool = False) -> EntryRow | None:
    """A team's entry; locked until the transaction ends where asked."""
    query = sa.select(EntryRow).where(EntryRow.team_id == team_id)
    return session.scalar(query.with_for_update() if lock else query)


def enter(session: Session, challenge_id: str, user: str, terms_digest: str | None) -> TeamRow:
    """Make the user's team of one, if there is none, and note the terms that it accepted."""
    now = utc_now()
    # Two first clicks at once must make one team; the challenge's row is the lock.
    session.scalar(
        sa.select(ChallengeRow.id).where(ChallengeRow.id == challenge_id).with_for_update()
    )
    team = team_of(session, challenge_id, user)
    if team is None:
        team = TeamRow(id=str(uuid.uuid4()), challenge_id=challenge_id, name=user, created_at=now)
        session.add(team)
        session.flush()
        session.add(MemberRow(team_id=team.id, user=user, challenge_id=challenge_id, joined_at=now))
    row = entry(session, team.id, lock=True)
    if row is None:
        session.add(
            EntryRow(
                team_id=team.id,
                challenge_id=challenge_id,
                user=user,
                terms_digest=terms_digest,
                entered_at=now,
                last_number=0,
                last_try=0,
            )
        )
    else:
        row.user, row.terms_digest, row.entered_at = user, terms_digest, now
    changed(session, ChangeKind.ENTRY, challenge_id, challenge_id, team.id)
    return team


def close(session: Session, challenge_id: str, closed: bool) -> None:
    """Close or open a challenge for submissions."""
    row = session.get(ChallengeRow, challenge_id)
    if row is not None and row.closed != closed:
        row.closed = closed
        changed(session, ChangeKind.CHALLENGE, challenge_id, challenge_id)
