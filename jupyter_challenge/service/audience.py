"""Who may see a line of the change feed, from memory: no query for each who waits.

Whatever changes the answer (a version, an entry) is itself a line of the feed, so what is
remembered of a challenge is right up to the newest line that was looked at.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from typing import NamedTuple

from jupyter_challenge.core.challenge import Challenge
from jupyter_challenge.core.models import ChangeKind
from jupyter_challenge.service.auth import Identity, manages, role_in
from jupyter_challenge.store import challenges
from jupyter_challenge.store.database import Database, Session

# Users remembered in a challenge; when there are more, all are asked for anew.
_KEEP = 50_000


class Line(NamedTuple):
    """A line of the change feed."""

    seq: int
    kind: str
    challenge: str
    object: str
    team: str | None


class _Known:
    """A challenge, and the teams of those who asked: None for a user without one."""

    def __init__(self, owner: str, challenge: Challenge) -> None:
        self.owner = owner
        self.challenge = challenge
        self.teams: dict[str, str | None] = {}


class Audience:
    """What is known of challenges and of their teams' members."""

    def __init__(self, db: Database) -> None:
        """Begin with nothing known."""
        self._db = db
        # None for a challenge that is not there.
        self._known: dict[str, _Known | None] = {}
        # Held over a query and what comes of it, so that older knowledge never replaces newer.
        self._lock = threading.Lock()

    def may_see(self, identity: Identity, line: Line) -> bool | None:
        """Whether a line is about something that a user may see; None if that is not known yet."""
        if line.challenge not in self._known:
            return None
        known = self._known[line.challenge]
        if known is None:
            return False
        if identity.name not in known.teams:
            return None
        team = known.teams[identity.name]
        role = role_in(identity, known.challenge, known.owner, team is not None)
        if role is None:
            return False
        return line.team is None or line.team == team or manages(role)

    def follow(self, session: Session, lines: Iterable[Line]) -> None:
        """Learn what new lines change; `session` began after the lines were written."""
        with self._lock:
            for line in lines:
                if line.kind == ChangeKind.CHALLENGE.value:
                    self._learn(session, line.challenge, anew=True)
                elif line.kind == ChangeKind.ENTRY.value and line.team is not None:
                    known = self._known.get(line.challenge)
                    if known is not None:
                        _learn_team(session, known, line.team)

    def learn(self, users: Collection[str], lines: Iterable[Line]) -> None:
        """Look up what has to be known of these users for these lines, by a query or two."""
        with self._lock, self._db.read() as session:
            for challenge in sorted({line.challenge for line in lines}):
                known = self._learn(session, challenge)
                if known is None:
                    continue
                unknown = [user for user in users if user not in known.teams]
                if len(known.teams) + len(unknown) > _KEEP:
                    known.teams, unknown = {}, list(users)
                if unknown:
                    found = challenges.teams_of_users(session, challenge, unknown)
                    known.teams.update({user: found.get(user) for user in unknown})

    def _learn(self, session: Session, id: str, anew: bool = False) -> _Known | None:
        if id in self._known and not anew:
            return self._known[id]
        found = challenges.challenge(session, id)
        old = self._known.get(id)
        known = None
        if found is not None:
            known = _Known(found[0].owner, challenges.spec(found[1]))
            known.teams = old.teams if old is not None else {}
        self._known[id] = known
        return known


def _learn_team(session: Session, known: _Known, team: str) -> None:
    members = challenges.members(session, team)
    gone = [user for user, of in known.teams.items() if of == team and user not in members]
    for user in gone:
        known.teams.pop(user, None)
    known.teams.update(dict.fromkeys(members, team))
