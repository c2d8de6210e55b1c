"""Who sees what: the one way to a challenge and a submission, for routes and services alike."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from jupyter_challenge.core.challenge import Challenge
from jupyter_challenge.core.errors import NotFound
from jupyter_challenge.core.models import Role
from jupyter_challenge.service.auth import Identity, manages, role_in
from jupyter_challenge.store import challenges
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import ChallengeRow, SubmissionRow, TeamRow, VersionRow
from jupyter_challenge.store.submissions import get as get_submission


@dataclass(frozen=True)
class Seen:
    """A challenge as somebody sees it."""

    identity: Identity
    row: ChallengeRow
    version: VersionRow
    challenge: Challenge
    role: Role
    team: TeamRow | None

    @property
    def manages(self) -> bool:
        """Whether they may do what organisers do."""
        return manages(self.role)


def see_all(session: Session, identity: Identity) -> list[Seen]:
    """Every challenge that somebody may know of."""
    teams = challenges.teams_of(session, identity.name)
    found = []
    for row, version in challenges.all_challenges(session):
        challenge, team = challenges.spec(version), teams.get(row.id)
        role = role_in(identity, challenge, row.owner, team is not None)
        if role is not None:
            found.append(Seen(identity, row, version, challenge, role, team))
    return found


def see(session: Session, identity: Identity, challenge_id: str) -> Seen:
    """A challenge, if they may know of it.

    Raises:
        NotFound: There is none, or they may not know.
    """
    there = challenges.challenge_for(session, challenge_id, identity.name)
    if there is not None:
        row, version, team = there
        challenge = challenges.spec(version)
        role = role_in(identity, challenge, row.owner, team is not None)
        if role is not None:
            return Seen(identity, row, version, challenge, role, team)
    raise NotFound(
        f'There is no challenge "{challenge_id}".',
        hint="`jupyter challenge list` shows those that you may see.",
    )


def manage(session: Session, identity: Identity, challenge_id: str) -> Seen:
    """A challenge, if they manage it; for anybody else what only managers see is not there.

    Raises:
        NotFound: There is none, or they are not its organiser.
    """
    seen = see(session, identity, challenge_id)
    managed(seen)
    return seen


def managed(seen: Seen) -> None:
    """Go on only for who manages the challenge.

    Raises:
        NotFound: They are not its organiser.
    """
    if not seen.manages:
        raise NotFound(
            "Only the challenge's organisers have that.",
            hint="The challenge's page says who they are: ask them.",
        )


@dataclass(frozen=True)
class SeenSubmission:
    """A submission as somebody sees it; `challenge` is the version that it was made for."""

    seen: Seen
    row: SubmissionRow
    version: VersionRow
    challenge: Challenge
    mine: bool


def see_submission(
    session: Session, identity: Identity, submission_id: str, *, lock: bool = False
) -> SeenSubmission:
    """A submission, if it is of their own team or they manage its challenge.

    Raises:
        NotFound: There is none, or they may not know.
    """
    row = get_submission(session, submission_id, lock=lock)
    if row is not None:
        # What is not theirs is not there, and neither is the name of its challenge.
        with contextlib.suppress(NotFound):
            seen = see(session, identity, row.challenge_id)
            mine = seen.team is not None and seen.team.id == row.team_id
            version = challenges.version(session, row.version)
            # What organisers have run again is theirs alone.
            theirs = mine and row.verifies is None
            if version is not None and (theirs or seen.manages):
                return SeenSubmission(seen, row, version, challenges.spec(version), mine)
    raise NotFound("There is no such submission.", hint="Look in your list of submissions.")
