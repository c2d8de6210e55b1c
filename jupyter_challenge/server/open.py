"""The notebook as run, for a view that neither executes nor trusts it."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_challenge.client.forwarding import API
from jupyter_challenge.core.errors import NotFound
from jupyter_challenge.server.base import ChallengeHandler, named
from jupyter_challenge.server.shown import as_shown


class OpenHandler(ChallengeHandler):
    """`/jupyter-challenge/open`."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Answer with the notebook as JSON, fit to be shown."""
        submission = named(self.body_object(), "submission")
        path = f"{API}/submissions/{quote(submission, safe='')}/notebook"
        reply = await self.unless_gone(self.upstream.request("GET", path))
        if reply.status >= 400:
            self.answer(reply.body, reply.status)
            return
        self.answer(await asyncio.to_thread(_shown, reply.body))


def _shown(body: bytes) -> str:
    try:
        return json.dumps(as_shown(json.loads(body)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotFound(
            "The notebook as run cannot be read.",
            hint="Download it from the run's page and look at it there.",
        ) from error
