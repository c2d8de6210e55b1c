"""Who may sign in to `serve`: a file of hashed bearer tokens that only its owner can read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from jupyter_challenge.core.errors import NotSignedIn, Unavailable
from jupyter_challenge.service.auth import Identity


class User(BaseModel):
    """A user of the file; `sha256` is that of the token, which is kept nowhere."""

    model_config = ConfigDict(extra="forbid")

    name: str
    sha256: str
    display_name: str = ""
    groups: list[str] = []
    admin: bool = False


class _Users(BaseModel):
    model_config = ConfigDict(extra="forbid")

    users: list[User] = []


class TokenFile:
    """The file, read again whenever it was changed."""

    def __init__(self, path: Path) -> None:
        """Look after a file, which need not exist yet."""
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._by_hash: dict[str, Identity] = {}

    def identity(self, authorization: str | None) -> Identity | None:
        """Who sends an Authorization header; None when it sends none.

        Raises:
            NotSignedIn: The token is unknown.
        """
        if authorization is None:
            return None
        scheme, _, token = authorization.partition(" ")
        found = self._known().get(_hash(token.strip())) if scheme.lower() == "bearer" else None
        if found is None:
            raise NotSignedIn(
                "That token is not known here.", hint="Ask whoever runs the service for one."
            )
        return found

    def add(
        self, name: str, *, groups: Iterable[str] = (), admin: bool = False, display_name: str = ""
    ) -> str:
        """Add a user, or give one a new token in place of the old.

        Returns:
            The token; it cannot be read again later.
        """
        token = secrets.token_urlsafe(32)
        users = [user for user in self._read().users if user.name != name]
        users.append(
            User(
                name=name,
                sha256=_hash(token),
                display_name=display_name,
                groups=sorted(groups),
                admin=admin,
            )
        )
        self._write(_Users(users=users))
        return token

    def remove(self, name: str) -> bool:
        """Remove a user; false when there was none."""
        users = self._read().users
        kept = [user for user in users if user.name != name]
        self._write(_Users(users=kept))
        return len(kept) < len(users)

    def names(self) -> list[str]:
        """The users' names."""
        return [user.name for user in self._read().users]

    def _known(self) -> dict[str, Identity]:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return {}
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if stamp != self._stamp:
            self._by_hash = {
                user.sha256: Identity(
                    user.name, user.display_name or user.name, frozenset(user.groups), user.admin
                )
                for user in self._read().users
            }
            self._stamp = stamp
        return self._by_hash

    def _read(self) -> _Users:
        try:
            with self._path.open("rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                content = file.read()
        except FileNotFoundError:
            return _Users()
        if mode & 0o077:
            raise Unavailable(
                f"{self._path} can be read by others.", hint=f"Run `chmod 600 {self._path}`."
            )
        try:
            return _Users.model_validate_json(content)
        except ValidationError as error:
            raise Unavailable(
                f"{self._path} cannot be read: {error.errors()[0]['msg']}.",
                hint="Restore it, or remove it and give everybody a new token.",
            ) from error

    def _write(self, users: _Users) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_private(self._path, json.dumps(users.model_dump(), indent=1).encode())


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
