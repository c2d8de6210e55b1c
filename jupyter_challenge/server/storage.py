"""How the owner's tokens for storage are, and where they sign in again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import url_path_join
from tornado import web

from jupyter_challenge.server.base import ChallengeHandler

if TYPE_CHECKING:
    from jupyter_challenge.client.forwarding import Upstream
    from jupyter_challenge.server.kept_tokens import State, TokenKeeper


class StorageHandler(ChallengeHandler):
    """`/jupyter-challenge/storage`."""

    def initialize(  # type: ignore[override]
        self, upstream: Upstream, keeper: TokenKeeper | None
    ) -> None:
        """Called by Tornado for each request."""
        super().initialize(upstream)
        self.keeper = keeper
        self._track_activity = self.request.method != "GET"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Say how the tokens are."""
        self.answer(_told(self.keeper.states if self.keeper is not None else []))

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Ask for those that are missing now, and say how they are then."""
        self.answer(_told(await self.keeper.retry() if self.keeper is not None else []))


def _told(states: list[State]) -> dict[str, Any]:
    """What a browser is told: no token."""
    tokens = [
        {
            "name": state.name,
            "state": state.keeping.value,
            "until": state.until or None,
            "message": state.message,
        }
        for state in states
    ]
    return {"tokens": tokens, "sign_in": sign_in_address() if states else None}


def sign_in_address() -> str:
    """Where people sign in at the hub again, for a browser; it ends on the hub's own page."""
    host = os.environ.get("JUPYTERHUB_HOST", "")
    hub = url_path_join(os.environ.get("JUPYTERHUB_BASE_URL", "/"), "hub")
    return f"{host}{hub}/oauth_login?next={hub}/home"
