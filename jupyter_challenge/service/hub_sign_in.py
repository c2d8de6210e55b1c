"""Who signed in at a JupyterHub: their token is shown to the hub, which says who they are."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from typing import TYPE_CHECKING, Any

from jupyter_challenge.core.errors import Forbidden, NotSignedIn, Unavailable
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.config import ChallengeConfig

if TYPE_CHECKING:
    from jupyterhub.services.auth import HubAuth

log = logging.getLogger("jupyter_challenge")

SUBMIT = "custom:challenge:submit"
"""Scope of a token with which one takes part."""
ORGANISE = "custom:challenge:organise"
"""Scope of a token with which one publishes challenges."""
ADMIN = "custom:challenge:admin"
"""Scope of a token with which one may do everything."""

_PATIENCE = 10.0
_MOST_KEPT = 20_000


class HubSignIn:
    """The users of a JupyterHub, by the tokens that it gives to their notebook servers.

    A token has to be for this service (scope `access:services!service=NAME`). What the hub says of
    somebody, their groups too, is asked again after `ChallengeConfig.hub_fresh_seconds`.
    """

    def __init__(self, auth: HubAuth, service: str, fresh: float) -> None:
        """Ask the hub.

        Args:
            auth: Asks it.
            service: Name of this service there.
            fresh: Seconds for which an answer counts.
        """
        self._auth = auth
        self._service = service
        self._fresh = fresh
        self._found: dict[str, tuple[float, Identity]] = {}

    def known(self, token: str) -> Identity | None:
        """Who has a token, where the hub was asked a moment ago."""
        found = self._found.get(_digest(token))
        return found[1] if found is not None and found[0] > time.monotonic() else None

    async def identity(self, token: str) -> Identity:
        """Ask the hub who has a token.

        Raises:
            NotSignedIn: The hub does not know it, or it is no user's.
            Forbidden: It is not for this service.
            Unavailable: The hub does not answer.
        """
        from tornado.web import HTTPError

        try:
            asked = self._auth.user_for_token(token, use_cache=False, sync=False)
            user = await asyncio.wait_for(asked, _PATIENCE)
        except (HTTPError, asyncio.TimeoutError) as error:
            why = getattr(error, "log_message", None) or f"no answer in {_PATIENCE:.0f} s"
            log.warning("The hub could not be asked who somebody is: %s", why)
            raise Unavailable(
                "The hub cannot be asked who you are.",
                hint="Try again in a moment; nothing that you did is lost.",
            ) from error
        if user is None or user.get("kind") != "user":
            self._found.pop(_digest(token), None)
            raise NotSignedIn(
                "The hub does not know that token.",
                hint="Stop your notebook server and start it again, so that it gets a new one.",
            )
        who = self._identity(user)
        if len(self._found) >= _MOST_KEPT:
            self._found.clear()
        self._found[_digest(token)] = (time.monotonic() + self._fresh, who)
        return who

    def _identity(self, user: dict[str, Any]) -> Identity:
        scopes = set(user.get("scopes") or ())
        name = str(user["name"])
        if not scopes & {"access:services", f"access:services!service={self._service}"}:
            raise Forbidden(
                f"The token of {name} is not for challenges.",
                hint="Ask whoever runs the hub for access, then start your notebook server anew.",
            )
        return Identity(
            name=name,
            display_name=name,
            groups=frozenset(map(str, user.get("groups") or ())),
            admin=ADMIN in scopes,
            publishes=ORGANISE in scopes,
            only_reads=not scopes & {SUBMIT, ORGANISE, ADMIN},
        )


def open_hub(config: ChallengeConfig) -> HubSignIn | None:
    """The hub whose users are let in, where there is one.

    Raises:
        Unavailable: JupyterHub's package is not installed here.
    """
    if not config.hub_api_url:
        return None
    try:
        from jupyterhub.services.auth import HubAuth
    except ImportError as error:
        raise Unavailable(
            "ChallengeConfig.hub_api_url is set, and JupyterHub is not installed here.",
            hint='Install it where the service runs: pip install "jupyter_challenge[service]"',
        ) from error
    auth = HubAuth(api_url=config.hub_api_url)
    return HubSignIn(auth, config.hub_service, config.hub_fresh_seconds)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
