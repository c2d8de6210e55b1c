"""What is looked at before a request is: its size, who sends it, and its address."""

from __future__ import annotations

from typing import Any

from jupyter_challenge.core.errors import ChallengeError, Forbidden, NotFound, NotSignedIn, TooLarge
from jupyter_challenge.service.answers import refusal
from jupyter_challenge.service.auth import SCOPE_KEY, Identity

_READING = {"GET", "HEAD", "OPTIONS"}
_FORM = 2_000_000


class Guard:
    """Refuses before anything is read or written to disk: FastAPI reads a form before it asks who.

    `limit` are bytes of the largest file that may be sent.
    """

    def __init__(self, app: Any, limit: int) -> None:
        """Guard an ASGI app."""
        self._app = app
        self._limit = limit + _FORM

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope)
        except ChallengeError as error:
            await refusal(error)(scope, receive, send)
            return
        size = 0

        async def counted() -> Any:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._limit:
                raise self._too_large()
            return message

        await self._app(scope, counted, send)

    def _check(self, scope: dict[str, Any]) -> None:
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            raise NotFound("There is nothing at that address.")
        if scope["method"] in _READING:
            return
        identity = scope.get(SCOPE_KEY)
        if not isinstance(identity, Identity):
            raise NotSignedIn(
                "Nobody is signed in.", hint="Send a token: `Authorization: Bearer …`."
            )
        if identity.only_reads:
            raise Forbidden(
                f"{identity.name} may look at challenges, and not take part.",
                hint="Ask whoever runs the hub to be added to a group that may; "
                "a notebook server has to be started anew for it.",
            )
        sent = dict(scope["headers"]).get(b"content-length", b"0")
        if not sent.isdigit() or int(sent) > self._limit:
            raise self._too_large()

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"What was sent is larger than {self._limit:,} bytes.",
            hint="Send less, or ask the admin for a higher limit.",
            limit=self._limit,
        )
