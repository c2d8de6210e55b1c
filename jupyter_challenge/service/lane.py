"""A lane of its own for the long poll, which is most of what an idle service is asked.

A thousand sidebars ask some twenty times a second for news that there is not. The machinery of
the other routes (dependencies, validation, a tag of the body) would cost more than the answer.
What is out of the ordinary is left to it, so that the route is what it is described to be.
"""

from __future__ import annotations

import re
from typing import Any

from jupyter_challenge.core.errors import ChallengeError
from jupyter_challenge.service.answers import refusal
from jupyter_challenge.service.auth import SCOPE_KEY, Identity
from jupyter_challenge.service.feed import MAX_WAIT
from jupyter_challenge.service.state import Service

_QUERY = re.compile(rb"after=(\d{1,15})&timeout=(\d{1,2}(?:\.\d{1,6})?)")
_HEADERS = (
    (b"content-type", b"application/json"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-cache"),
)


class FeedLane:
    """Answers ordinary long polls; hands all else on."""

    def __init__(self, app: Any, service: Service, path: str) -> None:
        """Stand before an ASGI app, for one path."""
        self._app = app
        self._service = service
        self._path = path

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer a request, or have it answered."""
        asked = self._asked(scope)
        if asked is None:
            await self._app(scope, receive, send)
            return
        try:
            found = await self._service.feed.wait(*asked)
        except ChallengeError as error:
            await refusal(error)(scope, receive, send)
            return
        body = found.model_dump_json().encode()
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, length]})
        await send({"type": "http.response.body", "body": body})

    def _asked(self, scope: dict[str, Any]) -> tuple[Identity, int, float] | None:
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] != "GET":
            return None
        identity = scope.get(SCOPE_KEY)
        query = _QUERY.fullmatch(scope["query_string"])
        if query is None or not isinstance(identity, Identity):
            return None
        after, timeout = int(query[1]), float(query[2])
        return (identity, after, timeout) if timeout <= MAX_WAIT else None
