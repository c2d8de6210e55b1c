"""Who may sign in to `serve`: bearer tokens, of which the database keeps digests alone."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from jupyter_challenge.core.errors import NotSignedIn
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.store import accounts
from jupyter_challenge.store.database import Database
from jupyter_challenge.store.orm import AccountRow, utc_now

FRESH_SECONDS = 60.0
"""For how long a token counts without being looked up again, should nobody say `forget()`."""

_MOST_KEPT = 20_000


class Tokens:
    """The tokens of everybody who may sign in, the same in every service on a database."""

    def __init__(self, db: Database) -> None:
        """Look them up there."""
        self._db = db
        self._found: dict[str, tuple[float, Identity]] = {}

    def forget(self) -> None:
        """Look every token up again: something was written to the database."""
        self._found = {}

    def known(self, authorization: str | None) -> Identity | None:
        """Who sends an Authorization header, where that was looked up a moment ago."""
        found = self._found.get(_hash(token_of(authorization)))
        return found[1] if found is not None and found[0] > time.monotonic() else None

    def identity(self, authorization: str | None) -> Identity | None:
        """Who sends an Authorization header; None when it sends none.

        Raises:
            NotSignedIn: The token is unknown.
        """
        if authorization is None:
            return None
        digest = _hash(token_of(authorization))
        kept = self._found  # another one, once something was written while this is looked up
        with self._db.read() as session:
            row = accounts.by_digest(session, digest)
        if row is None:
            kept.pop(digest, None)
            raise NotSignedIn(
                "That token is not known here.", hint="Ask whoever runs the service for one."
            )
        who = Identity(row.name, row.display_name or row.name, frozenset(row.groups), row.admin)
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        kept[digest] = (time.monotonic() + FRESH_SECONDS, who)
        return who

    def add(
        self, name: str, *, groups: Iterable[str] = (), admin: bool = False, display_name: str = ""
    ) -> str:
        """Add a user, or give one a new token in place of the old.

        Returns:
            The token; it cannot be read again later.
        """
        token = secrets.token_urlsafe(32)
        account = AccountRow(
            name=name,
            sha256=_hash(token),
            display_name=display_name,
            groups=sorted(groups),
            admin=admin,
            made_at=utc_now(),
        )
        with self._db.write() as session:
            accounts.put(session, account)
        return token

    def remove(self, name: str) -> bool:
        """Remove a user; false when there was none."""
        with self._db.write() as session:
            return accounts.remove(session, name)

    def names(self) -> list[str]:
        """The users' names."""
        with self._db.read() as session:
            return accounts.names(session)


def token_of(authorization: str | None) -> str:
    """The token of a header; empty where it holds none, which is nobody's."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def write_private(path: Path, content: bytes) -> None:
    """Replace a file by one that only its owner can read, at no moment by half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def _hash(token: str) -> str:
    # Tokens are long and random, so that a plain digest cannot be turned back.
    return hashlib.sha256(token.encode()).hexdigest()
