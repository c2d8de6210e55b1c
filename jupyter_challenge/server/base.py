"""What every handler of ours does: who may ask, how errors are told, what may leave."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Coroutine
from http.client import responses
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_server.base.handlers import APIHandler
from tornado import web

from jupyter_challenge.core.errors import ChallengeError

if TYPE_CHECKING:
    from jupyter_challenge.client.forwarding import Upstream

T = TypeVar("T")

_CODES = {400: "bad_request", 403: "forbidden", 404: "not_found", 413: "too_large"}


def named(asked: dict[str, Any], what: str) -> str:
    """What a request names under a key.

    Raises:
        ChallengeError: It names nothing there.
    """
    found = asked.get(what)
    if not isinstance(found, str) or not found:
        raise ChallengeError(f"Name the {what}.", hint=f'Send its id as "{what}".')
    return found


class ChallengeHandler(APIHandler):
    """A handler for the one who owns this Jupyter server, and for nobody else."""

    auth_resource = "challenge"
    _job: asyncio.Task[Any] | None = None
    _gone = False

    def initialize(self, upstream: Upstream) -> None:
        """Called by Tornado for each request with what the extension gave for the route."""
        self.upstream = upstream

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse whoever is signed in but does not own this server."""
        await super().prepare()
        owner = os.environ.get("JUPYTERHUB_USER")
        user = self.current_user
        if owner and user is not None and getattr(user, "username", user) != owner:
            # A shared server must not submit as its owner.
            raise web.HTTPError(403, f"Only {owner}, who owns this server, may take part from it.")

    async def unless_gone(self, work: Coroutine[Any, Any, T]) -> T:
        """Await `work`; when the browser goes away meanwhile, a read is cancelled."""
        self._job = asyncio.create_task(work)
        try:
            return await self._job
        except asyncio.CancelledError:
            if not self._gone:
                raise
            raise web.Finish from None  # nobody is there to be answered
        finally:
            self._job = None

    def on_connection_close(self) -> None:
        """Called by Tornado when the browser went away before it was answered."""
        super().on_connection_close()
        self._gone = True
        if self._job is not None and self.request.method == "GET":
            self._job.cancel()

    def body_object(self) -> dict[str, Any]:
        """Read the request's JSON object.

        Raises:
            HTTPError: It is something else (400).
        """
        body = self.get_json_body()
        if not isinstance(body, dict):
            raise web.HTTPError(400, "Send a JSON object.")
        return body

    def answer(self, value: Any, status: int = 200) -> None:
        """Answer with JSON."""
        self.set_status(status)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(value if isinstance(value, (str, bytes)) else json.dumps(value))

    def compute_etag(self) -> str | None:
        """The service makes the ETags, where there are any."""
        return None

    def log_exception(self, *info: Any) -> None:
        """Refusals are answers, not incidents."""
        if not isinstance(info[1], (ChallengeError, asyncio.CancelledError)):
            super().log_exception(*info)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Every error has the one shape that the service's errors have."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, ChallengeError):
            status_code = error.status
            told: dict[str, Any] = {
                "code": error.code,
                "message": error.message,
                "hint": error.hint,
                "details": error.details,
            }
        else:
            text = responses.get(status_code, "Error")
            if isinstance(error, web.HTTPError) and error.log_message:
                text = error.log_message % error.args if error.args else error.log_message
            hint = "The reason is in the Jupyter server's log." if status_code >= 500 else ""
            code = _CODES.get(status_code, "internal")
            told = {"code": code, "message": text, "hint": hint, "details": {}}
        self.answer({"error": told, "message": told["message"]}, status_code)
