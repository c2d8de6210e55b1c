"""Requests to the service and their answers as models; errors as exceptions."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel

from jupyter_challenge.client.errors import error_from
from jupyter_challenge.core.errors import Unavailable

API = "/api/v1"
M = TypeVar("M", bound=BaseModel)

# Pauses before asking again when the connection was lost, in seconds.
_AGAIN_AFTER = (0.2, 0.5, 1.0, 2.0)


class Channel:
    """An httpx client that knows our errors and when it may ask again."""

    def __init__(self, http: httpx.Client, where: str) -> None:
        """Take over `http`; `where` names the service in messages."""
        self._http = http
        self.where = where

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        stream: bool = False,
        **content: Any,
    ) -> httpx.Response:
        """Send a request; ask again after a lost connection where that changes nothing.

        Raises:
            ChallengeError: The service refused.
            Unavailable: The service cannot be reached.
        """
        given = {k: v for k, v in (params or {}).items() if v is not None}
        repeatable = method != "POST" or "Idempotency-Key" in (headers or {})
        pauses = iter(_AGAIN_AFTER)
        while True:
            request = self._http.build_request(
                method, API + path, params=given, headers=headers, **content
            )
            try:
                response = self._http.send(request, stream=stream)
                break
            except httpx.TransportError as error:
                # Where no connection came about, nothing was sent.
                nothing_sent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout))
                pause = next(pauses, None) if repeatable or nothing_sent else None
                if pause is None:
                    raise Unavailable(
                        f"{self.where} cannot be reached: {error or type(error).__name__}.",
                        hint="Check the address and that the service runs, then try again; "
                        "nothing that you submitted is lost.",
                    ) from error
                time.sleep(pause)
        if response.status_code >= 400:
            body = response.read()
            response.close()
            raise error_from(response.status_code, body)
        return response

    def ask(self, model: type[M], method: str, path: str, **request: Any) -> M:
        """Send a request and read the answer as a `model`."""
        return model.model_validate_json(self.send(method, path, **request).content)

    def pages(
        self, model: type[M], path: str, params: Mapping[str, Any], limit: int | None = None
    ) -> list[M]:
        """Read a list page by page until its end, or until there are `limit` items."""
        items: list[M] = []
        cursor: str | None = None
        while True:
            left = None if limit is None else limit - len(items)
            size = 100 if left is None else min(left, 100)
            page = self.send("GET", path, params={**params, "cursor": cursor, "limit": size}).json()
            items += [model.model_validate(item) for item in page["items"]]
            cursor = page.get("next")
            if cursor is None or not page["items"] or (limit is not None and len(items) >= limit):
                return items

    def download(
        self, path: str, headers: Mapping[str, str] | None = None
    ) -> tuple[httpx.Response, Generator[bytes, None, None]]:
        """Ask for an attachment and return the answer with its pieces."""
        response = self.send("GET", path, headers=headers, stream=True)

        def pieces() -> Generator[bytes, None, None]:
            try:
                yield from response.iter_bytes()
            except httpx.TransportError as error:
                raise Unavailable(
                    f"The connection to {self.where} was lost.", hint="Try again: it goes on."
                ) from error
            finally:
                response.close()

        return response, pieces()
