"""Who asks, and what they are in a challenge."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from typing import Any, Literal

from jupyter_challenge.core.challenge import Challenge
from jupyter_challenge.core.errors import NotSignedIn
from jupyter_challenge.core.models import Role

SCOPE_KEY = "jupyter_challenge.identity"
"""Where an identity travels: on the ASGI scope, which no client can write to."""

Place = Literal["embedded", "serve", "cluster"]


@dataclass(frozen=True)
class Identity:
    """A user as whoever signed them in knows them.

    Attributes:
        name: Short name, the same wherever they sign in.
        display_name: What others read.
        groups: Names of the groups that they are in.
        admin: Whether they may do everything.
        publishes: Whether they may publish challenges that are new.
        only_reads: Whether they may look at what they are let into, and change nothing.
    """

    name: str
    display_name: str = ""
    groups: frozenset[str] = frozenset()
    admin: bool = False
    publishes: bool = False
    only_reads: bool = False


def process_owner() -> Identity:
    """The one who runs this process: participant, organiser and admin of what is embedded."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        name = f"uid-{os.getuid()}"
    return Identity(name=name, display_name=name, admin=True)


def identity_of(scope: Any) -> Identity:
    """The identity that a request came with.

    Raises:
        NotSignedIn: It came with none.
    """
    identity = scope.get(SCOPE_KEY)
    if not isinstance(identity, Identity):
        raise NotSignedIn("Nobody is signed in.", hint="Send a token: `Authorization: Bearer …`.")
    return identity


def role_in(identity: Identity, challenge: Challenge, owner: str, entered: bool) -> Role | None:
    """What somebody is in a challenge; None when they may not know of it.

    Args:
        identity: Who asks.
        challenge: Its current version.
        owner: Who published it first.
        entered: Whether they entered while they might.
    """
    access = challenge.access
    named = {identity.name, *(f"group:{group}" for group in identity.groups)}
    if identity.name == owner or named & set(access.organisers):
        return Role.ORGANISER
    if identity.admin:
        return Role.ADMIN
    if (
        entered
        or access.mode == "open"
        or (access.mode == "group" and identity.groups & set(access.groups))
        or (access.mode == "invitation" and identity.name in access.invited)
    ):
        return Role.PARTICIPANT
    return None


def manages(role: Role | None) -> bool:
    """Whether a role sees and may do what organisers do."""
    return role in {Role.ORGANISER, Role.ADMIN}
