"""Publish a folder as an immutable version that is named by its content."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from jupyter_challenge.core.archive import unpack_archive
from jupyter_challenge.core.errors import Conflict, Forbidden
from jupyter_challenge.core.models import ChallengeView
from jupyter_challenge.core.validation import load_challenge
from jupyter_challenge.service import drafts, scoring
from jupyter_challenge.service.auth import Identity, manages, role_in
from jupyter_challenge.service.challenge_views import view
from jupyter_challenge.service.data_sources import pinned_sources
from jupyter_challenge.service.seeing import see
from jupyter_challenge.service.state import Service
from jupyter_challenge.service.uploads import received
from jupyter_challenge.service.versions import folder_of
from jupyter_challenge.store import audit, challenges
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import VersionRow


@dataclass(frozen=True)
class Looked:
    """What somebody saw before they publish; None is whatever there is.

    Attributes:
        digest: Of the version that would be made.
        instead_of: Of the version that was current.
    """

    digest: str | None = None
    instead_of: str | None = None


def publish(
    service: Service, identity: Identity, folder: BinaryIO, looked: Looked | None = None
) -> tuple[ChallengeView, bool]:
    """Publish the zip of a challenge folder.

    Returns:
        The challenge, and whether the version is new or became current by this.

    Raises:
        InvalidChallenge: The folder has mistakes; all of them are listed.
        Forbidden: The asker may not publish this challenge.
        Conflict: It is not what was looked at, or not the version that it takes the place of.
    """
    looked = looked or Looked()
    with unpacked(service, folder) as root:
        challenge = load_challenge(root)
        with service.db.read() as session:
            check_allowed(session, identity, challenge.id)
        stored = pinned_sources(service, challenge, root)
        version = drafts.of_folder(service.blobs, identity.name, challenge, root, stored)
    if looked.digest not in (None, version.digest):
        raise Conflict(
            "The folder changed after you looked at what publishing it does.",
            hint="Look again, then publish.",
        )
    return put_current(service, identity, version, "publish", looked.instead_of)


def put_current(
    service: Service,
    identity: Identity,
    version: VersionRow,
    action: str,
    instead_of: str | None = None,
) -> tuple[ChallengeView, bool]:
    """Make a version the one that counts, and count again what its rules count otherwise.

    Args:
        service: Where.
        identity: Who does it.
        version: The version; a new one, or one that was current before.
        action: What the audit calls it.
        instead_of: Digest of the version that must be the current one.

    Returns:
        The challenge, and whether anything changed by this.

    Raises:
        Conflict: Another version became current meanwhile.
    """
    with service.db.write() as session:
        check_allowed(session, identity, version.challenge_id)
        known = challenges.version(session, version.digest)
        before = challenges.challenge(session, version.challenge_id)
        if instead_of is not None and (before is None or before[0].current != instead_of):
            raise Conflict(
                "Somebody published another version after you looked.",
                hint="Look again at what yours would change, then publish.",
            )
        new = challenges.publish(session, known or version, identity.name)
        if new:
            session.flush()
            if before is not None:
                scoring.recount_all(session, version.challenge_id, before[1])
            audit.note(
                session,
                identity.name,
                action,
                version.challenge_id,
                version.digest,
                again=bool(known),
            )
        session.flush()
        made = view(session, service, see(session, identity, version.challenge_id))
    folder_of(service, known or version)
    return made, new


@contextlib.contextmanager
def unpacked(service: Service, folder: BinaryIO) -> Iterator[Path]:
    """Receive the zip of a challenge folder and unpack it for the time of the block."""
    limit = service.config.max_upload
    with received(service, folder, limit) as archive:
        target = archive.with_name("folder")
        unpack_archive(
            archive, target, max_files=service.config.max_challenge_files, max_size=2 * limit
        )
        archive.unlink()
        yield drafts.root_of(target)


def check_allowed(session: Session, identity: Identity, challenge_id: str) -> None:
    """Admins may publish anything, organisers what they manage or what is new.

    The answer to others is the same whether the challenge exists or not.
    """
    if identity.admin:
        return
    there = challenges.challenge(session, challenge_id)
    if there is not None:
        row, version = there
        role = role_in(identity, challenges.spec(version), row.owner, entered=False)
        if manages(role):
            return
    elif identity.publishes:
        return
    raise Forbidden(
        f'You may not publish "{challenge_id}".',
        hint="Admins publish new challenges, organisers new versions of their own.",
    )
